//! The trash: out of sight, back again, and gone after a while.

use crate::support::files::{INVOICE, noise, pdf};
use crate::support::proxy::{Proxy, target_of, through};
use crate::support::{TestVault, eventually, file_part, id_of, no_program, problem, setting};
use docuvault::services::{trash, verify};
use reqwest::multipart::Form;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const DAY: Duration = Duration::from_secs(86_400);

async fn throw_away(vault: &TestVault, id: &str) {
    let answer = vault.http.delete(vault.api(&format!("/documents/{id}"))).send().await.expect("an answer");
    assert_eq!(answer.status(), 204);
}

async fn restore(vault: &TestVault, id: &str) -> Response {
    vault.http.post(vault.api(&format!("/documents/{id}/restore"))).send().await.expect("an answer")
}

/// The documents on a page of a list, by name.
async fn names(vault: &TestVault, query: &str) -> Vec<String> {
    let page = vault.get_json(&format!("/documents?{query}")).await;
    let name = |item: &Value| item["filename"].as_str().expect("a name").to_owned();
    page["items"].as_array().expect("a list").iter().map(name).collect()
}

async fn audited(vault: &TestVault, who: &str, action: &str) -> i64 {
    vault.count(&format!("SELECT count(*) FROM audit_log WHERE action = '{action}' AND actor = '{who}'")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_thrown_away_is_out_of_sight_and_comes_back_whole() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let id = id_of(&vault.put_in("bill.txt", INVOICE).await);
    let before = vault.processed(&id).await;
    assert_eq!((&before["topics"][0]["name"], &before["deleted_at"]), (&json!("Invoice"), &Value::Null));
    let other = id_of(&vault.put_in("other.txt", format!("{INVOICE} again")).await);
    vault.processed(&other).await;
    worker.stop().await;
    let invoice = vault.topic_id("Invoice").await;
    let count = async || {
        let topics = vault.get_json("/topics").await;
        let topic =
            topics["items"].as_array().expect("a list").iter().find(|topic| topic["name"] == "Invoice").cloned();
        topic.expect("the topic")["document_count"].clone()
    };
    assert_eq!(count().await, 2);

    throw_away(&vault, &id).await;
    for query in ["", "q=bill", "q=Lovelace&sort=relevance", "status=ready", "sort=size", &format!("topic={invoice}")] {
        assert!(!names(&vault, query).await.contains(&"bill.txt".to_owned()), "{query}");
    }
    assert_eq!(count().await, 1);
    let patched = vault.http.patch(vault.api(&format!("/topics/{invoice}"))).json(&json!({})).send().await;
    assert_eq!(patched.expect("an answer").json::<Value>().await.expect("JSON")["document_count"], 1);
    for (method, path, body) in [
        (Method::GET, "", None),
        (Method::GET, "/content", None),
        (Method::HEAD, "/content", None),
        (Method::GET, "/text", None),
        (Method::PATCH, "", Some(json!({"title": "x"}))),
        (Method::PUT, "/topics", Some(json!({"topic_ids": []}))),
        (Method::POST, "/topics/undo", None),
        (Method::POST, "/reprocess", None),
        (Method::DELETE, "", None),
        (Method::DELETE, "?permanently=false", None),
    ] {
        let request = vault.http.request(method.clone(), vault.api(&format!("/documents/{id}{path}")));
        let request = body.iter().fold(request, |request, body| request.json(body));
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 404, "{method} {path}");
    }
    // Its bytes belong to it still.
    vault.assert_tidy().await;
    let options = verify::Options { confirm_after: Duration::ZERO, ..verify::Options::new(true, true) };
    let (report, _) = verify::run(&vault.later(2 * DAY), options, &(), &CancellationToken::new()).await;
    assert_eq!((report.documents, report.objects, report.findings.len()), (2, 2, 0));

    let back = restore(&vault, &id).await;
    assert_eq!(back.status(), 200);
    let mut back: Value = back.json().await.expect("JSON");
    assert_eq!(back, vault.document(&id).await);
    back["updated_at"] = before["updated_at"].clone();
    assert_eq!(back, before);
    assert_eq!(vault.bytes(&id).await, INVOICE.as_bytes());
    assert_eq!(count().await, 2);
    assert_eq!(names(&vault, "deleted=true").await, Vec::<String>::new());

    // One that is not in the trash stays as it is.
    let unchanged = vault.document(&id).await;
    let again = restore(&vault, &id).await;
    assert_eq!(again.status(), 200);
    assert_eq!(again.json::<Value>().await.expect("JSON"), unchanged);
    assert_eq!(audited(&vault, "user", "document.trashed").await, 1);
    assert_eq!(audited(&vault, "user", "document.restored").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trash_is_listed_like_the_vault() {
    let vault = TestVault::new().await;
    let mut ids = Vec::new();
    for name in ["d.txt", "c.md", "b.txt", "a.txt", "kept.txt"] {
        ids.push(id_of(&vault.put_in(name, format!("words of {name}")).await));
    }
    for id in &ids[..4] {
        throw_away(&vault, id).await;
    }
    assert_eq!(names(&vault, "").await, ["kept.txt"]);
    assert_eq!(names(&vault, "deleted=false").await, ["kept.txt"]);
    for (query, expected) in [
        ("deleted=true", &["a.txt", "b.txt", "c.md", "d.txt"][..]),
        ("deleted=true&sort=-deleted_at", &["a.txt", "b.txt", "c.md", "d.txt"]),
        ("deleted=true&sort=deleted_at", &["d.txt", "c.md", "b.txt", "a.txt"]),
        ("deleted=true&sort=created_at", &["d.txt", "c.md", "b.txt", "a.txt"]),
        ("deleted=true&sort=filename&content_type=text/plain", &["a.txt", "b.txt", "d.txt"]),
        ("deleted=true&status=pending&q=.md", &["c.md"]),
        ("deleted=true&status=ready", &[]),
    ] {
        assert_eq!(names(&vault, query).await, expected, "{query}");
    }
    for sort in ["", "&sort=deleted_at"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = vault.get_json(&format!("/documents?deleted=true&limit=1{sort}{cursor}")).await;
            for item in page["items"].as_array().expect("a list") {
                assert!(item["deleted_at"].is_string(), "{item}");
                seen.push(id_of(item));
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        if sort.is_empty() {
            seen.reverse();
        }
        assert_eq!(seen, ids[..4], "{sort}");
    }
    for wrong in ["sort=deleted_at", "sort=-deleted_at&deleted=false", "deleted=perhaps", "deleted=true&deleted=true"] {
        problem(vault.get(&format!("/documents?{wrong}")).await, 400, "invalid_query").await;
    }
    let wrong = vault.http.delete(vault.api(&format!("/documents/{}?permanently=2", ids[4]))).send().await;
    problem(wrong.expect("an answer"), 400, "invalid_query").await;
    assert_eq!(names(&vault, "").await, ["kept.txt"], "a mistake throws nothing away");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bytes_may_come_again_while_the_old_ones_are_in_the_trash() {
    let vault = TestVault::new().await;
    let old = id_of(&vault.put_in("old.txt", "the same words").await);
    throw_away(&vault, &old).await;
    let new = id_of(&vault.put_in("new.txt", "the same words").await);
    let refused = problem(restore(&vault, &old).await, 409, "duplicate").await;
    assert_eq!(refused["existing_id"], json!(new));
    assert_eq!(names(&vault, "deleted=true").await, ["old.txt"], "it is still there");

    // A copy was meant to stand beside another, so it may come back beside it.
    let copy = Form::new().text("on_duplicate", "keep").part("file", file_part("copy.txt", "the same words"));
    let copy = id_of(&vault.post_form(copy).await.json::<Value>().await.expect("JSON"));
    throw_away(&vault, &copy).await;
    assert_eq!(restore(&vault, &copy).await.status(), 200);
    // And the other one beside its copy.
    throw_away(&vault, &new).await;
    assert_eq!(restore(&vault, &new).await.status(), 200);

    throw_away(&vault, &new).await;
    assert_eq!(restore(&vault, &old).await.status(), 200);
    let refused = problem(restore(&vault, &new).await, 409, "duplicate").await;
    assert_eq!(refused["existing_id"], json!(old), "the one that is no copy is named");
    vault.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permanently_means_at_once_from_the_vault_and_from_the_trash() {
    let vault = TestVault::new().await;
    let (shown, trashed) = (vault.put_in("a.txt", "a").await, vault.put_in("b.txt", "b").await);
    throw_away(&vault, &id_of(&trashed)).await;
    assert_eq!(vault.object_keys().await.len(), 2);
    for document in [&shown, &trashed] {
        let url = vault.api(&format!("/documents/{}?permanently=true", id_of(document)));
        assert_eq!(vault.http.delete(&url).send().await.expect("an answer").status(), 204);
        problem(vault.http.delete(&url).send().await.expect("an answer"), 404, "not_found").await;
        problem(restore(&vault, &id_of(document)).await, 404, "not_found").await;
    }
    assert_eq!(vault.object_keys().await, Vec::<String>::new());
    assert_eq!(vault.count("SELECT count(*) FROM documents").await, 0);
    assert_eq!(audited(&vault, "user", "document.deleted").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_work_on_a_document_goes_on_in_the_trash() {
    let vault = TestVault::new().await;
    let good = id_of(&vault.put_in("bill.txt", INVOICE).await);
    let bad = id_of(&vault.put_in("bad.bin", noise(5, 1000)).await);
    let dead = id_of(&vault.put_in("dead.pdf", pdf(&["words"])).await);
    for id in [&good, &bad, &dead] {
        throw_away(&vault, id).await;
    }
    // Whose reading children can't be started: what needs one is given up.
    let worker = vault.worker_with(&[("JOB_MAX_ATTEMPTS", "1")], no_program());
    let ended = |state: &'static str, how_many: usize| {
        let vault = &vault;
        eventually("the jobs end", move || async move {
            let jobs = vault.get_json(&format!("/jobs?state={state}")).await["items"].as_array().cloned()?;
            (jobs.len() == how_many).then_some(jobs)
        })
    };
    ended("done", 2).await;
    let given_up = ended("dead", 1).await;
    worker.stop().await;
    let retry = vault.http.post(vault.api(&format!("/jobs/{}/retry", id_of(&given_up[0])))).send().await;
    assert_eq!(retry.expect("an answer").status(), 202);
    let worker = vault.worker();
    ended("done", 3).await;
    worker.stop().await;

    let back = restore(&vault, &good).await.json::<Value>().await.expect("JSON");
    assert_eq!((&back["status"], &back["topics"][0]["name"]), (&json!("ready"), &json!("Invoice")), "{back}");
    assert_eq!(vault.text(&good).await.trim(), INVOICE);
    let back = restore(&vault, &bad).await.json::<Value>().await.expect("JSON");
    assert_eq!((&back["status"], &back["error"]["code"]), (&json!("failed"), &json!("unsupported")), "{back}");
    let back = restore(&vault, &dead).await.json::<Value>().await.expect("JSON");
    assert_eq!(back["error"], Value::Null, "{back}");
    assert_eq!(vault.text(&dead).await.trim(), "words");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_in_the_trash_is_removed_after_its_days() {
    let vault = TestVault::builder().set("TRASH_DAYS", "7").start().await;
    let ids: Vec<String> = [
        id_of(&vault.put_in("gone.txt", "gone").await),
        id_of(&vault.put_in("back.txt", "back").await),
        id_of(&vault.put_in("kept.txt", "kept").await),
    ]
    .into();
    throw_away(&vault, &ids[0]).await;
    throw_away(&vault, &ids[1]).await;
    assert_eq!(trash::purge(&vault.later(7 * DAY - DAY / 24)).await.expect("a turn"), 0);
    assert_eq!(names(&vault, "deleted=true").await.len(), 2);
    assert_eq!(restore(&vault, &ids[1]).await.status(), 200);
    let late = vault.later(7 * DAY + DAY / 24);
    assert_eq!(trash::purge(&late).await.expect("a turn"), 1);
    assert_eq!(trash::purge(&late).await.expect("a turn"), 0);
    assert_eq!(names(&vault, "deleted=true").await, Vec::<String>::new());
    assert_eq!(names(&vault, "sort=filename").await, ["back.txt", "kept.txt"]);
    problem(restore(&vault, &ids[0]).await, 404, "not_found").await;
    vault.assert_tidy().await;
    assert_eq!(vault.object_keys().await.len(), 2);
    assert_eq!(audited(&vault, "worker", "document.deleted").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_no_days_set_the_trash_is_never_emptied() {
    let vault = TestVault::builder().set("TRASH_DAYS", "0").start().await;
    let id = id_of(&vault.put_in("a.txt", "words").await);
    throw_away(&vault, &id).await;
    assert_eq!(trash::purge(&vault.later(36_500 * DAY)).await.expect("a turn"), 0);
    assert_eq!(restore(&vault, &id).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_removes_so_many_at_most_and_the_next_goes_on() {
    let vault = TestVault::new().await;
    let sql = "INSERT INTO documents (id, filename, content_type, object_key, size_bytes, sha256, status, deleted_at)
               SELECT id, 'x', 'text/plain', '00000000-0000-0000-0000-000000000000/' || id || '/' || gen_random_uuid(),
                   1, sha256(id::text::bytea), 'ready', now()
               FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 130)) AS ids";
    vault.superuser().await.execute(sql, &[]).await.expect("rows");
    let late = vault.later(31 * DAY);
    assert_eq!(trash::purge(&late).await.expect("a turn"), 100);
    assert_eq!(vault.count("SELECT count(*) FROM documents").await, 30);
    assert_eq!(trash::purge(&late).await.expect("a turn"), 30);
    assert_eq!(trash::purge(&late).await.expect("a turn"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_object_store_is_away_nothing_is_removed() {
    let store = Proxy::to(&target_of(&setting("MINIO_ENDPOINT"))).await;
    let url = through(&setting("MINIO_ENDPOINT"), &store);
    let vault = TestVault::builder().set("MINIO_ENDPOINT", &url).start().await;
    for text in ["a", "b"] {
        throw_away(&vault, &id_of(&vault.put_in("a.txt", text).await)).await;
    }
    let late = vault.later(31 * DAY);
    store.cut();
    trash::purge(&late).await.expect_err("the store is away");
    assert_eq!(vault.count("SELECT count(*) FROM documents").await, 2);
    store.mend();
    assert_eq!(trash::purge(&late).await.expect("a turn"), 2);
    vault.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_workers_empty_the_trash_by_themselves() {
    let vault = TestVault::new().await;
    for n in 0..5 {
        throw_away(&vault, &id_of(&vault.put_in("old.txt", format!("old {n}")).await)).await;
    }
    let old = "UPDATE documents SET deleted_at = deleted_at - interval '31 days'";
    vault.superuser().await.execute(old, &[]).await.expect("time went by");
    throw_away(&vault, &id_of(&vault.put_in("new.txt", "new").await)).await;
    let workers = [vault.worker(), vault.worker()];
    eventually("the trash is emptied", || async {
        (vault.count("SELECT count(*) FROM documents").await == 1).then_some(())
    })
    .await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(names(&vault, "deleted=true").await, ["new.txt"]);
    assert_eq!(audited(&vault, "worker", "document.deleted").await, 5);
    vault.assert_tidy().await;
}
