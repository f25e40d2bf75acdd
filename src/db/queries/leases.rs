//! Leases by name: work that one process at a time may do.

use super::interval;
use crate::db::schema::leases::dsl;
use diesel::prelude::*;
use diesel::sql_types::{Interval, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::time::Duration;

/// Takes or renews the lease `name` for `owner`; false while another holds it.
///
/// # Errors
/// When the database fails.
pub async fn take(conn: &mut AsyncPgConnection, name: &str, owner: &str, time: Duration) -> QueryResult<bool> {
    // diesel's DSL has no WHERE on DO UPDATE for PostgreSQL.
    let taken = diesel::sql_query(
        "INSERT INTO leases (name, lease_owner, lease_until) VALUES ($1, $2, now() + $3) \
         ON CONFLICT (name) DO UPDATE SET lease_owner = excluded.lease_owner, lease_until = excluded.lease_until \
         WHERE leases.lease_owner = excluded.lease_owner OR leases.lease_until < now()",
    )
    .bind::<Text, _>(name)
    .bind::<Text, _>(owner)
    .bind::<Interval, _>(interval(time))
    .execute(conn)
    .await?;
    Ok(taken == 1)
}

/// Gives back every lease that `owner` holds.
///
/// # Errors
/// When the database fails.
pub async fn release_all(conn: &mut AsyncPgConnection, owner: &str) -> QueryResult<()> {
    diesel::delete(dsl::leases.filter(dsl::lease_owner.eq(owner))).execute(conn).await.map(drop)
}

/// Gives the lease back, if `owner` holds it.
///
/// # Errors
/// When the database fails.
pub async fn release(conn: &mut AsyncPgConnection, name: &str, owner: &str) -> QueryResult<()> {
    diesel::delete(dsl::leases.filter(dsl::name.eq(name).and(dsl::lease_owner.eq(owner)))).execute(conn).await.map(drop)
}
