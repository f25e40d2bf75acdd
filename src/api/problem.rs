//! Errors as clients see them: RFC 9457.

use super::pace::{is_too_slow, too_slow};
use crate::domain::DocumentId;
use crate::error::{Error, ErrorCode};
use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;
use uuid::Uuid;

/// Names a request in the answer and in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error of the vault on its way to a client. The middleware writes the body, since it knows the request's id.
#[derive(Debug)]
pub struct ApiError {
    error: Error,
    /// Methods the address takes, for a 405.
    allow: Option<String>,
    /// The document's length, for a 416.
    length: Option<u64>,
}

impl ApiError {
    /// The same error, with the methods that the address takes.
    pub fn with_allow(self, allow: String) -> Self {
        Self { allow: Some(allow), ..self }
    }

    /// The same error, with the length of what a range was asked of.
    pub fn with_length(self, length: u64) -> Self {
        Self { length: Some(length), ..self }
    }

    /// The error inside.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// The answer, with a problem as its body.
    pub fn response(&self, request_id: Uuid) -> HttpResponse {
        let code = self.error.code();
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.content_type(PROBLEM_JSON).insert_header((REQUEST_ID, request_id.to_string()));
        if let Some(allow) = &self.allow {
            response.insert_header(("allow", allow.as_str()));
        }
        if let Some(length) = self.length {
            response.insert_header(("content-range", format!("bytes */{length}")));
        }
        if matches!(code, ErrorCode::Unavailable | ErrorCode::Busy) {
            response.insert_header(("retry-after", "5"));
        }
        response.json(Problem {
            r#type: format!("urn:docuvault:problem:{code}"),
            title: code.title().to_owned(),
            status: code.status(),
            detail: self.error.detail().to_owned(),
            code: code.as_str().to_owned(),
            request_id,
            existing_id: self.error.existing(),
        })
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self { error, allow: None, length: None }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.error.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.response(Uuid::nil())
    }
}

/// What went wrong (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:docuvault:problem:` and the code.
    r#type: String,
    /// The same for every occurrence of the code.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A sentence about this occurrence.
    detail: String,
    /// One of the closed table of codes.
    code: String,
    /// Names this request in the vault's log.
    request_id: Uuid,
    /// With `duplicate`: the document that holds the same bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    existing_id: Option<DocumentId>,
}

/// A framework's own error, in our words.
pub fn of_framework(error: &actix_web::Error, status: StatusCode) -> ApiError {
    let code = match status {
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedMediaType,
        status if status.is_client_error() => ErrorCode::InvalidBody,
        _ => return Error::internal(error.to_string()).into(),
    };
    Error::new(code, "The request can't be understood.").with_source(error.to_string()).into()
}

/// A JSON body that is not what is wanted.
pub fn of_json(error: JsonPayloadError, _: &HttpRequest) -> actix_web::Error {
    let (code, detail) = match &error {
        JsonPayloadError::ContentType => {
            (ErrorCode::UnsupportedMediaType, "Send JSON, with Content-Type: application/json.".to_owned())
        }
        JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
            (ErrorCode::TooLarge, "The body has more than 64 KiB.".to_owned())
        }
        // serde's words name the field and the place, and nothing of ours.
        JsonPayloadError::Payload(cause) if is_too_slow(cause) => return ApiError::from(too_slow()).into(),
        JsonPayloadError::Deserialize(cause) => (ErrorCode::InvalidBody, format!("The body is not right: {cause}.")),
        _ => (ErrorCode::InvalidBody, "The body could not be read.".to_owned()),
    };
    ApiError::from(Error::new(code, detail).with_source(error)).into()
}
