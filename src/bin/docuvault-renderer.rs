//! What the worker starts to draw PDFs. See [`docuvault::cli::run_renderer`].

use std::process::ExitCode;

fn main() -> ExitCode {
    docuvault::cli::run_renderer()
}
