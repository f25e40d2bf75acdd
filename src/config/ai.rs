//! `AI_PROVIDER`, `AI_BASE_URL`, `AI_MODEL`, `AI_API_KEY`, `AI_MIN_CONFIDENCE`, `AI_TIMEOUT_SECONDS`,
//! `AI_MAX_INPUT_TOKENS`, `AI_SUGGEST_TOPICS`, `AI_DAILY_TOKENS`, `AI_DAILY_REQUESTS`, `AI_MAX_CONCURRENCY`,
//! `AI_FALLBACK`, `AI_LEARN_INTERVAL_SECONDS`.

use super::Reader;
use crate::domain::is_loopback;
use secrecy::SecretString;
use std::time::Duration;
use url::Url;

/// Which AI sorts the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AiProviderKind {
    /// No network, no model: scores the text against each topic's name and description.
    Local,
    /// A server that speaks Ollama's interface.
    Ollama,
    /// A server that speaks OpenAI's: itself, LM Studio, vLLM, llama.cpp and others.
    OpenAi,
    /// A server that speaks Anthropic's.
    Anthropic,
}

impl AiProviderKind {
    /// The name in settings and in the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Ollama => "ollama",
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    /// True where documents are sent to a server.
    pub fn is_remote(self) -> bool {
        self != Self::Local
    }

    /// Where its server usually is.
    fn usual_url(self) -> Option<&'static str> {
        match self {
            Self::Local => None,
            Self::Ollama => Some("http://127.0.0.1:11434"),
            Self::OpenAi => Some("https://api.openai.com/v1"),
            Self::Anthropic => Some("https://api.anthropic.com"),
        }
    }
}

/// What becomes of a document while a remote provider can't be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AiFallback {
    /// The local provider sorts it.
    Local,
    /// It waits until the provider can be asked again.
    Retry,
}

/// Settings of the AI.
#[derive(Debug, Clone)]
pub struct AiConfig {
    /// The provider.
    pub provider: AiProviderKind,
    /// Where a remote provider is reached; the local one has no use for it.
    pub base_url: Option<Url>,
    /// The model a remote provider is asked for.
    pub model: Option<String>,
    /// The key of a remote provider.
    pub api_key: Option<SecretString>,
    /// Confidence from which a topic is taken without asking, 0 to 1.
    pub min_confidence: f32,
    /// Longest wait for one answer of a remote provider.
    pub timeout: Duration,
    /// Tokens of a question to a remote provider, roughly; what is longer is cut.
    pub max_input_tokens: u32,
    /// A remote provider is asked for new topics too; nobody makes them unasked.
    pub suggest_topics: bool,
    /// Tokens that a remote provider may cost on one day (UTC), all workers together; 0: no limit.
    pub daily_tokens: u64,
    /// Requests to a remote provider on one day (UTC), all workers together; 0: no limit.
    pub daily_requests: u64,
    /// Questions to a remote provider at once, all workers together.
    pub max_concurrency: u32,
    /// What happens while it can't be asked.
    pub fallback: AiFallback,
    /// Time between two looks whether there is something new to learn from.
    pub learn_interval: Duration,
}

impl Default for AiConfig {
    fn default() -> Self {
        Self {
            provider: AiProviderKind::Local,
            base_url: None,
            model: None,
            api_key: None,
            min_confidence: 0.5,
            timeout: Duration::from_secs(60),
            max_input_tokens: 3000,
            suggest_topics: false,
            daily_tokens: 0,
            daily_requests: 0,
            max_concurrency: 2,
            fallback: AiFallback::Local,
            learn_interval: Duration::from_secs(15),
        }
    }
}

