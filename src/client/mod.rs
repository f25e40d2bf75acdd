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

/// Files that are under way at the same time.
const AT_ONCE: usize = 4;
