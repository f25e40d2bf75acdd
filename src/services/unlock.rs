//! A document that is protected by a password, read once with it.
//!
//! The password is kept nowhere: it waits in the memory of this process until the worker that has the job in hand asks
//! for it (`queue/secrets.rs`). Where either ends before, the document stays as it was, and is unlocked once more.

use super::Vault;
use super::documents::{Document, audit, missing, with_topics};
use crate::db::models::JobRow;
use crate::db::{AsyncConnection, queries};
use crate::domain::{DocumentId, DocumentProblem, DocumentStatus, JobKind};
use crate::error::{Error, ErrorCode, Result};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use uuid::Uuid;

/// Longest password, in bytes: that of PDF 2.0 (ISO 32000-2, 7.6.4.3.3).
const MAX_PASSWORD_BYTES: usize = 127;

/// Has a document read with its password.
///
/// # Errors
/// `not_found`; `not_locked` where it was not for want of a password that it could not be read, or where it is being
/// read right now; `invalid_field` for what can't be a password; `busy`.
pub async fn unlock(vault: &Vault, id: DocumentId, password: SecretString) -> Result<Document> {
    if !(1..=MAX_PASSWORD_BYTES).contains(&password.expose_secret().len()) || password.expose_secret().contains('\0') {
        return Err(Error::new(ErrorCode::InvalidField, "A password has 1 to 127 bytes."));
    }
    let name = Uuid::new_v4();
    let Some(offer) = vault.queue.offer(name).await? else {
        return Err(Error::new(ErrorCode::Busy, "Many documents are being unlocked. Try again in a minute."));
    };
    let mut conn = vault.db.get().await?;
    let (document, job) = conn
        .transaction::<_, Error, _>(async |conn| {
            let row = queries::documents::lock(conn, id).await?.ok_or_else(missing)?;
            if row.error_code.as_deref() != Some(DocumentProblem::Password.as_str()) {
                return Err(not_locked());
            }
            let job = queries::jobs::enqueue(conn, JobKind::ProcessDocument, id).await?;
            if !queries::jobs::set_unlock(conn, job.id, name).await? {
                return Err(not_locked());
            }
            queries::documents::set_status(conn, id, DocumentStatus::Pending).await?;
            let entry = audit(id, "document.unlock_requested", json!({"job_id": job.id}));
            queries::audit::append(conn, &entry).await?;
            let after = queries::documents::find(conn, id).await?.ok_or_else(missing)?;
            Ok((with_topics(conn, after).await?, job))
        })
        .await?;
    offer.give(password);
    vault.ring(job.id, document.changed()).await;
    Ok(document)
}

fn not_locked() -> Error {
    Error::new(ErrorCode::NotLocked, "This document does not wait for a password.")
}

/// The password for a job, where one is offered.
///
/// # Errors
/// When Redis can't be reached.
pub(super) async fn password_for(vault: &Vault, job: &JobRow) -> Result<Option<SecretString>> {
    match job.unlock {
        Some(name) => Ok(vault.queue.ask(name).await?),
        None => Ok(None),
    }
}
