//! Topics, and which documents stand under them.

use crate::db::models::{AssignedTopic, TopicRow};
use crate::db::prepared::prepared;
use crate::db::schema::{document_topics, documents, topics};
use crate::domain::{Color, Cursor, DocumentId, TopicId, TopicName, TopicSource};
use diesel::dsl::{count_star, exists, now, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;

/// All topics, by name. There are dozens, not thousands: people make them by hand.
///
/// # Errors
/// When the database fails.
pub async fn all(conn: &mut AsyncPgConnection) -> QueryResult<Vec<TopicRow>> {
    topics::table.select(TopicRow::as_select()).order((topics::name, topics::id)).load(conn).await
}

/// How many topics there are.
///
/// # Errors
/// When the database fails.
pub async fn count(conn: &mut AsyncPgConnection) -> QueryResult<i64> {
    topics::table.count().get_result(conn).await
}

/// Topics by name, each with the number of documents that stand under it, without those in the trash: all of them, or so many
/// behind a place. All documents are counted in the topic's row; those in the trash are counted from the trash's own index.
///
/// # Errors
/// When the database fails.
pub async fn with_counts(
    conn: &mut AsyncPgConnection,
    after: Option<&Cursor>,
    limit: Option<i64>,
) -> QueryResult<Vec<(TopicRow, i64)>> {
    let mut query = topics::table
        .select((TopicRow::as_select(), topics::document_count))
        .order((topics::name, topics::id))
        .into_boxed();
    if let Some(after) = after {
        let behind = sql::<Bool>("(topics.name, topics.id) > (").bind::<Text, _>(after.key.clone());
        query = query.filter(behind.sql(", ").bind::<SqlUuid, _>(after.id).sql(")"));
    }
    if let Some(limit) = limit {
        query = query.limit(limit);
    }
    let rows: Vec<(TopicRow, i64)> = query.load(conn).await?;
    let trashed: Vec<(TopicId, i64)> = document_topics::table
        .inner_join(documents::table)
        .filter(documents::deleted_at.is_not_null())
        .group_by(document_topics::topic_id)
        .select((document_topics::topic_id, count_star()))
        .load(conn)
        .await?;
    let trashed: HashMap<TopicId, i64> = trashed.into_iter().collect();
    let without_trash = |(row, count): (TopicRow, i64)| {
        let count = count - trashed.get(&row.id).copied().unwrap_or(0);
        (row, count)
    };
    Ok(rows.into_iter().map(without_trash).collect())
}

/// How many documents stand under one topic, without those in the trash; none where there is no such topic.
///
/// # Errors
/// When the database fails.
pub async fn document_count(conn: &mut AsyncPgConnection, id: TopicId) -> QueryResult<i64> {
    let kept: Option<i64> = topics::table.find(id).select(topics::document_count).first(conn).await.optional()?;
    let trashed: i64 = document_topics::table
        .inner_join(documents::table)
        .filter(document_topics::topic_id.eq(id))
        .filter(documents::deleted_at.is_not_null())
        .count()
        .get_result(conn)
        .await?;
    Ok(kept.unwrap_or(0) - trashed)
}

/// Those of `ids` that are topics; within a transaction they stay until it ends.
///
/// # Errors
/// When the database fails.
pub async fn existing(conn: &mut AsyncPgConnection, ids: &[TopicId]) -> QueryResult<Vec<TopicId>> {
    topics::table.filter(topics::id.eq_any(ids)).order(topics::id).select(topics::id).for_key_share().load(conn).await
}

/// Locks the topics that a document stands under and those of `chosen` that exist, until the transaction ends; answers
/// them all. Who changes the topics of a document does this first, in this order: so that nobody who removes or merges a
/// topic waits for rows that this one has, while this one waits for the topic; and that two who change what the topics count
/// do not wait for each other.
///
/// # Errors
/// When the database fails.
pub async fn lock_around(
    conn: &mut AsyncPgConnection,
    document: DocumentId,
    chosen: &[TopicId],
) -> QueryResult<Vec<TopicId>> {
    let current = document_topics::table
        .filter(document_topics::document_id.eq(document))
        .select(document_topics::topic_id)
        .into_boxed();
    topics::table
        .filter(topics::id.eq_any(chosen).or(topics::id.eq_any(current)))
        .order(topics::id)
        .select(topics::id)
        .for_no_key_update()
        .load(conn)
        .await
}

/// Makes a topic; without a colour it gets the column's default.
///
/// # Errors
/// A unique violation where the name, case-folded, is taken.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    name: &TopicName,
    description: &str,
    color: Option<&Color>,
) -> QueryResult<TopicRow> {
    let row = (topics::id.eq(TopicId::generate()), topics::name.eq(name.as_str()), topics::description.eq(description));
    diesel::insert_into(topics::table)
        .values((row, color.map(|color| topics::color.eq(color.as_str()))))
        .returning(TopicRow::as_returning())
        .get_result(conn)
        .await
}

