//! What the machine, the stores and the tools can do by themselves: the limits that the vault's figures stand beside.

use crate::corpus::File;
use crate::figures::{Figures, median};
use crate::http::{Connection, get};
use crate::load::CLIENTS;
use crate::processes::own_and_reaped;
use crate::stack::Stack;
use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use docuvault::domain::{DocumentId, ObjectKey};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::task::JoinSet;

/// `fdatasync` of 4 KB that were added to a file.
pub fn disk(folder: &Path, figures: &mut Figures) -> Result<()> {
    println!("limits of the disk");
    let path = folder.join("fsync");
    let mut file = fs::File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        file.write_all(&[7; 4096])?;
        let begun = Instant::now();
        file.sync_data()?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    fs::remove_file(path)?;
    figures.put_percentiles("limit.fsync", &mut times);
    Ok(())
}

/// HMAC (RFC 2104) of SHA-256.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

/// The least that the S3 server takes: AWS Signature Version 4, over the head alone.
#[derive(Clone)]
struct Signer {
    host: String,
    bucket: String,
    access_key: String,
    scope: String,
    key: [u8; 32],
}

impl Signer {
    fn new(stack: &Stack) -> Result<Self> {
        let host = stack.setting("MINIO_ENDPOINT")?.trim_start_matches("http://").to_owned();
        let region = stack.setting("MINIO_REGION")?;
        let day = DateTime::<Utc>::from(SystemTime::now()).format("%Y%m%d").to_string();
        let mut key = hmac(format!("AWS4{}", stack.setting("MINIO_SECRET_KEY")?).as_bytes(), day.as_bytes());
        for word in [region, "s3", "aws4_request"] {
            key = hmac(&key, word.as_bytes());
        }
        let (bucket, access_key) = (stack.setting("MINIO_BUCKET")?.into(), stack.setting("MINIO_ACCESS_KEY")?.into());
        Ok(Self { host, bucket, access_key, scope: format!("{day}/{region}/s3/aws4_request"), key })
    }

    /// The head of a PUT of `size` bytes.
    fn put(&self, key: &str, size: u64) -> Vec<u8> {
        let time = DateTime::<Utc>::from(SystemTime::now()).format("%Y%m%dT%H%M%SZ").to_string();
        let path = format!("/{}/{key}", self.bucket);
        let names = "host;x-amz-content-sha256;x-amz-date";
        let canonical = format!(
            "PUT\n{path}\n\nhost:{}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:{time}\n\n{names}\n\
             UNSIGNED-PAYLOAD",
            self.host
        );
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{}\n{}", self.scope, hex::encode(Sha256::digest(canonical)));
        format!(
            "PUT {path} HTTP/1.1\r\nhost: {}\r\nx-amz-date: {time}\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={names}, Signature={}\r\n\
             content-length: {size}\r\n\r\n",
            self.host,
            self.access_key,
            self.scope,
            hex::encode(hmac(&self.key, to_sign.as_bytes()))
        )
        .into_bytes()
    }
}

/// PUTs of 4 KB into the bare S3 server: by one connection and by eight, all into one folder; and by eight under keys like
/// the vault's, of which each has a folder of its own, as some servers keep them.
pub async fn small_objects(stack: &Stack, time: Duration, figures: &mut Figures) -> Result<()> {
    println!("limits of the S3 server, 4 KB");
    let signer = Signer::new(stack)?;
    for (name, clients) in [("one", 1), ("eight", CLIENTS), ("own_keys", CLIENTS)] {
        let before = stack.cpu()?;
        let begun = Instant::now();
        let next = Arc::new(AtomicUsize::new(0));
        let mut running = JoinSet::new();
        for _ in 0..clients {
            let (signer, next) = (signer.clone(), next.clone());
            running.spawn(async move {
                let mut connection = Connection::to(&signer.host);
                let mut samples = Vec::new();
                while begun.elapsed() < time {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let key = match name {
                        // Beside the vault's own objects, of which each has a row.
                        "own_keys" => format!("bench/{}", ObjectKey::generate_for_thumbnail(DocumentId::generate())),
                        _ => format!("bench/{name}/{number}"),
                    };
                    let mut request = signer.put(&key, 4096);
                    request.resize(request.len() + 4096, b'x');
                    let sent = Instant::now();
                    let status = connection.ask(&request).await?;
                    ensure!(status == 200, "the S3 server answers {status}: {}", connection.text());
                    samples.push(sent.elapsed().as_secs_f64() * 1e3);
                }
                anyhow::Ok(samples)
            });
        }
        let mut samples = Vec::new();
        while let Some(client) = running.join_next().await {
            samples.extend(client??);
        }
        let cpu = stack.cpu()?.since(&before, samples.len());
        figures.put(format!("limit.s3_puts_{name}_cpu"), cpu.s3, "ms each");
        figures.put(format!("limit.s3_puts_{name}"), samples.len() as f64 / begun.elapsed().as_secs_f64(), "/s");
        figures.put_percentiles(&format!("limit.s3_put_{name}"), &mut samples);
    }
    Ok(())
}

/// A piece of a large file; not all the same, so that nobody can be clever about it.
fn piece(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let word = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..PIECE / 8).flat_map(word).collect()
}
const PIECE: usize = 1 << 20;

/// Sends `mib` of bytes, made before the clock runs, in a turn that is the same for both sides.
async fn send_large(connection: &mut Connection, pieces: &[Vec<u8>], mib: u64) -> Result<()> {
    for number in 0..mib {
        connection.send(&pieces[number as usize % pieces.len()]).await?;
    }
    Ok(())
}

