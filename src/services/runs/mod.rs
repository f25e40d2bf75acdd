//! Classification runs: a selection of documents sorted anew, with progress; ended early; and taken back.
//!
//! A run is a job (`queries/runs.rs`) that one worker at a time has in hand (`work`). It changes what the AI chose and
//! nothing else: a document that a person has sorted is left alone, by a run as by its undoing. Each change leaves in the
//! audit log what stood before it, and that is what an undoing goes by.

pub mod work;

use super::Vault;
use super::listing::{self, Page, parse_limit};
use crate::db::models::{JobRow, NewAuditEntry};
use crate::db::queries::listing::Filter;
use crate::db::queries::runs::RunRow;
use crate::db::{AsyncConnection, AsyncPgConnection, queries};
use crate::domain::{Cursor, JobId, JobState, Run, Selection, parse_time};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// Documents that a selection can name.
const MAX_NAMED: usize = 1_000;
/// Topics, and types, that a selection can name.
const MAX_WORDS: usize = 50;
/// The one order of the list of runs, as it stands in its cursors.
const SORT: &str = "-created_at";

/// A run, and its job.
#[derive(Debug, Clone)]
pub struct KnownRun {
    /// Its id, its state, and when it was made.
    pub job: JobRow,
    /// What it is to do, and how far it has come.
    pub run: Run,
}

impl TryFrom<RunRow> for KnownRun {
    type Error = Error;

    fn try_from((job, run): RunRow) -> Result<Self> {
        Ok(Self { job, run: parsed(run)? })
    }
}

fn parsed(run: Value) -> Result<Run> {
    serde_json::from_value(run).map_err(Error::internal)
}

fn stored(run: &Run) -> Result<Value> {
    serde_json::to_value(run).map_err(Error::internal)
}

fn missing() -> Error {
    Error::not_found("The run")
}

fn audit(id: JobId, action: &'static str, detail: Value) -> NewAuditEntry {
    NewAuditEntry { actor: "user", action, subject_type: "job", subject_id: id.as_uuid(), detail }
}

/// Which documents a selection means, of those that were there at `at` and that a run may change.
fn filter(selection: &Selection, at: DateTime<Utc>) -> Filter {
    Filter {
        q: selection.q.clone(),
        topics: selection.topic_ids.clone(),
        statuses: selection.statuses.clone(),
        content_types: selection.content_types.clone(),
        created_from: selection.created_from,
        created_to: Some(selection.created_to.map_or(at, |to| to.min(at))),
        ids: selection.document_ids.clone(),
        left_to_the_ai: true,
        ..Filter::default()
    }
}

/// A selection that can be asked of the database.
fn checked(mut selection: Selection) -> Result<Selection> {
    let wrong = |detail: &'static str| Error::new(ErrorCode::InvalidBody, detail);
    selection.q =
        listing::parse_q(selection.q).map_err(|_| wrong("q must have at most 500 characters and 50 words."))?;
    selection.topic_ids.sort_unstable();
    selection.topic_ids.dedup();
    if selection.document_ids.as_ref().is_some_and(|ids| ids.len() > MAX_NAMED) {
        return Err(wrong("A selection names at most 1,000 documents."));
    }
    if selection.topic_ids.len() > MAX_WORDS || selection.content_types.len() > MAX_WORDS {
        return Err(wrong("A selection names at most 50 topics and 50 types."));
    }
    let words = selection.q.iter().chain(&selection.content_types);
    if words.into_iter().any(|word| word.contains('\0')) {
        return Err(wrong("A selection must not contain a NUL."));
    }
    Ok(selection)
}

/// Starts a run over a selection.
///
/// # Errors
/// `invalid_body` for a selection that asks too much.
pub async fn start(vault: &Vault, selection: Selection) -> Result<KnownRun> {
    let selection = checked(selection)?;
    let mut conn = vault.db.get().await?;
    let total = queries::listing::count_of(&mut conn, filter(&selection, vault.clock.now())).await?;
    let run = Run { selection, total, ..Run::default() };
    enqueue(vault, &mut conn, run, "classification_run.started").await
}

