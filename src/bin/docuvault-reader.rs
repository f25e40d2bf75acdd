//! What the worker starts for each file that has to be parsed. See [`docuvault::cli::run_reader`].

use std::process::ExitCode;

fn main() -> ExitCode {
    docuvault::cli::run_reader()
}
