//! `docuvault read-child`: what the worker starts for each file that has to be parsed.

use crate::extract::child::{self, EXIT_FAILED, Format, Limits, Options};
use std::process::ExitCode;

/// Reads standard input.
pub fn run(format: Format, options: &Options, limits: Limits) -> ExitCode {
    let code = child::run(format, options, limits).unwrap_or_else(|error| {
        // A code of its own: the program's usual one, 1, is what poppler says of a broken file.
        eprintln!("the reading child failed: {error}");
        EXIT_FAILED
    });
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}
