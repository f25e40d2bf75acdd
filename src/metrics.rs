//! The figures the vault keeps of itself, in Prometheus' terms; one registry a process, handed down, never global.

use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Buckets for calls to a store, in seconds: from a Redis answer to a large part's upload.
const STORE_BUCKETS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A store the vault stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// The truth.
    Postgres,
    /// The shelf.
    ObjectStorage,
    /// The doorbell.
    Redis,
}

impl Store {
    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::ObjectStorage => "object_storage",
            Self::Redis => "redis",
        }
    }
}

/// All figures of a process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    store_seconds: HistogramVec,
    store_errors: IntCounterVec,
    /// Uploads by outcome: `kept`, `refused` (a duplicate, an unknown topic), `broken` (the client went away), `busy` (no
    /// room for it), `failed`.
    pub uploads: IntCounterVec,
    /// Bytes taken by uploads that were kept.
    pub upload_bytes: IntCounter,
    /// Uploads that are flowing in right now.
    pub uploads_in_flight: IntGauge,
    /// Clients that watch events right now.
    pub watchers: IntGauge,
    /// Jobs by state, as PostgreSQL has them; set when the figures are read.
    pub jobs: IntGaugeVec,
    /// Jobs that are due and wait for a worker; set when the figures are read.
    pub queue_depth: IntGauge,
    /// Age of the oldest of them, in seconds; set when the figures are read.
    pub queue_oldest_seconds: IntGauge,
    /// Jobs a worker holds under a lease; set when the figures are read.
    pub work_in_hand: IntGauge,
    /// Those of a remote AI provider.
    pub ai: AiFigures,
}

/// The figures of a remote AI provider, all workers together; set when the figures are read.
#[derive(Debug)]
pub struct AiFigures {
    /// The breaker before it: 0 closed, 1 half-open, 2 open.
    pub breaker_state: IntGauge,
    /// Tokens that were spent or set aside today (UTC).
    pub tokens_today: IntGauge,
    /// Requests that were spent or set aside today (UTC).
    pub requests_today: IntGauge,
    questions: IntCounterVec,
    requests: IntCounter,
    tokens: IntCounter,
    fallbacks: IntCounter,
    catching_up: Mutex<()>,
}

impl AiFigures {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let figures = Self {
            breaker_state: IntGauge::new(
                "docuvault_ai_breaker_state",
                "The breaker before the AI provider: 0 closed, 1 half-open, 2 open.",
            )?,
            tokens_today: IntGauge::new("docuvault_ai_tokens_today", "Tokens spent or set aside today (UTC).")?,
            requests_today: IntGauge::new("docuvault_ai_requests_today", "Requests sent or set aside today (UTC).")?,
            questions: IntCounterVec::new(
                Opts::new("docuvault_ai_questions_total", "Questions to the remote AI provider, by outcome."),
                &["outcome"],
            )?,
            requests: IntCounter::new("docuvault_ai_requests_total", "Requests sent to the remote AI provider.")?,
            tokens: IntCounter::new("docuvault_ai_tokens_total", "Tokens that these took, as far as is known.")?,
            fallbacks: IntCounter::new(
                "docuvault_ai_fallbacks_total",
                "Documents that the local provider sorted in its place.",
            )?,
            catching_up: Mutex::new(()),
        };
        registry.register(Box::new(figures.breaker_state.clone()))?;
        registry.register(Box::new(figures.tokens_today.clone()))?;
        registry.register(Box::new(figures.requests_today.clone()))?;
        registry.register(Box::new(figures.questions.clone()))?;
        registry.register(Box::new(figures.requests.clone()))?;
        registry.register(Box::new(figures.tokens.clone()))?;
        registry.register(Box::new(figures.fallbacks.clone()))?;
        Ok(figures)
    }

    /// Takes over what all workers have counted: `requests`, `tokens`, `fallbacks`, and each outcome under its name.
    pub fn catch_up(&self, counted: &HashMap<String, u64>) {
        // One at a time, so that nothing is added twice.
        let _alone = self.catching_up.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, total) in counted {
            let counter = match name.as_str() {
                "requests" => self.requests.clone(),
                "tokens" => self.tokens.clone(),
                "fallbacks" => self.fallbacks.clone(),
                outcome => self.questions.with_label_values(&[outcome]),
            };
            // What is less than before was begun anew.
            if *total < counter.get() {
                counter.reset();
            }
            counter.inc_by(total.saturating_sub(counter.get()));
        }
    }
}

