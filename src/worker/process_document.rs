//! The job kind `process_document`: reads a document and chooses its topics.

use super::Task;
use crate::crash::{self, CrashPoint};
use crate::error::{Error, cause_chain};
use crate::services::Vault;
use crate::services::processing::{self, Work};
use async_trait::async_trait;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// The job kind `process_document`.
pub(super) struct ProcessDocument;

#[async_trait]
impl Task for ProcessDocument {
    async fn run(&self, vault: &Vault, work: Work, owner: &str, lost: &CancellationToken) {
        process(vault, work, owner, lost).await;
    }
}

/// Errors of the stores end in the log: the lease runs out, and the job comes again.
async fn process(vault: &Vault, work: Work, owner: &str, lost: &CancellationToken) {
    crash::point(CrashPoint::WorkAfterClaim);
    let start = Instant::now();
    let (job, document) = (work.job.id, work.document.id);
    // A panic in here is a mistake of ours about one document; the worker goes on with the others.
    let working = AssertUnwindSafe(processing::run(vault, &work)).catch_unwind();
    let outcome = tokio::select! {
        outcome = working => outcome.unwrap_or_else(|_| Err(Error::internal("panicked: the line before says where"))),
        () = lost.cancelled() => {
            log::warn!(job:% = job, document:% = document; "lost the lease, and left the job to its new holder");
            return;
        }
    };
    crash::point(CrashPoint::WorkAfterReading);
    let settled = match outcome {
        Ok(outcome) => processing::settle(vault, &work, owner, outcome).await,
        Err(error) => Err(error),
    };
    crash::point(CrashPoint::WorkAfterCommit);
    match settled {
        Ok(true) => {
            let ms = start.elapsed().as_millis() as u64;
            log::info!(job:% = job, document:% = document, attempt = work.job.attempts, ms; "processed");
        }
        Ok(false) => log::warn!(job:% = job, document:% = document; "the job had gone to another, or its document"),
        Err(error) => {
            log::warn!(job:% = job, document:% = document, attempt = work.job.attempts; "failed: {}", cause_chain(&error));
            if let Err(error) = processing::fail(vault, &work, owner, &error).await {
                log::error!(job:% = job; "could not be put back, its lease will run out: {}", cause_chain(&error));
            }
        }
    }
}
