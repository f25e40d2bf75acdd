//! Topics: the user's own words for what belongs together.

use super::listing::{Page, foreign_cursor, parse_limit};
use super::{Vault, events};
use crate::db::models::{NewAuditEntry, TopicRow};
use crate::db::queries::topics::TopicChange;
use crate::db::{AsyncConnection, AsyncPgConnection, queries};
use crate::domain::{Color, Cursor, TopicId, TopicName};
use crate::error::{Error, ErrorCode, Result};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::{Value, json};

/// The one order of this list, as it stands in its cursors.
const SORT: &str = "name";
/// Topics in a vault, at most: most clients take the list as a whole, and the AI weighs every one of them for every document.
const MAX_TOPICS: i64 = 1000;
/// Documents that are taken from under a topic at a time.
const DOCUMENTS_A_STEP: usize = 1000;
/// Longest description, in characters.
const MAX_DESCRIPTION_CHARS: usize = 4000;

/// A topic, and how many documents stand under it.
#[derive(Debug, Clone)]
pub struct Topic {
    /// The row.
    pub row: TopicRow,
    /// Documents under it.
    pub document_count: i64,
}

/// A topic that does not exist, where the database refused it as a foreign key.
pub(super) fn unknown_topic(error: DieselError) -> Error {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => unknown(),
        other => other.into(),
    }
}

fn unknown() -> Error {
    Error::new(ErrorCode::UnknownTopic, "One of the topics does not exist.")
}

fn taken(error: DieselError) -> Error {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Error::new(
            ErrorCode::DuplicateTopic,
            "Another topic has this name. Upper and lower case count as the same.",
        ),
        other => other.into(),
    }
}

fn missing() -> Error {
    Error::not_found("The topic")
}

fn audit(id: TopicId, action: &'static str, detail: Value) -> NewAuditEntry {
    NewAuditEntry { actor: "user", action, subject_type: "topic", subject_id: id.as_uuid(), detail }
}

/// A description as it is stored.
///
/// # Errors
/// `invalid_body` for one that is too long or has a NUL, which PostgreSQL can't hold.
pub fn parse_description(text: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > MAX_DESCRIPTION_CHARS || text.contains('\0') {
        return Err(Error::new(ErrorCode::InvalidBody, "A description has at most 4000 characters, and no NUL."));
    }
    Ok(text.to_owned())
}

/// Topics by name: all of them, or a page where a limit or a place is given.
///
/// # Errors
/// `invalid_cursor`, `invalid_query`.
pub async fn list(vault: &Vault, cursor: Option<&str>, limit: Option<u32>) -> Result<Page<Topic>> {
    if cursor.is_none() && limit.is_none() {
        let items = counted(&mut *vault.db.get().await?).await?;
        return Ok(Page { items, next_cursor: None });
    }
    let limit = parse_limit(limit)?;
    let after = cursor.map(|text| Cursor::decode(text, SORT).ok_or_else(foreign_cursor)).transpose()?;
    let mut conn = vault.db.get().await?;
    let rows = queries::topics::with_counts(&mut conn, after.as_ref(), Some(limit + 1)).await?;
    let place =
        |topic: &Topic| Cursor { sort: SORT.to_owned(), key: topic.row.name.clone(), id: topic.row.id.as_uuid() };
    Ok(Page::cut(rows.into_iter().map(topic).collect(), limit, place))
}

/// All topics, by name, on a connection that is there already.
pub(super) async fn counted(conn: &mut AsyncPgConnection) -> Result<Vec<Topic>> {
    let rows = queries::topics::with_counts(conn, None, None).await?;
    Ok(rows.into_iter().map(topic).collect())
}

fn topic((row, document_count): (TopicRow, i64)) -> Topic {
    Topic { row, document_count }
}

