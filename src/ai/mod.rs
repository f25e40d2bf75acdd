//! The AI: chooses among the user's topics, and says how sure it is.
//!
//! A provider never makes a topic and never acts; it scores. What is done with the scores is the classifier's business
//! (`services/classifier.rs`).

mod local;
mod words;

use crate::config::{AiConfig, AiProviderKind};
use crate::domain::TopicId;
use async_trait::async_trait;
use std::error::Error as StdError;
use std::sync::Arc;

/// A topic as a provider sees it.
#[derive(Debug, Clone)]
pub struct Topic {
    /// Its id.
    pub id: TopicId,
    /// Its name.
    pub name: String,
    /// What belongs to it, in the user's words.
    pub description: String,
}

/// What is to be sorted.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The document's title, or its file's name.
    pub title: &'a str,
    /// Its text.
    pub text: &'a str,
    /// ISO 639-3, where it is known.
    pub language: Option<&'a str>,
}

/// How well a topic fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The topic.
    pub topic: TopicId,
    /// How sure the provider is, 0 to 1.
    pub confidence: f32,
}

/// Why a provider gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AiError {
    /// It can't be reached, or asks to wait: the same question may be answered later.
    #[error("the AI provider is not available")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// It refuses this question, or answers outside what was asked.
    #[error("the AI provider gave no usable answer")]
    Unusable(#[source] Box<dyn StdError + Send + Sync>),
}

/// Something that scores topics for a text.
#[async_trait]
pub trait AiProvider: Send + Sync {
    /// The provider's name, for the audit log.
    fn name(&self) -> &'static str;

    /// Scores the topics for one document, the best first. A topic that does not fit at all may be left out; one that
    /// is not in `topics` never comes back.
    ///
    /// # Errors
    /// When the provider gave no usable answer.
    async fn score(&self, subject: Subject<'_>, topics: &[Topic]) -> Result<Vec<Score>, AiError>;
}

/// Makes the provider that the settings name.
pub fn provider(config: &AiConfig) -> Arc<dyn AiProvider> {
    match config.provider {
        AiProviderKind::Local => Arc::new(local::LocalProvider),
    }
}
