//! A person's choice of topics, taken back.

use crate::support::files::INVOICE;
use crate::support::{TestVault, file_part, id_of, problem};
use reqwest::Response;
use reqwest::multipart::Form;
use serde_json::{Value, json};

async fn choose(vault: &TestVault, id: &str, topics: &[&str]) -> Value {
    let url = vault.api(&format!("/documents/{id}/topics"));
    let answer = vault.http.put(url).json(&json!({"topic_ids": topics})).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("JSON")
}

async fn undo(vault: &TestVault, id: &str) -> Response {
    vault.http.post(vault.api(&format!("/documents/{id}/topics/undo"))).send().await.expect("an answer")
}

async fn undone(vault: &TestVault, id: &str) -> Value {
    let answer = undo(vault, id).await;
    assert_eq!(answer.status(), 200);
    let document: Value = answer.json().await.expect("JSON");
    assert_eq!(document, vault.document(id).await);
    document
}

/// What a choice changes about a document.
fn sorting(document: &Value) -> (Value, Value, Value) {
    (document["topics"].clone(), document["topics_by_user"].clone(), document["status"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_back_restores_exactly_what_stood_before() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let id = id_of(&vault.put_in("bill.txt", INVOICE).await);
    let by_ai = sorting(&vault.processed(&id).await);
    assert!(by_ai.0[0]["confidence"].is_f64() && by_ai.1 == json!(false), "{by_ai:?}");
    problem(undo(&vault, &id).await, 409, "nothing_to_undo").await;

    let (letter, tax) = (vault.topic_id("Letter").await, vault.topic_id("Tax").await);
    let first = sorting(&choose(&vault, &id, &[&letter, &tax]).await);
    assert_eq!(first.1, json!(true));
    let second = sorting(&choose(&vault, &id, &[]).await);
    assert_eq!(second, (json!([]), json!(true), json!("ready")), "none is a choice too");
    assert_eq!(sorting(&undone(&vault, &id).await), first);
    // A new choice goes on from there.
    choose(&vault, &id, &[&tax]).await;
    assert_eq!(sorting(&undone(&vault, &id).await), first);
    assert_eq!(sorting(&undone(&vault, &id).await), by_ai);
    problem(undo(&vault, &id).await, 409, "nothing_to_undo").await;

    // The AI has the word again, and what it says is not a person's to take back.
    vault.http.post(vault.api(&format!("/documents/{id}/reprocess"))).send().await.expect("an answer");
    assert_eq!(sorting(&vault.processed(&id).await), by_ai);
    problem(undo(&vault, &id).await, 409, "nothing_to_undo").await;
    // A person's word stands while the document is read again, and can be taken back after that.
    choose(&vault, &id, &[&letter]).await;
    vault.http.post(vault.api(&format!("/documents/{id}/reprocess"))).send().await.expect("an answer");
    assert_eq!(vault.processed(&id).await["topics"][0]["name"], "Letter");
    assert_eq!(sorting(&undone(&vault, &id).await), by_ai);
    worker.stop().await;
    let undone = "SELECT count(*) FROM audit_log WHERE action = 'document.topics_undone' AND actor = 'user'";
    assert_eq!(vault.count(undone).await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_for_a_person_waits_again() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let poem = "O wild west wind, thou breath of autumn's being, from whose unseen presence the leaves are driven";
    let id = id_of(&vault.put_in("poem.txt", poem).await);
    let before = sorting(&vault.processed(&id).await);
    assert_eq!(before, (json!([]), json!(false), json!("needs_review")));
    let letter = vault.topic_id("Letter").await;
    assert_eq!(choose(&vault, &id, &[&letter]).await["status"], "ready");
    choose(&vault, &id, &[]).await;
    assert_eq!(undone(&vault, &id).await["status"], "ready");
    assert_eq!(sorting(&undone(&vault, &id).await), before);

    // Chosen before anybody had read it: without the choice, nobody has sorted it.
    worker.stop().await;
    let id = id_of(&{
        let document = vault.put_in("another.txt", format!("{poem} like ghosts")).await;
        choose(&vault, &id_of(&document), &[&letter]).await
    });
    let worker = vault.worker();
    vault.processed(&id).await;
    let after = sorting(&undone(&vault, &id).await);
    assert_eq!((&after.0, &after.1), (&json!([]), &json!(false)));
    assert_eq!(after.2, "needs_review");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_there_afterwards_says_whether_somebody_has_to_look() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let id = id_of(&vault.put_in("bill.txt", INVOICE).await);
    let by_ai = sorting(&vault.processed(&id).await);
    worker.stop().await;
    // Chosen while it waits to be read again.
    let letter = vault.topic_id("Letter").await;
    vault.http.post(vault.api(&format!("/documents/{id}/reprocess"))).send().await.expect("an answer");
    assert_eq!(choose(&vault, &id, &[&letter]).await["status"], "pending");
    let worker = vault.worker();
    vault.processed(&id).await;
    worker.stop().await;
    assert_eq!(sorting(&undone(&vault, &id).await), by_ai);

    // The AI's topic went while a person's stood in its place.
    choose(&vault, &id, &[&letter]).await;
    let invoice = vault.topic_id("Invoice").await;
    vault.http.delete(vault.api(&format!("/topics/{invoice}"))).send().await.expect("an answer");
    assert_eq!(sorting(&undone(&vault, &id).await), (json!([]), json!(false), json!("needs_review")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_that_are_gone_do_not_come_back() {
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("a.txt", "words").await);
    let (letter, tax) = (vault.topic_id("Letter").await, vault.topic_id("Tax").await);
    choose(&vault, &id, &[&letter, &tax]).await;
    choose(&vault, &id, &[]).await;
    let gone = vault.http.delete(vault.api(&format!("/topics/{letter}"))).send().await.expect("an answer");
    assert_eq!(gone.status(), 204);
    let document = undone(&vault, &id).await;
    assert_eq!(document["topics"].as_array().map(Vec::len), Some(1), "{document}");
    assert_eq!((&document["topics"][0]["id"], &document["topics_by_user"]), (&json!(tax), &json!(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_choice_that_does_not_tell_what_stood_before_is_not_taken_back() {
    let vault = TestVault::new().await;
    let letter = vault.topic_id("Letter").await;
    let form = Form::new().text("topic_ids", letter.clone()).part("file", file_part("a.txt", "words"));
    let document: Value = vault.post_form(form).await.json().await.expect("JSON");
    assert_eq!(document["topics_by_user"], true);
    let id = id_of(&document);
    problem(undo(&vault, &id).await, 409, "nothing_to_undo").await;

    // A line of an older release.
    choose(&vault, &id, &[]).await;
    let old = "UPDATE audit_log SET detail = detail - 'before' WHERE action = 'document.topics_set'";
    assert_eq!(vault.superuser().await.execute(old, &[]).await.expect("changed"), 1);
    problem(undo(&vault, &id).await, 409, "nothing_to_undo").await;
    assert_eq!(vault.document(&id).await["topics"], json!([]), "and nothing is changed");
    // What was chosen since can be taken back, up to there.
    choose(&vault, &id, &[&letter]).await;
    assert_eq!(undone(&vault, &id).await["topics"], json!([]));
    problem(undo(&vault, &id).await, 409, "nothing_to_undo").await;
}
