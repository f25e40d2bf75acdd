//! Rows of documents as if they had been put in long ago, past the interface: by COPY, with generated text, and with the
//! topics, the jobs and the audit log that come with them. Their bytes are nowhere.

use crate::stack::Stack;
use anyhow::{Context, Result};
use bytes::Bytes;
use chrono::DateTime;
use futures_util::SinkExt;
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use std::fmt::Write;
use std::ops::Range;
use std::pin::pin;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio_postgres::Client;
use uuid::Uuid;

/// A word that stands in every second document.
pub const COMMON: &str = "amount";
/// A word that stands in another half of them.
pub const COMMON_TOO: &str = "contract";
/// A word that stands in one document of a thousand, but in twenty at most.
pub const RARE: &str = "quicksilver";
/// Part of a word that stands in one name of a hundred.
pub const WITHIN: &str = "ghthous";
const RARE_AT_MOST: usize = 20;
/// Documents are a minute apart.
const APART_MS: u64 = 60_000;
/// From so many new rows on, an index of words is made anew afterwards rather than kept up with each row.
const MANY: usize = 50_000;
/// Rows of one COPY.
const BATCH: usize = 5_000;

/// A word of a language of its own, the frequent ones short; `rank` from 0.
fn word(rank: usize) -> String {
    const ONSETS: [&str; 16] = ["b", "br", "d", "f", "g", "k", "kl", "l", "m", "n", "p", "pr", "s", "st", "t", "v"];
    const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ai", "ei", "ou"];
    let (mut word, mut rest) = (String::new(), rank + 1);
    while rest > 0 {
        word += ONSETS[rest % 16];
        word += VOWELS[(rest / 16) % 8];
        rest /= 128;
    }
    word
}

/// Some sixty words, as rare as words are: about one in `rank` is the word of that rank.
fn text(number: usize, dice: &mut StdRng) -> String {
    let mut text = format!("Number {number}:");
    for _ in 0..60 {
        // 30,000 words, each about as frequent as its rank says (Zipf).
        let rank = 30_000_f64.powf(dice.random_range(0.0..1.0)) as usize;
        text.push(' ');
        text += &word(rank);
    }
    if number.is_multiple_of(2) {
        text = text + " " + COMMON;
    }
    if number % 4 < 2 {
        text = text + " " + COMMON_TOO;
    }
    if number % 1000 == 7 && number / 1000 < RARE_AT_MOST {
        text = text + " " + RARE;
    }
    text
}

/// COPY's own text, one part for each table.
#[derive(Default)]
struct Rows {
    documents: String,
    topics: String,
    jobs: String,
    audit: String,
}

fn id_at(ms: u64, dice: &mut StdRng) -> Uuid {
    let mut random = [0; 10];
    dice.fill_bytes(&mut random);
    uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
}

