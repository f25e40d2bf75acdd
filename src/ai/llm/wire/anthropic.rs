//! Anthropic: `POST /v1/messages` with one tool, whose input is the answer.

use super::{Content, Question, Reply, THINKING_TOKENS, Wire, address, count, model_name, secret_header};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use serde_json::{Value, json};
use url::Url;

/// The version of the interface that this is written for.
const VERSION: &str = "2023-06-01";
/// The tool's name.
const TOOL: &str = "sort_document";

/// A server with Anthropic's interface.
pub(super) struct Anthropic {
    url: Url,
    headers: HeaderMap,
}

impl Anthropic {
    pub(super) fn new(base: &Url, key: Option<&str>) -> Result<Self, InvalidHeaderValue> {
        let mut headers = match key {
            Some(key) => secret_header(HeaderName::from_static("x-api-key"), key)?,
            None => HeaderMap::new(),
        };
        headers.insert(HeaderName::from_static("anthropic-version"), HeaderValue::from_static(VERSION));
        Ok(Self { url: address(base, "v1", "messages"), headers })
    }
}

impl Wire for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn url(&self) -> &Url {
        &self.url
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    fn answer_tokens(&self) -> u64 {
        THINKING_TOKENS
    }

    fn request(&self, question: &Question<'_>) -> Value {
        json!({
            "model": question.model,
            "max_tokens": question.answer_tokens,
            "system": question.system,
            "messages": [{"role": "user", "content": question.user}],
            "tools": [{
                "name": TOOL,
                "description": "Notes under which topics the document belongs. This is the only way to answer.",
                "input_schema": question.schema,
            }],
            // Models that think refuse to have a tool forced on them; one that answers in words is understood as well.
            "tool_choice": {"type": "auto"},
        })
    }

    fn reply(&self, body: &Value) -> Reply {
        let blocks = body.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let of_kind = |kind: &str| blocks.iter().find(|block| block.get("type").and_then(Value::as_str) == Some(kind));
        let input = of_kind("tool_use").and_then(|block| block.get("input")).filter(|input| input.is_object());
        let text = of_kind("text").and_then(|block| block.get("text")?.as_str());
        Reply {
            content: match (input, text) {
                (Some(input), _) => Content::Object(input.clone()),
                (None, Some(text)) => Content::Text(text.to_owned()),
                (None, None) => Content::Nothing,
            },
            model: model_name(body.get("model")),
            tokens_in: count(body.pointer("/usage/input_tokens")),
            tokens_out: count(body.pointer("/usage/output_tokens")),
            cut: body.get("stop_reason").and_then(Value::as_str) == Some("max_tokens"),
        }
    }
}
