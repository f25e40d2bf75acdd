//! `GET /documents/{id}/content`: the bytes, whole or in part.

use super::extractors::{Id, Query};
use super::problem::{ApiError, Problem};
use crate::domain::{DocumentId, Filename};
use crate::error::{Error, ErrorCode};
use crate::services::{Vault, documents, thumbnails};
use actix_web::body::SizedStream;
use actix_web::http::header::{self, EntityTag, Header, IfNoneMatch, IfRange, Range};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, route, web};
use futures_util::{StreamExt, TryStreamExt, stream};

/// Stored HTML or SVG may be shown, but never runs: no script, no origin, no request.
pub const SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

/// Kept by the client alone, and asked for again each time: a document can be removed.
const CACHE: &str = "private, no-cache";

/// A document's bytes, with ranges.
#[utoipa::path(
    operation_id = "get_document_content",
    method(get, head),
    path = "/documents/{id}/content",
    tag = "documents",
    params(
        ("id" = uuid::Uuid, Path),
        ("inline" = Option<bool>, Query, description = "true to look at it in the browser instead of saving it"),
        ("Range" = Option<String>, Header, description = "One range of bytes"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag that is at hand already"),
    ),
    responses(
        (status = 200, description = "The bytes", content_type = "application/octet-stream"),
        (status = 206, description = "The bytes of the range", content_type = "application/octet-stream"),
        (status = 304, description = "The ETag is the same"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 416, description = "range_not_satisfiable", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[route("/documents/{id}/content", method = "GET", method = "HEAD")]
pub async fn content(
    vault: web::Data<Vault>,
    id: Id<DocumentId>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let inline = Query::read(&request, &["inline"])?.parsed::<bool>("inline")?.unwrap_or(false);
    let document = documents::get(&vault, id.0).await?.row;
    let length = u64::try_from(document.size_bytes).map_err(Error::internal)?;
    let etag = EntityTag::new_strong(document.sha256.to_string());
    // What a browser keeps it with becomes what comes with this answer, also where it has the bytes already.
    let mut response = HttpResponse::Ok();
    response
        .insert_header(disposition(&document.filename, inline))
        .insert_header((header::CACHE_CONTROL, CACHE))
        .insert_header((header::CONTENT_SECURITY_POLICY, SANDBOX))
        .insert_header(header::ETag(etag.clone()));
    if is_at_hand(&request, &etag) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }

    let range = range_of(&request, &etag, length)?;
    response
        .insert_header((header::CONTENT_TYPE, document.content_type.as_str()))
        .insert_header((header::ACCEPT_RANGES, "bytes"));
    let size = match range {
        None => length,
        Some((first, last)) => {
            response.status(StatusCode::PARTIAL_CONTENT);
            response.insert_header((header::CONTENT_RANGE, format!("bytes {first}-{last}/{length}")));
            last - first + 1
        }
    };
    if request.method() == Method::HEAD {
        let nothing = stream::empty::<Result<bytes::Bytes, actix_web::Error>>();
        return Ok(response.body(SizedStream::new(size, nothing)));
    }
    let bytes = documents::content(&vault, &document, range.map(|(first, last)| first..=last)).await?;
    let bytes = bytes.map_err(|error| {
        // The status is out already; all that is left is to break off, so that nobody takes a part for the whole.
        log::error!("a download broke off: {}", crate::error::cause_chain(&error));
        actix_web::Error::from(ApiError::from(Error::from(error)))
    });
    Ok(response.body(SizedStream::new(size, bytes.boxed())))
}

/// The picture of a document's first page: WebP, at most 400 pixels wide and high.
#[utoipa::path(
    operation_id = "get_document_thumbnail",
    method(get, head),
    path = "/documents/{id}/thumbnail",
    tag = "documents",
    params(
        ("id" = uuid::Uuid, Path),
        ("If-None-Match" = Option<String>, Header, description = "The ETag that is at hand already"),
    ),
    responses(
        (status = 200, description = "The picture", content_type = "image/webp"),
        (status = 304, description = "The ETag is the same"),
        (status = 404, description = "not_found, or no_thumbnail", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[route("/documents/{id}/thumbnail", method = "GET", method = "HEAD")]
pub async fn thumbnail(
    vault: web::Data<Vault>,
    id: Id<DocumentId>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let key = thumbnails::key_of(&vault, id.0).await?;
    // A new picture comes under a new key.
    let etag = EntityTag::new_strong(key.random_part().to_owned());
    let mut response = HttpResponse::Ok();
    if is_at_hand(&request, &etag) {
        response.status(StatusCode::NOT_MODIFIED);
    }
    response
        .insert_header((header::CACHE_CONTROL, CACHE))
        .insert_header((header::CONTENT_SECURITY_POLICY, SANDBOX))
        .insert_header(header::ETag(etag.clone()));
    if is_at_hand(&request, &etag) {
        return Ok(response.finish());
    }
    let picture = thumbnails::bytes(&vault, &key).await?;
    response.insert_header((header::CONTENT_TYPE, "image/webp"));
    if request.method() == Method::HEAD {
        let nothing = stream::empty::<Result<bytes::Bytes, actix_web::Error>>();
        return Ok(response.body(SizedStream::new(picture.len() as u64, nothing)));
    }
    Ok(response.body(picture))
}

/// Whether the client has these bytes already (`If-None-Match`).
pub fn is_at_hand(request: &HttpRequest, etag: &EntityTag) -> bool {
    if !request.headers().contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(etag)),
        Err(_) => false,
    }
}

/// The one range that is asked for: first and last byte. None for the whole: also where several ranges are asked for,
/// or the header can't be understood (RFC 9110, 14.2 lets a server ignore it), or `If-Range` names other bytes.
fn range_of(request: &HttpRequest, etag: &EntityTag, length: u64) -> Result<Option<(u64, u64)>, ApiError> {
    if !request.headers().contains_key(header::RANGE) {
        return Ok(None);
    }
    if request.headers().contains_key(header::IF_RANGE) {
        let same = matches!(IfRange::parse(request), Ok(IfRange::EntityTag(tag)) if tag.strong_eq(etag));
        if !same {
            return Ok(None);
        }
    }
    let Ok(Range::Bytes(ranges)) = Range::parse(request) else { return Ok(None) };
    let [range] = ranges.as_slice() else { return Ok(None) };
    range.to_satisfiable_range(length).map(Some).ok_or_else(|| {
        let detail = format!("The document has {length} bytes; the range lies outside.");
        ApiError::from(Error::new(ErrorCode::RangeNotSatisfiable, detail)).with_length(length)
    })
}

/// `Content-Disposition` with the real name (RFC 6266): in ASCII for old clients, and whole for all others. The first goes
/// without what some clients take for an escape, against the grammar (RFC 6266, appendix D): `\`, `%2F`, `=?utf-8?…?=`.
/// Put together here, since actix-web leaves characters in the second that are not to stand there.
fn disposition(name: &Filename, inline: bool) -> (header::HeaderName, String) {
    let kind = if inline { "inline" } else { "attachment" };
    let name = name.as_str();
    let plain = |c: char| (' '..='~').contains(&c) && !matches!(c, '"' | '\\' | '%' | '?');
    let ascii: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    let mut value = format!("{kind}; filename=\"{ascii}\"");
    if ascii != name {
        value.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            // attr-char of RFC 8187, 3.2.1
            if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                value.push(byte.into());
            } else {
                value.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    (header::CONTENT_DISPOSITION, value)
}

#[cfg(test)]
mod properties {
    use super::*;
    use actix_web::test::TestRequest;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn etag() -> EntityTag {
        EntityTag::new_strong("ab12".to_owned())
    }

    /// What a client may send as a header's value.
    fn value() -> impl Strategy<Value = header::HeaderValue> {
        let near = "(bytes|Bytes|lines)?[= ]{0,2}[0-9]{0,22}-?[0-9]{0,22}(, ?[0-9]{0,3}-[0-9]{0,3}){0,3}";
        let bytes = prop_oneof![near.prop_map(String::into_bytes), vec(any::<u8>(), 0..60)];
        bytes.prop_filter_map("not in a header", |bytes| header::HeaderValue::from_bytes(&bytes).ok())
    }

    proptest! {
        #[test]
        fn a_range_lies_within_the_document(range in value(), length in 1..u64::MAX) {
            let request = TestRequest::default().insert_header((header::RANGE, range)).to_http_request();
            match range_of(&request, &etag(), length) {
                Ok(None) => {}
                Ok(Some((first, last))) => prop_assert!(first <= last && last < length),
                Err(error) => prop_assert_eq!(error.error().code(), ErrorCode::RangeNotSatisfiable),
            }
        }

        #[test]
        fn the_range_that_is_asked_for_is_the_one_that_is_sent(first: u64, more: u64, length in 1..u64::MAX) {
            let last = first.saturating_add(more);
            let of = |text: String| {
                let request = TestRequest::default().insert_header((header::RANGE, text)).to_http_request();
                range_of(&request, &etag(), length).ok()
            };
            let within = (first < length).then(|| Some((first, last.min(length - 1))));
            prop_assert_eq!(of(format!("bytes={first}-{last}")), within);
            prop_assert_eq!(of(format!("bytes={first}-")), (first < length).then_some(Some((first, length - 1))));
            let behind = (more > 0).then(|| Some((length.saturating_sub(more), length - 1)));
            prop_assert_eq!(of(format!("bytes=-{more}")), behind);
        }

        #[test]
        fn only_the_same_bytes_are_at_hand(other in value(), tag in "[!#-~]{0,8}", weak: bool) {
            let with = |value: header::HeaderValue| {
                TestRequest::default().insert_header((header::IF_NONE_MATCH, value)).to_http_request()
            };
            let named = format!("{}\"{tag}\"", if weak { "W/" } else { "" });
            let named = header::HeaderValue::from_str(&named).map_err(|_| TestCaseError::reject("no header"))?;
            prop_assert_eq!(is_at_hand(&with(named), &etag()), tag == "ab12");
            let names_it = other.as_bytes().windows(6).any(|part| part == b"\"ab12\"") || other.as_bytes().contains(&b'*');
            prop_assert!(names_it || !is_at_hand(&with(other), &etag()));
        }

        #[test]
        fn a_name_comes_back_out_of_its_header_and_nothing_else(chars in vec(any::<char>(), 1..255), inline: bool) {
            let name: String = chars.iter().collect();
            let Ok(name) = name.parse::<Filename>() else { return Ok(()) };
            let (_, header) = disposition(&name, inline);
            prop_assert!(header.bytes().all(|b| (b' '..=b'~').contains(&b)), "{}", header);
            // The plain name is all that stands in quotes, and needs no escape.
            let parts: Vec<&str> = header.split('"').collect();
            let [kind, plain, rest] = parts[..] else { return Err(TestCaseError::fail(header)) };
            prop_assert_eq!(kind, if inline { "inline; filename=" } else { "attachment; filename=" });
            prop_assert!(!plain.contains(['\\', '%', '?', '/']));
            let whole = match rest.strip_prefix("; filename*=UTF-8''") {
                Some(extended) => {
                    prop_assert!(!extended.contains([' ', ';', ',', '\'', '=', '*', '(']), "{}", extended);
                    let query = extended.replace('+', "%2B");
                    url::form_urlencoded::parse(format!("n={query}").replace('&', "%26").as_bytes())
                        .next().map(|(_, value)| value.into_owned())
                }
                None => (rest.is_empty()).then(|| plain.to_owned()),
            };
            prop_assert_eq!(whole.as_deref(), Some(name.as_str()));
        }
    }
}
