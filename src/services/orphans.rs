//! What lies in the object store and nobody needs: told apart, and removed. The sweep and `verify` share this.
//!
//! Invariant: only what has a key of the vault's own is removed, and only when it is older than the grace period: an
//! upload that is under way has its object before its row.

use super::Vault;
use crate::domain::ObjectKey;
use crate::error::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// Time between two looks at an object without a row, before it is removed: a store may date an object by the beginning
/// of its upload, and a commit takes less than a minute, or fails.
pub const CONFIRM_AFTER: Duration = Duration::from_secs(120);
/// So many without a counterpart are nothing to wonder at, as long as others have one.
const FEW: u64 = 10;

/// What is older than this may be an orphan.
pub fn grace_ends(vault: &Vault) -> DateTime<Utc> {
    vault.clock.now() - TimeDelta::from_std(vault.config.work.orphan_grace).unwrap_or(TimeDelta::MAX)
}

/// True where more stand alone than have a counterpart, or where nothing has one. Then this is not the database that
/// belongs to the bucket (a new one, perhaps, before its backup is restored), and nothing may be concluded from it.
pub fn do_not_belong_together(alone: u64, together: u64) -> bool {
    alone > together && (alone > FEW || together == 0)
}

/// Removes an object that no row stands for; true when it is gone. One that can't be removed stays for the next time.
pub async fn remove_object(vault: &Vault, key: &ObjectKey) -> bool {
    match vault.storage.delete(key).await {
        Ok(()) => {
            log::info!("removed an object that no document stands for: {key}");
            true
        }
        Err(error) => {
            log::warn!("an object that no document stands for can't be removed: {key}: {error}");
            false
        }
    }
}

/// A multipart upload that was begun and never ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbandonedUpload {
    /// The key it was meant for.
    pub key: ObjectKey,
    /// The store's id of it.
    pub upload_id: String,
}

/// Multipart uploads that were never ended, told apart.
#[derive(Debug, Default)]
pub struct Uploads {
    /// Begun before the grace period.
    pub abandoned: Vec<AbandonedUpload>,
    /// Begun since.
    pub in_flight: u64,
    /// Begun by somebody else.
    pub foreign: u64,
}

/// Looks at all multipart uploads that were begun and not ended.
///
/// # Errors
/// When the object store fails.
pub async fn uploads(vault: &Vault, before: DateTime<Utc>) -> Result<Uploads> {
    let mut uploads = Uploads::default();
    for upload in vault.storage.unfinished_uploads().await? {
        match upload.key {
            Some(key) if upload.started_at.is_some_and(|at| at < before) => {
                uploads.abandoned.push(AbandonedUpload { key, upload_id: upload.upload_id });
            }
            Some(_) => uploads.in_flight += 1,
            None => uploads.foreign += 1,
        }
    }
    Ok(uploads)
}

/// Throws an abandoned upload away; true when it is gone. One that can't be removed stays for the next time.
pub async fn remove_upload(vault: &Vault, upload: &AbandonedUpload) -> bool {
    let key = &upload.key;
    match vault.storage.abort(key, &upload.upload_id).await {
        Ok(()) => {
            log::info!("removed an upload that never ended: {key}");
            true
        }
        Err(error) => {
            log::warn!("an upload that never ended can't be removed: {key}: {error}");
            false
        }
    }
}
