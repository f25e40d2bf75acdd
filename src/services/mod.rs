//! The use cases of the vault, and the boundaries of their transactions. Nothing here knows of HTTP.

pub mod classifier;
pub mod documents;
pub mod events;
pub mod examples;
pub mod explanation;
pub mod extractor;
pub mod health;
mod highlight;
pub mod history;
pub mod jobs;
pub mod learning;
pub mod listing;
pub mod orphans;
pub mod processing;
pub mod remote;
pub mod room;
pub mod runs;
pub mod starter_topics;
pub mod stats;
pub mod suggestions;
pub mod sweep;
pub mod thumbnails;
pub mod topics;
pub mod trash;
pub mod unchanged;
pub mod undo;
pub mod unlock;
pub mod upload;
pub mod verify;

use crate::ai::AiProvider;
use crate::ai::local::LocalProvider;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Database;
use crate::domain::JobId;
use crate::error::{Error, Result, cause_chain};
use crate::extract::Reader;
use crate::metrics::Metrics;
use crate::queue::{Event, JobQueue};
use crate::storage::StorageBackend;
use events::Events;
use learning::Learned;
use remote::RemoteAi;
use room::Room;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use unchanged::Unchanged;

/// Everything a use case stands on. Built once, in `app.rs`; each part is behind its own face.
pub struct Vault {
    /// The truth.
    pub db: Database,
    /// The shelf.
    pub storage: Arc<dyn StorageBackend>,
    /// The doorbell.
    pub queue: JobQueue,
    /// Tells those who watch what has happened.
    pub events: Events,
    /// Chooses topics.
    pub ai: Arc<dyn AiProvider>,
    /// The way to it, where it is on a server: nobody asks it past this.
    pub remote: Option<RemoteAi>,
    /// Chooses topics by what it has learned from the vault: while no other is set, or while that can't be asked.
    pub local_ai: Arc<LocalProvider>,
    /// Which model that has in use.
    pub learned: Learned,
    /// Turns bytes into text.
    pub reader: Reader,
    /// Room for the buffers of connections that send a body.
    pub body_room: Room,
    /// Room for the parts of uploads.
    pub upload_room: Room,
    /// Answers that may still hold.
    pub unchanged: Unchanged,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The vault's figures.
    pub metrics: Arc<Metrics>,
    /// The settings.
    pub config: Config,
    /// What must run to its end even when nobody waits for it any more.
    pub background: Background,
}

impl Vault {
    /// Tells what led to a job, and rings for it, once its row is committed. A bell that can't be rung is no error: the
    /// sweep rings again.
    async fn ring(&self, job: JobId, event: impl Into<Option<Event>>) {
        let event = event.into();
        if let Err(error) = self.queue.tell_and_ring(event.as_slice(), &[job]).await {
            log::warn!(job:% = job; "could not ring for a job, the sweep will: {}", cause_chain(&error));
            self.events.missed();
        }
    }
}

/// Runs tasks on the main runtime: what is spawned to its end, whoever waits for it.
///
/// The HTTP server drops a handler when its client goes away; a commit and the ring after it must not be dropped
/// half-way.
#[derive(Clone)]
pub struct Background {
    tracker: TaskTracker,
    runtime: Handle,
}

impl Background {
    /// Tasks will run on `runtime`.
    pub fn new(runtime: Handle) -> Self {
        Self { tracker: TaskTracker::new(), runtime }
    }

    /// Starts a task that outlives its caller.
    pub fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.tracker.spawn_on(task, &self.runtime)
    }

    /// Runs a task that ends with its caller: one that asks the stores more than once. Their connections live on the main
    /// runtime, and to a task of another each answer is handed from thread to thread.
    ///
    /// # Errors
    /// As the task; `internal` where it panicked.
    pub async fn run<T: Send + 'static>(&self, task: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        AbortOnDropHandle::new(self.spawn(task)).await.map_err(Error::internal)?
    }

    /// True once somebody waits for the tasks to end.
    fn is_ending(&self) -> bool {
        self.tracker.is_closed()
    }

    /// Waits until every task has ended.
    pub async fn drain(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
