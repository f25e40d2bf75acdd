//! `docuvault worker`: works off jobs until it is told to stop.

use super::logging;
use crate::app::{self, Role};
use crate::commands;
use crate::config::{Config, Variables};
use crate::extract;
use crate::lifecycle::Shutdown;
use crate::services::health;
use crate::worker::{self, Worker};
use anyhow::Context;
use std::process::ExitCode;

/// Runs the role.
///
/// # Errors
/// When the settings are wrong, or a store is not what it should be.
pub fn run() -> anyhow::Result<ExitCode> {
    let variables = Variables::from_environment();
    let config = Config::read(&variables)?;
    logging::begin(&variables);
    commands::raise_open_files();
    commands::hide()?;
    if extract::lacks_landlock() {
        log::warn!(
            "Landlock can't be used here (the kernel lacks it, it is switched off, or a container's profile refuses it): a \
             reading child that is taken over could read the \
             files that this user may read; the other bounds hold"
        );
    }
    worker::runtime().context("the runtime can't be built")?.block_on(async {
        let shutdown = Shutdown::on_signals().context("signals can't be heard")?;
        let vault = app::build(config, Role::Worker)?;
        app::check(&vault).await?;
        vault.reader.check().await.context("reading children can't be started and confined here")?;
        for lacking in health::capabilities(&vault).iter().filter(|capability| !capability.missing.is_empty()) {
            log::warn!(
                "reading lacks {}, which {} needs: such documents are kept, and not read as far as they could be",
                lacking.missing.join(", "),
                lacking.name
            );
        }
        let worker = Worker::new(vault.clone());
        // A task of its own, so that a panic ends the process with an error.
        tokio::spawn(worker.run(shutdown.drain, shutdown.abort)).await.context("the worker panicked")?;
        vault.background.drain().await;
        vault.db.close();
        Ok(ExitCode::SUCCESS)
    })
}
