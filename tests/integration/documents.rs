//! Documents: changed, removed.

use crate::support::{TestVault, id_of, problem};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rename_touches_the_row_and_never_the_object() {
    let vault = TestVault::new().await;
    let document = vault.put_in("old.txt", "words").await;
    let keys = vault.object_keys().await;
    let url = vault.api(&format!("/documents/{}", id_of(&document)));
    let patch = async |body: Value| vault.http.patch(&url).json(&body).send().await.expect("ok").json::<Value>().await;
    let renamed = patch(json!({"filename": "new.pdf", "title": "A title"})).await.expect("JSON");
    assert_eq!((&renamed["filename"], &renamed["title"]), (&json!("new.pdf"), &json!("A title")));
    let untitled = patch(json!({"title": null})).await.expect("JSON");
    assert_eq!((&untitled["filename"], &untitled["title"]), (&json!("new.pdf"), &Value::Null));
    let same = patch(json!({})).await.expect("JSON");
    assert_eq!(same["filename"], "new.pdf");
    assert_eq!(vault.object_keys().await, keys);
    // The new name is what is searched from now on.
    assert_eq!(vault.get_json("/documents?q=new").await["items"][0]["id"], document["id"]);
    assert_eq!(vault.get_json("/documents?q=old").await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_title_that_a_person_took_away_does_not_come_back() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let page = "<html><head><title>scan0001</title></head><body>Some words</body></html>";
    let id = id_of(&vault.put_in("a.html", page).await);
    assert_eq!(vault.processed(&id).await["title"], "scan0001");
    let url = vault.api(&format!("/documents/{id}"));
    vault.http.patch(&url).json(&json!({"title": null})).send().await.expect("an answer");
    vault.http.post(format!("{url}/reprocess")).send().await.expect("an answer");
    assert_eq!(vault.processed(&id).await["title"], Value::Null);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_document_is_gone_with_its_bytes_and_its_work() {
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("a.txt", "words").await);
    let url = vault.api(&format!("/documents/{id}?permanently=true"));
    assert_eq!(vault.http.delete(&url).send().await.expect("an answer").status(), 204);
    problem(vault.get(&format!("/documents/{id}")).await, 404, "not_found").await;
    problem(vault.http.delete(&url).send().await.expect("an answer"), 404, "not_found").await;
    assert_eq!(vault.object_keys().await, Vec::<String>::new());
    assert_eq!(vault.count("SELECT count(*) FROM jobs").await, 0);
    // The ring that is still in the air finds nothing to do, and is answered.
    let worker = vault.worker();
    crate::support::eventually("the ring is answered", || async {
        (vault.vault.queue.depth().await.expect("a number") == 0).then_some(())
    })
    .await;
    worker.stop().await;
    // And the same bytes may come again.
    vault.put_in("a.txt", "words").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_no_text_before_it_is_read() {
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("a.txt", "words").await);
    problem(vault.get(&format!("/documents/{id}/text")).await, 404, "no_text").await;
    let worker = vault.worker();
    vault.processed(&id).await;
    assert_eq!(vault.text(&id).await, "words");
    worker.stop().await;
}
