//! `docuvault verify`: checks that rows and objects agree. For people on standard error, for machines on standard output.

use super::logging;
use crate::app::{self, Role};
use crate::cli::VerifyArgs;
use crate::commands;
use crate::config::{Config, Variables};
use crate::lifecycle::Shutdown;
use crate::services::verify::{self, Finding, Options, Outcome, Report, Stop, Watcher};
use anyhow::{Context, bail};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use std::io::{self, Write, stderr};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between two lines of progress where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Something is wrong, and remains so.
const EXIT_PROBLEMS: u8 = 3;

/// Runs the command: 0 where all is well or was repaired, 3 where problems remain.
///
/// # Errors
/// When the settings are wrong, or when the check does not come to its end.
pub fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let variables = Variables::from_environment();
    let config = Config::read(&variables)?;
    let progress = Progress::new(args.deep);
    logging::begin_through(&variables, Box::new(AroundBar(progress.bar.clone())));
    commands::runtime()?.block_on(verify(config, Options::new(args.deep, args.repair), &progress))
}

async fn verify(config: Config, options: Options, progress: &Progress) -> anyhow::Result<ExitCode> {
    let shutdown = Shutdown::on_signals().context("signals can't be heard")?;
    let vault = app::build(config, Role::Verify)?;
    let whole = async {
        match app::check(&vault).await {
            Ok(()) => {
                let (report, result) = verify::run(&vault, options, progress, &shutdown.drain).await;
                (report, result.map_err(reason))
            }
            Err(error) => (Report::new(options.deep, options.repair), Err(error)),
        }
    };
    let (report, result) = tokio::select! {
        ended = whole => ended,
        () = shutdown.abort.cancelled() => bail!("ended at once, in the middle of it"),
    };
    progress.end();
    vault.db.close();
    writeln!(io::stdout(), "{}", serde_json::to_string(&report)?).context("the report can't be printed")?;
    result.context("the check is incomplete")?;
    Ok(match report.outcome {
        Outcome::Ok | Outcome::Repaired => ExitCode::SUCCESS,
        Outcome::Problems => ExitCode::from(EXIT_PROBLEMS),
        Outcome::Incomplete => ExitCode::FAILURE,
    })
}

/// With the whole chain of causes: this is read by the operator.
fn reason(stop: Stop) -> anyhow::Error {
    match stop {
        Stop::Asked => anyhow::anyhow!("it was told to stop"),
        Stop::Failed(error) => error.into(),
    }
}

/// How far the check has come: a bar on a terminal, a line now and then elsewhere. Findings are lines on both.
struct Progress {
    bar: ProgressBar,
    deep: bool,
    state: Mutex<State>,
}

struct State {
    documents: u64,
    total: u64,
    bytes: u64,
    findings: u64,
    told: Instant,
}

impl Progress {
    fn new(deep: bool) -> Self {
        // Hidden by itself where standard error is no terminal.
        let bar = ProgressBar::no_length();
        if let Ok(style) =
            ProgressStyle::with_template("{wide_bar} {pos}/{len} documents, {msg} ({elapsed}, {eta} left)")
        {
            bar.set_style(style);
        }
        let state = State { documents: 0, total: 0, bytes: 0, findings: 0, told: Instant::now() };
        Self { bar, deep, state: Mutex::new(state) }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        self.bar.set_message(self.summary(&state));
        if self.bar.is_hidden() && state.told.elapsed() >= LINE_EVERY {
            state.told = Instant::now();
            self.line(&format!("{} of {} documents, {}", state.documents, state.total, self.summary(&state)));
        }
    }

    fn summary(&self, state: &State) -> String {
        let bytes = if self.deep { format!("{} read, ", HumanBytes(state.bytes)) } else { String::new() };
        format!("{bytes}{} findings", state.findings)
    }

    fn line(&self, text: &str) {
        // Nobody may be reading; the report on standard output has it all.
        let _ = self.bar.suspend(|| writeln!(stderr(), "{text}"));
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Watcher for Progress {
    fn begun(&self, documents: u64) {
        self.bar.set_length(documents);
        self.change(|state| state.total = documents);
    }

    fn checked(&self, documents: u64) {
        self.bar.inc(documents);
        self.change(|state| state.documents += documents);
    }

    fn read(&self, bytes: u64) {
        self.change(|state| state.bytes += bytes);
    }

    fn found(&self, finding: &Finding) {
        let document = finding.document_id.map_or("-".to_owned(), |id| id.to_string());
        let key = finding.object_key.as_ref().map_or("-".to_owned(), ToString::to_string);
        self.line(&format!("{} {document} {key}", finding.kind.as_str()));
        self.change(|state| state.findings += 1);
    }
}

/// Standard error, past the bar.
struct AroundBar(ProgressBar);

impl Write for AroundBar {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        stderr().flush()
    }
}
