//! Putting a document in: bytes first, row second, bell last.
//!
//! Invariants:
//! - The row is committed only after the object store has all bytes; so a row always has its object.
//! - An object without a row may be left when a process dies in between; the sweep removes it after a grace period.
//! - Where it is certain that nothing was committed, the object goes at once: an outage of PostgreSQL must not leave one
//!   for each upload that it refuses. Where it is not, the object stays: better an orphan for a day than a row without
//!   bytes.

use super::Vault;
use super::documents::Document;
use crate::crash::{self, CrashPoint};
use crate::db::models::{NewAuditEntry, NewDocument};
use crate::db::queries;
use crate::db::queries::steps::NewFile;
use crate::domain::{ContentHash, ContentHasher, DocumentId, Filename, JobId, ObjectKey, TopicId, TopicSource};
use crate::error::{Error, ErrorCode, Result};
use crate::storage::StorageError;
use bytes::Bytes;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::json;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::io::{InspectReader, StreamReader};

/// Pieces between the connection and the object store: a small buffer, so that the slower one sets the pace.
const PIECES_IN_FLIGHT: usize = 8;

/// What is known of a document before its bytes come.
#[derive(Debug)]
pub struct NewUpload {
    /// The file's name.
    pub filename: Filename,
    /// A title.
    pub title: Option<String>,
    /// Topics a person chose.
    pub topics: Vec<TopicId>,
    /// Topics an AI chose earlier, with its confidence; none where a person chose.
    pub ai_topics: Vec<(TopicId, f32)>,
    /// Keep it even where the same bytes are here already.
    pub keep_duplicate: bool,
    /// The MIME type to put on record.
    pub content_type: String,
    /// MIME type, as the uploader declared it.
    pub declared_type: Option<String>,
    /// At most so many bytes, if the client said how many.
    pub size_hint: Option<u64>,
}

enum Piece {
    Bytes(Bytes),
    End,
}

/// An upload that is flowing in. Dropped before [`Upload::finish`], it leaves nothing behind.
pub struct Upload {
    pieces: mpsc::Sender<Piece>,
    outcome: JoinHandle<Result<Document>>,
}

/// Begins an upload, once there is room: bytes given to it flow on to the object store, which runs in a task of its own.
///
/// # Errors
/// `busy` where there is no room for long.
pub async fn begin(vault: &Arc<Vault>, new: NewUpload) -> Result<Upload> {
    let room = vault.upload_room.take(vault.storage.memory_of_put(new.size_hint)).await.inspect_err(|_| {
        vault.metrics.uploads.with_label_values(&["busy"]).inc();
    })?;
    let (pieces, receiver) = mpsc::channel(PIECES_IN_FLIGHT);
    let task_vault = vault.clone();
    let outcome = vault.background.spawn(async move {
        let outcome = receive(&task_vault, new, receiver).await;
        drop(room);
        outcome
    });
    Ok(Upload { pieces, outcome })
}

impl Upload {
    /// Gives the next bytes; waits while the object store is slower.
    ///
    /// # Errors
    /// When the store failed meanwhile.
    pub async fn write(self, bytes: Bytes) -> Result<Self> {
        match self.pieces.send(Piece::Bytes(bytes)).await {
            Ok(()) => Ok(self),
            // The other end is gone: it ended early, and knows why.
            Err(_) => Err(match self.outcome.await {
                Ok(Err(error)) => error,
                Ok(Ok(_)) => Error::internal("an upload ended before its end"),
                Err(panic) => Error::internal(panic),
            }),
        }
    }

    /// Says that these were all bytes; answers the document once it is safe.
    ///
    /// # Errors
    /// `duplicate` where the same bytes are kept already, `unknown_topic`, or a failing store.
    pub async fn finish(self) -> Result<Document> {
        // Should the other end be gone, the outcome tells why.
        let _ = self.pieces.send(Piece::End).await;
        self.outcome.await.map_err(Error::internal)?
    }
}

async fn receive(vault: &Vault, new: NewUpload, pieces: mpsc::Receiver<Piece>) -> Result<Document> {
    vault.metrics.uploads_in_flight.inc();
    let result = store(vault, new, pieces).await;
    vault.metrics.uploads_in_flight.dec();
    let outcome = match &result {
        Ok(_) => "kept",
        Err(error) if error.code() == ErrorCode::InvalidMultipart => "broken",
        Err(error) if is_refusal(error) => "refused",
        Err(_) => "failed",
    };
    vault.metrics.uploads.with_label_values(&[outcome]).inc();
    result
}

/// True where the vault itself decided against the upload.
fn is_refusal(error: &Error) -> bool {
    matches!(error.code(), ErrorCode::Duplicate | ErrorCode::UnknownTopic)
}

