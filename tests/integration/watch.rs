//! Watching what happens: server-sent events; and the vault in numbers.

use crate::support::files::{INVOICE, pdf};
use crate::support::process::ServeProcess;
use crate::support::proxy::{Proxy, target_of, through};
use crate::support::{PATIENCE, TestVault, eventually, id_of, no_program, problem, setting};
use deadpool_redis::redis;
use docuvault::services::events;
use reqwest::{Client, Response};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// One who watches by HTTP.
struct Watch {
    answer: Response,
    text: String,
}

impl Watch {
    async fn open(http: &Client, url: &str) -> Self {
        let answer = http.get(format!("{url}/api/v1/events")).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        Self { answer, text: String::new() }
    }

    /// Everything up to the next empty line; none where the stream has ended.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let piece = timeout(PATIENCE, self.answer.chunk()).await.expect("something in time").expect("bytes")?;
            self.text.push_str(std::str::from_utf8(&piece).expect("UTF-8"));
        }
    }

    /// The next event and its data.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            let block = self.block().await?;
            if let Some(event) = block.strip_prefix("event: ") {
                let (kind, data) = event.split_once("\ndata: ").expect("an event has data");
                return Some((kind.to_owned(), serde_json::from_str(data).expect("JSON on one line")));
            }
        }
    }

    /// The data of the next event, which must be of this kind.
    async fn expect(&mut self, kind: &str) -> Value {
        let (got, data) = self.next().await.expect("the stream goes on");
        assert_eq!(got, kind, "{data}");
        data
    }

    /// Reads on to the next event of this kind.
    async fn until(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await.expect("the stream goes on") {
                (got, data) if got == kind => return data,
                _ => {}
            }
        }
    }
}

