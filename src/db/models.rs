//! Rows, as the queries read and write them.

use super::schema::{audit_log, documents, jobs, topics};
use crate::domain::{
    ContentHash, DocumentId, DocumentStatus, Filename, JobId, JobKind, JobState, ObjectKey, TextSource, TopicId,
    TopicSource,
};
use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A document without its text.
#[derive(Debug, Clone, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = documents, check_for_backend(diesel::pg::Pg))]
pub struct DocumentRow {
    /// Its id.
    pub id: DocumentId,
    /// The name a person gave the file.
    pub filename: Filename,
    /// A title, where there is one.
    pub title: Option<String>,
    /// MIME type, as it was found.
    pub content_type: String,
    /// MIME type, as the uploader declared it.
    pub declared_type: Option<String>,
    /// Where the bytes lie.
    pub object_key: ObjectKey,
    /// How many bytes.
    pub size_bytes: i64,
    /// Their SHA-256.
    pub sha256: ContentHash,
    /// How far it has come.
    pub status: DocumentStatus,
    /// Why it could not be read: a code.
    pub error_code: Option<String>,
    /// Why it could not be read: a sentence.
    pub error_message: Option<String>,
    /// A person chose the topics.
    pub topics_by_user: bool,
    /// ISO 639-3.
    pub language: Option<String>,
    /// Pages, where the format has them.
    pub page_count: Option<i32>,
    /// Where its text comes from; none before it was read.
    pub text_source: Option<TextSource>,
    /// There is more to read than was kept.
    pub text_truncated: bool,
    /// Who wrote it, as the file says.
    pub author: Option<String>,
    /// When it was written, as the file says.
    pub file_created_at: Option<DateTime<Utc>>,
    /// When it was last changed, as the file says.
    pub file_modified_at: Option<DateTime<Utc>>,
    /// Where the picture of its first page lies.
    pub thumbnail_key: Option<ObjectKey>,
    /// Since when it is in the trash; none where it is not.
    pub deleted_at: Option<DateTime<Utc>>,
    /// When it was put in.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl DocumentRow {
    /// Something was read of it.
    pub fn has_text(&self) -> bool {
        !matches!(self.text_source, None | Some(TextSource::None))
    }

    /// It was read to its end, also where there was no text in it.
    pub fn was_read(&self) -> bool {
        self.text_source.is_some() && self.error_code.is_none()
    }
}

/// What the object store must hold for a document.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct ContentRow {
    /// Where the bytes lie.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub object_key: ObjectKey,
    /// How many bytes.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub size_bytes: i64,
    /// Their SHA-256; none for a thumbnail, which can be made again.
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Binary>)]
    pub sha256: Option<ContentHash>,
}

impl ContentRow {
    /// The bytes are a picture of the document's first page, and not the document.
    pub fn is_thumbnail(&self) -> bool {
        self.sha256.is_none()
    }
}

/// A document to insert; the rest of the columns has defaults.
#[derive(Debug)]
pub struct NewDocument<'a> {
    /// Its id.
    pub id: DocumentId,
    /// The name a person gave the file.
    pub filename: &'a Filename,
    /// A title, where there is one.
    pub title: Option<&'a str>,
    /// MIME type, as it was found.
    pub content_type: &'a str,
    /// MIME type, as the uploader declared it.
    pub declared_type: Option<&'a str>,
    /// Where the bytes lie.
    pub object_key: &'a ObjectKey,
    /// How many bytes.
    pub size_bytes: i64,
    /// Their SHA-256.
    pub sha256: ContentHash,
    /// A person chose the topics.
    pub topics_by_user: bool,
}

