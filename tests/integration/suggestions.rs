//! What could be tidied up among topics: near duplicates, unused ones, and those that are missing.

use crate::support::{TestVault, id_of};
use serde_json::{Value, json};

/// Four texts about one thing that no topic knows.
const BEES: [&str; 4] = [
    "The hive by the hedge swarmed at noon. We caught the swarm, set it in an empty hive and gave it a frame of brood. \
     The queen was marked; the bees carry pollen.",
    "Inspected each hive: the queen of the second was gone, the bees had drawn queen cells on the brood frame. Pollen and \
     nectar come in.",
    "Nectar flows. Two frames of honey from each hive, brood on five; the bees are calm, the queen lays, pollen is plenty.",
    "Before winter the bees need feed: the hive is light, little honey, one frame of brood, an old queen and no pollen.",
];

/// And four that have nothing to do with each other.
const ODD: [&str; 4] = [
    "Whisk four eggs with the sugar until pale, fold in the flour, then bake for half an hour until golden.",
    "O wild west wind, thou breath of autumn's being, from whose unseen presence the leaves are driven.",
    "The ferry leaves the island at nine; the gangway is raised two minutes before, and dogs stay on the lower deck.",
    "Our choir rehearses the requiem on Thursdays. Altos are wanted, and someone who plays the organ.",
];

async fn make(vault: &TestVault, name: &str, description: &str) -> Value {
    let new = json!({"name": name, "description": description});
    let made = vault.http.post(vault.api("/topics")).json(&new).send().await.expect("an answer");
    assert_eq!(made.status(), 201);
    made.json().await.expect("JSON")
}

async fn put_under(vault: &TestVault, document: &str, topics: &[&Value]) {
    let ids: Vec<&Value> = topics.iter().map(|topic| &topic["id"]).collect();
    let url = vault.api(&format!("/documents/{document}/topics"));
    let answer = vault.http.put(url).json(&json!({"topic_ids": ids})).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

fn named(topic: &Value) -> Value {
    json!({"id": topic["id"], "name": topic["name"]})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_vault_has_nothing_to_tidy_up() {
    let vault = TestVault::builder().without_topics().start().await;
    let none = json!({"near_duplicates": [], "unused": [], "clusters": []});
    assert_eq!(vault.get_json("/topics/suggestions").await, none);
    let wrong = vault.http.patch(vault.api("/topics/suggestions")).json(&json!({})).send().await.expect("an answer");
    crate::support::problem(wrong, 400, "invalid_id").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn near_duplicates_and_unused_topics_are_told() {
    let vault = TestVault::builder().without_topics().start().await;
    let invoice = make(&vault, "Invoice", "").await;
    let invoices = make(&vault, "Invoices", "").await;
    let contract = make(&vault, "Contract", "Agreements and their terms").await;
    let bees = make(&vault, "Apiary", "Hives, bees, honey and brood of the garden").await;
    let honey = make(&vault, "Beekeeping", "Honey, brood, hives: the bees of our garden").await;
    let lease = make(&vault, "Lease 2025", "").await;
    make(&vault, "Lease 2026", "").await;
    let first = id_of(&vault.put_in("a.txt", "An invoice").await);
    put_under(&vault, &first, &[&invoices]).await;
    let trashed = id_of(&vault.put_in("b.txt", "A contract").await);
    put_under(&vault, &trashed, &[&contract]).await;

    let found = vault.get_json("/topics/suggestions").await;
    let pairs = found["near_duplicates"].as_array().expect("a list");
    assert_eq!(pairs.len(), 2, "{found}");
    let by = |by: &str| pairs.iter().find(|pair| pair["by"] == by).unwrap_or_else(|| panic!("none by {by}: {found}"));
    assert_eq!(by("name")["topics"], json!([named(&invoices), named(&invoice)]), "the one that is used goes first");
    assert_eq!(by("content")["topics"], json!([named(&bees), named(&honey)]), "or else the older");
    for pair in pairs {
        assert!(pair["similarity"].as_f64().is_some_and(|alike| (0.6..=1.0).contains(&alike)), "{pair}");
    }
    let names = |found: &Value| {
        let unused = found["unused"].as_array().expect("a list").iter();
        unused.map(|topic| topic["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&found), ["Apiary", "Beekeeping", "Invoice", "Lease 2025", "Lease 2026"]);
    let unused = json!({"id": lease["id"], "name": "Lease 2025", "created_at": lease["created_at"]});
    assert!(found["unused"].as_array().is_some_and(|all| all.contains(&unused)), "{found}");

    // What is in the trash does not use its topic; what comes back does.
    let url = vault.api(&format!("/documents/{trashed}"));
    vault.http.delete(&url).send().await.expect("an answer");
    assert!(names(&vault.get_json("/topics/suggestions").await).contains(&"Contract".to_owned()));
    vault.http.post(format!("{url}/restore")).send().await.expect("an answer");
    assert!(!names(&vault.get_json("/topics/suggestions").await).contains(&"Contract".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_for_review_about_one_strange_subject_ask_for_a_topic() {
    let vault = TestVault::builder().without_topics().start().await;
    make(&vault, "Invoice", "Bills with an invoice number, an amount due, VAT and a subtotal").await;
    let worker = vault.worker();
    let mut bees = Vec::new();
    for (at, (bee, odd)) in BEES.iter().zip(&ODD).enumerate() {
        let strange = id_of(&vault.put_in(&format!("log-{at}.txt"), *bee).await);
        let other = id_of(&vault.put_in(&format!("odd-{at}.txt"), *odd).await);
        for id in [&strange, &other] {
            assert_eq!(vault.processed(id).await["status"], "needs_review");
        }
        bees.insert(0, strange);
    }
    let bill = id_of(&vault.put_in("bill.txt", crate::support::files::INVOICE).await);
    assert_eq!(vault.processed(&bill).await["status"], "ready");
    worker.stop().await;

    let found = vault.get_json("/topics/suggestions").await;
    let [cluster] = found["clusters"].as_array().expect("a list").as_slice() else { panic!("one cluster: {found}") };
    let documents = cluster["documents"].as_array().expect("a list");
    let ids: Vec<String> = documents.iter().map(id_of).collect();
    assert_eq!((&ids, &cluster["count"]), (&bees, &json!(4)), "the newest first");
    assert_eq!((&documents[3]["filename"], &documents[3]["title"]), (&json!("log-0.txt"), &Value::Null));
    let words: Vec<&str> = cluster["words"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    for telling in ["hive", "bees", "queen", "brood"] {
        assert!(words.contains(&telling), "{telling} in {words:?}");
    }
    let name = cluster["name"].as_str().expect("a name");
    assert!(name.to_lowercase().split(", ").all(|word| words.contains(&word)) && name.contains(", "), "{name}");

    // Once they have their topic there is nothing to suggest.
    let topic = make(&vault, name, "").await;
    for id in &ids {
        put_under(&vault, id, &[&topic]).await;
    }
    let found = vault.get_json("/topics/suggestions").await;
    assert_eq!(found["clusters"], json!([]), "{found}");
}
