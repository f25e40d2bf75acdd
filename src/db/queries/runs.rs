//! Classification runs: jobs without a document, whose state is one value.

use crate::db::models::JobRow;
use crate::db::schema::jobs::{self, dsl};
use crate::domain::{Cursor, JobId, JobKind, JobState};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not, now, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

/// A run's job, and the run as it is stored (`domain::Run`).
pub type RunRow = (JobRow, Value);

/// Every run.
fn runs() -> diesel::dsl::Filter<jobs::table, diesel::dsl::Eq<dsl::kind, JobKind>> {
    jobs::table.filter(dsl::kind.eq(JobKind::ClassificationRun))
}

fn columns() -> (diesel::dsl::AsSelect<JobRow, diesel::pg::Pg>, diesel::dsl::AssumeNotNull<dsl::run>) {
    (JobRow::as_select(), dsl::run.assume_not_null())
}

/// Puts a run into the queue.
///
/// # Errors
/// When the database fails.
pub async fn insert(conn: &mut AsyncPgConnection, run: &Value) -> QueryResult<RunRow> {
    diesel::insert_into(jobs::table)
        .values((dsl::id.eq(JobId::generate()), dsl::kind.eq(JobKind::ClassificationRun), dsl::run.eq(run)))
        .returning((JobRow::as_returning(), dsl::run.assume_not_null()))
        .get_result(conn)
        .await
}

/// One run.
///
/// # Errors
/// When the database fails.
pub async fn find(conn: &mut AsyncPgConnection, id: JobId) -> QueryResult<Option<RunRow>> {
    runs().filter(dsl::id.eq(id)).select(columns()).first(conn).await.optional()
}

/// One run, locked until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn lock(conn: &mut AsyncPgConnection, id: JobId) -> QueryResult<Option<RunRow>> {
    runs().filter(dsl::id.eq(id)).select(columns()).for_update().first(conn).await.optional()
}

/// The run that `owner` holds in this attempt, locked until the transaction ends. None when it holds it no more.
///
/// # Errors
/// When the database fails.
pub async fn lock_held(conn: &mut AsyncPgConnection, job: &JobRow, owner: &str) -> QueryResult<Option<Value>> {
    runs()
        .filter(dsl::id.eq(job.id))
        .filter(dsl::attempts.eq(job.attempts))
        .filter(super::jobs::runs())
        .filter(dsl::lease_owner.eq(owner))
        .select(dsl::run.assume_not_null())
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// Says how far a run has come. The caller has locked it.
///
/// # Errors
/// When the database fails.
pub async fn store(conn: &mut AsyncPgConnection, id: JobId, run: &Value) -> QueryResult<()> {
    diesel::update(jobs::table.find(id)).set((dsl::run.eq(run), dsl::updated_at.eq(now))).execute(conn).await.map(drop)
}

/// Ends a run that waits in the queue, or that was given up. The caller has locked it.
///
/// # Errors
/// When the database fails.
pub async fn end_waiting(conn: &mut AsyncPgConnection, id: JobId) -> QueryResult<()> {
    diesel::update(jobs::table.find(id).filter(dsl::state.eq_any([JobState::Queued, JobState::Dead])))
        .set((dsl::state.eq(JobState::Done), dsl::updated_at.eq(now)))
        .execute(conn)
        .await
        .map(drop)
}

/// Whether a run takes `id` back, or has done so. One that was cancelled has not: it may have left much as it was.
///
/// # Errors
/// When the database fails.
pub async fn is_undone(conn: &mut AsyncPgConnection, id: JobId) -> QueryResult<bool> {
    let undoes = sql::<Bool>("run ->> 'undoes' = ").bind::<Text, _>(id.to_string());
    let broken_off = sql::<Bool>("(run ->> 'cancelled')::boolean").and(dsl::state.eq(JobState::Done));
    diesel::select(exists(runs().filter(undoes).filter(not(broken_off)))).get_result(conn).await
}

/// A page of runs, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    conn: &mut AsyncPgConnection,
    after: Option<(DateTime<Utc>, &Cursor)>,
    limit: i64,
) -> QueryResult<Vec<RunRow>> {
    let mut query = runs().select(columns()).into_boxed();
    if let Some((created_at, cursor)) = after {
        query = query.filter(super::jobs::older(created_at, cursor));
    }
    query.order((dsl::created_at.desc(), dsl::id.desc())).limit(limit).load(conn).await
}
