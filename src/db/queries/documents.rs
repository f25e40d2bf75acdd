//! Documents: put in, found, changed, removed.

use crate::db::models::{ContentRow, DocumentRow, SampledRow, TaughtRow};
use crate::db::prepared::prepared;
use crate::db::schema::documents::{self, dsl};
use crate::db::schema::{document_topics, jobs};
use crate::domain::{ContentHash, DocumentId, DocumentStatus, Filename, JobState, ObjectKey, TopicId, TopicSource};
use chrono::{DateTime, Utc};
use diesel::dsl::{now, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;

/// The document waits, and its job is in the hands of a worker: it is being processed. That stands in the job alone: a row
/// of `documents` has an entry in some twenty indexes, and would get each of them anew for it.
const IN_HAND: &str = "(documents.status = 'pending' AND EXISTS (
    SELECT FROM jobs WHERE jobs.document_id = documents.id AND jobs.state = 'running'))";

/// As a condition.
pub(super) fn in_hand() -> SqlLiteral<Bool> {
    sql(IN_HAND)
}

/// A row, with what [`in_hand`] says of it.
pub(super) fn with_state((document, in_hand): (DocumentRow, bool)) -> DocumentRow {
    let status = if in_hand { DocumentStatus::Processing } else { document.status };
    DocumentRow { status, ..document }
}

/// A document of these bytes that is not in the trash: the one that is no copy, or else the oldest.
///
/// # Errors
/// When the database fails.
pub async fn find_by_hash(conn: &mut AsyncPgConnection, hash: ContentHash) -> QueryResult<Option<DocumentId>> {
    dsl::documents
        .filter(dsl::sha256.eq(hash))
        .filter(dsl::deleted_at.is_null())
        .order((dsl::is_copy, dsl::created_at, dsl::id))
        .select(dsl::id)
        .first(conn)
        .await
        .optional()
}

/// One document that is not in the trash.
///
/// # Errors
/// When the database fails.
pub async fn find(conn: &mut AsyncPgConnection, id: DocumentId) -> QueryResult<Option<DocumentRow>> {
    let document =
        dsl::documents.find(id).filter(dsl::deleted_at.is_null()).select((DocumentRow::as_select(), in_hand()));
    prepared(document).get_result(conn).await.optional().map(|found| found.map(with_state))
}

/// One document that is not in the trash, locked until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn lock(conn: &mut AsyncPgConnection, id: DocumentId) -> QueryResult<Option<DocumentRow>> {
    Ok(lock_anywhere(conn, id).await?.filter(|row| row.deleted_at.is_none()))
}

/// One document, in the trash or not, locked until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn lock_anywhere(conn: &mut AsyncPgConnection, id: DocumentId) -> QueryResult<Option<DocumentRow>> {
    let document = dsl::documents.find(id).select((DocumentRow::as_select(), in_hand())).for_update();
    prepared(document).get_result(conn).await.optional().map(|found| found.map(with_state))
}

/// The text of a document that is not in the trash; the outer `None` where there is no such document.
///
/// # Errors
/// When the database fails.
pub async fn text(conn: &mut AsyncPgConnection, id: DocumentId) -> QueryResult<Option<Option<String>>> {
    dsl::documents.find(id).filter(dsl::deleted_at.is_null()).select(dsl::text).first(conn).await.optional()
}

/// What a person changes about a document; `None` leaves a column as it is.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = documents)]
pub struct NameChange<'a> {
    /// A new title; the inner `None` takes it away.
    pub title: Option<Option<&'a str>>,
    /// A new name. The object's key stays as it is.
    pub filename: Option<&'a Filename>,
}

/// Changes a document's title or name.
///
/// # Errors
/// When the database fails.
pub async fn rename(conn: &mut AsyncPgConnection, id: DocumentId, change: &NameChange<'_>) -> QueryResult<()> {
    diesel::update(dsl::documents.find(id)).set((change, dsl::updated_at.eq(now))).execute(conn).await.map(drop)
}

