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
