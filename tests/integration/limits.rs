//! Back-pressure: floods, slow clients and a busy database meet a limit and an honest answer.

use crate::support::files::{INVOICE, noise};
use crate::support::{PATIENCE, TestVault, eventually, problem};
use reqwest::multipart::{Form, Part};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Opens a connection to the vault and sends the beginning of a request.
async fn begin(vault: &TestVault, beginning: &[u8]) -> TcpStream {
    let address = vault.url.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(beginning).await.expect("it is taken");
    stream
}

/// All the vault says until it closes the connection.
async fn answer(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the vault ends it").expect("no error");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The head of an upload that says it has `length` bytes in all, and the beginning of its file.
fn upload_of(length: usize, beginning: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST /api/v1/documents HTTP/1.1\r\nHost: vault\r\nContent-Type: multipart/form-data; boundary=B\r\n\
         Content-Length: {length}\r\n\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n"
    )
    .into_bytes();
    request.extend_from_slice(beginning);
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stops_sending_gets_nothing() {
    let vault = TestVault::builder().set("BODY_IDLE_SECONDS", "1").start().await;
    let headers = begin(&vault, b"GET /api/v1/documents HTTP/1.1\r\nHost: vau").await;
    let file = begin(&vault, &upload_of(1_000_000, &noise(1, 20_000))).await;
    let large = begin(&vault, &upload_of(50_000_000, &noise(2, 12 * 1024 * 1024))).await;
    let json = b"POST /api/v1/topics HTTP/1.1\r\nHost: vault\r\nContent-Type: application/json\r\n\
        Content-Length: 50\r\n\r\n{\"name\":";
    let json = begin(&vault, json).await;
    for stream in [file, large, json] {
        let answer = answer(stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("\"code\":\"request_timeout\""), "{answer}");
    }
    let answer = answer(headers).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    eventually("nothing is left of it", || async {
        let uploads = vault.vault.storage.unfinished_uploads().await.expect("a listing");
        uploads.is_empty().then_some(())
    })
    .await;
    vault.assert_tidy().await;
    assert_eq!(vault.count("SELECT count(*) FROM documents").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_trickles_gets_nothing() {
    let vault = TestVault::builder().set("BODY_IDLE_SECONDS", "2").start().await;
    let stream = begin(&vault, &upload_of(1_000_000, &noise(1, 9_000))).await;
    let (mut reading, mut writing) = stream.into_split();
    let trickle = async {
        // A byte at a time, always within the wait for the next one; ends when the vault hangs up.
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    let mut answer = vec![0; 12];
    tokio::select! {
        () = trickle => {}
        read = timeout(PATIENCE, reading.read_exact(&mut answer)) => {
            read.expect("it is ended in time").expect("an answer");
        }
    }
    assert_eq!(answer, b"HTTP/1.1 408");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_beyond_the_room_are_told_to_come_again() {
    let vault = TestVault::builder().set("UPLOAD_MEMORY_BYTES", "67108864").start().await;
    // Each takes 16 MiB and a little of the 48 MiB for parts, and keeps them as long as the vault is patient.
    let mut holders = Vec::new();
    for seed in [3, 5] {
        holders.push(begin(&vault, &upload_of(50_000_000, &noise(seed, 100_000))).await);
    }
    eventually("the large uploads are under way", || async {
        (vault.vault.metrics.uploads_in_flight.get() == 2).then_some(())
    })
    .await;
    let refused = vault.upload("b.bin", noise(4, 9 * 1024 * 1024)).await;
    assert!(refused.headers().contains_key("retry-after"));
    problem(refused, 503, "busy").await;
    // What is small finds room beside it.
    vault.put_in("c.txt", INVOICE).await;
    drop(holders);
    vault.put_in("b.bin", noise(4, 9 * 1024 * 1024)).await;
    vault.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_beyond_the_room_are_refused_at_once_and_everything_else_goes_on() {
    let vault = TestVault::builder().set("UPLOAD_MEMORY_BYTES", "67108864").start().await;
    // 16 MiB for the buffers of bodies, half a MiB for each of these.
    let holders = Mutex::new(Vec::new());
    let refused = eventually("there is no room for one more", || async {
        // Nobody tells when one has taken its room; so they come one by one until it is full.
        holders.lock().await.push(begin(&vault, &upload_of(50_000_000, &noise(1, 1000))).await);
        let answer = vault.upload("b.bin", noise(2, 300_000)).await;
        (answer.status() == 503).then_some(answer)
    })
    .await;
    assert!(holders.lock().await.len() >= 32);
    assert!(refused.headers().contains_key("retry-after"));
    problem(refused, 503, "busy").await;
    assert_eq!(vault.get("/documents").await.status(), 200);
    drop(holders);
    eventually("there is room again", || async {
        let answer = vault.upload("c.txt", format!("{INVOICE} again")).await;
        (answer.status() == 201).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_a_length_takes_the_room_of_a_large_one() {
    let vault = TestVault::builder().set("UPLOAD_MEMORY_BYTES", "67108864").start().await;
    let pieces = futures_util::stream::iter((0..20).map(|n| Ok::<_, std::io::Error>(noise(n, 1024 * 1024))));
    let part = Part::stream(reqwest::Body::wrap_stream(pieces)).file_name("a.bin");
    let taken = vault.post_form(Form::new().part("file", part)).await;
    assert_eq!(taken.status(), 201);
    assert_eq!(taken.json::<serde_json::Value>().await.expect("JSON")["size_bytes"], json!(20 * 1024 * 1024));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_every_connection_in_use_the_answer_is_503_and_not_a_hang() {
    let vault = TestVault::new().await;
    let mut superuser = vault.superuser().await;
    let lock = superuser.transaction().await.expect("a transaction");
    lock.batch_execute("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let request = vault.http.get(vault.api("/documents"));
        asked.spawn(async move { request.send().await.expect("an answer").status().as_u16() });
    }
    // All connections wait for the lock; whoever finds none is told so.
    let first = timeout(PATIENCE, asked.join_next()).await.expect("an answer in time").expect("one").expect("no panic");
    assert_eq!(first, 503);
    lock.rollback().await.expect("unlocked");
    while let Some(status) = asked.join_next().await {
        assert!(matches!(status.expect("no panic"), 200 | 503));
    }
    assert_eq!(vault.get("/documents").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_have_a_limit() {
    let vault = TestVault::builder().without_topics().start().await;
    let fill = "INSERT INTO topics (id, name) SELECT gen_random_uuid(), 'topic ' || n FROM generate_series(1, 1000) n";
    vault.superuser().await.batch_execute(fill).await.expect("filled");
    let one_more = vault.http.post(vault.api("/topics")).json(&json!({"name": "one more"}));
    problem(one_more.send().await.expect("an answer"), 409, "too_many_topics").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_of_this_run_is_safe_from_eviction() {
    let vault = TestVault::new().await;
    let policy = vault.vault.queue.eviction_policy().await.expect("Redis answers");
    assert_eq!(policy.as_deref(), Some("noeviction"));
}
