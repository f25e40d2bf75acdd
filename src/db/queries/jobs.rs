//! Jobs: the truth about the queue.
//!
//! Invariant: a job changes hands by a conditional UPDATE alone. Whoever ends one must still hold its lease; so a step
//! can run twice, and only one of the two takes effect.

use super::interval;
use crate::db::models::JobRow;
use crate::db::prepared::prepared;
use crate::db::schema::jobs::{self, dsl};
use crate::domain::{Cursor, DocumentId, JobId, JobKind, JobState};
use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, min, now, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::time::Duration;
use uuid::Uuid;

/// The states of a job that still has work to come.
const ACTIVE: [JobState; 2] = [JobState::Queued, JobState::Running];

/// The job that a statement names by its id is due, or its holder let the lease run out.
///
/// The states in disguise: where PostgreSQL knows that the job is queued or running, it takes the index of those alone, which
/// is small when the statement is planned, and goes through all of it; with 3,000 jobs in the queue each claim did.
macro_rules! can_be_taken {
    () => {
        "(jobs.state || '' = 'queued' AND jobs.run_after <= now()
            OR jobs.state || '' = 'running' AND jobs.lease_until < now())"
    };
}
pub(super) use can_be_taken;

/// The job that a statement names by its id is in hand; in disguise as in `can_be_taken!`.
macro_rules! is_in_hand {
    () => {
        "jobs.state || '' = 'running'"
    };
}
pub(super) use is_in_hand;

/// See `can_be_taken!`.
const CAN_BE_TAKEN: &str = can_be_taken!();
/// See `is_in_hand!`.
const RUNS: &str = is_in_hand!();

/// See [`RUNS`].
pub(super) fn runs() -> SqlLiteral<Bool> {
    sql(RUNS)
}

/// Puts a job for a document into the queue, unless one is in the air already; answers the one that is.
///
/// # Errors
/// When the database fails.
pub async fn enqueue(conn: &mut AsyncPgConnection, kind: JobKind, document: DocumentId) -> QueryResult<JobRow> {
    loop {
        let inserted = diesel::insert_into(jobs::table)
            .values((dsl::id.eq(JobId::generate()), dsl::kind.eq(kind), dsl::document_id.eq(document)))
            .on_conflict_do_nothing()
            .returning(JobRow::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        if let Some(job) = inserted {
            return Ok(job);
        }
        let active = jobs::table
            .filter(dsl::document_id.eq(document))
            .filter(dsl::kind.eq(kind))
            .filter(dsl::state.eq_any(ACTIVE))
            .select(JobRow::as_select())
            .first(conn)
            .await
            .optional()?;
        // Between the two statements it may have ended: then there is room for a new one.
        if let Some(job) = active {
            return Ok(job);
        }
    }
}

/// Says under which name the password of a job's document can be asked for. False where the job is not queued any more.
///
/// # Errors
/// When the database fails.
pub async fn set_unlock(conn: &mut AsyncPgConnection, id: JobId, name: Uuid) -> QueryResult<bool> {
    let queued = jobs::table.filter(dsl::id.eq(id)).filter(dsl::state.eq(JobState::Queued));
    Ok(diesel::update(queued).set(dsl::unlock.eq(name)).execute(conn).await? == 1)
}

/// Takes a job: one that is due, or one whose holder let its lease run out. None when there is nothing to take.
///
/// # Errors
/// When the database fails.
pub async fn claim(
    conn: &mut AsyncPgConnection,
    id: JobId,
    owner: &str,
    lease: Duration,
) -> QueryResult<Option<JobRow>> {
    diesel::update(jobs::table.filter(dsl::id.eq(id)))
        .filter(sql::<Bool>(CAN_BE_TAKEN))
        .set((
            dsl::state.eq(JobState::Running),
            dsl::lease_owner.eq(owner),
            dsl::lease_until.eq((now.into_sql::<Timestamptz>() + interval(lease)).nullable()),
            dsl::attempts.eq(dsl::attempts + 1),
            dsl::updated_at.eq(now),
        ))
        .returning(JobRow::as_returning())
        .get_result(conn)
        .await
        .optional()
}

/// Whether `owner` still holds a job in this attempt; if so, until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn is_held(conn: &mut AsyncPgConnection, job: &JobRow, owner: &str) -> QueryResult<bool> {
    let held = jobs::table
        .filter(dsl::id.eq(job.id))
        .filter(dsl::attempts.eq(job.attempts))
        .filter(runs())
        .filter(dsl::lease_owner.eq(owner));
    let held: Option<JobId> = prepared(held.select(dsl::id).for_update()).get_result(conn).await.optional()?;
    Ok(held.is_some())
}

