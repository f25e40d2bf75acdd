//! Lists of documents: what is asked, in which order, page by page.

use super::Vault;
use super::documents::Document;
use super::highlight::Sought;
use crate::db::models::DocumentRow;
use crate::db::queries;
use crate::db::queries::listing::{After, Filter, ListQuery, ListedRow, Sort};
use crate::domain::search::UNSEEN;
use crate::domain::{ContentHash, Cursor, DocumentStatus, TopicId, parse_time};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use std::str::FromStr;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;
/// Longest search, in characters and in words: a person's question, not a book.
const MAX_Q_CHARS: usize = 500;
const MAX_Q_WORDS: usize = 50;

/// A page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Cuts `limit + 1` rows down to a page; the row too many tells that there is another one.
    pub(super) fn cut(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> Cursor) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|last| cursor(last).encode());
        Self { items, next_cursor }
    }
}

pub(super) fn parse_limit(limit: Option<u32>) -> Result<i64> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(limit.into())
    } else {
        Err(Error::new(ErrorCode::InvalidQuery, "limit must be a whole number from 1 to 200."))
    }
}

/// What is searched for, trimmed and without what nobody sees, as texts are; nothing where it is blank.
pub(super) fn parse_q(q: Option<String>) -> Result<Option<String>> {
    let q = q.map(|q| q.replace(UNSEEN, "").trim().to_owned()).filter(|q| !q.is_empty());
    let too_long =
        |q: &String| q.chars().count() > MAX_Q_CHARS || q.split(|c: char| !c.is_alphanumeric()).count() > MAX_Q_WORDS;
    if q.as_ref().is_some_and(too_long) {
        return Err(Error::new(ErrorCode::InvalidQuery, "q must have at most 500 characters and 50 words."));
    }
    Ok(q)
}

pub(super) fn foreign_cursor() -> Error {
    Error::new(ErrorCode::InvalidCursor, "Take the cursor from next_cursor of the page before, with the same sort.")
}

/// The order of a list, as a client names it: `created_at`, `filename`, `size`, `deleted_at`, with `-` for the other way
/// round, or `relevance`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortOrder {
    sort: Sort,
    descending: bool,
}

impl SortOrder {
    fn name(self) -> String {
        let name = match self.sort {
            Sort::CreatedAt => "created_at",
            Sort::Filename => "filename",
            Sort::Size => "size",
            Sort::DeletedAt => "deleted_at",
            Sort::Relevance => return "relevance".to_owned(),
        };
        if self.descending { format!("-{name}") } else { name.to_owned() }
    }
}

impl SortOrder {
    /// What came last comes first: into the trash, or into the vault.
    fn usual(deleted: bool) -> Self {
        Self { sort: if deleted { Sort::DeletedAt } else { Sort::CreatedAt }, descending: true }
    }
}

impl FromStr for SortOrder {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let sort = match name {
            "created_at" => Sort::CreatedAt,
            "filename" => Sort::Filename,
            "size" => Sort::Size,
            "deleted_at" => Sort::DeletedAt,
            // The best first; there is no other way round.
            "relevance" if !descending => return Ok(Self { sort: Sort::Relevance, descending: true }),
            _ => {
                let detail = "sort must be created_at, -created_at, filename, -filename, size, -size or relevance; \
                              in the trash also deleted_at or -deleted_at.";
                return Err(Error::new(ErrorCode::InvalidQuery, detail));
            }
        };
        Ok(Self { sort, descending })
    }
}

/// What a list of documents shows.
#[derive(Debug, Default)]
pub struct ListRequest {
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
    /// The order; none for the usual one.
    pub sort: Option<SortOrder>,
    /// Where the page begins.
    pub cursor: Option<String>,
    /// Rows a page, 1 to 200.
    pub limit: Option<u32>,
}

/// A document in a list.
#[derive(Debug)]
pub struct Listed {
    /// The document.
    pub document: Document,
    /// With a search: the passages that answer it, escaped for HTML, hits between `<mark>` and `</mark>`.
    pub highlight: Option<String>,
}

