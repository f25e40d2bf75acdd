//! What travels: the JSON of the interface.

use crate::ai::Reason;
use crate::ai::local::tidy::Likeness;
use crate::db::models::{AssignedTopic, AuditRow, JobRow, TopicRow};
use crate::domain::{
    DocumentId, DocumentStatus, JobId, JobKind, JobState, Run, Selection, TextSource, TopicId, TopicSource,
};
use crate::services::listing::{Listed, Page};
use crate::services::runs::KnownRun;
use crate::services::{Vault, documents, explanation, stats, suggestions, topics};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A document.
#[derive(Debug, Serialize, ToSchema)]
pub struct Document {
    id: DocumentId,
    /// The name a person gave the file.
    filename: String,
    title: Option<String>,
    /// MIME type: what the bytes say where they say anything, else what was declared, else what the name suggests.
    content_type: String,
    /// MIME type, as the uploader declared it.
    declared_type: Option<String>,
    size_bytes: i64,
    /// SHA-256 of the bytes, 64 hexadecimal digits.
    sha256: String,
    status: DocumentStatus,
    /// Why it could not be read.
    error: Option<DocumentError>,
    topics: Vec<TopicOfDocument>,
    /// A person chose the topics, also where the choice was "none": the AI leaves them alone.
    topics_by_user: bool,
    /// ISO 639-3.
    language: Option<String>,
    page_count: Option<i32>,
    /// Where the text comes from; `none` where there is none, and `error` says why; null before it was read.
    text_source: Option<TextSource>,
    /// There is more to read in the file than the text has: a limit was reached.
    text_truncated: bool,
    /// Who wrote it, as the file says.
    author: Option<String>,
    /// When it was written, as the file says.
    file_created_at: Option<DateTime<Utc>>,
    /// When it was last changed, as the file says.
    file_modified_at: Option<DateTime<Utc>>,
    /// There is a picture of its first page, at `/documents/{id}/thumbnail`.
    has_thumbnail: bool,
    /// Since when it is in the trash; null where it is not.
    deleted_at: Option<DateTime<Utc>>,
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
        let AssignedTopic { id, name, color, source, confidence } = topic;
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
            declared_type: row.declared_type,
            size_bytes: row.size_bytes,
            sha256: row.sha256.to_string(),
            status: row.status,
            error: row.error_code.zip(row.error_message).map(|(code, message)| DocumentError { code, message }),
            topics: document.topics.into_iter().map(Into::into).collect(),
            topics_by_user: row.topics_by_user,
            language: row.language,
            page_count: row.page_count,
            text_source: row.text_source,
            text_truncated: row.text_truncated,
            author: row.author,
            file_created_at: row.file_created_at,
            file_modified_at: row.file_modified_at,
            has_thumbnail: row.thumbnail_key.is_some(),
            deleted_at: row.deleted_at,
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

/// Something that happened to a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    at: DateTime<Utc>,
    /// Who did it: `user`, `worker` or `operator`.
    actor: String,
    /// What was done: `document.created`, `document.processed`, `document.topics_set` and so on; there may be more.
    action: String,
    /// What else there is to know; differs with the action.
    #[schema(value_type = Object)]
    detail: Value,
}

impl From<AuditRow> for HistoryEntry {
    fn from(row: AuditRow) -> Self {
        let AuditRow { at, actor, action, detail, .. } = row;
        Self { at, actor, action, detail }
    }
}

/// Why a document's topics fit, or do not.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// The topics that fit best, the best first.
    topics: Vec<ExplainedTopic>,
    /// How likely it is that none of the topics fits, 0 to 1; null where that can't be told.
    none: Option<f32>,
}

/// How well a topic fits.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplainedTopic {
    id: TopicId,
    name: String,
    /// How sure the vault is of it now, 0 to 1: it may have learned since the document was sorted.
    confidence: f32,
    /// The words that decided, the weightiest first.
    words: Vec<ExplainedWord>,
}

/// A word of the document.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplainedWord {
    word: String,
    /// Its part in the topic's score; below 0 where it spoke for other topics.
    weight: f32,
}

