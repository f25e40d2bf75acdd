//! Faults at random moments, drawn by a seed, under clients that never stop.

use crate::check;
use crate::client::Uploader;
use crate::deck::Deck;
use crate::house::{House, Kept};
use crate::report::Report;
use crate::support::setting_if_any;
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::ops::Range;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Longest wait for `serve` to be well after a fault.
const RECOVERY: Duration = Duration::from_secs(60);
const WORKERS: usize = 2;
const CLIENTS: usize = 3;

/// How long and how hard.
struct Plan {
    /// None: until each fault was drawn once.
    length: Option<Duration>,
    /// Milliseconds between two faults.
    between_faults: Range<u64>,
    /// Milliseconds between two calls of one client.
    between_calls: Range<u64>,
}

impl Plan {
    /// `script/soak` says how long; `script/test` wants it short.
    fn chosen() -> Self {
        let length = setting_if_any("SOAK_SECONDS").map(|s| Duration::from_secs(s.parse().expect("a number")));
        let (between_faults, between_calls) =
            if length.is_some() { (500..4000, 200..600) } else { (200..1500, 50..250) };
        Self { length, between_faults, between_calls }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_at_whatever_moment_nothing_is_lost() {
    let seed = setting_if_any("SOAK_SEED").map_or_else(rand::random, |seed| seed.parse().expect("a number"));
    println!("seed {seed}");
    let plan = Plan::chosen();
    let mut rng = StdRng::seed_from_u64(seed);
    // An unlucky document is in hand at many deaths; that it is given up then is another test's subject.
    let house = House::new(&[("JOB_MAX_ATTEMPTS", "50"), ("WORKER_CONCURRENCY", "4")]).await;
    let keep = |role, rng: &mut StdRng| {
        let mut rng = StdRng::from_rng(rng);
        Kept::new(house.launcher.clone(), role, move || Duration::from_millis(rng.random_range(0..1500)))
    };
    let serve = keep("serve", &mut rng);
    let workers: Vec<Kept> = (0..WORKERS).map(|_| keep("worker", &mut rng)).collect();
    house.healthy().await;

    let start = Instant::now();
    let uploader = Uploader::new(&house.url);
    let stop = CancellationToken::new();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let who = format!("{seed:x}-{number}");
            let rng = StdRng::from_rng(&mut rng);
            tokio::spawn(uploader.clone().everyday(who, rng, plan.between_calls.clone(), stop.clone()))
        })
        .collect();

    let mut report = Report::default();
    let mut deck = Deck::new(StdRng::from_rng(&mut rng));
    let mut stood_still = Vec::new();
    while plan.length.map_or(!deck.is_through(), |length| start.elapsed() < length) {
        sleep(Duration::from_millis(rng.random_range(plan.between_faults.clone()))).await;
        let blows = deck.draw();
        let names: Vec<String> = blows.iter().map(|blow| blow.fault.to_string()).collect();
        let names = names.join(" + ");
        join_all(blows.iter().map(|blow| blow.strike(&house, &serve, &workers))).await;
        let mended = Instant::now();
        while house.health().await != Some(200) && mended.elapsed() < RECOVERY {
            sleep(Duration::from_millis(50)).await;
        }
        let recovery = mended.elapsed();
        println!("{:7.1} s  {names}: well after {:.1} s", start.elapsed().as_secs_f64(), recovery.as_secs_f64());
        if recovery >= RECOVERY {
            stood_still.push(format!("not well {RECOVERY:?} after {names}"));
        }
        report.note(&blows, recovery);
    }

    stop.cancel();
    for client in clients {
        client.await.expect("the client does not panic");
    }
    let took = start.elapsed();
    let ledger = std::mem::take(&mut *uploader.ledger());
    let alive = || workers.iter().filter_map(Kept::pid).collect::<Vec<_>>();
    let mut findings = check::everything(&house, &ledger, alive).await;
    findings.problems.extend(stood_still);
    for process in workers.iter().chain([&serve]) {
        findings.problems.extend(process.falls());
    }
    println!("\n{}", report.table(seed, took, &ledger, &findings));
    println!("seed {seed}");
    findings.assert_none();
}
