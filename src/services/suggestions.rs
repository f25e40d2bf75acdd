//! Help with the topics: which mean the same, which nobody uses, and which seem to be missing. Nothing is changed here;
//! what is done about it is a person's business.
//!
//! Bounded: it looks at a sample of each topic's documents and at the newest documents for review, and at the beginning
//! of each.

use super::Vault;
use crate::ai::local::tidy::{self, Likeness, Sorted, Tidying};
use crate::ai::{Subject, Topic};
use crate::db::models::{SampledRow, TaughtRow, TopicRow};
use crate::db::queries;
use crate::domain::{DocumentId, Filename, TopicId, TopicSource};
use crate::error::{Error, Result};
use std::cmp::Reverse;
use std::collections::HashMap;
use tokio::task::spawn_blocking;

/// Documents for review that are looked at, at most.
const TO_REVIEW: i64 = 300;
/// Documents of one topic that are looked at, at most.
const OF_A_TOPIC: i64 = 12;
/// Documents of all topics together, at most: with very many topics each has fewer.
const OF_ALL_TOPICS: i64 = 3000;

/// Two topics that seem to mean the same.
#[derive(Debug, Clone)]
pub struct NearDuplicate {
    /// The one with more documents first, or else the older.
    pub topics: [TopicRow; 2],
    /// What tells.
    pub by: Likeness,
    /// How alike they are, 0 to 1.
    pub similarity: f32,
}

/// A document by its name.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its id.
    pub id: DocumentId,
    /// Its file's name.
    pub filename: Filename,
    /// Its title, where it has one.
    pub title: Option<String>,
}

/// Documents for review that seem to be about the same thing.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// A name for their topic, that no topic has yet.
    pub name: String,
    /// What they share and others do not, the most telling word first.
    pub words: Vec<String>,
    /// The documents, the newest first.
    pub documents: Vec<Named>,
}

/// What could be tidied up.
#[derive(Debug, Clone)]
pub struct Suggestions {
    /// The likest first.
    pub near_duplicates: Vec<NearDuplicate>,
    /// Topics without a document, the trash aside; by name.
    pub unused: Vec<TopicRow>,
    /// The largest first.
    pub clusters: Vec<Cluster>,
}

/// What could be tidied up now.
///
/// # Errors
/// When the database fails.
pub async fn of_vault(vault: &Vault) -> Result<Suggestions> {
    let mut conn = vault.db.get().await?;
    let counted = queries::topics::with_counts(&mut conn, None, None).await?;
    let counts = counted.iter().map(|(row, count)| (row.id, *count)).collect();
    let topics: Vec<TopicRow> = counted.into_iter().map(|(row, _)| row).collect();
    let each = (OF_ALL_TOPICS / i64::try_from(topics.len().max(1)).unwrap_or(OF_ALL_TOPICS)).clamp(1, OF_A_TOPIC);
    let sample = queries::documents::sample_of_topics(&mut conn, each, OF_ALL_TOPICS).await?;
    let to_review = queries::documents::to_review(&mut conn, TO_REVIEW).await?;
    drop(conn);
    let (topics, to_review, found) = spawn_blocking(move || {
        let found = look(&topics, &sample, &to_review);
        (topics, to_review, found)
    })
    .await
    .map_err(Error::internal)?;
    Ok(named(topics, &counts, &to_review, found))
}

fn look(topics: &[TopicRow], sample: &[SampledRow], to_review: &[TaughtRow]) -> Tidying {
    let topics: Vec<Topic> = topics
        .iter()
        .map(|row| Topic { id: row.id, name: row.name.clone(), description: row.description.clone() })
        .collect();
    let under: Vec<Vec<(TopicId, bool)>> = sample
        .iter()
        .map(|row| row.topics.iter().map(|(topic, source)| (*topic, *source == TopicSource::User)).collect())
        .collect();
    let sorted: Vec<Sorted<'_>> =
        sample.iter().zip(&under).map(|(row, topics)| Sorted { subject: subject(&row.document), topics }).collect();
    let unsorted: Vec<Subject<'_>> = to_review.iter().map(subject).collect();
    tidy::look(&topics, &sorted, &unsorted)
}

fn subject(row: &TaughtRow) -> Subject<'_> {
    Subject {
        // A file's name says more of where it came from than of what it is: "scan", "pdf".
        title: row.title.as_deref().unwrap_or_default(),
        text: row.text.as_deref().unwrap_or_default(),
        language: row.language.as_deref(),
        examples: &[],
    }
}

/// Puts rows where places were.
fn named(
    topics: Vec<TopicRow>,
    counts: &HashMap<TopicId, i64>,
    to_review: &[TaughtRow],
    found: Tidying,
) -> Suggestions {
    let count = |topic: &TopicRow| counts.get(&topic.id).copied().unwrap_or(0);
    let pair = |pair: tidy::NearDuplicate| {
        let mut pair_of = [topics.get(pair.one)?.clone(), topics.get(pair.other)?.clone()];
        pair_of.sort_by_key(|topic| (Reverse(count(topic)), topic.created_at, topic.id));
        Some(NearDuplicate { topics: pair_of, by: pair.by, similarity: pair.similarity })
    };
    let near_duplicates = found.near_duplicates.into_iter().filter_map(pair).collect();
    let document = |row: &TaughtRow| Named { id: row.id, filename: row.filename.clone(), title: row.title.clone() };
    let clusters = found.groups.into_iter().map(|group| Cluster {
        name: group.name,
        words: group.words,
        documents: group.documents.iter().filter_map(|at| to_review.get(*at)).map(document).collect(),
    });
    let clusters = clusters.collect();
    let unused = topics.into_iter().filter(|topic| count(topic) == 0).collect();
    Suggestions { near_duplicates, unused, clusters }
}