/// What changes about a topic; `None` leaves a column as it is.
#[derive(Debug, Default)]
pub struct TopicChange<'a> {
    /// A new name.
    pub name: Option<&'a TopicName>,
    /// A new description.
    pub description: Option<&'a str>,
    /// A new colour.
    pub color: Option<&'a Color>,
}

/// Changes a topic. None when there is no such topic.
///
/// # Errors
/// A unique violation where the new name, case-folded, is taken.
pub async fn update(
    conn: &mut AsyncPgConnection,
    id: TopicId,
    change: &TopicChange<'_>,
) -> QueryResult<Option<TopicRow>> {
    diesel::update(topics::table.find(id))
        .set((
            change.name.map(|name| topics::name.eq(name.as_str())),
            change.description.map(|description| topics::description.eq(description)),
            change.color.map(|color| topics::color.eq(color.as_str())),
            topics::updated_at.eq(now),
        ))
        .returning(TopicRow::as_returning())
        .get_result(conn)
        .await
        .optional()
}

/// Locks some topics against everything until the transaction ends; answers those that exist.
///
/// # Errors
/// When the database fails.
pub async fn lock(conn: &mut AsyncPgConnection, ids: &[TopicId]) -> QueryResult<Vec<TopicRow>> {
    topics::table
        .filter(topics::id.eq_any(ids))
        .order(topics::id)
        .select(TopicRow::as_select())
        .for_update()
        .load(conn)
        .await
}

/// Puts the documents of a topic under another. A document under both keeps the stronger of the two: a person's choice
/// before the AI's, then the higher confidence. Both topics are locked by the caller.
///
/// # Errors
/// When the database fails.
pub async fn move_documents(conn: &mut AsyncPgConnection, from: TopicId, into: TopicId) -> QueryResult<()> {
    // A person's choice has no confidence, and goes before all that has one.
    diesel::sql_query(
        "DELETE FROM document_topics AS weak USING document_topics AS strong \
         WHERE weak.document_id = strong.document_id \
         AND (weak.topic_id = $1 AND strong.topic_id = $2 \
              AND coalesce(weak.confidence, 2) <= coalesce(strong.confidence, 2) \
              OR weak.topic_id = $2 AND strong.topic_id = $1 \
              AND coalesce(weak.confidence, 2) < coalesce(strong.confidence, 2))",
    )
    .bind::<SqlUuid, _>(from)
    .bind::<SqlUuid, _>(into)
    .execute(conn)
    .await?;
    // An UPDATE: a new row would lock its document, which others lock before the topic.
    diesel::update(document_topics::table.filter(document_topics::topic_id.eq(from)))
        .set(document_topics::topic_id.eq(into))
        .execute(conn)
        .await
        .map(drop)
}