impl AiConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let usual = Self::default();
        let provider = match reader.optional("AI_PROVIDER") {
            None | Some("local") => AiProviderKind::Local,
            Some("ollama") => AiProviderKind::Ollama,
            Some("openai") => AiProviderKind::OpenAi,
            Some("anthropic") => AiProviderKind::Anthropic,
            Some(_) => {
                reader.problem("AI_PROVIDER", "must be local, ollama, openai or anthropic");
                AiProviderKind::Local
            }
        };
        let fallback = match reader.optional("AI_FALLBACK") {
            None | Some("local") => AiFallback::Local,
            Some("retry") => AiFallback::Retry,
            Some(_) => {
                reader.problem("AI_FALLBACK", "must be local or retry");
                usual.fallback
            }
        };
        let any = "a whole number; 0 for no limit";
        Self {
            provider,
            base_url: base_url(reader, provider),
            model: model(reader, provider),
            api_key: api_key(reader, provider),
            min_confidence: reader.value(
                "AI_MIN_CONFIDENCE",
                usual.min_confidence,
                |value| (0.0..=1.0).contains(value),
                "a number from 0 to 1",
            ),
            timeout: reader.seconds("AI_TIMEOUT_SECONDS", usual.timeout.as_secs()),
            max_input_tokens: reader.value(
                "AI_MAX_INPUT_TOKENS",
                usual.max_input_tokens,
                |tokens| (500..=1_000_000).contains(tokens),
                "a whole number from 500 to 1000000",
            ),
            suggest_topics: reader.value("AI_SUGGEST_TOPICS", usual.suggest_topics, |_| true, "true or false"),
            // What Redis counts in: a signed number.
            daily_tokens: reader.value("AI_DAILY_TOKENS", 0, |tokens| *tokens <= i64::MAX as u64 / 2, any),
            daily_requests: reader.value("AI_DAILY_REQUESTS", 0, |requests| *requests <= i64::MAX as u64 / 2, any),
            max_concurrency: reader.value(
                "AI_MAX_CONCURRENCY",
                usual.max_concurrency,
                |n| (1..=256).contains(n),
                "a whole number from 1 to 256",
            ),
            fallback,
            learn_interval: reader.seconds("AI_LEARN_INTERVAL_SECONDS", 15),
        }
    }

    /// True where the day's budget holds not one question: it may be asked twice, each time with its text and some thousand
    /// tokens around it.
    pub(super) fn is_never_asked(&self) -> bool {
        let thoughts = if self.thinks() { 3600 } else { 0 };
        let question = 2 * (u64::from(self.max_input_tokens) + 1600 + thoughts);
        let too_few = |limit: u64, wanted: u64| limit > 0 && limit < wanted;
        self.provider.is_remote() && (too_few(self.daily_tokens, question) || too_few(self.daily_requests, 2))
    }

    /// True where the model thinks before it answers, and that counts among the tokens of the answer.
    pub fn thinks(&self) -> bool {
        let host = self.base_url.as_ref().and_then(|url| url.domain()).unwrap_or_default();
        match self.provider {
            AiProviderKind::Anthropic => true,
            AiProviderKind::OpenAi => {
                host == "openai.com" || host.ends_with(".openai.com") || host.ends_with(".openai.azure.com")
            }
            // It can only be told how much.
            AiProviderKind::Ollama | AiProviderKind::Local => {
                let model = self.model.as_deref().unwrap_or_default();
                model.rsplit('/').next().is_some_and(|name| name.starts_with("gpt-oss"))
            }
        }
    }

    /// True where texts and the key leave this machine without encryption.
    pub(super) fn is_open_to_listeners(&self) -> bool {
        let Some(url) = self.base_url.as_ref().filter(|_| self.provider.is_remote()) else { return false };
        url.scheme() == "http" && !is_loopback(url)
    }
}

/// Where the server is. No name and password, which messages of the client might show; nothing after the path.
fn base_url(reader: &mut Reader<'_>, provider: AiProviderKind) -> Option<Url> {
    if reader.optional("AI_BASE_URL").is_none() {
        return provider.usual_url().and_then(|url| url.parse().ok());
    }
    let url = reader.url("AI_BASE_URL", &["http", "https"])?;
    let bare = url.username().is_empty() && url.password().is_none();
    if !bare || url.query().is_some() || url.fragment().is_some() {
        reader.problem("AI_BASE_URL", "must have no user, no password, no ? and no #: the key is AI_API_KEY");
        return None;
    }
    Some(url)
}

fn model(reader: &mut Reader<'_>, provider: AiProviderKind) -> Option<String> {
    let model = match provider.is_remote() {
        true => reader.required("AI_MODEL"),
        false => reader.optional("AI_MODEL"),
    }?;
    if model.chars().count() > 200 || model.chars().any(char::is_control) {
        reader.problem("AI_MODEL", "must be a model's name, of at most 200 characters");
        return None;
    }
    Some(model.to_owned())
}

fn api_key(reader: &mut Reader<'_>, provider: AiProviderKind) -> Option<SecretString> {
    let key = match provider {
        AiProviderKind::Anthropic => reader.required("AI_API_KEY"),
        _ => reader.optional("AI_API_KEY"),
    }?;
    // It goes into a header.
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        reader.problem("AI_API_KEY", "must be of printable ASCII characters, without spaces");
        return None;
    }
    Some(key.into())
}
