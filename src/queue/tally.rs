//! Figures that workers add up together, for `serve` to show: workers have no ears of their own for those who watch.
//!
//! They stand in the hash `:v1:tally:{name}`. Lost with Redis they begin at nought, as a process's own figures do when it
//! is started anew.

use super::{JobQueue, QueueError};
use deadpool_redis::redis;
use std::collections::HashMap;

/// Figures under a name.
#[derive(Clone)]
pub struct Tally {
    queue: JobQueue,
    key: String,
}

impl Tally {
    /// The figures `name`; connects to nothing yet.
    pub fn new(queue: JobQueue, name: &str) -> Self {
        Self { key: queue.key(&format!("tally:{name}")), queue }
    }

    /// Adds to figures.
    ///
    /// # Errors
    /// When Redis can't be reached; then it is not counted.
    pub async fn add(&self, figures: &[(&str, u64)]) -> Result<(), QueueError> {
        let mut pipeline = redis::pipe();
        for (name, by) in figures.iter().filter(|(_, by)| *by > 0) {
            pipeline.cmd("HINCRBY").arg(&self.key).arg(name).arg(by).ignore();
        }
        if pipeline.is_empty() { Ok(()) } else { self.queue.run(pipeline).await }
    }

    /// All figures.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn read(&self) -> Result<HashMap<String, u64>, QueueError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("HGETALL").arg(&self.key);
        let (figures,): (HashMap<String, u64>,) = self.queue.run(pipeline).await?;
        Ok(figures)
    }
}
