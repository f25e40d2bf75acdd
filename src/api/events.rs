//! `GET /events`: what happens in the vault, as it happens.

use super::dto::{DocumentEvent, PurgedEvent};
use super::problem::{ApiError, Problem};
use crate::queue::{Event, Watcher};
use crate::services::{Vault, events};
use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::timeout;

/// Longest silence: a proxy in between must not take the connection for dead, nor the client the server.
const SILENCE: Duration = Duration::from_secs(15);
/// Begins every stream: how long a client waits before it comes again.
const RETRY: Bytes = Bytes::from_static(b"retry: 2000\n\n");
/// Breaks the silence.
const PING: Bytes = Bytes::from_static(b": ping\n\n");

/// Watch what happens: server-sent events.
///
/// `sync`, with `{}`: fetch what you show; from here on nothing is missed. It comes at the beginning, and again whenever
/// something may have been missed. `lost`, with `{}`: from here on, and until the next `sync`, nothing is heard.
/// `document`, with a DocumentEvent: a document changed. `purged`, with a PurgedEvent: it is gone for good. `topics`,
/// with `{}`: the list of topics changed, and with it perhaps the topics on documents. There is a comment at least every
/// 15 seconds. Events have no ids: a client that comes again is told `sync`.
#[utoipa::path(
    operation_id = "watch_events",
    tag = "watch",
    responses(
        (status = 200, description = "The events, for as long as the client stays", body = String,
            content_type = "text/event-stream"),
        (status = 503, description = "busy", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/events")]
pub async fn watch(vault: web::Data<Vault>) -> Result<HttpResponse, ApiError> {
    let watcher = events::watch(&vault)?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // A proxy that gathers an answer before it hands it on would hand on nothing, ever.
        .insert_header(("x-accel-buffering", "no"))
        // The stream's end is the connection's: nothing is waited for when the server stops.
        .force_close()
        .streaming(told(watcher)))
}

/// Ends when the vault does.
fn told(watcher: Watcher) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let events = stream::unfold(watcher, |mut watcher| async move {
        match timeout(SILENCE, watcher.next()).await {
            Ok(event) => Some((frame(&event?), watcher)),
            Err(_) => Some((PING, watcher)),
        }
    });
    stream::iter([RETRY]).chain(events).map(Ok)
}

fn frame(event: &Event) -> Bytes {
    format!("event: {}\ndata: {}\n\n", event.kind.as_str(), event.data).into()
}

/// What the data of events look like, for the description.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(DocumentEvent, PurgedEvent)))]
pub struct EventData;
