//! Every hostile file, through the real processes: the vault lives, its memory stays in its bounds, the file is kept
//! byte for byte, the document says why it could not be read, and who comes behind it does not wait for long.

use crate::corpus::{self, End, Hostile};
use crate::support::files::INVOICE;
use crate::support::process::{Process, ServeProcess};
use crate::support::{TestVault, eventually, file_part, id_of};
use bytes::Bytes;
use docuvault::domain::DocumentProblem;
use futures_util::StreamExt;
use futures_util::stream;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Client, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::convert::Infallible;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

/// What one file is given to be read in (`READ_TIMEOUT_SECONDS`).
const TIMEOUT: Duration = Duration::from_secs(2);
/// The longest that the document behind a hostile one may wait: its time, the five seconds after which a reader that
/// does nothing is ended, and what an unoptimised build on a busy machine takes for all else.
const BEHIND: Duration = Duration::from_secs(2 + 5 + 6);
/// Most memory a process may ever have had, in KiB (`VmHWM`). Of `serve`, an upload takes some parts of 8 MiB, and a text
/// of 16 MiB that is asked for is there up to three times: as it comes from the database, as a text, as it goes out.
const SERVE_KIB: u64 = 200 * 1024;
/// The worker has the bytes of a text, what they say, and the same tidied up. What is parsed is in another process.
const WORKER_KIB: u64 = 256 * 1024;
/// Most text of one document, in bytes: the default of `READ_MAX_TEXT_BYTES`.
const MAX_TEXT: usize = 16 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hostile_file_is_kept_and_harms_nobody_else() {
    let vault = TestVault::builder()
        .set("WORKER_CONCURRENCY", "1")
        .set("READ_TIMEOUT_SECONDS", &TIMEOUT.as_secs().to_string())
        .set("READ_MEMORY_BYTES", &(512 * 1024 * 1024).to_string())
        .set("RUST_LOG", "error")
        .start()
        .await;
    let serve = ServeProcess::start(&vault).await;
    let mut processes =
        [("serve", serve.process, SERVE_KIB), ("worker", Process::spawn("worker", &vault.variables), WORKER_KIB)];
    let pids = processes.each_ref().map(|(_, process, _)| process.pid());
    let house = House { http: Client::new(), url: serve.url, passwd: first_account() };

    let mut pairs = Vec::new();
    for hostile in corpus::all() {
        let (id, hash) = house.put_in(&hostile).await;
        let innocent = house.put_in_innocent(hostile.name).await;
        assert_eq!(house.over(innocent).await["status"], "ready", "behind {}", hostile.name);
        house.assert_ended_as_it_should(&hostile, id).await;
        house.assert_kept(&hostile, id, &hash).await;
        pairs.push((hostile.name, id, innocent));
    }

    let sql = "SELECT extract(epoch FROM behind.at - hostile.at)::float8
        FROM audit_log hostile, audit_log behind
        WHERE hostile.subject_id = $1::text::uuid AND hostile.action = 'document.created'
          AND behind.subject_id = $2::text::uuid AND behind.action = 'document.processed'";
    let database = vault.superuser().await;
    for (name, hostile, innocent) in pairs {
        let seconds: f64 = database
            .query_one(sql, &[&hostile.to_string(), &innocent.to_string()])
            .await
            .expect("both are on record")
            .get(0);
        assert!(seconds <= BEHIND.as_secs_f64(), "the document behind {name} waited for {seconds} s");
    }
    // A file that can't be read is no reason to try again.
    assert_eq!(vault.count("SELECT count(*) FROM jobs WHERE state <> 'done' OR attempts <> 1").await, 0);
    vault.assert_tidy().await;
    for ((name, process, limit), pid) in processes.iter_mut().zip(pids) {
        assert_eq!(process.child.try_wait().expect("its state"), None, "{name} has ended");
        let most = most_memory_kib(pid);
        println!("{name} took {} MiB at most", most / 1024);
        assert!(most <= *limit, "{name} took {most} KiB");
    }
}

/// The first line of the accounts of this machine, which no document may ever show.
fn first_account() -> String {
    let accounts = fs::read_to_string("/etc/passwd").expect("this machine has accounts");
    accounts.lines().next().expect("a first account").to_owned()
}

/// `VmHWM`, the most memory a process ever had, in KiB.
fn most_memory_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak of memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The vault from outside.
struct House {
    http: Client,
    url: String,
    passwd: String,
}

