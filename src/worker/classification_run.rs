//! The job kind `classification_run`: sorts many documents anew, or takes that back.

use super::in_hand::Grip;
use crate::error::{Error, cause_chain};
use crate::services::Vault;
use crate::services::runs::KnownRun;
use crate::services::runs::work::{self, Step};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// When a worker wants to end.
pub(super) struct Leaving {
    /// Soon: after what is in hand.
    pub drain: CancellationToken,
    /// At once.
    pub give_back: CancellationToken,
}

/// A run is gone on with for a third of a lease before it goes back into the queue, behind what waits there: it can take hours,
/// and would keep a permit from documents that somebody has just put in.
const TURNS_OF_A_LEASE: u32 = 3;

/// Goes on with a claimed run, step by step, to its end, or to the end of its turn, or until the worker leaves: then whoever
/// hears the ring goes on with it. Errors of the stores end in the log: the lease runs out, and the run comes again.
pub(super) async fn run(vault: &Vault, mut known: KnownRun, owner: &str, grip: &Grip, leaving: &Leaving) {
    let job = known.job.clone();
    let (begun, turn) = (Instant::now(), vault.config.work.lease / TURNS_OF_A_LEASE);
    loop {
        if leaving.drain.is_cancelled() || begun.elapsed() >= turn {
            if let Err(error) = work::release(vault, &job, owner).await {
                log::warn!(job:% = job.id; "could not be given back, its lease will run out: {}", cause_chain(&error));
            }
            return;
        }
        // A panic in here is a mistake of ours; the worker goes on.
        let working = AssertUnwindSafe(work::step(vault, &mut known, owner)).catch_unwind();
        let step = tokio::select! {
            step = working => step.unwrap_or_else(|_| Err(Error::internal("panicked: the line before says where"))),
            () = leaving.give_back.cancelled() => Ok(Step::More),
            () = grip.lost.cancelled() => Ok(Step::Lost),
        };
        match step {
            Ok(Step::More) => {}
            Ok(Step::Ended) => {
                log::info!(job:% = job.id, done = known.run.done, changed = known.run.changed; "the run has ended");
                return;
            }
            Ok(Step::Lost) => {
                log::warn!(job:% = job.id; "lost the lease, and left the run to its new holder");
                return;
            }
            Err(error) => {
                log::warn!(job:% = job.id, attempt = job.attempts; "the run can't go on: {}", cause_chain(&error));
                if let Err(error) = work::put_back(vault, &job, owner, &error).await {
                    log::error!(job:% = job.id; "could not be put back, its lease will run out: {}", cause_chain(&error));
                }
                return;
            }
        }
    }
}
