//! Large language models on a server: `ollama`, `openai` (any server that speaks its interface), `anthropic`.
//!
//! Invariants:
//! - What comes out of a document is data to the model, behind a fence that it can't close (`prompt.rs`).
//! - What comes out of the model is data to the vault: nothing but topics that were asked about, at most
//!   [`MOST_TOPICS`], with a confidence from 0 to 1 (`answer.rs`). All else is asked for once more, and then given up.
//! - One question is two requests at most, each with an end (`http.rs`). Waiting and trying later are the business of
//!   who asks.
//! - The key is in a header that is marked as sensitive, and nowhere else. No error holds a word of a document, of an
//!   answer or of the settings.

mod answer;
mod http;
mod passages;
mod prompt;
mod schema;
mod shortlist;
mod tokens;
mod wire;

use super::{AiError, AiProvider, Assessment, MOST_TOPICS, Provenance, Spent, Subject, Topic};
use crate::config::AiConfig;
use answer::{Answer, Fault};
use async_trait::async_trait;
use http::{Failure, Http};
use prompt::{PROMPT_VERSION, Prompt};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokens::tokens;
use wire::{Question, Reply, THINKING_TOKENS, Wire};

/// Instructions, schema and what a wire adds to them, in tokens at most.
const FRAME_TOKENS: u64 = 1000;

/// A model on a server.
pub struct LlmProvider {
    wire: Box<dyn Wire>,
    http: Http,
    model: String,
    budget: u64,
    suggest: bool,
    /// An answer was cut off: the model thinks before it answers, and that counts. The next one has room for it.
    thinks: AtomicBool,
    /// The day's budget holds a question with so much room, asked twice.
    may_think: bool,
}

impl LlmProvider {
    /// The model that the settings name; connects to nothing yet.
    ///
    /// # Errors
    /// When the client can't be built.
    pub fn new(config: &AiConfig) -> Result<Self, AiError> {
        let wire = wire::of(config).map_err(unusable_settings)?;
        let http = Http::new(config.timeout).map_err(|error| unusable_settings(error.without_url()))?;
        let model = config.model.clone().unwrap_or_default();
        let budget = config.max_input_tokens.into();
        let most = 2 * (budget + FRAME_TOKENS + THINKING_TOKENS);
        let may_think = config.daily_tokens == 0 || config.daily_tokens >= most;
        let (suggest, thinks) = (config.suggest_topics, AtomicBool::new(false));
        Ok(Self { wire, http, model, budget, suggest, thinks, may_think })
    }

    /// Tokens that an answer is given, at most.
    fn answer_tokens(&self) -> u64 {
        let first = self.wire.answer_tokens();
        if self.thinks.load(Ordering::Relaxed) { first.max(THINKING_TOKENS) } else { first }
    }

    /// Asks once; adds what it cost to `spent`.
    async fn ask(&self, question: &Question<'_>, spent: &mut Spent) -> Result<Reply, AiError> {
        spent.requests += 1;
        let asked = tokens(question.system) + tokens(question.user);
        match self.http.post(self.wire.url(), self.wire.headers(), &self.wire.request(question)).await {
            Ok(body) => {
                let reply = self.wire.reply(&body);
                spent.tokens += reply.tokens_in.unwrap_or(asked) + reply.tokens_out.unwrap_or(0);
                Ok(reply)
            }
            Err(failure) => {
                // Who broke off in the middle may have worked all the same, and count it.
                if failure.may_have_worked() {
                    spent.tokens += asked;
                }
                Err(error_of(failure, *spent))
            }
        }
    }
}

fn unusable_settings(source: impl std::error::Error + Send + Sync + 'static) -> AiError {
    AiError::Refused { every: true, spent: Spent::default(), source: Box::new(source) }
}

fn error_of(failure: Failure, spent: Spent) -> AiError {
    match failure {
        Failure::Away { retry_after, .. } => AiError::Unavailable { retry_after, spent, source: Box::new(failure) },
        Failure::Refused { every, .. } => AiError::Refused { every, spent, source: Box::new(failure) },
        Failure::Odd(_) => AiError::Unusable { spent, source: Box::new(failure) },
    }
}

#[async_trait]
impl AiProvider for LlmProvider {
    fn name(&self) -> &'static str {
        self.wire.name()
    }

    fn cost(&self, topics: &[Topic]) -> u64 {
        let names: u64 = topics.iter().take(shortlist::MOST).map(|topic| tokens(&topic.name) + 4).sum();
        self.budget + names + FRAME_TOKENS + self.answer_tokens()
    }

    async fn score(&self, subject: Subject<'_>, topics: &[Topic]) -> Result<Assessment, AiError> {
        if topics.is_empty() {
            return Ok(Assessment::default());
        }
        let start = Instant::now();
        let topics = shortlist::of(subject, topics);
        let schema = schema::of(&topics, self.suggest);
        let prompt = Prompt::of(subject, &topics, self.budget, self.suggest);
        let mut spent = Spent::default();
        let mut user = prompt.user;
        let mut again = false;
        loop {
            let question = Question {
                model: &self.model,
                system: &prompt.system,
                user: &user,
                schema: &schema,
                room: self.cost(&topics),
                answer_tokens: self.answer_tokens(),
            };
            let found = match self.ask(&question, &mut spent).await {
                Ok(reply) => {
                    if reply.cut {
                        self.thinks.store(self.may_think, Ordering::Relaxed);
                    }
                    answer::check(&reply.content, &topics, self.suggest).map(|answer| (reply, answer))
                }
                Err(AiError::Unusable { .. }) => Err(Fault::NoJson),
                Err(error) => {
                    // It may be the room that is more than the server has.
                    if matches!(error, AiError::Refused { every: false, .. }) {
                        self.thinks.store(false, Ordering::Relaxed);
                    }
                    return Err(error);
                }
            };
            match found {
                Ok((reply, answer)) => return Ok(self.assessment(answer, reply, spent, start)),
                Err(fault) if again => {
                    return Err(AiError::Unusable { spent, source: Box::new(io::Error::other(fault.to_string())) });
                }
                Err(fault) => {
                    again = true;
                    user.push_str(&prompt::correction(fault));
                }
            }
        }
    }
}

impl LlmProvider {
    fn assessment(&self, answer: Answer, reply: Reply, spent: Spent, start: Instant) -> Assessment {
        let Answer { mut scores, none, suggestions } = answer;
        scores.truncate(MOST_TOPICS);
        let provenance = Provenance {
            model: reply.model.unwrap_or_else(|| self.model.clone()),
            prompt_version: PROMPT_VERSION,
            tokens_in: reply.tokens_in,
            tokens_out: reply.tokens_out,
            duration: start.elapsed(),
            spent,
        };
        Assessment { scores, none: Some(none), provenance: Some(provenance), suggestions }
    }
}
