//! Documents: put in, found, changed, removed.

use super::topics::TOPICS_OF_DOCUMENTS;
use crate::db::models::{AssignedTopics, ContentRow, DocumentOutcome, DocumentRow, Learned, SampledRow, TaughtRow};
use crate::db::prepared::{prepared, prepared_for};
use crate::db::schema::documents::{self, dsl};
use crate::db::schema::{document_topics, jobs};
use crate::domain::{ContentHash, DocumentId, DocumentStatus, Filename, JobState, ObjectKey, TopicId, TopicSource};
use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, now, sql};
use diesel::expression::SqlLiteral;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Float, Integer, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

/// Texts up to this length, in bytes, are looked through whole for what answers a search.
const WHOLE_TEXT_BYTES: i32 = 32 * 1024;
/// By relevance so many documents are ranked: the newest that a search finds.
const RANKED: i64 = 2000;

/// The document waits, and its job is in the hands of a worker: it is being processed. That stands in the job alone: a row
/// of `documents` has an entry in some twenty indexes, and would get each of them anew for it.
const IN_HAND: &str = "(documents.status = 'pending' AND EXISTS (
    SELECT FROM jobs WHERE jobs.document_id = documents.id AND jobs.state = 'running'))";

fn in_hand() -> SqlLiteral<Bool> {
    sql(IN_HAND)
}

/// A row, with what [`in_hand`] says of it.
fn with_state((document, in_hand): (DocumentRow, bool)) -> DocumentRow {
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

/// Marks whether a person chose the topics.
///
/// # Errors
/// When the database fails.
pub async fn mark_topics_by_user(conn: &mut AsyncPgConnection, id: DocumentId, by_user: bool) -> QueryResult<()> {
    diesel::update(dsl::documents.find(id)).set(dsl::topics_by_user.eq(by_user)).execute(conn).await.map(drop)
}

/// Stores what reading and sorting came to; answers the document as it is now.
///
/// # Errors
/// When the database fails.
pub async fn store_outcome(
    mut conn: &AsyncPgConnection,
    id: DocumentId,
    status: DocumentStatus,
    outcome: &DocumentOutcome,
    learned: &Learned,
) -> QueryResult<DocumentRow> {
    let update = diesel::update(dsl::documents.find(id))
        .set((outcome, learned, dsl::status.eq(status), dsl::updated_at.eq(now)))
        .returning(DocumentRow::as_returning());
    prepared(update).get_result(&mut conn).await
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

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By the time it was put in.
    CreatedAt,
    /// By name, case-folded.
    Filename,
    /// By size.
    Size,
    /// By the time it came into the trash.
    DeletedAt,
    /// By how well it answers the search.
    Relevance,
}

/// Where the page begins: the sort key and the id of the row before it.
#[derive(Debug, Clone)]
pub enum After {
    /// For [`Sort::CreatedAt`].
    CreatedAt(DateTime<Utc>, Uuid),
    /// For [`Sort::Filename`].
    Filename(String, Uuid),
    /// For [`Sort::Size`].
    Size(i64, Uuid),
    /// For [`Sort::DeletedAt`].
    DeletedAt(DateTime<Utc>, Uuid),
    /// For [`Sort::Relevance`].
    Relevance(f32, Uuid),
}

/// Which documents.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The trash, and not the vault.
    pub deleted: bool,
    /// Full text.
    pub q: Option<String>,
    /// All of these topics.
    pub topics: Vec<TopicId>,
    /// Any of these states; all where there is none.
    pub statuses: Vec<DocumentStatus>,
    /// Any of these MIME types, or of these families (`image/*`); all where there is none.
    pub content_types: Vec<String>,
    /// These bytes.
    pub sha256: Option<ContentHash>,
    /// Put in at or after this time.
    pub created_from: Option<DateTime<Utc>>,
    /// Put in before this time.
    pub created_to: Option<DateTime<Utc>>,
    /// These, and no others.
    pub ids: Option<Vec<DocumentId>>,
    /// Only what the AI may sort: it was read, and no person has sorted it.
    pub left_to_the_ai: bool,
}

/// What a list shows, in which order, and from where.
#[derive(Debug)]
pub struct ListQuery {
    /// Which documents.
    pub filter: Filter,
    /// The order.
    pub sort: Sort,
    /// The other way round.
    pub descending: bool,
    /// The row before the page.
    pub after: Option<After>,
    /// Rows at most.
    pub limit: i64,
}

/// A condition on documents.
type Condition = Box<dyn BoxableExpression<documents::table, Pg, SqlType = Bool>>;

/// How well a document answers a search.
type Rank = Box<dyn BoxableExpression<documents::table, Pg, SqlType = Float>>;

fn rank_of(q: &str) -> Rank {
    Box::new(sql::<Float>("ts_rank(documents.search, search_query(").bind::<Text, _>(q.to_owned()).sql("))"))
}

