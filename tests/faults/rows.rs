//! What other products were seen to lose, one row a test: with real processes, real stores, and figures of the same size.

use crate::check::{self, Findings};
use crate::client::{Answer, File, Kind, Uploader};
use crate::house::House;
use crate::stores::{self, Store};
use crate::support::files::noise;
use crate::support::process::Process;
use crate::support::proxy::{Proxy, target_of, through};
use crate::support::{eventually, setting};
use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Client};
use rustix::process::Signal;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// As many as were in flight when others lost them.
const IN_FLIGHT: usize = 22;
/// An upload that takes longer than this was not quick.
const QUICK: Duration = Duration::from_secs(5);

/// Everything is looked at; `workers` are those that run.
async fn assert_all_is_well(house: &House, uploader: &Uploader, workers: &[&Process]) -> Findings {
    let ledger = std::mem::take(&mut *uploader.ledger());
    let alive = || workers.iter().map(|worker| worker.pid()).collect();
    let findings = check::everything(house, &ledger, alive).await;
    findings.assert_none();
    findings
}

fn text(mark: impl std::fmt::Display) -> File {
    File::new(mark, Kind::Text)
}

/// Uploads `count` files, some at a time; each is taken at once.
async fn put_in(uploader: &Uploader, count: usize, kind: Kind) {
    let files = (0..count).map(|number| File::new(number, kind));
    let sent = files.map(|file| async move { uploader.send(&file, false).await });
    let answers: Vec<Answer> = stream::iter(sent).buffer_unordered(8).collect().await;
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Kept(_))), "{answers:?}");
}

async fn jobs(house: &House, state: &str) -> i64 {
    house.vault.count(&format!("SELECT count(*) FROM jobs WHERE state = '{state}'")).await
}