impl Metrics {
    /// Makes and registers all figures.
    ///
    /// # Errors
    /// When two figures share a name: a mistake in this file.
    pub fn new() -> Result<Arc<Self>, prometheus::Error> {
        let registry = Registry::new();
        let metrics = Self {
            store_seconds: HistogramVec::new(
                HistogramOpts::new("docuvault_store_seconds", "Latency of calls to a store.")
                    .buckets(STORE_BUCKETS.to_vec()),
                &["store"],
            )?,
            store_errors: IntCounterVec::new(
                Opts::new("docuvault_store_errors_total", "Calls to a store that failed."),
                &["store"],
            )?,
            uploads: IntCounterVec::new(
                Opts::new("docuvault_uploads_total", "Uploads that reached the object store, by outcome."),
                &["outcome"],
            )?,
            upload_bytes: IntCounter::new("docuvault_upload_bytes_total", "Bytes of uploads that were kept.")?,
            uploads_in_flight: IntGauge::new("docuvault_uploads_in_flight", "Uploads flowing in right now.")?,
            watchers: IntGauge::new("docuvault_watchers", "Clients that watch events right now.")?,
            jobs: IntGaugeVec::new(Opts::new("docuvault_jobs", "Jobs by state."), &["state"])?,
            queue_depth: IntGauge::new("docuvault_queue_depth", "Jobs that are due and wait for a worker.")?,
            queue_oldest_seconds: IntGauge::new(
                "docuvault_queue_oldest_seconds",
                "Age of the oldest job that waits, in seconds.",
            )?,
            work_in_hand: IntGauge::new("docuvault_work_in_hand", "Jobs a worker holds under a lease.")?,
            ai: AiFigures::new(&registry)?,
            registry,
        };
        for store in [Store::Postgres, Store::ObjectStorage, Store::Redis] {
            metrics.store_errors.with_label_values(&[store.as_str()]).inc_by(0);
        }
        metrics.registry.register(Box::new(metrics.store_seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.store_errors.clone()))?;
        metrics.registry.register(Box::new(metrics.uploads.clone()))?;
        metrics.registry.register(Box::new(metrics.upload_bytes.clone()))?;
        metrics.registry.register(Box::new(metrics.uploads_in_flight.clone()))?;
        metrics.registry.register(Box::new(metrics.watchers.clone()))?;
        metrics.registry.register(Box::new(metrics.jobs.clone()))?;
        metrics.registry.register(Box::new(metrics.queue_depth.clone()))?;
        metrics.registry.register(Box::new(metrics.queue_oldest_seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.work_in_hand.clone()))?;
        Ok(Arc::new(metrics))
    }

    /// Where all figures are registered.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Notes one call to a store.
    pub fn observe_store(&self, store: Store, took: Duration, failed: bool) {
        self.store_seconds.with_label_values(&[store.as_str()]).observe(took.as_secs_f64());
        if failed {
            self.store_errors.with_label_values(&[store.as_str()]).inc();
        }
    }

    /// Runs one call to a store and notes how long it took and whether it failed.
    pub async fn timed<T, E>(
        &self,
        store: Store,
        call: impl Future<Output = Result<T, E>>,
        is_failure: impl FnOnce(&E) -> bool,
    ) -> Result<T, E> {
        let start = Instant::now();
        let result = call.await;
        self.observe_store(store, start.elapsed(), result.as_ref().is_err_and(is_failure));
        result
    }
}