/// The full text matches, or the name or the title holds what was typed somewhere inside a word. Trigrams need three
/// characters; below that the index could not help, and every name matches.
fn matches(q: &str) -> Condition {
    let full_text = sql::<Bool>("(documents.search @@ search_query(").bind::<Text, _>(q.to_owned());
    if q.chars().count() < 3 {
        return Box::new(full_text.sql("))"));
    }
    let escaped = q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let pattern = format!("%{escaped}%");
    Box::new(
        full_text
            .sql(") OR documents.filename ILIKE ")
            .bind::<Text, _>(pattern.clone())
            .sql(" OR documents.title ILIKE ")
            .bind::<Text, _>(pattern)
            .sql(")"),
    )
}

/// It is in one of these states. The one that is asked for most often, a single one, reads an index in order.
fn in_status(statuses: &[DocumentStatus]) -> Condition {
    use DocumentStatus::{Pending, Processing};
    let stored: Condition = match statuses {
        // What an earlier release left may say so itself.
        [Processing] => Box::new(dsl::status.eq_any([Pending, Processing])),
        [status] => Box::new(dsl::status.eq(*status)),
        statuses => Box::new(dsl::status.eq_any(
            statuses.iter().copied().chain(statuses.contains(&Processing).then_some(Pending)).collect::<Vec<_>>(),
        )),
    };
    match (statuses.contains(&Pending), statuses.contains(&Processing)) {
        (true, false) => Box::new(stored.and(diesel::dsl::not(in_hand()))),
        (false, true) => Box::new(stored.and(dsl::status.ne(Pending).or(in_hand()))),
        _ => stored,
    }
}

/// It is of one of these types, or of one of these families.
fn of_type(types: Vec<String>) -> Condition {
    let (families, mut types): (Vec<String>, Vec<String>) = types.into_iter().partition(|name| name.ends_with("/*"));
    if families.is_empty() {
        return match types.pop() {
            Some(only) if types.is_empty() => Box::new(dsl::content_type.eq(only)),
            last => Box::new(dsl::content_type.eq_any(types.into_iter().chain(last).collect::<Vec<_>>())),
        };
    }
    let beginnings: Vec<String> = families.iter().map(|family| family.trim_end_matches('*').to_owned()).collect();
    let in_family = sql::<Bool>("documents.content_type ^@ ANY(").bind::<Array<Text>, _>(beginnings).sql(")");
    Box::new(dsl::content_type.eq_any(types).or(in_family))
}

