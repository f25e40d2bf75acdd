//! Lists of documents: which, in which order, page by page.

use super::documents::{in_hand, with_state};
use super::topics::TOPICS_OF_DOCUMENTS;
use crate::db::models::{AssignedTopics, DocumentRow};
use crate::db::prepared::{prepared, prepared_behind, prepared_for};
use crate::db::schema::document_topics;
use crate::db::schema::documents::{self, dsl};
use crate::domain::search::{Part, Within, as_written, for_websearch, in_a_text, parts_of};
use crate::domain::{ContentHash, DocumentId, DocumentStatus, Filename, TopicId};
use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, count_star, sql};
use diesel::expression::SqlLiteral;
use diesel::helper_types::{IntoBoxed, Select};
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
/// How far a page is looked for along the order of the list at first, in rows; see [`page_in_windows`].
const WINDOW: i64 = 512;
/// How far then, where that promises to fill the page. Few numbers, since the plan that is kept of each has it in it.
const WIDER_WINDOWS: [i64; 4] = [1024, 2048, 4096, 8192];
/// Rows that are asked for where a plan is kept, which has the number in it: each connection is to keep few of them. Pages of 25,
/// 50, 100 and 200, and the row that tells of another.
const SIZES: [i64; 4] = [26, 51, 101, 201];
/// With fewer documents PostgreSQL's own choice is the faster one by far, of a mix of words, and where it is wrong the whole way
/// along the order takes a tenth of a second.
const MANY: &str = "(SELECT reltuples FROM pg_class WHERE oid = 'documents'::regclass) > 20000";

/// What it costs to unpack a document's words, as a condition that always holds: see `migrations/…_search_toll`.
const TOLL: &str = "search_toll(documents.id) IS NOT NULL";
/// Of a search for documents under so many topics at most a connection keeps the statement: each number has one of its own.
const TOPICS_OF_KEPT: usize = 2;
/// PostgreSQL keeps 255 places of a word, and none beyond the 16,383rd, and of a long text not all words in their places: there they
/// may stand one after the other without its knowing. 255 short lines with a date in each come to 4 KiB; it takes a tenth of a
/// millisecond to look.
const HAS_PLACES_UNKNOWN: &str = "octet_length(documents.text) > 4096 AND (documents.search_text IS NOT NULL OR EXISTS (
    SELECT FROM unnest(documents.search) AS word WHERE cardinality(word.positions) >= 255 OR 16383 = ANY(word.positions)))";

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
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Which documents.
    pub filter: Filter,
    /// The order.
    pub sort: Sort,
    /// The other way round.
    pub descending: bool,
    /// The row before the page.
    pub after: Option<After>,
    /// Rows of a page.
    pub limit: i64,
}

/// A condition on documents.
type Condition = Box<dyn BoxableExpression<documents::table, Pg, SqlType = Bool>>;

/// How well a document answers a search.
type Rank = Box<dyn BoxableExpression<documents::table, Pg, SqlType = Float>>;

fn rank_of(q: &str) -> Rank {
    Box::new(
        sql::<Float>("ts_rank(documents.search, search_query(")
            .bind::<Text, _>(for_websearch(q, Within::Together))
            .sql("))"),
    )
}

diesel::postfix_operator!(IsTrue, " IS TRUE", backend: Pg);

