//! What the provider `local` has learned, and what it learns from.

use crate::db::models::TaughtRow;
use crate::db::schema::{document_topics, documents, jobs, topics};
use crate::domain::{DocumentId, JobId, JobKind, JobState, TopicId};
use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, max, sql};
use diesel::expression::SqlLiteral;
use diesel::helper_types::{IntoBoxed, Select};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;

/// Models that are kept: the newest, and one that a worker may just be loading.
const KEPT: i64 = 2;

/// How many, and when one of them last changed.
pub type Extent = (i64, Option<DateTime<Utc>>);

/// The newest model's job, and what it was learned from: the newest by PostgreSQL's clock, since workers' clocks may differ.
///
/// # Errors
/// When the database fails.
pub async fn newest(conn: &mut AsyncPgConnection) -> QueryResult<Option<(JobId, String)>> {
    jobs::table
        .filter(jobs::kind.eq(JobKind::Learn))
        .order((jobs::created_at.desc(), jobs::id.desc()))
        .select((jobs::id, jobs::learned_from.assume_not_null()))
        .first(conn)
        .await
        .optional()
}

/// A model, as bytes (`ai/local/codec.rs`); none where it was replaced meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn find(conn: &mut AsyncPgConnection, id: JobId) -> QueryResult<Option<Vec<u8>>> {
    jobs::table
        .find(id)
        .filter(jobs::kind.eq(JobKind::Learn))
        .select(jobs::model.assume_not_null())
        .first(conn)
        .await
        .optional()
}

/// Keeps a model, and what it was learned from, and forgets those before the last.
///
/// # Errors
/// When the database fails.
pub async fn insert(conn: &mut AsyncPgConnection, bytes: &[u8], learned_from: &str) -> QueryResult<()> {
    let job = (jobs::id.eq(JobId::generate()), jobs::kind.eq(JobKind::Learn), jobs::state.eq(JobState::Done));
    diesel::insert_into(jobs::table)
        .values((job, jobs::attempts.eq(1), jobs::model.eq(bytes), jobs::learned_from.eq(learned_from)))
        .execute(conn)
        .await?;
    let learned = jobs::table.filter(jobs::kind.eq(JobKind::Learn));
    let newest_first = learned.order((jobs::created_at.desc(), jobs::id.desc()));
    let kept: Vec<JobId> = newest_first.limit(KEPT).select(jobs::id).load(conn).await?;
    diesel::delete(learned.filter(jobs::id.ne_all(kept))).execute(conn).await.map(drop)
}

/// How many documents a person has sorted, and when one of them last changed.
///
/// # Errors
/// When the database fails.
pub async fn examples(conn: &mut AsyncPgConnection) -> QueryResult<Extent> {
    documents::table
        .filter(documents::topics_by_user)
        .filter(documents::deleted_at.is_null())
        .select((count_star(), max(documents::updated_at)))
        .first(conn)
        .await
}

/// How many topics there are, and when one of them last changed.
///
/// # Errors
/// When the database fails.
pub async fn topics_extent(conn: &mut AsyncPgConnection) -> QueryResult<Extent> {
    topics::table.select((count_star(), max(topics::updated_at))).first(conn).await
}

/// How many documents nobody has sorted, up to `most`.
///
/// # Errors
/// When the database fails.
pub async fn count_unsorted(conn: &mut AsyncPgConnection, most: i64) -> QueryResult<i64> {
    let found: Vec<DocumentId> = unsorted().limit(most).select(documents::id).load(conn).await?;
    Ok(i64::try_from(found.len()).unwrap_or(most))
}

/// Documents that were read and that no person has sorted.
#[diesel::dsl::auto_type]
fn unsorted() -> _ {
    documents::table
        .filter(documents::topics_by_user.eq(false))
        .filter(documents::deleted_at.is_null())
        .filter(documents::text.is_not_null())
}

/// What there is to learn of a document: of a text its beginning, of 16,000 characters.
fn lesson() -> (documents::id, documents::title, documents::filename, documents::language, SqlLiteral<Nullable<Text>>) {
    let beginning = sql::<Nullable<Text>>("left(documents.text, 16000)");
    (documents::id, documents::title, documents::filename, documents::language, beginning)
}

/// Which documents.
type Ids<'a> = IntoBoxed<'a, Select<documents::table, documents::id>, Pg>;

/// What there is to learn of these documents, the newest first.
///
/// Which they are is a question of its own: where PostgreSQL sorts for it, as it does before it knows how many there are, it
/// would else unpack the beginning of every text that it sorts, for each page anew.
async fn lessons_of(conn: &mut AsyncPgConnection, ids: Ids<'_>) -> QueryResult<Vec<TaughtRow>> {
    let lessons = documents::table.filter(documents::id.eq_any(ids)).order(documents::id.desc()).select(lesson());
    lessons.load(conn).await
}

/// Documents to learn from, the newest first, below `before`: those that a person has sorted, or those that nobody has.
///
/// # Errors
/// When the database fails.
pub async fn taught(
    conn: &mut AsyncPgConnection,
    by_user: bool,
    before: Option<DocumentId>,
    most: i64,
) -> QueryResult<Vec<TaughtRow>> {
    let mut newest = documents::table
        .filter(documents::topics_by_user.eq(by_user))
        .filter(documents::deleted_at.is_null())
        .filter(documents::text.is_not_null())
        .select(documents::id)
        .order(documents::id.desc())
        .limit(most)
        .into_boxed();
    if let Some(before) = before {
        newest = newest.filter(documents::id.lt(before));
    }
    lessons_of(conn, newest).await
}

/// The newest documents that a person has sorted and that have one of `words`, without `but`.
///
/// # Errors
/// When the database fails.
pub async fn taught_with_words(
    conn: &mut AsyncPgConnection,
    but: DocumentId,
    words: &[String],
    most: i64,
) -> QueryResult<Vec<TaughtRow>> {
    // Each word by itself: what it is made of has no meaning to the search.
    let any_word = sql::<Bool>(
        "documents.search @@ (SELECT string_agg(plainto_tsquery('docuvault', word)::text, ' | ')::tsquery FROM unnest(",
    )
    .bind::<Array<Text>, _>(words)
    .sql(") AS word WHERE numnode(plainto_tsquery('docuvault', word)) > 0)");
    let newest = documents::table
        .filter(documents::topics_by_user)
        .filter(documents::deleted_at.is_null())
        .filter(documents::text.is_not_null())
        .filter(documents::id.ne(but))
        .filter(any_word)
        .select(documents::id)
        .order(documents::id.desc())
        .limit(most)
        .into_boxed();
    lessons_of(conn, newest).await
}

/// The topics of some documents.
///
/// # Errors
/// When the database fails.
pub async fn topics_of(
    conn: &mut AsyncPgConnection,
    ids: &[DocumentId],
) -> QueryResult<HashMap<DocumentId, Vec<TopicId>>> {
    let rows: Vec<(DocumentId, TopicId)> = document_topics::table
        .filter(document_topics::document_id.eq_any(ids))
        .order((document_topics::document_id, document_topics::topic_id))
        .select((document_topics::document_id, document_topics::topic_id))
        .load(conn)
        .await?;
    let mut topics: HashMap<DocumentId, Vec<TopicId>> = HashMap::new();
    for (document, topic) in rows {
        topics.entry(document).or_default().push(topic);
    }
    Ok(topics)
}
