//! The terminal client: files and folders into a running vault, and out of it.
//!
//! It speaks to the vault by its HTTP interface alone, and needs none of the vault's settings. Invariants:
//! - Memory does not grow with a file: it is hashed, sent and fetched piece by piece.
//! - Whatever is broken off can be run again, with the result of once: a file is known by its SHA-256.
//! - Nothing outside the folder is written by an export or read by an import, whatever a vault or a manifest says.

mod disc;
mod export;
mod http;
mod import;
mod manifest;
mod names;
mod patience;
mod progress;
mod walk;

pub use export::{ExportReport, export};
pub use http::{BaseUrl, BaseUrlError, Failure, Remote};
pub use import::{ImportOptions, ImportReport, import};
pub use progress::Progress;

/// A report for a person: what was done, how many were left out and why, and whether it is to be run again.
fn summary(mut text: String, (left_out, why): (u64, &str), failed: u64, not_reached: u64, stopped: bool) -> String {
    if left_out > 0 {
        text.push_str(&format!(", {left_out} {why}"));
    }
    text.push_str(&format!(", {failed} failed"));
    if not_reached > 0 {
        text.push_str(&format!(", {not_reached} not reached"));
    }
    text.push('.');
    if stopped || not_reached > 0 {
        text.push_str(" Stopped before the end: run it again to go on.");
    }
    text
}

/// Files that are under way at the same time.
const AT_ONCE: usize = 4;
