//! What every answer has in common: a request id, errors in one envelope, one line in the log.

use super::problem::{ApiError, of_framework};
use crate::error::cause_chain;
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use std::time::Instant;
use uuid::Uuid;

/// Names a request in the answer and in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
            cause = Some(cause_chain(problem.error()));
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
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));

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
