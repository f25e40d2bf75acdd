//! A client that uploads, remembers what it was promised, and takes no answer that is not an honest one.

use crate::support::files::{INVOICE, noise, pdf};
use crate::support::{PATIENCE, file_part};
use rand::Rng;
use rand::rngs::StdRng;
use reqwest::multipart::Form;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// So many pages.
    Pdf(usize),
    /// So many bytes that nobody can read.
    Noise(usize),
}

/// A file, made anew from its mark whenever it is needed.
#[derive(Debug, Clone)]
pub struct File {
    /// A word that no other file holds.
    pub mark: String,
    pub kind: Kind,
}

impl File {
    pub fn new(mark: impl std::fmt::Display, kind: Kind) -> Self {
        Self { mark: format!("mark-{mark}-mark"), kind }
    }

    pub fn bytes(&self) -> Vec<u8> {
        match self.kind {
            Kind::Text => format!("{INVOICE}\n{}", self.mark).into_bytes(),
            Kind::Pdf(pages) => {
                let page = format!("{INVOICE}\n{}", self.mark);
                pdf(&vec![page.as_str(); pages])
            }
            Kind::Noise(length) => {
                let digest = Sha256::digest(&self.mark);
                let seed = digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
                noise(seed, length)
            }
        }
    }

    pub fn name(&self) -> String {
        let extension = match self.kind {
            Kind::Text => "txt",
            Kind::Pdf(_) => "pdf",
            Kind::Noise(_) => "bin",
        };
        format!("{}.{extension}", self.mark)
    }
}

/// A hash as the interface gives it.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// What was answered to an upload, where the answer is an honest one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 201: promised, under this id.
    Kept(String),
    /// 409: the same bytes are there under this id.
    Duplicate(String),
    /// 503: not now. Nobody knows whether it was committed.
    Refused,
    /// No answer: the connection broke. Nobody knows either.
    Broken,
}

/// A promise: these bytes are under this id.
#[derive(Debug, Clone)]
pub struct Promise {
    pub file: File,
    pub sha256: String,
}

/// What was promised, and what else happened.
#[derive(Debug, Default)]
pub struct Ledger {
    /// By id: answered with 201, or with 409 after an upload whose answer never came.
    pub kept: BTreeMap<String, Promise>,
    /// Removed for good: answered with 204.
    pub deleted: HashSet<String>,
    /// Thrown away, or perhaps: whatever was answered, these have to come back.
    pub trashed: HashSet<String>,
    /// Nobody knows whether these were deleted.
    pub perhaps_deleted: HashSet<String>,
    /// The hash of everything that was ever sent to its end.
    pub sent: HashSet<String>,
    pub accepted: usize,
    pub duplicates: usize,
    pub refused: usize,
    pub broken: usize,
    pub abandoned: usize,
    /// The longest that an upload took which was accepted.
    pub slowest: Duration,
    /// What was answered and must not be.
    pub wrong: Vec<String>,
}

/// A client of one `serve`. Clones share one ledger.
#[derive(Clone)]
pub struct Uploader {
    http: Client,
    url: String,
    ledger: Arc<Mutex<Ledger>>,
}

