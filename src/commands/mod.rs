//! One file a role, and the small commands an operator needs.

pub mod healthcheck;
pub mod migrate;
pub mod openapi;
pub mod read_child;
pub mod serve;
pub mod worker;

use crate::config::Variables;
use anyhow::Context;
use tokio::runtime::{Builder, Runtime};

/// Begins the log: one line an event, to standard error, as `RUST_LOG` says (default `info`).
fn begin_log(variables: &Variables) {
    let mut builder = env_logger::Builder::new();
    builder.parse_filters(variables.get("RUST_LOG").unwrap_or("info"));
    // A second one in the same process (tests) keeps the first.
    let _ = builder.try_init();
}

fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("the runtime can't be built")
}
