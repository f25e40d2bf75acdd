//! One file a role, and the small commands an operator needs.

pub mod healthcheck;
pub mod migrate;
pub mod openapi;
pub mod read_child;
pub mod serve;
pub mod verify;
pub mod worker;

use crate::config::Variables;
use anyhow::Context;
use env_logger::Target;
use std::io::Write;
use tokio::runtime::{Builder, Runtime};

/// Begins the log: one line an event, to standard error, as `RUST_LOG` says (default `info`).
fn begin_log(variables: &Variables) {
    begin_log_to(variables, Target::Stderr);
}

/// As [`begin_log`], by way of something that knows what else is on the terminal.
fn begin_log_through(variables: &Variables, stderr: Box<dyn Write + Send>) {
    begin_log_to(variables, Target::Pipe(stderr));
}

fn begin_log_to(variables: &Variables, target: Target) {
    let mut builder = env_logger::Builder::new();
    builder.target(target);
    builder.parse_filters(variables.get("RUST_LOG").unwrap_or("info"));
    // A second one in the same process (tests) keeps the first.
    let _ = builder.try_init();
}

fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("the runtime can't be built")
}
