//! The program as a process: settings, start, signals, death.

use crate::support::files::{INVOICE, noise};
use crate::support::process::{Process, ServeProcess, output};
use crate::support::proxy::{Proxy, target_of, through};
use crate::support::{TestDatabase, TestVault, eventually, id_of, setting};
use docuvault::config::Variables;
use rustix::process::Signal;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_settings_are_all_named_at_once_and_no_secret_is_shown() {
    let variables = Variables::from([
        ("DATABASE_URL", "mysql://root:hunter2@db/x"),
        ("REDIS_URL", "redis://127.0.0.1/0"),
        ("MINIO_ENDPOINT", "hunter2"),
        ("MINIO_ACCESS_KEY", "key"),
        ("BIND_ADDR", "everywhere"),
        ("MAX_UPLOAD_BYTES", "-1"),
        ("WORKER_CONCURRENCY", "many"),
    ]);
    for role in ["serve", "worker"] {
        let output = output(&[role], &variables).await;
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        for name in [
            "DATABASE_URL must be a URL",
            "REDIS_URL must carry a password",
            "MINIO_ENDPOINT must be a URL",
            "MINIO_SECRET_KEY is not set",
            "BIND_ADDR must be",
            "MAX_UPLOAD_BYTES must be",
            "WORKER_CONCURRENCY must be",
        ] {
            assert!(text.contains(name), "{name} is not in {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }
    let output = output(&["migrate"], &Variables::default()).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("DATABASE_MIGRATE_URL is not set"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_and_worker_refuse_what_they_can_not_stand_on() {
    let vault = TestVault::new().await;
    let expect = |changes: &[(&str, &str)], words: &'static str| {
        let mut variables = vault.variables.clone();
        for (name, value) in changes {
            variables.set(name, value);
        }
        async move {
            for role in ["serve", "worker"] {
                let output = output(&[role], &variables).await;
                let text = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(1), "{role}: {text}");
                assert!(text.contains(words), "{role}: {words} is not in {text}");
                for secret in ["DOCUVAULT_APP_PASSWORD", "DOCUVAULT_MIGRATE_PASSWORD", "MINIO_SECRET_KEY"] {
                    assert!(!text.contains(&setting(secret)), "{role} shows {secret}: {text}");
                }
            }
        }
    };
    let empty = TestDatabase::create().await;
    expect(&[("DATABASE_URL", &empty.app_url())], "docuvault migrate").await;
    expect(&[("DATABASE_URL", &vault.database.migrate_url())], "may change the schema").await;
    expect(&[("DATABASE_URL", &vault.database.superuser_url())], "may change the schema").await;
    expect(&[("DATABASE_URL", "postgres://docuvault_app:x@127.0.0.1:1/x")], "PostgreSQL can't be reached").await;
    expect(&[("MINIO_BUCKET", "other")], "the bucket other").await;
    expect(&[("MINIO_BUCKET", "nowhere")], "the bucket nowhere").await;
    expect(&[("MINIO_SECRET_KEY", "wrong")], "the bucket docuvault").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_days_work_leaves_nothing_on_the_processes_own_disk() {
    let vault = TestVault::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let serve = ServeProcess::start_with(&vault, |command| {
        command.current_dir(folder.path());
    })
    .await;
    let worker = crate::support::process::command(&["worker"], &vault.variables)
        .current_dir(folder.path())
        .env("TMPDIR", folder.path())
        .spawn()
        .expect("the program starts");
    let worker = Process { child: worker };
    for (name, bytes) in [
        ("a.txt", INVOICE.as_bytes().to_vec()),
        ("a.pdf", crate::support::files::pdf(&[INVOICE])),
        ("a.html", b"<html><p>words</p></html>".to_vec()),
        ("a.bin", noise(11, 12 * 1024 * 1024)),
    ] {
        let form = reqwest::multipart::Form::new().part("file", crate::support::file_part(name, bytes));
        let answer = vault.http.post(format!("{}/api/v1/documents", serve.url)).multipart(form).send().await;
        let document: Value = answer.expect("an answer").json().await.expect("JSON");
        vault.processed(&id_of(&document)).await;
    }
    for process in [&serve.process, &worker] {
        process.signal(Signal::TERM);
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
    for process in [serve.process, worker] {
        let mut process = process;
        let status = process.child.wait().await.expect("it ends");
        assert_eq!(status.code(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_in_the_middle_of_a_job_is_as_if_nothing_had_happened() {
    let vault = TestVault::new().await;
    // Its way to the object store takes connections and gives no bytes: the job stays in hand.
    let store = Proxy::to(&target_of(&setting("MINIO_ENDPOINT"))).await;
    let mut variables = vault.variables.clone();
    variables.set("MINIO_ENDPOINT", &through(&setting("MINIO_ENDPOINT"), &store));
    let doomed = Process::spawn("worker", &variables);
    let first = id_of(&vault.put_in("first.txt", format!("{INVOICE} one")).await);
    assert_eq!(vault.processed(&first).await["status"], "ready", "it works");
    store.stall();
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    eventually("the job is in hand", || async { (vault.document(&id).await["status"] == "processing").then_some(()) })
        .await;
    doomed.kill().await;

    let worker = vault.worker();
    let document = vault.processed(&id).await;
    assert_eq!((&document["status"], &document["topics"][0]["name"]), (&json!("ready"), &json!("Invoice")));
    let attempts = format!("SELECT attempts::bigint FROM jobs WHERE document_id = '{id}' AND state = 'done'");
    assert_eq!(vault.count(&attempts).await, 2);
    let processed =
        format!("SELECT count(*) FROM audit_log WHERE subject_id = '{id}' AND action = 'document.processed'");
    assert_eq!(vault.count(&processed).await, 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_a_worker_gives_back_what_it_can_not_finish() {
    let vault = TestVault::new().await;
    let store = Proxy::to(&target_of(&setting("MINIO_ENDPOINT"))).await;
    let mut variables = vault.variables.clone();
    variables.set("MINIO_ENDPOINT", &through(&setting("MINIO_ENDPOINT"), &store));
    variables.set("SHUTDOWN_GRACE_SECONDS", "1");
    // So long that only a job which is given back can go on in time.
    variables.set("JOB_LEASE_SECONDS", "3600");
    let mut stopping = Process::spawn("worker", &variables);
    let first = id_of(&vault.put_in("first.txt", format!("{INVOICE} one")).await);
    vault.processed(&first).await;
    store.stall();
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    eventually("the job is in hand", || async { (vault.document(&id).await["status"] == "processing").then_some(()) })
        .await;
    stopping.signal(Signal::TERM);
    let status = stopping.child.wait().await.expect("it ends");
    assert_eq!(status.code(), Some(0));
    let attempts = format!("SELECT attempts::bigint FROM jobs WHERE document_id = '{id}' AND state = 'queued'");
    assert_eq!(vault.count(&attempts).await, 0, "given back, and the attempt does not count");

    let worker = vault.worker();
    assert_eq!(vault.processed(&id).await["status"], "ready");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_grow_with_the_file() {
    let vault = TestVault::new().await;
    let serve = ServeProcess::start(&vault).await;
    let file = noise(12, 200 * 1024 * 1024);
    let form = reqwest::multipart::Form::new().part("file", crate::support::file_part("large.bin", file.clone()));
    let answer = vault.http.post(format!("{}/api/v1/documents", serve.url)).multipart(form).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 201);
    let document: Value = answer.json().await.expect("JSON");
    let url = format!("{}/api/v1/documents/{}/content", serve.url, id_of(&document));
    let back = vault.http.get(url).send().await.expect("an answer").bytes().await.expect("bytes");
    assert!(back == file, "the bytes differ");
    let status = std::fs::read_to_string(format!("/proc/{}/status", serve.process.pid())).expect("its status");
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    assert!(peak.expect("a figure") < 100 * 1024, "{peak:?} KiB resident at its peak");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_small_commands_need_no_settings() {
    let vault = TestVault::new().await;
    let none = Variables::default();
    let url = format!("{}/health", vault.url);
    let healthy = output(&["healthcheck", "--url", &url], &none).await;
    assert_eq!(healthy.status.code(), Some(0));
    let nobody = output(&["healthcheck", "--url", "http://127.0.0.1:1/health"], &none).await;
    assert_eq!(nobody.status.code(), Some(1));
    let printed = output(&["openapi"], &none).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let committed = std::fs::read_to_string(path).expect("docs/openapi.json");
    assert!(committed == String::from_utf8_lossy(&printed.stdout), "docs/openapi.json is its output, letter by letter");
    assert_eq!(output(&["no-such-command"], &none).await.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_files_may_be_open_as_the_machine_allows() {
    let vault = TestVault::new().await;
    let serve = ServeProcess::start(&vault).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", serve.process.pid())).expect("the limits");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a line");
    let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert_eq!(numbers[0], numbers[1].min(65_536), "{line}");
}
