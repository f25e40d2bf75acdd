//! Why a document stands where it stands: how well each topic fits by what the vault knows now, and the words that say so.

use super::Vault;
use super::{documents, learning};
use crate::ai::{AiError, AiProvider, Reason, Subject, Topic};
use crate::db::queries;
use crate::domain::{DocumentId, TopicId};
use crate::error::{Error, Result};

/// Topics that are explained: the best, and those the document stands under.
const MOST: usize = 5;
/// Words of each.
const WORDS: usize = 12;

/// How well a topic fits a document.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The topic.
    pub topic: TopicId,
    /// Its name.
    pub name: String,
    /// How sure the vault is of it now, 0 to 1.
    pub confidence: f32,
    /// The words that decided, the weightiest first.
    pub words: Vec<Reason>,
}

/// What the vault makes of a document now.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The topics that fit best, the best first.
    pub topics: Vec<Explained>,
    /// How likely it is that none fits, 0 to 1.
    pub none: Option<f32>,
}

/// Explains a document by the provider `local`, whose weights explain themselves, whichever provider sorted it.
///
/// # Errors
/// `not_found`, `no_text`.
pub async fn of_document(vault: &Vault, id: DocumentId) -> Result<Explanation> {
    learning::refresh(vault).await?;
    let text = documents::text(vault, id).await?;
    let mut conn = vault.db.get().await?;
    let row = queries::documents::find(&mut conn, id).await?.ok_or_else(documents::missing)?;
    let topics = queries::topics::all(&mut conn).await?;
    let assigned = queries::topics::of_document(&mut conn, id).await?;
    drop(conn);
    let topics: Vec<Topic> =
        topics.into_iter().map(|row| Topic { id: row.id, name: row.name, description: row.description }).collect();
    let subject = Subject {
        title: row.title.as_deref().unwrap_or(row.filename.as_str()),
        text: &text,
        language: row.language.as_deref(),
        examples: &[],
    };
    let assessment = vault.local_ai.score(subject, &topics).await.map_err(unanswered)?;
    let stands = |topic: TopicId| assigned.iter().any(|assigned| assigned.id == topic);
    let mut explained = Vec::new();
    for (place, score) in assessment.scores.iter().enumerate() {
        if place >= MOST && !stands(score.topic) {
            continue;
        }
        let Some(topic) = topics.iter().find(|topic| topic.id == score.topic) else { continue };
        let mut words = vault.local_ai.explain(subject, &topics, topic.id).await.map_err(unanswered)?;
        words.truncate(WORDS);
        explained.push(Explained { topic: topic.id, name: topic.name.clone(), confidence: score.confidence, words });
    }
    Ok(Explanation { topics: explained, none: assessment.none })
}

fn unanswered(error: AiError) -> Error {
    Error::internal(error)
}
