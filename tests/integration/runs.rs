//! Many documents sorted anew: with progress, an early end, and a way back.

use crate::support::files::INVOICE;
use crate::support::llm_server::{LlmServer, Manner, choice};
use crate::support::{TestVault, eventually, id_of, problem};
use reqwest::Response;
use serde_json::{Value, json};
use std::time::Duration;

async fn post(vault: &TestVault, path: &str, body: &Value) -> Response {
    vault.http.post(vault.api(path)).json(body).send().await.expect("an answer")
}

async fn accepted(answer: Response) -> Value {
    assert_eq!(answer.status(), 202);
    answer.json().await.expect("JSON")
}

/// Starts a run; answers its id.
async fn start(vault: &TestVault, selection: Value) -> String {
    id_of(&accepted(post(vault, "/classification-runs", &selection).await).await)
}

async fn run(vault: &TestVault, id: &str) -> Value {
    vault.get_json(&format!("/classification-runs/{id}")).await
}

async fn ended(vault: &TestVault, id: &str) -> Value {
    eventually("the run ends", || async {
        let run = run(vault, id).await;
        (run["state"] == "done").then_some(run)
    })
    .await
}

fn figures(run: &Value) -> Vec<i64> {
    ["total", "done", "changed", "failed"].iter().map(|name| run[*name].as_i64().expect("a number")).collect()
}

/// What a run changes about a document.
fn sorting(document: &Value) -> (Value, Value, Value) {
    (document["topics"].clone(), document["topics_by_user"].clone(), document["status"].clone())
}

async fn sortings(vault: &TestVault, ids: &[String]) -> Vec<(Value, Value, Value)> {
    let mut all = Vec::new();
    for id in ids {
        all.push(sorting(&vault.document(id).await));
    }
    all
}

async fn choose(vault: &TestVault, id: &str, topics: &[&str]) {
    let url = vault.api(&format!("/documents/{id}/topics"));
    let answer = vault.http.put(url).json(&json!({"topic_ids": topics})).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

/// A vault without topics, and some bills in it that nobody could sort.
async fn unsorted(count: usize) -> (TestVault, Vec<String>) {
    let vault = TestVault::builder().without_topics().start().await;
    let worker = vault.worker();
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(id_of(&vault.put_in(&format!("{number}.txt"), format!("{INVOICE}\nNumber {number}")).await));
    }
    for id in &ids {
        assert_eq!(vault.processed(id).await["status"], "needs_review");
    }
    worker.stop().await;
    (vault, ids)
}

/// A vault whose provider is Ollama at this server.
async fn vault_at(server: &LlmServer) -> TestVault {
    let builder = TestVault::builder().set("AI_PROVIDER", "ollama").set("AI_BASE_URL", &server.url());
    builder.set("AI_MODEL", "the-model").start().await
}

