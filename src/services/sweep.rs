//! Sweeps: what was lost on the way is found again, and what nobody needs is removed.

use super::Vault;
use super::orphans::{self, CONFIRM_AFTER};
use crate::db::queries;
use crate::domain::{JobId, ObjectKey};
use crate::error::Result;
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// A job that is due for longer than this without being taken may have lost its ring: commit and ring are
/// milliseconds apart.
const RING_GRACE: Duration = Duration::from_secs(1);
/// Rings of one sweep at most.
const RINGS: i64 = 1000;
/// Rings at most where the count says that none was lost.
const INSISTING_RINGS: i64 = 100;
/// Orphans that one sweep looks at, at most: this bounds its memory.
const ORPHANS: usize = 10_000;

/// Rings again for jobs that nobody looks at; answers how many.
///
/// While every live job can have a ring in the air, nothing was lost, and a long queue is just a long queue. A ring too
/// many is harmless: it finds nothing to claim. Where `insist` is set, the oldest are rung for whatever the count says:
/// an entry that Redis holds and never delivers would hide a lost ring for ever.
///
/// # Errors
/// When a store fails.
pub async fn ring_again(vault: &Vault, insist: bool) -> Result<usize> {
    let mut conn = vault.db.get().await?;
    // The count first: a job that comes in between has its ring.
    let live = queries::jobs::count_live(&mut conn).await?;
    let lost = vault.queue.depth().await? < live;
    let (overdue, most) = match (lost, insist) {
        (true, _) => (RING_GRACE, RINGS),
        (false, true) => (2 * vault.config.work.lease, INSISTING_RINGS),
        (false, false) => return Ok(0),
    };
    let jobs: Vec<JobId> = queries::jobs::overdue(&mut conn, overdue, most).await?;
    drop(conn);
    vault.queue.ring(&jobs).await?;
    Ok(jobs.len())
}

/// Jobs that were rung for because their worker died, and when. Kept from one look to the next.
pub type Rung = HashMap<JobId, Instant>;

/// Rings for jobs whose worker died: their lease ran out. Answers how many. One that waits in the queue since is not rung
/// for again before a lease is over.
///
/// # Errors
/// When a store fails.
pub async fn ring_for_the_abandoned(vault: &Vault, rung: &mut Rung) -> Result<usize> {
    let mut conn = vault.db.get().await?;
    let abandoned = queries::jobs::abandoned(&mut conn, RINGS).await?;
    drop(conn);
    rung.retain(|job, at| at.elapsed() < vault.config.work.lease && abandoned.contains(job));
    let jobs: Vec<JobId> = abandoned.into_iter().filter(|job| !rung.contains_key(job)).collect();
    vault.queue.ring(&jobs).await?;
    rung.extend(jobs.iter().map(|job| (*job, Instant::now())));
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

/// Objects that no row stood for, and when that was first seen. Kept from one sweep to the next.
pub type Suspects = HashMap<ObjectKey, DateTime<Utc>>;

/// Removes objects without a row and multipart uploads that were never ended, once they are older than the grace
/// period.
///
/// An object goes only when it was seen without a row twice, [`CONFIRM_AFTER`] apart. And none goes while the two do
/// not look like they belong together ([`orphans::do_not_belong_together`]).
///
/// # Errors
/// When a store fails.
pub async fn remove_orphans(vault: &Vault, suspects: &mut Suspects) -> Result<Removed> {
    let now = vault.clock.now();
    let before = orphans::grace_ends(vault);
    let (found, known) = find_orphans(vault, before).await?;
    suspects.retain(|key, _| found.contains(key));
    for key in &found {
        suspects.entry(key.clone()).or_insert(now);
    }
    let mut removed = Removed::default();
    if orphans::do_not_belong_together(found.len() as u64, known) {
        log::error!(
            "{} objects have no document and {known} have one: none is removed. Is this the database of this bucket?",
            found.len()
        );
    } else {
        let seen_before = |key: &&ObjectKey| {
            suspects.get(*key).is_some_and(|since| (now - *since).to_std().is_ok_and(|time| time >= CONFIRM_AFTER))
        };
        for key in found.iter().filter(seen_before) {
            removed.objects += usize::from(orphans::remove_object(vault, key).await);
        }
    }
    for upload in orphans::uploads(vault, before).await?.abandoned {
        removed.uploads += usize::from(orphans::remove_upload(vault, &upload).await);
    }
    Ok(removed)
}

/// The old objects without a row, at most [`ORPHANS`], and how many old ones have a row.
async fn find_orphans(vault: &Vault, before: DateTime<Utc>) -> Result<(Vec<ObjectKey>, u64)> {
    let (mut orphans, mut with_row) = (Vec::new(), 0);
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
            with_row += known.len() as u64;
            orphans.extend(old.into_iter().filter(|key| !known.contains(key)));
        }
        from = page.next;
        if from.is_none() || orphans.len() >= ORPHANS {
            return Ok((orphans, with_row));
        }
    }
}
