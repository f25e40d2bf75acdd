//! The log: one line an event, to standard error, as `RUST_LOG` says (default `info`).
//!
//! Other crates' lines below `info` are never written, whatever `RUST_LOG` says: drivers print the values of statements
//! and whole requests there, and these are people's documents. Our own lines hold ids and codes, at every level.

use crate::config::Variables;
use env_logger::{Builder, Logger, Target};
use log::{LevelFilter, Log, Metadata, Record};
use std::io::Write;

/// Begins the log. A second one in the same process keeps the first.
pub(super) fn begin(variables: &Variables) {
    begin_to(variables, Target::Stderr);
}

/// As [`begin`], by way of something that knows what else is on the terminal.
pub(super) fn begin_through(variables: &Variables, stderr: Box<dyn Write + Send>) {
    begin_to(variables, Target::Pipe(stderr));
}

fn begin_to(variables: &Variables, target: Target) {
    let filters = variables.get("RUST_LOG").unwrap_or("info");
    let logger = Builder::new().parse_filters(filters).target(target).build();
    let most = logger.filter();
    if log::set_boxed_logger(Box::new(Discreet(logger))).is_ok() {
        log::set_max_level(most);
        // Where, and not what: the message of a panic over a text quotes the text.
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map_or_else(|| "somewhere".to_owned(), ToString::to_string);
            log::error!("panicked at {place}");
        }));
    }
}

struct Discreet(Logger);

fn may_be_written(line: &Metadata<'_>) -> bool {
    let ours = line.target().split("::").next() == Some(env!("CARGO_PKG_NAME"));
    ours || line.level() <= LevelFilter::Info
}

impl Log for Discreet {
    fn enabled(&self, line: &Metadata<'_>) -> bool {
        may_be_written(line) && self.0.enabled(line)
    }

    fn log(&self, record: &Record<'_>) {
        if may_be_written(record.metadata()) {
            self.0.log(record);
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use log::Level;

    #[test]
    fn what_drivers_say_of_their_data_is_never_written() {
        let line = |target, level| may_be_written(&Metadata::builder().target(target).level(level).build());
        assert!(line("docuvault::worker", Level::Trace));
        assert!(line("docuvault", Level::Debug));
        assert!(line("actix_server::builder", Level::Info));
        assert!(!line("tokio_postgres::query", Level::Debug));
        assert!(!line("docuvault_of_others", Level::Debug));
    }
}
