//! What every answer has in common: a request id, errors in one envelope, one line in the log.

use super::problem::{ApiError, REQUEST_ID, of_framework};
use crate::error::{Error as VaultError, ErrorCode, cause_chain};
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use std::time::Instant;
use uuid::Uuid;

/// The methods that any address here may take.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// On every answer that does not bring its own: an answer of the interface is no page, and nothing in it ever runs,
/// loads or is framed by others; what it is called is what it is; and no address of ours is told to others.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'self'")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// Under which `RUST_LOG` finds the access log.
const ACCESS_LOG: &str = concat!(env!("CARGO_PKG_NAME"), "::access");

/// Gives each request an id, puts errors into their envelope, and writes one line to the log. The line holds the route,
/// never the query: what people search for is theirs.
pub async fn envelope(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = Uuid::new_v4();
    let start = Instant::now();
    let method = request.method().clone();
    // Any word can be a method, and each would be a label of the figures for ever.
    if !METHODS.contains(&method) {
        let problem = ApiError::from(VaultError::new(ErrorCode::MethodNotAllowed, "There is no such method here."));
        return Ok(
            request.into_response(problem.with_allow(METHODS.map(|known| known.to_string()).join(", ")).response(id))
        );
    }
    let response = next.call(request).await?.map_into_boxed_body();
    let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());

    let mut cause = None;
    let mut response = match response.response().error() {
        None => response,
        Some(error) => {
            let status = response.status();
            let framework;
            let problem = match error.as_error::<ApiError>() {
                Some(problem) => problem,
                None => {
                    framework = of_framework(error, status);
                    &framework
                }
            };
            // A client's mistake is told by its code: the rest of it may be words of the client's.
            let error = problem.error();
            let ours = error.code().status() >= 500;
            cause = Some(if ours { cause_chain(error) } else { error.code().to_string() });
            let mut answer = problem.response(id);
            // What other layers put on the answer (CORS) stays on it.
            for (name, value) in response.headers() {
                if !answer.headers().contains_key(name) {
                    answer.headers_mut().append(name.clone(), value.clone());
                }
            }
            response.into_response(answer)
        }
    };
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    for (name, value) in SECURITY_HEADERS {
        let headers = response.headers_mut();
        // A handler that knows better (stored bytes, the page of the description) has set its own.
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }

    let status = response.status().as_u16();
    let ms = start.elapsed().as_millis() as u64;
    // A healthy probe every few seconds is no news.
    let level = match status {
        500.. => log::Level::Error,
        200..400 if route.starts_with("/health") || route == "/metrics" => log::Level::Debug,
        _ => log::Level::Info,
    };
    let cause = cause.unwrap_or_default();
    log::log!(target: ACCESS_LOG, level, method:% = method, route = route.as_str(), status, ms, request_id:% = id; "{cause}");
    Ok(response)
}
