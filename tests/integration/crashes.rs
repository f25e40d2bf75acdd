//! The process dies at each of the named points, and the next one finds the promises kept: nothing lost, nothing
//! doubled, nothing left behind.

use crate::support::files::{INVOICE, noise};
use crate::support::process::{ServeProcess, command};
use crate::support::{TestVault, eventually, file_part, id_of};
use docuvault::crash::CrashPoint;
use docuvault::services::sweep;
use reqwest::multipart::Form;
use rustix::process::Signal;
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Child;

/// Waits for the death that was asked for, and for no other.
async fn dies(mut child: Child, point: CrashPoint) {
    let status = child.wait().await.expect("a status");
    assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()), "{}: {status}", point.as_str());
}

async fn serve_until(vault: &TestVault, point: CrashPoint) -> ServeProcess {
    ServeProcess::start_with(vault, |command| {
        command.env("DOCUVAULT_CRASH_AT", point.as_str());
    })
    .await
}

/// Two looks at the object store, later than any grace.
async fn sweep_away(vault: &TestVault) {
    let mut suspects = sweep::Suspects::new();
    for late in [2 * 86_400, 2 * 86_400 + 300] {
        let late = vault.later(Duration::from_secs(late));
        sweep::remove_orphans(&late, &mut suspects).await.expect("swept");
    }
}

/// A client that got no answer sends again: there is exactly one document then, with all its bytes, read once.
async fn upload_dies_at(point: CrashPoint, committed: bool, bytes: &[u8]) {
    let vault = TestVault::new().await;
    let serve = serve_until(&vault, point).await;
    let form = Form::new().part("file", file_part("a.txt", bytes));
    let url = format!("{}/api/v1/documents", serve.url);
    vault.http.post(url).multipart(form).send().await.expect_err("nobody is there to answer");
    dies(serve.process.child, point).await;
    assert_eq!(vault.count("SELECT count(*) FROM documents").await, i64::from(committed), "{}", point.as_str());

    let again = vault.upload("a.txt", bytes).await;
    let (status, body) = (again.status(), again.json::<Value>().await.expect("JSON"));
    let id = match committed {
        true => {
            assert_eq!((status.as_u16(), &body["code"]), (409, &"duplicate".into()), "{}", point.as_str());
            body["existing_id"].as_str().expect("an id").to_owned()
        }
        false => {
            assert_eq!(status, 201, "{}: {body}", point.as_str());
            id_of(&body)
        }
    };
    let worker = vault.worker();
    vault.processed(&id).await;
    assert_eq!(vault.bytes(&id).await, bytes, "{}", point.as_str());
    assert_eq!(vault.count("SELECT count(*) FROM documents").await, 1);
    let settled = "SELECT count(*) FROM audit_log WHERE action IN ('document.processed', 'document.failed')";
    assert_eq!(vault.count(settled).await, 1, "{}", point.as_str());
    assert_eq!(vault.count("SELECT count(*) FROM jobs WHERE state <> 'done'").await, 0);
    worker.stop().await;
    sweep_away(&vault).await;
    vault.assert_tidy().await;
}

/// Another worker does the job, and its outcome stands once.
async fn work_dies_at(point: CrashPoint, committed: bool) {
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    let worker = command(&["worker"], &vault.variables)
        .env("DOCUVAULT_CRASH_AT", point.as_str())
        .stdin(Stdio::null())
        .spawn()
        .expect("the program starts");
    dies(worker, point).await;
    let processed = "SELECT count(*) FROM audit_log WHERE action = 'document.processed'";
    assert_eq!(vault.count(processed).await, i64::from(committed), "{}", point.as_str());

    let worker = vault.worker();
    assert_eq!(vault.processed(&id).await["status"], "ready", "{}", point.as_str());
    assert_eq!(vault.text(&id).await.trim(), INVOICE);
    eventually("the ring is answered", || async {
        (vault.vault.queue.depth().await.expect("a number") == 0).then_some(())
    })
    .await;
    assert_eq!(vault.count(processed).await, 1, "{}", point.as_str());
    let attempts = if committed { 1 } else { 2 };
    let done = format!("SELECT count(*) FROM jobs WHERE state = 'done' AND attempts = {attempts}");
    assert_eq!(vault.count(&done).await, 1, "{}", point.as_str());
    worker.stop().await;
    vault.assert_tidy().await;
}

/// The document is there with its bytes, or gone; and a client that asks again gets it gone.
async fn delete_dies_at(point: CrashPoint, committed: bool) {
    let vault = TestVault::new().await;
    vault.put_in("kept.txt", "kept").await;
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    let serve = serve_until(&vault, point).await;
    let url = format!("{}/api/v1/documents/{id}?permanently=true", serve.url);
    vault.http.delete(url).send().await.expect_err("nobody is there to answer");
    dies(serve.process.child, point).await;

    if !committed {
        assert_eq!(vault.bytes(&id).await, INVOICE.as_bytes(), "a row has its bytes");
    }
    let again =
        vault.http.delete(vault.api(&format!("/documents/{id}?permanently=true"))).send().await.expect("an answer");
    assert_eq!(again.status().as_u16(), if committed { 404 } else { 204 }, "{}", point.as_str());
    sweep_away(&vault).await;
    vault.assert_tidy().await;
    assert_eq!(vault.object_keys().await.len(), 1, "the other one");
    assert_eq!(vault.count("SELECT count(*) FROM audit_log WHERE action = 'document.deleted'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_named_point_a_death_loses_nothing_and_doubles_nothing() {
    let mut deaths = tokio::task::JoinSet::new();
    for point in CrashPoint::ALL.iter().copied() {
        use CrashPoint as At;
        deaths.spawn(async move {
            match point {
                At::UploadBetweenParts => upload_dies_at(point, false, &noise(3, 20 * 1024 * 1024)).await,
                At::UploadAfterPut | At::UploadBeforeCommit => upload_dies_at(point, false, INVOICE.as_bytes()).await,
                At::UploadAfterCommit | At::UploadAfterRing => upload_dies_at(point, true, INVOICE.as_bytes()).await,
                At::WorkAfterClaim | At::WorkAfterReading | At::WorkBeforeCommit => work_dies_at(point, false).await,
                At::WorkAfterCommit => work_dies_at(point, true).await,
                At::DeleteBeforeCommit => delete_dies_at(point, false).await,
                At::DeleteBetweenRowAndObject | At::DeleteAfterObject => delete_dies_at(point, true).await,
            }
        });
    }
    while let Some(death) = deaths.join_next().await {
        death.expect("the promises are kept");
    }
}
