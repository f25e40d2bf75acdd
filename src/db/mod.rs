//! PostgreSQL: the pool, the schema, the migrations, and every query of the vault.
//!
//! Queries take a connection, never the pool, so that the services decide what stands in one transaction.

pub mod migrations;
pub mod models;
mod pool;
mod prepared;
pub mod queries;
pub mod schema;

pub use diesel_async::{AsyncConnection, AsyncPgConnection};
pub use pool::{Connection, Database, Mark};
