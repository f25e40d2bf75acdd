//! What the worker starts to read PDFs, scans and pictures. See [`docuvault::cli::run_reader`].

use std::process::ExitCode;

fn main() -> ExitCode {
    docuvault::cli::run_reader()
}
