//! What happened to a document, told from the audit log.

use crate::support::files::{INVOICE, noise};
use crate::support::{TestVault, id_of, problem};
use serde_json::{Value, json};
use uuid::Uuid;

async fn pages(vault: &TestVault, id: &str, limit: usize) -> Vec<Value> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = vault.get_json(&format!("/documents/{id}/history?limit={limit}{cursor}")).await;
        let items = page["items"].as_array().expect("a list");
        assert!(!items.is_empty() && items.len() <= limit, "{page}");
        seen.extend(items.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_life_of_a_document_is_told_newest_first_also_after_its_end() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let id = id_of(&vault.put_in("bill.txt", INVOICE).await);
    let other = id_of(&vault.put_in("other.txt", "other").await);
    let sorted = vault.processed(&id).await;
    vault.processed(&other).await;
    let url = vault.api(&format!("/documents/{id}"));
    let letter = vault.topic_id("Letter").await;
    vault.http.patch(&url).json(&json!({"title": "A bill"})).send().await.expect("an answer");
    vault.http.put(format!("{url}/topics")).json(&json!({"topic_ids": [letter]})).send().await.expect("an answer");
    vault.http.delete(&url).send().await.expect("an answer");
    worker.stop().await;

    let expected = [
        ("user", "document.trashed"),
        ("user", "document.topics_set"),
        ("user", "document.updated"),
        ("worker", "document.processed"),
        ("user", "document.created"),
    ];
    let whole = pages(&vault, &id, 200).await;
    let told: Vec<(&str, &str)> = whole
        .iter()
        .map(|item| (item["actor"].as_str().expect("an actor"), item["action"].as_str().expect("an action")))
        .collect();
    assert_eq!(told, expected, "also of one in the trash");
    assert!(whole.is_sorted_by(|a, b| a["at"].as_str() >= b["at"].as_str()));
    assert_eq!(whole[1]["detail"]["topic_ids"], json!([letter]));
    assert_eq!(whole[2]["detail"]["after"]["title"], "A bill");
    assert_eq!(whole[3]["detail"]["topics"][0]["id"], sorted["topics"][0]["id"], "what the AI chose");
    assert_eq!(whole[4]["detail"]["sha256"], sorted["sha256"]);
    for limit in [1, 2, 5] {
        assert_eq!(pages(&vault, &id, limit).await, whole, "{limit} a page");
    }

    let key: String = vault
        .superuser()
        .await
        .query_one(&format!("SELECT object_key FROM documents WHERE id = '{id}'"), &[])
        .await
        .expect("a row")
        .get(0);
    vault.http.delete(format!("{url}?permanently=true")).send().await.expect("an answer");
    let after = pages(&vault, &id, 200).await;
    assert_eq!((&after[0]["action"], &after[1..]), (&json!("document.deleted"), &whole[..]));
    let text = json!(after).to_string();
    assert!(!text.contains(&key) && !text.contains("object_key"), "where bytes lie is told to nobody: {text}");

    // A place in one document's history is none in another's.
    let page = vault.get_json(&format!("/documents/{other}/history?limit=1")).await;
    let cursor = page["next_cursor"].as_str().expect("there is more");
    problem(vault.get(&format!("/documents/{id}/history?cursor={cursor}")).await, 400, "invalid_cursor").await;
    problem(vault.get(&format!("/documents/{id}/history?limit=0")).await, 400, "invalid_query").await;
    problem(vault.get(&format!("/documents/{id}/history?sort=at")).await, 400, "invalid_query").await;
    problem(vault.get(&format!("/documents/{}/history", Uuid::new_v4())).await, 404, "not_found").await;
    problem(vault.get(&format!("/documents/{letter}/history")).await, 404, "not_found").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_read_says_so_in_its_history() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let id = id_of(&vault.put_in("noise.bin", noise(5, 1000)).await);
    vault.processed(&id).await;
    worker.stop().await;
    let history = pages(&vault, &id, 200).await;
    assert_eq!((&history[0]["actor"], &history[0]["action"]), (&json!("worker"), &json!("document.failed")));
    assert_eq!(history[0]["detail"]["code"], "unsupported");
}