/// The row comes behind `after`: rows are compared as wholes, so that one index serves order and place.
fn behind(after: After, q: &str, descending: bool) -> Condition {
    let than = if descending { " < (" } else { " > (" };
    match after {
        After::CreatedAt(at, id) => Box::new(
            sql::<Bool>("(documents.created_at, documents.id)")
                .sql(than)
                .bind::<Timestamptz, _>(at)
                .sql(", ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        ),
        After::Filename(name, id) => Box::new(
            sql::<Bool>("(lower(documents.filename), documents.id)")
                .sql(than)
                .sql("lower(")
                .bind::<Text, _>(name)
                .sql("), ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        ),
        After::Size(size, id) => Box::new(
            sql::<Bool>("(documents.size_bytes, documents.id)")
                .sql(than)
                .bind::<BigInt, _>(size)
                .sql(", ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        ),
        After::DeletedAt(at, id) => Box::new(
            sql::<Bool>("(documents.deleted_at, documents.id)")
                .sql(than)
                .bind::<Timestamptz, _>(at)
                .sql(", ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        ),
        After::Relevance(rank, id) => Box::new(
            sql::<Bool>("(ts_rank(documents.search, search_query(")
                .bind::<Text, _>(q.to_owned())
                .sql(")), documents.id)")
                .sql(than)
                .bind::<Float, _>(rank)
                .sql(", ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        ),
    }
}

/// What a filter asks for, condition by condition.
fn conditions(filter: Filter) -> Vec<Condition> {
    let mut all: Vec<Condition> = Vec::new();
    match filter.deleted {
        true => all.push(Box::new(dsl::deleted_at.is_not_null())),
        false => all.push(Box::new(dsl::deleted_at.is_null())),
    }
    if let Some(q) = filter.q.filter(|q| !q.is_empty()) {
        all.push(matches(&q));
    }
    // One condition for each: so PostgreSQL can weigh whether the order of the list or the topic narrows it down sooner.
    for topic in filter.topics {
        let under = document_topics::table
            .filter(document_topics::document_id.eq(dsl::id))
            .filter(document_topics::topic_id.eq(topic));
        all.push(Box::new(diesel::dsl::exists(under)));
    }
    if !filter.statuses.is_empty() {
        all.push(in_status(&filter.statuses));
    }
    if !filter.content_types.is_empty() {
        all.push(of_type(filter.content_types));
    }
    if let Some(hash) = filter.sha256 {
        all.push(Box::new(dsl::sha256.eq(hash)));
    }
    if let Some(from) = filter.created_from {
        all.push(Box::new(dsl::created_at.ge(from)));
    }
    if let Some(to) = filter.created_to {
        all.push(Box::new(dsl::created_at.lt(to)));
    }
    if let Some(ids) = filter.ids {
        all.push(Box::new(dsl::id.eq_any(ids)));
    }
    if filter.left_to_the_ai {
        let read = dsl::status.eq_any([DocumentStatus::Ready, DocumentStatus::NeedsReview]);
        all.push(Box::new(dsl::topics_by_user.eq(false).and(read)));
    }
    all
}

/// A document of a list: its rank (0 unless the list is sorted by relevance), and its topics.
pub type ListedRow = (DocumentRow, f32, AssignedTopics);

/// The same, as it is read: see [`in_hand`].
type ReadRow = (DocumentRow, bool, f32, AssignedTopics);

/// A page of documents.
///
/// # Errors
/// When the database fails.
pub async fn list(conn: &mut AsyncPgConnection, list: ListQuery) -> QueryResult<Vec<ListedRow>> {
    let q = list.filter.q.clone().unwrap_or_default();
    let rank = if list.sort == Sort::Relevance { rank_of(&q) } else { Box::new(sql::<Float>("0::real")) as Rank };
    let topics = sql::<Json>(TOPICS_OF_DOCUMENTS);
    let mut query = dsl::documents.select((DocumentRow::as_select(), in_hand(), rank, topics)).into_boxed();
    // The best way to the newest documents is always the same. To those with a word, under a topic or of a type it is not:
    // there PostgreSQL is to look at what is asked for each time.
    let one_plan = q.is_empty() && list.filter.topics.is_empty() && list.filter.content_types.is_empty();
    if list.sort == Sort::Relevance {
        // Ranking takes a look at each document that a search finds, and a common word finds most of them.
        let mut found = dsl::documents.select(dsl::id).limit(RANKED).into_boxed();
        for condition in conditions(list.filter) {
            found = found.filter(condition);
        }
        query = query.filter(dsl::id.eq_any(found.order((dsl::created_at.desc(), dsl::id.desc()))));
    } else {
        for condition in conditions(list.filter) {
            query = query.filter(condition);
        }
    }
    if let Some(after) = list.after {
        query = query.filter(behind(after, &q, list.descending));
    }
    let direction = if list.descending { " DESC" } else { "" };
    let id = if list.descending { "documents.id DESC" } else { "documents.id" };
    let query = match list.sort {
        Sort::CreatedAt => query.order(sql::<Text>("documents.created_at").sql(direction)),
        Sort::Filename => query.order(sql::<Text>("lower(documents.filename)").sql(direction)),
        Sort::Size => query.order(sql::<Text>("documents.size_bytes").sql(direction)),
        Sort::DeletedAt => query.order(sql::<Text>("documents.deleted_at").sql(direction)),
        Sort::Relevance => query.order(rank_of(&q).desc()),
    };
    let query = query.then_order_by(sql::<Text>(id));
    let rows: Vec<ReadRow> = match one_plan {
        true => prepared_for(query, list.limit).load(conn).await?,
        false => query.limit(list.limit).load(conn).await?,
    };
    Ok(rows.into_iter().map(|(row, in_hand, rank, topics)| (with_state((row, in_hand)), rank, topics)).collect())
}

/// How many documents a filter finds.
///
/// # Errors
/// When the database fails.
pub async fn count_of(conn: &mut AsyncPgConnection, filter: Filter) -> QueryResult<i64> {
    let mut query = dsl::documents.select(count_star()).into_boxed();
    for condition in conditions(filter) {
        query = query.filter(condition);
    }
    query.first(conn).await
}

/// What can be shown of some documents in answer to a search: the id, the title or else the name, and the text. Of one that is
/// too long to be handed over for each answer, 10,000 characters around the first place where the search stands as it was
/// typed, or else its longest word, in the first two million.
///
/// # Errors
/// When the database fails.
pub async fn texts_to_highlight(
    conn: &mut AsyncPgConnection,
    ids: &[DocumentId],
    q: &str,
) -> QueryResult<Vec<(DocumentId, String, Option<String>)>> {
    let typed = q.to_lowercase();
    let longest =
        typed.split(|c: char| !c.is_alphanumeric()).max_by_key(|word| word.len()).unwrap_or_default().to_owned();
    let text = sql::<Nullable<Text>>("CASE WHEN octet_length(text) <= ")
        .bind::<Integer, _>(WHOLE_TEXT_BYTES)
        .sql(" THEN text ELSE substr(text, (SELECT greatest(1, coalesce(nullif(strpos(folded, ")
        .bind::<Text, _>(typed)
        .sql("), 0), strpos(folded, ")
        .bind::<Text, _>(longest)
        .sql(")) - 500) FROM lower(left(text, 2000000)) AS folded), 10000) END");
    let heading = sql::<Text>("coalesce(title, filename)");
    dsl::documents.filter(dsl::id.eq_any(ids)).select((dsl::id, heading, text)).load(conn).await
}
