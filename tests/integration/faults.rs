//! Stores that go away and come back.

use crate::support::files::{INVOICE, noise};
use crate::support::proxy::{Proxy, target_of, through};
use crate::support::{TestVault, eventually, id_of, problem, setting};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_uploads_are_taken_and_worked_off_later() {
    let redis = Proxy::to(&target_of(&setting("TEST_REDIS_URL"))).await;
    let url = through(&setting("TEST_REDIS_URL"), &redis);
    let vault = TestVault::builder().set("REDIS_URL", &url).start().await;
    let worker = vault.worker();
    let before = id_of(&vault.put_in("before.txt", format!("{INVOICE} before")).await);
    vault.processed(&before).await;

    redis.cut();
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(id_of(&vault.put_in("during.txt", format!("{INVOICE} {n}")).await));
    }
    for id in &ids {
        assert_eq!(vault.document(id).await["status"], "pending");
    }
    redis.mend();
    for id in &ids {
        assert_eq!(vault.processed(id).await["status"], "ready");
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_object_store_an_upload_is_refused_honestly_and_work_waits() {
    let store = Proxy::to(&target_of(&setting("MINIO_ENDPOINT"))).await;
    let url = through(&setting("MINIO_ENDPOINT"), &store);
    let vault = TestVault::builder().set("MINIO_ENDPOINT", &url).start().await;
    let id = id_of(&vault.put_in("before.txt", INVOICE).await);

    store.cut();
    let refused = vault.upload("during.txt", "words").await;
    assert!(refused.headers().contains_key("retry-after"));
    problem(refused, 503, "unavailable").await;
    problem(vault.upload("large.bin", noise(7, 20 * 1024 * 1024)).await, 503, "unavailable").await;
    problem(vault.get(&format!("/documents/{id}/content")).await, 503, "unavailable").await;
    // An outage uses up no attempt: the job waits for as long as it takes.
    let worker = vault.worker_with(&[("JOB_MAX_ATTEMPTS", "1")], crate::support::program());
    let waiting = eventually("the job is put back", || async {
        let jobs = vault.get_json("/jobs?state=queued").await;
        let job = jobs["items"][0].clone();
        job["last_error"].is_string().then_some(job)
    })
    .await;
    assert_eq!(waiting["attempts"], 0, "{waiting}");

    store.mend();
    assert_eq!(vault.processed(&id).await["status"], "ready");
    vault.put_in("during.txt", "words").await;
    worker.stop().await;
    vault.assert_tidy().await;
}

/// A bad spot on the store's disk: everything is there but this.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_breaks_off_each_time_is_given_up_where_the_store_answers_else() {
    let store = Proxy::to(&target_of(&setting("MINIO_ENDPOINT"))).await;
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("large.txt", "word ".repeat(2 * 1024 * 1024)).await);
    store.truncate(1024 * 1024);
    let url = through(&setting("MINIO_ENDPOINT"), &store);
    let settings = [("JOB_MAX_ATTEMPTS", "1"), ("MINIO_ENDPOINT", url.as_str())];
    let worker = vault.worker_with(&settings, crate::support::program());
    let document = vault.processed(&id).await;
    assert_eq!((&document["status"], &document["error"]["code"]), (&json!("failed"), &json!("gave_up")));
    worker.stop().await;
    let dead = vault.get_json("/jobs?state=dead").await;
    assert_eq!(dead["items"][0]["document_id"], json!(id), "{dead}");

    // Mended, it is read as ever.
    let retry = vault.api(&format!("/jobs/{}/retry", id_of(&dead["items"][0])));
    assert_eq!(vault.http.post(retry).send().await.expect("an answer").status(), 202);
    let worker = vault.worker();
    assert_eq!(vault.processed(&id).await["error"], serde_json::Value::Null);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_postgres_nothing_is_promised_and_nothing_is_lost() {
    let database = Proxy::to(&target_of(&setting("TEST_POSTGRES_URL"))).await;
    let address = format!("{}", database.address);
    let vault = TestVault::builder().set("DATABASE_PROXY", &address).start().await;
    let worker = vault.worker();
    let id = id_of(&vault.put_in("before.txt", INVOICE).await);
    vault.processed(&id).await;

    database.cut();
    problem(vault.upload("during.txt", "words").await, 503, "unavailable").await;
    problem(vault.get("/documents").await, 503, "unavailable").await;
    database.mend();
    // No restart, no stale connection that answers with an error for long.
    eventually("the list is back", || async { (vault.get("/documents").await.status() == 200).then_some(()) }).await;
    let after = eventually("uploads are back", || async {
        let answer = vault.upload("after.txt", INVOICE.to_uppercase()).await;
        if answer.status() == 201 { answer.json::<serde_json::Value>().await.ok() } else { None }
    })
    .await;
    vault.processed(&id_of(&after)).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_names_what_is_missing_and_comes_back_by_itself() {
    let redis = Proxy::to(&target_of(&setting("TEST_REDIS_URL"))).await;
    let store = Proxy::to(&target_of(&setting("MINIO_ENDPOINT"))).await;
    let database = Proxy::to(&target_of(&setting("TEST_POSTGRES_URL"))).await;
    let vault = TestVault::builder()
        .set("REDIS_URL", &through(&setting("TEST_REDIS_URL"), &redis))
        .set("MINIO_ENDPOINT", &through(&setting("MINIO_ENDPOINT"), &store))
        .set("DATABASE_PROXY", &database.address.to_string())
        .start()
        .await;
    let health = || async {
        let answer = vault.http.get(format!("{}/health", vault.url)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<serde_json::Value>().await.expect("JSON"))
    };
    let (status, body) = health().await;
    assert_eq!((status, &body["status"]), (200, &json!("ok")), "{body}");
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));

    for (name, proxy) in [("redis", &redis), ("object_storage", &store), ("postgres", &database)] {
        proxy.cut();
        let (status, body) = health().await;
        assert_eq!((status, &body["status"]), (503, &json!("unavailable")), "{name}: {body}");
        for (check, value) in body["checks"].as_object().expect("checks") {
            let expected = if check == name { "unavailable" } else { "ok" };
            assert_eq!(value["status"], expected, "{name} is cut: {body}");
            assert!(value["latency_ms"].is_number());
        }
        let live = vault.http.get(format!("{}/health/live", vault.url)).send().await.expect("an answer");
        assert_eq!(live.status(), 200, "the process runs all the same");
        proxy.mend();
        eventually("it comes back by itself", || async { (health().await.0 == 200).then_some(()) }).await;
    }
}
