//! The runner: permits, claims, heartbeat, drain.

use super::classification_run::Leaving;
use super::in_hand::InHand;
use super::process_document::ProcessDocument;
use super::{Task, classification_run, sweeps};
use crate::domain::JobKind;
use crate::error::cause_chain;
use crate::queue::{Consumer, QueueError, Ring};
use crate::services::{Vault, processing, runs};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, RwLock, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Wait before Redis is tried again.
const REDIS_WAIT: Duration = Duration::from_secs(1);
/// A ring that nobody touched for longer than a lease and this was dropped by a worker that died.
const TAKE_OVER_SLACK: Duration = Duration::from_secs(5);
/// Jobs that a permit is held for one after the other, while rings wait.
const IN_A_ROW: usize = 16;

/// One worker process.
pub struct Worker {
    vault: Arc<Vault>,
    /// Lease owner and consumer name: never the same for two processes.
    name: String,
    task: Arc<dyn Task>,
    in_hand: InHand,
    permits: Arc<Semaphore>,
    /// Cancelled to give back what is in hand.
    give_back: CancellationToken,
}

impl Worker {
    /// A worker; it does nothing until it is run.
    pub fn new(vault: Arc<Vault>) -> Self {
        Self::with_task(vault, Arc::new(ProcessDocument))
    }

    /// A worker that does something else with the jobs about documents.
    pub fn with_task(vault: Arc<Vault>, task: Arc<dyn Task>) -> Self {
        let permits = Arc::new(Semaphore::new(vault.config.work.concurrency));
        let name = format!("{}-{}", std::process::id(), uuid::Uuid::new_v4().simple());
        Self { vault, name, task, in_hand: InHand::default(), permits, give_back: CancellationToken::new() }
    }

    /// The name under which it holds leases.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Works until `drain` is cancelled; then finishes what is in hand within the shutdown grace, or until `abort` is
    /// cancelled, and gives the rest back.
    pub async fn run(self, drain: CancellationToken, abort: CancellationToken) {
        let worker = Arc::new(self);
        log::info!(worker = worker.name.as_str(), concurrency = worker.vault.config.work.concurrency; "the worker is up");
        // Listening has a consumer of its own; the other two share one, which holds no connection.
        let consumer = RwLock::new(worker.vault.queue.consumer(&worker.name));
        let jobs = async {
            let mut jobs = JoinSet::new();
            worker.listen(&mut jobs, &drain).await;
            worker.finish(jobs, &abort).await;
        };
        tokio::select! {
            () = jobs => {}
            () = worker.in_hand.heartbeat(&worker.vault, &consumer, &worker.name) => {}
            () = sweeps::run(&worker.vault, &consumer, &worker.name) => {}
        }
        sweeps::leave(&worker.vault, &worker.name).await;
        if let Err(error) = consumer.read().await.leave().await {
            log::debug!("could not leave the group: {}", cause_chain(&error));
        }
        log::info!(worker = worker.name.as_str(); "the worker is down");
    }

    async fn listen(self: &Arc<Self>, jobs: &mut JoinSet<()>, drain: &CancellationToken) {
        let mut consumer = self.vault.queue.consumer(&self.name);
        let mut heard = true;
        let mut taken_over = tokio::time::Instant::now();
        let lease = self.vault.config.work.lease;
        while !drain.is_cancelled() {
            // At least one permit before anything is asked for: what is delivered is ours to do.
            let first = tokio::select! {
                permit = self.permits.clone().acquire_owned() => permit,
                () = drain.cancelled() => return,
            };
            // The semaphore is never closed.
            let Ok(first) = first else { return };
            let mut permits = vec![first];
            while let Ok(more) = self.permits.clone().try_acquire_owned() {
                permits.push(more);
            }
            while jobs.try_join_next().is_some() {}

            // Not to be cut short: the server may have delivered already.
            match Self::next_rings(&mut consumer, permits.len(), lease, &mut taken_over).await {
                Ok(rings) => {
                    if !heard {
                        log::info!("Redis is back");
                    }
                    heard = true;
                    for (ring, permit) in rings.into_iter().zip(permits) {
                        jobs.spawn(self.clone().answer(ring, permit, drain.clone()));
                    }
                }
                Err(error) => {
                    if heard {
                        log::warn!("Redis can't be heard, trying on: {}", cause_chain(&error));
                    }
                    heard = false;
                    tokio::select! {
                        () = sleep(REDIS_WAIT) => {}
                        () = drain.cancelled() => {}
                    }
                }
            }
        }
    }

