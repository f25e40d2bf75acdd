//! What happens in the vault, told to all who watch: Redis' publish and subscribe.
//!
//! Nothing is kept: who does not listen right now hears nothing of it. So a watcher is told `sync` whenever it may have
//! missed something, and fetches what it shows; the rows in PostgreSQL are the truth here, too.
//!
//! One connection a process listens ([`EventHub`]), from the first watcher on; each watcher has its own place in one
//! channel of the process, and one that is too slow skips to the end of it and is told `sync`.

use super::JobQueue;
use super::connections::{ANSWER, CONNECT};
use crate::domain::named;
use crate::metrics::Metrics;
use deadpool_redis::redis::aio::SendError;
use deadpool_redis::redis::{
    self, AsyncConnectionConfig, Client, Msg, ProtocolVersion, PushInfo, PushKind, RedisError, RedisResult,
};
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Watchers of one process at most: each holds a connection of a client.
const MOST_WATCHERS: usize = 1000;
/// Events that a watcher can be behind before it is told to fetch anew.
const BACKLOG: usize = 256;
/// Time between two signs of life: with [`ANSWER`], a connection that died without a word is noticed in seven seconds.
const PING_EVERY: Duration = Duration::from_secs(5);
/// First wait before Redis is tried again; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// Longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// The data of an event that has none.
const NOTHING: &str = "{}";

named! {
    /// What an event is about.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum EventKind {
        /// Something may have been missed until now; from here on nothing is.
        Sync = "sync",
        /// Redis went away: what happens now is not heard of.
        Lost = "lost",
        /// A document changed.
        Document = "document",
        /// A document is gone for good.
        Purged = "purged",
        /// The list of topics changed.
        Topics = "topics",
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it is about.
    pub kind: EventKind,
    /// JSON on one line.
    pub data: Arc<str>,
}

impl Event {
    /// An event with its data.
    pub fn new(kind: EventKind, data: impl Into<Arc<str>>) -> Self {
        Self { kind, data: data.into() }
    }

    /// An event that says everything by its kind.
    pub fn bare(kind: EventKind) -> Self {
        Self::new(kind, NOTHING)
    }

    /// As it travels: the kind, a space, the data.
    fn written(&self) -> String {
        format!("{} {}", self.kind.as_str(), self.data)
    }

    /// What another process wrote; none where it is of a later version, or no event at all.
    fn read(text: &str) -> Option<Self> {
        let (kind, data) = text.split_once(' ')?;
        let kind = EventKind::ALL.iter().copied().find(|known| known.as_str() == kind)?;
        (!data.contains(['\r', '\n'])).then(|| Self::new(kind, data))
    }
}

/// Adds the telling of these events to a pipeline.
pub(super) fn publish(pipeline: &mut redis::Pipeline, channel: &str, events: &[Event]) {
    for event in events {
        pipeline.cmd("PUBLISH").arg(channel).arg(event.written()).ignore();
    }
}

/// Hears all events, and hands them on to the watchers of this process. A clone is the same hub.
#[derive(Clone)]
pub struct EventHub {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    channel: String,
    runtime: Handle,
    metrics: Arc<Metrics>,
    listening: Once,
    /// What a newcomer is told first, and a watcher that was too slow. None before the first try to listen is over.
    first: Mutex<Option<EventKind>>,
    events: broadcast::Sender<Event>,
    seats: Arc<Semaphore>,
    closed: CancellationToken,
}

