//! Every query of the vault, one file a table (and one for the role, one for what a
//! statement sees, one for the steps of a document's way). Each takes a connection, so that the caller owns the transaction.
//!
//! Times are PostgreSQL's: the one clock that all processes share.

pub mod audit;
pub mod documents;
pub mod jobs;
pub mod leases;
pub mod listing;
pub mod models;
pub mod role;
pub mod runs;
pub mod snapshot;
pub mod steps;
pub mod topics;

use diesel::data_types::PgInterval;
use std::time::Duration;

fn interval(time: Duration) -> PgInterval {
    PgInterval::from_microseconds(i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
}
