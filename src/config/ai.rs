//! `AI_PROVIDER`, `AI_BASE_URL`, `AI_MODEL`, `AI_API_KEY`, `AI_MIN_CONFIDENCE`.

use super::Reader;
use secrecy::SecretString;

/// Which AI sorts the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AiProviderKind {
    /// No network, no model: scores the text against each topic's name and description.
    Local,
}

/// Settings of the AI.
#[derive(Debug, Clone)]
pub struct AiConfig {
    /// The provider.
    pub provider: AiProviderKind,
    /// Where a remote provider is reached; the local one has no use for it.
    pub base_url: Option<String>,
    /// The model a remote provider is asked for.
    pub model: Option<String>,
    /// The key of a remote provider.
    pub api_key: Option<SecretString>,
    /// Confidence from which a topic is taken without asking, 0 to 1.
    pub min_confidence: f32,
}

impl AiConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        match reader.optional("AI_PROVIDER") {
            None | Some("local") => {}
            Some("ollama" | "openai" | "anthropic") => {
                reader.problem("AI_PROVIDER", "names a provider that this version does not have yet: use local");
            }
            Some(_) => reader.problem("AI_PROVIDER", "must be local"),
        }
        Self {
            provider: AiProviderKind::Local,
            base_url: reader.optional("AI_BASE_URL").map(str::to_owned),
            model: reader.optional("AI_MODEL").map(str::to_owned),
            api_key: reader.optional("AI_API_KEY").map(SecretString::from),
            min_confidence: reader.value(
                "AI_MIN_CONFIDENCE",
                0.5,
                |value| (0.0..=1.0).contains(value),
                "a number from 0 to 1",
            ),
        }
    }
}
