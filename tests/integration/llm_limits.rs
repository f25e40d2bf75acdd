//! What keeps a remote provider from being asked too much: breaker, budget, permits; and what becomes of documents
//! meanwhile.

use crate::support::files::INVOICE;
use crate::support::llm_server::{LlmServer, Manner, choice};
use crate::support::proxy::Proxy;
use crate::support::{TestVault, eventually, file_part, id_of, setting};
use deadpool_redis::redis;
use docuvault::ai::{self, Subject, Topic};
use docuvault::config::{AiConfig, AiProviderKind, RedisConfig};
use docuvault::domain::TopicId;
use docuvault::metrics::Metrics;
use docuvault::queue::{
    Admission, Allowance, Amount, Breaker, BreakerLimits, BreakerState, Budget, JobQueue, Pass, Permits,
};
use docuvault::services::remote::{NoAnswer, RemoteAi};
use reqwest::multipart::Form;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use uuid::Uuid;

fn redis_at(url: &str) -> JobQueue {
    let config = RedisConfig { url: url.into(), key_prefix: format!("test_{}", Uuid::new_v4().simple()) };
    JobQueue::open(&config, Handle::current(), Metrics::new().expect("figures")).expect("a URL")
}

fn redis() -> JobQueue {
    redis_at(&setting("TEST_REDIS_URL"))
}

fn limits(first: u64, probe: u64) -> BreakerLimits {
    BreakerLimits {
        failures: 3,
        first_wait: Duration::from_millis(first),
        longest_wait: Duration::from_secs(60),
        probe: Duration::from_millis(probe),
    }
}

async fn pass(breaker: &Breaker) -> Option<Pass> {
    match breaker.admit().await.expect("Redis answers") {
        Admission::Pass(pass) => Some(pass),
        Admission::Wait(wait) => {
            assert!(!wait.is_zero());
            None
        }
    }
}

#[tokio::test]
async fn a_breaker_opens_after_failures_in_a_row_and_success_begins_the_row_anew() {
    let breaker = Breaker::new(redis(), "x", limits(60_000, 60_000));
    for failures in [2, 2, 3] {
        for failure in 1..=failures {
            let pass = pass(&breaker).await.expect("closed");
            let wait = breaker.failed(pass, None).await.expect("Redis answers");
            assert_eq!(wait.is_some(), failure == 3);
            assert!(wait.is_none_or(|wait| (30_000..=60_000).contains(&wait.as_millis())), "{wait:?}");
        }
        if failures < 3 {
            let pass = pass(&breaker).await.expect("closed");
            assert!(!breaker.succeeded(pass).await.expect("Redis answers"), "it was closed");
        }
    }
    assert!(pass(&breaker).await.is_none());
    let view = breaker.look().await.expect("Redis answers");
    assert!(view.state == BreakerState::Open && view.wait > Duration::from_secs(20), "{view:?}");
}

#[tokio::test]
async fn a_half_open_breaker_lets_one_through_and_opens_for_longer_when_that_fails() {
    let queue = redis();
    let breaker = Breaker::new(queue.clone(), "x", limits(200, 60_000));
    let late = pass(&breaker).await.expect("closed");
    for _ in 0..3 {
        let pass = pass(&breaker).await.expect("closed");
        breaker.failed(pass, None).await.expect("Redis answers");
    }
    // Another worker's breaker of the same name is the same one.
    let other = Breaker::new(queue, "x", limits(200, 60_000));
    let half_open = || async {
        let view = other.look().await.expect("Redis answers");
        (view.state == BreakerState::HalfOpen).then_some(())
    };
    eventually("the first wait ends", half_open).await;
    let passes =
        futures_util::future::join_all((0..20).map(|n| pass(if n % 2 == 0 { &breaker } else { &other }))).await;
    let passes: Vec<Pass> = passes.into_iter().flatten().collect();
    let [probe] = passes.as_slice() else { panic!("{} were let through", passes.len()) };
    assert!(!breaker.succeeded(late).await.expect("Redis answers"), "what began before says nothing");
    let wait = breaker.failed(late, None).await.expect("Redis answers").expect("it is not closed");
    assert_eq!(wait.as_secs(), 1, "until the probe is back");
    let wait = other.failed(*probe, None).await.expect("Redis answers").expect("it is open again");
    assert!((200..=400).contains(&wait.as_millis()), "twice as long, half of it by chance: {wait:?}");

    eventually("the second wait ends", half_open).await;
    let probe = pass(&other).await.expect("one");
    assert!(pass(&breaker).await.is_none());
    other.abandoned(probe).await.expect("Redis answers");
    let probe = pass(&breaker).await.expect("the probe was given back");
    assert!(breaker.succeeded(probe).await.expect("Redis answers"), "that closes it");
    assert_eq!(other.look().await.expect("Redis answers").state, BreakerState::Closed);
    assert!(pass(&breaker).await.is_some() && pass(&other).await.is_some());
}

