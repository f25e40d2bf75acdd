//! From a document's row to its text.

use super::Vault;
use crate::db::models::DocumentRow;
use crate::domain::DocumentProblem;
use crate::error::{Error, Result};
use crate::extract::{Hint, ReadError, ReadText};
use crate::storage::StorageError;

/// Fetches a document's bytes and reads them. The inner error says what is wrong with the file, for good.
///
/// # Errors
/// The outer error may pass: a store that is away, a full scratch disk.
pub async fn read(vault: &Vault, document: &DocumentRow) -> Result<std::result::Result<ReadText, DocumentProblem>> {
    let bytes = match vault.storage.get(&document.object_key, None).await {
        Ok(bytes) => bytes,
        Err(StorageError::NotFound) => return Ok(Err(DocumentProblem::ContentMissing)),
        Err(error) => return Err(error.into()),
    };
    let extension = document.filename.extension();
    let hint = Hint { content_type: &document.content_type, extension: extension.as_deref() };
    match vault.reader.read(hint, bytes).await {
        Ok(text) => Ok(Ok(text)),
        Err(ReadError::Unreadable(problem)) => Ok(Err(problem)),
        Err(ReadError::Source(error)) => Err(error.into()),
        Err(ReadError::Failed(error)) => Err(Error::internal(error)),
    }
}
