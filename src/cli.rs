//! The command line.

use crate::client::BaseUrl;
use crate::commands;
use crate::config::ConfigError;
use crate::domain::TopicName;
use crate::extract::child::{Format, Limits, Options};
use crate::extract::{READER, RENDERER};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// DocuVault: a self-hosted document vault.
#[derive(Debug, Parser)]
#[command(name = "docuvault", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer HTTP: put documents in, find them, look at them
    Serve,
    /// Work off jobs: read documents and choose their topics. Any number of workers run side by side
    Worker,
    /// Bring the database's schema up to date, as DATABASE_MIGRATE_URL
    Migrate(MigrateArgs),
    /// Check that documents and objects agree. One JSON object on standard output; exits with 0 when all is well or was
    /// repaired, 3 when problems remain, 1 when the check did not come to its end
    Verify(VerifyArgs),
    /// Put files and folders into a running vault. What is there already is skipped, so it can be run again. Needs no
    /// settings
    Import(ImportArgs),
    /// Copy every document of a running vault into a folder, with a manifest that `import` reads. Needs no settings
    Export(ExportArgs),
    /// Ask a running `serve` on this machine whether it is healthy; exits with 0 or 1. Needs no settings
    Healthcheck {
        /// Where to ask
        #[arg(long, default_value = "http://127.0.0.1:8000/health")]
        url: String,
    },
    /// Print the OpenAPI document of the HTTP interface. Needs no settings
    Openapi,
    /// Read a file on standard input, under limits: what the worker starts for each file that has to be parsed
    #[command(hide = true)]
    ReadChild(ReadChildArgs),
}

/// What a reading child is to do.
#[derive(Debug, clap::Args)]
struct ReadChildArgs {
    format: Format,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    limits: Limits,
}

/// The command line of a reading child alone. One starts for each file, and to describe all the other commands first
/// would be a good part of its life.
#[derive(Debug, Parser)]
#[command(version)]
struct ReadChild {
    #[command(flatten)]
    args: ReadChildArgs,
}

/// What `verify` is to do.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct VerifyArgs {
    /// Repair what can be repaired: remove what nobody needs, give a document without a job one, and mark documents
    /// whose bytes are missing or damaged
    #[arg(long)]
    pub repair: bool,
    /// Read every object, and compare its SHA-256
    #[arg(long)]
    pub deep: bool,
}

/// Which vault a client speaks to.
#[derive(Debug, clap::Args)]
pub struct VaultArgs {
    /// The vault's address
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    pub url: BaseUrl,
    /// How long to wait, in seconds, for a vault that is busy or can't be reached
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub patience: u64,
}

/// What `import` is to do.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// Files, folders, and folders that `export` has made
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Put this topic on each new document; it is made where it is missing
    #[arg(long, value_name = "NAME")]
    pub topic: Option<TopicName>,
    /// Tell what would happen, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The vault
    #[command(flatten)]
    pub vault: VaultArgs,
}

/// What `export` is to do.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// An empty folder, a new one, or one of an earlier export
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The vault
    #[command(flatten)]
    pub vault: VaultArgs,
}

/// What `migrate` is to do.
#[derive(Debug, clap::Args)]
pub struct MigrateArgs {
    /// Up by default
    #[command(subcommand)]
    pub action: Option<MigrateAction>,
    /// Put a dozen everyday topics into the vault, if it has none yet
    #[arg(long, global = true)]
    pub starter_topics: bool,
}

/// What `migrate` can do.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum MigrateAction {
    /// Run every migration that is missing
    Up,
    /// Show which migrations were run; exits with 1 when some are missing
    Status,
    /// Take the last migrations back, with all their data
    Down {
        /// How many
        #[arg(long)]
        steps: usize,
    },
}

/// The settings are wrong, or the command line (clap's own code).
const EXIT_USAGE: u8 = 2;

/// Parses the command line, runs the command, and answers the process's exit code: 0 for success, 1 for failure, 2 for
/// wrong settings or a wrong command line, 3 where `verify` found what remains wrong.
pub fn run() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == "read-child") {
        return read_child(ReadChild::parse_from(std::env::args_os().skip(1)).args);
    }
    match dispatch(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("docuvault: {error:#}");
            if error.is::<ConfigError>() { ExitCode::from(EXIT_USAGE) } else { ExitCode::FAILURE }
        }
    }
}

/// What the program [`READER`] does: a reading child for a tool or a picture, called with the same words as `docuvault`.
pub fn run_reader() -> ExitCode {
    let ReadChildArgs { format, options, limits } = read_child_of(READER);
    commands::read_child::run_small(format, &options, limits)
}

/// What the program [`RENDERER`] does: a reading child that draws a PDF, called with the same words.
pub fn run_renderer() -> ExitCode {
    let ReadChildArgs { format, options, limits } = read_child_of(RENDERER);
    commands::read_child::run_renderer(format, &options, limits)
}

/// The command line of the program `name`, which does nothing but read.
fn read_child_of(name: &'static str) -> ReadChildArgs {
    let words = std::env::args_os().enumerate().filter(|(at, word)| *at != 1 || word != "read-child");
    let matches = ReadChild::command().name(name).get_matches_from(words.map(|(_, word)| word));
    ReadChild::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).args
}

fn read_child(ReadChildArgs { format, options, limits }: ReadChildArgs) -> ExitCode {
    commands::read_child::run(format, &options, limits)
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve => commands::serve::run(),
        Command::Worker => commands::worker::run(),
        Command::Migrate(args) => commands::migrate::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Import(args) => commands::import::run(args),
        Command::Export(args) => commands::export::run(&args),
        Command::Healthcheck { url } => commands::healthcheck::run(&url),
        Command::Openapi => commands::openapi::run(),
        Command::ReadChild(args) => Ok(read_child(args)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
        ReadChild::command().debug_assert();
    }
}
