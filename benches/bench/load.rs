//! Putting files in: the closed loop, in which each client waits for its file to be processed before it sends the next,
//! and the burst, in which nobody waits.

use crate::corpus::File;
use crate::figures::Figures;
use crate::http::{self, Connection};
use crate::processes::{Cpu, Memory, Sampler, load};
use crate::stack::Stack;
use crate::watch::{Done, Watch, field};
use anyhow::{Context, Result, ensure};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::task::JoinSet;

/// Who puts files in at the same time.
pub const CLIENTS: usize = 8;

/// One file's way.
#[derive(Clone)]
pub struct Upload {
    pub id: String,
    begun: Instant,
    answered: Instant,
    done: Option<Done>,
}

/// Sends one upload; it has to be answered with 201.
async fn put_in(connection: &mut Connection, request: &[u8]) -> Result<Upload> {
    let begun = Instant::now();
    let status = connection.ask(request).await?;
    let answered = Instant::now();
    ensure!(status == 201, "an upload was answered with {status}: {}", connection.text());
    let id = field(&connection.text(), "id").context("an id")?.to_owned();
    Ok(Upload { id, begun, answered, done: None })
}

/// Puts all files in by eight clients. `watch`: each waits for its file to be processed before it sends the next.
pub async fn put_all(address: &str, files: Vec<File>, watch: Option<&Watch>) -> Result<Vec<Upload>> {
    // Made ready before the clock runs.
    let requests = files.into_iter().map(|file| http::upload(address, &file.name, file.content_type, &file.bytes));
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(requests.collect());
    let next = Arc::new(AtomicUsize::new(0));
    let uploads = Arc::new(Mutex::new(Vec::with_capacity(requests.len())));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (requests, next, uploads) = (requests.clone(), next.clone(), uploads.clone());
        let (watch, mut connection) = (watch.cloned(), Connection::to(address));
        clients.spawn(async move {
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut upload = put_in(&mut connection, request).await?;
                if let Some(watch) = &watch {
                    upload.done = Some(watch.done(&upload.id, &mut connection).await?);
                }
                uploads.lock().unwrap_or_else(PoisonError::into_inner).push(upload);
            }
            anyhow::Ok(())
        });
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    let uploads = std::mem::take(&mut *uploads.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(uploads)
}

/// Waits until all of them are processed.
pub async fn wait_for_all(address: &str, uploads: &mut [Upload], watch: &Watch) -> Result<()> {
    let mut connection = Connection::to(address);
    for upload in uploads {
        upload.done = Some(watch.done(&upload.id, &mut connection).await?);
    }
    Ok(())
}

/// What is measured around a run.
pub struct Around {
    cpu: Cpu,
    load: f64,
    sampler: Sampler,
    begun: Instant,
}

impl Around {
    pub fn begin(stack: &Stack) -> Result<Self> {
        let sampler = Sampler::start(stack.pids()?);
        Ok(Self { cpu: stack.cpu()?, load: load(), sampler, begun: Instant::now() })
    }

    /// Keeps what was seen under `name`: the rate, the CPU of each part, the memory and the load.
    pub fn end(self, stack: &Stack, name: &str, count: usize, what: &str, figures: &mut Figures) -> Result<Memory> {
        let seconds = self.begun.elapsed().as_secs_f64();
        let cpu = stack.cpu()?.since(&self.cpu, count);
        let peak = self.sampler.peak();
        figures.put(format!("{name}.{what}_per_second"), count as f64 / seconds, "/s");
        for (part, ms) in cpu.parts() {
            figures.put(format!("{name}.cpu_{part}"), ms, "ms each");
        }
        figures.put(format!("{name}.cpu_ours"), cpu.ours(), "ms each");
        figures.put(format!("{name}.peak_serve"), peak.serve, "MiB");
        figures.put(format!("{name}.peak_worker"), peak.worker, "MiB");
        figures.put(format!("{name}.peak"), peak.both, "MiB");
        figures.put(format!("{name}.load_before"), self.load, "");
        figures.put(format!("{name}.load_after"), load(), "");
        Ok(peak)
    }
}