    /// Now and then the rings that others dropped come first.
    async fn next_rings(
        consumer: &mut Consumer,
        count: usize,
        lease: Duration,
        taken_over: &mut tokio::time::Instant,
    ) -> Result<Vec<Ring>, QueueError> {
        if taken_over.elapsed() >= lease / 2 {
            *taken_over = tokio::time::Instant::now();
            match consumer.take_over(lease + TAKE_OVER_SLACK, count).await {
                Ok(dropped) if !dropped.is_empty() => return Ok(dropped),
                Ok(_) => {}
                // Not what the worker lives of: it listens all the same.
                Err(error) => log::warn!("dropped rings could not be taken over: {}", cause_chain(&error)),
            }
        }
        consumer.listen(count).await
    }

    /// Answers a ring, and with the same permit some of those that wait behind it: so Redis is asked once for each job.
    async fn answer(self: Arc<Self>, mut ring: Ring, permit: OwnedSemaphorePermit, drain: CancellationToken) {
        let consumer = self.vault.queue.consumer(&self.name);
        let mut left = IN_A_ROW;
        loop {
            self.attend(&ring, &drain).await;
            left -= 1;
            // Who listens has more to look after than new rings; and who stops takes none.
            if left == 0 || drain.is_cancelled() {
                break;
            }
            match consumer.done_for_next(&ring.entry).await {
                Ok(Some(next)) => ring = next,
                Ok(None) => return,
                Err(error) => return not_answered(&error),
            }
        }
        // The next job need not wait until Redis has heard of the end of this one.
        drop(permit);
        if let Err(error) = consumer.done(&ring.entry).await {
            not_answered(&error);
        }
    }

    /// Does what a ring asks for, if there is anything to do.
    async fn attend(&self, ring: &Ring, drain: &CancellationToken) {
        let vault = &self.vault;
        match processing::claim(vault, ring.job, &self.name).await {
            Ok(None) => self.go_on_with_run(ring, drain).await,
            Ok(Some(work)) => {
                let grip = self.in_hand.take(ring.job, &ring.entry);
                // Kept apart for the case that it has to be given back.
                let back = work.clone();
                tokio::select! {
                    () = async {
                        match work.job.kind {
                            // Neither has a document.
                            JobKind::Learn | JobKind::ClassificationRun => {}
                            JobKind::ProcessDocument => self.task.run(vault, work, &self.name, &grip.lost).await,
                        }
                    } => {}
                    () = self.give_back.cancelled() => {
                        match processing::release(vault, &back, &self.name).await {
                            Ok(()) => log::info!(job:% = back.job.id; "given back"),
                            Err(error) => log::warn!(job:% = back.job.id;
                                "could not be given back, its lease will run out: {}", cause_chain(&error)),
                        }
                    }
                }
            }
            Err(error) => {
                log::warn!(job:% = ring.job; "could not be claimed, the sweep will ring again: {}", cause_chain(&error));
            }
        }
    }

    /// Answers a ring for a run, if it is one.
    async fn go_on_with_run(&self, ring: &Ring, drain: &CancellationToken) {
        match runs::work::claim(&self.vault, ring.job, &self.name).await {
            Ok(None) => {}
            Ok(Some(run)) => {
                let grip = self.in_hand.take(ring.job, &ring.entry);
                let leaving = Leaving { drain: drain.clone(), give_back: self.give_back.clone() };
                classification_run::run(&self.vault, run, &self.name, &grip, &leaving).await;
            }
            Err(error) => {
                log::warn!(job:% = ring.job; "could not be claimed, the sweep will ring again: {}", cause_chain(&error));
            }
        }
    }

    /// Waits for what is in hand; gives back what takes too long.
    async fn finish(&self, mut jobs: JoinSet<()>, abort: &CancellationToken) {
        if jobs.is_empty() {
            return;
        }
        log::info!(jobs = jobs.len(); "finishing what is in hand");
        let grace = self.vault.config.work.shutdown_grace;
        let done = tokio::select! {
            done = timeout(grace, async { while jobs.join_next().await.is_some() {} }) => done.is_ok(),
            () = abort.cancelled() => false,
        };
        if !done {
            self.give_back.cancel();
            while jobs.join_next().await.is_some() {}
        }
    }
}

fn not_answered(error: &QueueError) {
    log::debug!("a ring could not be answered: {}", cause_chain(error));
}
