//! The steps of a document's way: put in, claimed, settled. Each is one statement, since a round trip costs both sides more
//! than most of the work in it; and a statement by itself is a transaction.
//!
//! As everywhere, the document is locked before its job.

use super::interval;
use super::jobs::{can_be_taken, is_in_hand};
use super::topics::topics_of;
use crate::db::models::{AssignedTopics, DocumentOutcome, DocumentRow, JobRow, Learned, NewAuditEntry, NewDocument};
use crate::db::prepared::prepared;
use crate::domain::{DocumentProblem, DocumentStatus, JobId, JobKind, JobState, TopicId, TopicSource};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{
    Array, BigInt, Binary, Bool, Float, Integer, Interval, Json, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::time::Duration;
use uuid::Uuid;

/// The columns of [`DocumentRow`], of what is called `document` in a statement.
macro_rules! columns {
    () => {
        "document.id, document.filename, document.title, document.content_type, document.declared_type, \
     document.object_key, document.size_bytes, document.sha256, document.status, document.error_code, \
     document.error_message, document.topics_by_user, document.language, document.page_count, document.text_source, \
     document.text_truncated, document.author, document.file_created_at, document.file_modified_at, \
     document.thumbnail_key, document.deleted_at, document.created_at, document.updated_at"
    };
}

/// See [`put_in`].
const PUT_IN: &str = concat!(
    "WITH twin AS (
             SELECT 1 FROM documents WHERE sha256 = $8 AND deleted_at IS NULL LIMIT 1
         ), document AS (
             INSERT INTO documents
                 (id, filename, title, content_type, declared_type, object_key, size_bytes, sha256, topics_by_user, is_copy)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, EXISTS (SELECT FROM twin)
             WHERE $10 OR NOT EXISTS (SELECT FROM twin)
             ON CONFLICT DO NOTHING
             RETURNING *
         ), chosen AS (
             SELECT * FROM unnest($11, $12) AS chosen (topic_id, confidence)
         ), under AS (
             INSERT INTO document_topics (document_id, topic_id, source, confidence)
             SELECT document.id, chosen.topic_id, $13, chosen.confidence FROM document, chosen
         ), job AS (
             INSERT INTO jobs (id, kind, document_id) SELECT $14, $15, document.id FROM document
         ), line AS (
             INSERT INTO audit_log (actor, action, subject_type, subject_id, detail)
             SELECT $16, $17, $18, $19, $20 FROM document
         )
         SELECT ", columns!(), ", (SELECT coalesce(json_agg(json_build_object('id', topics.id, 'name', topics.name,
                 'color', topics.color, 'source', $13, 'confidence', chosen.confidence) ORDER BY topics.name, topics.id), '[]')
             FROM chosen JOIN topics ON topics.id = chosen.topic_id) AS topics
         FROM document"
);

/// See [`claim`].
const CLAIM: &str = concat!(
    "WITH document AS (
             SELECT * FROM documents WHERE id = (SELECT document_id FROM jobs WHERE id = $1)
         ), job AS (
             UPDATE jobs SET state = 'running', lease_owner = $2, lease_until = now() + $3, attempts = attempts + 1,
                 updated_at = now()
             FROM document
             WHERE jobs.id = $1 AND jobs.document_id = document.id
             AND ",
    can_be_taken!(),
    "
             RETURNING jobs.*
         )
         SELECT ",
    columns!(),
    ", ",
    topics_of!("document"),
    " AS topics,
             document.text IS NULL AND coalesce(document.error_code, $4) = $4 AND NOT document.topics_by_user
                 AND EXISTS (SELECT FROM document_topics AS under
                             WHERE under.document_id = document.id AND under.source = 'ai') AS brings_topics,
             job.kind AS job_kind, job.attempts AS job_attempts, job.last_error AS job_last_error,
             job.unlock AS job_unlock, job.created_at AS job_created_at, job.updated_at AS job_updated_at,
             set_config('synchronous_commit', 'off', true)
         FROM document CROSS JOIN job"
);