/// Refuses topics that do not exist: before a large upload, not after it.
///
/// # Errors
/// `unknown_topic`.
pub async fn check_exist(vault: &Vault, ids: &[TopicId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut conn = vault.db.get().await?;
    let found = queries::topics::existing(&mut conn, ids).await?;
    if ids.iter().all(|id| found.contains(id)) { Ok(()) } else { Err(unknown()) }
}

/// Makes a topic.
///
/// # Errors
/// `duplicate_topic`, `too_many_topics`.
pub async fn create(vault: &Vault, name: &TopicName, description: &str, color: Option<&Color>) -> Result<Topic> {
    let mut conn = vault.db.get().await?;
    let topic = conn
        .transaction::<_, Error, _>(async |conn| {
            if queries::topics::count(conn).await? >= MAX_TOPICS {
                return Err(Error::new(ErrorCode::TooManyTopics, "A vault has at most 1000 topics."));
            }
            let row = queries::topics::insert(conn, name, description, color).await.map_err(taken)?;
            queries::audit::append(conn, &audit(row.id, "topic.created", json!({"name": row.name}))).await?;
            Ok(Topic { row, document_count: 0 })
        })
        .await?;
    vault.events.tell(events::topics());
    Ok(topic)
}

/// Changes a topic.
///
/// # Errors
/// `not_found`, `duplicate_topic`.
pub async fn change(vault: &Vault, id: TopicId, change: TopicChange<'_>) -> Result<Topic> {
    let mut conn = vault.db.get().await?;
    let topic = conn
        .transaction::<_, Error, _>(async |conn| {
            let row = queries::topics::update(conn, id, &change).await.map_err(taken)?.ok_or_else(missing)?;
            let document_count = queries::topics::document_count(conn, id).await?;
            queries::audit::append(conn, &audit(id, "topic.updated", json!({"name": row.name}))).await?;
            Ok(Topic { row, document_count })
        })
        .await?;
    vault.events.tell(events::topics());
    Ok(topic)
}

/// Removes a topic, also from its documents; the documents stay. What stood under it alone is unsorted again.
///
/// # Errors
/// `not_found`.
pub async fn delete(vault: &Vault, id: TopicId) -> Result<()> {
    let mut conn = vault.db.get().await?;
    let document_count = queries::topics::document_count(&mut conn, id).await?;
    let mut released = 0;
    // In steps, since half a vault may stand under it: each by itself leaves nothing that is not as it should be.
    loop {
        let step = conn
            .transaction(async |conn| queries::topics::release_documents(conn, id, DOCUMENTS_A_STEP as i64).await)
            .await?;
        released += step;
        if step < DOCUMENTS_A_STEP && remove(&mut conn, id, document_count).await? {
            break;
        }
    }
    vault.events.tell(events::topics());
    if released > 0 {
        vault.events.missed();
    }
    Ok(())
}

/// Removes a topic that no document needs. False where one came under it just now.
async fn remove(conn: &mut AsyncPgConnection, id: TopicId, document_count: i64) -> Result<bool> {
    conn.transaction(async |conn| {
        if queries::topics::lock(conn, &[id]).await?.is_empty() {
            return Err(missing());
        }
        if queries::topics::is_needed(conn, id).await? {
            return Ok(false);
        }
        queries::topics::delete(conn, id).await?;
        let detail = json!({"document_count": document_count});
        queries::audit::append(conn, &audit(id, "topic.deleted", detail)).await?;
        Ok(true)
    })
    .await
}

/// Merges a topic into another: its documents stand under that one from then on, and it is gone. A document under both
/// keeps the stronger of the two: a person's choice before the AI's, then the higher confidence.
///
/// # Errors
/// `not_found`; `unknown_topic` for `into`; `invalid_body` for a topic into itself.
pub async fn merge(vault: &Vault, id: TopicId, into: TopicId) -> Result<Topic> {
    if id == into {
        return Err(Error::new(ErrorCode::InvalidBody, "A topic can't be merged into itself."));
    }
    let mut conn = vault.db.get().await?;
    let merged = conn
        .transaction::<_, Error, _>(async |conn| {
            let mut found = queries::topics::lock(conn, &[id, into]).await?;
            let merged = found.extract_if(.., |topic| topic.id == id).next().ok_or_else(missing)?;
            let target = found.pop().ok_or_else(unknown)?;
            let moved = queries::topics::document_count(conn, id).await?;
            queries::topics::move_documents(conn, id, into).await?;
            queries::topics::delete(conn, id).await?;
            let document_count = queries::topics::document_count(conn, into).await?;
            let detail = json!({"name": merged.name, "into": into, "into_name": target.name, "document_count": moved});
            queries::audit::append(conn, &audit(id, "topic.merged", detail)).await?;
            let detail = json!({"name": target.name, "from": id, "from_name": merged.name, "document_count": moved});
            queries::audit::append(conn, &audit(into, "topic.absorbed", detail)).await?;
            Ok(Topic { row: target, document_count })
        })
        .await?;
    vault.events.tell(events::topics());
    Ok(merged)
}