impl House {
    fn api(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.url)
    }

    async fn upload(&self, name: &str, part: Part) -> Value {
        let form = Form::new().part("file", part);
        let answer = self.http.post(self.api("/documents")).multipart(form).send().await.expect("an answer");
        let status = answer.status();
        let document: Value = answer.json().await.expect("JSON");
        assert_eq!(status, StatusCode::CREATED, "{name}: {document}");
        document
    }

    /// Sends a hostile file; answers its id, and the hash of what was sent.
    async fn put_in(&self, hostile: &Hostile) -> (Uuid, String) {
        let hasher = Arc::new(Mutex::new(Sha256::new()));
        let sent = hasher.clone();
        let pieces = (hostile.make)().inspect(move |piece| sent.lock().expect("no panic").update(piece));
        let body = Body::wrap_stream(stream::iter(pieces.map(Ok::<Bytes, Infallible>)));
        let document = self.upload(hostile.name, Part::stream(body).file_name(hostile.name)).await;
        let hash = hex::encode(hasher.lock().expect("no panic").clone().finalize());
        assert_eq!(document["sha256"], hash, "{}", hostile.name);
        assert_eq!(document["filename"], hostile.name);
        (id_of(&document).parse().expect("a UUID"), hash)
    }

    async fn put_in_innocent(&self, behind: &str) -> Uuid {
        let name = format!("behind {behind}.txt");
        let document = self.upload(&name, file_part(&name, format!("{INVOICE}\nBehind {behind}."))).await;
        id_of(&document).parse().expect("a UUID")
    }

    async fn document(&self, id: Uuid) -> Value {
        let answer = self.http.get(self.api(&format!("/documents/{id}"))).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.expect("JSON")
    }

    /// The document, once its work is over.
    async fn over(&self, id: Uuid) -> Value {
        eventually("the document's work ends", || async {
            let document = self.document(id).await;
            (!matches!(document["status"].as_str(), Some("pending" | "processing"))).then_some(document)
        })
        .await
    }

    async fn assert_ended_as_it_should(&self, hostile: &Hostile, id: Uuid) {
        let name = hostile.name;
        let document = self.over(id).await;
        let (may_be_read, problems) = match hostile.end {
            End::Read => (true, [].as_slice()),
            End::Not(problems) => (false, problems),
            End::Either(problems) => (true, problems),
        };
        match document["status"].as_str() {
            Some("failed") => {
                let code = document["error"]["code"].as_str().expect("a code");
                assert!(problems.contains(&code), "{name} is {code}");
                let known: DocumentProblem = code.parse().expect("a code of the closed set");
                assert_eq!(document["error"]["message"], known.message(), "{name}");
            }
            Some("ready" | "needs_review") => {
                assert!(may_be_read, "{name} was read");
                assert_eq!(document["error"], Value::Null);
                self.assert_clean(name, id).await;
            }
            _ => panic!("{name}: {document}"),
        }
    }

    /// The text is a text, in its bounds, and nothing of this machine.
    async fn assert_clean(&self, name: &str, id: Uuid) {
        let answer = self.http.get(self.api(&format!("/documents/{id}/text"))).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{name}");
        assert_safe_headers(name, answer.headers());
        assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
        let bytes = answer.bytes().await.expect("a text");
        let text = std::str::from_utf8(&bytes).expect("UTF-8");
        assert!(text.len() <= MAX_TEXT, "{name} has a text of {} bytes", text.len());
        let odd: HashSet<char> =
            text.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\u{c}')).collect();
        assert!(odd.is_empty(), "{name} has {odd:?}");
        assert!(!text.contains(&self.passwd), "{name} shows the accounts of this machine");
    }

    /// The bytes are those that were sent, and a browser is told to do nothing with them.
    async fn assert_kept(&self, hostile: &Hostile, id: Uuid, hash: &str) {
        let name = hostile.name;
        let answer = self.http.get(self.api(&format!("/documents/{id}/content"))).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{name}");
        assert_safe_headers(name, answer.headers());
        assert_eq!(answer.headers()["content-disposition"], format!("attachment; filename=\"{name}\""));
        let mut hasher = Sha256::new();
        let mut bytes = answer.bytes_stream();
        while let Some(piece) = bytes.next().await {
            hasher.update(piece.expect("the bytes"));
        }
        assert_eq!(hex::encode(hasher.finalize()), hash, "{name} came back changed");
    }
}

/// No guessing of types, no script, no origin.
fn assert_safe_headers(name: &str, headers: &reqwest::header::HeaderMap) {
    assert_eq!(headers["x-content-type-options"], "nosniff", "{name}");
    let policy = headers["content-security-policy"].to_str().expect("ASCII");
    let directives: Vec<&str> = policy.split("; ").collect();
    assert!(directives.contains(&"sandbox") && directives.contains(&"default-src 'none'"), "{name}: {policy}");
}
