//! The job kind `classification_run`: sorts many documents anew, or takes that back.

use super::in_hand::Grip;
use crate::error::{Error, cause_chain};
use crate::services::Vault;
use crate::services::runs::KnownRun;
use crate::services::runs::work::{self, Step};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use tokio_util::sync::CancellationToken;

/// When a worker wants to end.
pub(super) struct Leaving {
    /// Soon: after what is in hand.
    pub drain: CancellationToken,
    /// At once.
    pub give_back: CancellationToken,
}

/// Goes on with a claimed run, step by step, to its end or until the worker leaves: a run can take hours, and another
/// worker goes on with it. Errors of the stores end in the log: the lease runs out, and the run comes again.
pub(super) async fn run(vault: &Vault, mut known: KnownRun, owner: &str, grip: &Grip, leaving: &Leaving) {
    let job = known.job.clone();
    loop {
        if leaving.drain.is_cancelled() {
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
