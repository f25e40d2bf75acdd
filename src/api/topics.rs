//! Topics: listed, made, changed, merged, removed, and what could be tidied up among them.

use super::dto::{ListOf, NewTopic, Topic, TopicMerge, TopicPatch, TopicSuggestions};
use super::extractors::{Id, Query};
use super::problem::{ApiError, Problem};
use crate::db::queries::topics::TopicChange;
use crate::domain::{Color, TopicId, TopicName, TopicRuleError};
use crate::error::{Error, ErrorCode};
use crate::services::{self, Vault, topics};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};

fn invalid(error: TopicRuleError) -> Error {
    Error::new(ErrorCode::InvalidBody, error.to_string())
}

/// Topics, by name: all of them, unless `limit` or `cursor` asks for a page.
#[utoipa::path(
    operation_id = "list_topics",
    tag = "topics",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "So many of them; all where neither it nor cursor is given"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses(
        (status = 200, description = "All topics, or a page", body = ListOf<Topic>),
        (status = 400, description = "invalid_query, invalid_cursor", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[get("/topics")]
pub async fn list(vault: web::Data<Vault>, request: HttpRequest) -> Result<web::Json<ListOf<Topic>>, ApiError> {
    let mut query = Query::read(&request, &["limit", "cursor"])?;
    let (limit, cursor) = (query.parsed("limit")?, query.one("cursor")?);
    Ok(web::Json(ListOf::of(topics::list(&vault, cursor.as_deref(), limit).await?)))
}

/// Make a topic.
#[utoipa::path(
    operation_id = "create_topic",
    tag = "topics",
    responses(
        (status = 201, description = "The topic", body = Topic),
        (status = 400, description = "invalid_body", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "duplicate_topic", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/topics")]
pub async fn create(vault: web::Data<Vault>, new: web::Json<NewTopic>) -> Result<HttpResponse, ApiError> {
    let name: TopicName = new.name.parse().map_err(invalid)?;
    let color: Option<Color> = new.color.as_deref().map(|color| color.parse().map_err(invalid)).transpose()?;
    let description = topics::parse_description(&new.description)?;
    let topic = Topic::from(topics::create(&vault, &name, &description, color.as_ref()).await?);
    Ok(HttpResponse::Created().insert_header((header::LOCATION, format!("/api/v1/topics/{}", topic.id()))).json(topic))
}

/// What could be tidied up: topics that seem to mean the same, topics that nobody uses, and topics that seem to be
/// missing. It goes by a sample of the documents, and changes nothing.
#[utoipa::path(operation_id = "suggest_topics", tag = "topics", responses((status = 200, description = "Suggestions", body = TopicSuggestions)))]
#[get("/topics/suggestions")]
pub async fn suggestions(vault: web::Data<Vault>) -> Result<web::Json<TopicSuggestions>, ApiError> {
    Ok(web::Json(services::suggestions::of_vault(&vault).await?.into()))
}

/// Change a topic.
#[utoipa::path(
    operation_id = "update_topic",
    tag = "topics",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The topic as it is now", body = Topic),
        (status = 400, description = "invalid_body", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "duplicate_topic", body = Problem, content_type = "application/problem+json"),
    )
)]
#[patch("/topics/{id}")]
pub async fn patch(
    vault: web::Data<Vault>,
    id: Id<TopicId>,
    patch: web::Json<TopicPatch>,
) -> Result<web::Json<Topic>, ApiError> {
    let name: Option<TopicName> = patch.name.as_deref().map(|name| name.parse().map_err(invalid)).transpose()?;
    let color: Option<Color> = patch.color.as_deref().map(|color| color.parse().map_err(invalid)).transpose()?;
    let description = patch.description.as_deref().map(topics::parse_description).transpose()?;
    let change = TopicChange { name: name.as_ref(), description: description.as_deref(), color: color.as_ref() };
    Ok(web::Json(topics::change(&vault, id.0, change).await?.into()))
}

/// Remove a topic, also from its documents; the documents stay.
#[utoipa::path(
    operation_id = "delete_topic",
    tag = "topics",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/topics/{id}")]
pub async fn delete(vault: web::Data<Vault>, id: Id<TopicId>) -> Result<HttpResponse, ApiError> {
    topics::delete(&vault, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Merge a topic into another: its documents stand under that one, and it is gone.
#[utoipa::path(
    operation_id = "merge_topic",
    tag = "topics",
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The topic that stays, as it is now", body = Topic),
        (status = 400, description = "invalid_body, unknown_topic", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/topics/{id}/merge")]
pub async fn merge(
    vault: web::Data<Vault>,
    id: Id<TopicId>,
    merge: web::Json<TopicMerge>,
) -> Result<web::Json<Topic>, ApiError> {
    Ok(web::Json(topics::merge(&vault, id.0, merge.into).await?.into()))
}
