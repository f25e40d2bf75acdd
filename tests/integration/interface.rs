//! The interface as a whole: its description, its envelope, its openness.

use crate::support::TestVault;
use docuvault::domain::{DocumentStatus, JobState};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_committed_description_is_the_one_that_is_served() {
    let vault = TestVault::new().await;
    let served = vault.get_json("/openapi.json").await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let committed: Value = serde_json::from_slice(&std::fs::read(path).expect("docs/openapi.json")).expect("JSON");
    assert!(served == committed, "write it anew: docuvault openapi > docs/openapi.json");
    assert!(served["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));

    let mut calls = BTreeSet::new();
    for (path, item) in served["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            assert!(operation["responses"].is_object(), "{method} {path}");
            calls.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let expected: BTreeSet<String> = [
        "DELETE /api/v1/documents/{id}",
        "DELETE /api/v1/topics/{id}",
        "GET /api/v1/about",
        "GET /api/v1/classification-runs",
        "GET /api/v1/classification-runs/{id}",
        "GET /api/v1/documents",
        "GET /api/v1/documents/{id}",
        "GET /api/v1/documents/{id}/content",
        "GET /api/v1/documents/{id}/explanation",
        "GET /api/v1/documents/{id}/history",
        "GET /api/v1/documents/{id}/text",
        "GET /api/v1/documents/{id}/thumbnail",
        "GET /api/v1/events",
        "GET /api/v1/jobs",
        "GET /api/v1/openapi.json",
        "GET /api/v1/stats",
        "GET /api/v1/topics",
        "GET /api/v1/topics/suggestions",
        "GET /health",
        "GET /health/live",
        "GET /metrics",
        "HEAD /api/v1/documents/{id}/content",
        "HEAD /api/v1/documents/{id}/thumbnail",
        "PATCH /api/v1/documents/{id}",
        "PATCH /api/v1/topics/{id}",
        "POST /api/v1/classification-runs",
        "POST /api/v1/classification-runs/{id}/cancel",
        "POST /api/v1/classification-runs/{id}/undo",
        "POST /api/v1/documents",
        "POST /api/v1/documents/{id}/reprocess",
        "POST /api/v1/documents/{id}/restore",
        "POST /api/v1/documents/{id}/topics/undo",
        "POST /api/v1/documents/{id}/unlock",
        "POST /api/v1/jobs/{id}/retry",
        "POST /api/v1/topics",
        "POST /api/v1/topics/{id}/merge",
        "PUT /api/v1/documents/{id}/topics",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    assert_eq!(calls, expected);
}

#[test]
fn the_description_has_the_words_that_travel() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let description: Value = serde_json::from_slice(&std::fs::read(path).expect("docs/openapi.json")).expect("JSON");
    let words = |name: &str| description["components"]["schemas"][name]["enum"].clone();
    let statuses: Vec<&str> = DocumentStatus::ALL.iter().map(|status| status.as_str()).collect();
    assert_eq!(words("DocumentStatus"), json!(statuses));
    let states: Vec<&str> = JobState::ALL.iter().map(|state| state.as_str()).collect();
    assert_eq!(words("JobState"), json!(states));
    assert_eq!(words("TopicSource"), json!(["ai", "user"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_to_try_it_comes_from_the_binary_alone() {
    let vault = TestVault::new().await;
    let page = vault.get("/docs").await;
    assert_eq!(page.status(), 200);
    let html = page.text().await.expect("a page");
    assert!(html.contains("swagger-ui"), "{html}");
    assert!(!html.contains("http://") && !html.contains("https://"), "nothing from elsewhere: {html}");
    for asset in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        let file = vault.get(&format!("/docs/{asset}")).await;
        assert_eq!(file.status(), 200, "{asset}");
    }
    let policy = vault.get("/docs/").await.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'self'; ") && !policy.contains("script-src"), "{policy}");
    let initializer = vault.get("/docs/swagger-initializer.js").await.text().await.expect("a script");
    assert!(initializer.contains("/api/v1/openapi.json"), "{initializer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_origin_may_ask_as_long_as_there_is_no_login() {
    let vault = TestVault::new().await;
    let asked = vault
        .http
        .request(reqwest::Method::OPTIONS, vault.api("/topics"))
        .header("origin", "https://elsewhere.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .send()
        .await
        .expect("an answer");
    assert_eq!(asked.status(), 200);
    assert_eq!(asked.headers()["access-control-allow-origin"], "*");
    let answer = vault.http.get(vault.api("/nowhere")).header("origin", "https://elsewhere.example").send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*", "errors are readable from there too");
    for answer in [&asked, &answer] {
        let credentials = answer.headers().get("access-control-allow-credentials");
        assert!(credentials.is_none(), "the password of a proxy in front is not for others to use");
    }
    assert!(answer.headers().contains_key("x-request-id"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_tells_the_browser_to_run_nothing() {
    let vault = TestVault::new().await;
    for path in ["/topics", "/documents?limit=x", "/nowhere", "/openapi.json"] {
        let answer = vault.get(path).await;
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!(header("content-security-policy"), "default-src 'none'; frame-ancestors 'self'", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "SAMEORIGIN", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
    }
}