impl EventHub {
    /// A hub beside the queue, with a client that knows of messages nobody asked for (RESP3).
    pub(super) fn new(queue: &JobQueue) -> RedisResult<Self> {
        let info = queue.client.get_connection_info().clone();
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let shared = Shared {
            client: Client::open(info.set_redis_settings(settings))?,
            channel: queue.channel.clone(),
            runtime: queue.runtime.clone(),
            metrics: queue.metrics.clone(),
            listening: Once::new(),
            first: Mutex::new(None),
            events: broadcast::Sender::new(BACKLOG),
            seats: Arc::new(Semaphore::new(MOST_WATCHERS)),
            closed: CancellationToken::new(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// A place to watch from; none where all are taken. The first watcher makes the hub listen.
    pub fn watch(&self) -> Option<Watcher> {
        let seat = self.shared.seats.clone().try_acquire_owned().ok()?;
        self.shared.listening.call_once(|| {
            let shared = self.shared.clone();
            self.shared.runtime.spawn(async move {
                tokio::select! {
                    () = shared.listen_for_ever() => {}
                    () = shared.closed.cancelled() => {}
                }
            });
        });
        let (first, events) = self.shared.newcomer();
        self.shared.metrics.watchers.inc();
        Some(Watcher { shared: self.shared.clone(), first, events, _seat: seat })
    }

    /// Ends the listening, and every watcher.
    pub fn close(&self) {
        self.shared.closed.cancel();
    }
}

impl Shared {
    fn first(&self) -> MutexGuard<'_, Option<EventKind>> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Under the lock, so that no change of `first` is told twice or not at all.
    fn newcomer(&self) -> (Option<EventKind>, broadcast::Receiver<Event>) {
        let first = self.first();
        (*first, self.events.subscribe())
    }

    /// Tells all watchers, and all to come. False where that is no news.
    fn begin(&self, kind: EventKind) -> bool {
        let mut first = self.first();
        let news = *first != Some(kind);
        if news {
            *first = Some(kind);
            // Without watchers nobody needs to know.
            let _ = self.events.send(Event::bare(kind));
        }
        news
    }

    async fn listen_for_ever(self: &Arc<Self>) {
        let mut wait = FIRST_WAIT;
        loop {
            let Err(error) = self.listen().await;
            if self.begin(EventKind::Lost) {
                wait = FIRST_WAIT;
                log::warn!("events can't be heard, trying on: {}", crate::error::cause_chain(&error));
            }
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Listens until the connection breaks.
    ///
    /// What comes is handed on where it is read: a queue in between, as `get_async_pubsub` has one, knows no bounds.
    async fn listen(self: &Arc<Self>) -> Result<Infallible, RedisError> {
        let broken = CancellationToken::new();
        let (shared, breaks) = (self.clone(), broken.clone());
        let settings = AsyncConnectionConfig::new()
            .set_response_timeout(Some(ANSWER))
            .set_connection_timeout(Some(CONNECT))
            .set_push_sender(move |push: PushInfo| -> Result<(), SendError> {
                match push.kind {
                    PushKind::Message => shared.hear(push),
                    PushKind::Disconnection => breaks.cancel(),
                    _ => {}
                }
                Ok(())
            });
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&settings).await?;
        connection.subscribe(&self.channel).await?;
        if self.begin(EventKind::Sync) {
            log::debug!("listening for events");
        }
        while timeout(PING_EVERY, broken.cancelled()).await.is_err() {
            redis::cmd("PING").query_async::<()>(&mut connection).await?;
        }
        Err(io::Error::from(io::ErrorKind::ConnectionReset).into())
    }

    fn hear(&self, push: PushInfo) {
        let text = Msg::from_push_info(push).and_then(|message| message.get_payload::<String>().ok());
        match text.as_deref().and_then(Event::read) {
            // Without watchers nobody needs to know.
            Some(event) => drop(self.events.send(event)),
            None => log::debug!("an event was not understood"),
        }
    }
}

/// One who watches.
pub struct Watcher {
    shared: Arc<Shared>,
    first: Option<EventKind>,
    events: broadcast::Receiver<Event>,
    _seat: OwnedSemaphorePermit,
}

impl Watcher {
    /// The next event; none once the hub is closed. Dropped half-way, it has taken nothing.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(kind) = self.first.take() {
                return Some(Event::bare(kind));
            }
            tokio::select! {
                biased;
                () = self.shared.closed.cancelled() => return None,
                heard = self.events.recv() => match heard {
                    Ok(event) => return Some(event),
                    // Too slow: what is left of the backlog is older than what it will fetch now.
                    Err(RecvError::Lagged(_)) => (self.first, self.events) = self.shared.newcomer(),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.shared.metrics.watchers.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_reads_back_as_it_was_written() {
        let event = Event::new(EventKind::Document, r#"{"id":"a b"}"#);
        assert_eq!(event.written(), r#"document {"id":"a b"}"#);
        assert_eq!(Event::read(&event.written()), Some(event));
        for kind in EventKind::ALL {
            assert_eq!(Event::read(&Event::bare(*kind).written()), Some(Event::bare(*kind)));
        }
    }

    #[test]
    fn what_is_no_event_is_not_handed_on() {
        for text in ["", "document", "parade {}", "document {}\n\nevent: lost", "topics {}\r"] {
            assert_eq!(Event::read(text), None, "{text:?}");
        }
    }
}
