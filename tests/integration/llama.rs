//! The provider `openai` against the real server of llama.cpp, with a model that is noise: what matters is that it takes
//! our requests, holds the model to our schema, and that whatever comes of it is a decision or a marked fallback. What
//! the model decides means nothing.

use crate::support::files::INVOICE;
use crate::support::{TestVault, eventually, gguf, id_of, setting};
use docuvault::ai::{self, AiError, Subject, Topic};
use docuvault::config::{AiConfig, AiProviderKind};
use docuvault::domain::TopicId;
use serde_json::Value;
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// A thousand bytes of an answer, each a token, on a machine that has much else to do.
const LONGEST: Duration = Duration::from_secs(180);

/// Makes the noise come to an end: one topic and nothing more, no blanks, 0 for every number.
const TO_THE_POINT: [(u8, f32); 8] =
    [(b'{', 3.0), (b']', 2.0), (b'}', 2.0), (b'0', 2.0), (b',', 1.0), (b' ', -2.0), (b'\n', -2.0), (b'\t', -2.0)];

/// A running server; it ends with the test.
struct LlamaServer {
    url: String,
    _child: Child,
    _folder: TempDir,
}

impl LlamaServer {
    async fn start(slants: &[(u8, f32)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let model = folder.path().join("noise.gguf");
        std::fs::write(&model, gguf::model(1, slants)).expect("the model is written");
        let port = {
            let probe = TcpListener::bind("127.0.0.1:0").expect("a free port");
            probe.local_addr().expect("an address").port()
        };
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", &setting("TEST_LLAMA_SERVER"), "--offline", "--host", "127.0.0.1"])
            .args(["--port", &port.to_string(), "--threads", "1", "--parallel", "1", "--ctx-size", "16384", "--model"])
            .arg(&model)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("script/test brings the server");
        let url = format!("http://127.0.0.1:{port}");
        let health = format!("{url}/health");
        eventually("the server has read its model", || async {
            reqwest::get(&health).await.ok().filter(|answer| answer.status() == 200)
        })
        .await;
        Self { url, _child: child, _folder: folder }
    }

    async fn vault(&self, settings: &[(&str, &str)]) -> TestVault {
        let mut builder = TestVault::builder()
            .set("AI_PROVIDER", "openai")
            .set("AI_BASE_URL", &self.url)
            .set("AI_MODEL", "noise")
            .set("AI_TIMEOUT_SECONDS", "180")
            // It is never sure of anything.
            .set("AI_MIN_CONFIDENCE", "0");
        for (name, value) in settings {
            builder = builder.set(name, value);
        }
        builder.start().await
    }
}

/// Has a document sorted; answers it, and what the audit log says of the decision.
async fn sort(vault: &TestVault) -> (Value, Value) {
    let worker = vault.worker();
    let id = id_of(&vault.put_in("a.txt", INVOICE).await);
    let end = Instant::now() + LONGEST;
    let document = loop {
        let document = vault.document(&id).await;
        if !matches!(document["status"].as_str(), Some("pending" | "processing")) {
            break document;
        }
        assert!(Instant::now() < end, "it is not sorted: {document}");
        sleep(Duration::from_millis(50)).await;
    };
    worker.stop().await;
    let history = vault.get_json(&format!("/documents/{id}/history")).await;
    let lines = history["items"].as_array().expect("a list");
    let decided = lines.iter().find(|line| line["action"] == "document.processed").expect("a decision");
    (document, decided["detail"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_real_server_answers_within_the_schema_is_a_decision() {
    let server = LlamaServer::start(&TO_THE_POINT).await;
    let vault = server.vault(&[]).await;
    let (document, detail) = sort(&vault).await;
    assert_eq!((&detail["provider"], &detail["fallback"]), (&"openai".into(), &false.into()), "{detail}");
    assert_eq!((&detail["best_confidence"], &detail["none"]), (&0.0.into(), &0.0.into()), "{detail}");
    assert!(detail["tokens_in"].as_u64().is_some_and(|tokens| tokens > 500), "each byte is a token: {detail}");
    assert!(detail["tokens_out"].as_u64().is_some_and(|tokens| (30..512).contains(&tokens)), "{detail}");
    assert_eq!(document["status"], "ready", "{document}");
    let topics = vault.get_json("/topics").await;
    let names: Vec<&Value> = topics["items"].as_array().expect("a list").iter().map(|topic| &topic["name"]).collect();
    let [chosen] = document["topics"].as_array().expect("a list").as_slice() else { panic!("one topic: {document}") };
    assert!(names.contains(&&chosen["name"]) && chosen["source"] == "ai", "one of the enum: {document}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_end_is_cut_off_and_the_local_provider_stands_in() {
    let server = LlamaServer::start(&TO_THE_POINT).await;
    // A proposal's name is free text, which this model never closes.
    let vault = server.vault(&[("AI_SUGGEST_TOPICS", "true")]).await;
    let (document, detail) = sort(&vault).await;
    assert_eq!((&detail["provider"], &detail["fallback"]), (&"local".into(), &true.into()), "{detail}");
    assert_eq!(detail["fallback_reason"], "unusable", "the server took the question: {detail}");
    assert!(["ready", "needs_review"].map(Value::from).contains(&document["status"]), "{document}");
    assert!(
        document["topics"].as_array().expect("a list").iter().any(|topic| topic["name"] == "Invoice"),
        "{document}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_pure_noise_nothing_comes_but_what_was_asked_for() {
    let server = LlamaServer::start(&[]).await;
    let config = AiConfig {
        provider: AiProviderKind::OpenAi,
        base_url: Some(server.url.parse().expect("an address")),
        model: Some("noise".to_owned()),
        timeout: LONGEST,
        ..AiConfig::default()
    };
    let provider = ai::provider(&config, &Arc::default()).expect("it is built");
    let topic = |name: &&str| Topic { id: TopicId::generate(), name: (*name).to_owned(), description: String::new() };
    let topics: Vec<Topic> = ["Invoice", "Tax \"2026\"", "Verträge", "a\\b"].iter().map(topic).collect();
    for text in [INVOICE, "", "Ünïcödé 契約 \u{1F600}"] {
        let subject = Subject { title: "scan.pdf", text, ..Subject::default() };
        let spent = match provider.score(subject, &topics).await {
            Ok(assessment) => {
                let known = |id| topics.iter().any(|topic| topic.id == id);
                assert!(assessment.scores.iter().all(|score| known(score.topic)), "{assessment:?}");
                assessment.provenance.expect("a provenance").spent
            }
            // Numbers above 1, a contradiction, or no end.
            Err(AiError::Unusable { spent, .. }) => spent,
            Err(other) => panic!("the server does not take the question: {other:?}"),
        };
        assert!((1..=2).contains(&spent.requests) && spent.tokens > 0, "{spent:?}");
    }
}
