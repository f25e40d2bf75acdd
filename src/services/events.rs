//! Telling those who watch what has happened: after the commit, never within it, and never in anyone's way.
//!
//! Events go out one behind the other, in the order in which this process committed; several at once where they come
//! faster than Redis takes them. Where they can't be told they are dropped, and `sync` is told as soon as Redis is back:
//! whoever watches fetches anew.

use super::{Background, Vault};
use crate::db::models::{AssignedTopic, DocumentRow};
use crate::domain::{DocumentId, DocumentStatus, TextSource};
use crate::error::{Error, ErrorCode, Result, cause_chain};
use crate::queue::{Event, EventHub, EventKind, JobQueue, Watcher};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// Events that wait to be told at most; beyond that they give way to one `sync`.
const MOST_WAITING: usize = 1000;
/// Wait before Redis is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The way out for what is told, and the way in for what others tell. A clone is the same.
#[derive(Clone)]
pub struct Events {
    queue: JobQueue,
    hub: EventHub,
    background: Background,
    outbox: Arc<Mutex<Outbox>>,
}

#[derive(Default)]
struct Outbox {
    waiting: Vec<Event>,
    /// A task is at it already.
    sending: bool,
}

impl Events {
    /// Events of the process; connects to nothing yet.
    pub fn new(queue: JobQueue, hub: EventHub, background: Background) -> Self {
        Self { queue, hub, background, outbox: Arc::default() }
    }

    /// Tells an event; waits for nothing.
    pub fn tell(&self, event: Event) {
        let mut outbox = self.outbox();
        if outbox.waiting.len() >= MOST_WAITING {
            outbox.waiting = vec![Event::bare(EventKind::Sync)];
        } else {
            outbox.waiting.push(event);
        }
        if !mem::replace(&mut outbox.sending, true) {
            let events = self.clone();
            self.background.spawn(async move { events.send().await });
        }
    }

    /// Says that something could not be told.
    pub fn missed(&self) {
        self.tell(Event::bare(EventKind::Sync));
    }

    /// Ends every watcher's watch.
    pub fn close(&self) {
        self.hub.close();
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be told next; none where the outbox is empty, and then the next one to tell begins a new task.
    fn next(&self) -> Option<Vec<Event>> {
        let mut outbox = self.outbox();
        outbox.sending = !outbox.waiting.is_empty();
        outbox.sending.then(|| mem::take(&mut outbox.waiting))
    }

    async fn send(self) {
        let mut reached = true;
        while let Some(events) = self.next() {
            match self.queue.tell(&events).await {
                Ok(()) => reached = true,
                // Nobody will be here to tell it; the next process that can't be heard says so by itself.
                Err(_) if self.background.is_ending() => break,
                Err(error) => {
                    if mem::replace(&mut reached, false) {
                        log::warn!("events could not be told, trying on: {}", cause_chain(&error));
                    }
                    sleep(RETRY).await;
                    // All that was waiting is among what they fetch then.
                    self.outbox().waiting = vec![Event::bare(EventKind::Sync)];
                }
            }
        }
    }
}

/// Watches all events.
///
/// # Errors
/// `busy` where as many watch as there is room for.
pub fn watch(vault: &Vault) -> Result<Watcher> {
    let detail = "As many clients watch already as this process takes. Come again in a moment.";
    vault.events.hub.watch().ok_or_else(|| Error::new(ErrorCode::Busy, detail))
}

/// A document as watchers are told of it: a part of what `GET /documents/{id}` answers, in the same form.
#[derive(Serialize)]
struct DocumentNow<'a> {
    id: DocumentId,
    status: DocumentStatus,
    topics: &'a [AssignedTopic],
    error: Option<ErrorNow<'a>>,
    filename: &'a str,
    title: Option<&'a str>,
    topics_by_user: bool,
    content_type: &'a str,
    language: Option<&'a str>,
    page_count: Option<i32>,
    text_source: Option<TextSource>,
    text_truncated: bool,
    has_thumbnail: bool,
    deleted_at: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct ErrorNow<'a> {
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Purged {
    id: DocumentId,
}

/// A document changed, and is so now.
pub fn document(row: &DocumentRow, topics: &[AssignedTopic]) -> Event {
    let error = row.error_code.as_deref().zip(row.error_message.as_deref());
    let error = error.map(|(code, message)| ErrorNow { code, message });
    event(
        EventKind::Document,
        &DocumentNow {
            id: row.id,
            status: row.status,
            topics,
            error,
            filename: row.filename.as_str(),
            title: row.title.as_deref(),
            topics_by_user: row.topics_by_user,
            content_type: &row.content_type,
            language: row.language.as_deref(),
            page_count: row.page_count,
            text_source: row.text_source,
            text_truncated: row.text_truncated,
            has_thumbnail: row.thumbnail_key.is_some(),
            deleted_at: row.deleted_at,
        },
    )
}

/// A document is gone for good.
pub fn purged(id: DocumentId) -> Event {
    event(EventKind::Purged, &Purged { id })
}

/// The list of topics changed. Documents that lost a topic by it, or whose topic has another name now, are not told one
/// by one.
pub fn topics() -> Event {
    Event::bare(EventKind::Topics)
}

fn event(kind: EventKind, data: &impl Serialize) -> Event {
    // Maps with keys that are no strings, and the like, can't be written; these are no such things.
    serde_json::to_string(data).map_or_else(|_| Event::bare(EventKind::Sync), |data| Event::new(kind, data))
}