/// See [`settle`]. The job is ended only where all is as it was assumed, and the rest follows from its end.
const SETTLE: &str = concat!(
    "WITH document AS (
             SELECT id FROM documents WHERE id = $1 AND updated_at = $2 FOR UPDATE
         ), chosen AS (
             SELECT topics.*, sure.confidence FROM unnest($4, $5) AS sure (id, confidence)
             JOIN topics ON topics.id = sure.id ORDER BY topics.id
         ), job AS (
             UPDATE jobs SET state = 'done', lease_owner = NULL, lease_until = NULL, last_error = NULL, updated_at = now()
             FROM document
             WHERE jobs.id = $6 AND jobs.attempts = $7 AND ", is_in_hand!(), " AND jobs.lease_owner = $8
             AND $3 = (SELECT count(*) FROM document_topics WHERE document_id = $1)
             AND cardinality($4) = (SELECT count(*) FROM chosen)
             RETURNING jobs.id
         ), under AS (
             INSERT INTO document_topics (document_id, topic_id, source, confidence)
             SELECT $1, chosen.id, $9, chosen.confidence FROM job, chosen
         ), line AS (
             INSERT INTO audit_log (actor, action, subject_type, subject_id, detail) SELECT $10, $11, $12, $13, $14 FROM job
         ), stored AS (
             UPDATE documents SET status = $15, text = $16, text_truncated = $17, search_text = $18, language = $19,
                 page_count = $20, text_source = $21, author = $22, file_created_at = $23, file_modified_at = $24,
                 thumbnail_key = $25, thumbnail_bytes = $26, error_code = $27, error_message = $28,
                 content_type = coalesce($29, content_type), title = coalesce($30, title), updated_at = now()
             FROM job WHERE documents.id = $1
             RETURNING documents.*
         )
         SELECT ", columns!(), ", (SELECT coalesce(json_agg(json_build_object('id', chosen.id, 'name', chosen.name,
                 'color', chosen.color, 'source', $9, 'confidence', chosen.confidence) ORDER BY chosen.name, chosen.id), '[]')
             FROM chosen) AS topics
         FROM stored AS document"
);

/// A document and what it stands under.
#[derive(Debug, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Filed {
    /// The document.
    #[diesel(embed)]
    pub document: DocumentRow,
    /// Its topics.
    #[diesel(sql_type = Json)]
    pub topics: AssignedTopics,
}

/// A document to put in, with all that goes with it.
#[derive(Debug)]
pub struct NewFile<'a> {
    /// The document.
    pub document: &'a NewDocument<'a>,
    /// Keep it also where the same bytes are there already: as a copy then.
    pub keep: bool,
    /// The topics it comes with, each with the AI's confidence or, where a person chose, with none.
    pub topics: &'a [(TopicId, Option<f32>)],
    /// Who chose them.
    pub source: TopicSource,
    /// The id of the job that is to process it.
    pub job: JobId,
    /// The line of the audit log.
    pub line: &'a NewAuditEntry,
}

/// Puts in a document, its topics, its job and the line of the audit log: all or none. None where the same bytes are kept
/// already and it is not to be kept beside them; also where others came with the same bytes at this moment.
///
/// # Errors
/// A foreign key violation where a topic does not exist; or when the database fails.
pub async fn put_in(conn: &mut AsyncPgConnection, file: &NewFile<'_>) -> QueryResult<Option<Filed>> {
    // In the order of their ids, in which all who lock topics do.
    let mut topics = file.topics.to_vec();
    topics.sort_unstable_by_key(|(id, _)| *id);
    let (ids, confidences): (Vec<TopicId>, Vec<Option<f32>>) = topics.into_iter().unzip();
    let new = file.document;
    let statement = diesel::sql_query(PUT_IN)
        .bind::<SqlUuid, _>(new.id)
        .bind::<Text, _>(new.filename)
        .bind::<Nullable<Text>, _>(new.title)
        .bind::<Text, _>(new.content_type)
        .bind::<Nullable<Text>, _>(new.declared_type)
        .bind::<Text, _>(new.object_key)
        .bind::<BigInt, _>(new.size_bytes)
        .bind::<Binary, _>(new.sha256)
        .bind::<Bool, _>(new.topics_by_user)
        .bind::<Bool, _>(file.keep)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Nullable<Float>>, _>(confidences)
        .bind::<Text, _>(file.source)
        .bind::<SqlUuid, _>(file.job)
        .bind::<Text, _>(JobKind::ProcessDocument)
        .bind::<Text, _>(file.line.actor)
        .bind::<Text, _>(file.line.action)
        .bind::<Text, _>(file.line.subject_type)
        .bind::<SqlUuid, _>(file.line.subject_id)
        .bind::<Jsonb, _>(&file.line.detail);
    prepared(statement).get_result(conn).await.optional()
}

/// A job that was claimed, and what it is about.
#[derive(Debug)]
pub struct Claimed {
    /// The job.
    pub job: JobRow,
    /// The document, as it stood before, and its topics.
    pub filed: Filed,
    /// It came with an AI's earlier choice and nothing was read of it yet: then this choice stands. A job that was given
    /// up has read nothing.
    pub brings_topics: bool,
}

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct ClaimedRow {
    #[diesel(embed)]
    filed: Filed,
    #[diesel(sql_type = Bool)]
    brings_topics: bool,
    #[diesel(sql_type = Text)]
    job_kind: JobKind,
    #[diesel(sql_type = Integer)]
    job_attempts: i32,
    #[diesel(sql_type = Nullable<Text>)]
    job_last_error: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    job_unlock: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    job_created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    job_updated_at: DateTime<Utc>,
}

