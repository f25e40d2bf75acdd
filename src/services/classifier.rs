//! From a text to topics: the provider scores, this decides.
//!
//! Where a remote provider gives no answer, for whatever reason, the document is sorted by the local one, and the choice says
//! so; or it waits, where the settings want that (`AI_FALLBACK`).

use super::remote::NoAnswer;
use super::{Vault, examples};
use crate::ai::{AiError, AiProvider, Assessment, MOST_TOPICS, Provenance, Subject, SuggestedTopic, Topic};
use crate::config::AiFallback;
use crate::db::models::DocumentRow;
use crate::db::queries;
use crate::domain::TopicId;
use crate::error::{Error, Result, cause_chain};
use serde_json::{Value, json};

/// What the AI would do.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Topics it is sure enough of, the surest first.
    pub topics: Vec<(TopicId, f32)>,
    /// How sure it was of its best, also where that was not enough.
    pub best_confidence: Option<f32>,
    /// How sure it was that none fits, where it says so.
    pub none: Option<f32>,
    /// Who chose; nobody where there was nothing to choose.
    pub provider: Option<&'static str>,
    /// Why not the provider of the settings, where another stood in for it.
    pub fallback: Option<&'static str>,
    /// The model, and what it took.
    pub provenance: Option<Provenance>,
    /// Topics that the provider would make.
    pub suggestions: Vec<SuggestedTopic>,
    /// It was asked, and gave no answer in the end.
    pub unanswered: bool,
}

impl Choice {
    /// What the audit log keeps of it; `usual` is the provider of the settings.
    pub fn detail(&self, usual: &str) -> Value {
        let topics = self.topics.iter().map(|(id, confidence)| json!({"id": id, "confidence": confidence}));
        let mut detail = json!({
            "provider": self.provider.unwrap_or(usual),
            "fallback": self.fallback.is_some(),
            "topics": topics.collect::<Vec<_>>(),
            "best_confidence": self.best_confidence,
            "none": self.none,
        });
        if self.unanswered {
            detail["unanswered"] = json!(true);
        }
        if let Some(why) = self.fallback {
            detail["fallback_reason"] = json!(why);
        }
        if let Some(provenance) = &self.provenance {
            detail["model"] = json!(provenance.model);
            detail["prompt_version"] = json!(provenance.prompt_version);
            detail["tokens_in"] = json!(provenance.tokens_in);
            detail["tokens_out"] = json!(provenance.tokens_out);
            detail["duration_ms"] = json!(u64::try_from(provenance.duration.as_millis()).unwrap_or(u64::MAX));
        }
        if !self.suggestions.is_empty() {
            let suggestions = self.suggestions.iter();
            let suggestions = suggestions.map(|one| json!({"name": one.name, "description": one.description}));
            detail["suggestions"] = suggestions.collect();
        }
        detail
    }
}

/// Who chooses where the provider of the settings gives no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandIn {
    /// As the settings say (`AI_FALLBACK`).
    AsSet,
    /// Nobody: the document is sorted already.
    Nobody,
}

/// Chooses topics for the text of a document, written in `language` (ISO 639-3).
///
/// # Errors
/// When the provider gives no answer, and none may stand in for it.
pub async fn choose(
    vault: &Vault,
    document: &DocumentRow,
    text: &str,
    language: Option<&str>,
    stand_in: StandIn,
) -> Result<Choice> {
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
        text,
        language,
        examples: &[],
    };
    let Some(remote) = &vault.remote else {
        return score(vault, &*vault.ai, subject, &topics).await;
    };
    // It can be asked without examples, too.
    let examples = examples::near(vault, document.id, subject).await.unwrap_or_else(|error| {
        log::warn!(document:% = document.id; "asked without examples: {}", cause_chain(&error));
        Vec::new()
    });
    let asked = Subject { examples: &examples, ..subject };
    let why = match remote.ask(asked, &topics).await {
        Ok(assessment) => return Ok(decide(vault, vault.ai.name(), assessment)),
        Err(no_answer) if stand_in == StandIn::Nobody || vault.config.ai.fallback == AiFallback::Retry => {
            return Err(no_answer.into());
        }
        Err(no_answer) => no_answer,
    };
    // While it is left alone every document comes by here.
    let level = if matches!(why, NoAnswer::LeftAlone { .. }) { log::Level::Debug } else { log::Level::Warn };
    log::log!(level, document:% = document.id; "sorted by the local provider: {}", cause_chain(&why));
    remote.count_fallback(&why).await;
    let choice = score(vault, &*vault.local_ai, subject, &topics).await?;
    Ok(Choice { fallback: Some(why.code()), ..choice })
}

/// Looks whether a document would have to wait for its provider anyway.
///
/// # Errors
/// `unavailable` where it would.
pub async fn hold_back(vault: &Vault) -> Result<()> {
    match &vault.remote {
        Some(remote) if vault.config.ai.fallback == AiFallback::Retry => {
            let Err(why) = remote.would_answer().await else { return Ok(()) };
            let topics = queries::topics::count(&mut *vault.db.get().await?).await?;
            // Where there are none to choose from, it is not asked.
            if topics == 0 { Ok(()) } else { Err(why.into()) }
        }
        _ => Ok(()),
    }
}

async fn score(vault: &Vault, provider: &dyn AiProvider, subject: Subject<'_>, topics: &[Topic]) -> Result<Choice> {
    let assessment = provider.score(subject, topics).await.map_err(|error| match error {
        AiError::Unavailable { .. } => Error::unavailable(error),
        AiError::Refused { .. } | AiError::Unusable { .. } => Error::internal(error),
    })?;
    Ok(decide(vault, provider.name(), assessment))
}

fn decide(vault: &Vault, provider: &'static str, assessment: Assessment) -> Choice {
    let Assessment { scores, none, provenance, suggestions } = assessment;
    let sure = vault.config.ai.min_confidence;
    Choice {
        best_confidence: scores.first().map(|score| score.confidence),
        topics: scores
            .into_iter()
            .filter(|score| score.confidence >= sure)
            .take(MOST_TOPICS)
            .map(|score| (score.topic, score.confidence))
            .collect(),
        none,
        provider: Some(provider),
        fallback: None,
        provenance,
        suggestions,
        unanswered: false,
    }
}
