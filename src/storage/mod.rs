//! The object store: the shelf on which the bytes lie.
//!
//! Keys never change and objects are never rewritten, so every call here may be repeated without harm.

mod put;
mod s3;
mod unfinished;

use crate::config::StorageConfig;
use crate::domain::ObjectKey;
use crate::metrics::Metrics;
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use std::error::Error as StdError;
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use tokio::io::AsyncRead;

/// Why the object store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There is no object under this key.
    #[error("there is no such object")]
    NotFound,
    /// What was to be stored could not be read: the client's fault, or its connection's.
    #[error("the source of the upload broke off")]
    Source(#[source] io::Error),
    /// The store refuses: wrong key, missing right, missing bucket.
    #[error("the object store refused with status {0}")]
    Refused(u16, #[source] Box<dyn StdError + Send + Sync>),
    /// The store can't be reached, is too slow, or has a fault of its own.
    #[error("the object store can't be reached")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
}

impl From<StorageError> for crate::error::Error {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::NotFound => Self::new(
                crate::error::ErrorCode::ContentMissing,
                "The document's bytes are not where they should be. Ask the operator of this vault.",
            ),
            // A key that is being rotated, a policy that is being changed: it passes, though it takes an operator.
            StorageError::Unavailable(_) | StorageError::Refused(..) => Self::unavailable(error),
            StorageError::Source(_) => Self::internal(error),
        }
    }
}

/// Bytes as they come from the store.
pub type ByteStream = BoxStream<'static, Result<Bytes, StorageError>>;

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its key; none where something lies in the bucket that the vault did not put there.
    pub key: Option<ObjectKey>,
    /// How many bytes.
    pub size: u64,
    /// When it was stored, by the store's clock.
    pub modified_at: Option<DateTime<Utc>>,
}

/// A page of a listing.
#[derive(Debug, Default)]
pub struct ObjectPage {
    /// The objects.
    pub objects: Vec<StoredObject>,
    /// Where the next page begins; none on the last one.
    pub next: Option<String>,
}

/// A multipart upload that was begun and neither completed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedUpload {
    /// The key it was meant for; none where somebody else began it.
    pub key: Option<ObjectKey>,
    /// The store's id of it.
    pub upload_id: String,
    /// When it was begun, by the store's clock.
    pub started_at: Option<DateTime<Utc>>,
}

/// A place that keeps objects under keys.
#[async_trait]
pub trait StorageBackend: Send + Sync {
    /// Stores all that `source` yields, in bounded memory; answers how many bytes that were.
    ///
    /// # Errors
    /// When the source or the store fails; then nothing is left under the key.
    async fn put(
        &self,
        key: &ObjectKey,
        content_type: &str,
        source: &mut (dyn AsyncRead + Send + Unpin),
    ) -> Result<u64, StorageError>;

    /// How much memory storing `size` bytes takes at most, in bytes; `None` where nobody knows how many they will be.
    fn memory_of_put(&self, size: Option<u64>) -> u64;

    /// The object's bytes, or those of `range` (first and last, counted from 0).
    ///
    /// # Errors
    /// `NotFound` where there is no object.
    async fn get(&self, key: &ObjectKey, range: Option<RangeInclusive<u64>>) -> Result<ByteStream, StorageError>;

    /// How many bytes the object has.
    ///
    /// # Errors
    /// `NotFound` where there is no object.
    async fn size(&self, key: &ObjectKey) -> Result<u64, StorageError>;

    /// Removes the object; no error where there is none.
    ///
    /// # Errors
    /// When the store can't be reached or refuses.
    async fn delete(&self, key: &ObjectKey) -> Result<(), StorageError>;

    /// A page of all objects, in the order of their keys.
    ///
    /// # Errors
    /// When the store can't be reached or refuses.
    async fn list(&self, from: Option<String>) -> Result<ObjectPage, StorageError>;

    /// Every multipart upload that was begun and not ended.
    ///
    /// # Errors
    /// When the store can't be reached or refuses.
    async fn unfinished_uploads(&self) -> Result<Vec<UnfinishedUpload>, StorageError>;

    /// Throws an unfinished upload away; no error where there is none.
    ///
    /// # Errors
    /// When the store can't be reached or refuses.
    async fn abort(&self, key: &ObjectKey, upload_id: &str) -> Result<(), StorageError>;

    /// Asks the store for a sign of life.
    ///
    /// # Errors
    /// When there is none, or the bucket is missing.
    async fn ping(&self) -> Result<(), StorageError>;

    /// Writes, reads and removes a small object: what a process does before it starts.
    ///
    /// # Errors
    /// When the bucket is missing, or not ours to write.
    async fn check_writable(&self) -> Result<(), StorageError>;
}

/// Opens the store that the settings name.
///
/// # Errors
/// When the settings can't be used.
pub fn open(config: &StorageConfig, metrics: Arc<Metrics>) -> Result<Arc<dyn StorageBackend>, StorageError> {
    Ok(Arc::new(s3::S3Storage::new(config, metrics)?))
}
