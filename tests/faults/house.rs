//! One vault as it really runs: processes that reach each store by a proxy, and a way past the proxies for the checks.

use crate::stores::{self, Store};
use crate::support::process::{Process, command};
use crate::support::proxy::{Proxy, target_of, through};
use crate::support::{TestVault, eventually, setting};
use docuvault::config::Variables;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{MutexGuard, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// The longest that a process may take to end: its grace after SIGTERM, and a little.
const END: Duration = Duration::from_secs(5 + 3);
/// How much of each log is shown when a check fails.
const TAIL_LINES: usize = 15;

/// A vault of its own on the suite's stores, while it is this test's turn to have them.
pub struct House {
    /// Goes to the stores directly: what checks must not depend on what is being broken.
    pub vault: TestVault,
    pub postgres: Proxy,
    pub redis: Proxy,
    pub s3: Proxy,
    /// Where `serve` listens, also after it was started anew.
    pub url: String,
    pub launcher: Arc<Launcher>,
    _turn: MutexGuard<'static, ()>,
}

impl House {
    /// A vault whose processes have these settings beside the usual ones; none runs yet.
    pub async fn new(settings: &[(&str, &str)]) -> Self {
        let turn = stores::turn().await;
        let mut builder = TestVault::builder()
            // As short as it goes: what happens after a lease or a grace is to happen while somebody looks.
            .set("JOB_LEASE_SECONDS", "3")
            .set("ORPHAN_GRACE_SECONDS", "20")
            .set("RUST_LOG", "info");
        for (name, value) in settings {
            builder = builder.set(name, value);
        }
        let vault = builder.start().await;
        let postgres = Proxy::to(&target_of(&setting("TEST_POSTGRES_URL"))).await;
        let redis = Proxy::to(&target_of(&setting("TEST_REDIS_URL"))).await;
        let s3 = Proxy::to(&target_of(&setting("MINIO_ENDPOINT"))).await;
        let address = format!("127.0.0.1:{}", setting("PORT_BASE"));
        let mut variables = vault.variables.clone();
        variables.set("DATABASE_URL", &vault.database.app_url_at(&postgres.address.to_string()));
        variables.set("REDIS_URL", &through(&setting("TEST_REDIS_URL"), &redis));
        variables.set("MINIO_ENDPOINT", &through(&setting("MINIO_ENDPOINT"), &s3));
        variables.set("BIND_ADDR", &address);
        let folder = tempfile::tempdir_in(stores::folder()).expect("a folder");
        for name in ["log", "scratch"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let launcher = Arc::new(Launcher { folder, variables, started: AtomicUsize::new(0) });
        Self { vault, postgres, redis, s3, url: format!("http://{address}"), launcher, _turn: turn }
    }

    pub fn proxy(&self, store: Store) -> &Proxy {
        match store {
            Store::Postgres => &self.postgres,
            Store::Redis => &self.redis,
            Store::S3 => &self.s3,
        }
    }

    /// A `serve` that answers.
    pub async fn serve(&self) -> Process {
        let (serve, _) = self.launcher.start("serve", &[]);
        self.healthy().await;
        serve
    }

    /// A worker; it needs a moment to begin.
    pub fn worker(&self, settings: &[(&str, &str)]) -> Process {
        self.launcher.start("worker", settings).0
    }

    /// Waits until `serve` says that all is well.
    pub async fn healthy(&self) {
        eventually("serve is well", || async { (self.health().await == Some(200)).then_some(()) }).await;
    }

    /// What `serve` says of itself and its stores; none where it says nothing.
    pub async fn health(&self) -> Option<u16> {
        let asked = self.vault.http.get(format!("{}/health", self.url)).timeout(Duration::from_secs(10)).send().await;
        asked.ok().map(|answer| answer.status().as_u16())
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.launcher.tails());
        }
    }
}

/// Starts processes, each with a log of its own.
pub struct Launcher {
    folder: TempDir,
    variables: Variables,
    started: AtomicUsize,
}

