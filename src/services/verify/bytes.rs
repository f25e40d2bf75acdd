//! Whether the bytes in the object store are those that were put in.

use super::{Kind, Watcher};
use crate::db::models::ContentRow;
use crate::domain::{ContentHash, ContentHasher, ObjectKey};
use crate::error::Result;
use crate::services::Vault;
use crate::storage::StorageError;
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::sleep;

/// How often an object is asked for whose bytes break off.
const TRIES: u32 = 3;
/// Wait between two of them.
const PAUSE: Duration = Duration::from_millis(500);

/// Reads an object to its end, in a stream, and says what is wrong with it, if anything is.
///
/// # Errors
/// When the object store is away.
pub async fn look(vault: &Vault, row: &ContentRow, watcher: &dyn Watcher) -> Result<Option<Kind>> {
    let mut verdict = None;
    // Other bytes twice are other bytes, and no accident on the way.
    for _ in 0..2 {
        verdict = match hash(vault, &row.object_key, watcher).await? {
            Ok(hash) if row.sha256 == Some(hash) => return Ok(None),
            Ok(_) => Some(Kind::WrongBytes),
            Err(kind) => return Ok(Some(kind)),
        };
    }
    Ok(verdict)
}

async fn hash(vault: &Vault, key: &ObjectKey, watcher: &dyn Watcher) -> Result<std::result::Result<ContentHash, Kind>> {
    let mut tries = 1;
    loop {
        match hash_once(vault, key, watcher).await {
            Ok(hash) => return Ok(Ok(hash)),
            Err(StorageError::NotFound) => return Ok(Err(Kind::MissingObject)),
            Err(error @ StorageError::Refused(..)) => return Err(error.into()),
            Err(_) if tries < TRIES => {
                tries += 1;
                sleep(PAUSE).await;
            }
            Err(error) => {
                // A store that is away says nothing about this object; one that answers before and after does.
                vault.storage.ping().await?;
                if let Ok(hash) = hash_once(vault, key, watcher).await {
                    return Ok(Ok(hash));
                }
                vault.storage.ping().await?;
                log::warn!("an object can't be read: {key}: {}", crate::error::cause_chain(&error));
                return Ok(Err(Kind::UnreadableObject));
            }
        }
    }
}

async fn hash_once(vault: &Vault, key: &ObjectKey, watcher: &dyn Watcher) -> Result<ContentHash, StorageError> {
    let mut pieces = vault.storage.get(key, None).await?;
    let mut hasher = ContentHasher::default();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        hasher.update(&piece);
        watcher.read(piece.len() as u64);
    }
    Ok(hasher.finish())
}
