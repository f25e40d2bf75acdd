//! `read-child`, of `docuvault`, `docuvault-reader` and `docuvault-renderer`: what the worker starts for each file that has
//! to be parsed.

use crate::extract::child::{self, EXIT_FAILED, Format, Limits, Options};
use std::io;
use std::process::ExitCode;

/// Reads standard input as any format.
pub fn run(format: Format, options: &Options, limits: Limits) -> ExitCode {
    exit_code(child::run(format, options, limits))
}

/// Reads standard input as one of the formats that `docuvault-reader` knows.
pub fn run_small(format: Format, options: &Options, limits: Limits) -> ExitCode {
    exit_code(child::run_small(format, options, limits))
}

/// Draws standard input, which is a PDF.
pub fn run_renderer(format: Format, options: &Options, limits: Limits) -> ExitCode {
    exit_code(child::run_renderer(format, options, limits))
}

fn exit_code(ended: io::Result<i32>) -> ExitCode {
    let code = ended.unwrap_or_else(|error| {
        // A code of its own: the program's usual one, 1, is what poppler says of a broken file.
        eprintln!("the reading child failed: {error}");
        EXIT_FAILED
    });
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}