fn keep_latencies(name: &str, uploads: &[Upload], figures: &mut Figures) {
    let ms = |from: Instant, to: Instant| to.duration_since(from).as_secs_f64() * 1e3;
    let mut sent: Vec<f64> = uploads.iter().map(|upload| ms(upload.begun, upload.answered)).collect();
    figures.put_percentiles(&format!("{name}.upload"), &mut sent);
    let mut ready: Vec<f64> =
        uploads.iter().filter_map(|upload| Some(ms(upload.begun, upload.done?.at.max(upload.answered)))).collect();
    if !ready.is_empty() {
        figures.put_percentiles(&format!("{name}.ready"), &mut ready);
    }
    let failed = uploads.iter().filter(|upload| upload.done.is_some_and(|done| done.failed)).count();
    figures.put(format!("{name}.documents"), uploads.len() as f64, "");
    figures.put(format!("{name}.failed"), failed as f64, "");
}

/// Eight clients, each with one document under way.
pub async fn closed(stack: &Stack, watch: &Watch, name: &str, files: Vec<File>, figures: &mut Figures) -> Result<()> {
    let count = files.len();
    println!("{name}: {count} files by {CLIENTS} clients, one after the other");
    let around = Around::begin(stack)?;
    let uploads = put_all(&stack.address, files, Some(watch)).await?;
    around.end(stack, name, count, "documents", figures)?;
    keep_latencies(name, &uploads, figures);
    Ok(())
}

/// Eight clients that wait for nothing; the run is over when the queue is empty.
pub async fn burst(stack: &Stack, watch: &Watch, name: &str, files: Vec<File>, figures: &mut Figures) -> Result<()> {
    let count = files.len();
    println!("{name}: {count} files by {CLIENTS} clients, all at once");
    let around = Around::begin(stack)?;
    let mut uploads = put_all(&stack.address, files, None).await?;
    wait_for_all(&stack.address, &mut uploads, watch).await?;
    around.end(stack, name, count, "documents", figures)?;
    keep_latencies(name, &uploads, figures);
    Ok(())
}

/// Uploads alone, while no worker runs: how fast `serve` takes files. They are left in the queue.
pub async fn uploads(stack: &Stack, name: &str, files: Vec<File>, figures: &mut Figures) -> Result<Vec<Upload>> {
    let count = files.len();
    println!("{name}: {count} files by {CLIENTS} clients, while no worker runs");
    let around = Around::begin(stack)?;
    let uploads = put_all(&stack.address, files, None).await?;
    around.end(stack, name, count, "documents", figures)?;
    keep_latencies(name, &uploads, figures);
    Ok(uploads)
}

/// A full queue that so many new workers empty: the rate from the first document that is ready to the last.
pub async fn drain(
    stack: &mut Stack,
    watch: &Watch,
    name: &str,
    workers: usize,
    uploads: &mut [Upload],
    figures: &mut Figures,
) -> Result<()> {
    println!("{name}: {} documents wait, {workers} workers start", uploads.len());
    for _ in 0..workers {
        stack.start_worker(&[])?;
    }
    let before = stack.cpu()?;
    wait_for_all(&stack.address, uploads, watch).await?;
    let cpu = stack.cpu()?.since(&before, uploads.len());
    let ends = || uploads.iter().filter_map(|upload| Some(upload.done?.at));
    let (first, last) = ends().min().zip(ends().max()).context("documents")?;
    let seconds = last.duration_since(first).as_secs_f64();
    figures.put(format!("{name}.documents_per_second"), (uploads.len() - 1) as f64 / seconds, "/s");
    for (part, ms) in cpu.parts() {
        figures.put(format!("{name}.cpu_{part}"), ms, "ms each");
    }
    figures.put(format!("{name}.load_after"), load(), "");
    Ok(())
}
