//! The HTTP interface: each handler takes what it needs out of the request, makes one call of a service, and turns the
//! answer into its JSON. Everything an answer has in common (request id, error envelope, log line) is in the middleware.

mod content;
mod documents;
mod dto;
mod events;
mod extractors;
mod health;
mod jobs;
mod middleware;
mod pace;
mod page;
mod problem;
mod routes;
mod runs;
mod stats;
mod topics;
mod upload;

pub use routes::openapi;

use crate::services::Vault;
use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{HttpServer, web};
use actix_web_prom::PrometheusMetricsBuilder;
use anyhow::{Context, anyhow};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for a request's headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// Longest time in which an answered client may send on, and in which it may close its connection.
const LINGER: Duration = Duration::from_secs(5);
/// Largest JSON body, in bytes.
const MAX_JSON_BYTES: usize = 64 * 1024;

/// The server, ready to be awaited. Signals are the caller's business.
///
/// # Errors
/// When the figures can't be registered, or the listener can't be used.
pub fn server(vault: Arc<Vault>, listener: TcpListener) -> anyhow::Result<Server> {
    let http_metrics = PrometheusMetricsBuilder::new("docuvault")
        .registry(vault.metrics.registry().clone())
        // Paths that nobody serves must not become labels: anyone could make as many as they like.
        .mask_unmatched_patterns("unmatched")
        // Its pattern has no name for the rest of the path, which the crate warns of at each request.
        .exclude_regex("^/api/v1/docs")
        // Its answers take hours, which says nothing of how fast the vault is; `docuvault_watchers` counts them.
        .exclude("/api/v1/events")
        .build()
        .map_err(|error| anyhow!(error))
        .context("the HTTP figures can't be registered")?;
    let grace = vault.config.work.shutdown_grace.as_secs();
    let data = web::Data::from(vault);
    let server = HttpServer::new(move || {
        let (app, openapi) = routes::app();
        let fallback = routes::Fallback::new(&openapi);
        app.app_data(data.clone())
            .app_data(web::Data::new(fallback))
            .app_data(web::JsonConfig::default().limit(MAX_JSON_BYTES).error_handler(problem::of_json))
            .configure(|services| routes::outside_the_interface(services, openapi))
            .default_service(web::to(routes::fallback))
            .wrap(from_fn(pace::keep_pace))
            .wrap(any_origin())
            .wrap(http_metrics.clone())
            .wrap(from_fn(middleware::envelope))
    })
    .disable_signals()
    .shutdown_timeout(grace)
    .client_request_timeout(HEADERS_WITHIN)
    // What a refused upload still sends is read and dropped for so long, or the client would not see why.
    .client_disconnect_timeout(LINGER)
    .listen(listener)
    .context("the address can't be listened on")?
    .run();
    Ok(server)
}

/// All origins, as long as there is no login (and the server listens on loopback); but never with what a browser knows of the
/// person for this address: the password of a proxy in front, say.
fn any_origin() -> Cors {
    Cors::default()
        .allow_any_origin()
        .send_wildcard()
        .allow_any_method()
        .allow_any_header()
        .expose_any_header()
        .max_age(3600)
}
