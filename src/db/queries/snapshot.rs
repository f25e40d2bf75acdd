//! What a statement sees.

use crate::db::prepared::prepared;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

const CURRENT: &str = "SELECT pg_current_snapshot()::text AS snapshot";

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Snapshot {
    #[diesel(sql_type = Text)]
    snapshot: String,
}

/// Which transactions had ended at this moment, as PostgreSQL writes it: two that are equal see the same rows.
///
/// # Errors
/// When the database fails.
pub async fn current(conn: &mut AsyncPgConnection) -> QueryResult<String> {
    let found: Snapshot = prepared(diesel::sql_query(CURRENT)).get_result(conn).await?;
    Ok(found.snapshot)
}
