//! `docuvault openapi`: prints the interface's description; `docs/openapi.json` is its output.

use crate::api;
use anyhow::Context;
use std::process::ExitCode;

/// Prints the document.
///
/// # Errors
/// When it can't be written.
pub fn run() -> anyhow::Result<ExitCode> {
    println!("{}", api::openapi().to_pretty_json().context("the document can't be written as JSON")?);
    Ok(ExitCode::SUCCESS)
}
