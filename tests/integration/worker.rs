//! The worker: retries, dead jobs, leases, sweeps, and any number of them side by side.

use crate::support::files::{INVOICE, pdf};
use crate::support::{TestVault, eventually, id_of, no_program, problem};
use docuvault::services::sweep::{self, Removed};
use serde_json::{Value, json};
use std::time::Duration;

async fn jobs(vault: &TestVault, state: &str) -> Vec<Value> {
    vault.get_json(&format!("/jobs?state={state}")).await["items"].as_array().expect("a list").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_fails_is_tried_again_then_dead_then_retried_by_hand() {
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("a.pdf", pdf(&["words"])).await);
    // A worker whose reading children can't be started: a mistake in our own house, which may pass.
    let broken = vault.worker_with(&[("JOB_MAX_ATTEMPTS", "2")], no_program());
    let waiting = eventually("the first attempt fails", || async {
        jobs(&vault, "queued").await.into_iter().find(|job| job["attempts"] == 1)
    })
    .await;
    let shown = waiting["last_error"].as_str().expect("a reason");
    assert!(shown.starts_with("internal: ") && !shown.contains("/nonexistent"), "the cause is for the log: {shown}");
    assert_eq!(vault.document(&id).await["status"], "pending");

    let document = vault.processed(&id).await;
    assert_eq!((&document["status"], &document["error"]["code"]), (&json!("failed"), &json!("gave_up")));
    let dead = jobs(&vault, "dead").await;
    assert_eq!((dead.len(), &dead[0]["attempts"], &dead[0]["document_id"]), (1, &json!(2), &json!(id)));
    broken.stop().await;

    let retry = vault.api(&format!("/jobs/{}/retry", id_of(&dead[0])));
    let retried = vault.http.post(&retry).send().await.expect("an answer");
    assert_eq!(retried.status(), 202);
    assert_eq!(retried.json::<Value>().await.expect("JSON")["state"], "queued");
    problem(vault.http.post(&retry).send().await.expect("an answer"), 409, "job_not_dead").await;
    let worker = vault.worker();
    let document = vault.processed(&id).await;
    assert_eq!(document["error"], Value::Null, "{document}");
    assert_eq!(vault.text(&id).await.trim(), "words");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_side_by_side_do_each_job_once() {
    let vault = TestVault::new().await;
    let workers: Vec<_> = (0..3).map(|_| vault.worker()).collect();
    let mut ids = Vec::new();
    for n in 0..40 {
        // Each text carries its own mark, so that no document can have another's.
        ids.push(id_of(&vault.put_in("a.pdf", pdf(&[&format!("{INVOICE}\nmark-{n}-mark")])).await));
    }
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(vault.processed(id).await["status"], "ready");
        assert!(vault.text(id).await.contains(&format!("mark-{n}-mark")), "document {n} has another's text");
    }
    assert_eq!(vault.count("SELECT count(*) FROM audit_log WHERE action = 'document.processed'").await, 40);
    assert_eq!(vault.count("SELECT count(*) FROM jobs WHERE state = 'done' AND attempts = 1").await, 40);
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(vault.vault.queue.depth().await.expect("a number"), 0, "every ring was answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_lease_is_taken_over_and_the_old_holder_can_change_nothing() {
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    let job: docuvault::domain::JobId =
        jobs(&vault, "queued").await[0]["id"].as_str().expect("an id").parse().expect("an id");
    use docuvault::services::processing;
    let work = processing::claim(&vault.vault, job, "first").await.expect("no failure").expect("it is free");
    assert_eq!(vault.document(&id).await["status"], "processing");
    assert!(processing::claim(&vault.vault, job, "second").await.expect("no failure").is_none(), "it is held");
    let outcome = processing::run(&vault.vault, &work).await.expect("it is read");

    let superuser = vault.superuser().await;
    superuser.execute("UPDATE jobs SET lease_until = now() - interval '1 second'", &[]).await.expect("aged");
    let worker = vault.worker();
    let document = vault.processed(&id).await;
    assert_eq!(document["status"], "ready");
    assert!(!processing::settle(&vault.vault, &work, "first", outcome).await.expect("no failure"), "too late");
    assert_eq!(vault.count("SELECT count(*) FROM audit_log WHERE action = 'document.processed'").await, 1);
    assert_eq!(vault.document(&id).await["updated_at"], document["updated_at"]);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_to_a_document_while_it_is_read_stands() {
    use docuvault::services::processing;
    let vault = TestVault::new().await;
    let (tax, letter) = (vault.topic_id("Tax").await, vault.topic_id("Letter").await);
    let mut ids = Vec::new();
    for name in
        ["titled.txt", "sorted.txt", "trashed.txt", "removed.txt", "of-a-topic-that-goes.txt", "let-be.txt", "none.txt"]
    {
        ids.push(id_of(&vault.put_in(name, format!("{INVOICE} {name}")).await));
    }
    let mut works = Vec::new();
    for job in jobs(&vault, "queued").await {
        let job = job["id"].as_str().expect("an id").parse().expect("an id");
        let work = processing::claim(&vault.vault, job, "me").await.expect("no failure").expect("it is free");
        let outcome = processing::run(&vault.vault, &work).await.expect("it is read");
        works.push((work, outcome));
    }
    let url = |at: usize, more: &str| vault.api(&format!("/documents/{}{more}", ids[at]));
    let done = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
    };
    done(vault.http.patch(url(0, "")).json(&json!({"title": "Mine"}))).await;
    done(vault.http.put(url(1, "/topics")).json(&json!({"topic_ids": [tax, letter]}))).await;
    // Under no topic before and after, but a person has looked.
    done(vault.http.put(url(6, "/topics")).json(&json!({"topic_ids": []}))).await;
    done(vault.http.delete(url(2, ""))).await;
    done(vault.http.delete(url(3, "?permanently=true"))).await;
    let invoice = vault.topic_id("Invoice").await;
    done(vault.http.delete(vault.api(&format!("/topics/{invoice}")))).await;

    for (work, outcome) in works {
        let held = processing::settle(&vault.vault, &work, "me", outcome).await.expect("no failure");
        assert_eq!(held, work.document.id.to_string() != ids[3], "only what is gone is lost");
    }
    let topics = |document: &Value| -> Vec<String> {
        let topics = document["topics"].as_array().expect("topics").iter();
        topics.map(|topic| format!("{} by {}", topic["name"], topic["source"]).replace('"', "")).collect()
    };
    let titled = vault.document(&ids[0]).await;
    assert_eq!((&titled["title"], &titled["status"]), (&json!("Mine"), &json!("needs_review")), "its topic is gone");
    let sorted = vault.document(&ids[1]).await;
    assert_eq!(topics(&sorted), ["Letter by user", "Tax by user"]);
    assert_eq!(sorted["status"], "ready");
    let none = vault.document(&ids[6]).await;
    assert_eq!((topics(&none), &none["topics_by_user"], &none["status"]), (Vec::new(), &json!(true), &json!("ready")));
    for id in [&ids[0], &ids[1], &ids[4], &ids[5], &ids[6]] {
        assert!(vault.text(id).await.contains("nvoice"), "all were read");
    }
    assert_eq!(vault.get(&format!("/documents/{}", ids[3])).await.status(), 404);
    let trashed = vault.get_json("/documents?deleted=true").await;
    assert_eq!(
        (trashed["items"].as_array().map(Vec::len), &trashed["items"][0]["status"]),
        (Some(1), &json!("needs_review"))
    );
    assert_eq!(vault.count("SELECT count(*) FROM jobs WHERE state = 'done'").await, 6);
    assert_eq!(vault.count("SELECT count(*) FROM audit_log WHERE action = 'document.processed'").await, 6);
    assert_eq!(vault.count("SELECT count(*) FROM document_topics WHERE source = 'ai'").await, 0);
    let counted = "SELECT count(*) FROM topics WHERE document_count <> \
        (SELECT count(*) FROM document_topics WHERE topic_id = topics.id)";
    assert_eq!(vault.count(counted).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_kills_its_worker_each_time_is_given_up() {
    let vault = TestVault::builder().set("JOB_MAX_ATTEMPTS", "3").start().await;
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    let superuser = vault.superuser().await;
    // Three workers took it and died.
    superuser
        .execute(
            "UPDATE jobs SET state = 'running', attempts = 3, lease_owner = 'dead', lease_until = now() - interval '1 second'",
            &[],
        )
        .await
        .expect("aged");
    let worker = vault.worker();
    let document = vault.processed(&id).await;
    assert_eq!(document["error"]["code"], "gave_up");
    assert_eq!(jobs(&vault, "dead").await.len(), 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_are_listed_page_by_page() {
    let vault = TestVault::new().await;
    for n in 0..5 {
        vault.put_in("a.txt", format!("words {n}")).await;
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = vault.get_json(&format!("/jobs?limit=2{cursor}")).await;
        seen.extend(page["items"].as_array().expect("a list").iter().map(id_of));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut newest_first = seen.clone();
    newest_first.sort();
    newest_first.reverse();
    assert_eq!((seen.len(), &seen), (5, &newest_first));
    assert_eq!(jobs(&vault, "done").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_rings_again_only_for_what_nobody_looks_at() {
    let vault = TestVault::new().await;
    for n in 0..3 {
        vault.put_in("a.txt", format!("words {n}")).await;
    }
    let superuser = vault.superuser().await;
    superuser.execute("UPDATE jobs SET run_after = now() - interval '1 minute'", &[]).await.expect("aged");
    assert_eq!(sweep::ring_again(&vault.vault, false).await.expect("swept"), 0, "all three rings are in the air");
    // Redis is wiped: here, the one stream of this vault.
    let mut redis = redis_client().await;
    let key = format!("{}:v1:jobs", vault.database.name);
    let _: i64 = redis::cmd("DEL").arg(&key).query_async(&mut redis).await.expect("wiped");
    assert_eq!(sweep::ring_again(&vault.vault, false).await.expect("swept"), 3);
    assert_eq!(sweep::ring_again(&vault.vault, false).await.expect("swept"), 0);
}

use deadpool_redis::redis;

async fn redis_client() -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(crate::support::setting("TEST_REDIS_URL")).expect("a URL");
    client.get_multiplexed_async_connection().await.expect("a connection")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_redis_wiped_under_a_worker_the_work_goes_on() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let mut redis = redis_client().await;
    let key = format!("{}:v1:jobs", vault.database.name);
    let mut ids = Vec::new();
    for n in 0..30 {
        ids.push(id_of(&vault.put_in("a.txt", format!("{INVOICE} {n}")).await));
        if n % 10 == 5 {
            let _: i64 = redis::cmd("DEL").arg(&key).query_async(&mut redis).await.expect("wiped");
        }
    }
    for id in &ids {
        assert_eq!(vault.processed(id).await["status"], "ready");
    }
    assert_eq!(vault.count("SELECT count(*) FROM audit_log WHERE action = 'document.processed'").await, 30);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orphans_are_removed_after_the_grace_period_and_nothing_else() {
    let vault = TestVault::new().await;
    let kept = vault.put_in("kept.txt", "kept").await;
    let name: docuvault::domain::Filename = "orphan.txt".parse().expect("a name");
    let orphan = docuvault::domain::ObjectKey::generate(docuvault::domain::DocumentId::generate(), &name);
    vault.vault.storage.put(&orphan, "text/plain", &mut &b"left behind"[..]).await.expect("put");
    let mut suspects = sweep::Suspects::new();
    let nothing = Removed::default();
    assert_eq!(sweep::remove_orphans(&vault.vault, &mut suspects).await.expect("swept"), nothing, "too young");

    let late = vault.later(Duration::from_secs(86_400 + 60));
    assert_eq!(sweep::remove_orphans(&late, &mut suspects).await.expect("swept"), nothing, "seen for the first time");
    let later = vault.later(Duration::from_secs(86_400 + 300));
    let removed = sweep::remove_orphans(&later, &mut suspects).await.expect("swept");
    assert_eq!(removed, Removed { objects: 1, uploads: 0 });
    assert_eq!(vault.bytes(&id_of(&kept)).await, b"kept");
    vault.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_wrong_database_the_sweep_removes_nothing() {
    let vault = TestVault::new().await;
    for n in 0..12 {
        vault.put_in("a.txt", format!("words {n}")).await;
    }
    vault.superuser().await.execute("DELETE FROM documents", &[]).await.expect("another database, in effect");
    let mut suspects = sweep::Suspects::new();
    for late in [86_400 + 60, 86_400 + 300] {
        let late = vault.later(Duration::from_secs(late));
        assert_eq!(sweep::remove_orphans(&late, &mut suspects).await.expect("swept"), Removed::default());
    }
    assert_eq!(vault.object_keys().await.len(), 12);
    // Somebody goes on with it before the backup is restored.
    for n in 0..3 {
        vault.put_in("b.txt", format!("new words {n}")).await;
    }
    let mut suspects = sweep::Suspects::new();
    for late in [86_400 + 60, 86_400 + 300] {
        let late = vault.later(Duration::from_secs(late));
        assert_eq!(sweep::remove_orphans(&late, &mut suspects).await.expect("swept"), Removed::default());
    }
    assert_eq!(vault.object_keys().await.len(), 15);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_is_never_delivered_hides_no_lost_ring() {
    let vault = TestVault::new().await;
    let mut redis = redis_client().await;
    let key = format!("{}:v1:jobs", vault.database.name);
    vault.put_in("a.txt", INVOICE).await;
    // The ring is lost, and something else lies in the stream in its place.
    let _: i64 = redis::cmd("DEL").arg(&key).query_async(&mut redis).await.expect("wiped");
    let _: String =
        redis::cmd("XADD").arg(&[&key, "*", "stray", "entry"]).query_async(&mut redis).await.expect("added");
    let aged = "UPDATE jobs SET run_after = now() - interval '1 hour'";
    vault.superuser().await.execute(aged, &[]).await.expect("aged");
    assert_eq!(sweep::ring_again(&vault.vault, false).await.expect("swept"), 0, "by the count nothing is lost");
    assert_eq!(sweep::ring_again(&vault.vault, true).await.expect("swept"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_stops_in_the_middle_of_a_sweep_holds_up_no_other() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let held = "INSERT INTO leases VALUES ('sweep_of_a_test', $1, now() + interval '1 hour')";
    vault.superuser().await.execute(held, &[&worker.name]).await.expect("held");
    worker.stop().await;
    assert_eq!(vault.count("SELECT count(*) FROM leases").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_ai_chose_earlier_stands_until_somebody_asks_again() {
    let vault = TestVault::new().await;
    let tax = vault.topic_id("Tax").await;
    let upload = async |name: &str, bytes: Vec<u8>, more: &[&str]| {
        let mut form = reqwest::multipart::Form::new();
        for topic in [&[tax.as_str()], more].concat() {
            form = form.text("ai_topics", format!("{topic}:0.8125"));
        }
        let answer = vault.post_form(form.part("file", crate::support::file_part(name, bytes))).await;
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.expect("JSON")
    };
    let created = upload("a.pdf", pdf(&[INVOICE]), &[]).await;
    let brought = json!(["Tax", "ai", 0.8125]);
    let topics = |document: &Value| {
        let topics = document["topics"].as_array().expect("a list").iter();
        topics.map(|topic| json!([topic["name"], topic["source"], topic["confidence"]])).collect::<Vec<_>>()
    };
    assert_eq!((topics(&created), &created["topics_by_user"]), (vec![brought.clone()], &json!(false)));
    let unreadable = upload("a.bin", b"\x89PNG\r\n\x1a\n".to_vec(), &[]).await;
    let orphaned = vault.http.post(vault.api("/topics")).json(&json!({"name": "short-lived"})).send().await;
    let short_lived = id_of(&orphaned.expect("an answer").json().await.expect("JSON"));
    let both = upload("b.txt", b"a few words".to_vec(), &[&short_lived]).await;
    assert_eq!(topics(&both).len(), 2);
    let removed = vault.http.delete(vault.api(&format!("/topics/{short_lived}"))).send().await;
    assert_eq!(removed.expect("an answer").status(), 204);

    let worker = vault.worker();
    let document = vault.processed(&id_of(&created)).await;
    assert_eq!((&document["status"], topics(&document)), (&json!("ready"), vec![brought.clone()]));
    assert!(vault.text(&id_of(&created)).await.contains("Amount due"), "it was read");
    let document = vault.processed(&id_of(&unreadable)).await;
    assert_eq!((&document["status"], topics(&document)), (&json!("failed"), vec![brought.clone()]));
    assert_eq!(topics(&vault.processed(&id_of(&both)).await), [brought]);

    let again = vault.api(&format!("/documents/{}/reprocess", id_of(&created)));
    assert_eq!(vault.http.post(again).send().await.expect("an answer").status(), 202);
    let document = vault.processed(&id_of(&created)).await;
    assert_eq!(
        (&document["status"], &document["topics"][0]["name"]),
        (&json!("ready"), &json!("Invoice")),
        "{document}"
    );
    worker.stop().await;
}
