//! `docuvault serve`: answers HTTP until it is told to stop.

use super::logging;
use crate::app::{self, Role};
use crate::config::{Config, Variables};
use crate::lifecycle::Shutdown;
use crate::{api, commands};
use anyhow::Context;
use std::process::ExitCode;

/// Runs the role.
///
/// # Errors
/// When the settings are wrong, a store is not what it should be, or the address is taken.
pub fn run() -> anyhow::Result<ExitCode> {
    let variables = Variables::from_environment();
    let config = Config::read(&variables)?;
    logging::begin(&variables);
    commands::raise_open_files();
    commands::hide()?;
    commands::runtime()?.block_on(serve(config))
}

async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    let shutdown = Shutdown::on_signals().context("signals can't be heard")?;
    let vault = app::build(config, Role::Serve)?;
    app::check(&vault).await?;
    let address = vault.config.http.bind_addr;
    let listener = std::net::TcpListener::bind(address).with_context(|| format!("can't listen on {address}"))?;
    let server = api::server(vault.clone(), listener)?;
    log::info!("listening on http://{address}");

    let handle = server.handle();
    let mut serving = tokio::spawn(server);
    tokio::select! {
        ended = &mut serving => {
            ended.context("the server panicked")?.context("the server failed")?;
            anyhow::bail!("the server ended unasked");
        }
        () = shutdown.drain.cancelled() => {}
    }
    log::info!("stopping: requests in hand are finished first");
    // Those who watch would stay for ever.
    vault.events.close();
    let drained = async {
        handle.stop(true).await;
        vault.background.drain().await;
    };
    tokio::select! {
        _ = tokio::time::timeout(vault.config.work.shutdown_grace, drained) => {}
        () = shutdown.abort.cancelled() => {}
    }
    vault.db.close();
    log::info!("stopped");
    Ok(ExitCode::SUCCESS)
}
