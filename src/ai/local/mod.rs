//! The provider `local`: no network, no download.
//!
//! Without a model it goes by the topics' names and descriptions (`bm25`); a model (`model`), which a `Trainer` made of
//! the vault's own documents, knows better. ARCHITECTURE.md follows a text through the files of this folder.
//!
//! Nothing here reads or writes anything but memory, and nothing depends on chance or on the order of a hash map: the
//! same model, topics and text give the same answer.

mod bayes;
mod bm25;
mod calibrate;
mod codec;
mod corpus;
mod explain;
mod fit;
mod guess;
mod judge;
mod model;
mod near;
mod random;
mod sgd;
mod table;
pub mod tidy;
mod tokens;
mod train;
mod trust;
mod vectors;

pub use codec::BadModel;
pub use model::Model;
pub use train::{Example, Trainer};

use super::words::Language;
use super::{AiError, AiProvider, Assessment, Reason, Score, Subject, Topic};
use crate::domain::TopicId;
use async_trait::async_trait;
use bm25::Queries;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokens::{Counts, Tokenizer};

/// What a call works with, kept for the next.
#[derive(Default)]
struct Bench {
    tokenizer: Tokenizer,
    counts: Counts,
}

/// Kept for topics and languages at most.
const QUERIES: usize = 8;
/// Kept for calls at the same time at most; each has half a megabyte.
const BENCHES: usize = 8;

/// Scores by the words of names and descriptions, and by what a model has learned of the vault's own documents.
#[derive(Default)]
pub struct LocalProvider {
    model: RwLock<Option<Arc<Model>>>,
    queries: RwLock<Vec<Arc<Queries>>>,
    benches: Mutex<Vec<Bench>>,
}

impl LocalProvider {
    /// Takes a model into use, for all that is asked from now on.
    pub fn install(&self, model: Arc<Model>) {
        *self.model.write().unwrap_or_else(PoisonError::into_inner) = Some(model);
    }

    /// The model in use.
    pub fn model(&self) -> Option<Arc<Model>> {
        self.model.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn queries(&self, topics: &[Topic], language: Language, tokenizer: &mut Tokenizer) -> Arc<Queries> {
        {
            let kept = self.queries.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = kept.iter().find(|queries| queries.are_of(topics, language)) {
                return found.clone();
            }
        }
        let made = Arc::new(Queries::new(topics, language, tokenizer));
        let mut kept = self.queries.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= QUERIES {
            kept.remove(0);
        }
        kept.push(made.clone());
        made
    }

    /// Works with the buffers of an earlier call, where there are any free.
    fn with_bench<T>(&self, work: impl FnOnce(&mut Bench) -> T) -> T {
        let mut bench = self.benches.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let done = work(&mut bench);
        let mut benches = self.benches.lock().unwrap_or_else(PoisonError::into_inner);
        if benches.len() < BENCHES {
            benches.push(bench);
        }
        done
    }

    fn assess(&self, subject: Subject<'_>, topics: &[Topic]) -> Assessment {
        let (confidences, none) = self.with_bench(|bench| {
            let language = Language::of(subject.language);
            bench.tokenizer.count_into(subject.title, subject.text, language, &mut bench.counts);
            if bench.counts.words.is_empty() {
                return (Vec::new(), 1.0);
            }
            let queries = self.queries(topics, language, &mut bench.tokenizer);
            let evidence = queries.evidence(&bench.counts);
            if let Some(model) = self.model() {
                return model.judge(&bench.counts, &queries, &evidence);
            }
            let confidences = bm25::confidences(&evidence);
            let most = confidences.iter().copied().fold(0.0f32, f32::max);
            (confidences, 1.0 - most)
        });
        let mut scores: Vec<Score> = topics
            .iter()
            .zip(&confidences)
            .filter(|(_, confidence)| **confidence > 0.0)
            .map(|(topic, confidence)| Score { topic: topic.id, confidence: confidence.clamp(0.0, 1.0) })
            .collect();
        scores.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.topic.cmp(&b.topic)));
        Assessment { scores, none: Some(none.clamp(0.0, 1.0)), ..Assessment::default() }
    }

    fn reasons(&self, subject: Subject<'_>, topics: &[Topic], topic: TopicId) -> Vec<Reason> {
        let Some(at) = topics.iter().position(|known| known.id == topic) else { return Vec::new() };
        self.with_bench(|bench| {
            let language = Language::of(subject.language);
            let queries = self.queries(topics, language, &mut bench.tokenizer);
            explain::reasons(self.model().as_deref(), &queries, at, subject, language, &mut bench.tokenizer)
        })
    }
}

#[async_trait]
impl AiProvider for LocalProvider {
    fn name(&self) -> &'static str {
        "local"
    }

    async fn score(&self, subject: Subject<'_>, topics: &[Topic]) -> Result<Assessment, AiError> {
        Ok(self.assess(subject, topics))
    }

    async fn explain(&self, subject: Subject<'_>, topics: &[Topic], topic: TopicId) -> Result<Vec<Reason>, AiError> {
        Ok(self.reasons(subject, topics, topic))
    }
}

#[cfg(test)]
mod tests;
