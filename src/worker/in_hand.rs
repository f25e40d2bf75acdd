//! What a worker has in hand, and the heartbeat that keeps it there.

use crate::db::queries;
use crate::domain::JobId;
use crate::error::cause_chain;
use crate::queue::Consumer;
use crate::services::Vault;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::RwLock;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// The jobs in hand, each under the ring that brought it: a job can be rung for twice.
#[derive(Clone, Default)]
pub(super) struct InHand(Arc<Mutex<HashMap<String, Held>>>);

struct Held {
    job: JobId,
    lost: CancellationToken,
}

/// A job in hand; it is put down when this is dropped.
pub(super) struct Grip {
    jobs: InHand,
    entry: String,
    /// Cancelled when the lease is lost: what is done from then on is for nothing.
    pub lost: CancellationToken,
}

impl Drop for Grip {
    fn drop(&mut self) {
        self.jobs.lock().remove(&self.entry);
    }
}

impl InHand {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job in hand; it must be claimed already, or the heartbeat takes it for lost.
    pub fn take(&self, job: JobId, entry: &str) -> Grip {
        let lost = CancellationToken::new();
        self.lock().insert(entry.to_owned(), Held { job, lost: lost.clone() });
        Grip { jobs: self.clone(), entry: entry.to_owned(), lost }
    }

    fn jobs_and_entries(&self) -> (Vec<JobId>, Vec<String>) {
        self.lock().iter().map(|(entry, held)| (held.job, entry.clone())).unzip()
    }

    /// Renews all leases, three times in the span of one; a job whose lease is lost is told so. Never returns.
    pub async fn heartbeat(&self, vault: &Vault, consumer: &RwLock<Consumer>, owner: &str) {
        let lease = vault.config.work.lease;
        let mut ticks = interval(lease / 3);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let (jobs, entries) = self.jobs_and_entries();
            if jobs.is_empty() {
                continue;
            }
            let renewed = async {
                let mut conn = vault.db.get().await?;
                Ok::<_, crate::error::Error>(queries::jobs::renew(&mut conn, &jobs, owner, lease).await?)
            };
            match renewed.await {
                Ok(kept) => {
                    // Only those that were asked about: others were claimed since. One that was settled between the
                    // two looks is gone from here as well.
                    let held = self.lock();
                    for held in entries.iter().filter_map(|entry| held.get(entry)) {
                        if !kept.contains(&held.job) {
                            held.lost.cancel();
                        }
                    }
                }
                Err(error) => log::warn!("the leases could not be renewed: {}", cause_chain(&error)),
            }
            if let Err(error) = consumer.read().await.touch(&entries).await {
                log::debug!("the rings in hand could not be touched: {}", cause_chain(&error));
            }
        }
    }
}
