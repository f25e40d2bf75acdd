//! The web page as a browser gets it. It is the real one, that of `script/build-page`.

use crate::support::{TestVault, problem};
use flate2::read::GzDecoder;
use reqwest::{Method, Response};
use std::io::Read;

/// What a browser says when a person opens an address.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
    font-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'";

/// Asks, with these headers and no others.
async fn ask(vault: &TestVault, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = vault.http.request(method, format!("{}{path}", vault.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer")
}

async fn get(vault: &TestVault, path: &str, headers: &[(&str, &str)]) -> Response {
    ask(vault, Method::GET, path, headers).await
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn index(vault: &TestVault) -> String {
    let response = get(vault, "/", &[]).await;
    assert_eq!(response.status(), 200, "the page is not in the program: run script/build-page");
    response.text().await.expect("HTML")
}

/// The addresses that the page begins with, out of its HTML.
fn loaded_by(html: &str) -> Vec<String> {
    let values = html.split(['"', '\'']).skip(1).step_by(2);
    values.filter(|value| value.starts_with('/')).map(str::to_owned).collect()
}

/// Its first script.
async fn script(vault: &TestVault) -> String {
    let html = index(vault).await;
    let found = loaded_by(&html).into_iter().find(|path| path.starts_with("/assets/") && path.ends_with(".js"));
    found.unwrap_or_else(|| panic!("the page has no script: {html}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_and_all_that_it_loads_come_from_the_binary() {
    let vault = TestVault::new().await;
    let html = index(&vault).await;
    for inline in [" style=", " onclick=", " onload=", "<style", "<script>", "http://", "https://"] {
        assert!(!html.contains(inline), "{inline} does not work under the page's policy: {html}");
    }
    let paths = loaded_by(&html);
    assert!(
        paths.iter().any(|path| path.ends_with(".js")) && paths.iter().any(|path| path.ends_with(".css")),
        "{html}"
    );
    for path in paths {
        let file = get(&vault, &path, &[]).await;
        assert_eq!(file.status(), 200, "{path}");
        assert_eq!(header(&file, "content-security-policy"), POLICY, "{path}");
        assert_eq!(header(&file, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&file, "vary").split(',').next(), Some("accept-encoding"), "{path}");
        let kind = header(&file, "content-type");
        match path.rsplit('.').next() {
            Some("js") => assert_eq!(kind, "text/javascript; charset=utf-8", "{path}"),
            Some("css") => assert_eq!(kind, "text/css; charset=utf-8", "{path}"),
            _ => assert!(!kind.is_empty(), "{path}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_asset_is_kept_for_good_and_the_page_is_asked_for_each_time() {
    let vault = TestVault::new().await;
    for (path, cache) in [("/".to_owned(), "no-cache"), (script(&vault).await, "public, max-age=31536000, immutable")] {
        let first = get(&vault, &path, &[]).await;
        assert_eq!(header(&first, "cache-control"), cache, "{path}");
        let etag = header(&first, "etag").to_owned();
        assert!(etag.len() > 10 && etag.starts_with('"'), "{etag}");

        let again = get(&vault, &path, &[("if-none-match", &format!("\"other\", {etag}"))]).await;
        assert_eq!(again.status(), 304, "{path}");
        assert_eq!(header(&again, "etag"), etag);
        // A browser puts these in the place of those it has kept.
        assert_eq!(header(&again, "content-security-policy"), POLICY);
        assert_eq!(header(&again, "cache-control"), cache);
        assert!(again.bytes().await.expect("a body").is_empty());

        let changed = get(&vault, &path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!(changed.status(), 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_gets_the_form_that_it_likes_best() {
    let vault = TestVault::new().await;
    for path in ["/".to_owned(), script(&vault).await] {
        let plain = get(&vault, &path, &[]).await;
        assert_eq!(header(&plain, "content-encoding"), "");
        let plain_etag = header(&plain, "etag").to_owned();
        let plain = plain.bytes().await.expect("bytes");

        for (accepted, encoding) in [
            ("gzip, deflate, br, zstd", "br"),
            ("br;q=0.1, gzip;q=0.5", "gzip"),
            ("gzip", "gzip"),
            ("br;q=0, gzip", "gzip"),
            ("gzip;q=0, br;q=0", ""),
            ("identity, gzip;q=0.5", ""),
            ("zstd", ""),
            ("no header at all;;;", ""),
        ] {
            let answer = get(&vault, &path, &[("accept-encoding", accepted)]).await;
            assert_eq!(header(&answer, "content-encoding"), encoding, "{path}, {accepted}");
            assert_eq!(header(&answer, "vary").split(',').next(), Some("accept-encoding"), "{accepted}");
            let etag = header(&answer, "etag").to_owned();
            assert_eq!(etag == plain_etag, encoding.is_empty(), "each form has a tag of its own: {accepted}");
            let length = header(&answer, "content-length").to_owned();
            let bytes = answer.bytes().await.expect("bytes");
            assert_eq!(length, bytes.len().to_string(), "{accepted}");
            match encoding {
                "gzip" => {
                    let mut unpacked = Vec::new();
                    GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).expect("gzip");
                    assert!(unpacked == plain, "{path}");
                }
                "br" => assert!(bytes.len() < plain.len(), "{path}"),
                _ => assert!(bytes == plain, "{path}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_says_what_get_would() {
    let vault = TestVault::new().await;
    for path in ["/".to_owned(), script(&vault).await] {
        let got = get(&vault, &path, &[("accept-encoding", "br")]).await;
        let head = ask(&vault, Method::HEAD, &path, &[("accept-encoding", "br")]).await;
        assert_eq!(head.status(), 200, "{path}");
        for name in
            ["content-type", "content-length", "content-encoding", "etag", "cache-control", "content-security-policy"]
        {
            assert!(!header(&head, name).is_empty(), "{path}: {name}");
            assert_eq!(header(&head, name), header(&got, name), "{path}: {name}");
        }
        assert!(head.bytes().await.expect("a body").is_empty(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_gets_the_page_and_a_program_its_problem() {
    let vault = TestVault::new().await;
    let html = index(&vault).await;
    for path in ["/topics", "/documents/0193d1c4-0000-7000-8000-000000000000?from=search", "/any/where/at%20all"] {
        let answer = get(&vault, path, &[("accept", BROWSER)]).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(header(&answer, "content-security-policy"), POLICY, "{path}");
        assert_eq!(header(&answer, "cache-control"), "no-cache", "{path}");
        assert_eq!(answer.text().await.expect("HTML"), html, "{path}");
        let head = ask(&vault, Method::HEAD, path, &[("accept", BROWSER)]).await;
        assert_eq!(head.status(), 200, "{path}");

        for accept in ["*/*", "application/json", "text/html;q=0, application/json"] {
            problem(get(&vault, path, &[("accept", accept)]).await, 404, "not_found").await;
        }
        problem(ask(&vault, Method::POST, path, &[("accept", BROWSER)]).await, 404, "not_found").await;
    }
    let others =
        ["/api", "/api/v1/nowhere", "/api/v2/documents", "/health/else", "/metrics/else", "/assets", "/assets/"];
    for path in others {
        problem(get(&vault, path, &[("accept", BROWSER)]).await, 404, "not_found").await;
    }
    let topics = get(&vault, "/api/v1/topics", &[("accept", BROWSER)]).await;
    assert_eq!(header(&topics, "content-type"), "application/json");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_file_of_the_page_is_not_found_and_what_is_takes_reading_only() {
    let vault = TestVault::new().await;
    let script = script(&vault).await;
    let unknown = ["/assets/gone-1a2b3c4d.js", "/assets/..%2findex.html", "/assets//index.html", "/.stamp"];
    let forms = [format!("{script}.br"), format!("{script}.gz"), format!("{script}/more")];
    for path in unknown.into_iter().map(str::to_owned).chain(forms) {
        let answer = get(&vault, &path, &[("accept-encoding", "gzip, br")]).await;
        assert_eq!(header(&answer, "cache-control"), "", "{path}");
        problem(answer, 404, "not_found").await;
    }
    for path in ["/", "/index.html", &script] {
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let answer = ask(&vault, method, path, &[]).await;
            assert_eq!(header(&answer, "allow"), "GET, HEAD", "{path}");
            problem(answer, 405, "method_not_allowed").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_address_of_the_page_becomes_a_label() {
    let vault = TestVault::new().await;
    let script = script(&vault).await;
    get(&vault, "/documents/of-somebody", &[("accept", BROWSER)]).await;
    get(&vault, &script, &[]).await;
    get(&vault, "/assets/made-up-by-somebody.js", &[]).await;
    let figures = get(&vault, "/metrics", &[]).await.text().await.expect("figures");
    for (endpoint, status) in [("/{page}*", 200), ("/assets/{file}*", 200), ("/assets/{file}*", 404)] {
        let labels = format!("endpoint=\"{endpoint}\",method=\"GET\",status=\"{status}\"");
        assert!(figures.contains(&labels), "{labels}: {figures}");
    }
    assert!(!figures.contains("somebody") && !figures.contains(&script), "{figures}");
}