async fn enqueue(vault: &Vault, conn: &mut AsyncPgConnection, run: Run, action: &'static str) -> Result<KnownRun> {
    let value = stored(&run)?;
    let row = conn
        .transaction::<_, Error, _>(async |conn| {
            let row = queries::runs::insert(conn, &value).await?;
            let detail = json!({"selection": run.selection, "undoes": run.undoes, "documents": run.total});
            queries::audit::append(conn, &audit(row.0.id, action, detail)).await?;
            Ok(row)
        })
        .await?;
    let run = KnownRun::try_from(row)?;
    vault.ring(run.job.id, None).await;
    Ok(run)
}

/// One run.
///
/// # Errors
/// `not_found`.
pub async fn get(vault: &Vault, id: JobId) -> Result<KnownRun> {
    let mut conn = vault.db.get().await?;
    queries::runs::find(&mut conn, id).await?.ok_or_else(missing)?.try_into()
}

/// A page of runs, newest first.
///
/// # Errors
/// `invalid_cursor`, `invalid_query`.
pub async fn list(vault: &Vault, cursor: Option<&str>, limit: Option<u32>) -> Result<Page<KnownRun>> {
    let limit = parse_limit(limit)?;
    let after = cursor
        .map(|text| {
            let cursor = Cursor::decode(text, SORT)?;
            Some((parse_time(&cursor.key)?, cursor))
        })
        .map(|parsed| parsed.ok_or_else(listing::foreign_cursor))
        .transpose()?;
    let mut conn = vault.db.get().await?;
    let after = after.as_ref().map(|(at, cursor)| (*at, cursor));
    let rows = queries::runs::list(&mut conn, after, limit + 1).await?;
    let runs = rows.into_iter().map(KnownRun::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(runs, limit, |run| Cursor {
        sort: SORT.to_owned(),
        key: run.job.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        id: run.job.id.as_uuid(),
    }))
}

/// Ends a run: at once where it waits, else after the document it has in hand. What it has done stays. One that has ended
/// stays as it is.
///
/// # Errors
/// `not_found`.
pub async fn cancel(vault: &Vault, id: JobId) -> Result<KnownRun> {
    let mut conn = vault.db.get().await?;
    conn.transaction::<_, Error, _>(async |conn| {
        let mut known: KnownRun = queries::runs::lock(conn, id).await?.ok_or_else(missing)?.try_into()?;
        if known.run.cancelled || matches!(known.job.state, JobState::Done) {
            return Ok(known);
        }
        known.run.cancelled = true;
        queries::runs::store(conn, id, &stored(&known.run)?).await?;
        queries::runs::end_waiting(conn, id).await?;
        queries::audit::append(conn, &audit(id, "classification_run.cancelled", json!({}))).await?;
        queries::runs::find(conn, id).await?.ok_or_else(missing)?.try_into()
    })
    .await
}

/// Starts taking a run back: what stood before it stands again, wherever nobody has changed that since.
///
/// # Errors
/// `not_found`; `run_not_ended`; `nothing_to_undo` for one that changed nothing, was taken back already, or takes back
/// another itself.
pub async fn undo(vault: &Vault, id: JobId) -> Result<KnownRun> {
    let mut conn = vault.db.get().await?;
    let known: KnownRun = queries::runs::find(&mut conn, id).await?.ok_or_else(missing)?.try_into()?;
    if matches!(known.job.state, JobState::Queued | JobState::Running) {
        let detail = "The run is still under way: cancel it first, or wait until it has ended.";
        return Err(Error::new(ErrorCode::RunNotEnded, detail));
    }
    let nothing = |detail: &'static str| Err(Error::new(ErrorCode::NothingToUndo, detail));
    if known.run.undoes.is_some() {
        return nothing("This run took back another; start that one again instead.");
    }
    if known.run.changed == 0 {
        return nothing("This run changed nothing.");
    }
    if queries::runs::is_undone(&mut conn, id).await? {
        return nothing("This run was taken back already.");
    }
    let run = Run { undoes: Some(id), total: known.run.changed, ..Run::default() };
    enqueue(vault, &mut conn, run, "classification_run.undo_started").await
}
