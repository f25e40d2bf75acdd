//! Topics: made, changed, counted, removed.

use crate::support::{TestVault, id_of, problem};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topics_whole_life() {
    let vault = TestVault::builder().without_topics().start().await;
    assert_eq!(vault.get_json("/topics").await, json!({"items": [], "next_cursor": null}));
    let new = json!({"name": " Garden ", "description": "Plants and seeds", "color": "#00AA11"});
    let made = vault.http.post(vault.api("/topics")).json(&new).send().await.expect("an answer");
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.expect("JSON");
    assert_eq!(
        (&made["name"], &made["color"], &made["document_count"]),
        (&json!("Garden"), &json!("#00aa11"), &json!(0))
    );
    let url = vault.api(&format!("/topics/{}", id_of(&made)));

    for taken in ["Garden", "GARDEN", "garden "] {
        let again =
            vault.http.post(vault.api("/topics")).json(&json!({"name": taken})).send().await.expect("an answer");
        problem(again, 409, "duplicate_topic").await;
    }
    let other = vault.http.post(vault.api("/topics")).json(&json!({"name": "Über"})).send().await.expect("an answer");
    let other: Value = other.json().await.expect("JSON");
    let taken = vault.http.post(vault.api("/topics")).json(&json!({"name": "über"})).send().await.expect("an answer");
    problem(taken, 409, "duplicate_topic").await;
    let clash = vault.http.patch(&url).json(&json!({"name": "ÜBER"})).send().await.expect("an answer");
    problem(clash, 409, "duplicate_topic").await;

    let changed = vault.http.patch(&url).json(&json!({"description": "Trees"})).send().await.expect("an answer");
    let changed: Value = changed.json().await.expect("JSON");
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Garden"), &json!("Trees")));

    let document = vault.put_in("a.txt", "words").await;
    let choice = json!({"topic_ids": [made["id"], other["id"]]});
    let topics = vault.api(&format!("/documents/{}/topics", id_of(&document)));
    assert_eq!(vault.http.put(&topics).json(&choice).send().await.expect("an answer").status(), 200);
    assert_eq!(vault.get_json("/topics").await["items"][0]["document_count"], 1);

    assert_eq!(vault.http.delete(&url).send().await.expect("an answer").status(), 204);
    problem(vault.http.delete(&url).send().await.expect("an answer"), 404, "not_found").await;
    let document = vault.document(&id_of(&document)).await;
    assert_eq!(document["topics"].as_array().map(Vec::len), Some(1), "the document stays, the topic goes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_wins_over_the_ai_for_good() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let id = id_of(&vault.put_in("bill.txt", crate::support::files::INVOICE).await);
    assert_eq!(vault.processed(&id).await["topics"][0]["name"], "Invoice");
    let letter = vault.topic_id("Letter").await;
    let url = vault.api(&format!("/documents/{id}"));
    vault.http.put(format!("{url}/topics")).json(&json!({"topic_ids": [letter]})).send().await.expect("an answer");
    let again = vault.http.post(format!("{url}/reprocess")).send().await.expect("an answer");
    assert_eq!(again.status(), 202);
    assert_eq!(again.json::<Value>().await.expect("JSON")["status"], "pending");
    let document = vault.processed(&id).await;
    assert_eq!(document["topics"].as_array().map(Vec::len), Some(1), "{document}");
    assert_eq!(document["topics"][0]["name"], "Letter");
    assert_eq!(document["status"], "ready");

    // "None of them" is a choice as well.
    vault.http.put(format!("{url}/topics")).json(&json!({"topic_ids": []})).send().await.expect("an answer");
    vault.http.post(format!("{url}/reprocess")).send().await.expect("an answer");
    let document = vault.processed(&id).await;
    assert_eq!((&document["topics"], &document["status"]), (&json!([]), &json!("ready")));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fits_no_topic_waits_for_a_person() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let poem = "O wild west wind, thou breath of autumn's being, from whose unseen presence the leaves are driven";
    let id = id_of(&vault.put_in("poem.txt", poem).await);
    let document = vault.processed(&id).await;
    assert_eq!((&document["status"], &document["topics"]), (&json!("needs_review"), &json!([])), "{document}");
    let letter = vault.topic_id("Letter").await;
    let url = vault.api(&format!("/documents/{id}/topics"));
    let document = vault.http.put(url).json(&json!({"topic_ids": [letter]})).send().await.expect("an answer");
    assert_eq!(document.json::<Value>().await.expect("JSON")["status"], "ready");
    worker.stop().await;
}
