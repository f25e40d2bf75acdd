//! The doorbell: a Redis stream that tells workers which job to look at, and a channel that tells those who watch what
//! has happened.
//!
//! PostgreSQL is the truth about jobs; what stands here may be lost or doubled at any moment, and the sweep rings again.
//!
//! | key (behind the prefix) | type | holds |
//! |---|---|---|
//! | `:v1:jobs` | stream | one entry a ring, field `job`: the job's id. Gone (`XACK` + `XDEL`) once the ring was answered, so that its length is the number of rings in the air |
//! | `:v1:events` | channel | what happened, as it happens: the event's name, a space, its data (see `events.rs`) |
//! | `:v1:breaker:*` | hash | who is left alone for a while (see `breaker.rs`) |
//! | `:v1:budget:*` | hash | what was spent today (see `budget.rs`) |
//! | `:v1:permits:*` | sorted set | who does a thing right now that not all may do at once (see `permits.rs`) |
//! | `:v1:tally:*` | hash | figures that workers add up together (see `tally.rs`) |
//! | `:v1:secret:*` | channels | a document's password, on its way from the request to the worker (see `secrets.rs`) |
//!
//! The consumer group is `workers`; each worker process is a consumer under a name of its own. An entry stays pending
//! while its job is worked on, and is touched by the heartbeat; so an entry that was idle for longer than a lease was
//! dropped by a worker that died, and another takes it (`XAUTOCLAIM`).

mod breaker;
mod budget;
mod connections;
mod consumer;
mod events;
mod permits;
mod secrets;
mod tally;

pub use breaker::{Admission, Breaker, BreakerLimits, BreakerState, BreakerView, Pass};
pub use budget::{Allowance, Amount, Budget, Reservation};
pub use consumer::{Consumer, Ring};
pub use events::{Event, EventHub, EventKind, Watcher};
pub use permits::{Permit, Permits};
pub use secrets::Offer;
pub use tally::Tally;

use self::connections::Connections;
use crate::config::RedisConfig;
use crate::domain::JobId;
use crate::error::Error;
use crate::metrics::{Metrics, Store};
use deadpool_redis::PoolError;
use deadpool_redis::redis::{self, Client, FromRedisValue, Pipeline, RedisError};
use secrecy::ExposeSecret;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// The group all workers read in.
const GROUP: &str = "workers";
/// The one field of an entry.
const FIELD: &str = "job";

/// Why Redis did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// No connection.
    #[error("Redis can't be reached")]
    Connect(#[source] Box<PoolError>),
    /// A command failed.
    #[error("Redis failed")]
    Command(#[from] RedisError),
    /// The runtime is shutting down.
    #[error("the process is ending")]
    Ending,
}

impl From<QueueError> for Error {
    fn from(error: QueueError) -> Self {
        Self::unavailable(error)
    }
}

/// The doorbell.
#[derive(Clone)]
pub struct JobQueue {
    connections: Arc<Connections>,
    client: Client,
    prefix: String,
    stream: String,
    channel: String,
    /// What the channels of `secrets.rs` begin with.
    secrets: String,
    offers: Arc<Semaphore>,
    runtime: Handle,
    metrics: Arc<Metrics>,
}

impl JobQueue {
    /// A handle on the queue; connects to nothing yet. Connections are opened on `runtime`.
    ///
    /// # Errors
    /// When the URL can't be used.
    pub fn open(config: &RedisConfig, runtime: Handle, metrics: Arc<Metrics>) -> Result<Self, QueueError> {
        let connections = Arc::new(Connections::open(config, runtime.clone())?);
        let stream = format!("{}:v1:jobs", config.key_prefix);
        let channel = format!("{}:v1:events", config.key_prefix);
        let secrets = format!("{}:v1:secret", config.key_prefix);
        let prefix = config.key_prefix.clone();
        let offers = Arc::new(Semaphore::new(secrets::MOST_OFFERS));
        let client = Client::open(config.url.expose_secret())?;
        Ok(Self { connections, client, prefix, stream, channel, secrets, offers, runtime, metrics })
    }

    /// Rings for these jobs.
    ///
    /// # Errors
    /// When Redis can't be reached; the sweep will ring then.
    pub async fn ring(&self, jobs: &[JobId]) -> Result<(), QueueError> {
        self.tell_and_ring(&[], jobs).await
    }

    /// Tells those who watch what has happened.
    ///
    /// # Errors
    /// When Redis can't be reached; what was to be told is lost then.
    pub async fn tell(&self, events: &[Event]) -> Result<(), QueueError> {
        self.tell_and_ring(events, &[]).await
    }

    /// Does both in one go: the telling first, so that nobody hears of the work before what led to it.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn tell_and_ring(&self, events: &[Event], jobs: &[JobId]) -> Result<(), QueueError> {
        let mut pipeline = redis::pipe();
        events::publish(&mut pipeline, &self.channel, events);
        for job in jobs {
            pipeline.cmd("XADD").arg(&self.stream).arg("*").arg(FIELD).arg(job.to_string()).ignore();
        }
        if pipeline.is_empty() { Ok(()) } else { self.run(pipeline).await }
    }

    /// Where this process listens for what is told; it connects to nothing yet.
    ///
    /// # Errors
    /// When the URL can't be used.
    pub fn hub(&self) -> Result<EventHub, QueueError> {
        Ok(EventHub::new(self)?)
    }

    /// How many rings are in the air: waiting, or answered and not yet done.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn depth(&self) -> Result<i64, QueueError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("XLEN").arg(&self.stream);
        let (depth,): (i64,) = self.run(pipeline).await?;
        Ok(depth)
    }

    /// Asks Redis for a sign of life.
    ///
    /// # Errors
    /// When there is none.
    pub async fn ping(&self) -> Result<(), QueueError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("PING").ignore();
        self.run(pipeline).await
    }

    /// What Redis throws away when its memory is full (`maxmemory-policy`); none where it does not say.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn eviction_policy(&self) -> Result<Option<String>, QueueError> {
        let mut pipeline = redis::pipe();
        // CONFIG GET is often forbidden, INFO is not.
        pipeline.cmd("INFO").arg("memory");
        let (info,): (String,) = self.run(pipeline).await?;
        Ok(info.lines().find_map(|line| line.strip_prefix("maxmemory_policy:")).map(|policy| policy.trim().to_owned()))
    }

    /// Joins the group as the consumer `name`.
    pub fn consumer(&self, name: &str) -> Consumer {
        Consumer::new(self.clone(), name.to_owned())
    }

    /// The key of a thing with a name of its own.
    fn key(&self, what: &str) -> String {
        format!("{}:v1:{what}", self.prefix)
    }

    /// Runs a script on one key, in one go.
    async fn script<T: FromRedisValue + Send + 'static>(
        &self,
        script: &str,
        key: &str,
        arguments: &[String],
    ) -> Result<T, QueueError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("EVAL").arg(script).arg(1).arg(key).arg(arguments);
        // Most of them count something, and once is not twice.
        let call = self.connections.run_once(pipeline);
        let (answer,): (T,) = self.metrics.timed(Store::Redis, call, |_| true).await?;
        Ok(answer)
    }

    async fn run<T: FromRedisValue + Send + 'static>(&self, pipeline: Pipeline) -> Result<T, QueueError> {
        let call = self.connections.run(pipeline);
        self.metrics.timed(Store::Redis, call, |_| true).await
    }
}
