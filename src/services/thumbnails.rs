//! Pictures of first pages: objects of their own, under keys of their documents.
//!
//! Invariants:
//! - A picture is stored before the row that names it is committed, and the one it replaces is removed after. Where
//!   either ends in between, the sweep finds an object without a row.
//! - A picture is never changed: a new one comes under a new key.

use super::Vault;
use super::documents::missing;
use crate::db::queries;
use crate::domain::{DocumentId, ObjectKey};
use crate::error::{Error, ErrorCode, Result};
use crate::storage::StorageError;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;

/// Where the picture of a document lies.
///
/// # Errors
/// `not_found`, or `no_thumbnail` where it has none (yet).
pub async fn key_of(vault: &Vault, id: DocumentId) -> Result<ObjectKey> {
    let mut conn = vault.db.get().await?;
    let row = queries::documents::find(&mut conn, id).await?.ok_or_else(missing)?;
    row.thumbnail_key.ok_or_else(none)
}

fn none() -> Error {
    Error::new(ErrorCode::NoThumbnail, "There is no picture of this document, or not yet.")
}

/// The picture, whole: it is small.
///
/// # Errors
/// `no_thumbnail` where it was replaced meanwhile, or is lost.
pub async fn bytes(vault: &Vault, key: &ObjectKey) -> Result<Bytes> {
    let read = async {
        let pieces = vault.storage.get(key, None).await?;
        let picture = pieces.try_fold(BytesMut::new(), async |mut all, piece| {
            all.extend_from_slice(&piece);
            Ok(all)
        });
        picture.await
    };
    match read.await {
        Ok(picture) => Ok(picture.freeze()),
        Err(StorageError::NotFound) => Err(none()),
        Err(error) => Err(error.into()),
    }
}

/// Stores a new picture of a document.
///
/// # Errors
/// When the object store fails.
pub(super) async fn store(vault: &Vault, id: DocumentId, picture: &[u8]) -> Result<ObjectKey> {
    let key = ObjectKey::generate_for_thumbnail(id);
    let mut source = picture;
    vault.storage.put(&key, "image/webp", &mut source).await?;
    Ok(key)
}

/// Removes a picture that no row names any more. One that can't be removed stays for the sweep.
pub(super) async fn remove(vault: &Vault, key: &ObjectKey) {
    if let Err(error) = vault.storage.delete(key).await {
        log::warn!("a thumbnail that nobody needs stays for the sweep: {key}: {error}");
    }
}
