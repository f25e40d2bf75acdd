//! What a request with a body has to keep to: there is room for so many at once, and a least pace at which the client
//! has to send. One that opens requests and trickles their bodies gets nothing.
//!
//! For the pace only the time counts in which the vault waits for the client, never that in which the client waits for the
//! vault; but the whole has its limit. The headers have a limit of their own (`HEADERS_WITHIN`).

use super::problem::ApiError;
use crate::error::{Error, ErrorCode};
use crate::services::Vault;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, body::MessageBody, web};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use std::io;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// What a client has to send on the whole, in bytes a second, once the first [`Limits::idle`] is over: less than the
/// slowest telephone line.
const LEAST_BYTES_PER_SECOND: u64 = 4 * 1024;

/// Most that the buffers of one connection take while its body comes: actix-http reads 128 KiB ahead, in buffers that
/// double as they grow, and passes on what actix-multipart buffers again.
const BUFFERS: u64 = 512 * 1024;

/// A body of so many bytes takes no room.
const SMALL: u64 = 64 * 1024;

/// Limits on the time a body may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Longest wait for the next bytes.
    idle: Duration,
    /// Longest time from the first byte to the last.
    whole: Duration,
}

impl Limits {
    /// How long the next bytes may be waited for, after `received` bytes that took `waited` of waiting and `elapsed` in
    /// all.
    fn next(self, received: u64, waited: Duration, elapsed: Duration) -> Duration {
        let earned = Duration::from_secs(received / LEAST_BYTES_PER_SECOND);
        let by_pace = (self.idle + earned).saturating_sub(waited);
        self.idle.min(by_pace).min(self.whole.saturating_sub(elapsed))
    }
}

/// Puts the limits on each request that has a body. Where there is no room for one more, the answer is `busy`.
pub async fn keep_pace(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let vault = request.app_data::<web::Data<Vault>>().cloned();
    let payload = request.take_payload();
    let (false, Some(vault)) = (matches!(payload, Payload::None), vault) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let length = content_length(&request);
    // Held until the answer is there. A small body fits into buffers that each connection has anyway: so nobody who
    // changes a title has to wait for those who upload.
    let room = match length {
        Some(bytes) if bytes <= SMALL => Ok(None),
        _ => vault.body_room.take_now(length.map_or(BUFFERS, |bytes| bytes.saturating_mul(2).min(BUFFERS))).map(Some),
    };
    let _room = match room {
        Ok(room) => room,
        Err(busy) => return Ok(request.error_response(ApiError::from(busy))),
    };
    let limits = Limits { idle: vault.config.http.body_idle, whole: vault.config.http.body_timeout };
    request.set_payload(Payload::Stream { payload: Box::pin(paced(payload, limits)) });
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// The length of the body, if the client said it.
pub fn content_length(request: &impl HttpMessage) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn paced<S>(body: S, limits: Limits) -> impl Stream<Item = Result<Bytes, PayloadError>>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    struct State<S> {
        body: S,
        begun: Instant,
        received: u64,
        waited: Duration,
    }
    // Its readers ask for more after its end.
    let state = State { body, begun: Instant::now(), received: 0, waited: Duration::ZERO };
    stream::unfold(Some(state), move |state| async move {
        let mut state = state?;
        let asked = Instant::now();
        let allowed = limits.next(state.received, state.waited, state.begun.elapsed());
        match timeout(allowed, state.body.next()).await {
            Ok(Some(Ok(bytes))) => {
                state.waited += asked.elapsed();
                state.received += bytes.len() as u64;
                Some((Ok(bytes), Some(state)))
            }
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(PayloadError::Io(io::ErrorKind::TimedOut.into())), None)),
        }
    })
    .fuse()
}

/// True for the error that [`keep_pace`] ends a body with.
pub fn is_too_slow(error: &PayloadError) -> bool {
    matches!(error, PayloadError::Io(cause) if cause.kind() == io::ErrorKind::TimedOut)
}

/// What the client is told then.
pub fn too_slow() -> Error {
    Error::new(ErrorCode::RequestTimeout, "The request's bytes came too slowly, or stopped coming. Nothing was kept.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { idle: Duration::from_secs(30), whole: Duration::from_secs(3600) };

    #[test]
    fn a_steady_client_has_all_the_time_and_a_trickling_one_has_not() {
        let seconds = Duration::from_secs;
        assert_eq!(LIMITS.next(0, seconds(0), seconds(0)), seconds(30));
        // 4 KiB for each second waited: as much time as ever.
        assert_eq!(LIMITS.next(1000 * 4096, seconds(1000), seconds(1000)), seconds(30));
        // One byte every 29 seconds: the second wait is the last.
        assert_eq!(LIMITS.next(1, seconds(29), seconds(29)), seconds(1));
        // Slow because the vault was slow: nothing of that counts.
        assert_eq!(LIMITS.next(1, seconds(1), seconds(600)), seconds(29));
        // Nobody takes longer than the whole.
        assert_eq!(LIMITS.next(u64::MAX, seconds(0), seconds(3595)), seconds(5));
        assert_eq!(LIMITS.next(u64::MAX, seconds(0), seconds(4000)), seconds(0));
    }

    #[tokio::test]
    async fn a_body_that_stops_coming_ends_in_an_error_and_then_for_good() {
        let limits = Limits { idle: Duration::from_millis(20), ..LIMITS };
        let first = stream::iter([Ok(Bytes::from_static(b"first"))]);
        let mut body = Box::pin(paced(first.chain(stream::pending()), limits));
        assert_eq!(body.next().await.and_then(Result::ok), Some(Bytes::from_static(b"first")));
        assert!(body.next().await.is_some_and(|end| end.is_err_and(|error| is_too_slow(&error))));
        assert!(body.next().await.is_none());
    }
}
