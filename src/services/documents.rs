//! Documents: looked at, changed, sorted by hand, read again. What is in the trash is not there for any of this.

use super::undo::Before;
use super::{Vault, events};
use crate::db::models::{AssignedTopic, DocumentRow, NewAuditEntry};
use crate::db::queries::documents::NameChange;
use crate::db::queries::steps::Filed;
use crate::db::{AsyncConnection, AsyncPgConnection, queries};
use crate::domain::{DocumentId, DocumentStatus, Filename, JobKind, JobState, TopicId, TopicSource};
use crate::error::{Error, ErrorCode, Result};
use crate::queue::Event;
use crate::storage::ByteStream;
use serde_json::{Value, json};
use std::ops::RangeInclusive;

/// Longest title, in characters.
const MAX_TITLE_CHARS: usize = 500;
/// Topics a person can put on one document.
pub const MAX_TOPICS: usize = 50;

/// A document with its topics.
#[derive(Debug, Clone)]
pub struct Document {
    /// The row.
    pub row: DocumentRow,
    /// Its topics, by name.
    pub topics: Vec<AssignedTopic>,
}

impl From<Filed> for Document {
    fn from(Filed { document, topics }: Filed) -> Self {
        Self { row: document, topics: topics.0 }
    }
}

impl Document {
    /// What those who watch are told after it changed.
    pub(super) fn changed(&self) -> Event {
        events::document(&self.row, &self.topics)
    }
}

pub(super) fn missing() -> Error {
    Error::not_found("The document")
}

pub(super) fn audit(id: DocumentId, action: &'static str, detail: Value) -> NewAuditEntry {
    NewAuditEntry { actor: "user", action, subject_type: "document", subject_id: id.as_uuid(), detail }
}

/// A title as it is stored: trimmed, nothing where it is blank.
///
/// # Errors
/// `invalid_field` for one that is too long or has control characters.
pub fn parse_title(title: &str) -> Result<Option<String>> {
    let title = title.trim();
    if title.chars().count() > MAX_TITLE_CHARS || title.chars().any(char::is_control) {
        let detail = "A title has at most 500 characters and no control characters.";
        return Err(Error::new(ErrorCode::InvalidField, detail));
    }
    Ok((!title.is_empty()).then(|| title.to_owned()))
}

/// A document with its topics.
pub(super) async fn with_topics(conn: &mut AsyncPgConnection, row: DocumentRow) -> Result<Document> {
    let topics = queries::topics::of_document(conn, row.id).await?;
    Ok(Document { row, topics })
}

/// A document as it stands now, after a change in the same transaction.
pub(super) async fn reread(conn: &mut AsyncPgConnection, id: DocumentId) -> Result<Option<Document>> {
    match queries::documents::lock_anywhere(conn, id).await? {
        Some(row) => with_topics(conn, row).await.map(Some),
        None => Ok(None),
    }
}

/// One document.
///
/// # Errors
/// `not_found`.
pub async fn get(vault: &Vault, id: DocumentId) -> Result<Document> {
    let mut conn = vault.db.get().await?;
    let row = queries::documents::find(&mut conn, id).await?.ok_or_else(missing)?;
    with_topics(&mut conn, row).await
}

/// A document's text.
///
/// # Errors
/// `not_found`, or `no_text` where it has none (yet).
pub async fn text(vault: &Vault, id: DocumentId) -> Result<String> {
    let mut conn = vault.db.get().await?;
    queries::documents::text(&mut conn, id)
        .await?
        .ok_or_else(missing)?
        .ok_or_else(|| Error::new(ErrorCode::NoText, "The document has no text, or was not read yet."))
}

/// A document's bytes, or those of `range` (first and last, counted from 0).
///
/// # Errors
/// `content_missing` where the object store has no such object.
pub async fn content(vault: &Vault, row: &DocumentRow, range: Option<RangeInclusive<u64>>) -> Result<ByteStream> {
    Ok(vault.storage.get(&row.object_key, range).await?)
}

/// What a person changes about a document.
#[derive(Debug, Default)]
pub struct DocumentChange {
    /// A new title; the inner `None` takes it away.
    pub title: Option<Option<String>>,
    /// A new name; the object's key stays as it is.
    pub filename: Option<Filename>,
}

/// Changes a document's title or name.
///
/// # Errors
/// `not_found`.
pub async fn change(vault: &Vault, id: DocumentId, change: DocumentChange) -> Result<Document> {
    let mut conn = vault.db.get().await?;
    let document = conn
        .transaction::<_, Error, _>(async |conn| {
            let before = queries::documents::lock(conn, id).await?.ok_or_else(missing)?;
            let names =
                NameChange { title: change.title.as_ref().map(Option::as_deref), filename: change.filename.as_ref() };
            queries::documents::rename(conn, id, &names).await?;
            let after = queries::documents::find(conn, id).await?.ok_or_else(missing)?;
            let detail = json!({
                "before": {"title": before.title, "filename": before.filename},
                "after": {"title": after.title, "filename": after.filename},
            });
            queries::audit::append(conn, &audit(id, "document.updated", detail)).await?;
            with_topics(conn, after).await
        })
        .await?;
    vault.events.tell(document.changed());
    Ok(document)
}

/// Puts exactly these topics on a document: a person's choice, which the AI leaves alone from then on.
///
/// # Errors
/// `not_found`, `unknown_topic`.
pub async fn set_topics(vault: &Vault, id: DocumentId, topics: &[TopicId]) -> Result<Document> {
    let mut conn = vault.db.get().await?;
    let document = conn
        .transaction::<_, Error, _>(async |conn| {
            let before = queries::documents::lock(conn, id).await?.ok_or_else(missing)?;
            let stood = queries::topics::of_document(conn, id).await?;
            queries::documents::mark_topics_by_user(conn, id, true).await?;
            let chosen: Vec<_> = topics.iter().map(|topic| (*topic, None)).collect();
            queries::topics::replace(conn, id, TopicSource::User, &chosen)
                .await
                .map_err(super::topics::unknown_topic)?;
            // Somebody looked: there is nothing left to review.
            if before.status == DocumentStatus::NeedsReview {
                queries::documents::set_status(conn, id, DocumentStatus::Ready).await?;
            }
            let detail = json!({"topic_ids": topics, "before": Before::of(&before, &stood)});
            queries::audit::append(conn, &audit(id, "document.topics_set", detail)).await?;
            let after = queries::documents::find(conn, id).await?.ok_or_else(missing)?;
            with_topics(conn, after).await
        })
        .await?;
    vault.events.tell(document.changed());
    Ok(document)
}

/// Has a document read and sorted again. Where that is under way already, it stays at that.
///
/// # Errors
/// `not_found`.
pub async fn reprocess(vault: &Vault, id: DocumentId) -> Result<Document> {
    let mut conn = vault.db.get().await?;
    let (document, job) = conn
        .transaction::<_, Error, _>(async |conn| {
            queries::documents::lock(conn, id).await?.ok_or_else(missing)?;
            let job = queries::jobs::enqueue(conn, JobKind::ProcessDocument, id).await?;
            if job.state == JobState::Queued {
                queries::documents::set_status(conn, id, DocumentStatus::Pending).await?;
            }
            let detail = json!({"job_id": job.id});
            queries::audit::append(conn, &audit(id, "document.reprocess_requested", detail)).await?;
            let after = queries::documents::find(conn, id).await?.ok_or_else(missing)?;
            Ok((with_topics(conn, after).await?, job))
        })
        .await?;
    vault.ring(job.id, document.changed()).await;
    Ok(document)
}
