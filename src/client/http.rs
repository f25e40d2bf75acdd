//! The vault as the client sees it: its address, its calls, its answers.
//!
//! What comes back may be anything: a proxy's page, a hostile server's lie. Answers have a limit, ids are UUIDs, and no
//! text of the other side reaches the terminal as it is.

use super::disc::{PIECE, harmless};
use super::manifest::TopicOfListed;
use super::patience::Patience;
use crate::domain::{Color, ContentHash, ContentHasher, DocumentId, Filename, TopicId, TopicName, is_loopback};
use crate::error::{ErrorCode, cause_chain};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::{Stream, stream};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::fmt;
use std::fs::File;
use std::io;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use url::Url;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest wait for the whole of a small answer.
const ANSWER: Duration = Duration::from_secs(60);
/// How long an unused connection is kept: less than any server keeps it, so that none breaks under a call.
const IDLE: Duration = Duration::from_secs(2);
/// Longest time in which not a byte moves.
const STALL: Duration = Duration::from_secs(120);
/// Largest answer that is read into memory; a page of 200 documents is far below it.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// The address of a vault: `http://` or `https://`, and perhaps a path that leads to it.
#[derive(Debug, Clone)]
pub struct BaseUrl(Url);

/// A text that is no address of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address of a vault is written http://HOST:PORT or https://HOST")]
pub struct BaseUrlError;

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut url: Url = text.parse().map_err(|_| BaseUrlError)?;
        let web = matches!(url.scheme(), "http" | "https") && url.has_host();
        if !web || url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError);
        }
        let path = format!("{}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self(url))
    }
}

impl fmt::Display for BaseUrl {
    /// Without a name and a password, which a proxy in front of the vault may want.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.origin().ascii_serialization())?;
        f.write_str(self.0.path().trim_end_matches('/'))
    }
}

impl BaseUrl {
    fn api(&self, parts: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "v1"]).extend(parts);
        }
        url
    }
}

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The vault says no.
    #[error("{detail}")]
    Refused {
        /// Its code.
        code: String,
        /// Its sentence.
        detail: String,
    },
    /// Nobody answers, or the connection broke.
    #[error("the vault can't be reached: {0}")]
    Unreachable(String),
    /// The vault says: not now.
    #[error("{detail}")]
    Busy {
        /// Its sentence.
        detail: String,
        /// When to come again, if it says so.
        after: Option<Duration>,
    },
    /// Nobody answered as long as there was patience.
    #[error("{0} (waited {secs} s for it)", secs = .1.as_secs())]
    Away(Box<Failure>, Duration),
    /// An answer that is none of a vault's.
    #[error("{0}")]
    Odd(String),
    /// The fault lies here, and not with the vault.
    #[error("{0}")]
    Here(String),
}

impl Failure {
    /// True where the same call may succeed later.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy { .. })
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { after, .. } => *after,
            _ => None,
        }
    }

    /// True for a refusal with this code.
    pub(super) fn is(&self, known: ErrorCode) -> bool {
        matches!(self, Self::Refused { code, .. } if code == known.as_str())
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        // The address is known, and may hold a password.
        let error = error.without_url();
        let chain = harmless(&cause_chain(&error));
        if error.is_builder() { Self::Here(chain) } else { Self::Unreachable(chain) }
    }
}

/// A document, as the vault tells of it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RemoteDocument {
    pub(super) id: DocumentId,
    pub(super) filename: String,
    pub(super) title: Option<String>,
    pub(super) content_type: String,
    pub(super) size_bytes: u64,
    pub(super) sha256: ContentHash,
    pub(super) status: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) topics: Vec<TopicOfListed>,
    pub(super) topics_by_user: bool,
}

/// A topic, as the vault tells of it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RemoteTopic {
    pub(super) id: TopicId,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) color: String,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
}

/// A document to put in.
#[derive(Debug)]
pub(super) struct NewDocument {
    pub(super) filename: Filename,
    pub(super) title: Option<String>,
    pub(super) content_type: Option<String>,
    /// A person's choice.
    pub(super) topics: Vec<TopicId>,
    /// An AI's.
    pub(super) ai_topics: Vec<(TopicId, f32)>,
    /// Keep it beside another of the same bytes.
    pub(super) keep: bool,
    pub(super) size: u64,
    pub(super) sha256: ContentHash,
}