/// Renews the leases that `owner` holds on `ids`; answers the ones it still holds.
///
/// # Errors
/// When the database fails.
pub async fn renew(
    conn: &mut AsyncPgConnection,
    ids: &[JobId],
    owner: &str,
    lease: Duration,
) -> QueryResult<Vec<JobId>> {
    let renewed = diesel::update(jobs::table.filter(dsl::id.eq_any(ids)))
        .filter(runs())
        .filter(dsl::lease_owner.eq(owner))
        .set(dsl::lease_until.eq((now.into_sql::<Timestamptz>() + interval(lease)).nullable()))
        .returning(dsl::id);
    prepared(renewed).get_results(conn).await
}

/// Ends a job that `owner` holds in this attempt. False when it holds it no more: then nothing of its work may take
/// effect.
///
/// # Errors
/// When the database fails.
pub async fn finish(
    conn: &mut AsyncPgConnection,
    job: &JobRow,
    owner: &str,
    state: JobState,
    last_error: Option<&str>,
) -> QueryResult<bool> {
    let ended = diesel::update(jobs::table.filter(dsl::id.eq(job.id)))
        .filter(dsl::attempts.eq(job.attempts))
        .filter(runs())
        .filter(dsl::lease_owner.eq(owner))
        .set((
            dsl::state.eq(state),
            dsl::lease_owner.eq(None::<String>),
            dsl::lease_until.eq(None::<DateTime<Utc>>),
            dsl::last_error.eq(last_error),
            dsl::updated_at.eq(now),
        ));
    Ok(prepared(ended).execute(conn).await? == 1)
}

