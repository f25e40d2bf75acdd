//! How the answers' time grows with the number of documents, what plans the slow ones have, and how far more workers
//! get on the same queue.

use crate::figures::Figures;
use crate::http::{Connection, escaped, get_anew, get_json};
use crate::load::{self, CLIENTS};
use crate::requests::hammer;
use crate::stack::Stack;
use crate::watch::Watch;
use crate::{corpus, fill, limits};
use anyhow::{Context, Result};
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;
use tokio::time::sleep;

/// What takes longer is slow: its plan is kept.
const SLOW_MS: f64 = 10.0;
/// Pages of 200 that are turned for a cursor far down.
const PAGES_DOWN: usize = 50;

/// CPU of a worker at rest, in four seconds; and how often that is waited for.
const SETTLED_MS: f64 = 400.0;
const SETTLE_TRIES: usize = 30;

/// What is asked: key, title, paths.
pub type Question = (&'static str, &'static str, Vec<String>);

async fn questions(stack: &Stack) -> Result<Vec<Question>> {
    let mut connection = Connection::to(&stack.address);
    let topics = get_json(&mut connection, "/api/v1/topics").await?;
    let mut topics: Vec<(i64, String)> = topics["items"]
        .as_array()
        .or(topics.as_array())
        .context("topics")?
        .iter()
        .filter_map(|topic| Some((topic["document_count"].as_i64()?, topic["id"].as_str()?.to_owned())))
        .collect();
    topics.sort();
    topics.reverse();
    let [(_, first), (_, second), ..] = &topics[..] else { anyhow::bail!("there are no two topics") };
    let mut cursor = String::new();
    let mut last = None;
    for _ in 0..PAGES_DOWN {
        let page = get_json(&mut connection, &format!("/api/v1/documents?limit=200{cursor}")).await?;
        last = page["items"].as_array().and_then(|items| items.last()).cloned().or(last);
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={}", escaped(next));
    }
    let last = last.context("documents")?;
    let (id, time) = (last["id"].as_str().context("an id")?, last["created_at"].as_str().context("a time")?);
    let list = |query: &str| vec![format!("/api/v1/documents?limit=25{query}")];
    let q = |words: &str, more: &str| list(&format!("&q={}{more}", escaped(words)));
    Ok(vec![
        ("list", "list of 25", list("")),
        ("deep", "list of 25, 10,000 rows down", list(&cursor)),
        ("by-name", "by name", list("&sort=filename")),
        ("by-size", "by size, the largest first", list("&sort=-size")),
        ("status", "filter: needs review", list("&status=needs_review")),
        ("type", "filter: pictures", list("&content_type=image/*")),
        ("until", "filter: until some day", list(&format!("&created_to={}", escaped(time)))),
        ("topic", "one topic", list(&format!("&topic={first}"))),
        ("two-topics", "two topics", list(&format!("&topic={first}&topic={second}"))),
        ("rare", "search: rare word", q(fill::RARE, "")),
        ("common", "search: common word", q(fill::COMMON, "")),
        ("relevance", "search: common word, by relevance", q(fill::COMMON, "&sort=relevance")),
        ("two-words", "search: two common words", q(&format!("{} {}", fill::COMMON, fill::COMMON_TOO), "")),
        ("substring", "search: part of a word in names", q(fill::WITHIN, "")),
        ("word-and-topic", "search: common word, one topic", q(fill::COMMON, &format!("&topic={first}"))),
        ("document", "one document", vec![format!("/api/v1/documents/{id}")]),
        ("topics", "topics with their counts", vec!["/api/v1/topics".to_owned()]),
        ("stats", "the vault in numbers", vec!["/api/v1/stats".to_owned()]),
        ("jobs", "list of 25 jobs", vec!["/api/v1/jobs?limit=25".to_owned()]),
    ])
}

/// Asks each question at this size; the titles by key.
async fn ask(stack: &Stack, size: usize, time: Duration, figures: &mut Figures) -> Result<Vec<(String, String)>> {
    let questions = questions(stack).await?;
    for (key, title, paths) in &questions {
        println!("{title}, {size} documents");
        // Once for the caches.
        hammer(&stack.address, paths, get_anew, 1, Duration::ZERO).await?;
        let one = hammer(&stack.address, paths, get_anew, 1, time).await?;
        let eight = hammer(&stack.address, paths, get_anew, CLIENTS, time).await?;
        let name = |what: &str| format!("growth-{size}.{key}.{what}");
        figures.put(name("p50"), one.at(0.5), "ms");
        figures.put(name("p99"), one.at(0.99), "ms");
        figures.put(name("per_second"), eight.per_second, "/s");
        figures.put(name("p99_of_eight"), eight.at(0.99), "ms");
        figures.put(name("failed"), (one.failed + eight.failed) as f64, "");
        if one.at(0.5) > SLOW_MS {
            keep_plans(stack, &format!("{key}-{size}"), paths).await?;
        }
    }
    Ok(questions.into_iter().map(|(key, title, _)| (key.to_owned(), title.to_owned())).collect())
}