/// A page of documents.
///
/// # Errors
/// `invalid_query`, `invalid_cursor`.
pub async fn list(vault: &Vault, request: ListRequest) -> Result<Page<Listed>> {
    let limit = parse_limit(request.limit)?;
    let q = parse_q(request.q)?;
    let sort = request.sort.unwrap_or_else(|| SortOrder::usual(request.deleted));
    if sort.sort == Sort::Relevance && q.is_none() {
        return Err(Error::new(ErrorCode::InvalidQuery, "sort=relevance needs a search: give q as well."));
    }
    if sort.sort == Sort::DeletedAt && !request.deleted {
        let detail = "Only what is in the trash is sorted by deleted_at: give deleted=true as well.";
        return Err(Error::new(ErrorCode::InvalidQuery, detail));
    }
    let after = request
        .cursor
        .map(|text| Cursor::decode(&text, &sort.name()).and_then(|cursor| after(sort.sort, cursor)))
        .map(|parsed| parsed.ok_or_else(foreign_cursor))
        .transpose()?;
    let mut topics = request.topics;
    topics.sort_unstable();
    topics.dedup();
    let filter = Filter {
        deleted: request.deleted,
        q: q.clone(),
        topics,
        statuses: request.statuses,
        content_types: request.content_types,
        sha256: request.sha256,
        created_from: request.created_from,
        created_to: request.created_to,
        ..Filter::default()
    };
    let query = ListQuery { filter, sort: sort.sort, descending: sort.descending, after, limit };

    let mut conn = vault.db.get().await?;
    let found = queries::listing::list(&mut conn, query).await?;
    drop(conn);
    let next = found.rows.last().filter(|_| found.more).map(|row| Cursor {
        sort: sort.name(),
        key: key_of(sort.sort, &row.document, row.rank),
        id: row.document.id.as_uuid(),
    });
    let sought = q.as_deref().map(Sought::of);
    let items = found.rows.into_iter().map(|ListedRow { document: row, topics, text, .. }| Listed {
        highlight: sought.as_ref().map(|sought| {
            let heading = row.title.as_deref().unwrap_or(row.filename.as_str());
            sought.passages(heading, text.as_deref().unwrap_or_default())
        }),
        document: Document { row, topics: topics.0 },
    });
    Ok(Page { items: items.collect(), next_cursor: next.map(|cursor| cursor.encode()) })
}

fn key_of(sort: Sort, row: &DocumentRow, rank: f32) -> String {
    match sort {
        Sort::CreatedAt => row.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        Sort::DeletedAt => row.deleted_at.unwrap_or_default().to_rfc3339_opts(SecondsFormat::Micros, true),
        Sort::Filename => row.filename.to_string(),
        Sort::Size => row.size_bytes.to_string(),
        // The shortest text that reads back as the same number.
        Sort::Relevance => rank.to_string(),
    }
}

fn after(sort: Sort, cursor: Cursor) -> Option<After> {
    let Cursor { key, id, .. } = cursor;
    Some(match sort {
        Sort::CreatedAt => After::CreatedAt(parse_time(&key)?, id),
        Sort::Filename => After::Filename(key, id),
        Sort::Size => After::Size(key.parse().ok()?, id),
        Sort::DeletedAt => After::DeletedAt(parse_time(&key)?, id),
        Sort::Relevance => After::Relevance(key.parse().ok()?, id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sort_reads_back_as_it_is_named() {
        for name in [
            "created_at",
            "-created_at",
            "filename",
            "-filename",
            "size",
            "-size",
            "deleted_at",
            "-deleted_at",
            "relevance",
        ] {
            assert_eq!(name.parse::<SortOrder>().map(SortOrder::name).ok().as_deref(), Some(name));
        }
        for bad in ["", "-", "name", "-relevance", "created_at; DROP TABLE documents"] {
            assert!(bad.parse::<SortOrder>().is_err(), "{bad}");
        }
    }
}
