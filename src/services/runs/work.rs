//! The life of one run in a worker: claimed, taken on step by step, ended.
//!
//! Invariant: each document is changed together with the run's own state, and only while the run's lease is held. So a
//! worker can die at any moment, and the next goes on where it stopped. Documents that stay as they are cost no
//! transaction of their own; after a break some of them are looked at twice.

use super::super::classifier::{self, Choice, StandIn};
use super::super::documents::{Document, reread};
use super::super::undo::{Before, restore};
use super::super::{Vault, processing};
use super::{KnownRun, filter, parsed, stored};
use crate::db::models::{AssignedTopic, AuditRow, DocumentRow, JobRow, NewAuditEntry};
use crate::db::queries::listing::{After, ListQuery, ListedRow, Sort};
use crate::db::{AsyncConnection, AsyncPgConnection, queries};
use crate::domain::{DocumentId, DocumentStatus, JobId, JobState, TopicId};
use crate::error::{Error, Result, cause_chain};
use serde_json::{Value, json};

/// Documents that are looked at between two looks at the run's own state.
const STEP: i64 = 50;
/// The same where each of them is a question to a server, which takes its time and may cost money.
const REMOTE_STEP: i64 = 1;
/// A confidence that changed by less stays as it is.
const SAME_CONFIDENCE: f32 = 0.01;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is more to do.
    More,
    /// The run has come to its end, or was cancelled.
    Ended,
    /// The lease is lost: the run is another worker's, or gone.
    Lost,
}

/// Takes a run for `owner`. None when there is nothing to take.
///
/// # Errors
/// When a store fails.
pub async fn claim(vault: &Vault, job: JobId, owner: &str) -> Result<Option<KnownRun>> {
    let mut conn = vault.db.get().await?;
    conn.transaction::<_, Error, _>(async |conn| {
        // Locked: who held it before may just be saying how far it came.
        let Some((_, run)) = queries::runs::lock(conn, job).await? else { return Ok(None) };
        let Some(job) = queries::jobs::claim(conn, job, owner, vault.config.work.lease).await? else { return Ok(None) };
        if job.attempts > vault.config.work.max_attempts {
            let why = job.last_error.as_deref().unwrap_or("the worker ended in the middle of it, each time");
            queries::jobs::finish(conn, &job, owner, JobState::Dead, Some(why)).await?;
            return Ok(None);
        }
        Ok(Some(KnownRun { job, run: parsed(run)? }))
    })
    .await
}

/// Does a step of a run.
///
/// # Errors
/// When a store fails, or where the AI can't be asked and nothing may stand in for it: the run goes on later.
pub async fn step(vault: &Vault, known: &mut KnownRun, owner: &str) -> Result<Step> {
    match known.run.undoes {
        Some(undone) => take_back(vault, known, undone, owner).await,
        None => sort(vault, known, owner).await,
    }
}

/// Puts a run back that can't go on now.
///
/// # Errors
/// When a store fails; the lease runs out then, and the run comes again.
pub async fn put_back(vault: &Vault, job: &JobRow, owner: &str, error: &Error) -> Result<()> {
    let (delay, outage) = processing::wait_after(error, job.attempts);
    let mut conn = vault.db.get().await?;
    queries::jobs::put_back(&mut conn, job, owner, delay, outage, Some(&error.to_string())).await?;
    Ok(())
}

/// Puts a run back that another worker may go on with at once; the attempt does not count.
///
/// # Errors
/// When a store fails; the lease runs out then, and the run comes again.
pub async fn release(vault: &Vault, job: &JobRow, owner: &str) -> Result<()> {
    let mut conn = vault.db.get().await?;
    let delay = std::time::Duration::ZERO;
    queries::jobs::put_back(&mut conn, job, owner, delay, true, job.last_error.as_deref()).await?;
    drop(conn);
    vault.ring(job.id, None).await;
    Ok(())
}

