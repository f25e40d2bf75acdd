//! For those who keep the vault running: health and figures.

use crate::error::cause_chain;
use crate::extract::Capability;
use crate::queue::BreakerState;
use crate::services::Vault;
use crate::services::health::{self, AiNow, Probe};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, Responder, get, web};
use prometheus::{Encoder, TextEncoder};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

const OK: &str = "ok";
const UNAVAILABLE: &str = "unavailable";
const DEGRADED: &str = "degraded";

/// Is the vault able to do its work?
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok` or `unavailable`.
    status: &'static str,
    version: &'static str,
    /// `postgres`, `object_storage`, `redis`.
    checks: BTreeMap<&'static str, Check>,
    /// What reading can do with the programs that are installed: `pdf`, `thumbnails`, `ocr` and so on. A vault that lacks some
    /// still keeps everything, so this does not make it `unavailable`. And `ai`: the way to the provider that chooses topics.
    capabilities: BTreeMap<&'static str, CapabilityNow>,
}

/// Something that the vault can do beside keeping.
#[derive(Debug, Serialize, ToSchema)]
pub struct CapabilityNow {
    /// `ok` or `degraded`.
    status: &'static str,
    /// The programs and packages that it lacks; for `ai`, the provider that is not asked right now.
    missing: Vec<String>,
    /// For `ai` with a remote provider: `closed` (it is asked), `open` (it failed too often, and is left alone), `half_open`
    /// (it is tried), `unknown` (Redis does not say).
    #[serde(skip_serializing_if = "Option::is_none")]
    breaker: Option<&'static str>,
    /// For `ai`: how long it is left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in_seconds: Option<u64>,
}

impl From<AiNow> for CapabilityNow {
    fn from(AiNow { provider, breaker }: AiNow) -> Self {
        let ok = breaker.is_some_and(|breaker| breaker.state == BreakerState::Closed);
        Self {
            status: if ok { OK } else { DEGRADED },
            missing: if ok { Vec::new() } else { vec![provider.to_owned()] },
            breaker: Some(breaker.map_or("unknown", |breaker| breaker.state.as_str())),
            retry_in_seconds: breaker.filter(|_| !ok).map(|breaker| breaker.wait.as_millis().div_ceil(1000) as u64),
        }
    }
}

impl From<Capability> for CapabilityNow {
    fn from(capability: Capability) -> Self {
        Self {
            status: if capability.missing.is_empty() { OK } else { DEGRADED },
            missing: capability.missing,
            breaker: None,
            retry_in_seconds: None,
        }
    }
}

/// One store's answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    /// `ok` or `unavailable`.
    status: &'static str,
    latency_ms: f64,
}

impl From<Probe> for Check {
    fn from(probe: Probe) -> Self {
        let micros = probe.took.as_micros() as f64;
        Self { status: if probe.ok { OK } else { UNAVAILABLE }, latency_ms: micros / 1000.0 }
    }
}

/// Ready for requests: all three stores answer.
#[utoipa::path(
    operation_id = "get_health",
    tag = "operation",
    responses(
        (status = 200, description = "All stores answer", body = Health),
        (status = 503, description = "One does not; the body names it", body = Health),
    )
)]
#[get("/health")]
pub async fn ready(vault: web::Data<Vault>) -> impl Responder {
    let (probes, ai) = tokio::join!(health::check(&vault), health::ai(&vault));
    let mut capabilities: BTreeMap<_, CapabilityNow> =
        health::capabilities(&vault).into_iter().map(|found| (found.name, found.into())).collect();
    capabilities.extend(ai.map(|ai| ("ai", ai.into())));
    let ok = probes.iter().all(|probe| probe.ok);
    let health = Health {
        status: if ok { OK } else { UNAVAILABLE },
        version: env!("CARGO_PKG_VERSION"),
        checks: probes.into_iter().map(|probe| (probe.store.as_str(), probe.into())).collect(),
        capabilities,
    };
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    HttpResponse::build(status).json(health)
}

/// The process runs.
#[utoipa::path(operation_id = "get_liveness", tag = "operation", responses((status = 200, description = "It does")))]
#[get("/health/live")]
pub async fn live() -> impl Responder {
    HttpResponse::Ok().json(serde_json::json!({"status": OK}))
}

/// The vault's figures, for Prometheus.
#[utoipa::path(
    operation_id = "get_metrics",
    tag = "operation",
    responses((status = 200, description = "Text exposition format 0.0.4", body = String, content_type = "text/plain"))
)]
#[get("/metrics")]
pub async fn metrics(vault: web::Data<Vault>) -> impl Responder {
    // Without PostgreSQL the other figures are all the more of interest.
    if let Err(error) = health::refresh_figures(&vault).await {
        log::warn!("the figures of the queue could not be read: {}", cause_chain(&error));
    }
    if let Err(error) = health::refresh_ai_figures(&vault).await {
        log::warn!("the figures of the AI provider could not be read: {}", cause_chain(&error));
    }
    let mut body = Vec::new();
    let encoder = TextEncoder::new();
    match encoder.encode(&vault.metrics.registry().gather(), &mut body) {
        Ok(()) => HttpResponse::Ok().content_type(encoder.format_type()).body(body),
        Err(error) => {
            log::error!("the figures can't be written: {error}");
            HttpResponse::InternalServerError().finish()
        }
    }
}
