//! Putting documents in: the main job, duplicates, large files, clients that go away.

use crate::support::files::{INVOICE, noise, pdf};
use crate::support::{TestVault, eventually, file_part, id_of, problem};
use reqwest::multipart::Form;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pdf_goes_in_is_read_sorted_and_found() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let file = pdf(&[INVOICE, "Second page: thank you for your order of Zahnradgetriebe."]);

    let response = vault.upload("Rechnung 117.pdf", file.clone()).await;
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().expect("ASCII").to_owned();
    let created: serde_json::Value = response.json().await.expect("JSON");
    let id = id_of(&created);
    assert_eq!(location, format!("/api/v1/documents/{id}"));
    assert_eq!(created["status"], "pending");
    assert_eq!(created["filename"], "Rechnung 117.pdf");
    assert_eq!(created["content_type"], "application/pdf");
    assert_eq!(created["size_bytes"], file.len());
    assert_eq!(created["sha256"], hex::encode(Sha256::digest(&file)));
    assert_eq!(created["title"], serde_json::Value::Null);
    assert_eq!(created["error"], serde_json::Value::Null);

    let document = vault.processed(&id).await;
    assert_eq!(document["status"], "ready", "{document}");
    assert_eq!(document["page_count"], 2);
    assert_eq!(document["language"], "eng");
    assert_eq!(document["topics"][0]["name"], "Invoice", "{document}");
    assert_eq!(document["topics"][0]["source"], "ai");
    assert!(document["topics"][0]["confidence"].as_f64().is_some_and(|sure| (0.5..=1.0).contains(&sure)));
    assert!(vault.text(&id).await.contains("Amount due: 571.20 EUR"));

    let found = vault.get_json("/documents?q=zahnradgetriebe").await;
    assert_eq!(found["items"][0]["id"], id);
    let highlight = found["items"][0]["highlight"].as_str().expect("a highlight");
    assert!(highlight.contains("<mark>Zahnradgetriebe</mark>"), "{highlight}");
    assert_eq!(vault.get_json("/documents?q=nowhere").await["items"], serde_json::json!([]));

    assert_eq!(vault.bytes(&id).await, file);
    vault.assert_tidy().await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn title_and_topics_of_the_uploader_are_kept_and_win_over_the_ai() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let tax = vault.topic_id("Tax").await;
    let form = Form::new()
        .text("title", "  November's bill ")
        .text("topic_ids", tax.clone())
        .part("file", file_part("bill.txt", INVOICE));
    let created: serde_json::Value = vault.post_form(form).await.json().await.expect("JSON");
    assert_eq!(created["title"], "November's bill");
    assert_eq!(created["topics"][0]["id"], tax);

    let document = vault.processed(&id_of(&created)).await;
    assert_eq!(document["status"], "ready");
    let topics = document["topics"].as_array().expect("a list");
    assert_eq!(topics.len(), 1, "{document}");
    assert_eq!((&topics[0]["name"], &topics[0]["source"]), (&"Tax".into(), &"user".into()));
    assert_eq!(topics[0]["confidence"], serde_json::Value::Null);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_many_parts_comes_back_byte_for_byte() {
    let vault = TestVault::new().await;
    // Three parts of 8 MiB and a piece.
    let file = noise(1, 25 * 1024 * 1024 + 17);
    let document = vault.put_in("noise.bin", file.clone()).await;
    assert_eq!(document["sha256"], hex::encode(Sha256::digest(&file)));
    assert!(vault.bytes(&id_of(&document)).await == file, "the bytes differ");
    vault.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bytes_again_are_a_duplicate_unless_wanted() {
    let vault = TestVault::new().await;
    let first = vault.put_in("a.txt", "the same words").await;
    let again = problem(vault.upload("b.txt", "the same words").await, 409, "duplicate").await;
    assert_eq!(again["existing_id"], first["id"]);

    let keep = |name: &str| Form::new().text("on_duplicate", "keep").part("file", file_part(name, "the same words"));
    let copy = vault.post_form(keep("c.txt")).await;
    assert_eq!(copy.status(), 201);
    let copy: serde_json::Value = copy.json().await.expect("JSON");
    assert_ne!(copy["id"], first["id"]);

    // With the first one gone, the copy still stands for these bytes.
    vault
        .http
        .delete(vault.api(&format!("/documents/{}?permanently=true", id_of(&first))))
        .send()
        .await
        .expect("an answer");
    let again = problem(vault.upload("d.txt", "the same words").await, 409, "duplicate").await;
    assert_eq!(again["existing_id"], copy["id"]);
    vault.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_same_bytes_at_once_exactly_one_wins() {
    let vault = TestVault::new().await;
    for round in 0..5 {
        let words = format!("round {round}");
        let uploads = (0..8).map(|_| async { vault.upload("race.txt", words.clone()).await.status().as_u16() });
        let statuses: Vec<u16> = futures_util::future::join_all(uploads).await;
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 7, "{statuses:?}");
    }
    assert_eq!(vault.count("SELECT count(*) FROM documents").await, 5);
    vault.assert_tidy().await;
}

/// Sends the beginning of an upload and goes away.
async fn break_off(vault: &TestVault, file_bytes: usize, of: usize) {
    let address = vault.url.trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    let part = "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cut.bin\"\r\n\r\n";
    let head = format!(
        "POST /api/v1/documents HTTP/1.1\r\nHost: vault\r\nContent-Type: multipart/form-data; boundary=cut\r\nContent-Length: {}\r\n\r\n{part}",
        part.len() + of
    );
    connection.write_all(head.as_bytes()).await.expect("sent");
    connection.write_all(&noise(2, file_bytes)).await.expect("sent");
    connection.flush().await.expect("sent");
    drop(connection);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let vault = TestVault::new().await;
    // Within the first part, and with parts in the store already.
    for bytes in [100, 100_000, 20 * 1024 * 1024] {
        break_off(&vault, bytes, 40 * 1024 * 1024).await;
    }
    // Of 100 bytes nothing ever flows on: the head of the file was not even whole.
    let broken = vault.vault.metrics.uploads.with_label_values(&["broken"]);
    eventually("the uploads are over", || async { (broken.get() == 2).then_some(()) }).await;
    assert_eq!(vault.object_keys().await, Vec::<String>::new());
    assert_eq!(vault.vault.storage.unfinished_uploads().await.expect("a listing"), []);
    assert_eq!(vault.count("SELECT count(*) FROM documents").await, 0);
    // And the server is as well as before.
    vault.put_in("after.txt", "still here").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_leaves_a_line_in_the_audit_log() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    vault.processed(&id).await;
    let document = vault.api(&format!("/documents/{id}"));
    let topic = vault.topic_id("Tax").await;
    let patch = serde_json::json!({"title": "A bill"});
    vault.http.patch(&document).json(&patch).send().await.expect("an answer");
    let choice = serde_json::json!({"topic_ids": [topic]});
    vault.http.put(format!("{document}/topics")).json(&choice).send().await.expect("an answer");
    vault.http.post(format!("{document}/reprocess")).send().await.expect("an answer");
    vault.processed(&id).await;
    vault.http.delete(&document).send().await.expect("an answer");
    vault.http.post(format!("{document}/restore")).send().await.expect("an answer");
    vault.http.post(format!("{document}/topics/undo")).send().await.expect("an answer");
    vault.http.delete(format!("{document}?permanently=true")).send().await.expect("an answer");

    let lines = vault.superuser().await;
    let lines = lines
        .query(&format!("SELECT actor || ' ' || action FROM audit_log WHERE subject_id = '{id}' ORDER BY id"), &[])
        .await
        .expect("rows");
    let lines: Vec<String> = lines.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        lines,
        [
            "user document.created",
            "worker document.processed",
            "user document.updated",
            "user document.topics_set",
            "user document.reprocess_requested",
            "worker document.processed",
            "user document.trashed",
            "user document.restored",
            "user document.topics_undone",
            "user document.deleted",
        ]
    );
    worker.stop().await;
}