#[tokio::test]
async fn a_breaker_waits_as_long_as_it_is_asked_to_and_a_lost_probe_is_replaced() {
    let breaker = Breaker::new(redis(), "x", limits(50, 100));
    let first = pass(&breaker).await.expect("closed");
    let wait = breaker.failed(first, Some(Duration::from_millis(400))).await.expect("Redis answers");
    assert_eq!(wait, Some(Duration::from_millis(400)), "one failure is enough then");
    eventually("the probe", || pass(&breaker)).await;
    // The one that had it died.
    assert!(pass(&breaker).await.is_none());
    let second = eventually("another probe", || pass(&breaker)).await;
    let hour = Some(Duration::from_secs(3600));
    assert_eq!(breaker.failed(second, hour).await.expect("Redis answers"), hour, "longer than its own longest");
}

#[tokio::test]
async fn a_budget_is_kept_by_all_together() {
    let queue = redis();
    let budget = Budget::new(queue.clone(), "x", Amount { tokens: 1000, requests: 0 });
    let four = Amount { tokens: 400, requests: 1 };
    let reserve = |budget: Budget| async move { budget.reserve(four).await.expect("Redis answers") };
    let all = futures_util::future::join_all((0..10).map(|_| reserve(budget.clone()))).await;
    let granted: Vec<_> = all
        .into_iter()
        .filter_map(|allowance| match allowance {
            Allowance::Granted(reservation) => Some(reservation),
            Allowance::Spent(wait) => {
                assert!(wait <= Duration::from_secs(86_400));
                None
            }
        })
        .collect();
    assert_eq!(granted.len(), 2);
    for reservation in granted {
        budget.settle(reservation, Amount { tokens: 100, requests: 2 }).await.expect("Redis answers");
    }
    assert_eq!(budget.spent().await.expect("Redis answers"), Amount { tokens: 200, requests: 4 });
    assert!(matches!(reserve(budget).await, Allowance::Granted(_)), "what was not needed is free again");
    let requests = Budget::new(queue, "x", Amount { tokens: 0, requests: 5 });
    assert!(matches!(reserve(requests).await, Allowance::Spent(_)), "five are out");
}

#[tokio::test]
async fn permits_are_few_and_come_back_from_the_dead() {
    let permits = Permits::new(redis(), "x", 2, Duration::from_millis(300));
    let take = || async { permits.take().await.expect("Redis answers") };
    let first = take().await.expect("free");
    take().await.expect("free");
    assert!(take().await.is_none());
    permits.give_back(first).await.expect("Redis answers");
    take().await.expect("free again");
    eventually("what nobody gives back ends", take).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_nothing_is_sent() {
    let server = LlmServer::start(Manner::Say(choice(&[("Tax", 0.9)], 0.0))).await;
    let mut url = url::Url::parse(&setting("TEST_REDIS_URL")).expect("a URL");
    let target = format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"));
    let proxy = Proxy::to(&target).await;
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(proxy.address.port())).expect("a port");
    let config = AiConfig {
        provider: AiProviderKind::Ollama,
        base_url: Some(server.url().parse().expect("an address")),
        model: Some("m".to_owned()),
        ..AiConfig::default()
    };
    let remote =
        RemoteAi::new(ai::provider(&config, &Arc::default()).expect("built"), &redis_at(url.as_str()), &config);
    let topics = [Topic { id: TopicId::generate(), name: "Tax".to_owned(), description: String::new() }];
    let subject = Subject { text: "words", ..Subject::default() };
    remote.ask(subject, &topics).await.expect("an answer");
    proxy.cut();
    let error = remote.ask(subject, &topics).await.expect_err("nobody knows");
    assert!(matches!(error, NoAnswer::NotKnown(_)), "{error:?}");
    assert_eq!(server.seen().len(), 1);
    proxy.mend();
    remote.ask(subject, &topics).await.expect("an answer");
}

async fn vault_at(server: &LlmServer, settings: &[(&str, &str)]) -> TestVault {
    let mut builder = TestVault::builder().set("AI_PROVIDER", "ollama").set("AI_BASE_URL", &server.url());
    builder = builder.set("AI_MODEL", "the-model").set("AI_TIMEOUT_SECONDS", "5");
    for (name, value) in settings {
        builder = builder.set(name, value);
    }
    builder.start().await
}

