//! What reading costs beside the bare tool: CPU of `pdftotext` alone on some PDFs, and of the whole reading step on the
//! same (starting and confining the child, its limits, taking over its text, tidying that up), without the picture of
//! the first page. And whether it is the same text: the F1 of its words against the bare tool's.
//!
//! `script/measure-reading` makes the PDFs and calls this with the program and their paths.

use docuvault::config::ReadingConfig;
use docuvault::extract::{Hint, Program, ReadError, Reader, Reading};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::collections::HashMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs};

const ROUNDS: usize = 9;

/// CPU time of this process and of its children that have ended, in milliseconds.
fn cpu_ms() -> f64 {
    [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN]
        .map(|who| getrusage(who).expect("the kernel counts"))
        .iter()
        .flat_map(|usage| [usage.user_time(), usage.system_time()])
        .map(|time| time.num_microseconds() as f64 / 1000.0)
        .sum()
}

fn bare(path: &PathBuf) -> String {
    let mut tool = Command::new("pdftotext");
    let output = tool.args(["-enc", "UTF-8", "-", "-"]).stdin(fs::File::open(path).expect("a PDF"));
    let output = output.stderr(Stdio::null()).output().expect("pdftotext is installed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn whole(reader: &Reader, bytes: Vec<u8>) -> Result<Reading, ReadError<Infallible>> {
    let hint = Hint { content_type: "application/pdf", extension: Some("pdf") };
    let source = futures_util::stream::iter([Ok::<_, Infallible>(bytes.into())]);
    reader.read(hint, None, source).await
}

fn words(text: &str) -> HashMap<&str, usize> {
    let mut words = HashMap::new();
    for word in text.split_whitespace() {
        *words.entry(word).or_default() += 1;
    }
    words
}

/// The harmonic mean of precision and recall, each word counted as often as it stands there.
fn f1(reference: &str, text: &str) -> f64 {
    let (reference, text) = (words(reference), words(text));
    let same: usize = reference.iter().map(|(word, count)| *count.min(text.get(word).unwrap_or(&0))).sum();
    let all = reference.values().sum::<usize>() + text.values().sum::<usize>();
    if all == 0 { 1.0 } else { 2.0 * same as f64 / all as f64 }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // cargo bench adds a word of its own.
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(program) = arguments.next() else { return };
    let files: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let reader = Reader::new(ReadingConfig::default(), Program::beside(program.into())).without_thumbnails();

    let mut scores = Vec::new();
    for file in &files {
        let reference = bare(file);
        let text = match whole(&reader, fs::read(file).expect("a PDF")).await.map(|reading| reading.text) {
            Ok(Ok(read)) => read.text,
            other => panic!("{}: {other:?}", file.display()),
        };
        scores.push(f1(&reference, &text));
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let least = scores.iter().copied().fold(1.0, f64::min);
    println!("{} PDFs, F1 of the words against pdftotext alone: mean {mean:.4}, least {least:.4}", files.len());

    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        // File by file, so that both sides meet the same moods of the machine.
        let (mut without, mut with) = (0.0, 0.0);
        for file in &files {
            let start = cpu_ms();
            drop(bare(file));
            let between = cpu_ms();
            drop(whole(&reader, fs::read(file).expect("a PDF")).await);
            without += (between - start) / files.len() as f64;
            with += (cpu_ms() - between) / files.len() as f64;
        }
        println!(
            "round {round}: pdftotext {without:.2} ms CPU a PDF, the whole step {with:.2} ms: {:.2} times",
            with / without
        );
        ratios.push(with / without);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median: {:.2} times", ratios[ROUNDS / 2]);
}
