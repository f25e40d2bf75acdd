//! What DocuVault costs, and how far it is from what the machine, the stores and the tools allow.
//!
//! `script/bench` starts the stores and calls this; it starts `serve` and workers by itself, drives them over HTTP, and
//! reads what they cost out of /proc. docs/performance.md has the figures.

// Shared with the tests, which use all of it.
#[path = "../../tests/support/files.rs"]
#[expect(dead_code, reason = "scans.rs needs a part of it")]
mod files;
#[path = "../../tests/support/scans.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod scans;

mod corpus;
mod figures;
mod fill;
mod growth;
mod http;
mod jobs;
mod limits;
mod load;
mod processes;
mod report;
mod requests;
mod stack;
mod watch;

use crate::figures::{Figures, median};
use crate::report::Origin;
use crate::stack::Stack;
use crate::watch::Watch;
use anyhow::{Result, ensure};
use clap::Parser;
use std::env;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::sleep;

/// Measures DocuVault on stores that `script/bench` has started.
#[derive(Parser)]
struct Arguments {
    /// Where the stores live.
    #[arg(long)]
    folder: PathBuf,
    /// The program under test.
    #[arg(long)]
    program: PathBuf,
    /// PDFs made by benches/make-pdfs.py.
    #[arg(long)]
    pdfs: Option<PathBuf>,
    /// Small counts: whether it works, not how fast.
    #[arg(long)]
    quick: bool,
    /// Runs, separated by commas; all where there is none.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How the answers' time grows, with so many documents.
    #[arg(long, value_delimiter = ',')]
    growth: Vec<usize>,
    #[arg(long)]
    json: Option<PathBuf>,
    #[arg(long)]
    markdown: Option<PathBuf>,
    #[arg(long)]
    compare: Option<PathBuf>,
    /// What was called, when, and of which commit: for the report.
    #[arg(long, default_value = "")]
    command: String,
    #[arg(long, default_value = "")]
    date: String,
    #[arg(long, default_value = "")]
    commit: String,
}

/// How much of everything.
struct Counts {
    texts: usize,
    pdfs: usize,
    scans: usize,
    /// Documents in the vault that is searched.
    filled: usize,
    large_mib: u64,
    seconds: Duration,
    starts: usize,
}

const FULL: Counts = Counts {
    texts: 2000,
    pdfs: 300,
    scans: 24,
    filled: 10_000,
    large_mib: 1024,
    seconds: Duration::from_secs(5),
    starts: 9,
};
const QUICK: Counts =
    Counts { texts: 60, pdfs: 20, scans: 2, filled: 2000, large_mib: 64, seconds: Duration::from_secs(1), starts: 3 };

fn main() -> Result<()> {
    // cargo bench adds a word of its own, and `cargo test --all-targets` calls this with nothing.
    let arguments: Vec<_> = env::args().filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | [_] => Ok(()),
        [_, jobs::WORKER, ms] => jobs::worker(ms, None),
        [_, jobs::WORKER, ms, in_hand] => jobs::worker(ms, Some(in_hand)),
        [_, jobs::BELL] => jobs::bell(),
        _ => measure(arguments),
    }
}

// One thread: it has to leave the cores to what it measures.
#[tokio::main(flavor = "current_thread")]
async fn measure(arguments: Vec<String>) -> Result<()> {
    let arguments = Arguments::parse_from(arguments);
    let mut stack = Stack::new(&arguments.folder, &arguments.program)?;
    let mut figures = Figures::default();
    let tables = if arguments.growth.is_empty() {
        everything(&mut stack, &arguments, &mut figures).await?;
        let origin = origin(&arguments);
        (report::tables(&origin, &figures), "bench", origin)
    } else {
        ensure!(arguments.growth.is_sorted(), "sizes grow");
        let titles = growth::run(&mut stack, &arguments.growth, arguments.quick, &mut figures).await?;
        let origin = origin(&arguments);
        (report::growth(&origin, &figures, &arguments.growth, &titles), "growth", origin)
    };
    let (tables, part, origin) = tables;
    println!("\n{tables}");
    if let Some(path) = &arguments.json {
        report::write_json(path, &origin, &figures)?;
    }
    if let Some(path) = &arguments.markdown {
        report::write_markdown(path, part, &tables)?;
    }
    if let Some(path) = &arguments.compare {
        report::compare(path, &figures)?;
    }
    Ok(())
}

fn origin(arguments: &Arguments) -> Origin {
    let Arguments { command, date, commit, .. } = arguments;
    let machine = processes::machine();
    Origin { command: command.clone(), date: date.clone(), commit: commit.clone(), machine }
}