/// A running vault.
pub struct Remote {
    base: BaseUrl,
    client: Client,
    pub(super) patience: Patience,
}

impl Remote {
    /// The vault at an address. `patience` is how long a call waits for a vault that is away or busy, and `waiting`
    /// hears of each wait.
    ///
    /// # Errors
    /// When the client can't be built.
    pub fn new(
        base: BaseUrl,
        patience: Duration,
        waiting: impl Fn(&Failure, Duration) + Send + Sync + 'static,
    ) -> Result<Self, Failure> {
        let mut builder = Client::builder()
            .user_agent(concat!("docuvault/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE);
        if is_loopback(&base.0) {
            builder = builder.no_proxy();
        }
        let patience = Patience::new(patience, Box::new(waiting));
        Ok(Self { base, client: builder.build()?, patience })
    }

    /// Documents of these bytes.
    pub(super) async fn find(&self, hash: ContentHash) -> Result<Vec<RemoteDocument>, Failure> {
        self.patience.call(async || self.find_once(hash).await).await
    }

    /// As [`Self::find`], without patience.
    pub(super) async fn find_once(&self, hash: ContentHash) -> Result<Vec<RemoteDocument>, Failure> {
        let page = self.page(None, &[("sha256", &hash.to_string())]).await?;
        let mut found = page.items;
        let mut next = page.next_cursor;
        while let Some(cursor) = next {
            let page = self.page(Some(&cursor), &[("sha256", &hash.to_string())]).await?;
            found.extend(page.items);
            next = page.next_cursor.filter(|next| *next != cursor);
        }
        // A vault that does not know the question answers with other documents.
        found.retain(|document| document.sha256 == hash);
        Ok(found)
    }

    /// All documents, the oldest first. `seen` hears how many there are so far.
    pub(super) async fn documents(&self, seen: impl Fn(usize)) -> Result<Vec<RemoteDocument>, Failure> {
        let mut documents = Vec::new();
        let mut next = None;
        loop {
            let page = self.patience.call(async || self.page(next.as_deref(), &[("sort", "created_at")]).await).await?;
            documents.extend(page.items);
            seen(documents.len());
            match page.next_cursor {
                Some(cursor) if next.as_ref() != Some(&cursor) => next = Some(cursor),
                Some(_) => return Err(Failure::Odd("the vault's list of documents does not end".to_owned())),
                None => return Ok(documents),
            }
        }
    }

    async fn page(&self, cursor: Option<&str>, query: &[(&str, &str)]) -> Result<Page<RemoteDocument>, Failure> {
        let mut request = self.client.get(self.base.api(&["documents"])).query(query).query(&[("limit", "200")]);
        if let Some(cursor) = cursor {
            request = request.query(&[("cursor", cursor)]);
        }
        json(request).await
    }

    /// All topics.
    pub(super) async fn topics(&self) -> Result<Vec<RemoteTopic>, Failure> {
        let list = self.patience.call(async || json(self.client.get(self.base.api(&["topics"]))).await);
        list.await.map(|page: Page<RemoteTopic>| page.items)
    }

    /// Makes a topic; the refusal `duplicate_topic` where somebody was faster.
    pub(super) async fn create_topic(
        &self,
        name: &TopicName,
        description: &str,
        color: Option<&Color>,
    ) -> Result<RemoteTopic, Failure> {
        let mut topic = json!({"name": name.as_str(), "description": description});
        if let Some(color) = color {
            topic["color"] = json!(color.as_str());
        }
        self.patience.call(async || json(self.client.post(self.base.api(&["topics"])).json(&topic)).await).await
    }

    /// A person's choice of topics.
    pub(super) async fn set_topics(&self, id: DocumentId, topics: &[TopicId]) -> Result<RemoteDocument, Failure> {
        let url = self.base.api(&["documents", &id.to_string(), "topics"]);
        let choice = json!({"topic_ids": topics});
        self.patience.call(async || json(self.client.put(url.clone()).json(&choice)).await).await
    }

    /// A document's bytes, as they come.
    pub(super) async fn content(
        &self,
        id: DocumentId,
    ) -> Result<impl Stream<Item = Result<Bytes, Failure>> + Unpin, Failure> {
        let url = self.base.api(&["documents", &id.to_string(), "content"]);
        let sent = tokio::time::timeout(ANSWER, self.client.get(url).send()).await.map_err(|_| silent())??;
        let response = accepted(sent).await?;
        let pieces = stream::try_unfold(response, |mut response| async {
            let piece = tokio::time::timeout(STALL, response.chunk()).await.map_err(|_| silent())??;
            Ok::<_, Failure>(piece.map(|piece| (piece, response)))
        });
        Ok(Box::pin(pieces))
    }

    /// Puts a document in, once. Its bytes must be those that were hashed: else nothing is kept. `sent` hears of each
    /// piece.
    pub(super) async fn upload(
        &self,
        new: &NewDocument,
        file: File,
        sent: impl Fn(u64) + Send + Sync + 'static,
    ) -> Result<RemoteDocument, Failure> {
        let flow = Arc::new(Flow { moved: Mutex::new(Instant::now()), broken: Mutex::new(None) });
        let pieces = pieces(file, new.size, new.sha256, flow.clone(), sent);
        let body = reqwest::Body::wrap_stream(pieces);
        let mut part = Part::stream_with_length(body, new.size).file_name(new.filename.to_string());
        // One that is none is left to the vault to guess.
        let right = |text: &&str| Part::bytes(&b""[..]).mime_str(text).is_ok();
        if let Some(content_type) = new.content_type.as_deref().filter(right) {
            part = part.mime_str(content_type)?;
        }
        let mut form = Form::new();
        if let Some(title) = &new.title {
            form = form.text("title", title.clone());
        }
        if new.keep {
            form = form.text("on_duplicate", "keep");
        }
        for topic in &new.topics {
            form = form.text("topic_ids", topic.to_string());
        }
        for (topic, confidence) in &new.ai_topics {
            form = form.text("ai_topics", format!("{topic}:{confidence}"));
        }
        let request = self.client.post(self.base.api(&["documents"])).multipart(form.part("file", part));
        let answer = async { read_json(accepted(request.send().await?).await?).await };
        let answer = tokio::select! {
            answer = answer => answer,
            () = flow.stalled() => Err(silent()),
        };
        // Whatever became of the connection then: the cause lies here.
        match flow.broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(why) => Err(Failure::Here(why)),
            None => answer,
        }
    }
}

fn silent() -> Failure {
    Failure::Unreachable("it does not answer any more".to_owned())
}

/// How an upload flows.
struct Flow {
    moved: Mutex<Instant>,
    /// Why the file could not be sent as it was.
    broken: Mutex<Option<String>>,
}

impl Flow {
    fn moved(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn break_off(&self, why: String) -> io::Error {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
        io::Error::other(why)
    }

    /// Comes when nothing has moved for too long.
    async fn stalled(&self) {
        loop {
            let still = self.moved.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
            match STALL.checked_sub(still) {
                Some(left) if !left.is_zero() => tokio::time::sleep(left).await,
                _ => return,
            }
        }
    }
}

/// The pieces of a file that has these many bytes and this hash. The last piece is held back until the hash is known to
/// be right: of a file that changes meanwhile no whole form ever arrives.
fn pieces(
    file: File,
    size: u64,
    hash: ContentHash,
    flow: Arc<Flow>,
    sent: impl Fn(u64) + Send + Sync + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    struct State {
        file: tokio::fs::File,
        hasher: ContentHasher,
        read: u64,
        held: Option<Bytes>,
    }
    let mut file = tokio::fs::File::from_std(file);
    file.set_max_buf_size(PIECE);
    let state = State { file, hasher: ContentHasher::default(), read: 0, held: None };
    let sent = Arc::new(sent);
    stream::try_unfold(Some(state), move |state| {
        let (flow, sent) = (flow.clone(), sent.clone());
        async move {
            let Some(mut state) = state else { return Ok(None) };
            loop {
                flow.moved();
                let mut piece = BytesMut::with_capacity(PIECE);
                let length = state.file.read_buf(&mut piece).await;
                let length = length.map_err(|error| flow.break_off(format!("it can't be read: {error}")))?;
                state.read += length as u64;
                state.hasher.update(&piece);
                let changed = || flow.break_off("it changed while it was being read".to_owned());
                if state.read > size {
                    return Err(changed());
                }
                if length == 0 {
                    if state.read != size || state.hasher.finish() != hash {
                        return Err(changed());
                    }
                    let Some(last) = state.held else { return Ok(None) };
                    sent(last.len() as u64);
                    return Ok(Some((last, None)));
                }
                if let Some(held) = state.held.replace(piece.freeze()) {
                    sent(held.len() as u64);
                    return Ok(Some((held, Some(state))));
                }
            }
        }
    })
}

async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Failure> {
    read_json(accepted(request.timeout(ANSWER).send().await?).await?).await
}

async fn read_json<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    let body = body(response).await?;
    serde_json::from_slice(&body).map_err(|error| {
        Failure::Odd(format!(
            "the answer is not that of a vault, or of another version: {}",
            harmless(&error.to_string())
        ))
    })
}

/// The answer, where it says that all went well.
async fn accepted(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok().map(str::to_owned));
    let after = header(RETRY_AFTER).and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    let is_problem = header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/problem+json"));
    let problem = match is_problem {
        true => body(response).await.ok().and_then(|body| serde_json::from_slice::<Problem>(&body).ok()),
        false => None,
    };
    let passing = matches!(
        status,
        StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::BAD_GATEWAY
            | StatusCode::GATEWAY_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
    );
    Err(match problem {
        Some(Problem { detail, .. }) if passing => Failure::Busy { detail: harmless(&detail), after },
        Some(Problem { code, detail }) => Failure::Refused { code, detail: harmless(&detail) },
        None if passing => Failure::Busy { detail: format!("the vault answers {status}"), after },
        None => Failure::Odd(format!("the answer is {status}, and not that of a vault")),
    })
}