/// It stands under this topic alone, so that without it nobody has said where it belongs: or, where a person put it there, that
/// it belongs nowhere.
fn hangs_on(id: TopicId) -> Box<dyn BoxableExpression<documents::table, Pg, SqlType = Bool>> {
    Box::new(
        sql::<Bool>(
            "(documents.topics_by_user OR documents.status = 'ready')
             AND EXISTS (SELECT FROM document_topics AS under WHERE under.document_id = documents.id AND under.topic_id = ",
        )
        .bind::<SqlUuid, _>(id)
        .sql(
            ") AND NOT EXISTS (SELECT FROM document_topics AS other
                               WHERE other.document_id = documents.id AND other.topic_id <> ",
        )
        .bind::<SqlUuid, _>(id)
        .sql(")"),
    )
}

/// A document stands under this topic alone.
///
/// # Errors
/// When the database fails.
pub async fn is_needed(conn: &mut AsyncPgConnection, id: TopicId) -> QueryResult<bool> {
    diesel::select(exists(documents::table.filter(hangs_on(id)))).get_result(conn).await
}

/// Takes documents that stand under this topic alone from under it, and leaves them to who reviews: so many at most. Answers how
/// many. They are locked until the transaction ends, so this comes before anything locks the topic.
///
/// # Errors
/// When the database fails.
pub async fn release_documents(conn: &mut AsyncPgConnection, id: TopicId, most: i64) -> QueryResult<usize> {
    let locked: Vec<DocumentId> = documents::table
        .filter(hangs_on(id))
        .order(documents::id)
        .limit(most)
        .select(documents::id)
        .for_update()
        .load(conn)
        .await?;
    // Statements of their own, which see what those did that were waited for.
    let under = document_topics::table
        .filter(document_topics::topic_id.eq(id))
        .filter(document_topics::document_id.eq_any(&locked));
    diesel::delete(under).execute(conn).await?;
    let under_none =
        diesel::dsl::not(exists(document_topics::table.filter(document_topics::document_id.eq(documents::id))));
    diesel::update(documents::table.filter(documents::id.eq_any(&locked)).filter(under_none))
        .set((
            documents::topics_by_user.eq(false),
            documents::status
                .eq(sql("CASE documents.status WHEN 'ready' THEN 'needs_review' ELSE documents.status END")),
            documents::updated_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(locked.len())
}

/// Removes a topic, also from its documents. False when there is no such topic.
///
/// # Errors
/// When the database fails.
pub async fn delete(conn: &mut AsyncPgConnection, id: TopicId) -> QueryResult<bool> {
    Ok(diesel::delete(topics::table.find(id)).execute(conn).await? == 1)
}

/// The topics of some documents, by name.
///
/// # Errors
/// When the database fails.
pub async fn of_documents(
    conn: &mut AsyncPgConnection,
    documents: &[DocumentId],
) -> QueryResult<Vec<(DocumentId, AssignedTopic)>> {
    document_topics::table
        .inner_join(topics::table)
        .filter(document_topics::document_id.eq_any(documents))
        .select((
            document_topics::document_id,
            (topics::id, topics::name, topics::color, document_topics::source, document_topics::confidence),
        ))
        .order((topics::name, topics::id))
        .load(conn)
        .await
}

/// SQL for the topics of each row of what is called so, by name, as [`AssignedTopics`](crate::db::models::AssignedTopics).
macro_rules! topics_of {
    ($documents:literal) => {
        concat!(
            "(SELECT coalesce(json_agg(json_build_object('id', topics.id, 'name', topics.name, 'color', topics.color,
                'source', under.source, 'confidence', under.confidence) ORDER BY topics.name, topics.id), '[]')
            FROM document_topics AS under JOIN topics ON topics.id = under.topic_id
            WHERE under.document_id = ",
            $documents,
            ".id)"
        )
    };
}
pub(super) use topics_of;

/// See `topics_of!`.
pub(super) const TOPICS_OF_DOCUMENTS: &str = topics_of!("documents");

