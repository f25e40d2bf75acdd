//! The provider `local`: no network, no download.

mod bm25;
mod calibrate;
mod corpus;
mod fit;
mod model;
mod random;
mod sgd;
mod table;
mod tokens;
mod train;
mod vectors;

pub use model::Model;
pub use train::{Example, Trainer};

use super::words::Language;
use super::{AiError, AiProvider, Assessment, Score, Subject, Topic};
use async_trait::async_trait;
use bm25::Queries;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokens::{Counts, Tokenizer};

pub(crate) fn p(name: &'static str, default: f32) -> f32 {
    use std::sync::OnceLock;
    use std::collections::HashMap;
    static ENV: OnceLock<HashMap<String, f32>> = OnceLock::new();
    let env = ENV.get_or_init(|| std::env::vars().filter_map(|(k, v)| Some((k, v.parse().ok()?))).collect());
    if env.is_empty() { return default; }
    env.get(name).copied().unwrap_or(default)
}

/// What a call works with, kept for the next.
#[derive(Default)]
struct Bench {
    tokenizer: Tokenizer,
    counts: Counts,
}

/// Queries kept for a language at most.
const QUERIES: usize = 8;

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

    fn assess(&self, subject: Subject<'_>, topics: &[Topic]) -> Assessment {
        let mut bench = self.benches.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let language = Language::of(subject.language);
        bench.tokenizer.count_into(subject.title, subject.text, language, &mut bench.counts);
        let queries = self.queries(topics, language, &mut bench.tokenizer);
        let evidence = queries.evidence(&bench.counts);
        let (confidences, none) = match self.model() {
            Some(model) => {
                let judged = model.judge(&bench.counts, &queries, &evidence);
                (judged.confidences, judged.none)
            }
            None => {
                let confidences = bm25::confidences(&evidence);
                let most = confidences.iter().copied().fold(0.0f32, f32::max);
                (confidences, 1.0 - most)
            }
        };
        let mut scores: Vec<Score> = topics
            .iter()
            .zip(&confidences)
            .filter(|(_, confidence)| **confidence > 0.0)
            .map(|(topic, confidence)| Score { topic: topic.id, confidence: confidence.clamp(0.0, 1.0) })
            .collect();
        scores.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.topic.cmp(&b.topic)));
        self.benches.lock().unwrap_or_else(PoisonError::into_inner).push(bench);
        Assessment { scores, none: Some(none) }
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
}
