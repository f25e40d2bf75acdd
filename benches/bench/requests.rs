//! The same requests again and again, by some clients at once.

use crate::figures::{Figures, percentile};
use crate::http::Connection;
use crate::load::Around;
use crate::stack::Stack;
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What came of it.
pub struct Rate {
    pub count: usize,
    pub per_second: f64,
    /// In ms, sorted.
    pub samples: Vec<f64>,
    /// Answers that were no 200.
    pub failed: usize,
}

impl Rate {
    pub fn at(&self, share: f64) -> f64 {
        percentile(&self.samples, share)
    }
}

/// The same request for each path, as a client makes it, or one for an answer that is worked out anew.
pub type Ask = fn(&str, &str) -> Vec<u8>;

/// Asks for these paths in turn, for so long, and at least five times each client.
pub async fn hammer(address: &str, paths: &[String], ask: Ask, clients: usize, time: Duration) -> Result<Rate> {
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(paths.iter().map(|path| ask(address, path)).collect());
    ensure!(!requests.is_empty(), "nothing to ask for");
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for client in 0..clients {
        let (requests, mut connection) = (requests.clone(), Connection::to(address));
        running.spawn(async move {
            let (mut samples, mut failed, mut at) = (Vec::new(), 0, client * 7);
            while begun.elapsed() < time || samples.len() < 5 {
                let sent = Instant::now();
                let status = connection.ask(&requests[at % requests.len()]).await?;
                samples.push(sent.elapsed().as_secs_f64() * 1e3);
                failed += usize::from(status != 200);
                at += 1;
            }
            anyhow::Ok((samples, failed))
        });
    }
    let (mut samples, mut failed) = (Vec::new(), 0);
    while let Some(client) = running.join_next().await {
        let (some, wrong) = client??;
        samples.extend(some);
        failed += wrong;
    }
    let per_second = samples.len() as f64 / begun.elapsed().as_secs_f64();
    samples.sort_by(f64::total_cmp);
    Ok(Rate { count: samples.len(), per_second, samples, failed })
}

/// [`hammer`], with all that is measured around it.
pub async fn measured(
    stack: &Stack,
    name: &str,
    paths: &[String],
    ask: Ask,
    clients: usize,
    time: Duration,
    figures: &mut Figures,
) -> Result<()> {
    println!("{name}: {clients} clients");
    // Once for the caches and the connections of the pool.
    hammer(&stack.address, paths, ask, clients, Duration::from_millis(300)).await?;
    let around = Around::begin(stack)?;
    let mut rate = hammer(&stack.address, paths, ask, clients, time).await?;
    around.end(stack, name, rate.count, "requests", figures)?;
    figures.put_percentiles(&format!("{name}.answer"), &mut rate.samples);
    figures.put(format!("{name}.failed"), rate.failed as f64, "");
    Ok(())
}
