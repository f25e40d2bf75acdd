//! Ollama: `POST /api/chat` with `format`, which is a schema (docs/api.md, "Structured outputs").

use super::{
    ANSWER_TOKENS, Content, Question, Reply, THINKING_TOKENS, Wire, address, count, model_name, secret_header,
};
use reqwest::header::{AUTHORIZATION, HeaderMap, InvalidHeaderValue};
use serde_json::{Value, json};
use url::Url;

/// The context is made in steps of this, since each new size loads the model anew.
const CONTEXT_STEP: u64 = 2048;

/// An Ollama server; one behind a proxy may want a key.
pub(super) struct Ollama {
    url: Url,
    headers: HeaderMap,
    /// The model thinks, whatever it is told: it can only be told how much.
    always_thinks: bool,
}

impl Ollama {
    pub(super) fn new(base: &Url, key: Option<&str>, always_thinks: bool) -> Result<Self, InvalidHeaderValue> {
        let headers = match key {
            Some(key) => secret_header(AUTHORIZATION, &format!("Bearer {key}"))?,
            None => HeaderMap::new(),
        };
        Ok(Self { url: address(base, "api", "chat"), headers, always_thinks })
    }
}

impl Wire for Ollama {
    fn name(&self) -> &'static str {
        "ollama"
    }

    fn url(&self) -> &Url {
        &self.url
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    fn answer_tokens(&self) -> u64 {
        if self.always_thinks { THINKING_TOKENS } else { ANSWER_TOKENS }
    }

    fn request(&self, question: &Question<'_>) -> Value {
        json!({
            "model": question.model,
            "messages": [
                {"role": "system", "content": question.system},
                {"role": "user", "content": question.user},
            ],
            "stream": false,
            // Models that can think aloud do so outside the format, and at length.
            "think": if self.always_thinks { json!("low") } else { json!(false) },
            "format": question.schema,
            "options": {
                "temperature": 0,
                "num_predict": question.answer_tokens,
                // Left alone it cuts the beginning off what is longer than its default, and says nothing.
                "num_ctx": question.room.next_multiple_of(CONTEXT_STEP),
            },
        })
    }

    fn reply(&self, body: &Value) -> Reply {
        let text = body.pointer("/message/content").and_then(Value::as_str);
        Reply {
            content: text.map_or(Content::Nothing, |text| Content::Text(text.to_owned())),
            model: model_name(body.get("model")),
            tokens_in: count(body.get("prompt_eval_count")),
            tokens_out: count(body.get("eval_count")),
            cut: body.get("done_reason").and_then(Value::as_str) == Some("length"),
        }
    }
}
