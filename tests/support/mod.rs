//! A vault for one test: everything real, and nothing shared. Every test program below `tests/` uses it.
#![allow(dead_code, reason = "each test program uses its own part")]

pub mod files;
pub mod gguf;
pub mod llm_server;
pub mod process;
pub mod proxy;
pub mod scans;

use docuvault::app::{self, Role};
use docuvault::clock::{Clock, ManualClock, SystemClock};
use docuvault::config::{Config, Variables};
use docuvault::db::migrations::Migrator;
use docuvault::extract::Program;
use docuvault::services::Vault;
use docuvault::worker::Worker;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use std::collections::HashMap;
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Longest wait for something that is bound to happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_docuvault");

/// Settings of a test program that starts its own stores; they go before those of the run.
pub static OWN_SETTINGS: OnceLock<HashMap<String, String>> = OnceLock::new();

/// A setting of the test run.
pub fn setting(name: &str) -> String {
    setting_if_any(name).unwrap_or_else(|| panic!("{name} is not set: run the tests with script/test"))
}

/// A setting that may be left out.
#[expect(clippy::disallowed_methods, reason = "the settings of the test run come from script/test")]
pub fn setting_if_any(name: &str) -> Option<String> {
    let own = OWN_SETTINGS.get().and_then(|own| own.get(name)).cloned();
    own.or_else(|| std::env::var(name).ok())
}

/// Waits until `look` gives something, looking again and again; panics when it does not come in time.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited {PATIENCE:?} in vain: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// A database of its own, made by the file that the compose stack uses, and migrated as docuvault_migrate.
pub struct TestDatabase {
    pub name: String,
    superuser_url: String,
}

impl TestDatabase {
    pub async fn create() -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let superuser_url = setting("TEST_POSTGRES_URL");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docker/postgres/initdb.d/01-init-users.sql");
        let (url, db) = (superuser_url.clone(), name.clone());
        let output = tokio::task::spawn_blocking(move || {
            Command::new("psql")
                .args(["-X", "-q", "-o", "/dev/null", &url, "-f", script])
                .env("DOCUVAULT_DB", db)
                .envs(["DOCUVAULT_APP_PASSWORD", "DOCUVAULT_MIGRATE_PASSWORD"].map(|name| (name, setting(name))))
                .output()
        });
        let output = output.await.expect("no panic").expect("psql runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { name, superuser_url }
    }

    /// The DSN of a role for this database.
    pub fn url(&self, role: &str, password: &str) -> String {
        let mut url = url::Url::parse(&self.superuser_url).expect("a DSN");
        url.set_username(role).expect("a DSN with a user");
        url.set_password(Some(password)).expect("a DSN with a password");
        url.set_path(&self.name);
        url.into()
    }

    pub fn app_url(&self) -> String {
        self.url("docuvault_app", &setting("DOCUVAULT_APP_PASSWORD"))
    }

    /// The application's DSN by way of another address (HOST:PORT).
    pub fn app_url_at(&self, address: &str) -> String {
        let mut url = url::Url::parse(&self.app_url()).expect("a DSN");
        let address: std::net::SocketAddr = address.parse().expect("an address");
        url.set_ip_host(address.ip()).expect("a host can be set");
        url.set_port(Some(address.port())).expect("a port can be set");
        url.into()
    }

    pub fn migrate_url(&self) -> String {
        self.url("docuvault_migrate", &setting("DOCUVAULT_MIGRATE_PASSWORD"))
    }

    pub fn superuser_url(&self) -> String {
        let mut url = url::Url::parse(&self.superuser_url).expect("a DSN");
        url.set_path(&self.name);
        url.into()
    }

    /// Does something as docuvault_migrate, on a thread that may block.
    pub async fn migrate<T: Send + 'static>(&self, work: impl FnOnce(&mut Migrator) -> T + Send + 'static) -> T {
        let variables = Variables::from([("DATABASE_MIGRATE_URL", self.migrate_url().as_str())]);
        let config = Config::read_for_migrate(&variables).expect("a DSN");
        let run = move || work(&mut Migrator::connect(&config).expect("the migrator connects"));
        tokio::task::spawn_blocking(run).await.expect("no panic while migrating")
    }

    /// A connection of a role; errors of its driver end in the queries.
    pub async fn connect(url: &str) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("a connection");
        tokio::spawn(connection);
        client
    }
}

/// What a test can set.
pub struct Builder {
    variables: Vec<(String, String)>,
    starter_topics: bool,
}

impl Builder {
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without topics nothing is ever sorted: tests that want an empty table say so.
    pub fn without_topics(mut self) -> Self {
        self.starter_topics = false;
        self
    }