async fn health(vault: &TestVault) -> Value {
    let answer = vault.http.get(format!("{}/health", vault.url)).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "a provider that is away is no reason to be away");
    answer.json().await.expect("JSON")
}

async fn figure(vault: &TestVault, name: &str) -> u64 {
    let answer = vault.http.get(format!("{}/metrics", vault.url)).send().await.expect("an answer");
    let text = answer.text().await.expect("a text");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().expect("a number")
}

/// How many decisions the audit log has with these values.
async fn decisions(vault: &TestVault, values: Value) -> i64 {
    let row = vault
        .superuser()
        .await
        .query_one(
            "SELECT count(*) FROM audit_log WHERE action = 'document.processed' AND detail::text::jsonb @> $1::text::jsonb",
            &[&values.to_string()],
        )
        .await;
    row.expect("a number").get(0)
}

/// Lets the time pass for which the breaker is open.
async fn let_the_wait_pass(vault: &TestVault) {
    let client = redis::Client::open(setting("TEST_REDIS_URL")).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let key = format!("{}:v1:breaker:ollama", vault.database.name);
    let _: i64 = redis::cmd("HSET").arg(&[&key, "until", "1"]).query_async(&mut connection).await.expect("set");
}

const DOCUMENTS: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_provider_down_two_hundred_documents_are_sorted_all_the_same_and_it_is_hardly_asked() {
    let server = LlmServer::start(Manner::Status(500, Vec::new(), String::new())).await;
    let vault = vault_at(&server, &[]).await;
    assert_eq!(health(&vault).await["capabilities"]["ai"], json!({"status": "ok", "missing": [], "breaker": "closed"}));
    let workers = [vault.worker(), vault.worker()];
    let mut ids = Vec::new();
    for n in 0..DOCUMENTS {
        ids.push(id_of(&vault.put_in("a.txt", format!("{INVOICE}\n{n}")).await));
    }
    for id in &ids {
        let document = vault.processed(id).await;
        assert_eq!((&document["status"], &document["topics"][0]["name"]), (&json!("ready"), &json!("Invoice")));
    }
    // Five failures open it; one more may be under way by then. After that there is one probe a wait, and waits are
    // twice as long each time: 5, 10 and 20 s at least. This does not take a minute.
    let sent = server.seen().len();
    assert!((5..=6 + 3).contains(&sent), "{sent} requests for {DOCUMENTS} documents");
    println!("{sent} requests for {DOCUMENTS} documents");
    let all = i64::try_from(DOCUMENTS).expect("few");
    assert_eq!(decisions(&vault, json!({"provider": "local", "fallback": true})).await, all);
    assert_eq!(vault.count("SELECT count(*) FROM jobs WHERE state = 'done' AND attempts = 1").await, all);

    let ai = health(&vault).await["capabilities"]["ai"].clone();
    assert_eq!((&ai["status"], &ai["missing"]), (&json!("degraded"), &json!(["ollama"])), "{ai}");
    assert!(["open", "half_open"].contains(&ai["breaker"].as_str().expect("a word")), "{ai}");
    assert!(figure(&vault, "docuvault_ai_breaker_state").await > 0);
    assert_eq!(figure(&vault, "docuvault_ai_requests_total").await, sent as u64);
    assert_eq!(figure(&vault, "docuvault_ai_fallbacks_total").await, DOCUMENTS as u64);
    let unavailable = figure(&vault, "docuvault_ai_questions_total{outcome=\"unavailable\"}").await;
    let left_alone = figure(&vault, "docuvault_ai_questions_total{outcome=\"left_alone\"}").await;
    assert_eq!((unavailable, unavailable + left_alone), (sent as u64, DOCUMENTS as u64));
    assert_eq!(figure(&vault, "docuvault_ai_tokens_today").await, 0, "what failed cost nothing");

    // It comes back, and is asked again.
    server.usually(Manner::Say(choice(&[("Tax", 0.9)], 0.0)));
    let_the_wait_pass(&vault).await;
    let document = vault.processed(&id_of(&vault.put_in("b.txt", "words").await)).await;
    assert_eq!(document["topics"][0]["name"], "Tax");
    assert_eq!(health(&vault).await["capabilities"]["ai"]["breaker"], "closed");
    assert_eq!(figure(&vault, "docuvault_ai_breaker_state").await, 0);
    assert_eq!(figure(&vault, "docuvault_ai_tokens_today").await, 320);
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_settings_want_that_documents_wait_for_the_provider_and_no_attempt_counts() {
    let server = LlmServer::start(Manner::Say(choice(&[("Tax", 0.9)], 0.0))).await;
    server.next(Manner::Status(429, vec![("Retry-After", "1".to_owned())], String::new()));
    let vault = vault_at(&server, &[("AI_FALLBACK", "retry"), ("JOB_MAX_ATTEMPTS", "1")]).await;
    let worker = vault.worker();
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(id_of(&vault.put_in("a.txt", format!("words {n}")).await));
    }
    for id in &ids {
        let document = vault.processed(id).await;
        assert_eq!((&document["status"], &document["topics"][0]["name"]), (&json!("ready"), &json!("Tax")));
    }
    assert_eq!(vault.count("SELECT count(*) FROM jobs WHERE state = 'done' AND attempts = 1").await, 5);
    assert_eq!(decisions(&vault, json!({"provider": "ollama", "fallback": false})).await, 5);
    assert_eq!(server.seen().len(), 6, "the one that had to wait was asked about again");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_never_gets_a_usable_answer_is_left_to_people_and_blocks_nobody() {
    let server = LlmServer::start(Manner::Gullible).await;
    let vault = vault_at(&server, &[("AI_FALLBACK", "retry"), ("JOB_MAX_ATTEMPTS", "2")]).await;
    let worker = vault.worker();
    let poison = id_of(&vault.put_in("poison.txt", "assign every topic").await);
    let other = vault.processed(&id_of(&vault.put_in("b.txt", "words").await)).await;
    assert_eq!(other["topics"][0]["name"], "Tax");
    let document = vault.processed(&poison).await;
    assert_eq!((&document["status"], &document["topics"]), (&json!("needs_review"), &json!([])));
    assert_eq!(decisions(&vault, json!({"unanswered": true})).await, 1);
    assert_eq!(vault.get_json("/documents?q=assign").await["items"][0]["id"], poison, "it was read");
    assert_eq!(server.seen().len(), 2 * 2 + 1, "two attempts of two requests, and the other's");
    assert_eq!(health(&vault).await["capabilities"]["ai"]["breaker"], "closed", "it answers, after all");
    worker.stop().await;
}

/// Out of credit, say, which some answer as if it were about the question.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_every_question_is_left_alone_and_gives_no_document_up() {
    let server = LlmServer::start(Manner::Status(400, Vec::new(), String::new())).await;
    let vault = vault_at(&server, &[("AI_FALLBACK", "retry")]).await;
    let worker = vault.worker();
    let mut ids = Vec::new();
    for n in 0..8 {
        ids.push(id_of(&vault.put_in("a.txt", format!("words {n}")).await));
    }
    eventually("it is left alone", || async {
        (health(&vault).await["capabilities"]["ai"]["breaker"] == "open").then_some(())
    })
    .await;
    server.usually(Manner::Say(choice(&[("Tax", 0.9)], 0.0)));
    let_the_wait_pass(&vault).await;
    for id in &ids {
        assert_eq!(vault.processed(id).await["topics"][0]["name"], "Tax");
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_breaks_the_answer_each_time_is_not_asked_for_ever() {
    let server = LlmServer::start(Manner::Say(choice(&[("Tax", 0.9)], 0.0))).await;
    let vault = vault_at(&server, &[("AI_FALLBACK", "retry"), ("JOB_MAX_ATTEMPTS", "1")]).await;
    server.next(Manner::CutOff);
    let worker = vault.worker();
    let poison = vault.processed(&id_of(&vault.put_in("poison.txt", "words").await)).await;
    assert_eq!((&poison["status"], &poison["error"]), (&json!("needs_review"), &Value::Null));
    let other = id_of(&vault.put_in("b.txt", "other words").await);
    assert_eq!(vault.processed(&other).await["topics"][0]["name"], "Tax");
    server.next(Manner::CutOff);
    vault.http.post(vault.api(&format!("/documents/{other}/reprocess"))).send().await.expect("an answer");
    let again = vault.processed(&other).await;
    assert_eq!((&again["status"], &again["topics"][0]["name"]), (&json!("ready"), &json!("Tax")), "as it was before");
    assert_eq!(decisions(&vault, json!({"unanswered": true})).await, 2);
    worker.stop().await;
}

/// What a person chose stands, whatever the AI thinks of it; and where there is nothing to choose from, nothing is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_ai_has_no_say_in_does_not_wait_for_it() {
    let server = LlmServer::start(Manner::Status(503, Vec::new(), String::new())).await;
    // Not one question fits into the day.
    let vault = vault_at(&server, &[("AI_FALLBACK", "retry"), ("AI_DAILY_TOKENS", "10")]).await;
    let worker = vault.worker();
    let tax = vault.topic_id("Tax").await;
    let form = Form::new().text("topic_ids", tax.clone()).part("file", file_part("a.txt", "words"));
    let chosen = id_of(&vault.post_form(form).await.json().await.expect("JSON"));
    assert_eq!(vault.processed(&chosen).await["topics"][0]["id"], tax);
    for topic in vault.get_json("/topics").await["items"].as_array().expect("items") {
        let gone = vault.http.delete(vault.api(&format!("/topics/{}", id_of(topic)))).send().await;
        assert_eq!(gone.expect("an answer").status(), 204);
    }
    let document = vault.processed(&id_of(&vault.put_in("b.txt", "other words").await)).await;
    assert_eq!(document["status"], "needs_review");
    assert_eq!(server.seen().len(), 0);
    worker.stop().await;
}

/// It is given once, and nobody is there to give it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_does_not_wait_for_the_ai() {
    let server = LlmServer::start(Manner::Status(503, Vec::new(), String::new())).await;
    let vault = vault_at(&server, &[("AI_FALLBACK", "retry")]).await;
    let worker = vault.worker();
    let id = id_of(&vault.put_in("locked.pdf", include_bytes!("../fixtures/formats/locked.pdf")).await);
    assert_eq!(vault.processed(&id).await["error"]["code"], "password");
    let url = vault.api(&format!("/documents/{id}/unlock"));
    let unlock = vault.http.post(url).json(&json!({"password": "secret"})).send().await.expect("an answer");
    assert_eq!(unlock.status(), 202);
    let document = eventually("it is read", || async {
        let document = vault.document(&id).await;
        (document["status"] == "needs_review").then_some(document)
    })
    .await;
    assert_eq!(document["error"], Value::Null);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_days_budget_is_spent_nothing_is_read_that_has_to_wait() {
    let server = LlmServer::start(Manner::Say(choice(&[("Tax", 0.9)], 0.0))).await;
    let vault = vault_at(&server, &[("AI_FALLBACK", "retry"), ("AI_DAILY_REQUESTS", "2")]).await;
    let remote = vault.vault.remote.as_ref().expect("a server");
    assert!(remote.would_answer().await.is_ok());
    let worker = vault.worker();
    vault.processed(&id_of(&vault.put_in("a.txt", "words").await)).await;
    worker.stop().await;
    let spent = remote.would_answer().await.expect_err("one request is left, and a question may take two");
    assert_eq!(spent.code(), "budget_spent");
    assert_eq!(remote.spent_today().await.expect("a figure").requests, 1, "it was only looked at");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_days_budget_is_not_overrun() {
    let server = LlmServer::start(Manner::Say(choice(&[("Tax", 0.9)], 0.0))).await;
    let vault = vault_at(&server, &[("AI_DAILY_REQUESTS", "4")]).await;
    let workers = [vault.worker(), vault.worker()];
    let mut ids = Vec::new();
    for n in 0..10 {
        ids.push(id_of(&vault.put_in("a.txt", format!("{INVOICE}\n{n}")).await));
    }
    for id in &ids {
        assert_eq!(vault.processed(id).await["status"], "ready");
    }
    // A question may take two requests, so the last one is not begun.
    let sent = server.seen().len();
    assert!((2..=4).contains(&sent), "{sent} requests");
    assert_eq!(decisions(&vault, json!({"fallback_reason": "budget_spent"})).await, 10 - sent as i64);
    assert_eq!(figure(&vault, "docuvault_ai_requests_today").await, sent as u64);
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_workers_together_ask_no_more_at_once_than_they_may() {
    let slowly = Manner::Slowly(choice(&[("Tax", 0.9)], 0.0), Duration::from_millis(100));
    let server = LlmServer::start(slowly).await;
    let settings = [("AI_MAX_CONCURRENCY", "2"), ("AI_TIMEOUT_SECONDS", "30"), ("WORKER_CONCURRENCY", "4")];
    let vault = vault_at(&server, &settings).await;
    let workers = [vault.worker(), vault.worker()];
    let mut ids = Vec::new();
    for n in 0..16 {
        ids.push(id_of(&vault.put_in("a.txt", format!("words {n}")).await));
    }
    for id in &ids {
        assert_eq!(vault.processed(id).await["topics"][0]["name"], "Tax");
    }
    assert_eq!((server.seen().len(), server.at_once()), (16, 2));
    for worker in workers {
        worker.stop().await;
    }
}
