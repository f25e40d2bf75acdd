//! The audit log: append-only.

use super::interval;
use crate::db::models::{AuditRow, NewAuditEntry};
use crate::db::prepared::prepared;
use crate::db::schema::audit_log::{self, dsl};
use crate::domain::{DocumentId, JobId};
use diesel::dsl::{max, now, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::time::Duration;
use uuid::Uuid;

/// Writes one line; in the transaction of the change it speaks of.
///
/// # Errors
/// When the database fails.
pub async fn append(mut conn: &AsyncPgConnection, entry: &NewAuditEntry) -> QueryResult<()> {
    prepared(diesel::insert_into(audit_log::table).values(entry)).execute(&mut conn).await.map(drop)
}

/// Those of `ids` that were removed less than `ago` ago.
///
/// # Errors
/// When the database fails.
pub async fn deleted_since(
    conn: &mut AsyncPgConnection,
    ids: &[DocumentId],
    ago: Duration,
) -> QueryResult<Vec<DocumentId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let deleted: Vec<Uuid> = dsl::audit_log
        .filter(dsl::subject_id.eq_any(ids))
        .filter(dsl::action.eq("document.deleted"))
        .filter(dsl::at.gt(now.into_sql::<Timestamptz>() - interval(ago)))
        .select(dsl::subject_id)
        .load(conn)
        .await?;
    Ok(deleted.into_iter().map(DocumentId::from).collect())
}

/// What happened to a document, newest first, before the line `before`; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn of_document(
    conn: &mut AsyncPgConnection,
    id: DocumentId,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<AuditRow>> {
    let mut query = dsl::audit_log
        .filter(dsl::subject_id.eq(id.as_uuid()))
        .filter(dsl::subject_type.eq("document"))
        .select(AuditRow::as_select())
        .order(dsl::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(dsl::id.lt(before));
    }
    query.load(conn).await
}

/// The last choice of topics that a person made for a document and did not take back.
///
/// # Errors
/// When the database fails.
pub async fn last_choice(conn: &mut AsyncPgConnection, id: DocumentId) -> QueryResult<Option<AuditRow>> {
    let stands = sql::<Bool>(
        "NOT EXISTS (SELECT 1 FROM audit_log AS undone WHERE undone.subject_id = audit_log.subject_id \
         AND undone.action = 'document.topics_undone' AND undone.detail -> 'choice' = to_jsonb(audit_log.id))",
    );
    dsl::audit_log
        .filter(dsl::subject_id.eq(id.as_uuid()))
        .filter(dsl::action.eq("document.topics_set"))
        .filter(stands)
        .select(AuditRow::as_select())
        .order(dsl::id.desc())
        .first(conn)
        .await
        .optional()
}

/// What decides about a document's topics.
const SORTINGS: [&str; 5] = [
    "document.processed",
    "document.reclassified",
    "document.reclassification_undone",
    "document.topics_set",
    "document.topics_undone",
];

/// The line of the last decision about a document's topics, whoever made it.
///
/// # Errors
/// When the database fails.
pub async fn last_sorting(conn: &mut AsyncPgConnection, id: DocumentId) -> QueryResult<Option<i64>> {
    dsl::audit_log
        .filter(dsl::subject_id.eq(id.as_uuid()))
        .filter(dsl::action.eq_any(SORTINGS))
        .select(max(dsl::id))
        .first(conn)
        .await
}

/// What a run has changed, with the document, in the order in which it did; behind the line `after`, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn reclassified_by(
    conn: &mut AsyncPgConnection,
    run: JobId,
    after: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<(DocumentId, AuditRow)>> {
    // In these words, for the index on them.
    let by_run =
        sql::<Bool>("action = 'document.reclassified' AND detail ->> 'run_id' = ").bind::<Text, _>(run.to_string());
    dsl::audit_log
        .filter(by_run)
        .filter(dsl::id.gt(after.unwrap_or(0)))
        .select((dsl::subject_id, AuditRow::as_select()))
        .order(dsl::id)
        .limit(limit)
        .load::<(Uuid, AuditRow)>(conn)
        .await
        .map(|rows| rows.into_iter().map(|(id, row)| (DocumentId::from(id), row)).collect())
}
