//! OpenAI and all that speak like it (LM Studio, vLLM, llama.cpp): `POST /v1/chat/completions` with
//! `response_format: json_schema`, strict.

use super::{
    ANSWER_TOKENS, Content, Question, Reply, THINKING_TOKENS, Wire, address, count, model_name, secret_header,
};
use reqwest::header::{AUTHORIZATION, HeaderMap, InvalidHeaderValue};
use serde_json::{Value, json};
use url::Url;

/// A server with OpenAI's interface.
pub(super) struct OpenAi {
    url: Url,
    headers: HeaderMap,
    /// OpenAI's own server, or Azure's: its newer models refuse `max_tokens` and `temperature`, which the others want.
    original: bool,
}

impl OpenAi {
    pub(super) fn new(base: &Url, key: Option<&str>, original: bool) -> Result<Self, InvalidHeaderValue> {
        let headers = match key {
            Some(key) => secret_header(AUTHORIZATION, &format!("Bearer {key}"))?,
            None => HeaderMap::new(),
        };
        Ok(Self { url: address(base, "v1", "chat/completions"), headers, original })
    }
}

impl Wire for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn url(&self) -> &Url {
        &self.url
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    fn answer_tokens(&self) -> u64 {
        if self.original { THINKING_TOKENS } else { ANSWER_TOKENS }
    }

    fn request(&self, question: &Question<'_>) -> Value {
        let mut request = json!({
            "model": question.model,
            "messages": [
                {"role": "system", "content": question.system},
                {"role": "user", "content": question.user},
            ],
            "stream": false,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "topics_of_a_document", "strict": true, "schema": question.schema},
            },
        });
        if self.original {
            request["max_completion_tokens"] = json!(question.answer_tokens);
        } else {
            request["max_tokens"] = json!(question.answer_tokens);
            request["temperature"] = json!(0);
        }
        request
    }

    fn reply(&self, body: &Value) -> Reply {
        let text = body.pointer("/choices/0/message/content").and_then(Value::as_str);
        Reply {
            content: text.map_or(Content::Nothing, |text| Content::Text(text.to_owned())),
            model: model_name(body.get("model")),
            tokens_in: count(body.pointer("/usage/prompt_tokens")),
            tokens_out: count(body.pointer("/usage/completion_tokens")),
            cut: body.pointer("/choices/0/finish_reason").and_then(Value::as_str) == Some("length"),
        }
    }
}
