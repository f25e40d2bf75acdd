//! What the three kinds of server want to be asked, and how they answer. Nothing in here sends anything.

mod anthropic;
mod ollama;
mod openai;

use crate::config::{AiConfig, AiProviderKind};
use anthropic::Anthropic;
use ollama::Ollama;
use openai::OpenAi;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

/// Tokens of an answer, at most: three topics are some sixty, two suggestions a hundred more.
const ANSWER_TOKENS: u64 = 512;
/// The same where the model thinks before it answers, and that counts.
pub(super) const THINKING_TOKENS: u64 = 4096;

/// What a model is asked.
pub(super) struct Question<'a> {
    /// The model.
    pub model: &'a str,
    /// What it has to do.
    pub system: &'a str,
    /// The topics, and the document.
    pub user: &'a str,
    /// The form of the answer.
    pub schema: &'a Value,
    /// Tokens that question and answer take together, at most.
    pub room: u64,
    /// Tokens of the answer among them.
    pub answer_tokens: u64,
}

/// What a model said.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// JSON already.
    Object(Value),
    /// A text that should have JSON in it.
    Text(String),
    /// Nothing, or a refusal.
    Nothing,
}

/// A server's answer.
#[derive(Debug, PartialEq)]
pub(super) struct Reply {
    pub content: Content,
    /// The model's name, as the server has it.
    pub model: Option<String>,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    /// It was cut off where its room ended.
    pub cut: bool,
}

/// One server's way to talk.
pub(super) trait Wire: Send + Sync {
    /// The provider's name.
    fn name(&self) -> &'static str;
    /// Where to ask.
    fn url(&self) -> &Url;
    /// With the key.
    fn headers(&self) -> &HeaderMap;
    /// Tokens that an answer is given, at most, as far as is known before the first.
    fn answer_tokens(&self) -> u64;
    /// The body of the request.
    fn request(&self, question: &Question<'_>) -> Value;
    /// What the body of the answer says. Where it is none of such a server's, it says nothing.
    fn reply(&self, body: &Value) -> Reply;
}

/// The way that the settings name.
///
/// # Errors
/// When the address is missing, or the key can't be a header: the settings see to both.
pub(super) fn of(config: &AiConfig) -> Result<Box<dyn Wire>, WireError> {
    let base = config.base_url.as_ref().ok_or(WireError::Address)?;
    let key = config.api_key.as_ref().map(|key| key.expose_secret());
    Ok(match config.provider {
        AiProviderKind::OpenAi => Box::new(OpenAi::new(base, key, config.thinks())?),
        AiProviderKind::Anthropic => Box::new(Anthropic::new(base, key)?),
        AiProviderKind::Ollama | AiProviderKind::Local => Box::new(Ollama::new(base, key, config.thinks())?),
    })
}

/// Why a server can't be talked to.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// It has no address.
    #[error("AI_BASE_URL is missing")]
    Address,
    /// A header can't hold the key.
    #[error("AI_API_KEY can't be sent")]
    Key(#[from] InvalidHeaderValue),
}

/// A header that no log shows.
fn secret_header(name: HeaderName, value: &str) -> Result<HeaderMap, InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(value)?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(name, value)]))
}

/// The address of `call` ("chat/completions") below `base`, which people write with `version` ("v1") or without, and with
/// the call itself too.
fn address(base: &Url, version: &str, call: &str) -> Url {
    let mut url = base.clone();
    let path = base.path().trim_matches('/').to_owned();
    let versioned = |segment: &str| {
        segment == version || (segment.starts_with('v') && segment[1..].starts_with(|c: char| c.is_ascii_digit()))
    };
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if !path.ends_with(call) {
        if !parts.iter().any(|part| versioned(part)) {
            parts.push(version);
        }
        parts.push(call);
    }
    url.set_path(&parts.join("/"));
    url
}

/// What goes into a log line and the audit log: a name, and no more of one than a name has.
fn model_name(value: Option<&Value>) -> Option<String> {
    let name = value?.as_str()?;
    let plain: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    Some(plain).filter(|plain| !plain.is_empty())
}

/// A count of tokens, unless it is absurd: it is added up.
fn count(value: Option<&Value>) -> Option<u64> {
    value?.as_u64().filter(|count| *count <= 100_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_understood_with_its_version_and_without() {
        for (base, version, call, expected) in [
            ("http://h:1", "v1", "chat/completions", "http://h:1/v1/chat/completions"),
            ("http://h:1/v1/", "v1", "chat/completions", "http://h:1/v1/chat/completions"),
            ("https://h/openai", "v1", "chat/completions", "https://h/openai/v1/chat/completions"),
            ("https://h/v1beta/openai/", "v1", "chat/completions", "https://h/v1beta/openai/chat/completions"),
            ("https://h/v1/chat/completions", "v1", "chat/completions", "https://h/v1/chat/completions"),
            ("http://h/", "api", "chat", "http://h/api/chat"),
            ("http://h/api", "api", "chat", "http://h/api/chat"),
            ("http://h/ollama", "api", "chat", "http://h/ollama/api/chat"),
        ] {
            let base: Url = base.parse().expect("an address");
            assert_eq!(address(&base, version, call).as_str(), expected);
        }
    }
}
