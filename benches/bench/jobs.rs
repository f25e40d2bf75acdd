//! What the queue costs by itself: jobs that do nothing, and jobs that sleep, by the worker's own runner with another task.
//! Such a worker is this program, called once more.

use crate::figures::Figures;
use crate::stack::Stack;
use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use docuvault::app::{self, Role};
use docuvault::config::{Config, Variables};
use docuvault::db::queries;
use docuvault::domain::JobState;
use docuvault::lifecycle::Shutdown;
use docuvault::services::Vault;
use docuvault::services::processing::Work;
use docuvault::worker::{self, Task, Worker};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// The word with which this program is called to be a worker; it is followed by how long each job sleeps, in ms, and where it
/// is not to be the setting by how many it has in hand at once.
pub const WORKER: &str = "--be-worker";
/// The word with which it is called to ring for all jobs that wait.
pub const BELL: &str = "--be-bell";
/// Rings at once.
const RINGS: usize = 500;
/// How long a job sleeps that sleeps.
const SLEEP: Duration = Duration::from_millis(50);
/// How many a worker has in hand at once where it waits for the stores alone: with one for each core these have rests.
const MORE_IN_HAND: usize = 4;
/// How often it is looked whether all are done: seldom, since PostgreSQL looks at each job for that, and it is none of theirs.
/// The time that they took stands in their rows.
const LOOK: Duration = Duration::from_millis(250);
/// Longest wait for all jobs to be done.
const PATIENCE: Duration = Duration::from_secs(120);

struct Sleep(Duration);

#[async_trait]
impl Task for Sleep {
    async fn run(&self, vault: &Vault, work: Work, owner: &str, _: &CancellationToken) {
        if !self.0.is_zero() {
            sleep(self.0).await;
        }
        let ended = async {
            let mut conn = vault.db.get().await?;
            anyhow::Ok(queries::jobs::finish(&mut conn, &work.job, owner, JobState::Done, None).await?)
        };
        if !matches!(ended.await, Ok(true)) {
            eprintln!("a job was not ended");
        }
    }
}

fn config() -> Result<Config> {
    Ok(Config::read(&Variables::from_environment())?)
}

/// As `docuvault worker`, but for the task.
pub fn worker(ms: &str, in_hand: Option<&str>) -> Result<()> {
    let task = Arc::new(Sleep(Duration::from_millis(ms.parse()?)));
    let mut config = config()?;
    if let Some(in_hand) = in_hand {
        config.work.concurrency = in_hand.parse()?;
    }
    worker::runtime()?.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        let vault = app::build(config, Role::Worker)?;
        app::check(&vault).await?;
        Worker::with_task(vault, task).run(shutdown.drain, shutdown.abort).await;
        Ok(())
    })
}

/// Rings for all jobs that wait.
pub fn bell() -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let vault = app::build(config()?, Role::Verify)?;
        let mut conn = vault.db.get().await?;
        let waiting = queries::jobs::overdue(&mut conn, Duration::ZERO, i64::MAX).await?;
        for some in waiting.chunks(RINGS) {
            vault.queue.ring(some).await?;
        }
        Ok(())
    })
}

/// So many jobs that wait and are rung for, and so many workers that start.
struct Run {
    name: String,
    workers: usize,
    /// How many jobs each of them has in hand at once; none for what the setting says.
    in_hand: Option<usize>,
    jobs: i64,
    /// How long a job sleeps.
    each: Duration,
}

/// The rate from the first end to the last.
async fn run(stack: &mut Stack, run: Run, figures: &mut Figures) -> Result<()> {
    let Run { name, workers, in_hand, jobs, each } = run;
    println!("{name}: {jobs} jobs wait, {workers} workers start");
    let client = stack.database().await?;
    client
        .batch_execute("UPDATE jobs SET state = 'done', lease_owner = NULL, lease_until = NULL WHERE state <> 'done'")
        .await?;
    let insert = "INSERT INTO jobs (id, kind, document_id, created_at)
        SELECT gen_random_uuid(), 'process_document', id, '2000-01-01' FROM documents ORDER BY id LIMIT $1";
    let made = client.execute(insert, &[&jobs]).await?;
    ensure!(i64::try_from(made)? == jobs, "{jobs} jobs need as many documents");
    stack.call_itself(&[BELL])?;
    for _ in 0..workers {
        let mut words = vec![WORKER.to_owned(), each.as_millis().to_string()];
        words.extend(in_hand.map(|in_hand| in_hand.to_string()));
        stack.start_own_worker(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    let before = stack.cpu()?;
    let begun = Instant::now();
    let ended = "SELECT count(*), extract(epoch FROM max(updated_at) - min(updated_at))::float8
        FROM jobs WHERE created_at = '2000-01-01' AND state = 'done'";
    let seconds: f64 = loop {
        let row = client.query_one(ended, &[]).await?;
        if row.get::<_, i64>(0) == jobs {
            break row.get(1);
        }
        ensure!(begun.elapsed() < PATIENCE, "the jobs are not done: see log/worker.log");
        sleep(LOOK).await;
    };
    let cpu = stack.cpu()?.since(&before, usize::try_from(jobs)?);
    figures.put(format!("{name}.jobs_per_second"), (jobs - 1) as f64 / seconds.max(1e-3), "/s");
    for (part, ms) in cpu.parts() {
        figures.put(format!("{name}.cpu_{part}"), ms, "ms each");
    }
    stack.stop_workers().await?;
    client.execute("DELETE FROM jobs WHERE created_at = '2000-01-01'", &[]).await.context("jobs")?;
    Ok(())
}

/// Jobs that do nothing, with one worker, two, and two that have more in hand; jobs that sleep, with one and two.
pub async fn runs(stack: &mut Stack, quick: bool, figures: &mut Figures) -> Result<()> {
    let (nothing, sleeping) = if quick { (500, 40) } else { (5000, 400) };
    for (name, workers, in_hand) in
        [("nothing-1", 1, None), ("nothing-2", 2, None), ("nothing-2-more", 2, Some(MORE_IN_HAND))]
    {
        let jobs = Run { name: name.to_owned(), workers, in_hand, jobs: nothing, each: Duration::ZERO };
        run(stack, jobs, figures).await?;
    }
    for workers in [1, 2] {
        let name = format!("sleeping-{workers}");
        run(stack, Run { name, workers, in_hand: None, jobs: sleeping, each: SLEEP }, figures).await?;
    }
    figures.put_ratio("ratio.two_workers", "sleeping-2.jobs_per_second", "sleeping-1.jobs_per_second");
    Ok(())
}
