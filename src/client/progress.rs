//! How far it has come: a bar on a terminal, a plain line now and then elsewhere. What has to be told are lines on both.

use super::disc::harmless;
use super::http::Failure;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use std::io::{self, Write, stderr, stdout};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between two lines of progress where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The progress of an import or an export.
pub struct Progress {
    bar: ProgressBar,
    state: Mutex<State>,
    begun: Instant,
}

struct State {
    files: u64,
    of_files: u64,
    bytes: u64,
    of_bytes: u64,
    told: Instant,
    waiting: Option<Instant>,
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress {
    /// Nothing has been done yet.
    pub fn new() -> Self {
        // Hidden by itself where standard error is no terminal.
        let bar = ProgressBar::no_length();
        let now = Instant::now();
        let state = State { files: 0, of_files: 0, bytes: 0, of_bytes: 0, told: now, waiting: None };
        Self { bar, state: Mutex::new(state), begun: now }
    }

    /// So much is to be done.
    pub(super) fn begin(&self, files: u64, bytes: u64) {
        let template = "{wide_bar} {bytes}/{total_bytes}, {msg} ({elapsed}, {eta} left)";
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.set_length(bytes);
        self.change(|state| (state.of_files, state.of_bytes) = (files, bytes));
    }

    /// More bytes went by; they are counted at once.
    pub(super) fn moved(&self, bytes: u64) {
        self.bar.inc(bytes);
        self.change(|state| state.bytes += bytes);
    }

    /// Those bytes have to go by again.
    pub(super) fn take_back(&self, bytes: u64) {
        self.bar.dec(bytes);
        self.change(|state| state.bytes = state.bytes.saturating_sub(bytes));
    }

    /// A file is done with.
    pub(super) fn file_done(&self) {
        self.change(|state| state.files += 1);
    }

    /// What is being done before the bytes flow.
    pub(super) fn doing(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        self.bar.tick();
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let files = format!("{} of {} files", state.files, state.of_files);
        if self.bar.is_hidden() && state.told.elapsed() >= LINE_EVERY {
            state.told = Instant::now();
            self.note(&format!("{files}, {} of {}", HumanBytes(state.bytes), HumanBytes(state.of_bytes)));
        }
        self.bar.set_message(files);
    }

    /// A call waits for the vault: told once in a while, not for each of the calls that wait side by side.
    pub fn waiting(&self, failure: &Failure, wait: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.waiting.is_none_or(|told| told.elapsed() >= LINE_EVERY) {
            state.waiting = Some(Instant::now());
            self.note(&format!("{failure}; trying again in {:.0} s", wait.as_secs_f64().ceil()));
        }
    }

    /// A line about a file, on standard error.
    pub(super) fn about(&self, path: &Path, what: &str) {
        self.note(&format!("{}: {what}", super::disc::shown(path)));
    }

    /// A line on standard error.
    pub(super) fn note(&self, text: &str) {
        // Nobody may be reading; the exit code tells as well.
        let _ = self.bar.suspend(|| writeln!(stderr(), "{}", harmless(text)));
    }

    /// A line on standard output.
    pub(super) fn say(&self, text: &str) {
        let _ = self.bar.suspend(|| writeln!(stdout(), "{}", harmless(text)));
    }

    /// Takes the bar away, and prints the summary on standard output, with the time that it all took.
    ///
    /// # Errors
    /// When it can't be printed.
    pub fn end(&self, summary: &str) -> io::Result<()> {
        self.bar.finish_and_clear();
        writeln!(stdout(), "{summary} {:.1} s.", self.begun.elapsed().as_secs_f64())
    }
}
