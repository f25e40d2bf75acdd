//! The one binary: parses the command line and dispatches. See [`docuvault::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    docuvault::cli::run()
}