/// The runs, one after the other, each on the vault that the one before has left.
async fn everything(stack: &mut Stack, arguments: &Arguments, figures: &mut Figures) -> Result<()> {
    let counts = if arguments.quick { &QUICK } else { &FULL };
    let wanted = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);

    limits::disk(&stack.folder, figures)?;
    if wanted("limits") {
        limits::commits(stack, counts.seconds, figures).await?;
        limits::small_objects(stack, counts.seconds, figures).await?;
    }
    stack.start_serve().await?;
    if wanted("start") {
        cold_start(stack, counts, figures).await?;
    }
    stack.start_worker(&[])?;
    idle(stack, figures).await?;
    let watch = Watch::begin(&stack.address).await?;
    // What is done once in the life of a process is not the documents' cost.
    load::put_all(&stack.address, corpus::texts(0, 32), Some(&watch)).await?;

    if wanted("text") {
        load::closed(stack, &watch, "text", corpus::texts(1, counts.texts), figures).await?;
        load::burst(stack, &watch, "text-burst", corpus::texts(2, counts.texts), figures).await?;
    }
    if wanted("pdf")
        && let Some(folder) = &arguments.pdfs
    {
        let mut pdfs = corpus::pdfs(folder)?;
        let count = counts.pdfs.min(pdfs.len() / 2);
        limits::pdftotext(&stack.folder, &pdfs[..count], figures)?;
        load::closed(stack, &watch, "pdf", corpus::take(&mut pdfs, count)?, figures).await?;
        load::burst(stack, &watch, "pdf-burst", corpus::take(&mut pdfs, count)?, figures).await?;
        figures.put_ratio("ratio.pdf_cpu", "pdf.cpu_ours", "limit.pdftotext_cpu");
    }
    if wanted("scan") {
        println!("making {} scans", counts.scans);
        let scans = corpus::scanned(counts.scans)?;
        limits::tesseract(&stack.folder, &scans, figures)?;
        load::closed(stack, &watch, "scan", scans, figures).await?;
        figures.put_ratio("ratio.scan_cpu", "scan.cpu_ours", "limit.ocr_cpu_mean");
    }
    if wanted("requests") {
        fill::fill(stack, 0..counts.filled.saturating_sub(documents_in(stack).await?)).await?;
        ask(stack, counts, figures).await?;
    }
    if wanted("uploads") {
        stack.stop_workers().await?;
        for (series, workers) in [(3, 1), (4, 2)] {
            let texts = corpus::texts(series, counts.texts);
            let mut uploads = match workers {
                1 => load::uploads(stack, "uploads", texts, figures).await?,
                _ => load::put_all(&stack.address, texts, None).await?,
            };
            load::drain(stack, &watch, &format!("drain-{workers}"), workers, &mut uploads, figures).await?;
            stack.stop_workers().await?;
        }
        stack.start_worker(&[])?;
        figures.put_ratio("ratio.uploads", "uploads.documents_per_second", "limit.s3_puts_eight");
        figures.put_ratio("ratio.uploads_to_commits", "uploads.documents_per_second", "limit.postgres_commits");
    }
    if wanted("jobs") {
        stack.stop_workers().await?;
        fill::fill(stack, counts.filled..counts.filled + 5000).await?;
        jobs::runs(stack, arguments.quick, figures).await?;
        stack.start_worker(&[])?;
    }
    if wanted("large") {
        figures.put("large.mib", counts.large_mib as f64, "MiB");
        limits::large_object(stack, counts.large_mib, figures).await?;
    }
    stack.stop_workers().await?;
    stack.stop_serve().await
}

async fn cold_start(stack: &Stack, counts: &Counts, figures: &mut Figures) -> Result<()> {
    println!("cold start, {} times", counts.starts);
    let mut times = Vec::new();
    for _ in 0..counts.starts {
        times.push(stack.cold_start().await?.as_secs_f64() * 1e3);
    }
    figures.put("cold_start.worst", times.iter().copied().fold(0.0, f64::max), "ms");
    figures.put("cold_start.median", median(times), "ms");
    Ok(())
}

async fn idle(stack: &Stack, figures: &mut Figures) -> Result<()> {
    println!("at rest");
    sleep(Duration::from_secs(4)).await;
    let memory = stack.memory()?;
    figures.put("idle.serve", memory.serve, "MiB");
    figures.put("idle.worker", memory.worker, "MiB");
    figures.put("idle.both", memory.both, "MiB");
    if !stack.pids()?.serve.iter().all(|pid| processes::sees_pss(*pid)) {
        println!("  (this is RSS, and so are the peaks: PSS is for root to see)");
    }
    Ok(())
}

/// The list, and searches for words of many frequencies, in a vault of some size.
async fn ask(stack: &Stack, counts: &Counts, figures: &mut Figures) -> Result<()> {
    let mut connection = http::Connection::to(&stack.address);
    let stats = http::get_json(&mut connection, "/api/v1/documents?limit=25").await?;
    let ids = stats["items"].as_array().into_iter().flatten().filter_map(|item| item["id"].as_str());
    let documents: Vec<String> = ids.map(|id| format!("/api/v1/documents/{id}")).collect();
    figures.put("filled.documents", documents_in(stack).await? as f64, "");
    let list = vec!["/api/v1/documents?limit=25".to_owned()];
    let words =
        [fill::COMMON, fill::RARE, fill::COMMON_TOO, fill::WITHIN, "number 117", "receipt", "lighthouse", "payslip"];
    let searches: Vec<String> =
        words.iter().map(|word| format!("/api/v1/documents?limit=25&q={}", http::escaped(word))).collect();
    let runs: [(&str, &[String], requests::Ask); 5] = [
        ("list", &list, http::get),
        ("list-anew", &list, http::get_anew),
        ("search", &searches, http::get),
        ("search-anew", &searches, http::get_anew),
        ("document", &documents, http::get),
    ];
    for (name, paths, ask) in runs {
        requests::measured(stack, name, paths, ask, load::CLIENTS, counts.seconds, figures).await?;
    }
    Ok(())
}

async fn documents_in(stack: &Stack) -> Result<usize> {
    let count: i64 = stack.database().await?.query_one("SELECT count(*) FROM documents", &[]).await?.get(0);
    Ok(count.try_into()?)
}