async fn body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(piece) = tokio::time::timeout(STALL, response.chunk()).await.map_err(|_| silent())?? {
        if body.len() + piece.len() > MAX_ANSWER {
            return Err(Failure::Odd("the answer is larger than any of a vault's".to_owned()));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::TryStreamExt;
    use std::io::Write;

    /// Sends a file that was hashed with `before` in it and has `now` in it.
    async fn send(before: &[u8], now: &[u8]) -> (Result<Vec<Bytes>, io::Error>, Option<String>) {
        let mut hasher = ContentHasher::default();
        hasher.update(before);
        let path = tempfile::NamedTempFile::new().expect("a file");
        path.as_file().write_all(now).expect("it is written");
        let flow = Arc::new(Flow { moved: Mutex::new(Instant::now()), broken: Mutex::new(None) });
        let file = path.reopen().expect("a file");
        let pieces = pieces(file, before.len() as u64, hasher.finish(), flow.clone(), |_| {}).try_collect().await;
        (pieces, flow.broken.lock().expect("no panic").take())
    }

    #[tokio::test]
    async fn a_file_that_changes_never_arrives_whole() {
        let file = vec![7; 3 * PIECE + 1];
        let mut other = file.clone();
        other[PIECE] = 8;
        let (pieces, broken) = send(&file, &file).await;
        assert_eq!((pieces.expect("it is whole").concat(), broken), (file.clone(), None));
        for now in [other, file[..PIECE].to_vec(), [&file[..], b"more"].concat(), Vec::new()] {
            let (pieces, broken) = send(&file, &now).await;
            assert!(pieces.is_err());
            assert_eq!(broken.as_deref(), Some("it changed while it was being read"));
        }
    }

    #[test]
    fn an_address_is_checked_and_shown_without_its_password() {
        let url: BaseUrl = "https://me:hunter2@vault.example/docs".parse().expect("an address");
        assert_eq!(url.to_string(), "https://vault.example/docs");
        assert_eq!(url.api(&["topics"]).as_str(), "https://me:hunter2@vault.example/docs/api/v1/topics");
        assert!(!is_loopback(&url.0));
        for here in ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:1/"] {
            assert!(here.parse::<BaseUrl>().is_ok_and(|url| is_loopback(&url.0)), "{here}");
        }
        for wrong in ["", "vault", "ftp://vault", "http://", "http://vault/?a", "http://vault/#a", "file:///etc/passwd"]
        {
            assert!(wrong.parse::<BaseUrl>().is_err(), "{wrong}");
        }
    }
}
