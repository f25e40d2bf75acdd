//! What a person decided about documents like this one: examples for an AI that does not learn by itself.

use super::Vault;
use crate::ai::{Decision, Subject};
use crate::db::queries;
use crate::domain::DocumentId;
use crate::error::Result;

/// Examples, at most.
const MOST: usize = 3;
/// Words that documents like it are looked for by.
const WORDS: usize = 12;
/// Documents that are compared with it, at most: the newest that have one of the words.
const CANDIDATES: i64 = 60;
/// Less near is no example of anything.
const NEAR: f32 = 0.15;
/// What is shown of an example's text, in characters.
const EXCERPT_CHARS: usize = 2_000;

/// Documents that a person has sorted and that are near to this one by TF-IDF, the nearest first, as their decisions.
///
/// # Errors
/// When the database fails.
pub async fn near(vault: &Vault, document: DocumentId, subject: Subject<'_>) -> Result<Vec<Decision>> {
    let words = vault.local_ai.telling_words(subject, WORDS);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let mut conn = vault.db.get().await?;
    let rows = queries::models::taught_with_words(&mut conn, document, &words, CANDIDATES).await?;
    let others: Vec<Subject<'_>> = rows
        .iter()
        .map(|row| Subject {
            title: row.title.as_deref().unwrap_or(row.filename.as_str()),
            text: row.text.as_deref().unwrap_or_default(),
            language: row.language.as_deref(),
            examples: &[],
        })
        .collect();
    let nearness = vault.local_ai.nearness(subject, &others);
    let mut nearest: Vec<(DocumentId, Subject<'_>, f32)> = rows
        .iter()
        .zip(others)
        .zip(nearness)
        .map(|((row, other), near)| (row.id, other, near))
        .filter(|(.., near)| *near >= NEAR)
        .collect();
    nearest.sort_by(|(a, _, x), (b, _, y)| y.total_cmp(x).then(b.cmp(a)));
    nearest.truncate(MOST);
    let ids: Vec<DocumentId> = nearest.iter().map(|(id, ..)| *id).collect();
    let topics = queries::topics::of_documents(&mut conn, &ids).await?;
    let decision = |(id, other, _): (DocumentId, Subject<'_>, f32)| Decision {
        title: other.title.to_owned(),
        excerpt: other.text.chars().take(EXCERPT_CHARS).collect(),
        topics: topics.iter().filter(|(document, _)| *document == id).map(|(_, topic)| topic.name.clone()).collect(),
    };
    Ok(nearest.into_iter().map(decision).collect())
}