    pub async fn start(self) -> TestVault {
        let database = TestDatabase::create().await;
        let starters = self.starter_topics;
        database
            .migrate(move |migrator| {
                migrator.up().expect("the migrations run");
                if starters {
                    let topics = docuvault::services::starter_topics::STARTER_TOPICS;
                    migrator.insert_starter_topics(&topics).expect("the topics are put in");
                }
            })
            .await;
        let mut variables = base_variables(&database);
        for (name, value) in &self.variables {
            match name.as_str() {
                // Not a setting: the way to this vault's database, which is not made yet when the test asks for it.
                "DATABASE_PROXY" => variables.set("DATABASE_URL", &database.app_url_at(value)),
                _ => variables.set(name, value),
            }
        }
        TestVault::start(database, variables).await
    }
}

/// The settings of a vault of its own on the run's services.
fn base_variables(database: &TestDatabase) -> Variables {
    let mut variables = Variables::default();
    for name in ["MINIO_ENDPOINT", "MINIO_BUCKET", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "MINIO_REGION"] {
        variables.set(name, &setting(name));
    }
    variables.set("DATABASE_URL", &database.app_url());
    variables.set("REDIS_URL", &setting("TEST_REDIS_URL"));
    variables.set("REDIS_KEY_PREFIX", &database.name);
    variables.set("MINIO_KEY_PREFIX", &database.name);
    variables.set("BIND_ADDR", "127.0.0.1:0");
    // Short, so that what happens after a lease or between two sweeps happens within a test's patience.
    variables.set("JOB_LEASE_SECONDS", "2");
    variables.set("SWEEP_INTERVAL_SECONDS", "1");
    variables.set("SHUTDOWN_GRACE_SECONDS", "5");
    variables
}

/// A running vault.
pub struct TestVault {
    pub database: TestDatabase,
    pub variables: Variables,
    pub vault: Arc<Vault>,
    pub url: String,
    pub http: Client,
}

impl TestVault {
    /// A vault with the starter topics, and no worker yet.
    pub async fn new() -> Self {
        Self::builder().start().await
    }

    pub fn builder() -> Builder {
        Builder { variables: Vec::new(), starter_topics: true }
    }

    /// Another process of the same vault, in effect, with settings of its own.
    pub async fn beside(other: &Self, variables: Variables) -> Self {
        let database =
            TestDatabase { name: other.database.name.clone(), superuser_url: other.database.superuser_url.clone() };
        Self::start(database, variables).await
    }

    async fn start(database: TestDatabase, variables: Variables) -> Self {
        // What the vault says is seen where a test fails: cargo shows a failed test's output.
        let _ = env_logger::Builder::new().is_test(true).parse_filters("warn").try_init();
        let vault = build(&variables, Role::Serve, program());
        app::check(&vault).await.expect("the stores are as they should be");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = docuvault::api::server(vault.clone(), listener).expect("the server is built");
        tokio::spawn(server);
        Self { database, variables, vault, url: format!("http://{address}"), http: client() }
    }

    /// The same vault, some time later.
    pub fn later(&self, by: Duration) -> Arc<Vault> {
        let clock = ManualClock::at(SystemClock.now());
        clock.advance(by);
        let config = Config::read(&self.variables).expect("the test's settings are right");
        app::build_with(config, Role::Worker, program(), Arc::new(clock)).expect("the vault is built")
    }

