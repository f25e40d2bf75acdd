//! `docuvault migrate`: the only command that changes the schema.

use super::logging;
use crate::cli::{MigrateAction, MigrateArgs};
use crate::commands;
use crate::config::{Config, DatabaseConfig, Variables};
use crate::db::migrations::{MigrationError, Migrator};
use crate::services::starter_topics::STARTER_TOPICS;
use anyhow::{Context, anyhow, bail};
use std::process::ExitCode;

/// Runs the command.
///
/// # Errors
/// When the settings are wrong, the server can't be reached, or a migration fails.
pub fn run(args: &MigrateArgs) -> anyhow::Result<ExitCode> {
    let variables = Variables::from_environment();
    let config = Config::read_for_migrate(&variables)?;
    logging::begin(&variables);
    let action = args.action.unwrap_or(MigrateAction::Up);
    let starter_topics = args.starter_topics;
    if starter_topics && !matches!(action, MigrateAction::Up) {
        bail!("--starter-topics goes with up alone");
    }
    let runtime = commands::runtime()?;
    // The harness blocks, and belongs on a thread that may.
    runtime
        .block_on(runtime.spawn_blocking(move || migrate(&config, action, starter_topics)))
        .context("the migration panicked")?
        .map_err(|error| anyhow!(error))
        .context("the database could not be migrated")
}

fn migrate(config: &DatabaseConfig, action: MigrateAction, starter_topics: bool) -> Result<ExitCode, MigrationError> {
    let mut migrator = Migrator::connect(config)?;
    match action {
        MigrateAction::Up => match migrator.up()? {
            0 => println!("The schema is up to date."),
            count => println!("The schema is up to date: {count} migration(s) run."),
        },
        MigrateAction::Status => {
            let states = migrator.status()?;
            for state in &states {
                println!("{} {}", if state.applied { "[x]" } else { "[ ]" }, state.name);
            }
            if states.iter().any(|state| !state.applied) {
                return Ok(ExitCode::FAILURE);
            }
        }
        MigrateAction::Down { steps } => {
            migrator.down(steps)?;
            println!("{steps} migration(s) taken back.");
        }
    }
    if starter_topics {
        match migrator.insert_starter_topics(&STARTER_TOPICS)? {
            0 => println!("There are topics already; none were added."),
            count => println!("{count} topics to start with were added."),
        }
    }
    Ok(ExitCode::SUCCESS)
}
