//! One worker's ear at the doorbell.

use super::connections::{ANSWER, CONNECT};
use super::{FIELD, GROUP, JobQueue, QueueError};
use crate::domain::JobId;
use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::streams::{StreamAutoClaimReply, StreamId, StreamInfoConsumersReply, StreamReadReply};
use deadpool_redis::redis::{self, AsyncConnectionConfig, Cmd, Pipeline, RedisError, RedisResult, from_redis_value};
use std::time::Duration;

/// Longest wait for a ring; between two waits the worker looks whether it should stop.
const BLOCK: Duration = Duration::from_secs(1);
/// A consumer that has not been heard of for this long, and has nothing pending, is gone.
const FORGET_AFTER: Duration = Duration::from_secs(24 * 3600);

/// A ring: an entry of the stream, to be answered with [`Consumer::done`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// The entry's id.
    pub entry: String,
    /// The job it is about.
    pub job: JobId,
}

/// A member of the group of workers.
///
/// It has a connection of its own for listening: a blocking read holds up all else on its connection, and lasts longer
/// than the pool's time-outs. Everything else goes by the pool.
pub struct Consumer {
    queue: JobQueue,
    name: String,
    listening: Option<MultiplexedConnection>,
}

impl Consumer {
    pub(super) fn new(queue: JobQueue, name: String) -> Self {
        Self { queue, name, listening: None }
    }

    /// Waits up to a second for rings, `count` at most. Never drop this future half-way: the server may have delivered
    /// already, and the rings would wait until another takes them.
    ///
    /// # Errors
    /// When Redis can't be reached; the next call connects anew.
    pub async fn listen(&mut self, count: usize) -> Result<Vec<Ring>, QueueError> {
        let result = self.try_listen(count).await;
        match result {
            Ok(reply) => Ok(self.rings(entries(reply)).await),
            // Redis was wiped, or is new: the group is made, and the next call listens in it.
            Err(error) if error.code() == Some("NOGROUP") => {
                self.make_group().await?;
                Ok(Vec::new())
            }
            Err(error) => {
                self.listening = None;
                Err(error.into())
            }
        }
    }

    async fn try_listen(&mut self, count: usize) -> RedisResult<Option<StreamReadReply>> {
        let command = self.reading(count, Some(BLOCK));
        let connection = match &mut self.listening {
            Some(connection) => connection,
            none => {
                let settings = AsyncConnectionConfig::new()
                    .set_response_timeout(Some(BLOCK + ANSWER))
                    .set_connection_timeout(Some(CONNECT));
                none.insert(self.queue.client.get_multiplexed_async_connection_with_config(&settings).await?)
            }
        };
        command.query_async(connection).await
    }

