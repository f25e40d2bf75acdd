//! The three servers of this test program: its own (`script/lib/stores`), so that it may kill them.

use crate::support::{OWN_SETTINGS, setting};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use tokio::sync::{Mutex, MutexGuard};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/script/lib/stores");

/// One of the three servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    Postgres,
    Redis,
    S3,
}

impl Store {
    pub const ALL: [Self; 3] = [Self::Postgres, Self::Redis, Self::S3];

    /// Its name on the script's command line.
    fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::S3 => "s3",
        }
    }

    /// As a power cut would.
    pub async fn kill(self) {
        run(&["kill", self.name()]).await;
    }

    /// As an operator would.
    pub async fn stop(self) {
        run(&["stop", self.name()]).await;
    }

    /// Returns when it is ready for work; at once where it runs already.
    pub async fn start(self) {
        run(&["start", self.name()]).await;
    }
}

/// Forgets what Redis keeps on its disk; it must be down.
pub async fn wipe_redis() {
    run(&["wipe"]).await;
}

/// The servers, and the script that ends them when its standard input ends: with this program, however that ends.
struct Stores {
    folder: PathBuf,
    _up: Child,
}

static STORES: OnceLock<Stores> = OnceLock::new();

impl Stores {
    fn up() -> Self {
        let folder = PathBuf::from(setting("TEST_FAULTS_FOLDER"));
        let mut up = Command::new(SCRIPT)
            .arg(&folder)
            .arg("up")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script/lib/stores starts");
        let mut settings = HashMap::new();
        for line in BufReader::new(up.stdout.take().expect("a pipe")).lines() {
            let line = line.expect("a line");
            // The empty line says that all three are ready.
            let Some((name, value)) = line.split_once('=') else { break };
            settings.insert(name.to_owned(), value.to_owned());
        }
        assert!(settings.contains_key("PORT_BASE"), "the stores did not start");
        OWN_SETTINGS.set(settings).expect("set once");
        Self { folder, _up: up }
    }
}

/// The folder of this run; it goes with the stores.
pub fn folder() -> &'static Path {
    &STORES.get().expect("the stores were started").folder
}

/// The right to have the stores to oneself; all three are up when it is had.
pub async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    let turn = TURN.lock().await;
    tokio::task::spawn_blocking(|| STORES.get_or_init(Stores::up)).await.expect("the stores start");
    // A test that failed may have left them as they were.
    tokio::join!(Store::Postgres.start(), Store::Redis.start(), Store::S3.start());
    turn
}

async fn run(arguments: &[&str]) {
    let mut command = tokio::process::Command::new(SCRIPT);
    let output = command.arg(folder()).args(arguments).stdin(Stdio::null()).output().await.expect("the script runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
