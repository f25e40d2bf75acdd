//! Sweeps: what was lost on the way is found again, and what nobody needs is removed.

use super::Vault;
use crate::db::queries;
use crate::domain::{JobId, ObjectKey};
use crate::error::Result;
use chrono::TimeDelta;
use std::collections::HashSet;
use std::time::Duration;

/// A job that is due for longer than this without being taken may have lost its ring: commit and ring are
/// milliseconds apart.
const RING_GRACE: Duration = Duration::from_secs(1);
/// Rings of one sweep at most.
const RINGS: i64 = 1000;

/// Rings again for jobs that nobody looks at; answers how many.
///
/// While every live job can have a ring in the air, nothing was lost, and a long queue is just a long queue. A ring too
/// many is harmless: it finds nothing to claim.
///
/// # Errors
/// When a store fails.
pub async fn ring_again(vault: &Vault) -> Result<usize> {
    let in_the_air = vault.queue.depth().await?;
    let jobs: Vec<JobId> = {
        let mut conn = vault.db.get().await?;
        if in_the_air >= queries::jobs::count_live(&mut conn).await? {
            return Ok(0);
        }
        queries::jobs::unattended(&mut conn, RING_GRACE, RINGS).await?
    };
    vault.queue.ring(&jobs).await?;
    Ok(jobs.len())
}

/// What a sweep of the object store removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Objects that no row stands for.
    pub objects: usize,
    /// Multipart uploads that were begun and never ended.
    pub uploads: usize,
}

/// Removes objects without a row and multipart uploads that were never ended, once they are older than the grace
/// period: an upload that is under way has its object before its row.
///
/// # Errors
/// When a store fails.
pub async fn remove_orphans(vault: &Vault) -> Result<Removed> {
    let grace = TimeDelta::from_std(vault.config.work.orphan_grace).unwrap_or(TimeDelta::MAX);
    let before = vault.clock.now() - grace;
    let mut removed = Removed::default();

    let mut from = None;
    loop {
        let page = vault.storage.list(from).await?;
        // What has no key of ours is not ours to remove.
        let old: Vec<ObjectKey> = page
            .objects
            .into_iter()
            .filter(|object| object.modified_at.is_some_and(|at| at < before))
            .filter_map(|object| object.key)
            .collect();
        if !old.is_empty() {
            let mut conn = vault.db.get().await?;
            let known: HashSet<ObjectKey> =
                queries::documents::known_keys(&mut conn, &old).await?.into_iter().collect();
            drop(conn);
            for key in old.iter().filter(|key| !known.contains(key)) {
                vault.storage.delete(key).await?;
                log::info!("removed an object that no document stands for: {key}");
                removed.objects += 1;
            }
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }

    for upload in vault.storage.unfinished_uploads().await? {
        if let Some(key) = upload.key
            && upload.started_at.is_some_and(|at| at < before)
        {
            vault.storage.abort(&key, &upload.upload_id).await?;
            log::info!("removed an upload that never ended: {key}");
            removed.uploads += 1;
        }
    }
    Ok(removed)
}
