//! `DATABASE_URL` (the application's role), `DATABASE_MIGRATE_URL` (the role that owns the schema, for `migrate`).

use super::Reader;
use secrecy::SecretString;

/// How to reach PostgreSQL.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// The DSN, with its password.
    pub url: SecretString,
}

impl DatabaseConfig {
    pub(super) fn read(reader: &mut Reader<'_>, name: &str) -> Self {
        let url = reader.url(name, &["postgres", "postgresql"]);
        if url.as_ref().is_some_and(|url| url.username().is_empty()) {
            reader.problem(name, "must name the role to connect as (postgres://ROLE:PASSWORD@HOST/DATABASE)");
        }
        Self { url: url.map(String::from).unwrap_or_default().into() }
    }
}
