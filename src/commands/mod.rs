//! One file a role, and the small commands an operator needs.

pub mod healthcheck;
mod logging;
pub mod migrate;
pub mod openapi;
pub mod read_child;
pub mod serve;
pub mod verify;
pub mod worker;

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};

fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("the runtime can't be built")
}