/// The topics of one document, by name.
///
/// # Errors
/// When the database fails.
pub async fn of_document(conn: &mut AsyncPgConnection, document: DocumentId) -> QueryResult<Vec<AssignedTopic>> {
    Ok(of_documents(conn, &[document]).await?.into_iter().map(|(_, topic)| topic).collect())
}

/// Puts exactly these topics on a document, each with the AI's confidence or, where a person chose, with none.
///
/// # Errors
/// A foreign key violation where a topic does not exist.
pub async fn replace(
    conn: &mut AsyncPgConnection,
    document: DocumentId,
    source: TopicSource,
    chosen: &[(TopicId, Option<f32>)],
) -> QueryResult<()> {
    let chosen: Vec<_> = chosen.iter().map(|(topic, confidence)| (*topic, source, *confidence)).collect();
    replace_as_they_were(conn, document, &chosen).await
}

/// Takes a document from under all its topics, which are locked by the caller.
///
/// # Errors
/// When the database fails.
pub async fn clear(conn: &mut AsyncPgConnection, document: DocumentId) -> QueryResult<()> {
    let all = document_topics::table.filter(document_topics::document_id.eq(document));
    diesel::delete(all).execute(conn).await.map(drop)
}

/// Puts what the AI chose on a document that has the topics `stood`; answers what it has then, by name. A topic that was
/// removed since it was chosen is left out.
///
/// # Errors
/// When the database fails.
pub async fn replace_by_ai(
    conn: &mut AsyncPgConnection,
    document: DocumentId,
    stood: &[AssignedTopic],
    chosen: &[(TopicId, f32)],
) -> QueryResult<Vec<AssignedTopic>> {
    let ids: Vec<TopicId> = stood.iter().map(|topic| topic.id).chain(chosen.iter().map(|(id, _)| *id)).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = topics::table.filter(topics::id.eq_any(ids)).order(topics::id);
    let columns = (topics::id, topics::name, topics::color);
    // What is only added to is counted at the end, by one statement, in this order; until then others may add as well.
    let locked: Vec<(TopicId, String, String)> = if stood.is_empty() {
        rows.select(columns).for_key_share().load(conn).await?
    } else {
        rows.select(columns).for_no_key_update().load(conn).await?
    };
    let mut assigned: Vec<AssignedTopic> = locked
        .into_iter()
        .filter_map(|(id, name, color)| {
            let (_, confidence) = chosen.iter().find(|(topic, _)| *topic == id)?;
            Some(AssignedTopic { id, name, color, source: TopicSource::Ai, confidence: Some(*confidence) })
        })
        .collect();
    if !stood.is_empty() {
        clear(conn, document).await?;
    }
    let rows: Vec<_> = assigned.iter().map(|topic| (topic.id, topic.source, topic.confidence)).collect();
    insert_rows(conn, document, &rows).await?;
    assigned.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(assigned)
}

/// As [`replace`], each topic with its own source.
///
/// # Errors
/// A foreign key violation where a topic does not exist.
pub async fn replace_as_they_were(
    conn: &mut AsyncPgConnection,
    document: DocumentId,
    chosen: &[(TopicId, TopicSource, Option<f32>)],
) -> QueryResult<()> {
    let ids: Vec<TopicId> = chosen.iter().map(|(topic, ..)| *topic).collect();
    lock_around(conn, document, &ids).await?;
    clear(conn, document).await?;
    insert_rows(conn, document, chosen).await
}

async fn insert_rows(
    conn: &mut AsyncPgConnection,
    document: DocumentId,
    chosen: &[(TopicId, TopicSource, Option<f32>)],
) -> QueryResult<()> {
    if chosen.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = chosen
        .iter()
        .map(|(topic, source, confidence)| {
            (
                document_topics::document_id.eq(document),
                document_topics::topic_id.eq(*topic),
                document_topics::source.eq(*source),
                document_topics::confidence.eq(*confidence),
            )
        })
        .collect();
    prepared(diesel::insert_into(document_topics::table).values(rows)).execute(conn).await.map(drop)
}
