//! Topics: made, changed, counted, removed.

use crate::support::{TestVault, eventually, id_of, problem};
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

/// Nobody said of them that they belong nowhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stood_under_a_topic_that_goes_is_unsorted_again() {
    let vault = TestVault::new().await;
    let (tax, letter) = (vault.topic_id("Tax").await, vault.topic_id("Letter").await);
    let worker = vault.worker();
    let mut ids = Vec::new();
    let sorted = id_of(&vault.put_in("bill.txt", crate::support::files::INVOICE).await);
    assert_eq!(vault.processed(&sorted).await["topics"][0]["name"], "Invoice");
    for (name, topics) in [("alone.txt", vec![&tax]), ("both.txt", vec![&tax, &letter]), ("none.txt", vec![])] {
        let id = id_of(&vault.put_in(name, format!("words of {name}")).await);
        vault.processed(&id).await;
        let url = vault.api(&format!("/documents/{id}/topics"));
        let chosen = vault.http.put(url).json(&json!({"topic_ids": topics})).send().await.expect("an answer");
        assert_eq!(chosen.status(), 200);
        ids.push(id);
    }
    worker.stop().await;
    for topic in [tax, vault.topic_id("Invoice").await] {
        let gone = vault.http.delete(vault.api(&format!("/topics/{topic}"))).send().await.expect("an answer");
        assert_eq!(gone.status(), 204);
    }
    let document = vault.document(&sorted).await;
    assert_eq!((&document["status"], &document["topics"]), (&json!("needs_review"), &json!([])));
    let mut stands = Vec::new();
    for id in &ids {
        let document = vault.document(id).await;
        stands.push((document["topics_by_user"].clone(), document["status"].clone()));
    }
    assert_eq!(
        stands,
        [(json!(false), json!("needs_review")), (json!(true), json!("ready")), (json!(true), json!("ready"))]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_come_as_a_whole_or_page_by_page() {
    let vault = TestVault::builder().without_topics().start().await;
    for name in ["delta", "Alpha", "echo", "bravo", "Charlie"] {
        let made = vault.http.post(vault.api("/topics")).json(&json!({"name": name})).send().await;
        assert_eq!(made.expect("an answer").status(), 201);
    }
    let whole = vault.get_json("/topics").await;
    assert_eq!(whole["next_cursor"], Value::Null);
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items");
        items.iter().map(|topic| topic["name"].as_str().expect("a name").to_owned()).collect()
    };
    let (mut met, mut sizes, mut next) = (Vec::new(), Vec::new(), Some(String::new()));
    while let Some(cursor) = next {
        let page = vault.get_json(&format!("/topics?limit=2&cursor={cursor}")).await;
        sizes.push(names(&page).len());
        met.extend(names(&page));
        next = page["next_cursor"].as_str().map(ToOwned::to_owned);
    }
    assert_eq!((met, sizes), (names(&whole), vec![2, 2, 1]));
    for wrong in ["limit=0", "limit=201", "colour=red"] {
        problem(vault.get(&format!("/topics?{wrong}")).await, 400, "invalid_query").await;
    }
    problem(vault.get("/topics?cursor=x").await, 400, "invalid_cursor").await;
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

/// Where documents stand, by the superuser: `(document, topic, confidence)`, without one for a person's choice.
async fn put_under(vault: &TestVault, links: &[(&str, &str, Option<f32>)]) {
    let superuser = vault.superuser().await;
    for (document, topic, confidence) in links {
        let (source, confidence) = match confidence {
            Some(confidence) => ("ai", confidence.to_string()),
            None => ("user", "NULL".to_owned()),
        };
        let sql = format!(
            "INSERT INTO document_topics (document_id, topic_id, source, confidence) \
             VALUES ('{document}', '{topic}', '{source}', {confidence})"
        );
        superuser.execute(&sql, &[]).await.expect("a row");
    }
}

async fn merge(vault: &TestVault, id: &str, body: Value) -> reqwest::Response {
    vault.http.post(vault.api(&format!("/topics/{id}/merge"))).json(&body).send().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merged_topic_leaves_its_documents_to_the_other_the_stronger_choice_first() {
    let vault = TestVault::new().await;
    let (bill, invoice) = (vault.topic_id("Receipt").await, vault.topic_id("Invoice").await);
    let mut ids = Vec::new();
    for n in 0..8 {
        ids.push(id_of(&vault.put_in("a.txt", format!("words {n}")).await));
    }
    let cases = [
        // Under the one that goes, under the one that stays, and what is left.
        (Some(Some(0.875)), None, ("ai", Some(0.875))),
        (None, Some(Some(0.5)), ("ai", Some(0.5))),
        (Some(None), Some(Some(0.75)), ("user", None)),
        (Some(Some(0.75)), Some(None), ("user", None)),
        (Some(Some(0.875)), Some(Some(0.375)), ("ai", Some(0.875))),
        (Some(Some(0.375)), Some(Some(0.75)), ("ai", Some(0.75))),
        (Some(None), Some(None), ("user", None)),
    ];
    for (id, (goes, stays, _)) in ids.iter().zip(&cases) {
        let links = [goes.map(|c| (id.as_str(), bill.as_str(), c)), stays.map(|c| (id.as_str(), invoice.as_str(), c))];
        put_under(&vault, &links.into_iter().flatten().collect::<Vec<_>>()).await;
    }
    // And one in the trash, that is under both.
    let trashed = &ids[7];
    put_under(&vault, &[(trashed, &bill, None), (trashed, &invoice, Some(0.7))]).await;
    let url = vault.api(&format!("/documents/{trashed}"));
    vault.http.delete(&url).send().await.expect("an answer");

    let merged = merge(&vault, &bill, json!({"into": invoice})).await;
    assert_eq!(merged.status(), 200);
    let merged: Value = merged.json().await.expect("JSON");
    assert_eq!((&merged["id"], &merged["name"]), (&json!(invoice), &json!("Invoice")));
    assert_eq!(merged["document_count"], 7, "the trash is not counted");
    let topics = vault.get_json("/topics").await;
    let topics = topics["items"].as_array().expect("a list");
    assert!(topics.iter().all(|topic| topic["id"] != json!(bill)), "it is gone");
    assert_eq!(topics.iter().find(|topic| topic["id"] == json!(invoice)), Some(&merged));

    vault.http.post(format!("{url}/restore")).send().await.expect("an answer");
    for (id, (_, _, (source, confidence))) in ids.iter().zip(cases.iter().chain([&(None, None, ("user", None))])) {
        let document = vault.document(id).await;
        let topics = document["topics"].as_array().expect("a list");
        assert_eq!(topics.len(), 1, "{document}");
        assert_eq!(topics[0]["id"], json!(invoice));
        assert_eq!(
            (&topics[0]["source"], &topics[0]["confidence"]),
            (&json!(source), &json!(confidence)),
            "{document}"
        );
    }
    assert_eq!(vault.get_json(&format!("/documents?topic={invoice}")).await["items"].as_array().map(Vec::len), Some(8));
    for (id, action) in [(&bill, "topic.merged"), (&invoice, "topic.absorbed")] {
        let lines = format!("SELECT count(*) FROM audit_log WHERE subject_id = '{id}' AND action = '{action}'");
        assert_eq!(vault.count(&lines).await, 1, "{action}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_that_makes_no_sense_changes_nothing() {
    let vault = TestVault::new().await;
    let (tax, letter) = (vault.topic_id("Tax").await, vault.topic_id("Letter").await);
    let unknown = uuid::Uuid::new_v4().to_string();
    let before = vault.get_json("/topics").await;
    problem(merge(&vault, &tax, json!({"into": tax})).await, 400, "invalid_body").await;
    problem(merge(&vault, &tax, json!({"into": unknown})).await, 400, "unknown_topic").await;
    problem(merge(&vault, &unknown, json!({"into": tax})).await, 404, "not_found").await;
    problem(merge(&vault, "nonsense", json!({"into": tax})).await, 400, "invalid_id").await;
    for body in [json!({}), json!({"into": "Tax"}), json!({"into": letter, "more": 1}), json!(null)] {
        problem(merge(&vault, &tax, body).await, 400, "invalid_body").await;
    }
    assert_eq!(vault.get_json("/topics").await, before);
}

/// A merge has its topics before it touches the rows of their documents. A choice that touched its document's rows first
/// could wait for the topics while the merge waits for the rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_choice_waits_for_the_topics_it_takes_away_before_it_touches_anything() {
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("a.txt", "words").await);
    let (tax, letter) = (vault.topic_id("Tax").await, vault.topic_id("Letter").await);
    put_under(&vault, &[(&id, &tax, None)]).await;
    let choice = vault.http.put(vault.api(&format!("/documents/{id}/topics"))).json(&json!({"topic_ids": [letter]}));
    let chosen = amid_a_merge(&vault, &tax, choice).await;
    assert_eq!(chosen.status(), 200);
    assert_eq!(chosen.json::<Value>().await.expect("JSON")["topics"][0]["id"], json!(letter));
}

/// The same of one who removes a document under that topic.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_waits_for_its_topics_before_it_touches_anything() {
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("a.txt", "words").await);
    let tax = vault.topic_id("Tax").await;
    put_under(&vault, &[(&id, &tax, None)]).await;
    let removal = vault.http.delete(vault.api(&format!("/documents/{id}?permanently=true")));
    assert_eq!(amid_a_merge(&vault, &tax, removal).await.status(), 204);
    assert_eq!(vault.count("SELECT count(*) FROM document_topics").await, 0);
}