/// Sets how far a document has come.
///
/// # Errors
/// When the database fails.
pub async fn set_status(conn: &mut AsyncPgConnection, id: DocumentId, status: DocumentStatus) -> QueryResult<()> {
    diesel::update(dsl::documents.find(id))
        .set((dsl::status.eq(status), dsl::updated_at.eq(now)))
        .execute(conn)
        .await
        .map(drop)
}

/// Marks whether a person chose the topics. The document has changed by that: a worker that has it in hand looks anew before
/// it settles, and what is learned from choices is learned again.
///
/// # Errors
/// When the database fails.
pub async fn mark_topics_by_user(conn: &mut AsyncPgConnection, id: DocumentId, by_user: bool) -> QueryResult<()> {
    diesel::update(dsl::documents.find(id))
        .set((dsl::topics_by_user.eq(by_user), dsl::updated_at.eq(now)))
        .execute(conn)
        .await
        .map(drop)
}

/// Stores why a document could not be worked on, and leaves what was read of it before.
///
/// # Errors
/// When the database fails.
pub async fn store_failure(conn: &mut AsyncPgConnection, id: DocumentId, code: &str, message: &str) -> QueryResult<()> {
    diesel::update(dsl::documents.find(id))
        .set((
            dsl::status.eq(DocumentStatus::Failed),
            dsl::error_code.eq(code),
            dsl::error_message.eq(message),
            dsl::updated_at.eq(now),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Puts a document into the trash. False where it is not there, or in the trash already.
///
/// # Errors
/// When the database fails.
pub async fn trash(conn: &mut AsyncPgConnection, id: DocumentId) -> QueryResult<bool> {
    let trashed = diesel::update(dsl::documents.find(id))
        .filter(dsl::deleted_at.is_null())
        .set((dsl::deleted_at.eq(now.into_sql::<Timestamptz>().nullable()), dsl::updated_at.eq(now)))
        .execute(conn)
        .await?;
    Ok(trashed == 1)
}

/// Takes a document out of the trash.
///
/// # Errors
/// A unique violation where another document of the same bytes was put in meanwhile, and this one is no copy.
pub async fn restore(conn: &mut AsyncPgConnection, id: DocumentId) -> QueryResult<()> {
    diesel::update(dsl::documents.find(id))
        .set((dsl::deleted_at.eq(None::<DateTime<Utc>>), dsl::updated_at.eq(now)))
        .execute(conn)
        .await
        .map(drop)
}

/// Documents that came into the trash before `before`: the first ones first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn trashed_before(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<DocumentId>> {
    dsl::documents
        .filter(dsl::deleted_at.lt(before))
        .order((dsl::deleted_at, dsl::id))
        .limit(limit)
        .select(dsl::id)
        .load(conn)
        .await
}

/// As [`delete`], if the document came into the trash before `before`, and was not taken out of it since.
///
/// # Errors
/// When the database fails.
pub async fn purge(conn: &mut AsyncPgConnection, id: DocumentId, before: DateTime<Utc>) -> QueryResult<Option<Keys>> {
    diesel::delete(dsl::documents.find(id).filter(dsl::deleted_at.lt(before)))
        .returning((dsl::object_key, dsl::thumbnail_key))
        .get_result(conn)
        .await
        .optional()
}

/// Where a document's bytes lie, and the picture of its first page.
pub type Keys = (ObjectKey, Option<ObjectKey>);

/// Removes a document's row and what hangs on it, in the trash or not; answers the keys of the objects that nobody needs
/// any more.
///
/// # Errors
/// When the database fails.
pub async fn delete(conn: &mut AsyncPgConnection, id: DocumentId) -> QueryResult<Option<Keys>> {
    diesel::delete(dsl::documents.find(id))
        .returning((dsl::object_key, dsl::thumbnail_key))
        .get_result(conn)
        .await
        .optional()
}

/// Takes the reference to this thumbnail away, where it still stands. False where it does not.
///
/// # Errors
/// When the database fails.
pub async fn forget_thumbnail(conn: &mut AsyncPgConnection, key: &ObjectKey) -> QueryResult<bool> {
    let forgotten = diesel::update(dsl::documents.filter(dsl::thumbnail_key.eq(key)))
        .set((dsl::thumbnail_key.eq(None::<ObjectKey>), dsl::thumbnail_bytes.eq(None::<i32>)))
        .execute(conn)
        .await?;
    Ok(forgotten == 1)
}

/// Those of `keys` that a row stands for, in the trash or not: documents and thumbnails.
///
/// # Errors
/// When the database fails.
pub async fn known_keys(conn: &mut AsyncPgConnection, keys: &[ObjectKey]) -> QueryResult<Vec<ObjectKey>> {
    let mut known: Vec<ObjectKey> =
        dsl::documents.filter(dsl::object_key.eq_any(keys)).select(dsl::object_key).load(conn).await?;
    if known.len() < keys.len() {
        let thumbnails = dsl::documents.filter(dsl::thumbnail_key.eq_any(keys)).select(dsl::thumbnail_key);
        known.extend(thumbnails.load::<Option<ObjectKey>>(conn).await?.into_iter().flatten());
    }
    Ok(known)
}

/// How many documents of a status there are, and how many bytes they have: those of the vault, and those in the trash.
pub type Total = (DocumentStatus, (i64, i64), (i64, i64));

/// How many documents there are of each status, and how many bytes they have: first those of the vault, then those in
/// the trash.
///
/// # Errors
/// When the database fails.
pub async fn totals(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Total>> {
    let kept = sql::<(BigInt, BigInt)>(
        "count(*) FILTER (WHERE deleted_at IS NULL),
         coalesce(sum(size_bytes) FILTER (WHERE deleted_at IS NULL), 0)::bigint",
    );
    let trash = sql::<(BigInt, BigInt)>(
        "count(deleted_at), coalesce(sum(size_bytes) FILTER (WHERE deleted_at IS NOT NULL), 0)::bigint",
    );
    let sums = (kept, trash);
    let mut all: Vec<Total> =
        dsl::documents.group_by(dsl::status).select((dsl::status, sums.0.clone(), sums.1.clone())).load(conn).await?;
    // By themselves: to ask this of every document would cost more than all the rest. It is a moment later: so no more of
    // them than were seen to wait.
    let (kept, trash): ((i64, i64), (i64, i64)) = dsl::documents.filter(in_hand()).select(sums).first(conn).await?;
    if let Some((_, kept_waiting, trash_waiting)) =
        all.iter_mut().find(|(status, ..)| *status == DocumentStatus::Pending)
    {
        let take = |waiting: &mut (i64, i64), in_hand: (i64, i64)| {
            let taken = (in_hand.0.min(waiting.0), in_hand.1.min(waiting.1));
            *waiting = (waiting.0 - taken.0, waiting.1 - taken.1);
            taken
        };
        let (kept, trash) = (take(kept_waiting, kept), take(trash_waiting, trash));
        all.push((DocumentStatus::Processing, kept, trash));
    }
    Ok(all)
}

/// How many documents there are, with those in the trash.
///
/// # Errors
/// When the database fails.
pub async fn count(conn: &mut AsyncPgConnection) -> QueryResult<i64> {
    dsl::documents.count().get_result(conn).await
}

/// What the object store must hold, for the trash as well, in the order of the keys, behind `after`; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn contents(
    conn: &mut AsyncPgConnection,
    after: Option<&ObjectKey>,
    limit: i64,
) -> QueryResult<Vec<ContentRow>> {
    // In the order of bytes, as the object store lists them; each half has an index in this order.
    diesel::sql_query(
        "(SELECT object_key COLLATE \"C\" AS object_key, size_bytes, sha256 FROM documents
            WHERE object_key COLLATE \"C\" > $1 ORDER BY object_key COLLATE \"C\" LIMIT $2)
         UNION ALL
         (SELECT thumbnail_key, thumbnail_bytes, NULL FROM documents
            WHERE thumbnail_key > $1 ORDER BY thumbnail_key LIMIT $2)
         ORDER BY object_key LIMIT $2",
    )
    .bind::<Text, _>(after.map_or("", ObjectKey::as_str))
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}

/// Documents that wait for work, or are said to be worked on, and have no job that is queued or running; in the order
/// of their ids, behind `after`, at most `limit`. One statement sees one moment, and a document changes together with
/// its job: so there must never be any.
///
/// # Errors
/// When the database fails.
pub async fn without_job(
    conn: &mut AsyncPgConnection,
    after: Option<DocumentId>,
    limit: i64,
) -> QueryResult<Vec<(DocumentId, ObjectKey)>> {
    let job = jobs::table
        .filter(jobs::document_id.eq(dsl::id.nullable()))
        .filter(jobs::state.eq_any([JobState::Queued, JobState::Running]));
    let mut query = dsl::documents
        .filter(dsl::status.eq_any([DocumentStatus::Pending, DocumentStatus::Processing]))
        .filter(diesel::dsl::not(diesel::dsl::exists(job)))
        .select((dsl::id, dsl::object_key))
        .order(dsl::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(dsl::id.gt(after));
    }
    query.load(conn).await
}

/// Documents that wait for a person to sort them, the newest first, at most `limit`. Of what is searched in each its
/// beginning, of 4,000 characters.
///
/// # Errors
/// When the database fails.
pub async fn to_review(conn: &mut AsyncPgConnection, limit: i64) -> QueryResult<Vec<TaughtRow>> {
    dsl::documents
        .filter(dsl::status.eq(DocumentStatus::NeedsReview))
        .filter(dsl::deleted_at.is_null())
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .limit(limit)
        .select((dsl::id, dsl::title, dsl::filename, dsl::language, beginning()))
        .load(conn)
        .await
}

/// Some of the documents under each topic, the newest `each`, at most `limit` in all; not those in the trash. As
/// [`to_review`] has them.
///
/// # Errors
/// When the database fails.
pub async fn sample_of_topics(conn: &mut AsyncPgConnection, each: i64, limit: i64) -> QueryResult<Vec<SampledRow>> {
    // Ids sort by time, and the index on (topic_id, document_id) gives each topic's last ones without a look at the rest.
    let newest = sql::<Bool>(
        "documents.id IN (SELECT newest.document_id FROM topics CROSS JOIN LATERAL (
             SELECT document_id FROM document_topics WHERE topic_id = topics.id ORDER BY document_id DESC LIMIT ",
    )
    .bind::<BigInt, _>(each)
    .sql(") AS newest)");
    let documents: Vec<TaughtRow> = dsl::documents
        .filter(newest)
        .filter(dsl::deleted_at.is_null())
        .order(dsl::id.desc())
        .limit(limit)
        .select((dsl::id, dsl::title, dsl::filename, dsl::language, beginning()))
        .load(conn)
        .await?;
    let ids: Vec<DocumentId> = documents.iter().map(|document| document.id).collect();
    let topics: Vec<(DocumentId, TopicId, TopicSource)> = document_topics::table
        .filter(document_topics::document_id.eq_any(ids))
        .order((document_topics::document_id, document_topics::topic_id))
        .select((document_topics::document_id, document_topics::topic_id, document_topics::source))
        .load(conn)
        .await?;
    let mut under: HashMap<DocumentId, Vec<(TopicId, TopicSource)>> = HashMap::new();
    for (document, topic, source) in topics {
        under.entry(document).or_default().push((topic, source));
    }
    let with_topics = |document: TaughtRow| {
        let topics = under.remove(&document.id).unwrap_or_default();
        SampledRow { document, topics }
    };
    Ok(documents.into_iter().map(with_topics).collect())
}

/// The beginning of what is searched in a document.
fn beginning() -> SqlLiteral<Nullable<Text>> {
    sql("left(coalesce(documents.search_text, documents.text), 4000)")
}
