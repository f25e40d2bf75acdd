//! A thousand broken files of all formats, through a real worker: each ends in one attempt with a text or a code, no child
//! has more memory than it is given, and the worker has no more after the last than after the first hundreds.

use crate::support::files::pdf;
use crate::support::process::Process;
use crate::support::scans::{file_of, scanned_pdf, written};
use crate::support::{TestVault, file_part, id_of};
use docuvault::domain::DocumentProblem;
use futures_util::{StreamExt, stream};
use image::ImageFormat;
use reqwest::multipart::Form;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Files in all, over all formats.
const MUTANTS: usize = 1000;
/// After so many the worker has seen every format, and has what memory it needs.
const WARM: usize = 300;
/// What the worker may take more after that, in KiB: fragments, and no more.
const GROWTH_KIB: u64 = 24 * 1024;
/// `READ_MEMORY_BYTES`, in KiB.
const CHILD_KIB: u64 = 512 * 1024;
/// `READ_TIMEOUT_SECONDS` of CPU, five more by the clock; a document may need several children.
const TIMEOUT: &str = "4";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_broken_files_of_all_formats_harm_nobody() {
    let vault = TestVault::builder()
        .set("WORKER_CONCURRENCY", "2")
        .set("READ_TIMEOUT_SECONDS", TIMEOUT)
        .set("READ_MEMORY_BYTES", &(CHILD_KIB * 1024).to_string())
        .set("OCR_LANGUAGES", "eng")
        .set("RUST_LOG", "error")
        .start()
        .await;
    let mut worker = Process::spawn("worker", &vault.variables);
    let watch = Watch::over(worker.pid());
    let originals = originals();
    let names: Vec<&str> = originals.iter().map(|(name, _)| name.as_str()).collect();
    let mut dice = Dice(20_261_125);
    let mut warm_kib = 0;
    for batch in 0..MUTANTS / 100 {
        let mutants: Vec<(String, Vec<u8>)> = (0..100)
            .map(|at| {
                let number = batch * 100 + at;
                let (name, bytes) = &originals[number % originals.len()];
                (format!("{number}-{name}"), mutated(bytes, &mut dice))
            })
            .collect();
        let vault = &vault;
        let ids: Vec<(String, String)> = stream::iter(mutants)
            .map(|(name, bytes)| async move {
                // Two may have become the same.
                let form = Form::new().text("on_duplicate", "keep").part("file", file_part(&name, bytes));
                let answer = vault.post_form(form).await;
                assert_eq!(answer.status(), 201, "{name}");
                let id = id_of(&answer.json().await.expect("a document"));
                (name, id)
            })
            .buffer_unordered(8)
            .collect()
            .await;
        for (name, id) in ids {
            let document = vault.processed(&id).await;
            let ended = match document["status"].as_str() {
                Some("ready" | "needs_review") => document["error"].is_null(),
                Some("failed") => document["error"]["code"].as_str().is_some_and(|code| {
                    // `gave_up` would be the vault's own fault.
                    code.parse::<DocumentProblem>().is_ok_and(|problem| problem != DocumentProblem::GaveUp)
                }),
                _ => false,
            };
            assert!(ended, "{name}: {document}");
        }
        if (batch + 1) * 100 == WARM {
            warm_kib = watch.worker_kib();
        }
    }
    assert!(names.len() > 25, "{names:?}");
    assert_eq!(vault.count("SELECT count(*) FROM jobs WHERE state <> 'done' OR attempts <> 1").await, 0);
    assert_eq!(worker.child.try_wait().expect("its state"), None, "the worker has ended");
    let most_kib = watch.worker_kib();
    println!(
        "worker {} MiB after {WARM} files, {} MiB at most; a child {} MiB at most",
        warm_kib / 1024,
        most_kib / 1024,
        watch.child_kib() / 1024
    );
    assert!(most_kib <= warm_kib + GROWTH_KIB, "the worker grew from {warm_kib} to {most_kib} KiB");
    assert!(watch.child_kib() > 0, "no child was ever seen");
    assert!(watch.child_kib() <= CHILD_KIB, "a child had {} KiB", watch.child_kib());
    vault.assert_tidy().await;
}

/// One file of each format that lies in the repository, but for large pictures, which would take hours to read: of those,
/// small ones.
fn originals() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats");
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .expect("the files")
        .map(|entry| entry.expect("a file").path())
        .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), path))
        .filter(|(name, _)| {
            let picture = ["png", "jpg", "gif", "bmp", "webp"].iter().any(|kind| name.ends_with(kind));
            // These have pictures of whole pages in them; smaller ones follow.
            !picture && !["make", "make-msg.mjs", "scan.pdf", "archive.zip", "message.eml"].contains(&name.as_str())
        })
        .map(|(name, path)| (name, fs::read(path).expect("its bytes")))
        .collect();
    let words = written("Payment is due on Friday", (500, 90), 22.0);
    for (name, format) in [
        ("small.png", ImageFormat::Png),
        ("small.jpg", ImageFormat::Jpeg),
        ("small.gif", ImageFormat::Gif),
        ("small.bmp", ImageFormat::Bmp),
        ("small.webp", ImageFormat::WebP),
    ] {
        files.push((name.to_owned(), file_of(&words, format)));
    }
    files.push(("small-scan.pdf".to_owned(), scanned_pdf(&[words])));
    files.push(("small.pdf".to_owned(), pdf(&["Payment is due on Friday", "and a second page"])));
    let mail = "From: Ann <ann@example.org>\r\nSubject: words\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nPayment is due\r\n\
        --b\r\nContent-Type: text/html; name=a.html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n\
        <p>on Friday</p>\r\n--b--\r\n";
    files.push(("small.eml".to_owned(), mail.as_bytes().to_vec()));
    files.sort();
    files
}

/// Numbers that look random and are the same each time (xorshift64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).unwrap_or(0)
    }
}

/// Some bytes changed, put in, taken out, doubled or cut off.
fn mutated(file: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..1 + dice.below(12) {
        let at = dice.below(bytes.len());
        let to = (at + 1 + dice.below(64)).min(bytes.len());
        match dice.below(7) {
            0 => bytes[at] = dice.below(256) as u8,
            1 => bytes[at] ^= 1 << dice.below(8),
            2 => bytes[at..to].fill(0xff),
            3 => bytes[at..to].fill(0),
            4 => drop(bytes.drain(at..to)),
            5 => {
                let again = bytes[at..to].to_vec();
                bytes.splice(at..at, again);
            }
            _ if dice.below(6) == 0 => bytes.truncate(at),
            _ => {}
        }
        if bytes.is_empty() {
            return vec![b'x'];
        }
    }
    bytes
}

/// Looks at the memory of a worker's children while it goes on.
struct Watch {
    worker: u32,
    child_kib: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Watch {
    fn over(worker: u32) -> Self {
        let (child_kib, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (most, ended) = (child_kib.clone(), over.clone());
        std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                for child in children(worker) {
                    most.fetch_max(kib(child, "VmHWM:"), Ordering::Relaxed);
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self { worker, child_kib, over }
    }

    fn worker_kib(&self) -> u64 {
        kib(self.worker, "VmHWM:")
    }

    fn child_kib(&self) -> u64 {
        self.child_kib.load(Ordering::Relaxed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// The children of all threads of a process.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

/// A line of a process's state; 0 where it has ended meanwhile.
fn kib(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}
