//! One file a role, and the small commands an operator needs.

mod client;
pub mod export;
pub mod healthcheck;
pub mod import;
mod logging;
pub mod migrate;
pub mod openapi;
pub mod read_child;
pub mod serve;
pub mod verify;
pub mod worker;

use anyhow::Context;
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use tokio::runtime::{Builder, Runtime};

fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("the runtime can't be built")
}

/// Files that a process may have open at most, where the machine lets it: each client is one, and so is each connection
/// to a store. Many machines begin at 1,024, which a few hundred clients use up.
const OPEN_FILES: u64 = 65_536;

/// Raises the limit on open files as far as it goes. A process that can't is no worse off than before.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(OPEN_FILES).min(OPEN_FILES);
    if limit.current.is_some_and(|current| current < wanted)
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit })
    {
        log::warn!("the limit on open files can't be raised: {error}");
    }
}

/// Hides this process from others of the same user, the reading children above all. From here on the kernel shows them
/// neither its environment nor its memory, with Landlock or without; and no core file holds a secret.
fn hide() -> anyhow::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("this process can't be hidden from others of its user")
}