impl From<explanation::Explanation> for Explanation {
    fn from(found: explanation::Explanation) -> Self {
        let word = |reason: Reason| ExplainedWord { word: reason.word, weight: reason.weight };
        let topics = found.topics.into_iter().map(|topic| ExplainedTopic {
            id: topic.topic,
            name: topic.name,
            confidence: topic.confidence,
            words: topic.words.into_iter().map(word).collect(),
        });
        Self { topics: topics.collect(), none: found.none }
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

/// What could be tidied up among the topics.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopicSuggestions {
    /// Two topics that seem to mean the same, the likest first.
    near_duplicates: Vec<NearDuplicate>,
    /// Topics without a document, the trash aside; by name.
    unused: Vec<UnusedTopic>,
    /// Documents for review that seem to be about the same thing, the most first.
    clusters: Vec<TopicCluster>,
}

/// Two topics that seem to mean the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct NearDuplicate {
    /// The one with more documents first.
    topics: [NamedTopic; 2],
    by: SimilarBy,
    /// How alike they are, 0 to 1.
    similarity: f32,
}

/// What tells that topics are alike: their names, or what they are about (name, description, documents).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SimilarBy {
    Name,
    Content,
}

/// A topic by its name.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedTopic {
    id: TopicId,
    name: String,
}

/// A topic that nobody uses.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnusedTopic {
    id: TopicId,
    name: String,
    /// When it was made.
    created_at: DateTime<Utc>,
}

/// Documents for review that seem to be about the same thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopicCluster {
    /// A name for their topic, that no topic has yet.
    name: String,
    /// What they share and others do not, the most telling word first.
    words: Vec<String>,
    /// How many documents there are.
    count: usize,
    /// All of them, the newest first.
    documents: Vec<NamedDocument>,
}

/// A document by its name.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedDocument {
    id: DocumentId,
    filename: String,
    title: Option<String>,
}

impl From<suggestions::Suggestions> for TopicSuggestions {
    fn from(found: suggestions::Suggestions) -> Self {
        let named = |topic: TopicRow| NamedTopic { id: topic.id, name: topic.name };
        let pair = |pair: suggestions::NearDuplicate| NearDuplicate {
            topics: pair.topics.map(named),
            by: match pair.by {
                Likeness::Name => SimilarBy::Name,
                Likeness::Content => SimilarBy::Content,
            },
            similarity: pair.similarity,
        };
        let unused = |topic: TopicRow| UnusedTopic { id: topic.id, name: topic.name, created_at: topic.created_at };
        let document = |document: suggestions::Named| {
            let suggestions::Named { id, filename, title } = document;
            NamedDocument { id, filename: filename.to_string(), title }
        };
        let cluster = |cluster: suggestions::Cluster| TopicCluster {
            name: cluster.name,
            words: cluster.words,
            count: cluster.documents.len(),
            documents: cluster.documents.into_iter().map(document).collect(),
        };
        Self {
            near_duplicates: found.near_duplicates.into_iter().map(pair).collect(),
            unused: found.unused.into_iter().map(unused).collect(),
            clusters: found.clusters.into_iter().map(cluster).collect(),
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
        let JobRow { id, kind, document_id, state, attempts, last_error, created_at, updated_at, .. } = row;
        Self { id, kind, document_id, state, attempts, last_error, created_at, updated_at }
    }
}

/// Many documents sorted anew by the AI, or that taken back.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClassificationRun {
    id: JobId,
    state: JobState,
    /// Which documents it sorts; null for one that takes another back.
    selection: Option<Selection>,
    /// The run that it takes back.
    undoes: Option<JobId>,
    /// Documents there were to look at when it was started.
    total: i64,
    /// Those that it has looked at so far.
    done: i64,
    /// Those of them that it has changed.
    changed: i64,
    /// Those of them for which the AI had no answer; they stay as they were.
    failed: i64,
    /// It was ended before its end, or will be in a moment.
    cancelled: bool,
    /// Why it could not go on, where it has to wait or was given up: for the operator.
    last_error: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<KnownRun> for ClassificationRun {
    fn from(known: KnownRun) -> Self {
        let JobRow { id, state, last_error, created_at, updated_at, .. } = known.job;
        let Run { selection, undoes, total, done, changed, failed, cancelled, .. } = known.run;
        let selection = undoes.is_none().then_some(selection);
        Self {
            id,
            state,
            selection,
            undoes,
            total,
            done,
            changed,
            failed,
            cancelled,
            last_error,
            created_at,
            updated_at,
        }
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

/// A document's password. Nothing shows it: there is no `Debug`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unlock {
    #[schema(min_length = 1, max_length = 127, format = Password)]
    pub(super) password: String,
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

/// Where the documents of a topic go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TopicMerge {
    /// The topic that stays.
    pub into: TopicId,
}

/// The data of a `document` event: what changes about a document, as [`Document`] has it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what `services::events::document` tells")]
pub struct DocumentEvent {
    id: DocumentId,
    status: DocumentStatus,
    topics: Vec<TopicOfDocument>,
    /// Why it could not be read.
    error: Option<DocumentError>,
    filename: String,
    title: Option<String>,
    /// A person chose the topics.
    topics_by_user: bool,
    /// MIME type.
    content_type: String,
    /// ISO 639-3.
    language: Option<String>,
    page_count: Option<i32>,
    text_source: Option<TextSource>,
    text_truncated: bool,
    has_thumbnail: bool,
    /// When it was put into the trash; null where it is not in there.
    deleted_at: Option<DateTime<Utc>>,
}

/// The data of a `purged` event.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what `services::events::purged` tells")]
pub struct PurgedEvent {
    id: DocumentId,
}

/// The vault in numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stats {
    /// Without the trash.
    documents: i64,
    /// Of these documents, together.
    bytes: i64,
    by_status: StatsByStatus,
    /// All topics, by name.
    by_topic: Vec<StatsOfTopic>,
    queue: StatsOfQueue,
    trash: StatsOfTrash,
}

/// How many documents have come how far.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct StatsByStatus {
    pending: i64,
    processing: i64,
    ready: i64,
    needs_review: i64,
    failed: i64,
}