async fn store(vault: &Vault, new: NewUpload, pieces: mpsc::Receiver<Piece>) -> Result<Document> {
    let id = DocumentId::generate();
    let key = ObjectKey::generate(id, &new.filename);
    let mut hasher = ContentHasher::default();
    let mut source = InspectReader::new(StreamReader::new(until_end(pieces)), |bytes| hasher.update(bytes));
    let size = vault.storage.put(&key, &new.content_type, &mut source).await.map_err(|error| match error {
        StorageError::Source(cause) => {
            Error::new(ErrorCode::InvalidMultipart, "The upload broke off before its end.").with_source(cause)
        }
        other => other.into(),
    })?;
    crash::point(CrashPoint::UploadAfterPut);
    let stored = Stored { id, key: &key, hash: hasher.finish(), size };
    let mut committing = false;
    match commit(vault, &new, &stored, &mut committing).await {
        Ok((document, job)) => {
            vault.metrics.upload_bytes.inc_by(size);
            crash::point(CrashPoint::UploadAfterCommit);
            vault.ring(job, document.changed()).await;
            crash::point(CrashPoint::UploadAfterRing);
            Ok(document)
        }
        Err(error) => {
            // Nothing was committed, so nothing needs the object.
            if !committing && let Err(cause) = vault.storage.delete(&key).await {
                log::warn!(document:% = id; "an object of a refused upload stays for the sweep: {cause}");
            }
            Err(error)
        }
    }
}

/// The pieces as a stream that ends well only where the end was said; a sender that went away is a broken upload.
fn until_end(pieces: mpsc::Receiver<Piece>) -> impl tokio_stream::Stream<Item = io::Result<Bytes>> + Unpin {
    let closed = tokio_stream::once(None);
    let mut ended = false;
    Box::pin(ReceiverStream::new(pieces).map(Some).chain(closed).map_while(move |piece| match piece {
        _ if ended => None,
        Some(Piece::Bytes(bytes)) => Some(Ok(bytes)),
        Some(Piece::End) => {
            ended = true;
            None
        }
        None => Some(Err(io::ErrorKind::UnexpectedEof.into())),
    }))
}

struct Stored<'a> {
    id: DocumentId,
    key: &'a ObjectKey,
    hash: ContentHash,
    size: u64,
}

/// Document, topics, job and audit row, all or none. `committing` is set before PostgreSQL is asked to commit: an error
/// that leaves it unset says for certain that nothing was committed.
async fn commit(
    vault: &Vault,
    new: &NewUpload,
    stored: &Stored<'_>,
    committing: &mut bool,
) -> Result<(Document, JobId)> {
    let document = NewDocument {
        id: stored.id,
        filename: &new.filename,
        title: new.title.as_deref(),
        content_type: &new.content_type,
        declared_type: new.declared_type.as_deref(),
        object_key: stored.key,
        size_bytes: i64::try_from(stored.size).map_err(Error::internal)?,
        sha256: stored.hash,
        topics_by_user: !new.topics.is_empty(),
    };
    let (source, topics): (_, Vec<_>) = if new.ai_topics.is_empty() {
        (TopicSource::User, new.topics.iter().map(|topic| (*topic, None)).collect())
    } else {
        (TopicSource::Ai, new.ai_topics.iter().map(|(topic, confidence)| (*topic, Some(*confidence))).collect())
    };
    let ai_topics: Vec<_> =
        new.ai_topics.iter().map(|(id, confidence)| json!({"id": id, "confidence": confidence})).collect();
    let line = NewAuditEntry {
        actor: "user",
        action: "document.created",
        subject_type: "document",
        subject_id: stored.id.as_uuid(),
        detail: json!({
            "sha256": stored.hash.to_string(),
            "size_bytes": stored.size,
            "object_key": stored.key.as_str(),
            "topic_ids": new.topics,
            "ai_topics": ai_topics,
        }),
    };
    let job = JobId::generate();
    let file = NewFile { document: &document, keep: new.keep_duplicate, topics: &topics, source, job, line: &line };

    let mut conn = vault.db.get().await?;
    crash::point(CrashPoint::UploadBeforeCommit);
    *committing = true;
    let mut put_in = queries::steps::put_in(&mut conn, &file).await;
    if new.keep_duplicate && matches!(put_in, Ok(None)) {
        // Another upload of the same bytes came at this moment: now it is seen, and this one is a copy of it.
        put_in = queries::steps::put_in(&mut conn, &file).await;
    }
    *committing = put_in.as_ref().is_err_and(|error| !is_refused(error));
    match put_in.map_err(super::topics::unknown_topic)? {
        Some(filed) => Ok((filed.into(), job)),
        None if new.keep_duplicate => Err(Error::internal("a copy was refused as a duplicate")),
        None => Err(match queries::documents::find_by_hash(&mut conn, stored.hash).await? {
            Some(existing) => Error::duplicate(existing),
            // … and went again at once. What the client sees is as if it had been there all along.
            None => Error::unavailable("a duplicate was removed while it was looked at"),
        }),
    }
}

/// The server would not have the rows: the statement had no effect. Of any other error that is not certain: a server that
/// is told to end may say so after it has committed.
fn is_refused(error: &DieselError) -> bool {
    use DatabaseErrorKind::{
        CheckViolation, ForeignKeyViolation, NotNullViolation, ReadOnlyTransaction, UniqueViolation,
    };
    let kind = if let DieselError::DatabaseError(kind, _) = error { kind } else { return false };
    matches!(kind, CheckViolation | ForeignKeyViolation | NotNullViolation | ReadOnlyTransaction | UniqueViolation)
}