impl Launcher {
    /// Starts a role; also says where its log is.
    pub fn start(&self, role: &str, settings: &[(&str, &str)]) -> (Process, PathBuf) {
        let mut variables = self.variables.clone();
        for (name, value) in settings {
            variables.set(name, value);
        }
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.path().join(format!("log/{number:04}-{role}.log"));
        let log = File::create(&path).expect("a log");
        let child = command(&[role], &variables)
            .env("TMPDIR", self.scratch())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a handle"))
            .stderr(log)
            .spawn()
            .expect("the program starts");
        (Process { child }, path)
    }

    /// Where the processes put their scratch files.
    pub fn scratch(&self) -> PathBuf {
        self.folder.path().join("scratch")
    }

    /// All logs, oldest first.
    pub fn logs(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("log")).expect("a folder");
        let mut logs: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        logs.sort();
        logs
    }

    /// The last lines of the last logs.
    pub fn tails(&self) -> String {
        let logs = self.logs();
        let last = &logs[logs.len().saturating_sub(6)..];
        last.iter().map(|path| format!("--- the end of {}\n{}\n", name_of(path), tail(path))).collect()
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// A process that is started anew whenever it ends, as a supervisor would.
pub struct Kept {
    pid: watch::Receiver<Option<u32>>,
    asked: Arc<Mutex<Option<Signal>>>,
    falls: Arc<Mutex<Vec<String>>>,
    keeper: JoinHandle<()>,
}

impl Kept {
    /// Keeps a role running; `rest` gives the wait before each new start.
    pub fn new(
        launcher: Arc<Launcher>,
        role: &'static str,
        mut rest: impl FnMut() -> Duration + Send + 'static,
    ) -> Self {
        let (running, pid) = watch::channel(None);
        let asked = Arc::new(Mutex::new(None));
        let falls = Arc::new(Mutex::new(Vec::new()));
        let (its_asked, its_falls) = (asked.clone(), falls.clone());
        let keeper = tokio::spawn(async move {
            loop {
                let (mut process, log) = launcher.start(role, &[]);
                running.send_replace(Some(process.pid()));
                let status = process.child.wait().await.expect("it can be waited for");
                running.send_replace(None);
                let asked = lock(&its_asked).take();
                if !is_as_asked(asked, status, &log) {
                    lock(&its_falls).push(format!("{}: {asked:?} was asked, {status}:\n{}", name_of(&log), tail(&log)));
                }
                sleep(rest()).await;
            }
        });
        Self { pid, asked, falls, keeper }
    }

    /// Sends a signal, as soon as there is somebody to get it, and waits for the end that it asks for.
    pub async fn signal(&self, signal: Signal) {
        let mut running = self.pid.clone();
        let pid = running.wait_for(Option::is_some).await.expect("it is being kept").expect("some");
        *lock(&self.asked) = Some(signal);
        // It may have ended by itself just now.
        let _ = kill_process(Pid::from_raw(pid.cast_signed()).expect("a pid"), signal);
        let ended = timeout(END, running.wait_for(|running| *running != Some(pid))).await;
        if ended.is_err() {
            lock(&self.falls).push(format!("{pid} goes on {END:?} after {signal:?}"));
        }
    }

    /// Its pid, while it runs.
    pub fn pid(&self) -> Option<u32> {
        *self.pid.borrow()
    }

    /// Each end that nobody asked for, and each that was another than was asked for.
    pub fn falls(&self) -> Vec<String> {
        lock(&self.falls).clone()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// True for an end that was asked for, and for a start that was refused because a store is away.
fn is_as_asked(asked: Option<Signal>, status: ExitStatus, log: &Path) -> bool {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let began = text.contains("the worker is up") || text.contains("listening on");
    match asked {
        _ if !began && status.code() == Some(1) => !text.contains("panicked"),
        Some(_) if !began => status.signal().is_some() || status.code() == Some(0),
        Some(Signal::KILL) => status.signal() == Some(Signal::KILL.as_raw()),
        // It was told to stop, and says that it did so well.
        Some(_) => status.code() == Some(0),
        None => false,
    }
}