/// Looks at the run's state as others see it, and says how far it has come; `None` where the lease is lost.
async fn advance(conn: &mut AsyncPgConnection, known: &mut KnownRun, owner: &str) -> Result<Option<()>> {
    let Some(now) = queries::runs::lock_held(conn, &known.job, owner).await? else { return Ok(None) };
    // The one part of it that others write.
    known.run.cancelled = parsed(now)?.cancelled;
    queries::runs::store(conn, known.job.id, &stored(&known.run)?).await?;
    Ok(Some(()))
}

/// Ends a step: the run's state is committed, and the run is ended where that is due.
async fn close(vault: &Vault, known: &mut KnownRun, owner: &str, at_end: bool) -> Result<Step> {
    let mut conn = vault.db.get().await?;
    conn.transaction::<_, Error, _>(async |conn| {
        if advance(conn, known, owner).await?.is_none() {
            return Ok(Step::Lost);
        }
        if !at_end && !known.run.cancelled {
            return Ok(Step::More);
        }
        match queries::jobs::finish(conn, &known.job, owner, JobState::Done, None).await? {
            true => Ok(Step::Ended),
            false => Ok(Step::Lost),
        }
    })
    .await
}

/// Sorts the next few documents anew.
async fn sort(vault: &Vault, known: &mut KnownRun, owner: &str) -> Result<Step> {
    let limit = if vault.remote.is_some() { REMOTE_STEP } else { STEP };
    let query = ListQuery {
        filter: filter(&known.run.selection, known.job.created_at),
        sort: Sort::CreatedAt,
        descending: false,
        after: known.run.last_document.map(|(at, id)| After::CreatedAt(at, id.as_uuid())),
        limit,
    };
    let mut conn = vault.db.get().await?;
    let page = queries::listing::list(&mut conn, query).await?;
    drop(conn);
    for ListedRow { document: row, topics: stood, .. } in page.rows {
        let last = Some((row.created_at, row.id));
        match choose(vault, &row).await {
            Ok(choice) if is_same(&choice, &stood.0, row.status) => {}
            Ok(choice) => {
                // Committed together with this document: behind it nothing is done twice.
                let before = known.run.clone();
                known.run.last_document = last;
                known.run.done += 1;
                match change(vault, known, owner, row.id, &choice).await {
                    Ok(true) if known.run.cancelled => break,
                    Ok(true) => continue,
                    Ok(false) => return Ok(Step::Lost),
                    Err(error) => {
                        known.run = before;
                        return Err(error);
                    }
                }
            }
            // The AI as such has no answer now, or a store: the others would have none either.
            Err(error) if error.is_unavailable() => {
                close(vault, known, owner, false).await?;
                return Err(error);
            }
            Err(error) => {
                log::warn!(job:% = known.job.id, document:% = row.id; "not sorted anew: {}", cause_chain(&error));
                known.run.failed += 1;
            }
        }
        known.run.last_document = last;
        known.run.done += 1;
    }
    close(vault, known, owner, !page.more).await
}

/// What the AI would choose for a document now. Nobody stands in for a model on a server: what it has chosen before is better
/// than what another would choose today.
async fn choose(vault: &Vault, row: &DocumentRow) -> Result<Choice> {
    let mut conn = vault.db.get().await?;
    let text = queries::documents::text(&mut conn, row.id).await?.flatten().unwrap_or_default();
    drop(conn);
    classifier::choose(vault, row, &text, row.language.as_deref(), StandIn::Nobody).await
}

/// The choice changes nothing about a document.
fn is_same(choice: &Choice, stood: &[AssignedTopic], status: DocumentStatus) -> bool {
    let confidence = |topic: &AssignedTopic| topic.confidence.unwrap_or(1.0);
    let stands = |(id, sure): &(TopicId, f32)| {
        stood.iter().any(|topic| topic.id == *id && (confidence(topic) - sure).abs() < SAME_CONFIDENCE)
    };
    choice.topics.len() == stood.len()
        && choice.topics.iter().all(stands)
        && status == DocumentStatus::once_read(!stood.is_empty())
}

