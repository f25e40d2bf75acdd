//! Learning from what people decide: the provider `local` is trained on the vault's own documents, by one worker at a
//! time, and every process takes the newest model into use without a restart.
//!
//! A model is the result of a job (`db/queries/models.rs`), committed as a whole. It names what it was learned from; while that is the
//! same there is nothing to learn. A model that can't be read, or was never made, takes nothing away: `local` then goes by
//! the topics' names and descriptions.

use super::Vault;
use crate::ai::local::{Example, Model, Trainer};
use crate::ai::{Subject, Topic};
use crate::db::models::TaughtRow;
use crate::db::queries::models::Extent;
use crate::db::{AsyncConnection, AsyncPgConnection, queries};
use crate::domain::{DocumentId, JobId, TopicId};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

/// Documents that a person has sorted, at most: the newest.
const EXAMPLES: usize = 20_000;
/// Documents that nobody has sorted, at most: they tell which words are rare, and which go together.
const UNSORTED: usize = 5_000;
/// Fewer of those say nothing where there is no example at all.
const UNSORTED_AT_LEAST: i64 = 50;
/// Documents that are held at a time.
const PAGE: usize = 100;
/// The same documents give the same model.
const SEED: u64 = 1;

/// Which model a process has looked at last. One task at a time changes that.
#[derive(Debug, Default)]
pub struct Learned(Mutex<Looked>);

#[derive(Debug, Default)]
struct Looked {
    at: Option<JobId>,
    /// It could not be read: the one before is still in use, and another one is to be learned.
    in_vain: bool,
}

/// What there was to learn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lesson {
    /// Documents that a person had sorted.
    pub examples: usize,
    /// Documents that nobody had sorted.
    pub unsorted: usize,
    /// Size of the model, in bytes.
    pub bytes: usize,
    /// How long it took, by the clock.
    pub took: Duration,
}

/// Takes the newest model into use, if it is not yet; answers whether there was a new one.
///
/// # Errors
/// When the database fails. A model that can't be read is an internal error; the one before stays in use.
pub async fn refresh(vault: &Vault) -> Result<bool> {
    let mut looked = vault.learned.0.lock().await;
    let mut conn = vault.db.get().await?;
    let Some((newest, _)) = queries::models::newest(&mut conn).await? else { return Ok(false) };
    if looked.at == Some(newest) {
        return Ok(false);
    }
    let Some(bytes) = queries::models::find(&mut conn, newest).await? else { return Ok(false) };
    drop(conn);
    // Whatever comes of it: the same bytes are not worth a second try.
    *looked = Looked { at: Some(newest), in_vain: true };
    let model = in_the_background(move || Model::from_bytes(&bytes)).await?.map_err(Error::internal)?;
    looked.in_vain = false;
    vault.local_ai.install(Arc::new(model));
    Ok(true)
}

/// Learns, if there is something new to learn from. The caller sees to it that one process at a time does.
///
/// # Errors
/// When the database fails.
pub async fn learn(vault: &Vault) -> Result<Option<Lesson>> {
    let unreadable = {
        let looked = vault.learned.0.lock().await;
        looked.at.filter(|_| looked.in_vain)
    };
    let mut conn = vault.db.get().await?;
    let Some(from) = something_to_learn_from(&mut conn, unreadable).await? else { return Ok(None) };
    let topics = queries::topics::all(&mut conn).await?;
    drop(conn);
    let topics: Vec<Topic> =
        topics.into_iter().map(|row| Topic { id: row.id, name: row.name, description: row.description }).collect();
    let start = Instant::now();
    let trainer = in_the_background(move || Trainer::new(&topics, SEED)).await?;
    let (trainer, examples) = show(vault, trainer, true, EXAMPLES).await?;
    let (trainer, unsorted) = show(vault, trainer, false, UNSORTED).await?;
    let bytes = in_the_background(move || trainer.finish().to_bytes()).await?;
    let mut conn = vault.db.get().await?;
    conn.transaction::<_, Error, _>(async |conn| Ok(queries::models::insert(conn, &bytes, &from).await?)).await?;
    Ok(Some(Lesson { examples, unsorted, bytes: bytes.len(), took: start.elapsed() }))
}

/// What there is to learn from, and how, in a few words that change when it does; none where the newest model knows it, or
/// where there is too little to begin with. A model that is `unreadable` knows nothing.
async fn something_to_learn_from(conn: &mut AsyncPgConnection, unreadable: Option<JobId>) -> Result<Option<String>> {
    let examples = queries::models::examples(conn).await?;
    let topics = queries::models::topics_extent(conn).await?;
    let unsorted = queries::models::count_unsorted(conn, UNSORTED as i64).await?;
    let newest = queries::models::newest(conn).await?;
    // What was learned is to be unlearned, too.
    let too_little = newest.is_none() && examples.0 == 0 && unsorted < UNSORTED_AT_LEAST;
    if topics.0 == 0 || too_little {
        return Ok(None);
    }
    let words = |(count, changed): Extent| format!("{count} until {}", changed.unwrap_or_default().timestamp_micros());
    // Of the unsorted, that they became half as many again: each by itself tells little.
    let doublings = (unsorted as f64).log(1.5).max(0.0) as i64;
    let (examples, topics, format) = (words(examples), words(topics), Model::FORMAT);
    let from = format!("examples {examples}, topics {topics}, unsorted step {doublings}, format {format}");
    match newest {
        Some((job, known)) if known == from && unreadable != Some(job) => Ok(None),
        _ => Ok(Some(from)),
    }
}

/// Shows the trainer documents, up to `most`, page by page; answers it again, and how many it took.
async fn show(vault: &Vault, mut trainer: Trainer, by_user: bool, most: usize) -> Result<(Trainer, usize)> {
    let (mut shown, mut before): (usize, Option<DocumentId>) = (0, None);
    while shown < most {
        let mut conn = vault.db.get().await?;
        let rows = queries::models::taught(&mut conn, by_user, before, PAGE.min(most - shown) as i64).await?;
        let Some(last) = rows.last() else { break };
        before = Some(last.id);
        let ids: Vec<DocumentId> = rows.iter().map(|row| row.id).collect();
        let topics = if by_user { queries::models::topics_of(&mut conn, &ids).await? } else { HashMap::new() };
        drop(conn);
        let count = rows.len();
        let full;
        (trainer, full) = in_the_background(move || {
            let full = !rows.iter().all(|row| take(&mut trainer, row, by_user, &topics));
            (trainer, full)
        })
        .await?;
        if full {
            break;
        }
        shown += count;
    }
    Ok((trainer, shown))
}

/// Shows it one document; false where it has seen enough.
fn take(trainer: &mut Trainer, row: &TaughtRow, by_user: bool, topics: &HashMap<DocumentId, Vec<TopicId>>) -> bool {
    let subject = Subject {
        title: row.title.as_deref().unwrap_or(row.filename.as_str()),
        text: row.text.as_deref().unwrap_or_default(),
        language: row.language.as_deref(),
        examples: &[],
    };
    if by_user {
        let topics = topics.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        trainer.add(Example { subject, topics })
    } else {
        trainer.add_unlabelled(subject)
    }
}

/// On a thread that may take its time.
async fn in_the_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    spawn_blocking(work).await.map_err(Error::internal)
}
