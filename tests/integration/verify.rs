//! `docuvault verify`: what it finds, what it repairs, what it leaves alone, and whom it does not accuse.

use crate::support::files::{INVOICE, noise};
use crate::support::process::{Process, command, output};
use crate::support::proxy::{Proxy, target_of, through};
use crate::support::{TestVault, eventually, id_of, setting};
use docuvault::domain::{ContentHasher, DocumentId, Filename, ObjectKey};
use docuvault::services::Vault;
use docuvault::services::verify::{self, Counts, Finding, Kind, Options, Outcome, Report, Stop, Watcher};
use futures_util::{StreamExt, stream};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::process::{Output, Stdio};
use std::slice;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio_util::sync::CancellationToken;

/// Behind the grace period.
const LATER: Duration = Duration::from_secs(86_400 + 60);

async fn watched(vault: &Vault, deep: bool, repair: bool, watcher: &dyn Watcher) -> (Report, Result<(), Stop>) {
    let options = Options { confirm_after: Duration::ZERO, ..Options::new(deep, repair) };
    verify::run(vault, options, watcher, &CancellationToken::new()).await
}

/// A check that comes to its end.
async fn check(vault: &Vault, deep: bool, repair: bool) -> Report {
    let (report, result) = watched(vault, deep, repair, &()).await;
    result.expect("it comes to its end");
    report
}

fn fresh_key() -> ObjectKey {
    let name: Filename = "a.txt".parse().expect("a name");
    ObjectKey::generate(DocumentId::generate(), &name)
}

async fn put(vault: &TestVault, key: &ObjectKey, bytes: &[u8]) {
    vault.vault.storage.put(key, "text/plain", &mut &*bytes).await.expect("put");
}

async fn key_of(vault: &TestVault, id: &str) -> ObjectKey {
    let sql = format!("SELECT object_key FROM documents WHERE id = '{id}'");
    let key: String = vault.superuser().await.query_one(&sql, &[]).await.expect("a row").get(0);
    key.parse().expect("a key")
}

/// An upload whose process died between two parts.
async fn abandon_upload(vault: &TestVault) {
    let (storage, key) = (vault.vault.storage.clone(), fresh_key());
    let (mut more, source) = tokio::io::duplex(64 * 1024);
    let begun = tokio::spawn(async move {
        let mut source = noise_of(9 * 1024 * 1024).chain(source);
        storage.put(&key, "application/octet-stream", &mut source).await
    });
    eventually("a part is under way", || async {
        let uploads = vault.vault.storage.unfinished_uploads().await.expect("a listing");
        (!uploads.is_empty()).then_some(())
    })
    .await;
    begun.abort();
    assert!(begun.await.is_err(), "it did not end by itself");
    tokio::io::AsyncWriteExt::shutdown(&mut more).await.expect("nobody reads any more");
}

fn noise_of(length: usize) -> std::io::Cursor<Vec<u8>> {
    std::io::Cursor::new(noise(77, length))
}

async fn audited(vault: &TestVault, action: &str) -> i64 {
    vault.count(&format!("SELECT count(*) FROM audit_log WHERE action = '{action}' AND actor = 'operator'")).await
}

