//! From a document's row to its text.

use super::Vault;
use crate::db::models::DocumentRow;
use crate::domain::{ContentHasher, DocumentProblem};
use crate::error::{Error, Result};
use crate::extract::{Hint, ReadError, Reading};
use crate::storage::StorageError;
use futures_util::{StreamExt, stream};
use secrecy::SecretString;
use std::io::ErrorKind::{QuotaExceeded, StorageFull};
use std::task::{Poll, ready};
use std::time::Duration;

/// How much longer each further attempt waits for an object that a store did not hand out which answers else.
const BROKEN_OBJECT_WAIT: Duration = Duration::from_secs(60);

/// The same of a scratch disk that is full. It is no outage: a file that is larger than the disk must not wait for ever.
const FULL_DISK_WAIT: Duration = Duration::from_secs(120);

/// Fetches a document's bytes and reads them, with a password where there is one.
///
/// # Errors
/// What may pass: a store that is away, a full scratch disk. What is wrong with the file itself stands in the reading.
pub async fn read(vault: &Vault, document: &DocumentRow, password: Option<SecretString>) -> Result<Reading> {
    let mut bytes = match vault.storage.get(&document.object_key, None).await {
        Ok(bytes) => bytes,
        Err(StorageError::NotFound) => return Ok(Reading::none(DocumentProblem::ContentMissing)),
        Err(error) => return Err(away_or_broken(vault, error).await),
    };
    let extension = document.filename.extension();
    let hint = Hint { content_type: &document.content_type, extension: extension.as_deref() };
    // A reader may leave a file after its beginning; what was read to its end is known to be what was put in.
    let (mut hasher, mut ended) = (ContentHasher::default(), false);
    let watched = stream::poll_fn(|context| {
        let piece = ready!(bytes.poll_next_unpin(context));
        match &piece {
            Some(Ok(piece)) => hasher.update(piece),
            Some(Err(_)) => {}
            None => ended = true,
        }
        Poll::Ready(piece)
    });
    let read = vault.reader.read(hint, password, watched).await;
    if ended && hasher.finish() != document.sha256 {
        log::error!(document:% = document.id; "the object store holds other bytes than were put in");
        return Ok(Reading::none(DocumentProblem::ContentDamaged));
    }
    match read {
        Ok(reading) => Ok(reading),
        Err(ReadError::Unreadable(problem)) => Ok(Reading::none(problem)),
        Err(ReadError::Source(error)) => Err(away_or_broken(vault, error).await),
        Err(ReadError::Failed(error)) if matches!(error.kind(), StorageFull | QuotaExceeded) => {
            Err(Error::internal(error).for_time(FULL_DISK_WAIT))
        }
        Err(ReadError::Failed(error)) => Err(Error::internal(error)),
    }
}

/// A store that is away is no fault of the job's, however long it lasts. One that answers, and does not hand out this object,
/// is: such a job is tried a few times, with time for the store to come to itself, and then given up and shown. One that refuses
/// it may refuse all of them, until somebody puts its rights in order: that is waited for, but not second by second.
async fn away_or_broken(vault: &Vault, error: StorageError) -> Error {
    match error {
        StorageError::Unavailable(_) if vault.storage.ping().await.is_ok() => {
            Error::internal(error).for_time(BROKEN_OBJECT_WAIT)
        }
        StorageError::Refused(..) => Error::from(error).for_time(BROKEN_OBJECT_WAIT),
        other => other.into(),
    }
}
