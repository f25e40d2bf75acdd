//! What travels: the JSON of the interface.

use crate::db::models::{AssignedTopic, JobRow};
use crate::domain::{DocumentId, DocumentStatus, JobId, JobKind, JobState, TopicId, TopicSource};
use crate::services::documents;
use crate::services::listing::{Listed, Page};
use crate::services::topics;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A document.
#[derive(Debug, Serialize, ToSchema)]
pub struct Document {
    id: DocumentId,
    /// The name a person gave the file.
    filename: String,
    title: Option<String>,
    /// MIME type.
    content_type: String,
    size_bytes: i64,
    /// SHA-256 of the bytes, 64 hexadecimal digits.
    sha256: String,
    status: DocumentStatus,
    /// Why it could not be read.
    error: Option<DocumentError>,
    topics: Vec<TopicOfDocument>,
    /// A person chose the topics, or that there are none.
    topics_by_user: bool,
    /// ISO 639-3.
    language: Option<String>,
    page_count: Option<i32>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Why a document could not be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentError {
    /// `unsupported`, `password`, `damaged`, `too_large`, `timed_out`, `empty`, `content_missing`, `content_damaged` or
    /// `gave_up`.
    code: String,
    message: String,
}

/// A topic on a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopicOfDocument {
    id: TopicId,
    name: String,
    /// `#rrggbb`.
    color: String,
    source: TopicSource,
    /// How sure the AI was, 0 to 1; null for a person's choice.
    confidence: Option<f32>,
}

impl From<AssignedTopic> for TopicOfDocument {
    fn from(topic: AssignedTopic) -> Self {
        let AssignedTopic { id, name, color, source, confidence, .. } = topic;
        Self { id, name, color, source, confidence }
    }
}

impl From<documents::Document> for Document {
    fn from(document: documents::Document) -> Self {
        let row = document.row;
        Self {
            id: row.id,
            filename: row.filename.to_string(),
            title: row.title,
            content_type: row.content_type,
            size_bytes: row.size_bytes,
            sha256: row.sha256.to_string(),
            status: row.status,
            error: row.error_code.zip(row.error_message).map(|(code, message)| DocumentError { code, message }),
            topics: document.topics.into_iter().map(Into::into).collect(),
            topics_by_user: row.topics_by_user,
            language: row.language,
            page_count: row.page_count,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A document in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentInList {
    #[serde(flatten)]
    document: Document,
    /// With `q`: the passages that answer it, safe as HTML, hits between `<mark>` and `</mark>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    highlight: Option<String>,
}

impl From<Listed> for DocumentInList {
    fn from(listed: Listed) -> Self {
        Self { document: listed.document.into(), highlight: listed.highlight }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListOf<T> {
    items: Vec<T>,
    /// Give it as `cursor` to get the next page; null on the last one.
    next_cursor: Option<String>,
}

impl<T> ListOf<T> {
    /// A page, each row in its JSON.
    pub fn of<R: Into<T>>(page: Page<R>) -> Self {
        Self { items: page.items.into_iter().map(Into::into).collect(), next_cursor: page.next_cursor }
    }

    /// A list that has all its rows on one page.
    pub fn whole<R: Into<T>>(rows: Vec<R>) -> Self {
        Self { items: rows.into_iter().map(Into::into).collect(), next_cursor: None }
    }
}

/// A topic.
#[derive(Debug, Serialize, ToSchema)]
pub struct Topic {
    id: TopicId,
    name: String,
    /// What belongs to it, in words: the AI reads this.
    description: String,
    /// `#rrggbb`.
    color: String,
    document_count: i64,
    created_at: DateTime<Utc>,
}

impl Topic {
    /// Its id.
    pub fn id(&self) -> TopicId {
        self.id
    }
}

impl From<topics::Topic> for Topic {
    fn from(topic: topics::Topic) -> Self {
        let topics::Topic { row, document_count } = topic;
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            color: row.color,
            document_count,
            created_at: row.created_at,
        }
    }
}

/// A job.
#[derive(Debug, Serialize, ToSchema)]
pub struct Job {
    id: JobId,
    kind: JobKind,
    document_id: Option<DocumentId>,
    state: JobState,
    /// How often it was begun.
    attempts: i32,
    /// Why the last attempt failed: for the operator.
    last_error: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<JobRow> for Job {
    fn from(row: JobRow) -> Self {
        let JobRow { id, kind, document_id, state, attempts, last_error, created_at, updated_at } = row;
        Self { id, kind, document_id, state, attempts, last_error, created_at, updated_at }
    }
}

/// What can be changed about a document; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentPatch {
    /// null takes the title away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub title: Option<Option<String>>,
    /// A new name; the bytes stay where they are.
    #[schema(min_length = 1, max_length = 255)]
    pub filename: Option<String>,
}

/// Tells `null` from nothing at all.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Topics a person chose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TopicChoice {
    /// At most 50; none is a choice too.
    #[schema(max_items = 50)]
    pub topic_ids: Vec<TopicId>,
}

/// A topic to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTopic {
    /// Another topic of this name, upper and lower case alike, is refused.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What belongs to it, in words: the AI reads this.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub description: String,
    /// `#rrggbb`.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    pub color: Option<String>,
}

/// What can be changed about a topic; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TopicPatch {
    /// A new name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// A new description.
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    /// A new colour, `#rrggbb`.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    pub color: Option<String>,
}