/// Takes a job about a document, in the trash or not: one that is due, or one whose holder let its lease run out. The
/// document itself is neither changed nor locked: that its job runs says that it is being processed. None when there is
/// nothing to take.
///
/// Nothing waits for this commit to reach the disk: the next one that does takes it along. Where PostgreSQL dies before, the
/// job is queued as it was, and whoever believes to hold it can neither end it nor put it back.
///
/// # Errors
/// When the database fails.
pub async fn claim(
    conn: &mut AsyncPgConnection,
    id: JobId,
    owner: &str,
    lease: Duration,
) -> QueryResult<Option<Claimed>> {
    let statement = diesel::sql_query(CLAIM)
        .bind::<SqlUuid, _>(id)
        .bind::<Text, _>(owner)
        .bind::<Interval, _>(interval(lease))
        .bind::<Text, _>(DocumentProblem::GaveUp.as_str());
    let row: Option<ClaimedRow> = prepared(statement).get_result(conn).await.optional()?;
    Ok(row.map(|row| Claimed {
        job: JobRow {
            id,
            kind: row.job_kind,
            document_id: Some(row.filed.document.id),
            state: JobState::Running,
            attempts: row.job_attempts,
            last_error: row.job_last_error,
            unlock: row.job_unlock,
            created_at: row.job_created_at,
            updated_at: row.job_updated_at,
        },
        filed: row.filed,
        brings_topics: row.brings_topics,
    }))
}

/// What a job came to, to be stored with its end.
#[derive(Debug)]
pub struct Settlement<'a> {
    /// The job that was worked on.
    pub job: &'a JobRow,
    /// Who holds it.
    pub owner: &'a str,
    /// The document, as it was seen last.
    pub document: &'a DocumentRow,
    /// Under how many topics it stood then.
    pub stood: usize,
    /// Topics to put it under besides, each with the AI's confidence.
    pub chosen: &'a [(TopicId, f32)],
    /// What it is from now on.
    pub status: DocumentStatus,
    /// What was read.
    pub outcome: &'a DocumentOutcome,
    /// What reading learned besides.
    pub learned: &'a Learned,
    /// The line of the audit log.
    pub line: &'a NewAuditEntry,
}

/// Ends a job well, and stores what it came to: all or none. Answers the document as it is now, with the topics that it was
/// put under. None, and nothing is changed, where the owner holds the job no more in this attempt; also where the document
/// or its topics were changed since they were seen, or a chosen topic is gone: who wants to know looks.
///
/// # Errors
/// When the database fails.
pub async fn settle(conn: &mut AsyncPgConnection, settlement: &Settlement<'_>) -> QueryResult<Option<Filed>> {
    let Settlement { job, owner, document, stood, chosen, status, outcome, learned, line } = settlement;
    let (topics, confidences): (Vec<TopicId>, Vec<f32>) = chosen.iter().copied().unzip();
    let statement = diesel::sql_query(SETTLE)
        .bind::<SqlUuid, _>(document.id)
        .bind::<Timestamptz, _>(document.updated_at)
        .bind::<BigInt, _>(i64::try_from(*stood).unwrap_or(i64::MAX))
        .bind::<Array<SqlUuid>, _>(topics)
        .bind::<Array<Float>, _>(confidences)
        .bind::<SqlUuid, _>(job.id)
        .bind::<Integer, _>(job.attempts)
        .bind::<Text, _>(*owner)
        .bind::<Text, _>(TopicSource::Ai)
        .bind::<Text, _>(line.actor)
        .bind::<Text, _>(line.action)
        .bind::<Text, _>(line.subject_type)
        .bind::<SqlUuid, _>(line.subject_id)
        .bind::<Jsonb, _>(&line.detail)
        .bind::<Text, _>(*status)
        .bind::<Nullable<Text>, _>(outcome.text.as_deref())
        .bind::<Bool, _>(outcome.text_truncated)
        .bind::<Nullable<Text>, _>(outcome.search_text.as_deref())
        .bind::<Nullable<Text>, _>(outcome.language.as_deref())
        .bind::<Nullable<Integer>, _>(outcome.page_count)
        .bind::<Nullable<Text>, _>(outcome.text_source)
        .bind::<Nullable<Text>, _>(outcome.author.as_deref())
        .bind::<Nullable<Timestamptz>, _>(outcome.file_created_at)
        .bind::<Nullable<Timestamptz>, _>(outcome.file_modified_at)
        .bind::<Nullable<Text>, _>(outcome.thumbnail_key.as_ref())
        .bind::<Nullable<Integer>, _>(outcome.thumbnail_bytes)
        .bind::<Nullable<Text>, _>(outcome.error_code.as_deref())
        .bind::<Nullable<Text>, _>(outcome.error_message.as_deref())
        .bind::<Nullable<Text>, _>(learned.content_type.as_deref())
        .bind::<Nullable<Text>, _>(learned.title.as_deref());
    match prepared(statement).get_result(conn).await {
        // A chosen topic went in this very moment.
        Err(DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => Ok(None),
        settled => settled.optional(),
    }
}
