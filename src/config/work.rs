//! `WORKER_CONCURRENCY`, `JOB_LEASE_SECONDS`, `JOB_MAX_ATTEMPTS`, `SWEEP_INTERVAL_SECONDS`, `ORPHAN_GRACE_SECONDS`,
//! `TRASH_DAYS`, `SHUTDOWN_GRACE_SECONDS`.

use super::Reader;
use std::thread::available_parallelism;
use std::time::Duration;

/// Settings of jobs and sweeps.
#[derive(Debug, Clone)]
pub struct WorkConfig {
    /// Jobs one worker has in hand at once.
    pub concurrency: usize,
    /// How long a job stays with a worker that gives no sign of life.
    pub lease: Duration,
    /// Attempts until a job is given up as dead.
    pub max_attempts: i32,
    /// Time between two sweeps of the queue.
    pub sweep_interval: Duration,
    /// Age from which an object without a row, or an unfinished multipart upload, is removed.
    pub orphan_grace: Duration,
    /// Days that a document stays in the trash before it is removed for good; 0: for ever.
    pub trash_days: u32,
    /// Time that work in hand has to finish after SIGTERM.
    pub shutdown_grace: Duration,
}

impl WorkConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            concurrency: reader.value(
                "WORKER_CONCURRENCY",
                cores,
                |n| (1..=256).contains(n),
                "a whole number from 1 to 256",
            ),
            lease: reader.seconds("JOB_LEASE_SECONDS", 30),
            max_attempts: reader.value(
                "JOB_MAX_ATTEMPTS",
                5,
                |n| (1..=100).contains(n),
                "a whole number from 1 to 100",
            ),
            sweep_interval: reader.seconds("SWEEP_INTERVAL_SECONDS", 5),
            orphan_grace: reader.seconds("ORPHAN_GRACE_SECONDS", 86_400),
            trash_days: reader.value(
                "TRASH_DAYS",
                30,
                |days| (0..=36_500).contains(days),
                "a whole number of days, from 0 to 36500",
            ),
            shutdown_grace: reader.seconds("SHUTDOWN_GRACE_SECONDS", 30),
        }
    }
}
