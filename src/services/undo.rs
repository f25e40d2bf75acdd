//! A person's choice of topics, taken back.
//!
//! Each choice leaves in the audit log what stood before it ([`Before`]), and each undoing names the choice that it took
//! back. So a further one goes on with the choice before.

use super::Vault;
use super::documents::{Document, audit, missing, with_topics};
use crate::db::models::{AssignedTopic, DocumentRow};
use crate::db::{AsyncConnection, AsyncPgConnection, queries};
use crate::domain::{DocumentId, DocumentStatus, TopicId, TopicSource};
use crate::error::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What stood before a choice.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Before {
    topics: Vec<TopicBefore>,
    topics_by_user: bool,
    status: DocumentStatus,
}

#[derive(Debug, Serialize, Deserialize)]
struct TopicBefore {
    id: TopicId,
    source: TopicSource,
    confidence: Option<f32>,
}

impl Before {
    pub(super) fn of(document: &DocumentRow, topics: &[AssignedTopic]) -> Self {
        let topic =
            |topic: &AssignedTopic| TopicBefore { id: topic.id, source: topic.source, confidence: topic.confidence };
        Self {
            topics: topics.iter().map(topic).collect(),
            topics_by_user: document.topics_by_user,
            status: document.status,
        }
    }
}

/// Puts the topics on a document that stood there before, without those that were removed since; answers them.
pub(super) async fn restore(conn: &mut AsyncPgConnection, id: DocumentId, before: &Before) -> Result<Vec<TopicId>> {
    let ids: Vec<TopicId> = before.topics.iter().map(|topic| topic.id).collect();
    let alive = queries::topics::lock_around(conn, id, &ids).await?;
    let topics: Vec<_> = before
        .topics
        .iter()
        .filter(|topic| alive.contains(&topic.id))
        .map(|topic| (topic.id, topic.source, topic.confidence))
        .collect();
    queries::topics::replace_as_they_were(conn, id, &topics).await?;
    Ok(topics.into_iter().map(|(topic, ..)| topic).collect())
}

fn nothing() -> Error {
    Error::new(ErrorCode::NothingToUndo, "The last change of this document's topics was not a person's choice.")
}

/// Takes back the last choice of topics that a person made for a document: what stood before it stands again, without
/// topics that were removed since. Once more takes back the choice before that.
///
/// # Errors
/// `not_found`; `nothing_to_undo`, also for a choice that does not tell what stood before it: one that came with the
/// upload, or one of an older release.
pub async fn topics(vault: &Vault, id: DocumentId) -> Result<Document> {
    let mut conn = vault.db.get().await?;
    let document = conn
        .transaction::<_, Error, _>(async |conn| {
            let document = queries::documents::lock(conn, id).await?.ok_or_else(missing)?;
            // Once a person has chosen, the AI leaves the topics alone: so the last change was a person's, or it was not.
            if !document.topics_by_user {
                return Err(nothing());
            }
            let choice = queries::audit::last_choice(conn, id).await?.ok_or_else(nothing)?;
            let before = choice.detail.get("before").cloned().ok_or_else(nothing)?;
            let before: Before = serde_json::from_value(before).map_err(Error::internal)?;
            let topic_ids = restore(conn, id, &before).await?;
            // Of a choice whose topics are all gone nothing is left; of "none of them" there never was more.
            let by_user = before.topics_by_user && (before.topics.is_empty() || !topic_ids.is_empty());
            queries::documents::mark_topics_by_user(conn, id, by_user).await?;
            // Ready by that choice alone: it waits for a person again. It may have been read since, or a topic gone: so it goes
            // by what stands there now, and not by what it was.
            if matches!(document.status, DocumentStatus::Ready | DocumentStatus::NeedsReview) {
                let status = DocumentStatus::once_read(by_user || !topic_ids.is_empty());
                queries::documents::set_status(conn, id, status).await?;
            }
            let detail = json!({"choice": choice.id, "topic_ids": topic_ids});
            queries::audit::append(conn, &audit(id, "document.topics_undone", detail)).await?;
            let after = queries::documents::find(conn, id).await?.ok_or_else(missing)?;
            with_topics(conn, after).await
        })
        .await?;
    vault.events.tell(document.changed());
    Ok(document)
}