/// A worker that has 22 documents in hand and can't go on: its way to the bytes stands still.
async fn worker_with_its_hands_full(house: &House, uploader: &Uploader) -> (Process, Proxy) {
    let way = Proxy::to(&target_of(&setting("MINIO_ENDPOINT"))).await;
    let endpoint = through(&setting("MINIO_ENDPOINT"), &way);
    let worker = house.worker(&[("WORKER_CONCURRENCY", "22"), ("MINIO_ENDPOINT", &endpoint)]);
    let first = uploader.insist(&text("first")).await;
    house.vault.processed(&first).await;
    way.stall();
    put_in(uploader, IN_FLIGHT, Kind::Pdf(2)).await;
    eventually("all are in hand", || async { (jobs(house, "running").await == IN_FLIGHT as i64).then_some(()) }).await;
    (worker, way)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_with_22_documents_in_flight_loses_none() {
    let house = House::new(&[]).await;
    let _serve = house.serve().await;
    let uploader = Uploader::new(&house.url);
    let (doomed, _way) = worker_with_its_hands_full(&house, &uploader).await;
    doomed.kill().await;
    // With as many hands, so that it takes over all the rings that the dead one left at once.
    let other = house.worker(&[("WORKER_CONCURRENCY", "22")]);
    let findings = assert_all_is_well(&house, &uploader, &[&other]).await;
    assert_eq!(findings.documents, 1 + IN_FLIGHT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_in_the_middle_of_a_sweep_holds_up_no_other() {
    let house = House::new(&[("ORPHAN_GRACE_SECONDS", "2")]).await;
    let _serve = house.serve().await;
    let uploader = Uploader::new(&house.url);
    for attempt in ["first", "second"] {
        // A worker whose next look into the object store never ends.
        let way = Proxy::to(&target_of(&setting("MINIO_ENDPOINT"))).await;
        let worker = house.worker(&[("MINIO_ENDPOINT", &through(&setting("MINIO_ENDPOINT"), &way))]);
        let id = uploader.insist(&text(attempt)).await;
        house.vault.processed(&id).await;
        way.stall();
        let sweeping = format!(
            "SELECT count(*) FROM leases WHERE name = 'sweep_orphans' AND lease_until > now() AND lease_owner LIKE '{}-%'",
            worker.pid()
        );
        let sweeps = || async { (house.vault.count(&sweeping).await == 1).then_some(()) };
        eventually("it is in the middle of a sweep, also after another died in the middle of one", sweeps).await;
        // Longer than its lease of three seconds, which is renewed as long as it lives.
        sleep(Duration::from_secs(4)).await;
        assert!(sweeps().await.is_some(), "it sweeps no more");
        worker.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_killed_and_wiped_with_22_documents_in_flight_loses_none_and_uploads_stay_quick() {
    let house = House::new(&[]).await;
    let _serve = house.serve().await;
    let uploader = Uploader::new(&house.url);
    let (worker, way) = worker_with_its_hands_full(&house, &uploader).await;
    Store::Redis.kill().await;
    stores::wipe_redis().await;
    for number in 0..10 {
        let start = Instant::now();
        let answer = uploader.send(&text(format_args!("during-{number}")), false).await;
        assert!(matches!(answer, Answer::Kept(_)), "{answer:?}");
        assert!(start.elapsed() < QUICK, "an upload took {:?} without Redis", start.elapsed());
    }
    way.mend();
    Store::Redis.start().await;
    // Redis that takes connections and says nothing is no reason to wait for long either.
    house.redis.stall();
    let start = Instant::now();
    let answer = uploader.send(&text("stalled"), false).await;
    assert!(matches!(answer, Answer::Kept(_)), "{answer:?}");
    assert!(start.elapsed() < QUICK, "an upload took {:?} with a silent Redis", start.elapsed());
    house.redis.mend();
    let findings = assert_all_is_well(&house, &uploader, &[&worker]).await;
    assert_eq!(findings.documents, 1 + IN_FLIGHT + 10 + 1);
}

/// Clients that upload without a pause while `outage` happens.
async fn uploading_through(uploader: &Uploader, outage: impl Future<Output = ()>) {
    let stop = CancellationToken::new();
    let clients = (0..3).map(|number| {
        let rng = StdRng::seed_from_u64(number);
        tokio::spawn(uploader.clone().everyday(format!("u{number}"), rng, 10..100, stop.clone()))
    });
    let clients: Vec<_> = clients.collect();
    sleep(Duration::from_secs(2)).await;
    outage.await;
    sleep(Duration::from_secs(2)).await;
    stop.cancel();
    for client in clients {
        client.await.expect("the client does not panic");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_killed_under_uploads_loses_none_and_no_stale_connection_stands_still() {
    let house = House::new(&[]).await;
    let mut serve = house.serve().await;
    let mut worker = house.worker(&[]);
    let uploader = Uploader::new(&house.url);
    uploading_through(&uploader, async {
        Store::Postgres.kill().await;
        sleep(Duration::from_secs(1)).await;
        Store::Postgres.start().await;
        // More than the pool has connections, so that each stale one is met.
        let start = Instant::now();
        let files: Vec<File> = (0..20).map(|number| text(format_args!("back-{number}"))).collect();
        join_all(files.iter().map(|file| uploader.insist(file))).await;
        assert!(start.elapsed() < 2 * QUICK, "it took {:?} until all were taken again", start.elapsed());
    })
    .await;
    assert!(uploader.ledger().refused > 0, "nobody noticed that PostgreSQL was away");
    assert_all_is_well(&house, &uploader, &[&worker]).await;
    for process in [&mut serve, &mut worker] {
        assert!(process.child.try_wait().expect("it can be asked").is_none(), "it did not need a restart");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_object_store_killed_under_uploads_loses_none_and_health_says_so() {
    let house = House::new(&[]).await;
    let mut serve = house.serve().await;
    let mut worker = house.worker(&[]);
    let uploader = Uploader::new(&house.url);
    uploading_through(&uploader, async {
        Store::S3.kill().await;
        eventually("/health says 503", || async { (house.health().await == Some(503)).then_some(()) }).await;
        Store::S3.start().await;
        house.healthy().await;
    })
    .await;
    assert!(uploader.ledger().refused > 0, "nobody noticed that the object store was away");
    assert_all_is_well(&house, &uploader, &[&worker]).await;
    for process in [&mut serve, &mut worker] {
        assert!(process.child.try_wait().expect("it can be asked").is_none(), "it did not need a restart");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_go_away_in_the_middle_leave_nothing_behind() {
    const MIB: usize = 1024 * 1024;
    let house = House::new(&[]).await;
    let mut serve = house.serve().await;
    let worker = house.worker(&[]);
    let uploader = Uploader::new(&house.url);
    let parts = [(1000, 0), (1000, 300), (1000, 999), (MIB, MIB / 2), (40 * MIB, 20 * MIB), (40 * MIB, 33 * MIB)];
    join_all(parts.iter().chain(&parts).map(|(length, part)| uploader.abandon(*length, *part))).await;
    let vault = &house.vault;
    eventually("nothing is left behind", || async {
        let uploads = vault.vault.storage.unfinished_uploads().await.expect("a listing");
        (uploads.is_empty() && vault.object_keys().await.is_empty()).then_some(())
    })
    .await;
    assert_eq!(vault.count("SELECT count(*) FROM documents").await, 0);
    let kept = uploader.send(&text("after"), false).await;
    assert!(matches!(kept, Answer::Kept(_)), "{kept:?}");
    let findings = assert_all_is_well(&house, &uploader, &[&worker]).await;
    assert_eq!((findings.documents, findings.swept), (1, 0), "nothing had to be swept");
    assert!(serve.child.try_wait().expect("it can be asked").is_none(), "serve lives");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_pdfs_read_at_once_each_have_their_own_text() {
    let house = House::new(&[]).await;
    let _serve = house.serve().await;
    let uploader = Uploader::new(&house.url);
    put_in(&uploader, 300, Kind::Pdf(2)).await;
    let workers = [(); 2].map(|()| house.worker(&[("WORKER_CONCURRENCY", "8")]));
    let findings = assert_all_is_well(&house, &uploader, &workers.each_ref()).await;
    assert_eq!((findings.documents, findings.wrong_texts), (300, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_jobs_outlive_a_wiped_redis() {
    let house = House::new(&[]).await;
    let _serve = house.serve().await;
    let uploader = Uploader::new(&house.url);
    put_in(&uploader, 1000, Kind::Text).await;
    Store::Redis.kill().await;
    stores::wipe_redis().await;
    Store::Redis.start().await;
    let workers = [(); 2].map(|()| house.worker(&[]));
    let findings = assert_all_is_well(&house, &uploader, &workers.each_ref()).await;
    assert_eq!(findings.documents, 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_told_to_stop_ends_in_time_and_nothing_is_done_twice() {
    let house = House::new(&[]).await;
    let _serve = house.serve().await;
    let uploader = Uploader::new(&house.url);
    put_in(&uploader, 60, Kind::Pdf(3)).await;
    let mut stopping = house.worker(&[("WORKER_CONCURRENCY", "8")]);
    eventually("it is in the middle of it", || async {
        (jobs(&house, "done").await >= 5 && jobs(&house, "running").await > 0).then_some(())
    })
    .await;
    stopping.signal(Signal::TERM);
    let start = Instant::now();
    let status = stopping.child.wait().await.expect("it ends");
    // The grace is five seconds.
    assert_eq!((status.code(), start.elapsed() < Duration::from_secs(6)), (Some(0), true), "{:?}", start.elapsed());
    assert_eq!(jobs(&house, "running").await, 0, "what it had in hand was finished or given back");
    assert!(jobs(&house, "queued").await > 0, "there is something left to lose");
    let other = house.worker(&[]);
    let findings = assert_all_is_well(&house, &uploader, &[&other]).await;
    assert_eq!(findings.documents, 60);
    assert_eq!(house.vault.count("SELECT count(*) FROM jobs WHERE attempts <> 1").await, 0, "each was claimed once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_that_nobody_can_read_is_kept_in_little_memory() {
    const PIECE: usize = 256 * 1024;
    const PIECES: u64 = 4096;
    // The grace must be longer than the longest upload takes.
    let house = House::new(&[("ORPHAN_GRACE_SECONDS", "3600")]).await;
    let serve = house.serve().await;
    let worker = house.worker(&[]);
    let http = Client::builder().timeout(Duration::from_secs(300)).build().expect("a client");
    // Made while it is sent, and hashed on the way: the client holds a few pieces at most.
    let hasher = Arc::new(Mutex::new(Sha256::new()));
    let sent = hasher.clone();
    let pieces = stream::iter(1..=PIECES).map(move |number| {
        let piece = Bytes::from(noise(number, PIECE));
        sent.lock().expect("no panic").update(&piece);
        Ok::<_, std::io::Error>(piece)
    });
    let part = Part::stream_with_length(Body::wrap_stream(pieces), PIECES * PIECE as u64).file_name("large.bin");
    let url = format!("{}/api/v1/documents", house.url);
    let answer = http.post(&url).multipart(Form::new().part("file", part)).send().await.expect("an answer");
    let status = answer.status();
    let document: Value = answer.json().await.expect("JSON");
    let hash = hex::encode(hasher.lock().expect("no panic").clone().finalize());
    assert_eq!((status.as_u16(), document["sha256"].as_str()), (201, Some(hash.as_str())), "{document}");
    let id = document["id"].as_str().expect("an id");
    let read = house.vault.processed(id).await;
    assert_eq!((&read["status"], &read["error"]["code"]), (&"failed".into(), &"unsupported".into()), "{read}");

    let mut back = Sha256::new();
    let mut answer = http.get(format!("{url}/{id}/content")).send().await.expect("an answer");
    while let Some(piece) = answer.chunk().await.expect("bytes") {
        back.update(&piece);
    }
    assert_eq!(hex::encode(back.finalize()), hash, "the bytes differ");
    for (name, process) in [("serve", &serve), ("worker", &worker)] {
        let peak = peak_mib(process);
        println!("{name}: {peak} MiB resident at its peak");
        assert!(peak < 150, "{name}: {peak} MiB resident at its peak");
    }
}

fn peak_mib(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid())).expect("its status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    peak.map(|kib: u64| kib / 1024).expect("a figure")
}