/// Puts a job that `owner` holds in this attempt back into the queue, due after `delay`. Where `forgive` is set the attempt does not
/// count. False when `owner` holds it no more.
///
/// # Errors
/// When the database fails.
pub async fn put_back(
    conn: &mut AsyncPgConnection,
    job: &JobRow,
    owner: &str,
    delay: Duration,
    forgive: bool,
    last_error: Option<&str>,
) -> QueryResult<bool> {
    let back = diesel::update(jobs::table.filter(dsl::id.eq(job.id)))
        .filter(dsl::attempts.eq(job.attempts))
        .filter(runs())
        .filter(dsl::lease_owner.eq(owner))
        .set((
            dsl::state.eq(JobState::Queued),
            dsl::lease_owner.eq(None::<String>),
            dsl::lease_until.eq(None::<DateTime<Utc>>),
            dsl::run_after.eq(now.into_sql::<Timestamptz>() + interval(delay)),
            dsl::attempts.eq(dsl::attempts - i32::from(forgive)),
            dsl::last_error.eq(last_error),
            dsl::updated_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(back == 1)
}

/// Puts a dead job back into the queue, with all its attempts. None when it is not dead.
///
/// # Errors
/// When the database fails, also when another job for the document is in the air (unique violation).
pub async fn revive(conn: &mut AsyncPgConnection, id: JobId) -> QueryResult<Option<JobRow>> {
    diesel::update(jobs::table.filter(dsl::id.eq(id)))
        .filter(dsl::state.eq(JobState::Dead))
        .set((dsl::state.eq(JobState::Queued), dsl::attempts.eq(0), dsl::run_after.eq(now), dsl::updated_at.eq(now)))
        .returning(JobRow::as_returning())
        .get_result(conn)
        .await
        .optional()
}

/// One job.
///
/// # Errors
/// When the database fails.
pub async fn find(conn: &mut AsyncPgConnection, id: JobId) -> QueryResult<Option<JobRow>> {
    jobs::table.find(id).select(JobRow::as_select()).first(conn).await.optional()
}

/// The job is older than the one that a page ended with: that was made at `created_at`, and the cursor has its id.
pub(super) fn older(created_at: DateTime<Utc>, cursor: &Cursor) -> Older {
    Box::new(
        sql::<Bool>("(jobs.created_at, jobs.id) < (")
            .bind::<Timestamptz, _>(created_at)
            .sql(", ")
            .bind::<SqlUuid, _>(cursor.id)
            .sql(")"),
    )
}

/// See [`older`].
pub(super) type Older = Box<dyn BoxableExpression<jobs::table, diesel::pg::Pg, SqlType = Bool>>;

/// A page of jobs, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    conn: &mut AsyncPgConnection,
    state: Option<JobState>,
    after: Option<(DateTime<Utc>, &Cursor)>,
    limit: i64,
) -> QueryResult<Vec<JobRow>> {
    let mut query = jobs::table.select(JobRow::as_select()).into_boxed();
    if let Some(state) = state {
        query = query.filter(dsl::state.eq(state));
    }
    if let Some((created_at, cursor)) = after {
        query = query.filter(older(created_at, cursor));
    }
    query.order((dsl::created_at.desc(), dsl::id.desc())).limit(limit).load(conn).await
}

/// How many jobs stand in each state.
///
/// # Errors
/// When the database fails.
pub async fn count_by_state(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(JobState, i64)>> {
    jobs::table.group_by(dsl::state).select((dsl::state, count_star())).load(conn).await
}

/// How many jobs are queued, running and dead, and since when the oldest of each is there.
///
/// # Errors
/// When the database fails.
pub async fn unfinished(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(JobState, i64, Option<DateTime<Utc>>)>> {
    jobs::table
        .filter(dsl::state.eq_any([JobState::Queued, JobState::Running, JobState::Dead]))
        .group_by(dsl::state)
        .select((dsl::state, count_star(), min(dsl::created_at)))
        .load(conn)
        .await
}

/// How many jobs are due and wait, and since when the oldest of them is.
///
/// # Errors
/// When the database fails.
pub async fn backlog(conn: &mut AsyncPgConnection) -> QueryResult<(i64, Option<DateTime<Utc>>)> {
    jobs::table
        .filter(dsl::state.eq(JobState::Queued))
        .filter(dsl::run_after.le(now.into_sql::<Timestamptz>()))
        .select((count_star(), min(dsl::run_after)))
        .first(conn)
        .await
}

/// How many jobs should have a ring in the air: those that are due, and those in hand.
///
/// # Errors
/// When the database fails.
pub async fn count_live(conn: &mut AsyncPgConnection) -> QueryResult<i64> {
    let due = dsl::state.eq(JobState::Queued).and(dsl::run_after.le(now.into_sql::<Timestamptz>()));
    jobs::table.filter(due.or(dsl::state.eq(JobState::Running))).count().get_result(conn).await
}

/// Jobs that have been due for longer than `grace` and that nobody took: oldest first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn overdue(conn: &mut AsyncPgConnection, grace: Duration, limit: i64) -> QueryResult<Vec<JobId>> {
    jobs::table
        .filter(dsl::state.eq(JobState::Queued))
        .filter(dsl::run_after.le(now.into_sql::<Timestamptz>() - interval(grace)))
        .order(dsl::run_after)
        .limit(limit)
        .select(dsl::id)
        .load(conn)
        .await
}

/// Jobs whose holder let the lease run out, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn abandoned(conn: &mut AsyncPgConnection, limit: i64) -> QueryResult<Vec<JobId>> {
    jobs::table
        .filter(dsl::state.eq(JobState::Running))
        .filter(dsl::lease_until.lt(now.into_sql::<Timestamptz>().nullable()))
        .order(dsl::lease_until)
        .limit(limit)
        .select(dsl::id)
        .load(conn)
        .await
}

/// Jobs whose lease ran out longer than `ago`, with their documents; in the order of their ids, behind `after`, at most
/// `limit`. A worker that runs would have taken them over long since.
///
/// # Errors
/// When the database fails.
pub async fn lapsed(
    conn: &mut AsyncPgConnection,
    ago: Duration,
    after: Option<JobId>,
    limit: i64,
) -> QueryResult<Vec<(JobId, Option<DocumentId>)>> {
    let mut query = jobs::table
        .filter(dsl::state.eq(JobState::Running))
        .filter(dsl::lease_until.lt((now.into_sql::<Timestamptz>() - interval(ago)).nullable()))
        .select((dsl::id, dsl::document_id))
        .order(dsl::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(dsl::id.gt(after));
    }
    query.load(conn).await
}
