//! The sweeps, each done by one worker at a time.

use crate::db::queries;
use crate::error::{Result, cause_chain};
use crate::queue::Consumer;
use crate::services::Vault;
use crate::services::learning;
use crate::services::sweep::{self, Rung, Suspects};
use crate::services::trash;
use std::time::Duration;
use tokio::sync::RwLock;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, sleep};

/// Longest time between two looks for orphans.
const ORPHANS_AT_MOST: Duration = Duration::from_secs(3600);

/// Longest time before the first look for orphans. It goes through the whole bucket, and a worker that starts mostly finds a
/// queue that has waited for it.
const FIRST_ORPHANS_AT_MOST: Duration = Duration::from_secs(60);

/// Longest time between two looks for dead leases.
const ABANDONED_AT_MOST: Duration = Duration::from_secs(1);

/// Time between two sweeps that ring whatever the count of rings says.
const INSIST_EVERY: Duration = Duration::from_secs(60);

/// Does a sweep whenever it is due and no other worker is at it. Never returns.
pub(super) async fn run(vault: &Vault, consumer: &RwLock<Consumer>, owner: &str) {
    tokio::join!(
        abandoned(vault),
        rings(vault, consumer, owner),
        orphans(vault, owner),
        expired(vault, owner),
        lessons(vault, owner),
    );
}

/// Looks for dead leases more often than for anything else, since somebody waits for each of these documents. Every
/// worker looks: one may be the dead one, and a ring too many finds nothing to claim.
async fn abandoned(vault: &Vault) {
    let mut ticks = interval(vault.config.work.sweep_interval.min(ABANDONED_AT_MOST));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut rung = Rung::new();
    loop {
        ticks.tick().await;
        match sweep::ring_for_the_abandoned(vault, &mut rung).await {
            Ok(0) => {}
            Ok(rung) => log::info!("rang for {rung} jobs whose worker is gone"),
            Err(error) => log::warn!("the sweep for dead leases failed: {}", cause_chain(&error)),
        }
    }
}

async fn rings(vault: &Vault, consumer: &RwLock<Consumer>, owner: &str) {
    let every = vault.config.work.sweep_interval;
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut insisted = Instant::now();
    loop {
        ticks.tick().await;
        let insist = insisted.elapsed() >= INSIST_EVERY;
        if insist {
            insisted = Instant::now();
        }
        let swept = alone(vault, "sweep_rings", owner, async {
            let rung = sweep::ring_again(vault, insist).await?;
            if rung > 0 {
                log::info!("rang again for {rung} jobs that nobody looked at");
            }
            Ok(consumer.read().await.forget_the_gone().await?)
        });
        if let Err(error) = swept.await {
            log::warn!("the sweep of the queue failed: {}", cause_chain(&error));
        }
    }
}

async fn orphans(vault: &Vault, owner: &str) {
    let mut suspects = Suspects::new();
    let every = (vault.config.work.orphan_grace / 2).min(ORPHANS_AT_MOST).max(vault.config.work.sweep_interval);
    let mut ticks = interval_at(Instant::now() + every.min(FIRST_ORPHANS_AT_MOST), every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let swept = alone(vault, "sweep_orphans", owner, async {
            let removed = sweep::remove_orphans(vault, &mut suspects).await?;
            if removed != sweep::Removed::default() {
                log::info!(objects = removed.objects, uploads = removed.uploads; "removed orphans");
            }
            Ok(())
        });
        if let Err(error) = swept.await {
            log::warn!("the sweep of the object store failed: {}", cause_chain(&error));
        }
    }
}

/// Removes for good what was in the trash for long enough.
async fn expired(vault: &Vault, owner: &str) {
    let mut ticks = interval(vault.config.work.sweep_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let swept = alone(vault, "sweep_trash", owner, async {
            let purged = trash::purge(vault).await?;
            if purged > 0 {
                log::info!("removed {purged} documents that were in the trash for long enough");
            }
            Ok(())
        });
        if let Err(error) = swept.await {
            log::warn!("the sweep of the trash failed: {}", cause_chain(&error));
        }
    }
}

/// Learns from what people decided, where there is something new, and takes into use what any worker has learned.
async fn lessons(vault: &Vault, owner: &str) {
    let mut ticks = interval(vault.config.ai.learn_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let learned = alone(vault, "learn", owner, async {
            if let Some(lesson) = learning::learn(vault).await? {
                log::info!(
                    examples = lesson.examples, unsorted = lesson.unsorted, bytes = lesson.bytes,
                    ms = lesson.took.as_millis() as u64;
                    "learned from what people decided"
                );
            }
            Ok(())
        });
        if let Err(error) = learned.await {
            log::warn!("learning failed: {}", cause_chain(&error));
        }
        if let Err(error) = learning::refresh(vault).await {
            log::warn!("what was learned could not be taken into use: {}", cause_chain(&error));
        }
    }
}

/// Does something under a lease, unless another holds it. The lease is short and renewed while the work goes on, however
/// long that takes: a worker that dies in the middle of a sweep holds up no other for long.
async fn alone(vault: &Vault, lease: &str, owner: &str, work: impl Future<Output = Result<()>>) -> Result<()> {
    if !take(vault, lease, owner).await? {
        return Ok(());
    }
    let result = tokio::select! {
        result = work => result,
        () = until_lost(vault, lease, owner) => {
            log::warn!(lease; "another worker took over a sweep that came to nothing for too long");
            return Ok(());
        }
    };
    let mut conn = vault.db.get().await?;
    queries::leases::release(&mut conn, lease, owner).await?;
    result
}

/// How long a sweep's lease stands without a sign of life: a dead holder must not cost the others many sweeps.
fn span(vault: &Vault) -> Duration {
    vault.config.work.lease.min(3 * vault.config.work.sweep_interval)
}

async fn take(vault: &Vault, lease: &str, owner: &str) -> Result<bool> {
    let mut conn = vault.db.get().await?;
    Ok(queries::leases::take(&mut conn, lease, owner, span(vault)).await?)
}

/// Gives back what a worker that ends holds: it may have been in the middle of a sweep.
pub(super) async fn leave(vault: &Vault, owner: &str) {
    let released = async {
        let mut conn = vault.db.get().await?;
        Ok::<_, crate::error::Error>(queries::leases::release_all(&mut conn, owner).await?)
    };
    if let Err(error) = released.await {
        log::warn!("the leases of the sweeps could not be given back, they will run out: {}", cause_chain(&error));
    }
}

/// Renews a lease, three times in its span, for as long as it is held.
async fn until_lost(vault: &Vault, lease: &str, owner: &str) {
    loop {
        sleep(span(vault) / 3).await;
        match take(vault, lease, owner).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => log::warn!(lease; "the lease of a sweep could not be renewed: {}", cause_chain(&error)),
        }
    }
}