/// What reading and sorting a document came to.
#[derive(Debug, Default)]
pub struct DocumentOutcome {
    /// Its text.
    pub text: Option<String>,
    /// The text was cut at the limit.
    pub text_truncated: bool,
    /// What the index is built from, where that is not the text itself.
    pub search_text: Option<String>,
    /// ISO 639-3.
    pub language: Option<String>,
    /// Pages, where the format has them.
    pub page_count: Option<i32>,
    /// Where its text comes from.
    pub text_source: Option<TextSource>,
    /// Who wrote it, as the file says.
    pub author: Option<String>,
    /// When it was written, as the file says.
    pub file_created_at: Option<DateTime<Utc>>,
    /// When it was last changed, as the file says.
    pub file_modified_at: Option<DateTime<Utc>>,
    /// Where the picture of its first page lies.
    pub thumbnail_key: Option<ObjectKey>,
    /// How many bytes that picture has.
    pub thumbnail_bytes: Option<i32>,
    /// Why it could not be read: a code.
    pub error_code: Option<String>,
    /// Why it could not be read: a sentence.
    pub error_message: Option<String>,
}

/// What reading learns of a document that has a say of its own in it already; `None` leaves a column as it is.
#[derive(Debug, Clone, Default)]
pub struct Learned {
    /// MIME type, as it was found.
    pub content_type: Option<String>,
    /// A title, for a document that has none.
    pub title: Option<String>,
}

/// A topic.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = topics, check_for_backend(diesel::pg::Pg))]
pub struct TopicRow {
    /// Its id.
    pub id: TopicId,
    /// Its name.
    pub name: String,
    /// What belongs to it, in words: the AI reads this.
    pub description: String,
    /// `#rrggbb`.
    pub color: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A topic on a document.
#[derive(Debug, Clone, PartialEq, Queryable, Serialize, Deserialize)]
pub struct AssignedTopic {
    /// The topic.
    pub id: TopicId,
    /// Its name.
    pub name: String,
    /// `#rrggbb`.
    pub color: String,
    /// Who chose it.
    pub source: TopicSource,
    /// How sure the AI was; none for a person's choice.
    pub confidence: Option<f32>,
}

/// The topics of a document, as a statement gathers them beside it (a JSON array).
#[derive(Debug, Clone, Default, PartialEq, FromSqlRow)]
pub struct AssignedTopics(pub Vec<AssignedTopic>);

impl FromSql<sql_types::Json, Pg> for AssignedTopics {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(value.as_bytes())?))
    }
}

/// A job.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = jobs, check_for_backend(diesel::pg::Pg))]
pub struct JobRow {
    /// Its id.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// The document it is about.
    pub document_id: Option<DocumentId>,
    /// Where it stands.
    pub state: JobState,
    /// How often it was begun.
    pub attempts: i32,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// Under which name the document's password can be asked for.
    pub unlock: Option<Uuid>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A line of the audit log, about one thing.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = audit_log, check_for_backend(diesel::pg::Pg))]
pub struct AuditRow {
    /// Its place in the log.
    pub id: i64,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Who did it: `user`, `worker` or `operator`.
    pub actor: String,
    /// What was done, as `thing.deed`.
    pub action: String,
    /// What else there is to know.
    pub detail: Value,
}

/// A line for the audit log.
#[derive(Debug, Insertable)]
#[diesel(table_name = audit_log)]
pub struct NewAuditEntry {
    /// Who did it: `user`, `worker` or `operator`.
    pub actor: &'static str,
    /// What was done, as `thing.deed`.
    pub action: &'static str,
    /// The kind of thing it was done to.
    pub subject_type: &'static str,
    /// Which one.
    pub subject_id: Uuid,
    /// What else there is to know; never a document's text.
    pub detail: Value,
}

/// A document, as far as its words matter.
#[derive(Debug, Clone, Queryable)]
pub struct TaughtRow {
    /// Its id.
    pub id: DocumentId,
    /// Its title, where it has one.
    pub title: Option<String>,
    /// Its file's name.
    pub filename: Filename,
    /// ISO 639-3, where it is known.
    pub language: Option<String>,
    /// The beginning of its text.
    pub text: Option<String>,
}

/// A document, and the topics that it stands under.
#[derive(Debug, Clone)]
pub struct SampledRow {
    /// The document.
    pub document: TaughtRow,
    /// Its topics, and who chose each.
    pub topics: Vec<(TopicId, TopicSource)>,
}