/// Asks once more while PostgreSQL writes down what it does (`auto_explain`); what it wrote is kept in `plans/`.
async fn keep_plans(stack: &Stack, name: &str, paths: &[String]) -> Result<()> {
    let client = stack.database().await?;
    let set = async |ms: i32| {
        client.batch_execute(&format!("ALTER SYSTEM SET auto_explain.log_min_duration = {ms}")).await?;
        client.batch_execute("SELECT pg_reload_conf()").await?;
        // Sessions hear of it at their next statement, once the postmaster has told them.
        sleep(Duration::from_millis(300)).await;
        anyhow::Ok(())
    };
    let mut log = fs::File::open(stack.folder.join("log/postgres.log"))?;
    set(0).await?;
    log.seek(SeekFrom::End(0))?;
    hammer(&stack.address, paths, get_anew, 1, Duration::ZERO).await?;
    set(-1).await?;
    let mut plans = String::new();
    log.read_to_string(&mut plans)?;
    let folder = stack.folder.join("plans");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("{name}.txt")), plans)?;
    Ok(())
}

/// What a worker with nothing to do costs, when it sweeps every second.
async fn sweep(stack: &mut Stack, size: usize, time: Duration, figures: &mut Figures) -> Result<()> {
    println!("sweeps at rest, {size} documents");
    let client = stack.database().await?;
    client.batch_execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await?;
    stack.start_worker(&[("SWEEP_INTERVAL_SECONDS", "1"), ("AI_LEARN_INTERVAL_SECONDS", "1")])?;
    // What it does first, it does once; learning is among that, and takes its time.
    for _ in 0..SETTLE_TRIES {
        let before = stack.cpu()?;
        sleep(Duration::from_secs(4)).await;
        if stack.cpu()?.since(&before, 1).ours() < SETTLED_MS {
            break;
        }
    }
    client.batch_execute("SELECT pg_stat_statements_reset()").await?;
    let before = stack.cpu()?;
    sleep(time).await;
    let seconds = time.as_secs().max(1);
    let cpu = stack.cpu()?.since(&before, seconds as usize);
    figures.put(format!("growth-{size}.sweep.cpu_postgres"), cpu.postgres, "ms/s");
    figures.put(format!("growth-{size}.sweep.cpu_worker"), cpu.worker + cpu.children, "ms/s");
    let slowest = "SELECT mean_exec_time, calls, query FROM pg_stat_statements
        WHERE userid = 'docuvault_app'::regrole ORDER BY mean_exec_time DESC LIMIT 10";
    let rows = client.query(slowest, &[]).await?;
    let mut text = String::new();
    for row in &rows {
        text +=
            &format!("{:.2} ms, {} times: {}\n\n", row.get::<_, f64>(0), row.get::<_, i64>(1), row.get::<_, &str>(2));
    }
    fs::create_dir_all(stack.folder.join("plans"))?;
    fs::write(stack.folder.join(format!("plans/sweep-{size}.txt")), text)?;
    figures.put(format!("growth-{size}.sweep.slowest"), rows.first().map_or(0.0, |row| row.get(0)), "ms");
    stack.stop_workers().await
}

/// Sizes from small to large; answers the titles of the questions.
pub async fn run(
    stack: &mut Stack,
    sizes: &[usize],
    quick: bool,
    figures: &mut Figures,
) -> Result<Vec<(String, String)>> {
    let time = Duration::from_secs(if quick { 1 } else { 3 });
    limits::disk(&stack.folder, figures)?;
    stack.start_serve().await?;
    let (mut filled, mut titles) = (0, Vec::new());
    for size in sizes {
        println!("filling up to {size} documents");
        fill::fill(stack, filled..*size).await?;
        filled = *size;
        titles = ask(stack, *size, time, figures).await?;
        sweep(stack, *size, if quick { Duration::from_secs(5) } else { Duration::from_secs(20) }, figures).await?;
    }
    let count = if quick { 100 } else { 2000 };
    let watch = Watch::begin(&stack.address).await?;
    for (series, workers) in [(20, 1), (21, 2), (22, 4)] {
        let name = format!("workers-{workers}");
        let mut uploads = load::put_all(&stack.address, corpus::texts(series, count), None).await?;
        load::drain(stack, &watch, &name, workers, &mut uploads, figures).await?;
        stack.stop_workers().await?;
    }
    stack.stop_serve().await?;
    Ok(titles)
}
