//! The vault in numbers, and what a client should know before it begins.

use super::dto::{About, Stats};
use super::problem::ApiError;
use crate::services::{Vault, stats};
use actix_web::{get, web};

/// What there is, in numbers. The trash counts only where it is named.
#[utoipa::path(operation_id = "get_stats", tag = "watch", responses((status = 200, description = "The numbers", body = Stats)))]
#[get("/stats")]
pub async fn get(vault: web::Data<Vault>) -> Result<web::Json<Stats>, ApiError> {
    Ok(web::Json(stats::count(&vault).await?.into()))
}

/// What a client should know before it begins.
#[utoipa::path(operation_id = "get_about", tag = "watch", responses((status = 200, description = "This vault", body = About)))]
#[get("/about")]
pub async fn about(vault: web::Data<Vault>) -> web::Json<About> {
    web::Json(About::of(&vault))
}