/// Puts a choice in the place of what stands there, together with the run's state. False where the lease is lost.
async fn change(vault: &Vault, known: &mut KnownRun, owner: &str, id: DocumentId, choice: &Choice) -> Result<bool> {
    let mut conn = vault.db.get().await?;
    let changed = conn
        .transaction::<_, Error, _>(async |conn| {
            // The document before the job, as everywhere.
            let document = queries::documents::lock(conn, id).await?;
            let may = document.filter(|row| {
                !row.topics_by_user && matches!(row.status, DocumentStatus::Ready | DocumentStatus::NeedsReview)
            });
            known.run.changed += i64::from(may.is_some());
            if advance(conn, known, owner).await?.is_none() {
                return Ok(None);
            }
            let Some(document) = may else { return Ok(Some(None)) };
            let stood = queries::topics::of_document(conn, id).await?;
            let chosen = queries::topics::replace_by_ai(conn, id, &stood, &choice.topics).await?;
            let status = DocumentStatus::once_read(!chosen.is_empty());
            queries::documents::set_status(conn, id, status).await?;
            let mut detail = choice.detail(vault.ai.name());
            detail["run_id"] = json!(known.job.id);
            detail["status"] = json!(status);
            detail["before"] = json!(Before::of(&document, &stood));
            queries::audit::append(conn, &audit(id, "document.reclassified", detail)).await?;
            Ok(Some(reread(conn, id).await?))
        })
        .await?;
    tell(vault, changed.as_ref().and_then(Option::as_ref));
    Ok(changed.is_some())
}

/// Takes back the next few changes of a run.
async fn take_back(vault: &Vault, known: &mut KnownRun, undone: JobId, owner: &str) -> Result<Step> {
    let mut conn = vault.db.get().await?;
    let lines = queries::audit::reclassified_by(&mut conn, undone, known.run.last_line, STEP).await?;
    drop(conn);
    let at_end = i64::try_from(lines.len()).unwrap_or(STEP) < STEP;
    for (document, line) in lines {
        let before = known.run.clone();
        known.run.last_line = Some(line.id);
        known.run.done += 1;
        match put_as_before(vault, known, owner, document, &line).await {
            Ok(true) if known.run.cancelled => break,
            Ok(true) => {}
            Ok(false) => return Ok(Step::Lost),
            Err(error) => {
                known.run = before;
                return Err(error);
            }
        }
    }
    close(vault, known, owner, at_end).await
}

/// Takes one change back, if nothing about the document's topics was decided since. False where the lease is lost.
async fn put_as_before(
    vault: &Vault,
    known: &mut KnownRun,
    owner: &str,
    id: DocumentId,
    line: &AuditRow,
) -> Result<bool> {
    let before: Value = line.detail.get("before").cloned().unwrap_or_default();
    let before: Before = serde_json::from_value(before).map_err(Error::internal)?;
    let mut conn = vault.db.get().await?;
    let changed = conn
        .transaction::<_, Error, _>(async |conn| {
            let document = queries::documents::lock_anywhere(conn, id).await?;
            let is_last = queries::audit::last_sorting(conn, id).await? == Some(line.id);
            let may = document.filter(|row| {
                let settled = matches!(row.status, DocumentStatus::Ready | DocumentStatus::NeedsReview);
                is_last && settled && !row.topics_by_user
            });
            known.run.changed += i64::from(may.is_some());
            if advance(conn, known, owner).await?.is_none() {
                return Ok(None);
            }
            if may.is_none() {
                return Ok(Some(None));
            }
            let topics = restore(conn, id, &before).await?;
            queries::documents::set_status(conn, id, DocumentStatus::once_read(!topics.is_empty())).await?;
            let detail = json!({"run_id": known.job.id, "choice": line.id, "topic_ids": topics});
            queries::audit::append(conn, &audit(id, "document.reclassification_undone", detail)).await?;
            Ok(Some(reread(conn, id).await?))
        })
        .await?;
    tell(vault, changed.as_ref().and_then(Option::as_ref));
    Ok(changed.is_some())
}

fn tell(vault: &Vault, changed: Option<&Document>) {
    if let Some(document) = changed {
        vault.events.tell(document.changed());
    }
}

fn audit(id: DocumentId, action: &'static str, detail: Value) -> NewAuditEntry {
    NewAuditEntry { actor: "worker", action, subject_type: "document", subject_id: id.as_uuid(), detail }
}
