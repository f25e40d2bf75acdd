//! `docuvault export`: a running vault into a folder.

use super::client;
use crate::cli::ExportArgs;
use crate::client::export;
use crate::clock::{Clock, SystemClock};
use crate::commands;
use std::process::ExitCode;

/// Runs the command: 0 where the folder holds the whole vault.
///
/// # Errors
/// When the vault can't be reached, or the folder can't be used.
pub fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    commands::runtime()?.block_on(client::run(&args.vault, async |remote, progress, stop| {
        let report = export(remote, &args.folder, SystemClock.now(), progress, stop).await?;
        Ok((report.summary(), report.is_complete()))
    }))
}
