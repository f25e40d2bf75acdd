//! From a text to topics: the provider scores, this decides.

use super::Vault;
use crate::ai::{AiError, Subject, Topic};
use crate::db::models::DocumentRow;
use crate::db::queries;
use crate::domain::TopicId;
use crate::error::{Error, Result};
use crate::extract::ReadText;

/// Topics the AI puts on one document at most: more is noise.
const MOST: usize = 3;

/// What the AI would do.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Topics it is sure enough of, the surest first.
    pub topics: Vec<(TopicId, f32)>,
    /// How sure it was of its best, also where that was not enough.
    pub best_confidence: Option<f32>,
}

/// Chooses topics for a text.
///
/// # Errors
/// When the provider gives no answer.
pub async fn choose(vault: &Vault, document: &DocumentRow, read: &ReadText) -> Result<Choice> {
    let topics: Vec<Topic> = {
        let mut conn = vault.db.get().await?;
        let rows = queries::topics::all(&mut conn).await?;
        rows.into_iter().map(|row| Topic { id: row.id, name: row.name, description: row.description }).collect()
    };
    if topics.is_empty() {
        return Ok(Choice::default());
    }
    let subject = Subject {
        title: document.title.as_deref().unwrap_or(document.filename.as_str()),
        text: &read.text,
        language: read.language.as_deref(),
    };
    let scores = vault.ai.score(subject, &topics).await.map_err(|error| match error {
        AiError::Unavailable(_) => Error::unavailable(error),
        AiError::Unusable(_) => Error::internal(error),
    })?;
    let sure = vault.config.ai.min_confidence;
    Ok(Choice {
        best_confidence: scores.first().map(|score| score.confidence),
        topics: scores
            .into_iter()
            .filter(|score| score.confidence >= sure)
            .take(MOST)
            .map(|score| (score.topic, score.confidence))
            .collect(),
    })
}
