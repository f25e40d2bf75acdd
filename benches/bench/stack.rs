//! The vault under test: `serve` and workers, started and ended here, on stores that `script/bench` has started.

use crate::http::{self, Connection};
use crate::processes::{self, Cpu, Memory, Pids};
use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// The settings that the vault's processes are given; what sets up the stores is not among them.
const SETTINGS: [&str; 7] = [
    "DATABASE_URL",
    "REDIS_URL",
    "MINIO_ENDPOINT",
    "MINIO_BUCKET",
    "MINIO_REGION",
    "MINIO_ACCESS_KEY",
    "MINIO_SECRET_KEY",
];
/// Longest wait for a process to be there, or gone.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Stack {
    settings: HashMap<String, String>,
    program: PathBuf,
    /// Where everything of this run lies: `data/`, `run/`, `log/`.
    pub folder: PathBuf,
    /// Host and port of `serve`.
    pub address: String,
    serve: Option<Child>,
    workers: Vec<Child>,
}

impl Stack {
    /// Reads the settings (`run/env`) of the stores.
    pub fn new(folder: &Path, program: &Path) -> Result<Self> {
        let text = fs::read_to_string(folder.join("run/env")).context("script/bench writes run/env")?;
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        let settings: HashMap<_, _> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let address = settings.get("BIND_ADDR").context("BIND_ADDR")?.clone();
        let (folder, program) = (folder.to_owned(), program.to_owned());
        Ok(Self { settings, program, folder, address, serve: None, workers: Vec::new() })
    }

    pub fn setting(&self, name: &str) -> Result<&str> {
        self.settings.get(name).map(String::as_str).with_context(|| format!("run/env lacks {name}"))
    }

    /// The program with its settings, as it is started everywhere.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        // As the image, script/up and the units of docs/deployment.md start it.
        command.env("MALLOC_MMAP_THRESHOLD_", "1048576").env("BIND_ADDR", &self.address);
        for name in SETTINGS {
            command.env(name, self.settings.get(name).map(String::as_str).unwrap_or_default());
        }
        command.stdin(Stdio::null()).current_dir(self.folder.join("run"));
        command
    }

    fn log(&self, role: &str) -> Result<File> {
        Ok(OpenOptions::new().create(true).append(true).open(self.folder.join(format!("log/{role}.log")))?)
    }

    /// Starts a role. It ends with this process, however that ends.
    fn start(&self, role: &str, more: &[(&str, &str)]) -> Result<Child> {
        let program = self.program.to_str().context("a path in UTF-8")?;
        let mut command = self.command(&["setpriv", "--pdeathsig", "KILL", program, role]);
        let log = self.log(role)?;
        command.envs(more.iter().copied()).stdout(log.try_clone()?).stderr(log);
        command.spawn().with_context(|| format!("{program} {role}"))
    }

    pub async fn start_serve(&mut self) -> Result<()> {
        ensure!(self.serve.is_none(), "serve runs already");
        self.serve = Some(self.start("serve", &[])?);
        let begun = Instant::now();
        while !healthy(&self.address).await {
            ensure!(begun.elapsed() < PATIENCE, "serve does not answer: see log/serve.log");
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    pub fn start_worker(&mut self, more: &[(&str, &str)]) -> Result<()> {
        let worker = self.start("worker", more)?;
        self.workers.push(worker);
        Ok(())
    }

    /// This program, as something that knows the vault's settings.
    fn itself(&self, words: &[&str]) -> Result<Command> {
        let program = std::env::current_exe()?;
        let mut command =
            self.command(&["setpriv", "--pdeathsig", "KILL", program.to_str().context("a path in UTF-8")?]);
        let log = self.log("worker")?;
        command.args(words).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }

    /// Calls this program, to its end.
    pub fn call_itself(&self, words: &[&str]) -> Result<()> {
        ensure!(self.itself(words)?.status()?.success(), "{words:?}: see log/worker.log");
        Ok(())
    }

    /// Starts this program as a worker.
    pub fn start_own_worker(&mut self, words: &[&str]) -> Result<()> {
        let worker = self.itself(words)?.spawn()?;
        self.workers.push(worker);
        Ok(())
    }

    /// Ends all workers, as an operator would.
    pub async fn stop_workers(&mut self) -> Result<()> {
        stop(std::mem::take(&mut self.workers)).await
    }

    pub async fn stop_serve(&mut self) -> Result<()> {
        stop(self.serve.take().into_iter().collect()).await
    }

    /// Time from the call of the program to its first 200 on `/health`, on an address of its own.
    pub async fn cold_start(&self) -> Result<Duration> {
        let (host, port) = self.address.rsplit_once(':').context("host:port")?;
        let address = format!("{host}:{}", port.parse::<u16>()? + 11);
        let log = self.log("cold")?;
        let mut command = self.command(&[self.program.to_str().context("a path in UTF-8")?, "serve"]);
        command.env("BIND_ADDR", &address).stdout(log.try_clone()?).stderr(log);
        let begun = Instant::now();
        let child = command.spawn()?;
        while !healthy(&address).await {
            if begun.elapsed() > PATIENCE {
                stop(vec![child]).await?;
                bail!("serve does not answer: see log/cold.log");
            }
            sleep(Duration::from_millis(1)).await;
        }
        let time = begun.elapsed();
        stop(vec![child]).await?;
        Ok(time)
    }

    fn pid_of(&self, store: &str) -> Result<u32> {
        let path = self.folder.join(format!("run/{store}.pid"));
        fs::read_to_string(&path).with_context(|| path.display().to_string())?.trim().parse().context("a pid")
    }

    pub fn pids(&self) -> Result<Pids> {
        Ok(Pids {
            serve: self.serve.iter().map(Child::id).collect(),
            workers: self.workers.iter().map(Child::id).collect(),
            postgres: self.pid_of("postgres")?,
            redis: self.pid_of("redis")?,
            s3: self.pid_of("s3")?,
        })
    }

    pub fn cpu(&self) -> Result<Cpu> {
        Ok(processes::cpu(&self.pids()?))
    }

    pub fn memory(&self) -> Result<Memory> {
        Ok(Memory::now(&self.pids()?))
    }

    /// A connection to PostgreSQL as its superuser.
    pub async fn database(&self) -> Result<tokio_postgres::Client> {
        let url = self.setting("TEST_POSTGRES_URL")?;
        let url = format!("{}/docuvault", url.rsplit_once('/').context("a URL")?.0);
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for mut child in self.serve.take().into_iter().chain(std::mem::take(&mut self.workers)) {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

async fn healthy(address: &str) -> bool {
    let mut connection = Connection::to(address);
    matches!(connection.ask(&http::get(address, "/health")).await, Ok(200))
}

async fn stop(children: Vec<Child>) -> Result<()> {
    for child in &children {
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended already.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
    for mut child in children {
        let begun = Instant::now();
        while child.try_wait()?.is_none() {
            if begun.elapsed() > PATIENCE {
                child.kill()?;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
    Ok(())
}