/// The full text matches, or the name or the title holds what was typed somewhere inside a word. Trigrams need three
/// characters; below that the index could not help, and every name matches. A word that was typed with several in it is found
/// as a phrase, by the index or, where that does not know, by a look at the text (see [`HAS_PLACES_UNKNOWN`]).
///
/// Row by row the query is a subquery: worked out once, also where the plan was made before anything was typed. Else
/// PostgreSQL is told what a row costs (`migrations/…_search_toll`), to choose the way on which it looks at the fewest.
fn matches(q: &str, way: Way) -> Condition {
    let (begin, end) = match way {
        Way::ByAnyIndex => ("", ""),
        Way::RowByRow => ("(SELECT ", ")"),
    };
    let compare = |column: &'static str, with: &'static str, typed: String| {
        Box::new(sql::<Bool>(column).sql(begin).sql(with).bind::<Text, _>(typed).sql(")").sql(end)) as Condition
    };
    let full_text = |words: String| compare("documents.search @@ ", "search_query(", words);
    let (together, apart) = (for_websearch(q, Within::Together), for_websearch(q, Within::Apart));
    let mut found = match together == apart {
        true => full_text(together),
        false => Box::new(full_text(apart).and(full_text(together).or(has_in_its_text(q)))) as Condition,
    };
    if q.chars().count() >= 3 {
        let escaped = q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let pattern = format!("%{escaped}%");
        let in_name = compare("lower(documents.filename) LIKE ", "lower(", pattern.clone());
        let in_title = compare("lower(documents.title) LIKE ", "lower(", pattern);
        found = Box::new(found.or(in_name).or(in_title));
    }
    match way {
        Way::ByAnyIndex => Box::new(sql::<Bool>(TOLL).and(found)),
        Way::RowByRow => found,
    }
}

