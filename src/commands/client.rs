//! What `import` and `export` have in common: the vault's address, the progress, signals, and the summary at the end.

use crate::cli::VaultArgs;
use crate::client::{Failure, Progress, Remote};
use crate::lifecycle::Shutdown;
use anyhow::{Context, anyhow, bail};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Does the work, which answers a summary and whether all of it was done.
pub(super) async fn run(
    vault: &VaultArgs,
    work: impl AsyncFnOnce(&Remote, &Arc<Progress>, &CancellationToken) -> Result<(String, bool), Failure>,
) -> anyhow::Result<ExitCode> {
    let shutdown = Shutdown::on_signals().context("signals can't be heard")?;
    let progress = Arc::new(Progress::new());
    let teller = progress.clone();
    let remote = Remote::new(vault.url.clone(), Duration::from_secs(vault.patience), move |failure, wait| {
        teller.waiting(failure, wait);
    })?;
    let (summary, complete) = tokio::select! {
        done = work(&remote, &progress, &shutdown.drain) => done.map_err(|failure| match failure {
            Failure::Here(_) => anyhow!(failure),
            // With what can be wrong about it.
            _ => anyhow!(failure).context(vault.url.to_string()),
        })?,
        () = shutdown.abort.cancelled() => bail!("ended at once, in the middle of it"),
    };
    progress.end(&summary).context("the summary can't be printed")?;
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