/// The documents that a search finds.
async fn finds(vault: &TestVault, q: &str) -> Vec<String> {
    let list = vault.get_json(&format!("/documents?q={q}")).await;
    list["items"].as_array().expect("a list").iter().map(id_of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_in_order_is_found_in_order() {
    let vault = TestVault::new().await;
    for n in 0..3 {
        vault.put_in("a.txt", format!("words {n}")).await;
    }
    let large = noise(3, 9 * 1024 * 1024);
    vault.put_in("large.bin", large.clone()).await;
    for late in [Duration::ZERO, LATER] {
        let report = check(&vault.later(late), false, true).await;
        assert_eq!((report.documents, report.objects, report.bytes_checked), (4, 4, 0));
        assert_eq!((report.found, report.outcome), (Counts::default(), Outcome::Ok));
    }
    let report = check(&vault.vault, true, false).await;
    assert_eq!(report.bytes_checked, 3 * 7 + large.len() as u64);
    assert_eq!((report.found, report.in_flight, report.foreign), (Counts::default(), 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_without_its_object_is_reported_marked_and_never_hidden() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    let before = vault.processed(&id).await;
    vault.put_in("b.txt", "other words").await;
    let key = key_of(&vault, &id).await;
    vault.vault.storage.delete(&key).await.expect("deleted");

    let lost = Finding::of(Kind::MissingObject, &key);
    for deep in [false, true] {
        let report = check(&vault.vault, deep, false).await;
        assert_eq!(report.findings, slice::from_ref(&lost));
        assert_eq!((report.documents, report.objects, report.outcome), (2, 1, Outcome::Problems));
    }
    assert_eq!(vault.document(&id).await, before, "without --repair nothing is changed");

    let report = check(&vault.vault, false, true).await;
    assert_eq!((report.marked, report.repaired, report.outcome), (1, Counts::default(), Outcome::Problems));
    let after = vault.document(&id).await;
    assert_eq!((&after["status"], &after["error"]["code"]), (&json!("failed"), &json!("content_missing")));
    assert_eq!(after["topics"], before["topics"]);
    assert_eq!(finds(&vault, "Lovelace").await, slice::from_ref(&id), "what was read of it is still found");

    let report = check(&vault.vault, false, true).await;
    assert_eq!((report.findings, report.marked), (vec![lost], 0), "it stays reported, and is marked once");
    assert_eq!(audited(&vault, "document.content_missing").await, 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_bytes_are_noticed_by_their_size_or_by_their_hash() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let longer = id_of(&vault.put_in("longer.txt", format!("{INVOICE} longer")).await);
    let other = id_of(&vault.put_in("other.txt", format!("{INVOICE} other")).await);
    for id in [&longer, &other] {
        vault.processed(id).await;
    }
    let (longer_key, other_key) = (key_of(&vault, &longer).await, key_of(&vault, &other).await);
    put(&vault, &longer_key, format!("{INVOICE} much longer").as_bytes()).await;
    put(&vault, &other_key, format!("{INVOICE} 0ther").as_bytes()).await;

    let by_size = Finding::of(Kind::WrongSize, &longer_key);
    assert_eq!(check(&vault.vault, false, false).await.findings, slice::from_ref(&by_size));
    let by_hash = Finding::of(Kind::WrongBytes, &other_key);
    assert_eq!(check(&vault.vault, true, false).await.findings, [by_size, by_hash]);
    assert_eq!(vault.document(&longer).await["status"], "ready", "without --repair nothing is changed");

    let report = check(&vault.vault, true, true).await;
    assert_eq!((report.marked, report.outcome), (2, Outcome::Problems));
    for id in [&longer, &other] {
        let document = vault.document(id).await;
        assert_eq!((&document["status"], &document["error"]["code"]), (&json!("failed"), &json!("content_damaged")));
    }
    assert_eq!(finds(&vault, "Lovelace").await.len(), 2);
    assert_eq!(check(&vault.vault, true, true).await.marked, 0);
    assert_eq!(audited(&vault, "document.content_damaged").await, 2);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_without_a_document_is_on_its_way_until_the_grace_period_ends() {
    let vault = TestVault::new().await;
    vault.put_in("kept.txt", "kept").await;
    let key = fresh_key();
    put(&vault, &key, b"left behind").await;
    let report = check(&vault.vault, false, true).await;
    assert_eq!((report.in_flight, report.found, report.outcome), (1, Counts::default(), Outcome::Ok));

    let later = vault.later(LATER);
    let report = check(&later, true, false).await;
    assert_eq!((report.findings, report.outcome), (vec![Finding::of(Kind::OrphanObject, &key)], Outcome::Problems));
    assert_eq!(vault.object_keys().await.len(), 2, "without --repair nothing is removed");
    let report = check(&later, false, true).await;
    assert_eq!((report.repaired, report.outcome), (report.found, Outcome::Repaired));
    assert_eq!(report.repaired.orphan_objects, 1);
    vault.assert_tidy().await;
    assert_eq!(check(&later, false, true).await.outcome, Outcome::Ok);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_never_ended_is_removed_after_the_grace_period() {
    let vault = TestVault::new().await;
    abandon_upload(&vault).await;
    let report = check(&vault.vault, false, true).await;
    assert_eq!((report.in_flight, report.outcome), (1, Outcome::Ok));
    let later = vault.later(LATER);
    let report = check(&later, false, false).await;
    assert_eq!((report.found.unfinished_uploads, report.outcome), (1, Outcome::Problems));
    assert_eq!(vault.vault.storage.unfinished_uploads().await.expect("a listing").len(), 1);
    let report = check(&later, false, true).await;
    assert_eq!((report.repaired.unfinished_uploads, report.outcome), (1, Outcome::Repaired));
    vault.assert_tidy().await;
    assert_eq!(check(&later, false, true).await.outcome, Outcome::Ok);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_nobody_was_told_of_gets_a_job() {
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    vault.put_in("b.txt", "waits with a job").await;
    let key = key_of(&vault, &id).await;
    vault.superuser().await.execute(&format!("DELETE FROM jobs WHERE document_id = '{id}'"), &[]).await.expect("gone");
    let report = check(&vault.vault, false, false).await;
    assert_eq!(report.findings, [Finding::of(Kind::DocumentWithoutJob, &key)]);
    assert_eq!(vault.count("SELECT count(*) FROM jobs").await, 1, "without --repair nothing is changed");

    let report = check(&vault.vault, false, true).await;
    assert_eq!((report.repaired, report.outcome), (report.found, Outcome::Repaired));
    assert_eq!(check(&vault.vault, false, true).await.outcome, Outcome::Ok);
    assert_eq!(audited(&vault, "document.reprocess_requested").await, 1);
    let worker = vault.worker();
    assert_eq!(vault.processed(&id).await["status"], "ready");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_ran_out_long_ago_is_a_note_and_no_problem() {
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    let superuser = vault.superuser().await;
    for (minutes, notes) in [(4, 0), (6, 1)] {
        let held = format!(
            "UPDATE jobs SET state = 'running', lease_owner = 'gone', lease_until = now() - interval '{minutes} minutes'"
        );
        superuser.execute(&held, &[]).await.expect("aged");
        let report = check(&vault.vault, false, true).await;
        assert_eq!((report.found.dead_leases, report.outcome), (notes, Outcome::Ok));
        let documents: Vec<_> =
            report.findings.iter().map(|f| f.document_id.expect("it has one").to_string()).collect();
        assert_eq!(documents, vec![id.clone(); notes as usize]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_the_vaults_is_counted_and_left_alone() {
    let vault = TestVault::new().await;
    vault.put_in("a.txt", "words").await;
    // Another vault below this one's prefix: before, between and behind its keys.
    let mut config = vault.vault.config.storage.clone();
    let prefix = config.key_prefix.clone();
    for place in ["-", "00000000-0000-0000-0000-000000000000", "zzz"] {
        config.key_prefix = format!("{prefix}/{place}");
        let other = docuvault::storage::open(&config, vault.vault.metrics.clone()).expect("a handle");
        other.put(&fresh_key(), "text/plain", &mut &b"not ours"[..]).await.expect("put");
    }
    let report = check(&vault.later(LATER), true, true).await;
    assert_eq!((report.foreign, report.documents, report.objects), (3, 1, 1));
    assert_eq!((report.found, report.outcome), (Counts::default(), Outcome::Ok));
    assert_eq!(vault.object_keys().await.iter().filter(|key| *key == "?").count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_that_do_not_belong_together_are_left_alone() {
    let vault = TestVault::new().await;
    let mut rows = Vec::new();
    for n in 0..110 {
        rows.push(id_of(&vault.put_in("a.txt", format!("words {n}")).await));
    }
    let keys = vault.object_keys().await;
    // An empty bucket, in effect.
    let stored = stream::iter(&keys).map(|key| async {
        let key: ObjectKey = key.parse().expect("a key");
        vault.vault.storage.delete(&key).await.expect("deleted");
    });
    stored.buffer_unordered(8).collect::<Vec<()>>().await;
    let report = check(&vault.vault, false, true).await;
    assert_eq!((report.found.missing_objects, report.marked, report.outcome), (110, 0, Outcome::Problems));
    assert_eq!(vault.count("SELECT count(*) FROM documents WHERE status = 'pending'").await, 110);

    // Another database, in effect.
    for key in &keys {
        put(&vault, &key.parse().expect("a key"), b"words").await;
    }
    vault.superuser().await.execute("DELETE FROM documents", &[]).await.expect("deleted");
    let report = check(&vault.later(LATER), false, true).await;
    assert_eq!((report.found.orphan_objects, report.repaired.orphan_objects), (110, 0));
    assert_eq!((vault.object_keys().await.len(), report.outcome), (110, Outcome::Problems));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_of_several_pages_is_walked_along_to_its_end() {
    let vault = TestVault::new().await;
    let hash = {
        let mut hasher = ContentHasher::default();
        hasher.update(b"words");
        hasher.finish()
    };
    // 2,300 documents, of which each even one of the first 2,200 has its object; and some objects more.
    let keys: Vec<ObjectKey> = (0..2300).map(|_| fresh_key()).collect();
    let superuser = vault.superuser().await;
    for keys in keys.chunks(500) {
        let rows = keys.iter().map(|key| {
            let id = key.document();
            format!("('{id}', 'a.txt', 'text/plain', '{key}', 5, '\\x{hash}', true, 'ready')")
        });
        let rows: Vec<String> = rows.collect();
        let sql = "INSERT INTO documents (id, filename, content_type, object_key, size_bytes, sha256, is_copy, status)";
        superuser.batch_execute(&format!("{sql} VALUES {}", rows.join(", "))).await.expect("inserted");
    }
    let orphans: Vec<ObjectKey> = (0..30).map(|_| fresh_key()).collect();
    let stored = keys[..2200].iter().step_by(2).chain(&orphans);
    stream::iter(stored).map(|key| put(&vault, key, b"words")).buffer_unordered(16).collect::<Vec<()>>().await;

    let report = check(&vault.later(LATER), true, false).await;
    assert_eq!((report.documents, report.objects, report.bytes_checked), (2300, 1130, 1100 * 5));
    assert_eq!((report.found.missing_objects, report.found.orphan_objects), (1200, 30));
    assert_eq!((report.findings.len(), report.findings_left_off), (1000, 230));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_and_removals_at_the_same_time_are_no_findings() {
    let vault = TestVault::new().await;
    let work = async {
        let uploads = stream::iter(0..60).map(|n| {
            let vault = &vault;
            async move {
                let id = id_of(&vault.put_in("a.txt", format!("words {n}")).await);
                if n % 2 == 0 {
                    let answer =
                        vault.http.delete(vault.api(&format!("/documents/{id}?permanently=true"))).send().await;
                    assert_eq!(answer.expect("an answer").status(), 204);
                }
            }
        });
        uploads.buffer_unordered(6).collect::<Vec<()>>().await;
    };
    let checks = while_it_lasts(work, || check(&vault.vault, true, true)).await;
    assert!(checks > 1, "{checks} checks beside it");
    // Old objects that go right now.
    let late = vault.later(LATER);
    let list = vault.get_json("/documents?limit=200").await;
    let ids: Vec<String> = list["items"].as_array().expect("a list").iter().map(id_of).collect();
    assert_eq!(ids.len(), 30);
    let work = async {
        for id in &ids {
            let answer = vault.http.delete(vault.api(&format!("/documents/{id}?permanently=true"))).send().await;
            assert_eq!(answer.expect("an answer").status(), 204);
        }
    };
    let checks = while_it_lasts(work, || check(&late, false, true)).await;
    assert!(checks > 1, "{checks} checks beside it");
    vault.assert_tidy().await;
}

/// Checks again and again while `work` lasts, and once more; none may find anything. Answers how many there were.
async fn while_it_lasts<F: Future<Output = Report>>(work: impl Future<Output = ()>, check: impl Fn() -> F) -> usize {
    let done = CancellationToken::new();
    let work = async {
        work.await;
        done.cancel();
    };
    let checks = async {
        let mut checks = 0;
        loop {
            let last = done.is_cancelled();
            let report = check().await;
            assert_eq!(report.findings, [], "check {checks}");
            assert_eq!(report.outcome, Outcome::Ok);
            checks += 1;
            if last {
                return checks;
            }
        }
    };
    tokio::join!(work, checks).1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_repairs_at_once_and_a_sweep_beside_them_do_no_harm() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let lost = id_of(&vault.put_in("lost.txt", INVOICE).await);
    vault.processed(&lost).await;
    vault.vault.storage.delete(&key_of(&vault, &lost).await).await.expect("deleted");
    worker.stop().await;
    let idle = id_of(&vault.put_in("idle.txt", "words").await);
    vault
        .superuser()
        .await
        .execute(&format!("DELETE FROM jobs WHERE document_id = '{idle}'"), &[])
        .await
        .expect("gone");
    for n in 0..8 {
        put(&vault, &fresh_key(), format!("left behind {n}").as_bytes()).await;
    }
    let (first, second) = (vault.later(LATER), vault.later(LATER + Duration::from_secs(300)));
    let sweep = async {
        let mut suspects = docuvault::services::sweep::Suspects::new();
        for vault in [&first, &second] {
            docuvault::services::sweep::remove_orphans(vault, &mut suspects).await.expect("swept");
        }
    };
    let (one, two, ()) = tokio::join!(check(&first, true, true), check(&second, true, true), sweep);
    assert_eq!(one.marked + two.marked, 1);
    assert_eq!(audited(&vault, "document.content_missing").await, 1);
    assert_eq!(vault.count("SELECT count(*) FROM jobs WHERE state = 'queued'").await, 1);
    let last = check(&first, true, true).await;
    assert_eq!(last.found, Counts { missing_objects: 1, ..Counts::default() });
    assert_eq!(vault.object_keys().await, [key_of(&vault, &idle).await.to_string()]);
}

/// Does something at one point of a run.
struct At<'a> {
    begun: bool,
    act: &'a (dyn Fn() + Sync),
}

impl Watcher for At<'_> {
    fn begun(&self, _documents: u64) {
        if self.begun {
            (self.act)();
        }
    }

    fn read(&self, _bytes: u64) {
        if !self.begun {
            (self.act)();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_goes_away_accuses_no_document() {
    let store = Proxy::to(&target_of(&setting("MINIO_ENDPOINT"))).await;
    let database = Proxy::to(&target_of(&setting("TEST_POSTGRES_URL"))).await;
    let vault = TestVault::builder()
        .set("MINIO_ENDPOINT", &through(&setting("MINIO_ENDPOINT"), &store))
        .set("DATABASE_PROXY", &database.address.to_string())
        .start()
        .await;
    for n in 0..3u64 {
        vault.put_in("a.bin", noise(n + 1, 2_000_000)).await;
    }
    for (proxy, begun) in [(&store, true), (&store, false), (&database, true), (&database, false)] {
        let watcher = At { begun, act: &|| proxy.cut() };
        let (report, result) = watched(&vault.vault, true, true, &watcher).await;
        assert!(matches!(result, Err(Stop::Failed(error)) if error.is_unavailable()), "begun: {begun}");
        assert_eq!((report.findings, report.outcome), (vec![], Outcome::Incomplete));
        proxy.mend();
        // Connections that are dead are noticed one by one.
        eventually("the database is back", || async { vault.vault.db.ping().await.ok() }).await;
    }
    assert_eq!(vault.count("SELECT count(*) FROM documents WHERE status = 'pending'").await, 3);

    store.cut();
    let output = output(&["verify", "--repair"], &vault.variables).await;
    let (code, report, words) = told(&output);
    assert_eq!((code, &report["outcome"], &report["findings"]), (1, &json!("incomplete"), &json!([])), "{words}");
    assert!(words.contains("the check is incomplete") && words.contains("the bucket docuvault"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_it_stops_and_says_that_it_is_incomplete() {
    let vault = TestVault::new().await;
    vault.put_in("a.bin", noise(1, 2_000_000)).await;
    for begun in [true, false] {
        let stop = CancellationToken::new();
        let watcher = At { begun, act: &|| stop.cancel() };
        let (report, result) = verify::run(&vault.vault, Options::new(true, true), &watcher, &stop).await;
        assert!(matches!(result, Err(Stop::Asked)));
        assert_eq!((report.findings, report.outcome), (vec![], Outcome::Incomplete));
    }
}

/// The exit code, the one JSON object of standard output, and what was said to people.
fn told(output: &Output) -> (i32, Value, String) {
    let (said, words) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr).into_owned());
    assert_eq!(said.lines().count(), 1, "one line: {said}\n{words}");
    let report: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("no JSON: {said}\n{words}"));
    assert!(report.is_object());
    (output.status.code().expect("no signal"), report, words)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_prints_one_object_and_its_exit_code_says_what_remains() {
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    let (code, report, words) = told(&output(&["verify", "--deep"], &vault.variables).await);
    assert_eq!(code, 0, "{words}");
    let none = json!({
        "missing_objects": 0, "wrong_size": 0, "wrong_bytes": 0, "unreadable_objects": 0, "orphan_objects": 0,
        "unfinished_uploads": 0, "documents_without_job": 0, "dead_leases": 0, "missing_thumbnails": 0,
    });
    let expected = json!({
        "documents": 1, "objects": 1, "bytes_checked": INVOICE.len(), "deep": true, "repair": false, "in_flight": 0,
        "foreign": 0, "found": none, "repaired": none, "marked": 0, "findings": [], "findings_left_off": 0,
        "outcome": "ok",
    });
    assert_eq!(report, expected);

    // What can be repaired.
    vault.superuser().await.execute("DELETE FROM jobs", &[]).await.expect("gone");
    let (code, report, words) = told(&output(&["verify"], &vault.variables).await);
    let key = key_of(&vault, &id).await;
    assert_eq!((code, &report["outcome"]), (3, &json!("problems")), "{words}");
    let finding = json!({"kind": "document_without_job", "document_id": id, "object_key": key.as_str()});
    assert_eq!(report["findings"], json!([finding]));
    assert!(words.contains(&format!("document_without_job {id} {key}")), "each finding is a line: {words}");
    let (code, report, words) = told(&output(&["verify", "--repair"], &vault.variables).await);
    assert_eq!((code, &report["outcome"]), (0, &json!("repaired")), "{words}");

    // What can not.
    vault.vault.storage.delete(&key).await.expect("deleted");
    for arguments in [&["verify"][..], &["verify", "--repair"], &["verify", "--repair", "--deep"]] {
        let (code, report, words) = told(&output(arguments, &vault.variables).await);
        assert_eq!((code, &report["found"]["missing_objects"]), (3, &json!(1)), "{arguments:?}: {words}");
    }

    let nothing = output(&["verify"], &docuvault::config::Variables::default()).await;
    assert_eq!((nothing.status.code(), nothing.stdout.len()), (Some(2), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_while_it_waits_to_look_again_removes_nothing() {
    let vault = TestVault::builder().set("ORPHAN_GRACE_SECONDS", "1").start().await;
    vault.put_in("kept.txt", "kept").await;
    put(&vault, &fresh_key(), b"left behind").await;
    eventually("the grace period ends", || async {
        (check(&vault.vault, false, false).await.found.orphan_objects == 1).then_some(())
    })
    .await;
    let mut command = command(&["verify", "--repair"], &vault.variables);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut process = Process { child: child.expect("the program starts") };
    let stderr = process.child.stderr.take().expect("piped");
    let mut lines = BufReader::new(stderr).lines();
    while let Some(line) = lines.next_line().await.expect("words") {
        if line.contains("looking once more") {
            break;
        }
    }
    process.signal(Signal::TERM);
    let mut words = String::new();
    while let Some(line) = lines.next_line().await.expect("words") {
        words.push_str(&line);
    }
    let output = process.child.wait_with_output().await.expect("it ends");
    let (code, report, _) = told(&output);
    assert_eq!((code, &report["outcome"]), (1, &json!("incomplete")), "{words}");
    assert_eq!((&report["found"]["orphan_objects"], &report["repaired"]["orphan_objects"]), (&json!(1), &json!(0)));
    assert!(words.contains("the check is incomplete"), "{words}");
    assert_eq!(vault.object_keys().await.len(), 2);
}
