//! The embedded migrations: only `docuvault migrate` runs them; `serve` and `worker` look whether they were run.

use crate::config::DatabaseConfig;
use crate::domain::TopicId;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, HarnessWithOutput, MigrationHarness, embed_migrations};
use secrecy::ExposeSecret;
use std::error::Error as StdError;
use std::io;
use std::time::Duration;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Key of the advisory lock: two `migrate` at once run one after the other ("docuvlt" in ASCII).
const ADVISORY_LOCK: i64 = 0x0064_6f63_7576_6c74;

/// Wait before the lock is asked for again.
const BETWEEN_ASKING: Duration = Duration::from_millis(200);

/// What can go wrong while migrating.
pub type MigrationError = Box<dyn StdError + Send + Sync>;

/// One migration, and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Its name, with the version in front.
    pub name: String,
    /// True when it was run.
    pub applied: bool,
}

/// A connection for migrating; it blocks, and belongs on a thread of its own (`spawn_blocking`).
pub struct Migrator {
    connection: AsyncConnectionWrapper<AsyncPgConnection>,
}

impl Migrator {
    /// Connects as the role that owns the schema and takes the advisory lock; waits while another holds it.
    ///
    /// # Errors
    /// When the server can't be reached or refuses the role.
    pub fn connect(config: &DatabaseConfig) -> Result<Self, MigrationError> {
        let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::establish(config.url.expose_secret())?;
        // Asked for again and again, and not waited for in the server: an index that is built CONCURRENTLY waits for every
        // other statement to end, and that wait would be one.
        let ask = diesel::select(sql::<Bool>("pg_try_advisory_lock(").bind::<BigInt, _>(ADVISORY_LOCK).sql(")"));
        while !diesel::RunQueryDsl::get_result::<bool>(ask.clone(), &mut connection)? {
            std::thread::sleep(BETWEEN_ASKING);
        }
        Ok(Self { connection })
    }

    /// Runs every migration that is missing, and answers how many those were.
    ///
    /// # Errors
    /// When a migration fails; each runs in a transaction, so that none is left half done, but for those that build an index
    /// CONCURRENTLY: such an index is left invalid, and is built anew by the next call.
    pub fn up(&mut self) -> Result<usize, MigrationError> {
        self.drop_invalid_indexes()?;
        Ok(HarnessWithOutput::write_to_stdout(&mut self.connection).run_pending_migrations(MIGRATIONS)?.len())
    }

    /// Drops what was left of indexes whose building broke off. Nobody builds one now: that takes the advisory lock.
    fn drop_invalid_indexes(&mut self) -> Result<(), MigrationError> {
        let invalid = sql::<Text>(
            "indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
             WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace AND pg_get_userbyid(relowner) = current_user",
        );
        let names: Vec<String> = diesel::RunQueryDsl::load(diesel::select(invalid), &mut self.connection)?;
        for name in names {
            let drop = format!("DROP INDEX CONCURRENTLY {name}");
            diesel::RunQueryDsl::execute(diesel::sql_query(drop), &mut self.connection)?;
        }
        Ok(())
    }

    /// Takes back the last `steps` migrations, with all their data.
    ///
    /// # Errors
    /// When there are fewer, or one can't be taken back.
    pub fn down(&mut self, steps: usize) -> Result<(), MigrationError> {
        let mut harness = HarnessWithOutput::new(&mut self.connection, io::stdout());
        for _ in 0..steps {
            harness.revert_last_migration(MIGRATIONS)?;
        }
        Ok(())
    }

    /// All migrations this program knows, oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn status(&mut self) -> Result<Vec<MigrationState>, MigrationError> {
        let pending: Vec<String> =
            self.connection.pending_migrations(MIGRATIONS)?.iter().map(|m| m.name().to_string()).collect();
        Ok(known()?.into_iter().map(|name| MigrationState { applied: !pending.contains(&name), name }).collect())
    }

    /// Puts topics (name, description, colour) into a vault that has none; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn insert_starter_topics(&mut self, starters: &[(&str, &str, &str)]) -> Result<usize, MigrationError> {
        use super::schema::topics;
        Ok(self.connection.transaction::<_, diesel::result::Error, _>(|connection| {
            let present: i64 = diesel::RunQueryDsl::get_result(topics::table.count(), connection)?;
            if present > 0 {
                return Ok(0);
            }
            let rows: Vec<_> = starters
                .iter()
                .map(|(name, description, color)| {
                    (
                        topics::id.eq(TopicId::generate()),
                        topics::name.eq(*name),
                        topics::description.eq(*description),
                        topics::color.eq(*color),
                    )
                })
                .collect();
            diesel::RunQueryDsl::execute(diesel::insert_into(topics::table).values(rows), connection)
        })?)
    }
}

/// Names of the embedded migrations, oldest first.
fn known() -> Result<Vec<String>, MigrationError> {
    use diesel::migration::MigrationSource;
    let migrations = MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS)?;
    let mut names: Vec<String> = migrations.iter().map(|m| m.name().to_string()).collect();
    names.sort();
    Ok(names)
}

/// The migrations this program needs and the database does not have.
///
/// # Errors
/// When the database can't be read. A database that was never migrated lacks them all, which is no error.
pub async fn missing(conn: &mut AsyncPgConnection) -> Result<Vec<String>, MigrationError> {
    diesel::table! {
        __diesel_schema_migrations (version) {
            version -> VarChar,
        }
    }
    let applied: QueryResult<Vec<String>> =
        __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(conn).await;
    let applied = match applied {
        Ok(versions) => versions,
        Err(diesel::result::Error::DatabaseError(_, info)) if info.message().contains("__diesel_schema_migrations") => {
            Vec::new()
        }
        Err(error) => return Err(error.into()),
    };
    // A name is `VERSION_words`, and the table holds versions without the hyphens of the name.
    Ok(known()?
        .into_iter()
        .filter(|name| {
            let version = name.split('_').next().unwrap_or(name).replace('-', "");
            !applied.contains(&version)
        })
        .collect())
}
