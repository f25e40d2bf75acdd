//! Documents: listed, looked at, changed, thrown away and taken back.

use super::dto::{Document, DocumentInList, DocumentPatch, Explanation, HistoryEntry, ListOf, TopicChoice, Unlock};
use super::extractors::{Id, Query, parse_id};
use super::problem::{ApiError, Problem};
use crate::domain::{DocumentId, Filename};
use crate::error::{Error, ErrorCode, Result};
use crate::services::documents::{self, DocumentChange, MAX_TOPICS};
use crate::services::listing::{self, ListRequest};
use crate::services::{self, Vault};
use crate::services::{trash, unchanged, undo};
use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put, web};
use bytes::Bytes;
use std::sync::Arc;
use utoipa::IntoParams;

/// What a list of documents can be asked.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `list_request` reads")]
struct ListParameters {
    /// Full text over title, name and text: words, "phrases", or, -without; the last word also as a beginning
    q: Option<String>,
    /// A topic's id; repeat it for documents that stand under all of them
    topic: Option<Vec<uuid::Uuid>>,
    /// pending, processing, ready, needs_review or failed; repeat it for any of them
    status: Option<Vec<String>>,
    /// A MIME type, or a family of them such as image/*; repeat it for any of them
    content_type: Option<Vec<String>>,
    /// The SHA-256 of the bytes, 64 hexadecimal digits
    sha256: Option<String>,
    /// Put in at or after this time (RFC 3339)
    created_from: Option<chrono::DateTime<chrono::Utc>>,
    /// Put in before this time (RFC 3339)
    created_to: Option<chrono::DateTime<chrono::Utc>>,
    /// true: what is in the trash, and nothing else
    deleted: Option<bool>,
    /// -created_at (default), created_at, filename, -filename, size, -size; relevance with q, which ranks the newest 2,000
    /// that q finds and ends with them; in the trash also -deleted_at (default there), deleted_at
    sort: Option<String>,
    /// Rows a page
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// next_cursor of the page before
    cursor: Option<String>,
}

fn list_request(request: &HttpRequest) -> Result<ListRequest> {
    let mut query = Query::read(
        request,
        &[
            "q",
            "topic",
            "status",
            "content_type",
            "created_from",
            "created_to",
            "deleted",
            "sha256",
            "sort",
            "limit",
            "cursor",
        ],
    )?;
    Ok(ListRequest {
        deleted: query.parsed("deleted")?.unwrap_or(false),
        q: query.one("q")?,
        topics: query.all("topic").iter().map(|id| parse_id(id)).collect::<Result<_>>()?,
        statuses: query.all_parsed("status")?,
        content_types: query.all_parsed("content_type")?,
        sha256: query.parsed("sha256")?,
        created_from: query.time("created_from")?,
        created_to: query.time("created_to")?,
        sort: query.one("sort")?.map(|sort| sort.parse()).transpose()?,
        cursor: query.one("cursor")?,
        limit: query.parsed("limit")?,
    })
}

/// Documents, newest first unless sorted otherwise.
#[utoipa::path(
    operation_id = "list_documents",
    tag = "documents",
    params(ListParameters),
    responses(
        (status = 200, description = "A page", body = ListOf<DocumentInList>),
        (status = 400, description = "invalid_query, invalid_id, invalid_cursor", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[get("/documents")]
pub async fn list(vault: web::Data<Vault>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let wanted = list_request(&request)?;
    let question = (!wants_it_anew(&request)).then(|| request.query_string().to_owned());
    let body = vault.background.run(page(vault.clone().into_inner(), wanted, question)).await?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
}

/// A page as JSON; of a question that may have been answered before, the answer that still holds.
async fn page(vault: Arc<Vault>, wanted: ListRequest, question: Option<String>) -> Result<Bytes> {
    let anew = async || {
        let page: ListOf<DocumentInList> = ListOf::of(listing::list(&vault, wanted).await?);
        serde_json::to_vec(&page).map(Bytes::from).map_err(Error::internal)
    };
    match question {
        Some(question) => unchanged::answer(&vault, &question, anew).await,
        None => anew().await,
    }
}

/// The client would have no answer out of memory, nor this one kept (RFC 9111, 5.2.1.5).
fn wants_it_anew(request: &HttpRequest) -> bool {
    let said = request.headers().get_all(header::CACHE_CONTROL).filter_map(|value| value.to_str().ok());
    said.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case("no-store"))
}

/// One document.
#[utoipa::path(
    operation_id = "get_document",
    tag = "documents",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The document", body = Document),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/documents/{id}")]
