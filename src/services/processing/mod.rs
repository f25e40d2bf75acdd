//! The life of one job: claimed, worked on, settled.
//!
//! Invariant: all that a job changes about its document is committed together with the job's end, and only while the
//! lease is still held. So a job can run twice, here and in another worker, with the result of once.
//! A document in the trash is worked on like any other: so it comes back out of it in its right state.

mod settle;

pub use settle::settle;

use super::Vault;
use super::classifier::{self, Choice, StandIn};
use super::documents::{Document, with_topics};
use super::{extractor, unlock};
use crate::config::WorkConfig;
use crate::db::models::{AssignedTopic, DocumentRow, JobRow, NewAuditEntry};
use crate::db::queries::steps::Claimed;
use crate::db::{AsyncConnection, AsyncPgConnection, queries};
use crate::domain::{DocumentId, DocumentProblem, DocumentStatus, JobId, JobState};
use crate::error::{Error, Result, cause_chain};
use crate::extract::{ReadText, Reading};
use rand::Rng;
use serde_json::{Value, json};
use std::time::Duration;

/// First wait before a failed job is tried again; doubled each time.
const BACKOFF: Duration = Duration::from_secs(2);
/// Longest such wait.
const MAX_BACKOFF: Duration = Duration::from_secs(300);
/// Wait while a store is away: that is no fault of the job's.
const OUTAGE_WAIT: Duration = Duration::from_secs(4);

/// A job in hand, with its document.
#[derive(Debug, Clone)]
pub struct Work {
    /// The job, as claimed.
    pub job: JobRow,
    /// What it is about, as it was when it was claimed.
    pub document: DocumentRow,
    /// Under which topics it stood then.
    pub topics: Vec<AssignedTopic>,
    /// It came with topics that an AI chose earlier: it is read, and not sorted again.
    pub brings_topics: bool,
}

/// What working on a document came to.
#[derive(Debug)]
pub struct Outcome {
    reading: Reading,
    /// Of topics, as far as the AI dared.
    choice: Choice,
}

/// Takes a job for `owner`. None when there is nothing to do: done, in other hands, not due, given up, or gone.
///
/// # Errors
/// When a store fails.
pub async fn claim(vault: &Vault, job: JobId, owner: &str) -> Result<Option<Work>> {
    let mut conn = vault.db.get().await?;
    let WorkConfig { lease, max_attempts, .. } = vault.config.work;
    let Some(claimed) = queries::steps::claim(&mut conn, job, owner, lease).await? else {
        return Ok(None);
    };
    let Claimed { job, filed, brings_topics } = claimed;
    let mut document = Document::from(filed);
    // Counted at the claim, so that a document which kills its worker each time does not go on for ever.
    if job.attempts > max_attempts {
        let buried = conn
            .transaction::<_, Error, _>(async |conn| {
                let Some(row) = queries::documents::lock_anywhere(conn, document.row.id).await? else {
                    return Ok(None);
                };
                let why = job.last_error.as_deref().unwrap_or("the worker ended in the middle of it, each time");
                bury(conn, &job, row, owner, why).await
            })
            .await?;
        tell(vault, buried.as_ref());
        return Ok(None);
    }
    document.row.status = DocumentStatus::Processing;
    tell(vault, Some(&document));
    let Document { row: document, topics } = document;
    Ok(Some(Work { job, document, topics, brings_topics }))
}

/// Tells those who watch of a document that changed, if it did.
fn tell(vault: &Vault, changed: Option<&Document>) {
    if let Some(document) = changed {
        vault.events.tell(document.changed());
    }
}

/// Does the work; changes nothing yet.
///
/// # Errors
/// What may pass.
pub async fn run(vault: &Vault, work: &Work) -> Result<Outcome> {
    // Where a person chose, nobody asks what the AI thinks.
    let asks = !work.brings_topics && !work.document.topics_by_user;
    // Reading is the larger part of the work: it is not done where the end is known to have to wait. But a password does not.
    if asks && work.job.unlock.is_none() {
        classifier::hold_back(vault).await?;
    }
    let password = unlock::password_for(vault, &work.job).await?;
    let reading = extractor::read(vault, &work.document, password).await?;
    let choice = match &reading.text {
        Ok(read) if asks => choose(vault, work, read).await?,
        _ => Choice::default(),
    };
    Ok(Outcome { reading, choice })
}

/// Has the AI choose. Where it gave no answer each time, or the password is used up, what was read is kept, and people sort it.
async fn choose(vault: &Vault, work: &Work, read: &ReadText) -> Result<Choice> {
    let language = read.language.as_deref();
    match classifier::choose(vault, &work.document, &read.text, language, StandIn::AsSet).await {
        Err(error) if work.job.unlock.is_some() || is_last_attempt(vault, work, &error) => {
            log::warn!(job:% = work.job.id, document:% = work.document.id;
                "read, but not sorted: {}", cause_chain(&error));
            Ok(Choice { unanswered: true, ..Choice::default() })
        }
        other => other,
    }
}

fn is_last_attempt(vault: &Vault, work: &Work, error: &Error) -> bool {
    !is_outage(error) && work.job.attempts >= vault.config.work.max_attempts
}

