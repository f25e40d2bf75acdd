//! The audit log: append-only.

use super::interval;
use crate::db::models::NewAuditEntry;
use crate::db::schema::audit_log::{self, dsl};
use crate::domain::DocumentId;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::time::Duration;
use uuid::Uuid;

/// Writes one line; in the transaction of the change it speaks of.
///
/// # Errors
/// When the database fails.
pub async fn append(conn: &mut AsyncPgConnection, entry: &NewAuditEntry) -> QueryResult<()> {
    diesel::insert_into(audit_log::table).values(entry).execute(conn).await.map(drop)
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