pub async fn get(vault: web::Data<Vault>, id: Id<DocumentId>) -> Result<web::Json<Document>, ApiError> {
    let here = vault.clone().into_inner();
    let document = vault.background.run(async move { documents::get(&here, id.0).await }).await?;
    Ok(web::Json(document.into()))
}

/// Change a document's title or name. The bytes stay where they are.
#[utoipa::path(
    operation_id = "update_document",
    tag = "documents",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The document as it is now", body = Document),
        (status = 400, description = "invalid_body, invalid_field, invalid_filename", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
#[patch("/documents/{id}")]
pub async fn patch(
    vault: web::Data<Vault>,
    id: Id<DocumentId>,
    patch: web::Json<DocumentPatch>,
) -> Result<web::Json<Document>, ApiError> {
    let DocumentPatch { title, filename } = patch.into_inner();
    let title = match title {
        Some(Some(title)) => Some(documents::parse_title(&title)?),
        other => other,
    };
    let filename = filename.map(|name| parse_filename(&name)).transpose()?;
    Ok(web::Json(documents::change(&vault, id.0, DocumentChange { title, filename }).await?.into()))
}

/// A file's name out of a request.
pub(super) fn parse_filename(name: &str) -> Result<Filename> {
    name.parse()
        .map_err(|error: crate::domain::FilenameError| Error::new(ErrorCode::InvalidFilename, error.to_string()))
}

/// Put a document into the trash; or remove it with its bytes, in the trash or not.
#[utoipa::path(
    operation_id = "delete_document",
    tag = "documents",
    params(
        ("id" = uuid::Uuid, Path),
        ("permanently" = Option<bool>, Query, description = "true: remove it and its bytes at once, for good"),
    ),
    responses(
        (status = 204, description = "It is in the trash, or gone for good"),
        (status = 400, description = "invalid_query", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/documents/{id}")]
pub async fn delete(
    vault: web::Data<Vault>,
    id: Id<DocumentId>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    match Query::read(&request, &["permanently"])?.parsed("permanently")? {
        Some(true) => trash::delete(&vault, id.0).await?,
        Some(false) | None => trash::put_in(&vault, id.0).await?,
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Take a document out of the trash. One that is not in it stays as it is.
#[utoipa::path(
    operation_id = "restore_document",
    tag = "documents",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The document", body = Document),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "duplicate: the same bytes were put in again meanwhile, and are there under existing_id",
            body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/documents/{id}/restore")]
pub async fn restore(vault: web::Data<Vault>, id: Id<DocumentId>) -> Result<web::Json<Document>, ApiError> {
    Ok(web::Json(trash::restore(&vault, id.0).await?.into()))
}

/// What happened to a document, newest first; also to one that is in the trash, or gone.
#[utoipa::path(
    operation_id = "get_document_history",
    tag = "documents",
    params(
        ("id" = uuid::Uuid, Path),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = ListOf<HistoryEntry>),
        (status = 400, description = "invalid_query, invalid_cursor", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/documents/{id}/history")]
pub async fn history(
    vault: web::Data<Vault>,
    id: Id<DocumentId>,
    request: HttpRequest,
) -> Result<web::Json<ListOf<HistoryEntry>>, ApiError> {
    let mut query = Query::read(&request, &["limit", "cursor"])?;
    let (limit, cursor) = (query.parsed("limit")?, query.one("cursor")?);
    Ok(web::Json(ListOf::of(services::history::of_document(&vault, id.0, cursor.as_deref(), limit).await?)))
}

/// Why a document's topics fit, or do not: the words that say so, by what the vault has learned by now.
#[utoipa::path(
    operation_id = "explain_document",
    tag = "documents",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The topics that fit best, the best first", body = Explanation),
        (status = 404, description = "not_found, no_text", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/documents/{id}/explanation")]
pub async fn explanation(vault: web::Data<Vault>, id: Id<DocumentId>) -> Result<web::Json<Explanation>, ApiError> {
    Ok(web::Json(services::explanation::of_document(&vault, id.0).await?.into()))
}

/// A document's text.
#[utoipa::path(
    operation_id = "get_document_text",
    tag = "documents",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The text; pages end in a form feed", body = String, content_type = "text/plain"),
        (status = 404, description = "not_found, no_text", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/documents/{id}/text")]
pub async fn text(vault: web::Data<Vault>, id: Id<DocumentId>) -> Result<HttpResponse, ApiError> {
    let text = documents::text(&vault, id.0).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, super::content::SANDBOX))
        .body(text))
}

/// Choose a document's topics: a person's word, which the AI never overrides.
#[utoipa::path(
    operation_id = "set_document_topics",
    tag = "documents",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The document as it is now", body = Document),
        (status = 400, description = "invalid_body, unknown_topic", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/documents/{id}/topics")]
pub async fn put_topics(
    vault: web::Data<Vault>,
    id: Id<DocumentId>,
    choice: web::Json<TopicChoice>,
) -> Result<web::Json<Document>, ApiError> {
    let mut topics = choice.into_inner().topic_ids;
    topics.sort_unstable();
    topics.dedup();
    if topics.len() > MAX_TOPICS {
        return Err(Error::new(ErrorCode::InvalidBody, "A document has at most 50 topics.").into());
    }
    Ok(web::Json(documents::set_topics(&vault, id.0, &topics).await?.into()))
}

/// Take back the last choice of topics that a person made for a document. Once more takes back the one before.
#[utoipa::path(
    operation_id = "undo_document_topics",
    tag = "documents",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The document as it is now", body = Document),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "nothing_to_undo", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/documents/{id}/topics/undo")]
pub async fn undo_topics(vault: web::Data<Vault>, id: Id<DocumentId>) -> Result<web::Json<Document>, ApiError> {
    Ok(web::Json(undo::topics(&vault, id.0).await?.into()))
}

/// Read and sort a document again.
#[utoipa::path(
    operation_id = "reprocess_document",
    tag = "documents",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 202, description = "It will be done", body = Document),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/documents/{id}/reprocess")]
pub async fn reprocess(vault: web::Data<Vault>, id: Id<DocumentId>) -> Result<HttpResponse, ApiError> {
    let document = documents::reprocess(&vault, id.0).await?;
    Ok(HttpResponse::Accepted().json(Document::from(document)))
}

/// Have a document read that is protected by a password. The password is used once, and kept nowhere.
#[utoipa::path(
    operation_id = "unlock_document",
    tag = "documents",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 202, description = "It will be read; where the password was wrong, its error is `password` again",
            body = Document),
        (status = 400, description = "invalid_body, invalid_field", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not_locked", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "busy, unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/documents/{id}/unlock")]
pub async fn unlock(
    vault: web::Data<Vault>,
    id: Id<DocumentId>,
    body: web::Json<Unlock>,
) -> Result<HttpResponse, ApiError> {
    let document = services::unlock::unlock(&vault, id.0, body.into_inner().password.into()).await?;
    Ok(HttpResponse::Accepted().json(Document::from(document)))
}