/// No fault of the job's own. A statement that takes too long is: PostgreSQL answers the others.
fn is_outage(error: &Error) -> bool {
    error.is_unavailable() && !cause_chain(error).contains("statement timeout")
}

/// Puts a job that failed back into the queue, or gives it up.
///
/// # Errors
/// When a store fails; the lease runs out then, and the job comes again.
pub async fn fail(vault: &Vault, work: &Work, owner: &str, error: &Error) -> Result<()> {
    // What clients may see of it; the log has the cause.
    let why = error.to_string();
    let mut conn = vault.db.get().await?;
    let changed = conn
        .transaction::<_, Error, _>(async |conn| {
            let Some(document) = queries::documents::lock_anywhere(conn, work.document.id).await? else {
                return Ok(None);
            };
            if is_last_attempt(vault, work, error) {
                return bury(conn, &work.job, document, owner, &why).await;
            }
            let (delay, outage) = wait_after(error, work.job.attempts);
            give_back(conn, work, document, owner, delay, outage, Some(&why)).await
        })
        .await?;
    tell(vault, changed.as_ref());
    Ok(())
}

fn audit(id: DocumentId, action: &'static str, detail: Value) -> NewAuditEntry {
    NewAuditEntry { actor: "worker", action, subject_type: "document", subject_id: id.as_uuid(), detail }
}

/// A problem as it stands in the row: its code, and a sentence.
fn words_of(problem: Option<DocumentProblem>) -> (Option<String>, Option<String>) {
    problem.map(|problem| (problem.as_str().to_owned(), problem.message().to_owned())).unzip()
}

/// How long a job waits after an error in attempt `attempts`, and whether that is an outage: no fault of the job's own, so
/// that the attempt does not count.
pub(super) fn wait_after(error: &Error, attempts: i32) -> (Duration, bool) {
    let outage = is_outage(error);
    // Half of it by chance, so that jobs which failed together do not come back together.
    let chance = rand::rng().random_range(0.5..1.0);
    let delay = match error.wait() {
        // Before that there is no use in coming back.
        Some(wait) if outage => wait.mul_f64(0.5 + chance),
        _ if outage => OUTAGE_WAIT.mul_f64(chance),
        // The first time it may have been bad luck.
        Some(wait) => backoff(attempts).max(wait * u32::try_from(attempts - 1).unwrap_or(0)).mul_f64(chance),
        None => backoff(attempts).mul_f64(chance),
    };
    (delay, outage)
}

/// Puts a job that was not finished back into the queue at once; the attempt does not count.
///
/// # Errors
/// When a store fails; the lease runs out then, and the job comes again.
pub async fn release(vault: &Vault, work: &Work, owner: &str) -> Result<()> {
    let mut conn = vault.db.get().await?;
    let changed = conn
        .transaction::<_, Error, _>(async |conn| {
            let Some(document) = queries::documents::lock_anywhere(conn, work.document.id).await? else {
                return Ok(None);
            };
            give_back(conn, work, document, owner, Duration::ZERO, true, work.job.last_error.as_deref()).await
        })
        .await?;
    vault.ring(work.job.id, changed.map(|document| document.changed())).await;
    Ok(())
}

/// Puts a job back; answers its document as it is now. None when the lease was lost.
async fn give_back(
    conn: &mut AsyncPgConnection,
    work: &Work,
    mut document: DocumentRow,
    owner: &str,
    delay: Duration,
    forgive: bool,
    why: Option<&str>,
) -> Result<Option<Document>> {
    if !queries::jobs::put_back(conn, &work.job, owner, delay, forgive, why).await? {
        return Ok(None);
    }
    document.status = DocumentStatus::Pending;
    queries::documents::set_status(conn, document.id, document.status).await?;
    with_topics(conn, document).await.map(Some)
}

/// Gives a job up: it is kept as dead, and the document says so; answers the document as it is now. None when the lease
/// was lost.
async fn bury(
    conn: &mut AsyncPgConnection,
    job: &JobRow,
    mut document: DocumentRow,
    owner: &str,
    why: &str,
) -> Result<Option<Document>> {
    if !queries::jobs::finish(conn, job, owner, JobState::Dead, Some(why)).await? {
        return Ok(None);
    }
    let problem = DocumentProblem::GaveUp;
    queries::documents::store_failure(conn, document.id, problem.as_str(), problem.message()).await?;
    document.status = DocumentStatus::Failed;
    (document.error_code, document.error_message) = words_of(Some(problem));
    let detail = json!({"code": problem.as_str(), "job_id": job.id});
    queries::audit::append(conn, &audit(document.id, "document.failed", detail)).await?;
    with_topics(conn, document).await.map(Some)
}

/// The wait before attempt `attempts + 1`.
fn backoff(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(16);
    (BACKOFF * 2u32.pow(doublings)).min(MAX_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_limit() {
        let seconds: Vec<u64> = (1..=10).map(|attempt| backoff(attempt).as_secs()).collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(backoff(0).as_secs(), 2);
        assert_eq!(backoff(i32::MAX), MAX_BACKOFF);
    }
}
