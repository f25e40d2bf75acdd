//! Classification runs: started, seen, ended early, taken back.

use super::dto::{ClassificationRun, ListOf};
use super::extractors::{Id, Query};
use super::problem::{ApiError, Problem};
use crate::domain::{JobId, Selection};
use crate::services::{Vault, runs};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post, web};

fn accepted(run: runs::KnownRun) -> HttpResponse {
    let place = format!("/api/v1/classification-runs/{}", run.job.id);
    HttpResponse::Accepted().insert_header((header::LOCATION, place)).json(ClassificationRun::from(run))
}

/// Have many documents sorted anew. What a person has sorted is left alone.
#[utoipa::path(
    operation_id = "start_classification_run",
    tag = "runs",
    responses(
        (status = 202, description = "It will be done", body = ClassificationRun),
        (status = 400, description = "invalid_body", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/classification-runs")]
pub async fn start(vault: web::Data<Vault>, selection: web::Json<Selection>) -> Result<HttpResponse, ApiError> {
    Ok(accepted(runs::start(&vault, selection.into_inner()).await?))
}

/// Classification runs, newest first.
#[utoipa::path(
    operation_id = "list_classification_runs",
    tag = "runs",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = ListOf<ClassificationRun>),
        (status = 400, description = "invalid_query, invalid_cursor", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[get("/classification-runs")]
pub async fn list(
    vault: web::Data<Vault>,
    request: HttpRequest,
) -> Result<web::Json<ListOf<ClassificationRun>>, ApiError> {
    let mut query = Query::read(&request, &["limit", "cursor"])?;
    let (limit, cursor) = (query.parsed("limit")?, query.one("cursor")?);
    Ok(web::Json(ListOf::of(runs::list(&vault, cursor.as_deref(), limit).await?)))
}

/// A classification run, and how far it has come.
#[utoipa::path(
    operation_id = "get_classification_run",
    tag = "runs",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The run", body = ClassificationRun),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/classification-runs/{id}")]
pub async fn get(vault: web::Data<Vault>, id: Id<JobId>) -> Result<web::Json<ClassificationRun>, ApiError> {
    Ok(web::Json(runs::get(&vault, id.0).await?.into()))
}

/// End a classification run before its end. What it has done stays; it can be taken back.
#[utoipa::path(
    operation_id = "cancel_classification_run",
    tag = "runs",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 202, description = "It ends after the document in hand, or has ended already", body = ClassificationRun),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/classification-runs/{id}/cancel")]
pub async fn cancel(vault: web::Data<Vault>, id: Id<JobId>) -> Result<HttpResponse, ApiError> {
    Ok(accepted(runs::cancel(&vault, id.0).await?))
}

/// Take a classification run back: what stood before it stands again, wherever nobody has changed that since. That is a
/// run of its own.
#[utoipa::path(
    operation_id = "undo_classification_run",
    tag = "runs",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 202, description = "The run that takes it back", body = ClassificationRun),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "nothing_to_undo, run_not_ended", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[post("/classification-runs/{id}/undo")]
pub async fn undo(vault: web::Data<Vault>, id: Id<JobId>) -> Result<HttpResponse, ApiError> {
    Ok(accepted(runs::undo(&vault, id.0).await?))
}
