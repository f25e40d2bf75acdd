//! What the role of a connection may do.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// True for a superuser, and for a role that may create in the database or its schema (D-13, D-14).
///
/// # Errors
/// When the database fails.
pub async fn may_change_schema(conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    diesel::select(sql::<Bool>(
        "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \
         OR has_database_privilege(current_database(), 'CREATE, TEMPORARY') \
         OR has_schema_privilege('public', 'CREATE')",
    ))
    .get_result(conn)
    .await
}
