//! The figures, and what the vault says of its own health.

use crate::support::files::INVOICE;
use crate::support::{TestVault, id_of};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_tell_what_happened() {
    let vault = TestVault::new().await;
    let first = vault.put_in("a.txt", INVOICE).await;
    vault.put_in("b.txt", "other words").await;
    vault.get("/nowhere/at/all").await;
    let figures = || async {
        let answer = vault.http.get(format!("{}/metrics", vault.url)).send().await.expect("an answer");
        assert!(answer.headers()["content-type"].to_str().expect("ASCII").starts_with("text/plain"));
        answer.text().await.expect("a text")
    };
    let before = figures().await;
    let bytes = INVOICE.len() + "other words".len();
    for line in [
        format!("docuvault_upload_bytes_total {bytes}"),
        "docuvault_uploads_total{outcome=\"kept\"} 2".to_owned(),
        "docuvault_jobs{state=\"queued\"} 2".to_owned(),
        "docuvault_jobs{state=\"dead\"} 0".to_owned(),
        "docuvault_queue_depth 2".to_owned(),
        "docuvault_work_in_hand 0".to_owned(),
        "docuvault_http_requests_total{endpoint=\"/api/v1/documents\",method=\"POST\",status=\"201\"} 2".to_owned(),
        "docuvault_store_errors_total{store=\"postgres\"} 0".to_owned(),
    ] {
        assert!(before.lines().any(|have| have == line), "{line} is not in\n{before}");
    }
    for name in [
        "docuvault_queue_oldest_seconds ",
        "docuvault_http_requests_duration_seconds_bucket{endpoint=\"/api/v1/documents\"",
    ] {
        assert!(before.contains(name), "{name}");
    }
    for store in ["postgres", "redis", "object_storage"] {
        let count = format!("docuvault_store_seconds_count{{store=\"{store}\"}} ");
        let calls: u64 = before.lines().find_map(|line| line.strip_prefix(&count)?.parse().ok()).expect(store);
        assert!(calls > 0, "{store} was called");
    }
    assert!(!before.contains("/nowhere"), "an address that nobody serves is no label");
    assert!(before.contains("endpoint=\"unmatched\""));

    let worker = vault.worker();
    vault.processed(&id_of(&first)).await;
    worker.stop().await;
    let after = figures().await;
    assert!(after.contains("docuvault_queue_depth 0"), "{after}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_that_is_missing_is_named_while_all_else_goes_on() {
    // Nobody has taught tesseract this one.
    let vault = TestVault::builder().set("OCR_LANGUAGES", "eng+tlh").start().await;
    let answer = vault.http.get(format!("{}/health", vault.url)).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "documents are kept, and most are read");
    let health: Value = answer.json().await.expect("JSON");
    assert_eq!(health["status"], "ok");
    let lacking = json!({"status": "degraded", "missing": ["tesseract-ocr-tlh"]});
    assert_eq!(health["capabilities"]["ocr"], lacking);
    assert_eq!(health["capabilities"]["pdf"], json!({"status": "ok", "missing": []}));
    let worker = vault.worker();
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    assert_eq!(vault.processed(&id).await["status"], "ready");
    worker.stop().await;
}
