//! The AI: chooses among the user's topics, and says how sure it is.
//!
//! A provider never makes a topic and never acts; it scores. What is done with the scores is the classifier's business
//! (`services/classifier.rs`).

mod llm;
pub mod local;
mod words;

use crate::config::{AiConfig, AiProviderKind};
use crate::domain::TopicId;
use async_trait::async_trait;
use local::LocalProvider;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

/// Topics that one document stands under at most by an AI's choice: more is noise.
pub const MOST_TOPICS: usize = 3;

/// A topic as a provider sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its id.
    pub id: TopicId,
    /// Its name.
    pub name: String,
    /// What belongs to it, in the user's words.
    pub description: String,
}

/// What the user decided about another document: an example to go by.
#[derive(Debug, Clone)]
pub struct Decision {
    /// That document's title.
    pub title: String,
    /// The beginning of its text, or what tells most about it.
    pub excerpt: String,
    /// The names of its topics; none where the user wants it under none.
    pub topics: Vec<String>,
}

/// What is to be sorted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// The document's title, or its file's name.
    pub title: &'a str,
    /// Its text.
    pub text: &'a str,
    /// ISO 639-3, where it is known.
    pub language: Option<&'a str>,
    /// What the user decided about documents like it, the nearest first. A provider that learns by itself needs none.
    pub examples: &'a [Decision],
}

/// How well a topic fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The topic.
    pub topic: TopicId,
    /// How sure the provider is, 0 to 1.
    pub confidence: f32,
}

/// Where scores come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// The model, as the server names it.
    pub model: String,
    /// Which wording of the question it was asked with.
    pub prompt_version: &'static str,
    /// Tokens of the question, where the server counts them.
    pub tokens_in: Option<u64>,
    /// Tokens of the answer, where the server counts them.
    pub tokens_out: Option<u64>,
    /// How long the answer took, all requests together.
    pub duration: Duration,
    /// What it cost.
    pub spent: Spent,
}

/// A topic that the user does not have yet. Nobody makes it unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestedTopic {
    /// A name that no topic has.
    pub name: String,
    /// What would belong to it.
    pub description: String,
}

/// What a provider thinks of one document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assessment {
    /// How well topics fit, the best first.
    pub scores: Vec<Score>,
    /// How sure it is that none fits, 0 to 1, where it says so.
    pub none: Option<f32>,
    /// Where that comes from, for a model.
    pub provenance: Option<Provenance>,
    /// Topics that it would make, where it was asked for some.
    pub suggestions: Vec<SuggestedTopic>,
}

/// What a question cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Requests that were sent.
    pub requests: u64,
    /// Tokens, as counted by the server, or estimated where it may have worked and does not say.
    pub tokens: u64,
}

/// A word of a document, and how much it spoke for a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The word as it stands in the document, in lower case.
    pub word: String,
    /// Its part in the topic's score; below 0 where it spoke for other topics.
    pub weight: f32,
}

/// Why a provider gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AiError {
    /// It can't be reached, or asks to wait: the same question may be answered later.
    #[error("the AI provider is not available")]
    Unavailable {
        /// How long it asks to be left alone, where it does.
        retry_after: Option<Duration>,
        /// What it cost all the same.
        spent: Spent,
        /// The cause.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// It does not take questions like this one: wrong key, unknown model, wrong address, a request it does not
    /// understand. The settings are at fault, or the question.
    #[error("the AI provider refuses the request")]
    Refused {
        /// True where no question at all would be answered, since address, key or model are not right.
        every: bool,
        /// What it cost all the same.
        spent: Spent,
        /// The cause.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// It answers outside what was asked.
    #[error("the AI provider gave no usable answer")]
    Unusable {
        /// What it cost all the same.
        spent: Spent,
        /// The cause.
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl AiError {
    /// What the question cost all the same.
    pub fn spent(&self) -> Spent {
        match self {
            Self::Unavailable { spent, .. } | Self::Refused { spent, .. } | Self::Unusable { spent, .. } => *spent,
        }
    }
}

/// Something that scores topics for a text.
#[async_trait]
pub trait AiProvider: Send + Sync {
    /// The provider's name, for the audit log.
    fn name(&self) -> &'static str;

    /// Tokens that one question about these topics costs at most, roughly; 0 where questions cost nothing.
    fn cost(&self, _topics: &[Topic]) -> u64 {
        0
    }

    /// Scores the topics for one document, the best first. A topic that does not fit at all may be left out; one that
    /// is not in `topics` never comes back.
    ///
    /// # Errors
    /// When the provider gave no usable answer.
    async fn score(&self, subject: Subject<'_>, topics: &[Topic]) -> Result<Assessment, AiError>;

    /// The words that decided how well `topic`, one of `topics`, fits: those that weigh most first. Empty from a
    /// provider that can't tell.
    ///
    /// # Errors
    /// When the provider gave no usable answer.
    async fn explain(&self, _subject: Subject<'_>, _topics: &[Topic], _topic: TopicId) -> Result<Vec<Reason>, AiError> {
        Ok(Vec::new())
    }
}

/// Makes the provider that the settings name: `local` itself, or a remote one.
///
/// # Errors
/// When its client can't be built.
pub fn provider(config: &AiConfig, local: &Arc<LocalProvider>) -> Result<Arc<dyn AiProvider>, AiError> {
    Ok(match config.provider {
        AiProviderKind::Local => local.clone(),
        AiProviderKind::Ollama | AiProviderKind::OpenAi | AiProviderKind::Anthropic => {
            Arc::new(llm::LlmProvider::new(config)?)
        }
    })
}
