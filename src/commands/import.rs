//! `docuvault import`: files and folders into a running vault.

use super::client;
use crate::cli::ImportArgs;
use crate::client::{ImportOptions, import};
use crate::commands;
use std::process::ExitCode;

/// Runs the command: 0 where everything that was named is in the vault.
///
/// # Errors
/// When the vault can't be reached.
pub fn run(args: ImportArgs) -> anyhow::Result<ExitCode> {
    let ImportArgs { paths, topic, dry_run, vault } = args;
    let options = ImportOptions { paths, topic, dry_run };
    commands::runtime()?.block_on(client::run(&vault, async |remote, progress, stop| {
        let report = import(remote, &options, progress, stop).await?;
        Ok((report.summary(), report.is_complete()))
    }))
}
