//! What the log must never hold, at any level: secrets, words of documents, names that people gave.

use crate::support::files::pdf;
use crate::support::process::{ServeProcess, command};
use crate::support::{TestVault, file_part, id_of, setting};
use reqwest::multipart::Form;
use serde_json::{Value, json};
use std::fs::File;
use std::process::Stdio;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_holds_no_secret_and_nothing_of_the_documents_even_at_trace_level() {
    let mut vault = TestVault::new().await;
    vault.variables.set("RUST_LOG", "trace");
    let folder = tempfile::tempdir().expect("a folder");
    let log = |name: &str| File::create(folder.path().join(name)).expect("a file");
    let serve = ServeProcess::start_with(&vault, |command| {
        command.stdout(log("serve.out")).stderr(log("serve.err"));
    })
    .await;
    let worker = command(&["worker"], &vault.variables)
        .stdin(Stdio::null())
        .stdout(log("worker.out"))
        .stderr(log("worker.err"))
        .spawn()
        .expect("the program starts");

    // Every word that must not be seen begins with the same letters.
    let api = |path: &str| format!("{}/api/v1{path}", serve.url);
    let topic = json!({"name": "Xyzzytopic", "description": "xyzzydescription"});
    let http = &vault.http;
    let made: Value =
        http.post(api("/topics")).json(&topic).send().await.expect("an answer").json().await.expect("JSON");
    let damaged = [pdf(&["xyzzypage"]).as_slice(), b"%PDF-1.4 xyzzybroken (xyzzyoperator"].concat();
    let mut ids = Vec::new();
    for (name, bytes) in [
        ("xyzzytext.txt", b"Words of a letter: xyzzyword xyzzydescription".to_vec()),
        ("xyzzypaper.pdf", pdf(&["xyzzyprinted"])),
        ("xyzzydamaged.pdf", damaged[400..].to_vec()),
        ("xyzzypage.html", b"<html><title>xyzzyhead</title><body>xyzzybody<table><tr><td></html>".to_vec()),
        ("xyzzybinary.bin", b"\0\x01xyzzybytes".to_vec()),
    ] {
        for _twice in 0..2 {
            let form = Form::new().text("title", "Xyzzytitle").part("file", file_part(name, bytes.clone()));
            let answer = http.post(api("/documents")).multipart(form).send().await.expect("an answer");
            let body: Value = answer.json().await.expect("JSON");
            ids.extend(body["id"].as_str().map(str::to_owned));
        }
    }
    assert_eq!(ids.len(), 5);
    for id in &ids {
        vault.processed(id).await;
        http.get(api(&format!("/documents/{id}/text"))).send().await.expect("an answer");
        http.get(api(&format!("/documents/{id}/content"))).send().await.expect("an answer");
        let names = json!({"title": "Xyzzyother", "filename": "xyzzyother.txt"});
        http.patch(api(&format!("/documents/{id}"))).json(&names).send().await.expect("an answer");
    }
    let chosen = json!({"topic_ids": [id_of(&made)]});
    http.put(api(&format!("/documents/{}/topics", ids[0]))).json(&chosen).send().await.expect("an answer");
    // Mistakes are where logs talk too much.
    for path in [
        "/documents?q=xyzzysearch",
        "/documents?xyzzyparameter=1",
        "/documents?cursor=xyzzycursor",
        "/xyzzypath",
        "/documents/xyzzyid",
    ] {
        http.get(api(path)).header("x-xyzzyheader", "xyzzyvalue").send().await.expect("an answer");
    }
    let again = json!({"name": "xyzzytopic"});
    http.post(api("/topics")).json(&again).send().await.expect("an answer");
    http.post(api("/topics")).json(&json!({"xyzzyfield": "xyzzy"})).send().await.expect("an answer");
    let broken = http.post(api("/topics")).header("content-type", "application/json").body("{\"name\": xyzzyjson");
    broken.send().await.expect("an answer");
    let path = Form::new().part("file", file_part("../xyzzy/etc.txt", "words"));
    http.post(api("/documents")).multipart(path).send().await.expect("an answer");
    http.delete(api(&format!("/documents/{}?permanently=true", ids[0]))).send().await.expect("an answer");

    drop(serve);
    drop(worker);
    let mut lines = 0;
    for name in ["serve.out", "serve.err", "worker.out", "worker.err"] {
        let log = std::fs::read_to_string(folder.path().join(name)).expect("a log");
        lines += log.lines().count();
        for line in log.lines() {
            assert!(!line.to_lowercase().contains("xyzzy"), "{name}: {line}");
            for secret in ["DOCUVAULT_APP_PASSWORD", "MINIO_SECRET_KEY", "MINIO_ACCESS_KEY"] {
                assert!(!line.contains(&setting(secret)), "{name} holds {secret}");
            }
            let redis = url::Url::parse(&setting("TEST_REDIS_URL")).expect("a URL");
            assert!(!line.contains(redis.password().expect("a password")), "{name} holds the password of Redis");
        }
    }
    assert!(lines > 40, "the log was on: {lines} lines");
}