/// What a merge of this topic does, step by step, while somebody asks for something that has to wait for it.
async fn amid_a_merge(vault: &TestVault, topic: &str, request: reqwest::RequestBuilder) -> reqwest::Response {
    let merging = vault.superuser().await;
    merging.batch_execute(&format!("BEGIN; SELECT FROM topics WHERE id = '{topic}' FOR UPDATE")).await.expect("locked");
    let asked = tokio::spawn(request.send());
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("it waits", || async { (vault.count(waiting).await > 0).then_some(()) }).await;
    let rows = format!("SELECT FROM document_topics WHERE topic_id = '{topic}' FOR UPDATE NOWAIT; COMMIT");
    merging.batch_execute(&rows).await.expect("the rows are free");
    asked.await.expect("no panic").expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_count_their_documents_however_these_come_and_go_at_once() {
    let vault = TestVault::new().await;
    let (invoice, letter) = (vault.topic_id("Invoice").await, vault.topic_id("Letter").await);
    let mut ids = Vec::new();
    for n in 0..8 {
        ids.push(id_of(&vault.put_in(&format!("{n}.txt"), format!("nothing but {n}")).await));
    }
    // Half of them go from one topic to the other while the other half comes the other way.
    let swaps = (0..10).flat_map(|round| ids.iter().enumerate().map(move |(n, id)| (round, n, id)));
    let swaps = swaps.map(async |(round, n, id)| {
        let topic = if (round + n) % 2 == 0 { &invoice } else { &letter };
        let url = vault.api(&format!("/documents/{id}/topics"));
        let answer = vault.http.put(url).json(&json!({"topic_ids": [topic]})).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "nobody waits for another in a circle");
    });
    futures_util::future::join_all(swaps).await;
    let counts = async || {
        let topics = vault.get_json("/topics").await;
        let count = |name: &str| {
            let topic = topics["items"].as_array().expect("a list").iter().find(|topic| topic["name"] == name);
            topic.expect("the topic")["document_count"].as_i64().expect("a count")
        };
        (count("Invoice"), count("Letter"))
    };
    let (invoices, letters) = counts().await;
    assert_eq!(invoices + letters, 8);
    vault.assert_tidy().await;

    // What is in the trash does not count, and counts again when it is taken out.
    let url = vault.api(&format!("/documents/{}", ids[0]));
    let both = json!({"topic_ids": [invoice, letter]});
    vault.http.put(format!("{url}/topics")).json(&both).send().await.expect("an answer");
    let (invoices, letters) = counts().await;
    assert_eq!(vault.http.delete(&url).send().await.expect("an answer").status(), 204);
    assert_eq!(counts().await, (invoices - 1, letters - 1));
    vault.http.post(format!("{url}/restore")).send().await.expect("an answer");
    assert_eq!(counts().await, (invoices, letters));

    // Merged: a document that stood under both counts once.
    assert_eq!(merge(&vault, &invoice, json!({"into": letter})).await.status(), 200);
    let topics = vault.get_json("/topics").await;
    let left = topics["items"].as_array().expect("a list").iter().find(|topic| topic["name"] == "Letter");
    assert_eq!(left.expect("the topic")["document_count"], 8);
    vault.assert_tidy().await;
}
