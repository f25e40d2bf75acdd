//! The bytes out again: ranges, validators, names, and no way to run as our origin.

use crate::support::files::noise;
use crate::support::{TestVault, id_of, problem};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_and_validators() {
    let vault = TestVault::new().await;
    // Over one part of the store.
    let file = noise(3, 9 * 1024 * 1024);
    let document = vault.put_in("a.bin", file.clone()).await;
    let url = vault.api(&format!("/documents/{}/content", id_of(&document)));
    let etag = format!("\"{}\"", document["sha256"].as_str().expect("a hash"));
    let get = |name: &'static str, value: String| vault.http.get(&url).header(name, value).send();
    let size = file.len();

    let whole = vault.http.get(&url).send().await.expect("an answer");
    assert_eq!(whole.status(), StatusCode::OK);
    assert_eq!(whole.headers()["etag"], etag);
    assert_eq!(whole.headers()["accept-ranges"], "bytes");
    assert_eq!(whole.headers()["content-length"], size.to_string());
    let whole_headers = whole.headers().clone();
    assert!(whole_headers["content-security-policy"].to_str().expect("ASCII").ends_with("; sandbox"));
    assert!(whole.bytes().await.expect("bytes") == file);

    for (range, first, last) in [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=100-199".to_owned(), 100, 199),
        (format!("bytes={}-", size - 5), size - 5, size - 1),
        ("bytes=-7".to_owned(), size - 7, size - 1),
        (format!("bytes=8388600-{}", size * 2), 8_388_600, size - 1),
    ] {
        let part = get("range", range.clone()).await.expect("an answer");
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(part.headers()["content-range"], format!("bytes {first}-{last}/{size}"));
        assert_eq!(part.headers()["content-length"], (last - first + 1).to_string());
        assert!(part.bytes().await.expect("bytes") == file[first..=last], "{range}");
    }
    let outside = get("range", format!("bytes={size}-")).await.expect("an answer");
    assert_eq!(outside.headers()["content-range"], format!("bytes */{size}"));
    problem(outside, 416, "range_not_satisfiable").await;
    for whole in ["bytes=5-1", "bytes=0-1,3-4", "lines=1-2", "nonsense"] {
        assert_eq!(get("range", whole.to_owned()).await.expect("an answer").status(), StatusCode::OK, "{whole}");
    }

    for same in [etag.clone(), format!("\"x\", W/{etag}"), "*".to_owned()] {
        let answer = get("if-none-match", same.clone()).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{same}");
        // A browser puts these in the place of those it has kept: without them a stored page would lose its sandbox.
        for name in
            ["etag", "content-security-policy", "content-disposition", "cache-control", "x-content-type-options"]
        {
            assert_eq!(answer.headers()[name], whole_headers[name], "{name}");
        }
    }
    assert_eq!(get("if-none-match", "\"x\"".to_owned()).await.expect("an answer").status(), StatusCode::OK);
    let resumed = |tag: &str| vault.http.get(&url).header("range", "bytes=1-2").header("if-range", tag).send();
    assert_eq!(resumed(&etag).await.expect("an answer").status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(resumed("\"x\"").await.expect("an answer").status(), StatusCode::OK);

    let head = vault.http.request(Method::HEAD, &url).send().await.expect("an answer");
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()["content-length"], size.to_string());
    assert_eq!(head.headers()["etag"], etag);
    assert!(head.bytes().await.expect("no body").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_name_comes_back_in_a_safe_header() {
    let vault = TestVault::new().await;
    let document = vault.put_in("plain.txt", "words").await;
    let url = vault.api(&format!("/documents/{}", id_of(&document)));
    for (name, header) in [
        ("plain.txt", "attachment; filename=\"plain.txt\""),
        ("März \"2026\".pdf", "attachment; filename=\"M_rz _2026_.pdf\"; filename*=UTF-8''M%C3%A4rz%20%222026%22.pdf"),
        ("a;b='c'.txt", "attachment; filename=\"a;b='c'.txt\""),
    ] {
        let answer = vault.http.patch(&url).json(&json!({"filename": name})).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        let content = vault.http.get(format!("{url}/content")).send().await.expect("an answer");
        assert_eq!(content.headers()["content-disposition"], header);
    }
    let inline = vault.http.get(format!("{url}/content?inline=true")).send().await.expect("an answer");
    assert!(inline.headers()["content-disposition"].to_str().expect("ASCII").starts_with("inline; "));
    problem(vault.http.get(format!("{url}/content?inline=maybe")).send().await.expect("ok"), 400, "invalid_query")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_markup_can_not_run_as_our_origin() {
    let vault = TestVault::new().await;
    for (name, bytes) in [
        ("evil.html", "<html><script>alert(1)</script></html>"),
        ("evil.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
    ] {
        let document = vault.put_in(name, bytes).await;
        let url = vault.api(&format!("/documents/{}/content?inline=true", id_of(&document)));
        let answer = vault.http.get(url).send().await.expect("an answer");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        let policy = answer.headers()["content-security-policy"].to_str().expect("ASCII");
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
        assert!(!policy.contains("allow-scripts"));
        assert_eq!(answer.text().await.expect("a text"), bytes);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_gone_are_reported_and_not_hidden() {
    let vault = TestVault::new().await;
    let document = vault.put_in("gone.txt", "words").await;
    let key: docuvault::domain::ObjectKey = vault.object_keys().await[0].parse().expect("a key");
    vault.vault.storage.delete(&key).await.expect("deleted behind the vault's back");
    problem(vault.get(&format!("/documents/{}/content", id_of(&document))).await, 500, "content_missing").await;
    let worker = vault.worker();
    let document = vault.processed(&id_of(&document)).await;
    assert_eq!(document["status"], "failed");
    assert_eq!(document["error"]["code"], "content_missing");
    worker.stop().await;
}
