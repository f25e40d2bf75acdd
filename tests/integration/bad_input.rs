//! Bad input: each gets a clear problem, and leaves nothing behind.

use crate::support::{TestVault, file_part, problem};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use serde_json::json;
use uuid::Uuid;

/// Sends a form as raw bytes, boundary `x`.
async fn raw(vault: &TestVault, body: impl Into<Vec<u8>>) -> Response {
    vault
        .http
        .post(vault.api("/documents"))
        .header("content-type", "multipart/form-data; boundary=x")
        .body(body.into())
        .send()
        .await
        .expect("an answer")
}

fn part(disposition: &str, content: &str) -> String {
    format!("--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
}

async fn assert_untouched(vault: &TestVault) {
    assert_eq!(vault.count("SELECT count(*) FROM documents").await, 0);
    assert_eq!(vault.count("SELECT count(*) FROM jobs").await, 0);
    vault.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_forms() {
    let vault = TestVault::new().await;
    problem(vault.post_form(Form::new().text("title", "no file")).await, 400, "missing_file").await;
    problem(raw(&vault, "--x--\r\n").await, 400, "missing_file").await;
    problem(vault.upload("empty.txt", "").await, 400, "empty_file").await;
    problem(raw(&vault, "this is no form").await, 400, "invalid_multipart").await;
    problem(raw(&vault, "").await, 400, "invalid_multipart").await;
    // The closing boundary is missing: the connection was cut, or the sender is broken.
    problem(raw(&vault, part("name=\"file\"; filename=\"a.txt\"", "words")).await, 400, "invalid_multipart").await;
    problem(raw(&vault, "--x\r\nContent-Type: text/plain\r\n\r\nno name\r\n--x--\r\n").await, 400, "invalid_multipart")
        .await;
    let two = part("name=\"file\"; filename=\"a.txt\"", "one") + &part("name=\"file\"; filename=\"b.txt\"", "two");
    problem(raw(&vault, two + "--x--\r\n").await, 400, "invalid_field").await;
    let title_last = part("name=\"file\"; filename=\"a.txt\"", "one") + &part("name=\"title\"", "too late");
    problem(raw(&vault, title_last + "--x--\r\n").await, 400, "invalid_field").await;
    let many: String = (0..70).map(|_| part("name=\"topic_ids\"", &Uuid::nil().to_string())).collect();
    problem(raw(&vault, many + "--x--\r\n").await, 400, "invalid_field").await;
    assert_untouched(&vault).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_fields() {
    let vault = TestVault::new().await;
    let with = |name: &'static str, value: String| Form::new().text(name, value).part("file", file_part("a.txt", "w"));
    for (name, value, code) in [
        ("colour", "red".to_owned(), "invalid_field"),
        ("title", "t".repeat(501), "invalid_field"),
        ("title", "t".repeat(5000), "invalid_field"),
        ("title", "two\nlines".to_owned(), "invalid_field"),
        ("on_duplicate", "maybe".to_owned(), "invalid_field"),
        ("topic_ids", "no id".to_owned(), "invalid_id"),
        ("topic_ids", Uuid::new_v4().to_string(), "unknown_topic"),
        ("ai_topics", format!("{}:0.5", Uuid::new_v4()), "unknown_topic"),
        ("ai_topics", Uuid::new_v4().to_string(), "invalid_field"),
        ("ai_topics", format!("{}:", Uuid::new_v4()), "invalid_field"),
        ("ai_topics", format!("{}:1.01", Uuid::new_v4()), "invalid_field"),
        ("ai_topics", format!("{}:-0.5", Uuid::new_v4()), "invalid_field"),
        ("ai_topics", format!("{}:NaN", Uuid::new_v4()), "invalid_field"),
        ("ai_topics", "no id:0.5".to_owned(), "invalid_field"),
    ] {
        problem(vault.post_form(with(name, value)).await, 400, code).await;
    }
    let twice = Form::new().text("title", "a").text("title", "b").part("file", file_part("a.txt", "w"));
    problem(vault.post_form(twice).await, 400, "invalid_field").await;
    let tax = vault.topic_id("Tax").await;
    let twice = Form::new().text("ai_topics", format!("{tax}:0.5")).text("ai_topics", format!("{tax}:0.6"));
    problem(vault.post_form(twice.part("file", file_part("a.txt", "w"))).await, 400, "invalid_field").await;
    let both = Form::new().text("ai_topics", format!("{tax}:0.5")).text("topic_ids", tax);
    problem(vault.post_form(both.part("file", file_part("a.txt", "w"))).await, 400, "invalid_field").await;
    let not_utf8 = Form::new().part("title", Part::bytes(vec![0xff, 0xfe])).part("file", file_part("a.txt", "w"));
    problem(vault.post_form(not_utf8).await, 400, "invalid_field").await;
    assert_untouched(&vault).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_attack() {
    let vault = TestVault::new().await;
    for disposition in [
        "name=\"file\"; filename=\"../../etc/passwd\"",
        "name=\"file\"; filename=\"/etc/passwd\"",
        "name=\"file\"; filename=\"..\"",
        "name=\"file\"; filename=\"C:\\\\autoexec.bat\"",
        "name=\"file\"; filename=\"\"",
        "name=\"file\"; filename*=UTF-8''nul%00byte.txt",
        "name=\"file\"; filename*=UTF-8''two%0D%0Alines.txt",
        "name=\"file\"; filename*=UTF-8''bad%FFbytes.txt",
        "name=\"file\"",
    ] {
        let answer = raw(&vault, part(disposition, "words") + "--x--\r\n").await;
        problem(answer, 400, "invalid_filename").await;
    }
    let long = part(&format!("name=\"file\"; filename=\"{}\"", "n".repeat(300)), "words") + "--x--\r\n";
    problem(raw(&vault, long).await, 400, "invalid_filename").await;
    // Bytes that are no UTF-8, and a NUL, in the header itself: no form.
    for bad in [&b"\xff\xfe.txt"[..], b"a\0b.txt", b"a\nb.txt"] {
        let mut body = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"".to_vec();
        body.extend_from_slice(bad);
        body.extend_from_slice(b"\"\r\n\r\nwords\r\n--x--\r\n");
        let answer = raw(&vault, body).await;
        let status = answer.status().as_u16();
        assert_eq!(status, 400, "{bad:?}: {}", answer.text().await.expect("a body"));
    }
    assert_untouched(&vault).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_are_only_unusual_are_kept_as_they_are() {
    let vault = TestVault::new().await;
    for (sent, kept) in [
        ("filename=\"he said \\\"no\\\".txt\"", "he said \"no\".txt"),
        ("filename=\"x.txt\"; filename*=UTF-8''%E7%99%BA%E7%A5%A8.txt", "発票.txt"),
        ("filename=\"Größe.txt\"", "Größe.txt"),
        ("filename=\"a;b=c.txt\"", "a;b=c.txt"),
    ] {
        let answer = raw(&vault, part(&format!("name=\"file\"; {sent}"), kept) + "--x--\r\n").await;
        assert_eq!(answer.status(), 201, "{sent}");
        let document: serde_json::Value = answer.json().await.expect("JSON");
        assert_eq!(document["filename"], kept);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_large_declared_or_not() {
    let vault = TestVault::builder().set("MAX_UPLOAD_BYTES", "100000").start().await;
    vault.put_in("fits.txt", "a".repeat(100_000)).await;
    let answer = vault.upload("over.txt", "b".repeat(100_001)).await;
    problem(answer, 413, "too_large").await;
    // Chunked: the length is not known before the end.
    let head = bytes::Bytes::from("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n");
    let pieces = (0..40).map(|_| bytes::Bytes::from(vec![b'c'; 10_000]));
    let body = std::iter::once(head).chain(pieces).map(Ok::<_, std::io::Error>);
    let chunked = vault
        .http
        .post(vault.api("/documents"))
        .header("content-type", "multipart/form-data; boundary=x")
        .body(reqwest::Body::wrap_stream(futures_util::stream::iter(body)))
        .send()
        .await
        .expect("an answer");
    problem(chunked, 413, "too_large").await;
    // Declared far too large: refused before a byte of it is read.
    let declared = vault.upload("huge.bin", vec![0; 3_000_000]).await;
    problem(declared, 413, "too_large").await;
    assert_eq!(vault.count("SELECT count(*) FROM documents").await, 1);
    crate::support::eventually("the refused ones are gone", || async {
        (vault.object_keys().await.len() == 1).then_some(())
    })
    .await;
    vault.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_and_malformed_ids() {
    let vault = TestVault::new().await;
    let unknown = Uuid::new_v4();
    let body = json!({"topic_ids": []});
    for (method, path, json) in [
        (Method::GET, "", None),
        (Method::PATCH, "", Some(json!({"title": "x"}))),
        (Method::DELETE, "", None),
        (Method::DELETE, "?permanently=true", None),
        (Method::POST, "/restore", None),
        (Method::GET, "/history", None),
        (Method::POST, "/topics/undo", None),
        (Method::GET, "/content", None),
        (Method::GET, "/text", None),
        (Method::PUT, "/topics", Some(body.clone())),
        (Method::POST, "/reprocess", None),
    ] {
        for (id, status, code) in [(unknown.to_string(), 404, "not_found"), ("nonsense".into(), 400, "invalid_id")] {
            let request = vault.http.request(method.clone(), vault.api(&format!("/documents/{id}{path}")));
            let request = json.iter().fold(request, |request, json| request.json(json));
            problem(request.send().await.expect("an answer"), status, code).await;
        }
    }
    problem(vault.http.delete(vault.api(&format!("/topics/{unknown}"))).send().await.expect("ok"), 404, "not_found")
        .await;
    problem(vault.http.delete(vault.api("/topics/%00")).send().await.expect("ok"), 400, "invalid_id").await;
    let retry = |id: String| vault.http.post(vault.api(&format!("/jobs/{id}/retry"))).send();
    problem(retry(unknown.to_string()).await.expect("an answer"), 404, "not_found").await;
    problem(retry("1".to_owned()).await.expect("an answer"), 400, "invalid_id").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_queries() {
    let vault = TestVault::new().await;
    for (query, code) in [
        ("limit=0", "invalid_query"),
        ("limit=201", "invalid_query"),
        ("limit=ten", "invalid_query"),
        ("limit=5&limit=6", "invalid_query"),
        ("sort=name", "invalid_query"),
        ("sort=relevance", "invalid_query"),
        ("status=lost", "invalid_query"),
        ("created_from=yesterday", "invalid_query"),
        ("colour=red", "invalid_query"),
        ("q=%00", "invalid_query"),
        ("content_type=%00", "invalid_query"),
        ("created_from=-9999-01-01T00:00:00Z", "invalid_query"),
        (
            "cursor=eyJzb3J0IjoiLWNyZWF0ZWRfYXQiLCJrZXkiOiItOTk5OS0wMS0wMVQwMDowMDowMFoiLCJpZCI6IjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMCJ9",
            "invalid_cursor",
        ),
        ("sha256=12", "invalid_query"),
        ("topic=x", "invalid_id"),
        ("cursor=x", "invalid_cursor"),
        ("cursor=e30", "invalid_cursor"),
    ] {
        problem(vault.get(&format!("/documents?{query}")).await, 400, code).await;
    }
    problem(vault.get(&format!("/documents?q={}", "x".repeat(501))).await, 400, "invalid_query").await;
    problem(vault.get("/jobs?state=lost").await, 400, "invalid_query").await;
    problem(vault.get("/jobs?cursor=x").await, 400, "invalid_cursor").await;
    // What looks like an attack on the query is only text.
    for harmless in
        ["q='; DROP TABLE documents; --", "q=\"unclosed", "q=%25_%5C", "q=:*", "q=!()%26|", "content_type='"]
    {
        let answer = vault.get(&format!("/documents?{harmless}")).await;
        assert_eq!(answer.status(), 200, "{harmless}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_bodies_methods_and_types() {
    let vault = TestVault::new().await;
    let post = |path: &str| vault.http.post(vault.api(path));
    let answer = post("/documents").json(&json!({"file": "x"})).send().await.expect("an answer");
    problem(answer, 415, "unsupported_media_type").await;
    let answer = post("/topics").body("name=x").send().await.expect("an answer");
    problem(answer, 415, "unsupported_media_type").await;
    for bad in [
        "{",
        "[]",
        "{}",
        "{\"name\": 1}",
        "{\"name\": \"x\", \"extra\": 1}",
        "{\"name\": \"\"}",
        "{\"name\":\"x\",\"color\":\"red\"}",
        "{\"name\":\"x\",\"description\":\"\\u0000\"}",
    ] {
        let answer = post("/topics").header("content-type", "application/json").body(bad).send().await;
        problem(answer.expect("an answer"), 400, "invalid_body").await;
    }
    let large = json!({"name": "x", "description": "d".repeat(70_000)});
    problem(post("/topics").json(&large).send().await.expect("an answer"), 413, "too_large").await;

    let document = vault.put_in("a.txt", "words").await;
    let url = vault.api(&format!("/documents/{}", document["id"].as_str().expect("an id")));
    for (patch, code) in [
        (json!({"filename": "../x"}), "invalid_filename"),
        (json!({"filename": ""}), "invalid_filename"),
        (json!({"filename": "a\u{0}b"}), "invalid_filename"),
        (json!({"title": "t".repeat(501)}), "invalid_field"),
        (json!({"status": "ready"}), "invalid_body"),
    ] {
        problem(vault.http.patch(&url).json(&patch).send().await.expect("an answer"), 400, code).await;
    }
    let unknown = json!({"topic_ids": [Uuid::new_v4()]});
    let answer = vault.http.put(format!("{url}/topics")).json(&unknown).send().await.expect("an answer");
    problem(answer, 400, "unknown_topic").await;
    let many = json!({"topic_ids": (0..51).map(|_| Uuid::new_v4()).collect::<Vec<_>>()});
    let answer = vault.http.put(format!("{url}/topics")).json(&many).send().await.expect("an answer");
    problem(answer, 400, "invalid_body").await;

    let answer = vault.http.put(vault.api("/documents")).send().await.expect("an answer");
    assert_eq!(answer.headers()["allow"], "GET, POST");
    problem(answer, 405, "method_not_allowed").await;
    let answer = vault.http.post(&url).send().await.expect("an answer");
    assert_eq!(answer.headers()["allow"], "GET, PATCH, DELETE");
    problem(answer, 405, "method_not_allowed").await;
    let answer =
        vault.http.request(Method::from_bytes(b"BREW").expect("a word"), &url).send().await.expect("an answer");
    problem(answer, 405, "method_not_allowed").await;
    let figures = vault.http.get(format!("{}/metrics", vault.url)).send().await.expect("an answer");
    assert!(!figures.text().await.expect("a text").contains("BREW"), "any word can be a method, but no label");
    problem(vault.get("/nowhere").await, 404, "not_found").await;
    problem(vault.http.get(format!("{}/nowhere", vault.url)).send().await.expect("an answer"), 404, "not_found").await;
}