/// A large object: the bare server by one connection, then the same bytes through the vault, with the memory that takes.
pub async fn large_object(stack: &Stack, mib: u64, figures: &mut Figures) -> Result<()> {
    println!("one file of {mib} MiB: bare, and through the vault");
    // A prime number of them: no two parts of 8 MiB are the same.
    let pieces: Vec<Vec<u8>> = (0..13).map(piece).collect();
    let size = mib << 20;
    let signer = Signer::new(stack)?;
    let mut connection = Connection::to(&signer.host);
    let begun = Instant::now();
    connection.begin(&signer.put("bench/large", size)).await?;
    send_large(&mut connection, &pieces, mib).await?;
    let status = connection.answer().await?;
    ensure!(status == 200, "the S3 server answers {status}: {}", connection.text());
    figures.put("limit.s3_large", mib as f64 / begun.elapsed().as_secs_f64(), "MiB/s");

    let around = crate::load::Around::begin(stack)?;
    let (begin, end) = crate::http::form(&stack.address, "large.bin", "application/octet-stream", size);
    let mut connection = Connection::to(&stack.address);
    let begun = Instant::now();
    connection.begin(&begin).await?;
    send_large(&mut connection, &pieces, mib).await?;
    connection.send(&end).await?;
    let status = connection.answer().await?;
    ensure!(status == 201, "the upload was answered with {status}: {}", connection.text());
    figures.put("large.upload", mib as f64 / begun.elapsed().as_secs_f64(), "MiB/s");
    // Until the worker has looked at it too.
    let id = crate::watch::field(&connection.text(), "id").context("an id")?.to_owned();
    loop {
        connection.ask(&get(&stack.address, &format!("/api/v1/documents/{id}"))).await?;
        let text = connection.text();
        if !matches!(crate::watch::field(&text, "status"), Some("pending" | "processing")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    around.end(stack, "large", 1, "documents", figures)?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    figures.put("large.memory_after", stack.memory()?.both, "MiB");
    figures.put_ratio("ratio.large_upload", "large.upload", "limit.s3_large");
    Ok(())
}

/// Transactions of two inserts each, by eight connections of one round trip a transaction.
pub async fn commits(stack: &Stack, time: Duration, figures: &mut Figures) -> Result<()> {
    println!("limits of PostgreSQL");
    let setup = stack.database().await?;
    setup
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS bench_commits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word text)",
        )
        .await?;
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..CLIENTS {
        let client = stack.database().await?;
        running.spawn(async move {
            let mut count = 0_usize;
            while begun.elapsed() < time {
                client
                    .batch_execute(
                        "BEGIN; INSERT INTO bench_commits (word) VALUES ('one'); \
                         INSERT INTO bench_commits (word) VALUES ('two'); COMMIT",
                    )
                    .await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut count = 0;
    while let Some(client) = running.join_next().await {
        count += client??;
    }
    figures.put("limit.postgres_commits", count as f64 / begun.elapsed().as_secs_f64(), "/s");
    setup.batch_execute("DROP TABLE bench_commits").await?;
    Ok(())
}

/// Runs a tool to its end; answers what it has written.
fn tool(words: &[&str], input: &Path) -> Result<Vec<u8>> {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env("OMP_THREAD_LIMIT", "1").stdin(fs::File::open(input)?).stderr(Stdio::null());
    let output = command.output().with_context(|| format!("{} is installed", words[0]))?;
    ensure!(output.status.success(), "{} failed on {}", words[0], input.display());
    Ok(output.stdout)
}

/// Bare `pdftotext`, one after the other.
pub fn pdftotext(folder: &Path, files: &[File], figures: &mut Figures) -> Result<()> {
    println!("limits of pdftotext: {} files", files.len());
    let path = folder.join("bare.pdf");
    let (mut pages, mut time, before) = (0, Duration::ZERO, own_and_reaped().1);
    for file in files {
        fs::write(&path, &file.bytes)?;
        let begun = Instant::now();
        let text = tool(&["pdftotext", "-enc", "UTF-8", "-", "-"], &path)?;
        time += begun.elapsed();
        pages += text.iter().filter(|byte| **byte == b'\x0c').count();
    }
    let cpu = own_and_reaped().1 - before;
    figures.put("limit.pdftotext_pages", pages as f64 / time.as_secs_f64(), "pages/s");
    figures.put("limit.pdftotext_cpu", cpu / files.len() as f64, "ms each");
    Ok(())
}

/// Bare `pdftoppm` and `tesseract` with one thread, on pages of scans.
pub fn tesseract(folder: &Path, files: &[File], figures: &mut Figures) -> Result<()> {
    println!("limits of pdftoppm and tesseract: {} pages", files.len());
    let (scan, page) = (folder.join("bare.pdf"), folder.join("bare.pgm"));
    let mut times = Vec::new();
    for file in files {
        fs::write(&scan, &file.bytes)?;
        let before = own_and_reaped().1;
        fs::write(&page, tool(&["pdftoppm", "-gray", "-r", "300"], &scan)?)?;
        tool(&["tesseract", "stdin", "stdout", "-l", "eng", "--psm", "3"], &page)?;
        times.push(own_and_reaped().1 - before);
    }
    figures.put("limit.ocr_cpu_mean", times.iter().sum::<f64>() / times.len().max(1) as f64, "ms each");
    figures.put("limit.ocr_cpu_median", median(times), "ms each");
    Ok(())
}
