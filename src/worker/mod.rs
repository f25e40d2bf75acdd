//! The worker: hears the bell, claims jobs, works, settles; and sweeps.
//!
//! Any number of workers run side by side. What one has in hand is known by its leases in PostgreSQL; a worker that
//! dies takes nothing with it.

mod classification_run;
mod in_hand;
mod process_document;
mod runner;
mod sweeps;
mod task;

pub use runner::Worker;
pub use task::Task;

use std::io;
use tokio::runtime::{Builder, Runtime};

/// What a worker runs on: one thread. It waits for the stores and for its children most of the time, and threads that hand
/// each other what was answered cost more than it works itself. Learning, which takes seconds, has a thread of its own.
///
/// # Errors
/// When the system has no room for it.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