fn add(rows: &mut Rows, number: usize, newest_ms: u64, topics: &[Uuid]) -> Result<()> {
    let mut dice = StdRng::seed_from_u64(number as u64);
    let ms = newest_ms - number as u64 * APART_MS;
    let id = id_at(ms, &mut dice);
    let at = DateTime::from_timestamp_millis(ms.try_into()?).context("a time")?.to_rfc3339();
    let kind = ["Invoice", "Lease", "Payslip", "Letter", "Insurance policy", "Tax notice", "Receipt"][number % 7];
    let place = if number % 100 == 3 { " lighthouse" } else { "" };
    let (suffix, content_type) = [("pdf", "application/pdf"), ("txt", "text/plain"), ("jpg", "image/jpeg")][number % 3];
    let object = uuid::Builder::from_random_bytes(dice.random()).into_uuid();
    let mut hash = [0; 32];
    dice.fill_bytes(&mut hash);
    let title = if number.is_multiple_of(4) { format!("Number {number} of a long life") } else { "\\N".to_owned() };
    // A person has sorted some.
    let by_user = number % 50 == 1;
    let status = if number.is_multiple_of(50) { "needs_review" } else { "ready" };
    writeln!(
        rows.documents,
        "{id}\t{kind}{place} {number}.{suffix}\t{title}\t{content_type}\t{}/{id}/{object}.{suffix}\t{}\t\\\\x{}\t{status}\t{by_user}\t{}\teng\t{}\t{at}\t{at}",
        Uuid::nil(),
        1000 + number * 37 % 5_000_000,
        hex::encode(hash),
        text(number, &mut dice),
        1 + number % 5,
    )?;
    // Up to two topics each, the first ones most often.
    let first = (topics.len() as f64 * dice.random_range(0.0..1.0_f64).powi(2)) as usize;
    let (source, confidence) = if by_user { ("user", "\\N") } else { ("ai", "0.8") };
    for place in 0..2 {
        if number % 3 > place && topics.len() > 1 {
            let topic = topics[(first + place) % topics.len()];
            writeln!(rows.topics, "{id}\t{topic}\t{source}\t{confidence}\t{at}")?;
        }
    }
    writeln!(rows.jobs, "{}\tprocess_document\t{id}\tdone\t1\t{at}\t{at}\t{at}", id_at(ms, &mut dice))?;
    writeln!(rows.audit, "{at}\tuser\tdocument.created\tdocument\t{id}\t{{}}")?;
    writeln!(rows.audit, "{at}\tworker\tdocument.processed\tdocument\t{id}\t{{\"status\": \"{status}\"}}")?;
    Ok(())
}

async fn copy(client: &Client, into: &str, columns: &str, rows: String) -> Result<()> {
    let mut sink = pin!(client.copy_in::<_, Bytes>(&format!("COPY {into} ({columns}) FROM STDIN")).await?);
    sink.send(Bytes::from(rows)).await?;
    sink.finish().await.with_context(|| format!("COPY {into}"))?;
    Ok(())
}

/// Fills in the documents of these numbers; the smallest number is the newest.
pub async fn fill(stack: &Stack, numbers: Range<usize>) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let client = stack.database().await?;
    let newest = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64 - 3_600_000;
    let topics = client.query("SELECT id::text FROM topics ORDER BY name", &[]).await?;
    let topics: Vec<Uuid> = topics.iter().map(|row| row.get::<_, &str>(0).parse()).collect::<Result<_, _>>()?;
    let many = numbers.len() >= MANY;
    let indexes = "SELECT indexname::text, indexdef FROM pg_indexes WHERE tablename = 'documents' AND indexdef LIKE '%USING gin%'";
    let indexes: Vec<(String, String)> = match many {
        true => client.query(indexes, &[]).await?.iter().map(|row| (row.get(0), row.get(1))).collect(),
        false => Vec::new(),
    };
    for (name, _) in &indexes {
        client.batch_execute(&format!("DROP INDEX {name}")).await?;
    }
    let end = numbers.end;
    let mut from = numbers.start;
    while from < end {
        let to = (from + BATCH).min(end);
        let mut rows = Rows::default();
        for number in from..to {
            add(&mut rows, number, newest, &topics)?;
        }
        client.batch_execute("BEGIN").await?;
        let documents = "id, filename, title, content_type, object_key, size_bytes, sha256, status, topics_by_user, text, language, page_count, created_at, updated_at";
        copy(&client, "documents", documents, rows.documents).await?;
        let topics = "document_id, topic_id, source, confidence, created_at";
        copy(&client, "document_topics", topics, rows.topics).await?;
        let jobs = "id, kind, document_id, state, attempts, run_after, created_at, updated_at";
        copy(&client, "jobs", jobs, rows.jobs).await?;
        copy(&client, "audit_log", "at, actor, action, subject_type, subject_id, detail", rows.audit).await?;
        client.batch_execute("COMMIT").await?;
        if to / 50_000 != from / 50_000 {
            println!("  {to} documents are in");
        }
        from = to;
    }
    client.batch_execute("SET maintenance_work_mem = '512MB'").await?;
    for (_, definition) in &indexes {
        client.batch_execute(definition).await?;
    }
    // As a vault is that has lived for some time.
    client.batch_execute("VACUUM (ANALYZE)").await?;
    client.batch_execute("CHECKPOINT").await?;
    Ok(())
}