    pub fn api(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.url)
    }

    /// A worker in this process.
    pub fn worker(&self) -> TestWorker {
        self.worker_with(&[], program())
    }

    /// A worker with settings of its own, whose reading children are of `program`.
    pub fn worker_with(&self, settings: &[(&str, &str)], program: Program) -> TestWorker {
        let mut variables = self.variables.clone();
        for (name, value) in settings {
            variables.set(name, value);
        }
        let vault = build(&variables, Role::Worker, program);
        let drain = CancellationToken::new();
        let worker = Worker::new(vault);
        let name = worker.name().to_owned();
        let running = tokio::spawn(worker.run(drain.clone(), CancellationToken::new()));
        TestWorker { name, drain, running }
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http.get(self.api(path)).send().await.expect("an answer")
    }

    pub async fn get_json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "GET {path}");
        response.json().await.expect("JSON")
    }

    pub async fn post_form(&self, form: Form) -> Response {
        self.http.post(self.api("/documents")).multipart(form).send().await.expect("an answer")
    }

    pub async fn upload(&self, filename: &str, bytes: impl Into<Vec<u8>>) -> Response {
        self.post_form(Form::new().part("file", file_part(filename, bytes))).await
    }

    /// Puts a file in, and is sure that it was taken.
    pub async fn put_in(&self, filename: &str, bytes: impl Into<Vec<u8>>) -> Value {
        let response = self.upload(filename, bytes).await;
        let status = response.status();
        let body: Value = response.json().await.expect("JSON");
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body
    }

    pub async fn document(&self, id: &str) -> Value {
        self.get_json(&format!("/documents/{id}")).await
    }

    /// The document once its work is over.
    pub async fn processed(&self, id: &str) -> Value {
        eventually("the document's work ends", || async {
            let document = self.document(id).await;
            let over = !matches!(document["status"].as_str(), Some("pending" | "processing"));
            over.then_some(document)
        })
        .await
    }

    pub async fn text(&self, id: &str) -> String {
        let response = self.get(&format!("/documents/{id}/text")).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.text().await.expect("a text")
    }

    pub async fn bytes(&self, id: &str) -> Vec<u8> {
        let response = self.get(&format!("/documents/{id}/content")).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.bytes().await.expect("bytes").to_vec()
    }

    pub async fn topic_id(&self, name: &str) -> String {
        let topics = self.get_json("/topics").await;
        let topic = topics["items"].as_array().expect("a list").iter().find(|topic| topic["name"] == name);
        topic.unwrap_or_else(|| panic!("there is no topic {name}"))["id"].as_str().expect("an id").to_owned()
    }

    /// As the superuser, for what the application itself may not see or do.
    pub async fn superuser(&self) -> tokio_postgres::Client {
        TestDatabase::connect(&self.database.superuser_url()).await
    }

    /// One number out of the database.
    pub async fn count(&self, sql: &str) -> i64 {
        self.superuser().await.query_one(sql, &[]).await.expect("a row").get(0)
    }

    /// The keys of all objects of this vault.
    pub async fn object_keys(&self) -> Vec<String> {
        let (mut keys, mut from) = (Vec::new(), None);
        loop {
            let page = self.vault.storage.list(from).await.expect("a listing");
            keys.extend(
                page.objects.into_iter().map(|object| object.key.map_or("?".to_owned(), |key| key.to_string())),
            );
            from = page.next;
            if from.is_none() {
                return keys;
            }
        }
    }

    /// The keys of all objects that rows stand for, in order.
    pub async fn keys_of_rows(&self) -> Vec<String> {
        let sql = "SELECT object_key FROM documents
            UNION ALL SELECT thumbnail_key FROM documents WHERE thumbnail_key IS NOT NULL ORDER BY 1";
        let rows = self.superuser().await.query(sql, &[]).await.expect("rows");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Nothing lies in the store that no row stands for, no upload is left unfinished, and every row has its bytes.
    pub async fn assert_tidy(&self) {
        let miscounted = "SELECT count(*) FROM topics WHERE document_count <> \
            (SELECT count(*) FROM document_topics WHERE topic_id = topics.id)";
        assert_eq!(self.count(miscounted).await, 0, "topics whose kept count is wrong");
        let mut keys = self.object_keys().await;
        keys.sort();
        assert_eq!(keys, self.keys_of_rows().await, "objects on the left, rows on the right");
        assert_eq!(self.vault.storage.unfinished_uploads().await.expect("a listing"), []);
    }
}

/// What its reading children are started from.
pub fn program() -> Program {
    Program::beside(PROGRAM.into())
}

/// A program that is not there.
pub fn no_program() -> Program {
    Program::alone("/nonexistent/docuvault".into())
}

fn build(variables: &Variables, role: Role, program: Program) -> Arc<Vault> {
    let config = Config::read(variables).expect("the test's settings are right");
    app::build_with(config, role, program, Arc::new(SystemClock)).expect("the vault is built")
}

/// A client that gives up in the end, so that a test which hangs says where. It leaves a connection before the server
/// does, which is after five seconds, as our own clients do: what is sent just then has no answer.
fn client() -> Client {
    Client::builder().timeout(2 * PATIENCE).pool_idle_timeout(Duration::from_secs(3)).build().expect("a client")
}

/// A part named as a file.
pub fn file_part(filename: &str, bytes: impl Into<Vec<u8>>) -> Part {
    Part::bytes(bytes.into()).file_name(filename.to_owned())
}

/// A worker in the test's own process.
pub struct TestWorker {
    /// Under which it holds leases.
    pub name: String,
    drain: CancellationToken,
    running: JoinHandle<()>,
}

impl TestWorker {
    /// Ends it as SIGTERM does, and waits.
    pub async fn stop(self) {
        self.drain.cancel();
        self.running.await.expect("the worker ends well");
    }
}

/// The body of a problem, checked to be one.
pub async fn problem(response: Response, status: u16, code: &str) -> Value {
    let (got, kind) = (response.status().as_u16(), response.headers().get("content-type").cloned());
    let request_id = response.headers().get("x-request-id").cloned();
    let text = response.text().await.expect("a body");
    assert_eq!(got, status, "{text}");
    assert_eq!(
        kind.and_then(|kind| kind.to_str().ok().map(str::to_owned)).as_deref(),
        Some("application/problem+json")
    );
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
    assert_eq!(body["code"], code, "{body}");
    assert_eq!(body["status"], status);
    assert_eq!(body["type"], format!("urn:docuvault:problem:{code}"));
    assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()));
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    assert_eq!(body["request_id"].as_str(), request_id.as_ref().and_then(|id| id.to_str().ok()));
    body
}

/// A document's id out of its JSON.
pub fn id_of(document: &Value) -> String {
    document["id"].as_str().expect("an id").to_owned()
}
