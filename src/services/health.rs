//! Is the vault able to do its work?

use super::Vault;
use crate::db::queries;
use crate::domain::JobState;
use crate::error::{Result, cause_chain};
use crate::extract::{self, Capability};
use crate::metrics::Store;
use crate::queue::{BreakerState, BreakerView};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Longest wait for a sign of life.
const PROBE: Duration = Duration::from_secs(3);

/// One store's answer.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    /// Which one.
    pub store: Store,
    /// It answered as it should.
    pub ok: bool,
    /// How long that took.
    pub took: Duration,
}

/// Asks all three stores at once.
pub async fn check(vault: &Vault) -> [Probe; 3] {
    let (postgres, storage, redis) = tokio::join!(
        probe(Store::Postgres, vault.db.ping()),
        probe(Store::ObjectStorage, vault.storage.ping()),
        probe(Store::Redis, vault.queue.ping()),
    );
    [postgres, storage, redis]
}

/// What reading can do on this machine.
pub fn capabilities(vault: &Vault) -> Vec<Capability> {
    extract::capabilities(&vault.config.reading.ocr_languages)
}

/// How the way to a remote AI provider stands.
#[derive(Debug, Clone, Copy)]
pub struct AiNow {
    /// The provider of the settings.
    pub provider: &'static str,
    /// The breaker before it; none where nobody knows.
    pub breaker: Option<BreakerView>,
}

/// Looks at the way to the remote AI provider, if there is one. It is not asked itself: that may cost money.
pub async fn ai(vault: &Vault) -> Option<AiNow> {
    let remote = vault.remote.as_ref()?;
    let breaker = timeout(PROBE, remote.breaker()).await.ok().and_then(Result::ok);
    Some(AiNow { provider: vault.ai.name(), breaker })
}

/// Brings the figures that stand in Redis up to date.
///
/// # Errors
/// When Redis can't be reached; then they keep their last values.
pub async fn refresh_ai_figures(vault: &Vault) -> Result<()> {
    let Some(remote) = &vault.remote else { return Ok(()) };
    let figures = &vault.metrics.ai;
    let state = match remote.breaker().await?.state {
        BreakerState::Closed => 0,
        BreakerState::HalfOpen => 1,
        BreakerState::Open => 2,
    };
    figures.breaker_state.set(state);
    let today = remote.spent_today().await?;
    figures.tokens_today.set(i64::try_from(today.tokens).unwrap_or(i64::MAX));
    figures.requests_today.set(i64::try_from(today.requests).unwrap_or(i64::MAX));
    figures.catch_up(&remote.figures().await?);
    Ok(())
}

async fn probe<E: std::error::Error + 'static>(store: Store, ask: impl Future<Output = Result<(), E>>) -> Probe {
    let start = Instant::now();
    let ok = match timeout(PROBE, ask).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            log::warn!(store = store.as_str(); "a store is not well: {}", cause_chain(&error));
            false
        }
        Err(_) => {
            log::warn!(store = store.as_str(); "a store gave no answer");
            false
        }
    };
    Probe { store, ok, took: start.elapsed() }
}

/// Brings the figures that stand in PostgreSQL up to date.
///
/// # Errors
/// When PostgreSQL can't be reached; then the figures keep their last values.
pub async fn refresh_figures(vault: &Vault) -> Result<()> {
    let mut conn = vault.db.get().await?;
    let counts = queries::jobs::count_by_state(&mut conn).await?;
    let (due, oldest) = queries::jobs::backlog(&mut conn).await?;
    for state in JobState::ALL {
        let count = counts.iter().find(|(counted, _)| counted == state).map_or(0, |(_, count)| *count);
        vault.metrics.jobs.with_label_values(&[state.as_str()]).set(count);
        if *state == JobState::Running {
            vault.metrics.work_in_hand.set(count);
        }
    }
    vault.metrics.queue_depth.set(due);
    let age = oldest.map_or(0, |oldest| (vault.clock.now() - oldest).num_seconds().max(0));
    vault.metrics.queue_oldest_seconds.set(age);
    Ok(())
}
