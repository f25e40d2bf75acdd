//! Jobs: seen, and retried.

use super::dto::{Job, ListOf};
use super::extractors::{Id, Query};
use super::problem::{ApiError, Problem};
use crate::domain::JobId;
use crate::services::{Vault, jobs};
use actix_web::{HttpRequest, HttpResponse, get, post, web};

/// Jobs, newest first.
#[utoipa::path(
    operation_id = "list_jobs",
    tag = "jobs",
    params(
        ("state" = Option<String>, Query, description = "queued, running, done or dead"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = ListOf<Job>),
        (status = 400, description = "invalid_query, invalid_cursor", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[get("/jobs")]
pub async fn list(vault: web::Data<Vault>, request: HttpRequest) -> Result<web::Json<ListOf<Job>>, ApiError> {
    let mut query = Query::read(&request, &["state", "limit", "cursor"])?;
    let (state, limit, cursor) = (query.parsed("state")?, query.parsed("limit")?, query.one("cursor")?);
    Ok(web::Json(ListOf::of(jobs::list(&vault, state, cursor.as_deref(), limit).await?)))
}

/// Put a dead job back into the queue.
#[utoipa::path(
    operation_id = "retry_job",
    tag = "jobs",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 202, description = "It will be tried again", body = Job),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "job_not_dead", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/jobs/{id}/retry")]
pub async fn retry(vault: web::Data<Vault>, id: Id<JobId>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Accepted().json(Job::from(jobs::retry(&vault, id.0).await?)))
}
