//! Documents on their way out: into the trash, back out of it, and gone for good.
//!
//! Invariants:
//! - A document in the trash keeps its row, its bytes, its topics and its work; it is only not shown. So it comes back as
//!   it would be had it never left.
//! - A removal takes the row first, so that nobody finds the document any more, then the bytes. Where it ends in between,
//!   the sweep finds an object without a row.

use super::documents::{Document, missing, reread, with_topics};
use super::{Vault, events};
use crate::crash::{self, CrashPoint};
use crate::db::models::NewAuditEntry;
use crate::db::{AsyncConnection, queries};
use crate::domain::DocumentId;
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::json;
use std::sync::Arc;

/// Documents that one turn of the purge removes, at most.
const PURGED_AT_ONCE: i64 = 100;

/// Puts a document into the trash.
///
/// # Errors
/// `not_found`, also where it is in the trash already.
pub async fn put_in(vault: &Vault, id: DocumentId) -> Result<()> {
    let mut conn = vault.db.get().await?;
    let document = conn
        .transaction::<_, Error, _>(async |conn| {
            if !queries::documents::trash(conn, id).await? {
                return Err(missing());
            }
            let entry = super::documents::audit(id, "document.trashed", json!({}));
            queries::audit::append(conn, &entry).await?;
            reread(conn, id).await?.ok_or_else(missing)
        })
        .await?;
    vault.events.tell(document.changed());
    Ok(())
}

/// Takes a document out of the trash. One that is not in it stays as it is.
///
/// # Errors
/// `not_found`; `duplicate` where the same bytes were put in again meanwhile.
pub async fn restore(vault: &Vault, id: DocumentId) -> Result<Document> {
    let mut conn = vault.db.get().await?;
    let mut hash = None;
    let restored = conn
        .transaction::<_, Error, _>(async |conn| {
            let row = queries::documents::lock_anywhere(conn, id).await?.ok_or_else(missing)?;
            if row.deleted_at.is_none() {
                return with_topics(conn, row).await;
            }
            hash = Some(row.sha256);
            queries::documents::restore(conn, id).await.map_err(taken)?;
            let entry = super::documents::audit(id, "document.restored", json!({}));
            queries::audit::append(conn, &entry).await?;
            let row = queries::documents::find(conn, id).await?.ok_or_else(missing)?;
            with_topics(conn, row).await
        })
        .await;
    match (restored, hash) {
        (Err(error), Some(hash)) if error.code() == ErrorCode::Duplicate => {
            Err(match queries::documents::find_by_hash(&mut conn, hash).await? {
                Some(existing) => Error::duplicate(existing),
                None => Error::unavailable("a duplicate was removed while it was looked at"),
            })
        }
        (restored, _) => restored.inspect(|document| vault.events.tell(document.changed())),
    }
}

fn taken(error: DieselError) -> Error {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            Error::new(ErrorCode::Duplicate, "The vault holds a document of the same bytes already.")
        }
        other => other.into(),
    }
}

/// Removes a document for good, in the trash or not.
///
/// # Errors
/// `not_found`.
pub async fn delete(vault: &Arc<Vault>, id: DocumentId) -> Result<()> {
    let task_vault = vault.clone();
    // Both steps, also when the client does not wait.
    let removal = async move { remove(&task_vault, id, Removal::AskedFor).await?.map(drop).ok_or_else(missing) };
    vault.background.spawn(removal).await.map_err(Error::internal)?
}

/// Removes what came into the trash longer ago than it may stay there; answers how many, at most [`PURGED_AT_ONCE`].
///
/// # Errors
/// When a store fails. A turn also ends at the first object that can't be removed: the next ones would not fare better.
pub async fn purge(vault: &Vault) -> Result<usize> {
    let days = vault.config.work.trash_days;
    if days == 0 {
        return Ok(0);
    }
    let before = vault.clock.now() - TimeDelta::days(days.into());
    let mut conn = vault.db.get().await?;
    let expired = queries::documents::trashed_before(&mut conn, before, PURGED_AT_ONCE).await?;
    drop(conn);
    if expired.is_empty() {
        return Ok(0);
    }
    // While the object store is away, each removal would leave its bytes to the sweep.
    vault.storage.ping().await?;
    let mut purged = 0;
    for id in expired {
        match remove(vault, id, Removal::Expired(before)).await? {
            Some(Bytes::Gone) => purged += 1,
            Some(Bytes::Left) => return Ok(purged + 1),
            // Taken out of the trash meanwhile, or removed by somebody.
            None => {}
        }
    }
    Ok(purged)
}

/// Why a document is removed.
#[derive(Clone, Copy)]
enum Removal {
    /// A person wants it gone.
    AskedFor,
    /// It came into the trash before this time.
    Expired(DateTime<Utc>),
}

/// What became of a removed document's bytes.
enum Bytes {
    Gone,
    Left,
}

/// Removes row and bytes. None where there is nothing to remove.
async fn remove(vault: &Vault, id: DocumentId, why: Removal) -> Result<Option<Bytes>> {
    let mut conn = vault.db.get().await?;
    let keys = conn
        .transaction::<_, Error, _>(async |conn| {
            // In the order in which all lock: what counts the documents of a topic would ask for the topics last.
            if queries::documents::lock_anywhere(conn, id).await?.is_some() {
                queries::topics::lock_around(conn, id, &[]).await?;
            }
            let (actor, keys) = match why {
                Removal::AskedFor => ("user", queries::documents::delete(conn, id).await?),
                Removal::Expired(before) => ("worker", queries::documents::purge(conn, id, before).await?),
            };
            if let Some((key, _)) = &keys {
                let entry = NewAuditEntry {
                    actor,
                    action: "document.deleted",
                    subject_type: "document",
                    subject_id: id.as_uuid(),
                    detail: json!({"object_key": key.as_str()}),
                };
                queries::audit::append(conn, &entry).await?;
                crash::point(CrashPoint::DeleteBeforeCommit);
            }
            Ok(keys)
        })
        .await?;
    drop(conn);
    let Some((key, thumbnail)) = keys else { return Ok(None) };
    vault.events.tell(events::purged(id));
    crash::point(CrashPoint::DeleteBetweenRowAndObject);
    let mut bytes = Bytes::Gone;
    for key in [Some(key), thumbnail].into_iter().flatten() {
        if let Err(error) = vault.storage.delete(&key).await {
            log::warn!(document:% = id; "the bytes of a removed document stay for the sweep: {error}");
            bytes = Bytes::Left;
        }
    }
    crash::point(CrashPoint::DeleteAfterObject);
    Ok(Some(bytes))
}