async fn topic(vault: &TestVault, name: &str, description: &str) -> String {
    let made = post(vault, "/topics", &json!({"name": name, "description": description})).await;
    id_of(&made.json::<Value>().await.expect("a topic"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_topic_gets_what_belongs_to_it_and_the_run_can_be_taken_back() {
    let (vault, mut ids) = unsorted(4).await;
    let worker = vault.worker();
    let roses = id_of(&vault.put_in("roses.txt", "Pruning the roses: compost on the bed, and a new hedge.").await);
    vault.processed(&roses).await;
    ids.insert(0, roses);
    let invoice = topic(&vault, "Invoice", "Bills to pay: number, date, amount, due date").await;
    let mine = topic(&vault, "Mine", "").await;
    choose(&vault, &ids[0], &[&mine]).await;
    let before = sortings(&vault, &ids).await;
    eventually("that decision is learned", || async {
        (vault.count("SELECT count(*) FROM jobs WHERE kind = 'learn'").await > 0).then_some(())
    })
    .await;

    let started = accepted(post(&vault, "/classification-runs", &json!({})).await).await;
    assert_eq!(figures(&started), [4, 0, 0, 0], "a person's document is none to sort");
    let id = id_of(&started);
    assert_eq!(figures(&ended(&vault, &id).await), [4, 4, 4, 0]);
    let sorted = sortings(&vault, &ids).await;
    assert_eq!(sorted[0], before[0], "a person's choice stands");
    for (topics, by_user, status) in &sorted[1..] {
        assert_eq!((&topics[0]["id"], &topics[0]["source"]), (&json!(invoice), &json!("ai")));
        assert_eq!((by_user, status), (&json!(false), &json!("ready")));
    }
    let history = vault.get_json(&format!("/documents/{}/history", ids[1])).await;
    let line = &history["items"][0];
    assert_eq!((&line["action"], &line["actor"]), (&json!("document.reclassified"), &json!("worker")));
    assert_eq!((&line["detail"]["run_id"], &line["detail"]["provider"]), (&json!(id), &json!("local")));

    // The same once more changes nothing, so there is nothing to take back of it.
    let again = start(&vault, json!({})).await;
    assert_eq!(figures(&ended(&vault, &again).await), [4, 4, 0, 0]);
    problem(post(&vault, &format!("/classification-runs/{again}/undo"), &json!({})).await, 409, "nothing_to_undo")
        .await;

    // A person decides about one of them meanwhile.
    choose(&vault, &ids[4], &[]).await;
    let undo = accepted(post(&vault, &format!("/classification-runs/{id}/undo"), &json!({})).await).await;
    assert_eq!((&undo["undoes"], &undo["selection"]), (&json!(id), &Value::Null));
    assert_eq!(figures(&ended(&vault, &id_of(&undo)).await), [4, 4, 3, 0]);
    let after = sortings(&vault, &ids).await;
    assert_eq!(after[..4], before[..4], "what stood before stands again");
    assert_eq!(after[4], (json!([]), json!(true), json!("ready")));
    let no_more = [id.clone(), id_of(&undo)];
    for id in no_more {
        problem(post(&vault, &format!("/classification-runs/{id}/undo"), &json!({})).await, 409, "nothing_to_undo")
            .await;
    }
    worker.stop().await;

    let listed = vault.get_json("/classification-runs?limit=2").await;
    let newest: Vec<&Value> = listed["items"].as_array().expect("a list").iter().map(|run| &run["id"]).collect();
    assert_eq!(newest, [&undo["id"], &json!(again)]);
    let cursor = listed["next_cursor"].as_str().expect("another page");
    let rest = vault.get_json(&format!("/classification-runs?limit=2&cursor={cursor}")).await;
    assert_eq!((&rest["items"][0]["id"], &rest["next_cursor"]), (&json!(id), &Value::Null));
    vault.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_selection_is_kept_to_and_a_wrong_one_refused() {
    let (vault, ids) = unsorted(4).await;
    let invoice = topic(&vault, "Invoice", "Bills to pay: number, date, amount, due date").await;
    let worker = vault.worker();
    let named = start(&vault, json!({"document_ids": [ids[0], ids[1]]})).await;
    assert_eq!(figures(&ended(&vault, &named).await), [2, 2, 2, 0]);
    let by_status =
        start(&vault, json!({"statuses": ["needs_review"], "q": "Lovelace", "content_types": ["text/*"]})).await;
    assert_eq!(
        figures(&ended(&vault, &by_status).await),
        [2, 2, 2, 0],
        "what the run itself changes is no reason to miss some"
    );
    let by_topic = start(&vault, json!({"topic_ids": [invoice]})).await;
    assert_eq!(figures(&ended(&vault, &by_topic).await), [4, 4, 0, 0]);
    let none = start(&vault, json!({"document_ids": []})).await;
    assert_eq!(figures(&ended(&vault, &none).await), [0, 0, 0, 0]);
    worker.stop().await;

    let many: Vec<&String> = std::iter::repeat_n(&ids[0], 1_001).collect();
    for wrong in [
        json!({"document_ids": many}),
        json!({"document_ids": ["x"]}),
        json!({"statuses": ["lost"]}),
        json!({"q": "a ".repeat(251)}),
        json!({"q": "a\u{0}b"}),
        json!({"all": true}),
        json!([1]),
    ] {
        problem(post(&vault, "/classification-runs", &wrong).await, 400, "invalid_body").await;
    }
    for path in ["", "/cancel", "/undo"] {
        let url = format!("/classification-runs/{}{path}", ids[0]);
        let answer = if path.is_empty() { vault.get(&url).await } else { post(&vault, &url, &json!({})).await };
        problem(answer, 404, "not_found").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_ends_early_where_it_is_told_to() {
    let (vault, ids) = unsorted(3).await;
    topic(&vault, "Invoice", "Bills to pay: number, date, amount, due date").await;
    let id = start(&vault, json!({})).await;
    problem(post(&vault, &format!("/classification-runs/{id}/undo"), &json!({})).await, 409, "run_not_ended").await;
    let cancelled = accepted(post(&vault, &format!("/classification-runs/{id}/cancel"), &json!({})).await).await;
    assert_eq!((&cancelled["state"], &cancelled["cancelled"]), (&json!("done"), &json!(true)), "nobody had it in hand");
    let worker = vault.worker();
    // It would come first.
    let other = start(&vault, json!({"document_ids": [ids[0]]})).await;
    ended(&vault, &other).await;
    assert_eq!(figures(&run(&vault, &id).await), [3, 0, 0, 0]);
    // What has ended stays as it is.
    let ended = accepted(post(&vault, &format!("/classification-runs/{other}/cancel"), &json!({})).await).await;
    assert_eq!((&ended["cancelled"], &ended["changed"]), (&json!(false), &json!(1)));
    worker.stop().await;
}

/// A taking back that was broken off can be gone on with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_back_in_part_can_be_taken_back_as_a_whole() {
    let (vault, ids) = unsorted(3).await;
    topic(&vault, "Invoice", "Bills to pay: number, date, amount, due date").await;
    let worker = vault.worker();
    let id = start(&vault, json!({})).await;
    assert_eq!(figures(&ended(&vault, &id).await), [3, 3, 3, 0]);
    worker.stop().await;
    let path = format!("/classification-runs/{id}/undo");
    let first = id_of(&accepted(post(&vault, &path, &json!({})).await).await);
    problem(post(&vault, &path, &json!({})).await, 409, "nothing_to_undo").await;
    accepted(post(&vault, &format!("/classification-runs/{first}/cancel"), &json!({})).await).await;
    let worker = vault.worker();
    let second = id_of(&accepted(post(&vault, &path, &json!({})).await).await);
    assert_eq!(figures(&ended(&vault, &second).await), [3, 3, 3, 0]);
    worker.stop().await;
    for (topics, ..) in sortings(&vault, &ids).await {
        assert_eq!(topics, json!([]));
    }
    problem(post(&vault, &path, &json!({})).await, 409, "nothing_to_undo").await;
}

/// A vault whose model knew no topic for twelve bills, which it sorted one by one.
async fn twelve_at(server: &LlmServer) -> (TestVault, Vec<String>) {
    let builder = TestVault::builder().set("AI_PROVIDER", "ollama").set("AI_BASE_URL", &server.url());
    let vault = builder.set("AI_MODEL", "the-model").set("WORKER_CONCURRENCY", "1").start().await;
    let worker = vault.worker();
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(id_of(&vault.put_in(&format!("{number}.txt"), format!("{INVOICE}\nNumber {number}")).await));
    }
    for id in &ids {
        assert_eq!(vault.processed(id).await["status"], "needs_review");
    }
    worker.stop().await;
    (vault, ids)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_in_meanwhile_does_not_wait_for_the_end_of_a_run() {
    let server = LlmServer::start(Manner::Say(choice(&[], 0.9))).await;
    let (vault, _) = twelve_at(&server).await;
    server.usually(Manner::Slowly(choice(&[("Tax", 0.875)], 0.0), Duration::from_millis(300)));
    let worker = vault.worker();
    let id = start(&vault, json!({})).await;
    eventually("the run is under way", || async { (run(&vault, &id).await["changed"] != 0).then_some(()) }).await;
    let new = id_of(&vault.put_in("new.txt", format!("{INVOICE}\nJust now")).await);
    vault.processed(&new).await;
    let meanwhile = run(&vault, &id).await;
    assert!(meanwhile["done"].as_i64().is_some_and(|done| done < 12), "{meanwhile}");
    assert_eq!(figures(&ended(&vault, &id).await), [12, 12, 12, 0]);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_worker_goes_on_where_one_has_stopped() {
    let server = LlmServer::start(Manner::Say(choice(&[], 0.9))).await;
    let (vault, ids) = twelve_at(&server).await;
    let first = vault.worker();
    let asked = server.seen().len();
    server.usually(Manner::Slowly(choice(&[("Tax", 0.875)], 0.0), Duration::from_millis(100)));
    let id = start(&vault, json!({})).await;
    eventually("the run is under way", || async { (run(&vault, &id).await["changed"] != 0).then_some(()) }).await;
    first.stop().await;
    let stopped = run(&vault, &id).await;
    assert_eq!(stopped["state"], "queued", "{stopped}");
    let second = vault.worker();
    assert_eq!(figures(&ended(&vault, &id).await), [12, 12, 12, 0]);
    second.stop().await;
    for (topics, ..) in sortings(&vault, &ids).await {
        assert_eq!((&topics[0]["name"], &topics[0]["confidence"]), (&json!("Tax"), &json!(0.875)));
    }
    assert_eq!(server.seen().len() - asked, 12, "each document is asked about once");
    let twice = "SELECT count(*) - count(DISTINCT subject_id) FROM audit_log WHERE action = 'document.reclassified'";
    assert_eq!(vault.count(twice).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_is_shown_what_a_person_decided_about_documents_like_it() {
    let server = LlmServer::start(Manner::Say(choice(&[("Tax", 0.875)], 0.0))).await;
    let vault = vault_at(&server).await;
    let worker = vault.worker();
    let letter = vault.topic_id("Letter").await;
    let near = id_of(&vault.put_in("roses.txt", "Pruning the roses: compost on the bed, and a new hedge.").await);
    let far = id_of(&vault.put_in("saturn.txt", "The rings of Saturn through a large telescope.").await);
    for id in [&near, &far] {
        vault.processed(id).await;
        choose(&vault, id, &[&letter]).await;
    }
    let asked = id_of(&vault.put_in("hedge.txt", "The hedge wants pruning, the roses want compost.").await);
    vault.processed(&asked).await;
    worker.stop().await;
    let seen = server.seen();
    let question = seen.last().expect("a question").user();
    assert!(question.contains("compost on the bed") && question.contains("The person's choice: Letter"), "{question}");
    assert!(!question.contains("Saturn"), "{question}");
}