impl Uploader {
    pub fn new(url: &str) -> Self {
        let http = Client::builder().timeout(2 * PATIENCE).build().expect("a client");
        Self { http, url: url.to_owned(), ledger: Arc::default() }
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uploads a file. `again`: it was sent before, so that it may be there already.
    pub async fn send(&self, file: &File, again: bool) -> Answer {
        let bytes = file.bytes();
        let hash = sha256(&bytes);
        self.ledger().sent.insert(hash.clone());
        let start = Instant::now();
        let form = Form::new().part("file", file_part(&file.name(), bytes));
        let sent = self.http.post(format!("{}/api/v1/documents", self.url)).multipart(form).send().await;
        let answer = match sent {
            Ok(response) => honest(response, &hash).await,
            Err(error) => unanswered(&error),
        };
        let mut ledger = self.ledger();
        let promise = Promise { file: file.clone(), sha256: hash };
        match &answer {
            Ok(Answer::Kept(id)) => {
                ledger.accepted += 1;
                ledger.slowest = ledger.slowest.max(start.elapsed());
                ledger.kept.insert(id.clone(), promise);
            }
            Ok(Answer::Duplicate(id)) if again => {
                ledger.duplicates += 1;
                ledger.kept.insert(id.clone(), promise);
            }
            Ok(Answer::Duplicate(id)) => ledger.wrong.push(format!("{} was never sent, and is there: {id}", file.mark)),
            Ok(Answer::Refused) => ledger.refused += 1,
            Ok(Answer::Broken) => ledger.broken += 1,
            Err(wrong) => ledger.wrong.push(format!("upload of {}: {wrong}", file.mark)),
        }
        answer.unwrap_or(Answer::Broken)
    }

    /// Uploads a file that is to be taken, whatever stands in the way: sends it until it is.
    pub async fn insist(&self, file: &File) -> String {
        let mut again = false;
        loop {
            match self.send(file, again).await {
                Answer::Kept(id) | Answer::Duplicate(id) => return id,
                Answer::Refused | Answer::Broken => sleep(Duration::from_millis(200)).await,
            }
            again = true;
        }
    }

    /// Uploads the same bytes twice at the same moment: they are kept once at most.
    async fn send_twice_at_once(&self, file: &File) -> Option<String> {
        let (one, other) = tokio::join!(self.send(file, true), self.send(file, true));
        let id = |answer: &Answer| match answer {
            Answer::Kept(id) | Answer::Duplicate(id) => Some(id.clone()),
            Answer::Refused | Answer::Broken => None,
        };
        let differ = id(&one).is_some() && id(&other).is_some() && id(&one) != id(&other);
        if differ || matches!((&one, &other), (Answer::Kept(_), Answer::Kept(_))) {
            self.ledger().wrong.push(format!("{} was sent twice at once: {one:?}, {other:?}", file.mark));
        }
        id(&one).or(id(&other))
    }

    /// Puts a document into the trash.
    pub async fn trash(&self, id: &str) {
        self.ledger().trashed.insert(id.to_owned());
        let sent = self.http.delete(format!("{}/api/v1/documents/{id}", self.url)).send().await;
        let wrong = match sent.map(|answer| answer.status()) {
            Ok(StatusCode::NO_CONTENT | StatusCode::SERVICE_UNAVAILABLE) => return,
            Ok(status) => status.to_string(),
            Err(error) if error.is_timeout() => "no answer in a minute".to_owned(),
            Err(_) => return,
        };
        self.ledger().wrong.push(format!("throwing away {id}: {wrong}"));
    }

    /// Removes a document for good.
    pub async fn delete(&self, id: &str) {
        let sent = self.http.delete(format!("{}/api/v1/documents/{id}?permanently=true", self.url)).send().await;
        let mut ledger = self.ledger();
        match sent.map(|answer| answer.status()) {
            Ok(StatusCode::NO_CONTENT) => {
                ledger.perhaps_deleted.remove(id);
                ledger.deleted.insert(id.to_owned());
            }
            Ok(StatusCode::NOT_FOUND) if ledger.perhaps_deleted.contains(id) => {
                ledger.perhaps_deleted.remove(id);
                ledger.deleted.insert(id.to_owned());
            }
            Ok(StatusCode::SERVICE_UNAVAILABLE) => {
                ledger.perhaps_deleted.insert(id.to_owned());
            }
            Ok(status) => ledger.wrong.push(format!("deletion of {id}: {status}")),
            Err(error) if error.is_timeout() => ledger.wrong.push(format!("deletion of {id}: no answer in a minute")),
            Err(_) => {
                ledger.perhaps_deleted.insert(id.to_owned());
            }
        }
    }

    /// Begins an upload of `length` bytes, sends `part` of them, and goes away without a word.
    pub async fn abandon(&self, length: usize, part: usize) {
        self.ledger().abandoned += 1;
        let address = self.url.trim_start_matches("http://");
        // A server that is away can't be left.
        let Ok(mut stream) = TcpStream::connect(address).await else { return };
        let head = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"gone.bin\"\r\n\r\n";
        let request = format!(
            "POST /api/v1/documents HTTP/1.1\r\nhost: {address}\r\ncontent-type: multipart/form-data; boundary=b\r\n\
             content-length: {}\r\n\r\n{head}",
            head.len() + length + "\r\n--b--\r\n".len()
        );
        let bytes = noise(length as u64, part);
        let _ = async {
            stream.write_all(request.as_bytes()).await?;
            stream.write_all(&bytes).await?;
            stream.flush().await
        }
        .await;
    }

    /// Uploads, deletes, repeats and breaks off until it is stopped. Marks begin with `who`; no two may share one.
    pub async fn everyday(self, who: String, mut rng: StdRng, pause: Range<u64>, stop: CancellationToken) {
        let mut mine: Vec<(String, File)> = Vec::new();
        let mut unsettled: Vec<File> = Vec::new();
        for number in 0.. {
            if stop.is_cancelled() {
                return;
            }
            match rng.random_range(0..100) {
                0..8 if !mine.is_empty() => {
                    let (id, file) = &mine[rng.random_range(0..mine.len())];
                    match self.send(file, true).await {
                        Answer::Kept(other) => {
                            self.ledger().wrong.push(format!("{id} is kept, and again as {other}"));
                        }
                        Answer::Duplicate(other) if other != *id => {
                            self.ledger().wrong.push(format!("{id} is kept, and named as {other}"));
                        }
                        _ => {}
                    }
                }
                8..14 if mine.len() > 5 => {
                    let (id, _) = mine.swap_remove(rng.random_range(0..mine.len()));
                    match rng.random_bool(0.5) {
                        true => self.trash(&id).await,
                        false => self.delete(&id).await,
                    }
                }
                14..18 => {
                    let length = if rng.random_bool(0.3) { 20 * 1024 * 1024 } else { 1000 };
                    self.abandon(length, rng.random_range(0..length)).await;
                }
                18..21 => {
                    let file = File::new(format_args!("{who}-{number}"), Kind::Text);
                    if let Some(id) = self.send_twice_at_once(&file).await {
                        mine.push((id, file));
                    }
                }
                21..45 if !unsettled.is_empty() => {
                    let file = unsettled.swap_remove(0);
                    match self.send(&file, true).await {
                        Answer::Kept(id) | Answer::Duplicate(id) => mine.push((id, file)),
                        Answer::Refused | Answer::Broken => unsettled.push(file),
                    }
                }
                draw => {
                    let kind = match draw {
                        0..65 => Kind::Text,
                        65..97 => Kind::Pdf(rng.random_range(1..4)),
                        _ => Kind::Noise(rng.random_range(8..13) * 1024 * 1024 + rng.random_range(0..1000)),
                    };
                    let file = File::new(format_args!("{who}-{number}"), kind);
                    match self.send(&file, false).await {
                        Answer::Kept(id) => mine.push((id, file)),
                        Answer::Duplicate(_) => {}
                        Answer::Refused | Answer::Broken => unsettled.push(file),
                    }
                }
            }
            sleep(Duration::from_millis(rng.random_range(pause.clone()))).await;
        }
    }
}

/// Sorts an answer to an upload; an error is one that must not be.
async fn honest(response: reqwest::Response, hash: &str) -> Result<Answer, String> {
    let status = response.status();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (location, retry_after) = (header("location"), header("retry-after"));
    let body = response.bytes().await.ok();
    let json = body.as_deref().map(serde_json::from_slice::<Value>);
    match status {
        // The promise stands with the head of the answer, also where its body is cut off.
        StatusCode::CREATED => {
            let location = location.ok_or("201 without a location")?;
            if let Some(Ok(json)) = &json
                && json["sha256"] != hash
            {
                return Err(format!("201 for other bytes: {json}"));
            }
            Ok(Answer::Kept(location.rsplit('/').next().unwrap_or_default().to_owned()))
        }
        _ => match json {
            // Cut off in the middle.
            None => Ok(Answer::Broken),
            Some(Err(_)) => Err(format!("{status}: {}", String::from_utf8_lossy(&body.unwrap_or_default()))),
            Some(Ok(json)) => match (status.as_u16(), json["code"].as_str(), json["existing_id"].as_str()) {
                (409, Some("duplicate"), Some(id)) => Ok(Answer::Duplicate(id.to_owned())),
                (503, Some("unavailable" | "busy"), _) if retry_after.is_some() => Ok(Answer::Refused),
                _ => Err(format!("{status}: {json}")),
            },
        },
    }
}

/// A connection that broke is honest; one that says nothing for a minute is not.
fn unanswered(error: &reqwest::Error) -> Result<Answer, String> {
    if error.is_timeout() { Err("no answer in a minute".to_owned()) } else { Ok(Answer::Broken) }
}