    async fn make_group(&self) -> Result<(), QueueError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("XGROUP").arg("CREATE").arg(&self.queue.stream).arg(GROUP).arg("0").arg("MKSTREAM").ignore();
        match self.queue.run::<()>(pipeline).await {
            Err(QueueError::Command(error)) if error.code() == Some("BUSYGROUP") => Ok(()),
            other => other,
        }
    }

    /// Takes rings that another consumer left unanswered for `idle`, `count` at most.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn take_over(&self, idle: Duration, count: usize) -> Result<Vec<Ring>, QueueError> {
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("XAUTOCLAIM")
            .arg(&self.queue.stream)
            .arg(GROUP)
            .arg(&self.name)
            .arg(idle.as_millis() as u64)
            .arg("0-0")
            .arg("COUNT")
            .arg(count);
        match self.queue.run::<(StreamAutoClaimReply,)>(pipeline).await {
            Ok((reply,)) => Ok(self.rings(reply.claimed).await),
            Err(QueueError::Command(error)) if error.code() == Some("NOGROUP") => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Shows that these rings are still being worked on.
    ///
    /// # Errors
    /// When Redis can't be reached; the lease in PostgreSQL is what counts.
    pub async fn touch(&self, entries: &[String]) -> Result<(), QueueError> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut pipeline = redis::pipe();
        // JUSTID does not count as a delivery.
        pipeline
            .cmd("XCLAIM")
            .arg(&self.queue.stream)
            .arg(GROUP)
            .arg(&self.name)
            .arg(0)
            .arg(entries)
            .arg("JUSTID")
            .ignore();
        self.queue.run(pipeline).await
    }

    /// Answers a ring: it is gone from the stream.
    ///
    /// # Errors
    /// When Redis can't be reached; the ring comes again then, and finds nothing to do.
    pub async fn done(&self, entry: &str) -> Result<(), QueueError> {
        self.queue.run(self.answering(entry)).await
    }

    /// Answers a ring as [`Self::done`] does, and takes one that waits, if any does: one call less to Redis for each job.
    ///
    /// # Errors
    /// As [`Self::done`]. A ring that was delivered and did not arrive is taken over by another, as that of a worker that died.
    pub async fn done_for_next(&self, entry: &str) -> Result<Option<Ring>, QueueError> {
        let mut pipeline = self.answering(entry);
        pipeline.add_command(self.reading(1, None));
        match self.queue.run::<(Option<StreamReadReply>,)>(pipeline).await {
            Ok((reply,)) => Ok(self.rings(entries(reply)).await.pop()),
            // Redis was wiped; who listens makes the group anew.
            Err(QueueError::Command(error)) if error.code() == Some("NOGROUP") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Both or none: an entry that is answered and still there would be counted for ever and never delivered.
    fn answering(&self, entry: &str) -> Pipeline {
        let mut pipeline = redis::pipe();
        pipeline.atomic();
        pipeline.cmd("XACK").arg(&self.queue.stream).arg(GROUP).arg(entry).ignore();
        pipeline.cmd("XDEL").arg(&self.queue.stream).arg(entry).ignore();
        pipeline
    }

    /// Takes rings that nobody was given yet, `count` at most; waits for the first of them, or does not.
    fn reading(&self, count: usize, wait: Option<Duration>) -> Cmd {
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(GROUP).arg(&self.name).arg("COUNT").arg(count);
        if let Some(wait) = wait {
            command.arg("BLOCK").arg(wait.as_millis() as u64);
        }
        command.arg("STREAMS").arg(&self.queue.stream).arg(">");
        command
    }

    /// Leaves the group. Rings that are still pending stay with the name until another worker takes them over.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn leave(&self) -> Result<(), QueueError> {
        self.forget(|consumer, pending, _| consumer == self.name && pending == 0).await
    }

    /// Removes consumers that have been gone for long and hold nothing.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn forget_the_gone(&self) -> Result<(), QueueError> {
        self.forget(|consumer, pending, idle| consumer != self.name && pending == 0 && idle > FORGET_AFTER).await
    }

    /// A consumer may only go when nothing is pending on it: its pending entries would go with it.
    async fn forget(&self, gone: impl Fn(&str, usize, Duration) -> bool) -> Result<(), QueueError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("XINFO").arg("CONSUMERS").arg(&self.queue.stream).arg(GROUP);
        let (reply,): (StreamInfoConsumersReply,) = match self.queue.run(pipeline).await {
            // No stream, no group: nothing to forget.
            Err(QueueError::Command(error)) if is_absent(&error) => return Ok(()),
            other => other?,
        };
        let mut pipeline = redis::pipe();
        for consumer in reply.consumers {
            if gone(&consumer.name, consumer.pending, Duration::from_millis(consumer.idle as u64)) {
                pipeline
                    .cmd("XGROUP")
                    .arg("DELCONSUMER")
                    .arg(&self.queue.stream)
                    .arg(GROUP)
                    .arg(&consumer.name)
                    .ignore();
            }
        }
        if pipeline.is_empty() { Ok(()) } else { self.queue.run(pipeline).await }
    }

    /// Reads entries; one that is no ring of ours is answered at once, so that it does not come for ever.
    async fn rings(&self, entries: Vec<StreamId>) -> Vec<Ring> {
        let mut rings = Vec::with_capacity(entries.len());
        for entry in entries {
            let job = entry
                .map
                .get(FIELD)
                .and_then(|value| from_redis_value::<String>(value.clone()).ok())
                .and_then(|text| text.parse().ok());
            match job {
                Some(job) => rings.push(Ring { entry: entry.id, job }),
                None => {
                    if let Err(error) = self.done(&entry.id).await {
                        log::warn!("a stray entry could not be removed from the queue: {error}");
                    }
                }
            }
        }
        rings
    }
}

fn entries(reply: Option<StreamReadReply>) -> Vec<StreamId> {
    reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids).collect()
}

fn is_absent(error: &RedisError) -> bool {
    error.code() == Some("NOGROUP") || error.to_string().contains("no such key")
}
