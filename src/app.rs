//! Puts the vault together, once a process: the only place that knows which concrete parts stand behind the faces.

use crate::ai::local::LocalProvider;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::db::{Database, migrations, queries};
use crate::extract::{Program, Reader};
use crate::metrics::Metrics;
use crate::queue::JobQueue;
use crate::services::events::Events;
use crate::services::learning::Learned;
use crate::services::remote::RemoteAi;
use crate::services::room::Room;
use crate::services::unchanged::Unchanged;
use crate::services::{Background, Vault};
use crate::{ai, storage};
use anyhow::{Context, Result, bail};
use std::sync::Arc;
use tokio::runtime::Handle;

/// The role a process plays: it names the connections, and sizes the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Answers HTTP.
    Serve,
    /// Works off jobs.
    Worker,
    /// Checks that rows and objects agree.
    Verify,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Worker => "worker",
            Self::Verify => "verify",
        }
    }

    /// Requests hold a connection for milliseconds; each job in hand needs one now and then, and so do heartbeat and
    /// sweeps.
    fn connections(self, config: &Config) -> usize {
        match self {
            Self::Serve => 16,
            Self::Worker => config.work.concurrency + 3,
            // One step after the other.
            Self::Verify => 2,
        }
    }
}

/// Builds the vault from its settings; connects to nothing yet. Connections will live on the runtime this is called on.
///
/// # Errors
/// When a part can't be built from these settings.
pub fn build(config: Config, role: Role) -> Result<Arc<Vault>> {
    let own = std::env::current_exe().context("the program can't find itself")?;
    let program = match role {
        Role::Worker => Program::beside(own),
        // Neither of them reads.
        Role::Serve | Role::Verify => Program::alone(own),
    };
    build_with(config, role, program, Arc::new(SystemClock))
}

/// As [`build`], with the program that reads files and the clock given: tests bring their own.
///
/// # Errors
/// When a part can't be built from these settings.
pub fn build_with(config: Config, role: Role, program: Program, clock: Arc<dyn Clock>) -> Result<Arc<Vault>> {
    let runtime = Handle::current();
    let metrics = Metrics::new().context("the figures can't be registered")?;
    let connections = role.connections(&config);
    let db = Database::new(&config.database, role.name(), connections, runtime.clone(), metrics.clone())
        .context("the pool of PostgreSQL connections can't be built")?;
    let storage = storage::open(&config.storage, metrics.clone()).context("the object store can't be opened")?;
    let queue = JobQueue::open(&config.redis, runtime.clone(), metrics.clone()).context("REDIS_URL can't be used")?;
    let hub = queue.hub().context("REDIS_URL can't be used")?;
    let background = Background::new(runtime);
    let local_ai = Arc::new(LocalProvider::default());
    let ai = ai::provider(&config.ai, &local_ai).context("the AI provider can't be set up")?;
    let remote = config.ai.provider.is_remote().then(|| RemoteAi::new(ai.clone(), &queue, &config.ai));
    Ok(Arc::new(Vault {
        db,
        storage,
        events: Events::new(queue.clone(), hub, background.clone()),
        queue,
        ai,
        remote,
        local_ai,
        learned: Learned::default(),
        reader: Reader::new(config.reading.clone(), program),
        body_room: Room::new(config.http.upload_memory_bytes / 4),
        upload_room: Room::new(config.http.upload_memory_bytes / 4 * 3),
        unchanged: Unchanged::default(),
        clock,
        metrics,
        background,
        config,
    }))
}

/// Looks whether the vault can do its work: the schema is ours, the role is the application's, the bucket is there and
/// ours to write. Redis is looked at too, but can be away: it is only the bell.
///
/// # Errors
/// Says what is wrong, and what to do.
pub async fn check(vault: &Vault) -> Result<()> {
    let mut conn = vault.db.get().await.context("PostgreSQL can't be reached (DATABASE_URL)")?;
    let missing = migrations::missing(&mut conn)
        .await
        .map_err(|error| anyhow::anyhow!(error))
        .context("the schema can't be looked at")?;
    if !missing.is_empty() {
        bail!(
            "the database's schema is behind this program by {} migration(s): run `docuvault migrate` first",
            missing.len()
        );
    }
    if queries::role::may_change_schema(&mut conn).await.context("the role's rights can't be looked at")? {
        bail!(
            "DATABASE_URL connects as a role that may change the schema; the application must not: use docuvault_app"
        );
    }
    drop(conn);
    vault.storage.check_writable().await.with_context(|| {
        format!(
            "the bucket {} can't be written, read and cleared with MINIO_ACCESS_KEY; is it there, and is the key right?",
            vault.config.storage.bucket
        )
    })?;
    match vault.queue.eviction_policy().await {
        Ok(Some(policy)) if policy != "noeviction" => log::warn!(
            "Redis may throw the queue away when its memory is full (maxmemory-policy {policy}): nothing is lost by it, \
             but documents wait for the next sweep. Set noeviction"
        ),
        Ok(_) => {}
        Err(error) => {
            log::warn!("Redis can't be reached yet; work begins once it can: {}", crate::error::cause_chain(&error));
        }
    }
    for warning in vault.config.warnings() {
        log::warn!("{warning}");
    }
    Ok(())
}
