//! The way to a model's server.
//!
//! Every call ends: there is a limit on connecting, on the whole, on the wait between two pieces of the answer, and on the
//! answer's size. No redirect is followed and no proxy of the environment is used, so that texts and the key go to the
//! address that the operator gave and to no other.

use crate::clock::{Clock, SystemClock};
use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest wait between two pieces of an answer that has begun.
const STALL: Duration = Duration::from_secs(20);
/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(5);
/// Largest answer; a good one has some hundred bytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// Largest answer to a refused request that is looked at.
const MAX_REFUSAL: usize = 16 * 1024;
/// Longest time that a server can ask to be left alone.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Why there is no answer. No variant holds a word of the server's but a plain code.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// It can't be reached, breaks off, or asks to come later.
    #[error("{what}")]
    Away {
        /// What happened.
        what: String,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
        /// It had the request, and may have worked on it.
        worked: bool,
    },
    /// It says no.
    #[error("the server answers {status}{code}")]
    Refused {
        /// Its status.
        status: StatusCode,
        /// Its code for it, in brackets, where there is a plain one.
        code: String,
        /// True where no request would be taken.
        every: bool,
    },
    /// What it answers is none of a model's answers.
    #[error("{0}")]
    Odd(&'static str),
}

impl Failure {
    pub(super) fn may_have_worked(&self) -> bool {
        match self {
            Self::Away { worked, .. } => *worked,
            Self::Refused { .. } => false,
            Self::Odd(_) => true,
        }
    }

    fn away(what: impl Into<String>, worked: bool) -> Self {
        Self::Away { what: what.into(), retry_after: None, worked }
    }
}

/// A client with limits.
pub(super) struct Http {
    client: Client,
    stall: Duration,
}

impl Http {
    /// `whole` is the longest wait for one whole answer.
    pub(super) fn new(whole: Duration) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .user_agent(concat!("docuvault/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT.min(whole))
            .timeout(whole)
            .pool_idle_timeout(IDLE)
            .build()?;
        Ok(Self { client, stall: STALL.min(whole) })
    }

    /// Sends one request; the JSON of a good answer.
    pub(super) async fn post(&self, url: &Url, headers: &HeaderMap, body: &Value) -> Result<Value, Failure> {
        let sent = self.client.post(url.clone()).headers(headers.clone()).json(body).send().await;
        let response = sent.map_err(|error| {
            let what = if error.is_connect() {
                "the server can't be reached"
            } else if error.is_timeout() {
                "the server did not answer in time"
            } else {
                "the connection broke"
            };
            Failure::away(format!("{what}: {}", chain(error)), true_unless_connecting(what))
        })?;
        let status = response.status();
        if !status.is_success() {
            return Err(self.refusal(status, response).await);
        }
        let body = self.body(response, MAX_ANSWER).await?;
        serde_json::from_slice(&body).map_err(|_| Failure::Odd("the answer is not JSON"))
    }

    async fn refusal(&self, status: StatusCode, response: Response) -> Failure {
        let retry_after = retry_after(response.headers());
        let passing = status.is_server_error()
            || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY);
        if passing {
            return Failure::Away { what: format!("the server answers {status}"), retry_after, worked: false };
        }
        let about_the_question =
            matches!(status.as_u16(), 400 | 409 | 413 | 415 | 422 | 431) && !status.is_redirection();
        let body = self.body(response, MAX_REFUSAL).await.unwrap_or_default();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let code = plain_code(&body).map_or(String::new(), |code| format!(" ({code})"));
        Failure::Refused { status, code, every: !about_the_question || is_out_of_credit(&body) }
    }

    async fn body(&self, mut response: Response, most: usize) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        loop {
            let piece = timeout(self.stall, response.chunk()).await;
            let piece = piece.map_err(|_| Failure::away("the answer stopped coming", true))?;
            let piece =
                piece.map_err(|error| Failure::away(format!("the answer broke off: {}", chain(error)), true))?;
            let Some(piece) = piece else { return Ok(body) };
            if body.len() + piece.len() > most {
                return Err(Failure::Odd("the answer is far too large"));
            }
            body.extend_from_slice(&piece);
        }
    }
}

fn true_unless_connecting(what: &str) -> bool {
    what != "the server can't be reached"
}

/// The cause of a client's error; never the address.
fn chain(error: reqwest::Error) -> String {
    crate::error::cause_chain(&error.without_url())
}

/// Anthropic says so with a 400, as if it were about the question ("Your credit balance is too low …").
fn is_out_of_credit(body: &Value) -> bool {
    let message = body.pointer("/error/message").and_then(Value::as_str);
    message.is_some_and(|message| message.to_ascii_lowercase().contains("credit balance"))
}

/// The code that OpenAI (`error.code`, `error.type`) and Anthropic (`error.type`) give; only where it is a plain word, so
/// that nothing else of the server's gets into the log.
fn plain_code(body: &Value) -> Option<String> {
    let plain = |code: &&str| {
        (1..=40).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let error = body.get("error")?;
    let codes = ["code", "type"].into_iter().filter_map(|name| error.get(name)?.as_str());
    codes.filter(plain).map(str::to_owned).next()
}

/// `Retry-After`, as seconds or as a date (RFC 9110, 10.2.3). A date counts from the server's own.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let date = |text: &str| DateTime::parse_from_rfc2822(text).ok().map(|date| date.with_timezone(&Utc));
    let after = text(RETRY_AFTER)?;
    let wait = match after.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let now = text(DATE).and_then(date).unwrap_or_else(|| SystemClock.now());
            (date(after)? - now).to_std().unwrap_or(Duration::ZERO)
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;
    use serde_json::json;

    #[test]
    fn retry_after_is_understood_in_both_forms() {
        let parse = |after: &'static str, date: Option<&'static str>| {
            let mut headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(after))]);
            headers.extend(date.map(|date| (DATE, HeaderValue::from_static(date))));
            retry_after(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(parse("7", None), Some(7));
        let noon = Some("Wed, 21 Oct 2015 12:00:00 GMT");
        assert_eq!(parse("Wed, 21 Oct 2015 12:01:30 GMT", noon), Some(90));
        assert_eq!(parse("Wed, 21 Oct 2015 11:00:00 GMT", noon), Some(0));
        assert_eq!(parse("Wed, 21 Oct 2015 11:00:00 GMT", None), Some(0));
        assert_eq!(parse("99999999999", None), Some(3600), "nobody shuts the vault out for longer");
        for odd in ["soon", "-1", "1.5", "", "99999999999999999999999"] {
            assert_eq!(parse(odd, noon), None, "{odd}");
        }
    }

    #[test]
    fn only_a_plain_code_is_shown_of_a_refusal() {
        assert_eq!(
            plain_code(&json!({"error": {"code": null, "type": "not_found_error"}})).as_deref(),
            Some("not_found_error")
        );
        for hidden in [json!({"error": "model 'x' not found"}), json!({"error": {"code": "sk-Key1"}}), json!([])] {
            assert_eq!(plain_code(&hidden), None);
        }
    }
}