/// Its text has what is a phrase of the search. Looked at only where the index does not know; of a text of more than a million
/// bytes, which takes ten milliseconds, all words will do.
fn has_in_its_text(q: &str) -> Condition {
    let has_all = |phrases: Vec<String>| {
        let all = sql::<Bool>(
            "(octet_length(documents.text) > 1000000
              OR unaccent(documents.text) ~* ALL (SELECT unaccent(phrase) FROM unnest(",
        )
        .bind::<Array<Text>, _>(phrases)
        .sql(") AS phrase))");
        Box::new(all) as Condition
    };
    let any = as_written(q).into_iter().map(has_all).reduce(|one, other| Box::new(one.or(other)));
    match any {
        Some(any) => Box::new(sql::<Bool>(HAS_PLACES_UNKNOWN).and(any)),
        None => Box::new(sql::<Bool>("false")),
    }
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

/// How the row compares with a place: as wholes, so that one index serves order and place. The operator opens a parenthesis.
fn compared(place: After, operator: &'static str, q: &str) -> Condition {
    match place {
        After::CreatedAt(at, id) => Box::new(
            sql::<Bool>("(documents.created_at, documents.id)")
                .sql(operator)
                .bind::<Timestamptz, _>(at)
                .sql(", ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        ),
        After::Filename(name, id) => Box::new(
            sql::<Bool>("(lower(documents.filename), documents.id)")
                .sql(operator)
                .sql("lower(")
                .bind::<Text, _>(name)
                .sql("), ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        ),
        After::Size(size, id) => Box::new(
            sql::<Bool>("(documents.size_bytes, documents.id)")
                .sql(operator)
                .bind::<BigInt, _>(size)
                .sql(", ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        ),
        After::DeletedAt(at, id) => Box::new(
            sql::<Bool>("(documents.deleted_at, documents.id)")
                .sql(operator)
                .bind::<Timestamptz, _>(at)
                .sql(", ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        ),
        After::Relevance(rank, id) => Box::new(
            sql::<Bool>("(ts_rank(documents.search, search_query(")
                .bind::<Text, _>(for_websearch(q, Within::Together))
                .sql(")), documents.id)")
                .sql(operator)
                .bind::<Float, _>(rank)
                .sql(", ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        ),
    }
}

/// It is in the vault, or else in the trash.
fn here(deleted: bool) -> Condition {
    match deleted {
        true => Box::new(dsl::deleted_at.is_not_null()),
        false => Box::new(dsl::deleted_at.is_null()),
    }
}

/// It was put in at such a time.
fn put_in_at(filter: &Filter) -> Vec<Condition> {
    let mut all: Vec<Condition> = Vec::new();
    if let Some(from) = filter.created_from {
        all.push(Box::new(dsl::created_at.ge(from)));
    }
    if let Some(to) = filter.created_to {
        all.push(Box::new(dsl::created_at.lt(to)));
    }
    all
}

/// How conditions are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As PostgreSQL likes.
    ByAnyIndex,
    /// Of each row that is met, in disguise: so no index can be used for them.
    RowByRow,
}

/// What else a filter asks for, condition by condition.
fn asked(filter: Filter, way: Way) -> Vec<Condition> {
    let mut all: Vec<Condition> = Vec::new();
    if let Some(q) = filter.q.filter(|q| !q.is_empty()) {
        all.push(matches(&q, way));
    }
    // One condition for each: so PostgreSQL can weigh whether the order of the list or the topic narrows it down sooner.
    for topic in filter.topics {
        all.push(match way {
            Way::ByAnyIndex => {
                let under = document_topics::table
                    .filter(document_topics::document_id.eq(dsl::id))
                    .filter(document_topics::topic_id.eq(topic));
                Box::new(diesel::dsl::exists(under))
            }
            // Not EXISTS: where PostgreSQL expects many rows, it would first collect all documents of the topic.
            Way::RowByRow => Box::new(
                sql::<Bool>(
                    "(SELECT true FROM document_topics AS under
                      WHERE under.document_id = documents.id AND under.topic_id = ",
                )
                .bind::<SqlUuid, _>(topic)
                .sql(")"),
            ),
        });
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
    if let Some(ids) = filter.ids {
        all.push(Box::new(dsl::id.eq_any(ids)));
    }
    if filter.left_to_the_ai {
        let read = dsl::status.eq_any([DocumentStatus::Ready, DocumentStatus::NeedsReview]);
        all.push(Box::new(dsl::topics_by_user.eq(false).and(read)));
    }
    match way {
        Way::ByAnyIndex => all,
        Way::RowByRow => all.into_iter().map(|condition| Box::new(IsTrue::new(condition)) as Condition).collect(),
    }
}

/// All that a filter asks for.
fn conditions(filter: Filter, way: Way) -> Vec<Condition> {
    let mut all = vec![here(filter.deleted)];
    all.extend(put_in_at(&filter));
    all.extend(asked(filter, way));
    all
}

/// A document of a list.
#[derive(Debug)]
pub struct ListedRow {
    /// The document.
    pub document: DocumentRow,
    /// How well it answers the search; 0 unless the list is sorted by relevance.
    pub rank: f32,
    /// Its topics.
    pub topics: AssignedTopics,
    /// With a search: its text, as far as it is to be looked through for what answers it; see [`text_for`].
    pub text: Option<String>,
}

/// A page of a list.
#[derive(Debug)]
pub struct ListedPage {
    /// In order.
    pub rows: Vec<ListedRow>,
    /// There is another page.
    pub more: bool,
}

/// A page of documents.
///
/// # Errors
/// When the database fails.
pub async fn list(conn: &mut AsyncPgConnection, list: ListQuery) -> QueryResult<ListedPage> {
    let Filter { q, topics, content_types, deleted, .. } = &list.filter;
    let (deleted, q) = (*deleted, q.clone().filter(|q| !q.is_empty()));
    let limit = usize::try_from(list.limit).unwrap_or(usize::MAX);
    // The best way to the newest documents is always the same. To those with a word, under a topic or of a type it is not:
    // there PostgreSQL is to look at what is asked for each time. What it has to look at is kept small: which they are, and
    // then what is to be shown of them, by a plan that is kept.
    if list.sort != Sort::Relevance && q.is_none() && topics.is_empty() && content_types.is_empty() {
        let rows_asked = rows_asked(&list);
        let query = prepared_for(found(list, Along::TheOrder).select(shown(None)), rows_asked);
        let rows: Vec<ShownRow> = query.load(conn).await?;
        let more = rows.len() > limit;
        let rows = rows.into_iter().take(limit).map(|row| listed(row, 0.0)).collect();
        return Ok(ListedPage { rows, more });
    }
    loop {
        let mut ids = match list.sort {
            Sort::Relevance => page(conn, list.clone(), Along::TheOrder).await?,
            _ => page_in_windows(conn, list.clone()).await?,
        };
        let more = ids.len() > limit;
        ids.truncate(limit);
        let rows = rows_of(conn, &ids, deleted, q.as_deref()).await?;
        // Where all of them went at this moment, what comes after them takes their place.
        if !rows.is_empty() || !more {
            return Ok(ListedPage { rows, more });
        }
    }
}

/// What is to be shown of these documents, in this order; of one that went meanwhile, nothing.
async fn rows_of(
    conn: &mut AsyncPgConnection,
    ids: &[(DocumentId, f32)],
    deleted: bool,
    q: Option<&str>,
) -> QueryResult<Vec<ListedRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<DocumentId> = ids.iter().map(|(id, _)| *id).collect();
    let query = dsl::documents.filter(dsl::id.eq_any(wanted)).filter(here(deleted)).select(shown(q));
    let rows: Vec<ShownRow> = prepared(query).load(conn).await?;
    let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.0.id, row)).collect();
    Ok(ids.iter().filter_map(|(id, rank)| Some(listed(rows.remove(id)?, *rank))).collect())
}

/// What a list shows of a document, with the text for a search, as it is asked for.
type Shown = (AsSelect<DocumentRow, Pg>, SqlLiteral<Bool>, SqlLiteral<Json>, TextFor);

/// The same, as it is read: see [`in_hand`].
type ShownRow = (DocumentRow, bool, AssignedTopics, Option<String>);

fn shown(q: Option<&str>) -> Shown {
    (DocumentRow::as_select(), in_hand(), sql(TOPICS_OF_DOCUMENTS), text_for(q))
}

fn listed((row, in_hand, topics, text): ShownRow, rank: f32) -> ListedRow {
    ListedRow { document: with_state((row, in_hand)), rank, topics, text }
}

/// A page of what may stand anywhere in the list.
///
/// There are two ways to it: along the order, looking at each row, and by the index of a word or a topic, sorting all that has
/// it. PostgreSQL chooses by how many rows it believes to have it. Of a word that it does not know, or of two that never stand
/// together, it believes far too much, and goes along all of the list. So that way is bounded here to a few windows of rows;
/// what has not filled a page there is rare, and is taken by its index.
async fn page_in_windows(conn: &mut AsyncPgConnection, list: ListQuery) -> QueryResult<Vec<(DocumentId, f32)>> {
    let mut rows = WINDOW;
    loop {
        let Some(edge) = place(conn, &list, rows).await? else {
            return page(conn, list, Along::TheOrder).await;
        };
        // The way is the same whatever is asked for.
        let way = prepared_for(found(list.clone(), Along::TheOrderTo(edge)), rows_asked(&list));
        let met: Vec<(DocumentId, f32)> = way.load(conn).await?;
        let count = i64::try_from(met.len()).unwrap_or(i64::MAX);
        if count > list.limit {
            return Ok(met);
        }
        // Where the next rows have as many of them, and twice that to be safe.
        let promising = rows * list.limit / count.max(1);
        let widest = WIDER_WINDOWS[WIDER_WINDOWS.len() - 1];
        if rows > WINDOW || promising > widest {
            break;
        }
        rows = WIDER_WINDOWS.into_iter().find(|rows| *rows >= 2 * promising).unwrap_or(widest);
    }
    page(conn, list, Along::Indexes).await
}

/// The place in the order of a list that lies so many rows down, whatever is asked for but the time, and with those in the trash:
/// the index alone tells it. None where there are not as many, or not many documents at all.
async fn place(conn: &mut AsyncPgConnection, list: &ListQuery, rows: i64) -> QueryResult<Option<After>> {
    let Direction { order, behind, .. } = Direction::of(list);
    let mut query = dsl::documents.select(dsl::id).filter(sql::<Bool>(MANY)).into_boxed();
    if list.filter.deleted {
        query = query.filter(here(true));
    }
    if list.sort == Sort::CreatedAt {
        for condition in put_in_at(&list.filter) {
            query = query.filter(condition);
        }
    }
    if let Some(after) = list.after.clone() {
        query = query.filter(compared(after, behind, ""));
    }
    let key = key_of(list.sort, &Along::TheOrder);
    let query = query.order(sql::<Text>(key).sql(order)).then_order_by(sql::<Text>("documents.id").sql(order));
    let before = rows - 1;
    Ok(match list.sort {
        Sort::CreatedAt | Sort::Relevance => prepared_behind(query.select((dsl::created_at, dsl::id)), before)
            .get_result(conn)
            .await
            .optional()?
            .map(|(at, id): (_, DocumentId)| After::CreatedAt(at, id.as_uuid())),
        Sort::Filename => prepared_behind(query.select((dsl::filename, dsl::id)), before)
            .get_result(conn)
            .await
            .optional()?
            .map(|(name, id): (Filename, DocumentId)| After::Filename(name.to_string(), id.as_uuid())),
        Sort::Size => prepared_behind(query.select((dsl::size_bytes, dsl::id)), before)
            .get_result(conn)
            .await
            .optional()?
            .map(|(size, id): (_, DocumentId)| After::Size(size, id.as_uuid())),
        Sort::DeletedAt => prepared_behind(query.select((dsl::deleted_at.assume_not_null(), dsl::id)), before)
            .get_result(conn)
            .await
            .optional()?
            .map(|(at, id): (_, DocumentId)| After::DeletedAt(at, id.as_uuid())),
    })
}

/// The way to a page.
#[derive(Debug)]
enum Along {
    /// As PostgreSQL thinks best; an index has the order.
    TheOrder,
    /// The same, to this row and no further.
    TheOrderTo(After),
    /// By any index but that of the order.
    Indexes,
}

/// How a list runs, in SQL.
struct Direction {
    order: &'static str,
    /// Between a row and a place before it.
    behind: &'static str,
    /// Between a row and a place that is this row, or comes later.
    up_to: &'static str,
}

impl Direction {
    fn of(list: &ListQuery) -> Self {
        match list.descending {
            true => Self { order: " DESC", behind: " < (", up_to: " >= (" },
            false => Self { order: "", behind: " > (", up_to: " <= (" },
        }
    }
}

/// What a list is sorted by, before the id. The same value in other words has no index.
fn key_of(sort: Sort, along: &Along) -> &'static str {
    match (sort, along) {
        (Sort::CreatedAt, Along::Indexes) => "(documents.created_at + interval '0')",
        (Sort::Filename, Along::Indexes) => "(lower(documents.filename) || '')",
        (Sort::Size, Along::Indexes) => "(documents.size_bytes + 0)",
        (Sort::DeletedAt, Along::Indexes) => "(documents.deleted_at + interval '0')",
        (Sort::CreatedAt | Sort::Relevance, _) => "documents.created_at",
        (Sort::Filename, _) => "lower(documents.filename)",
        (Sort::Size, _) => "documents.size_bytes",
        (Sort::DeletedAt, _) => "documents.deleted_at",
    }
}

/// The documents of a list, each with its rank.
type Found = IntoBoxed<'static, Select<documents::table, (dsl::id, Rank)>, Pg>;

/// The documents of a list, in order, from where it begins.
fn found(list: ListQuery, along: Along) -> Found {
    let q = list.filter.q.clone().unwrap_or_default();
    let rank = if list.sort == Sort::Relevance { rank_of(&q) } else { Box::new(sql::<Float>("0::real")) as Rank };
    let Direction { order, behind, up_to } = Direction::of(&list);
    let key = key_of(list.sort, &along);
    let mut query = dsl::documents.select((dsl::id, rank)).into_boxed();
    if list.sort == Sort::Relevance {
        // Ranking takes a look at each document that a search finds, and a common word finds most of them.
        let mut found = dsl::documents.select(dsl::id).limit(RANKED).into_boxed();
        for condition in conditions(list.filter, Way::ByAnyIndex) {
            found = found.filter(condition);
        }
        // A rank costs as much as a look: else all documents of a small vault would be ranked, to find those among them.
        query = query.filter(dsl::id.eq_any(found.order((dsl::created_at.desc(), dsl::id.desc()))));
        query = query.filter(sql::<Bool>(TOLL));
    } else {
        let way = if matches!(along, Along::TheOrderTo(_)) { Way::RowByRow } else { Way::ByAnyIndex };
        for condition in conditions(list.filter, way) {
            query = query.filter(condition);
        }
    }
    if let Some(after) = list.after {
        query = query.filter(compared(after, behind, &q));
    }
    let query = match list.sort {
        Sort::Relevance => query.order(rank_of(&q).desc()),
        _ => query.order(sql::<Text>(key).sql(order)),
    };
    let query = query.then_order_by(sql::<Text>("documents.id").sql(order));
    match along {
        Along::TheOrderTo(edge) => query.filter(compared(edge, up_to, "")),
        Along::TheOrder | Along::Indexes => query,
    }
}

/// A page of them, and the one that tells of another page. Planned each time for what is sought; but where the statement is one of
/// few, PostgreSQL takes it apart once a connection: else each search were three calls to it.
async fn page(conn: &mut AsyncPgConnection, list: ListQuery, along: Along) -> QueryResult<Vec<(DocumentId, f32)>> {
    let rows = list.limit + 1;
    let Filter { q, topics, .. } = &list.filter;
    // What is a phrase to the index has as many forms as phrases can have words.
    let is_plain = q.as_deref().is_none_or(|q| for_websearch(q, Within::Together) == for_websearch(q, Within::Apart));
    let one_of_few = is_plain && topics.len() <= TOPICS_OF_KEPT;
    let query = found(list, along).limit(rows);
    match one_of_few {
        true => prepared(query.filter(planned_each_time())).load(conn).await,
        false => query.load(conn).await,
    }
}

/// A condition that always holds, and has PostgreSQL plan for the values at hand each time: see `migrations/…_plan_kept`.
fn planned_each_time() -> Condition {
    Box::new(sql::<Bool>("(").bind::<Bool, _>(true).sql(" OR plan_kept(documents.id))"))
}

/// As many, or some more: one of the few numbers for which plans are kept.
fn rows_asked(list: &ListQuery) -> i64 {
    let rows = list.limit + 1;
    SIZES.into_iter().find(|size| *size >= rows).unwrap_or(rows)
}

/// How many documents a filter finds.
///
/// # Errors
/// When the database fails.
pub async fn count_of(conn: &mut AsyncPgConnection, filter: Filter) -> QueryResult<i64> {
    let mut query = dsl::documents.select(count_star()).into_boxed();
    for condition in conditions(filter, Way::ByAnyIndex) {
        query = query.filter(condition);
    }
    query.first(conn).await
}

/// See [`text_for`].
type TextFor = Box<dyn BoxableExpression<documents::table, Pg, SqlType = Nullable<Text>>>;

/// The text of a document, for the passages of it that answer a search. Of one that is too long to be handed over for each
/// answer, 10,000 characters around the first place where the search stands as it was typed, or else its longest word, in the
/// first two million; also where only the text has accents, which may take more letters without them. Without a search none.
fn text_for(q: Option<&str>) -> TextFor {
    let Some(q) = q else { return Box::new(sql("NULL::text")) };
    let parts = parts_of(q);
    let words: Vec<&str> = parts.iter().filter(|part| !part.left_out).flat_map(Part::words).collect();
    let longest: Vec<&str> = words.iter().max_by_key(|word| word.len()).copied().into_iter().collect();
    let (typed, longest) = (in_a_text(&words, true), in_a_text(&longest, true));
    Box::new(
        sql("CASE WHEN octet_length(text) <= ")
            .bind::<Integer, _>(WHOLE_TEXT_BYTES)
            .sql(" THEN text ELSE (SELECT substr(text, greatest(1, coalesce(nullif(regexp_instr(beginning, ")
            .bind::<Text, _>(typed)
            .sql(", 1, 1, 0, 'i'), 0), nullif(regexp_instr(beginning, ")
            .bind::<Text, _>(longest.clone())
            .sql(
                ", 1, 1, 0, 'i'), 0), (
                    SELECT place - length(unaccent(left(beginning, place))) + length(left(beginning, place))
                    FROM regexp_instr(unaccent(beginning), unaccent(",
            )
            .bind::<Text, _>(longest)
            .sql("), 1, 1, 0, 'i') AS place), 1) - 500), 10000) FROM left(text, 2000000) AS beginning) END"),
    )
}
