//! `docuvault read-child`: what the worker starts for each file that has to be parsed.

use crate::extract::child::{self, Format, Limits};
use anyhow::Context;
use std::process::ExitCode;

/// Reads standard input.
///
/// # Errors
/// When a limit can't be set or a pipe breaks.
pub fn run(format: Format, limits: Limits) -> anyhow::Result<ExitCode> {
    let code = child::run(format, limits).context("the reading child failed")?;
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}
