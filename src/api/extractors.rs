//! Out of a request, into the domain's types.

use super::problem::ApiError;
use crate::domain::parse_time;
use crate::error::{Error, ErrorCode, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::fmt::Display;
use std::future::{Ready, ready};
use std::str::FromStr;
use url::form_urlencoded;

/// The `{id}` of the path.
pub struct Id<T>(pub T);

impl<T: FromStr> FromRequest for Id<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse_id(request.match_info().query("id")).map(Self).map_err(ApiError::from))
    }
}

/// An id out of a text.
pub fn parse_id<T: FromStr>(text: &str) -> Result<T> {
    text.parse()
        .map_err(|_| Error::new(ErrorCode::InvalidId, "An id is a UUID, such as 0199a8f0-7c3e-7cc2-8f6e-0d7f4d0c5a11."))
}

/// The parameters of a query, each of which must be known, and given once unless it may repeat.
pub struct Query(HashMap<String, Vec<String>>);

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// `invalid_query` for a parameter that is not in `known`.
    pub fn read(request: &HttpRequest, known: &[&str]) -> Result<Self> {
        let mut parameters: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
            if !known.contains(&name.as_ref()) {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(Error::new(ErrorCode::InvalidQuery, format!("Unknown parameter. Known here: {known}.")));
            }
            // PostgreSQL's text can't hold a NUL, and nobody means one.
            if value.contains('\0') {
                return Err(Error::new(ErrorCode::InvalidQuery, format!("{name} must not contain a NUL.")));
            }
            parameters.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Ok(Self(parameters))
    }

    /// All values of a parameter that may repeat.
    pub fn all(&mut self, name: &str) -> Vec<String> {
        self.0.remove(name).unwrap_or_default()
    }

    /// A parameter's one value; an empty one counts as none, as forms send it.
    ///
    /// # Errors
    /// `invalid_query` where it is given twice.
    pub fn one(&mut self, name: &str) -> Result<Option<String>> {
        let mut values = self.all(name);
        if values.len() > 1 {
            return Err(Error::new(ErrorCode::InvalidQuery, format!("{name} is given twice.")));
        }
        Ok(values.pop().filter(|value| !value.is_empty()))
    }

    /// A parameter's one value, as a time.
    ///
    /// # Errors
    /// `invalid_query` where it is none.
    pub fn time(&mut self, name: &str) -> Result<Option<DateTime<Utc>>> {
        let wrong = || Error::new(ErrorCode::InvalidQuery, format!("{name} must be a time as in RFC 3339."));
        self.one(name)?.map(|text| parse_time(&text).ok_or_else(wrong)).transpose()
    }

    /// A parameter's one value, as a `T`.
    ///
    /// # Errors
    /// `invalid_query` where it is none.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<Option<T>> {
        self.one(name)?.map(|text| parse(name, &text)).transpose()
    }

    /// All values of a parameter that may repeat, each as a `T`; empty ones count as none.
    ///
    /// # Errors
    /// `invalid_query` where one of them is none.
    pub fn all_parsed<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<Vec<T>> {
        self.all(name).iter().filter(|text| !text.is_empty()).map(|text| parse(name, text)).collect()
    }
}

fn parse<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T> {
    text.parse().map_err(|error| Error::new(ErrorCode::InvalidQuery, format!("{name} is not right: {error}.")))
}

#[cfg(test)]
mod properties {
    use super::*;
    use actix_web::test::TestRequest;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn read(query: &str) -> Option<Result<Query>> {
        // Only what the HTTP layer takes for an address ever comes here.
        let uri: actix_web::http::Uri = format!("/x?{query}").parse().ok()?;
        Some(Query::read(&TestRequest::default().uri(&uri.to_string()).to_http_request(), &["q", "sort"]))
    }

    proptest! {
        #[test]
        fn what_was_asked_is_what_is_read(values in vec(any::<String>(), 0..4)) {
            let mut query = form_urlencoded::Serializer::new(String::new());
            for value in &values {
                query.append_pair("q", value);
            }
            let read = read(&query.finish());
            if values.iter().any(|value| value.contains('\0')) {
                prop_assert!(read.is_some_and(|read| read.is_err()));
            } else {
                let Some(Ok(mut read)) = read else { return Err(TestCaseError::fail("it was refused")) };
                prop_assert_eq!(read.all("q"), values);
                prop_assert!(read.one("q").is_ok_and(|none| none.is_none()));
            }
        }

        #[test]
        fn any_query_is_read_or_refused_with_its_code(bytes in "[!-~&&[^#]]{0,80}", known in "(q|sort|Q|s%6Frt)=[!-~&&[^#]]{0,40}") {
            for query in [bytes, known] {
                match read(&query) {
                    None => {}
                    Some(Err(error)) => prop_assert_eq!(error.code(), ErrorCode::InvalidQuery),
                    Some(Ok(query)) => {
                        prop_assert!(query.0.keys().all(|name| name == "q" || name == "sort"));
                        prop_assert!(query.0.values().flatten().all(|value| !value.contains('\0')));
                    }
                }
            }
        }
    }
}