/// What an event must say of a document that is so now.
fn told_of(document: &Value) -> Value {
    let told = [
        "id",
        "status",
        "topics",
        "error",
        "deleted_at",
        "filename",
        "title",
        "topics_by_user",
        "content_type",
        "language",
        "page_count",
        "text_source",
        "text_truncated",
        "has_thumbnail",
    ];
    told.into_iter().map(|name| (name.to_owned(), document[name].clone())).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_watched_from_its_upload_to_its_end() {
    let vault = TestVault::new().await;
    let mut watch = Watch::open(&vault.http, &vault.url).await;
    let header = |name: &str| watch.answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-accel-buffering"), "no");
    assert_eq!(watch.block().await.as_deref(), Some("retry: 2000"));
    assert_eq!(watch.expect("sync").await, json!({}));

    let document = vault.put_in("invoice.txt", INVOICE).await;
    let id = id_of(&document);
    assert_eq!(watch.expect("document").await, told_of(&document));
    let worker = vault.worker();
    let processing = watch.expect("document").await;
    assert_eq!((&processing["id"], &processing["status"]), (&json!(id), &json!("processing")));
    let ready = watch.expect("document").await;
    assert_eq!(ready["status"], "ready");
    assert_eq!(ready["topics"][0]["source"], "ai", "{ready}");
    assert_eq!(ready, told_of(&vault.document(&id).await));

    let strange = id_of(&vault.put_in("strange.bin", b"\0\x01\x02".to_vec()).await);
    for status in ["pending", "processing", "failed"] {
        assert_eq!(watch.expect("document").await["status"], status);
    }
    let failed = vault.document(&strange).await;
    assert_eq!(failed["error"]["code"], "unsupported", "{failed}");
    worker.stop().await;

    let call = |method, path: String, body: Value| {
        let request = vault.http.request(method, vault.api(&path)).json(&body);
        async move {
            let answer = request.send().await.expect("an answer");
            assert!(answer.status().is_success(), "{path}: {}", answer.status());
        }
    };
    use reqwest::Method;
    call(Method::PATCH, format!("/documents/{id}"), json!({"title": "A title"})).await;
    let titled = vault.document(&id).await;
    assert_eq!(titled["title"], "A title");
    assert_eq!(watch.expect("document").await, told_of(&titled));
    let topic = vault.topic_id("Contract").await;
    call(Method::PUT, format!("/documents/{id}/topics"), json!({"topic_ids": [topic]})).await;
    let chosen = watch.expect("document").await;
    assert_eq!((&chosen["topics"][0]["id"], &chosen["topics"][0]["source"]), (&json!(topic), &json!("user")));
    assert_eq!(chosen, told_of(&vault.document(&id).await));
    call(Method::POST, format!("/documents/{id}/topics/undo"), json!({})).await;
    assert_eq!(watch.expect("document").await, told_of(&titled));
    call(Method::POST, format!("/documents/{id}/reprocess"), json!({})).await;
    assert_eq!(watch.expect("document").await["status"], "pending");
    call(Method::PATCH, format!("/topics/{topic}"), json!({"color": "#123456"})).await;
    assert_eq!(watch.expect("topics").await, json!({}));
    call(Method::POST, "/topics".to_owned(), json!({"name": "New"})).await;
    watch.expect("topics").await;
    call(Method::POST, format!("/topics/{topic}/merge"), json!({"into": vault.topic_id("New").await})).await;
    watch.expect("topics").await;
    let invoice = vault.topic_id("Invoice").await;
    call(Method::DELETE, format!("/topics/{invoice}"), json!({})).await;
    watch.expect("topics").await;
    call(Method::DELETE, format!("/documents/{strange}"), json!({})).await;
    assert!(watch.expect("document").await["deleted_at"].is_string());
    call(Method::POST, format!("/documents/{strange}/restore"), json!({})).await;
    assert_eq!(watch.expect("document").await, told_of(&failed));
    call(Method::DELETE, format!("/documents/{strange}?permanently=true"), json!({})).await;
    assert_eq!(watch.expect("purged").await, json!({"id": strange}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_given_up_and_retried_is_told() {
    let vault = TestVault::new().await;
    let mut watch = Watch::open(&vault.http, &vault.url).await;
    watch.expect("sync").await;
    // A worker whose reading children can't be started: a mistake in our own house, which may pass.
    let broken = vault.worker_with(&[("JOB_MAX_ATTEMPTS", "2")], no_program());
    let id = id_of(&vault.put_in("a.pdf", pdf(&["words"])).await);
    for status in ["pending", "processing", "pending", "processing"] {
        assert_eq!(watch.expect("document").await["status"], status);
    }
    let failed = watch.expect("document").await;
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("gave_up")));
    assert_eq!(failed, told_of(&vault.document(&id).await));
    broken.stop().await;
    let dead = vault.get_json("/jobs?state=dead").await;
    let retry = vault.api(&format!("/jobs/{}/retry", id_of(&dead["items"][0])));
    assert_eq!(vault.http.post(retry).send().await.expect("an answer").status(), 202);
    assert_eq!(watch.expect("document").await["status"], "pending");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_does_is_told_by_another() {
    let vault = TestVault::new().await;
    let other = ServeProcess::start(&vault).await;
    let mut watch = Watch::open(&vault.http, &other.url).await;
    watch.expect("sync").await;
    let document = vault.put_in("a.txt", INVOICE).await;
    assert_eq!(watch.expect("document").await, told_of(&document));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_watches_is_told_that_redis_went_away_and_that_it_is_back() {
    let redis = Proxy::to(&target_of(&setting("TEST_REDIS_URL"))).await;
    let url = through(&setting("TEST_REDIS_URL"), &redis);
    // The vault starts without Redis, and can be watched.
    redis.cut();
    let vault = TestVault::builder().set("REDIS_URL", &url).start().await;
    let mut watch = Watch::open(&vault.http, &vault.url).await;
    watch.expect("lost").await;
    redis.mend();
    watch.expect("sync").await;

    for stalled in [false, true] {
        if stalled {
            redis.stall()
        } else {
            redis.cut()
        }
        watch.until("lost").await;
        // Who comes now is told at once, and nobody's work waits for Redis.
        let mut late = Watch::open(&vault.http, &vault.url).await;
        late.expect("lost").await;
        vault.put_in("during.txt", format!("{INVOICE} {stalled}")).await;
        redis.mend();
        assert_eq!(watch.until("sync").await, json!({}));
        late.until("sync").await;
    }
    let after = id_of(&vault.put_in("after.txt", INVOICE).await);
    while watch.until("document").await["id"] != after.as_str() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_told_is_made_good_by_a_sync() {
    let redis = Proxy::to(&target_of(&setting("TEST_REDIS_URL"))).await;
    let vault = TestVault::new().await;
    // Another process, which alone loses Redis.
    let mut variables = vault.variables.clone();
    variables.set("REDIS_URL", &through(&setting("TEST_REDIS_URL"), &redis));
    let cut_off = TestVault::beside(&vault, variables).await;
    let mut watch = Watch::open(&vault.http, &vault.url).await;
    watch.expect("sync").await;
    redis.cut();
    let topic = json!({"name": "New"});
    let made = vault.http.post(cut_off.api("/topics")).json(&topic).send().await.expect("an answer");
    assert_eq!(made.status(), 201);
    eventually("it could not be told", || async {
        let figures = vault.http.get(format!("{}/metrics", cut_off.url)).send().await.expect("an answer").text().await;
        let failed = "docuvault_store_errors_total{store=\"redis\"} ";
        let failures =
            figures.expect("figures").lines().find_map(|line| line.strip_prefix(failed)?.parse::<u64>().ok());
        (failures.expect("a figure") > 0).then_some(())
    })
    .await;
    redis.mend();
    watch.expect("sync").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_told_to_stop_does_not_wait_for_those_who_watch() {
    let mut vault = TestVault::new().await;
    // Longer than the test's patience.
    vault.variables.set("SHUTDOWN_GRACE_SECONDS", "300");
    let mut serve = ServeProcess::start(&vault).await;
    let mut watches = Vec::new();
    for _ in 0..5 {
        let mut watch = Watch::open(&vault.http, &serve.url).await;
        watch.expect("sync").await;
        watches.push(watch);
    }
    serve.process.signal(Signal::TERM);
    for watch in &mut watches {
        assert_eq!(watch.next().await, None, "the stream ends as it should");
    }
    let status = timeout(PATIENCE, serve.process.child.wait()).await.expect("it ends in time").expect("a status");
    assert!(status.success(), "{status}");
}

fn resident_kib(pid: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let figure = status.lines().find_map(|l| l.strip_prefix(line)?.trim().strip_suffix(" kB")?.parse().ok());
    figure.expect("a figure")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_does_not_read_takes_no_memory_and_is_told_to_fetch_anew() {
    let vault = TestVault::new().await;
    let serve = ServeProcess::start(&vault).await;
    let mut watch = Watch::open(&vault.http, &serve.url).await;
    watch.expect("sync").await;
    let mut deaf = TcpStream::connect(serve.url.trim_start_matches("http://")).await.expect("a connection");
    deaf.write_all(b"GET /api/v1/events HTTP/1.1\r\nhost: vault\r\n\r\n").await.expect("sent");
    let mut heard = String::new();
    let mut piece = vec![0; 64 * 1024];
    while !heard.contains("event: sync") {
        let length = deaf.read(&mut piece).await.expect("bytes");
        heard.push_str(std::str::from_utf8(&piece[..length]).expect("UTF-8"));
    }

    let before = resident_kib(serve.process.pid(), "VmRSS:");
    // 60 MB, of which the connection takes what the kernel buffers.
    let client = redis::Client::open(setting("TEST_REDIS_URL")).expect("a URL");
    let mut redis = client.get_multiplexed_async_connection().await.expect("a connection");
    let channel = format!("{}:v1:events", vault.database.name);
    let large = format!("document {}", json!({"words": "x".repeat(20_000)}));
    for _ in 0..30 {
        let mut pipeline = redis::pipe();
        for _ in 0..100 {
            pipeline.cmd("PUBLISH").arg(&channel).arg(&large).ignore();
        }
        pipeline.query_async::<()>(&mut redis).await.expect("published");
    }
    // Again and again: one who is behind skips what was told meanwhile.
    let telling = tokio::spawn(async move {
        loop {
            let told = redis::cmd("PUBLISH").arg(&channel).arg("topics {}").query_async::<i64>(&mut redis).await;
            told.expect("published");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    watch.until("topics").await;
    let peak = resident_kib(serve.process.pid(), "VmHWM:");
    assert!(peak < before + 30 * 1024, "{before} KiB resident, {peak} KiB at its peak");

    heard.clear();
    while !heard.contains("event: topics") {
        let length = timeout(PATIENCE, deaf.read(&mut piece)).await.expect("in time").expect("bytes");
        assert_ne!(length, 0, "the stream goes on");
        heard.push_str(std::str::from_utf8(&piece[..length]).expect("UTF-8"));
    }
    assert!(heard.contains("event: sync"), "what it missed is made good");
    telling.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_room_for_so_many_and_those_who_leave_make_room() {
    let vault = TestVault::new().await;
    let mut seats: Vec<_> = (0..999).map(|_| events::watch(&vault.vault).expect("room")).collect();
    let last = Watch::open(&vault.http, &vault.url).await;
    problem(vault.get("/events").await, 503, "busy").await;
    let watchers = || async {
        let text = vault.http.get(format!("{}/metrics", vault.url)).send().await.expect("an answer").text().await;
        let text = text.expect("figures");
        text.lines().find_map(|line| line.strip_prefix("docuvault_watchers ")?.parse::<u64>().ok()).expect("a figure")
    };
    assert_eq!(watchers().await, 1000);
    drop(last);
    seats.clear();
    eventually("the client that left is noticed when it is told something", || async {
        vault.vault.events.tell(events::topics());
        (watchers().await == 0).then_some(())
    })
    .await;
    Watch::open(&vault.http, &vault.url).await.expect("sync").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_has_one_line_for_a_stream() {
    let vault = TestVault::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("serve.err");
    let file = std::fs::File::create(&log).expect("a file");
    let serve = ServeProcess::start_with(&vault, |command| {
        command.stderr(file);
    })
    .await;
    let mut watch = Watch::open(&vault.http, &serve.url).await;
    watch.expect("sync").await;
    drop(watch);
    let text = std::fs::read_to_string(&log).expect("the log");
    let lines: Vec<_> = text.lines().filter(|line| line.contains("route=/api/v1/events")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    assert!(lines[0].contains("status=200"), "{}", lines[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_are_those_of_the_rows() {
    let vault = TestVault::builder().set("MAX_UPLOAD_BYTES", "1000000").set("AI_MIN_CONFIDENCE", "0.25").start().await;
    let none = vault.get_json("/stats").await;
    assert_eq!((&none["documents"], &none["bytes"]), (&json!(0), &json!(0)));
    assert_eq!(none["queue"], json!({"depth": 0, "oldest_age_seconds": null, "dead": 0}));

    let topic = vault.topic_id("Contract").await;
    let mut ids = Vec::new();
    for text in ["1", "22", "333", "4444"] {
        ids.push(id_of(&vault.put_in("a.txt", text).await));
    }
    for id in &ids[..2] {
        let chosen = json!({"topic_ids": [topic]});
        let url = vault.api(&format!("/documents/{id}/topics"));
        assert_eq!(vault.http.put(url).json(&chosen).send().await.expect("an answer").status(), 200);
    }
    let superuser = vault.superuser().await;
    let run = |sql: String| {
        let superuser = &superuser;
        async move { superuser.execute(&sql, &[]).await.expect("a row is changed") }
    };
    run(format!("UPDATE documents SET status = 'failed' WHERE id = '{}'", ids[1])).await;
    run(format!("UPDATE jobs SET state = 'dead' WHERE document_id = '{}'", ids[1])).await;
    run(format!("UPDATE documents SET deleted_at = now() WHERE id = '{}'", ids[3])).await;
    run(format!("UPDATE jobs SET created_at = now() - interval '1 hour' WHERE document_id = '{}'", ids[2])).await;
    let stats = vault.get_json("/stats").await;
    assert_eq!((&stats["documents"], &stats["bytes"]), (&json!(3), &json!(6)), "{stats}");
    let by_status = json!({"pending": 2, "processing": 0, "ready": 0, "needs_review": 0, "failed": 1});
    assert_eq!(stats["by_status"], by_status);
    assert_eq!(stats["trash"], json!({"documents": 1, "bytes": 4}));
    assert_eq!((&stats["queue"]["depth"], &stats["queue"]["dead"]), (&json!(3), &json!(1)));
    let age = stats["queue"]["oldest_age_seconds"].as_i64().expect("an age");
    assert!((3590..3700).contains(&age), "{age}");
    let by_topic = stats["by_topic"].as_array().expect("a list");
    let topics = vault.get_json("/topics").await;
    assert_eq!(by_topic.len(), topics["items"].as_array().expect("a list").len(), "also those without documents");
    let contracts = by_topic.iter().find(|one| one["id"] == topic.as_str()).expect("it is there");
    assert_eq!((&contracts["name"], &contracts["document_count"]), (&json!("Contract"), &json!(2)));

    let about = vault.get_json("/about").await;
    let expected = json!({"version": env!("CARGO_PKG_VERSION"), "max_upload_bytes": 1_000_000, "trash_days": 30,
        "ai_provider": "local", "ai_min_confidence": 0.25});
    assert_eq!(about, expected);
}
