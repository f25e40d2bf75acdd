//! The real program, in a process of its own.

use super::{PROGRAM, TestVault, eventually};
use docuvault::config::Variables;
use std::net::TcpListener;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use tokio::process::{Child, Command};

/// Names of all settings the program reads, so that a process gets the vault's and no other.
pub const SETTINGS: &[&str] = &[
    "DATABASE_URL",
    "DATABASE_MIGRATE_URL",
    "REDIS_URL",
    "REDIS_KEY_PREFIX",
    "MINIO_ENDPOINT",
    "MINIO_BUCKET",
    "MINIO_ACCESS_KEY",
    "MINIO_SECRET_KEY",
    "MINIO_REGION",
    "MINIO_KEY_PREFIX",
    "BIND_ADDR",
    "MAX_UPLOAD_BYTES",
    "UPLOAD_MEMORY_BYTES",
    "UPLOAD_TIMEOUT_SECONDS",
    "BODY_IDLE_SECONDS",
    "WORKER_CONCURRENCY",
    "JOB_LEASE_SECONDS",
    "JOB_MAX_ATTEMPTS",
    "SWEEP_INTERVAL_SECONDS",
    "ORPHAN_GRACE_SECONDS",
    "TRASH_DAYS",
    "SHUTDOWN_GRACE_SECONDS",
    "READ_TIMEOUT_SECONDS",
    "READ_MEMORY_BYTES",
    "READ_MAX_TEXT_BYTES",
    "OCR_LANGUAGES",
    "OCR_MAX_PAGES",
    "OCR_TIMEOUT_SECONDS",
    "AI_PROVIDER",
    "AI_BASE_URL",
    "AI_MODEL",
    "AI_API_KEY",
    "AI_MIN_CONFIDENCE",
    "AI_TIMEOUT_SECONDS",
    "AI_MAX_INPUT_TOKENS",
    "AI_SUGGEST_TOPICS",
    "AI_DAILY_TOKENS",
    "AI_DAILY_REQUESTS",
    "AI_MAX_CONCURRENCY",
    "AI_FALLBACK",
    "AI_LEARN_INTERVAL_SECONDS",
    "RUST_LOG",
];

/// The program with these settings and nothing else in its environment. It dies with the test program, also where that
/// is killed itself and can't see to it.
pub fn command(arguments: &[&str], variables: &Variables) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", PROGRAM])
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .kill_on_drop(true);
    // As the image, script/up and the units of docs/deployment.md start it.
    command.env("MALLOC_MMAP_THRESHOLD_", "1048576");
    for name in SETTINGS {
        if let Some(value) = variables.get(name) {
            command.env(name, value);
        }
    }
    command
}

/// Runs the program to its end.
pub async fn output(arguments: &[&str], variables: &Variables) -> Output {
    command(arguments, variables).stdin(Stdio::null()).output().await.expect("the program runs")
}

/// A running program, killed when dropped.
pub struct Process {
    pub child: Child,
}

impl Process {
    pub fn spawn(role: &str, variables: &Variables) -> Self {
        let child = command(&[role], variables).stdin(Stdio::null()).spawn().expect("the program starts");
        Self { child }
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("it still runs")
    }

    /// kill -9: no last word.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid().cast_signed()).expect("a pid");
        rustix::process::kill_process(pid, signal).expect("it can be signalled");
    }
}

/// A port that nobody listens on. Not one that the kernel gives out: it would give it to another test's server before this
/// one's process is up.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(12_000);
    let mut ports = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed)).take(8_000);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// `serve` in a process of its own, beside the vault's own server.
pub struct ServeProcess {
    pub process: Process,
    pub url: String,
}

impl ServeProcess {
    pub async fn start(vault: &TestVault) -> Self {
        Self::start_with(vault, |_| {}).await
    }

    /// As [`Self::start`], after `prepare` had its way with the command.
    pub async fn start_with(vault: &TestVault, prepare: impl FnOnce(&mut Command)) -> Self {
        let port = free_port();
        let mut variables = vault.variables.clone();
        variables.set("BIND_ADDR", &format!("127.0.0.1:{port}"));
        let mut command = command(&["serve"], &variables);
        prepare(&mut command);
        let child = command.stdin(Stdio::null()).spawn().expect("the program starts");
        let url = format!("http://127.0.0.1:{port}");
        let http = vault.http.clone();
        eventually("serve answers", || async {
            http.get(format!("{url}/health")).send().await.ok().filter(|answer| answer.status() == 200)
        })
        .await;
        Self { process: Process { child }, url }
    }
}
