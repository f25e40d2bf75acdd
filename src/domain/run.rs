//! A classification run: many documents sorted anew by the AI, or that taken back.

use super::{DocumentId, DocumentStatus, JobId, TopicId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which documents a run sorts anew: those that all of this is true of. Nothing said: all that no person has sorted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// These, and no others; at most 1,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1_000)]
    pub document_ids: Option<Vec<DocumentId>>,
    /// Full text, as in the list of documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub q: Option<String>,
    /// All of these topics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topic_ids: Vec<TopicId>,
    /// Any of these states. Only `ready` and `needs_review` have something to sort.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<DocumentStatus>,
    /// Any of these MIME types, or of these families (`image/*`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_types: Vec<String>,
    /// Put in at or after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<DateTime<Utc>>,
    /// Put in before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_to: Option<DateTime<Utc>>,
}

/// What a run is to do, and how far it has come; as it stands in its job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Which documents it sorts; of no meaning where it takes back.
    pub selection: Selection,
    /// The run that it takes back.
    pub undoes: Option<JobId>,
    /// Documents there were to look at when it was started.
    pub total: i64,
    /// Those that it has looked at.
    pub done: i64,
    /// Those of them that it has changed.
    pub changed: i64,
    /// Those of them for which the AI had no answer; they stay as they were.
    pub failed: i64,
    /// Somebody wants it to end.
    pub cancelled: bool,
    /// The document that it looked at last, and when that was put in.
    pub last_document: Option<(DateTime<Utc>, DocumentId)>,
    /// The line of the audit log that it took back last.
    pub last_line: Option<i64>,
}
