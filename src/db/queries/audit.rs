//! The audit log: append-only.

use crate::db::models::NewAuditEntry;
use crate::db::schema::audit_log;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Writes one line; in the transaction of the change it speaks of.
///
/// # Errors
/// When the database fails.
pub async fn append(conn: &mut AsyncPgConnection, entry: &NewAuditEntry) -> QueryResult<()> {
    diesel::insert_into(audit_log::table).values(entry).execute(conn).await.map(drop)
}