/// How many documents stand under a topic.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatsOfTopic {
    id: TopicId,
    name: String,
    /// `#rrggbb`.
    color: String,
    document_count: i64,
}

/// The work that is still to be done.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatsOfQueue {
    /// Jobs that are queued or running.
    depth: i64,
    /// Time since the oldest of them was made; null where there is none.
    oldest_age_seconds: Option<i64>,
    /// Jobs that were given up.
    dead: i64,
}

/// What is in the trash.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatsOfTrash {
    documents: i64,
    bytes: i64,
}

impl From<stats::Stats> for Stats {
    fn from(stats: stats::Stats) -> Self {
        let mut by_status = StatsByStatus::default();
        for (status, documents) in stats.by_status {
            // Of one status there may be two parts.
            *match status {
                DocumentStatus::Pending => &mut by_status.pending,
                DocumentStatus::Processing => &mut by_status.processing,
                DocumentStatus::Ready => &mut by_status.ready,
                DocumentStatus::NeedsReview => &mut by_status.needs_review,
                DocumentStatus::Failed => &mut by_status.failed,
            } += documents;
        }
        let by_topic = stats.by_topic.into_iter().map(|topic| StatsOfTopic {
            id: topic.row.id,
            name: topic.row.name,
            color: topic.row.color,
            document_count: topic.document_count,
        });
        let queue = StatsOfQueue { depth: stats.depth, oldest_age_seconds: stats.oldest_age_seconds, dead: stats.dead };
        Self {
            documents: stats.kept.documents,
            bytes: stats.kept.bytes,
            by_status,
            by_topic: by_topic.collect(),
            queue,
            trash: StatsOfTrash { documents: stats.trash.documents, bytes: stats.trash.bytes },
        }
    }
}

/// What a client should know before it begins.
#[derive(Debug, Serialize, ToSchema)]
pub struct About {
    version: &'static str,
    /// The largest file that is taken.
    max_upload_bytes: u64,
    /// How long a document stays in the trash; 0: until somebody removes it.
    trash_days: u32,
    /// Which AI sorts the documents.
    ai_provider: &'static str,
    /// Topics that it is less sure of are left to a person.
    ai_min_confidence: f32,
}

impl About {
    /// This vault.
    pub fn of(vault: &Vault) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            max_upload_bytes: vault.config.http.max_upload_bytes,
            trash_days: vault.config.work.trash_days,
            ai_provider: vault.ai.name(),
            ai_min_confidence: vault.config.ai.min_confidence,
        }
    }
}
