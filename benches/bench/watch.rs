//! Hears when documents are ready, by the vault's own stream of events: the closed loop need not ask for each.

use crate::http::{self, Connection};
use anyhow::{Context, Result, ensure};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// After so long a client asks by itself: an event may have been missed.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// How a document ended, and when that was heard of.
#[derive(Clone, Copy)]
pub struct Done {
    pub at: Instant,
    pub failed: bool,
}

enum Entry {
    Done(Done),
    Waiting(oneshot::Sender<Done>),
}

/// The one who listens. A clone is the same.
#[derive(Clone, Default)]
pub struct Watch {
    entries: Arc<Mutex<HashMap<String, Entry>>>,
}

impl Watch {
    /// Listens from now on.
    pub async fn begin(address: &str) -> Result<Self> {
        let mut connection = Connection::to(address);
        connection.begin(&http::get(address, "/api/v1/events")).await?;
        let head = connection.head().await?;
        ensure!(head.status == 200, "the events answer {}", head.status);
        // The first event says that from here on nothing is missed.
        while !connection.text().contains("event: sync") {
            ensure!(connection.chunk().await?, "the events ended");
        }
        connection.clear();
        let watch = Self::default();
        let hearing = watch.clone();
        tokio::spawn(async move {
            while let Ok(true) = connection.chunk().await {
                // One chunk may hold several, and the end of the last one may be missing.
                let Some(end) = connection.body().windows(2).rposition(|two| two == b"\n\n") else { continue };
                let text = connection.text();
                if end + 2 == text.len() {
                    hearing.hear(&text);
                    connection.clear();
                }
            }
        });
        Ok(watch)
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, text: &str) {
        for data in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
            if let (Some(id), Some(status)) = (field(data, "id"), field(data, "status"))
                && let Some(done) = ended(status)
            {
                self.note(id, done);
            }
        }
    }

    fn note(&self, id: &str, done: Done) {
        match self.entries().insert(id.to_owned(), Entry::Done(done)) {
            Some(Entry::Waiting(waiting)) => drop(waiting.send(done)),
            Some(Entry::Done(_)) | None => {}
        }
    }

    /// When the document was ready, now or later.
    pub async fn done(&self, id: &str, connection: &mut Connection) -> Result<Done> {
        let mut waiting = {
            let mut entries = self.entries();
            if let Some(Entry::Done(done)) = entries.get(id) {
                return Ok(*done);
            }
            let (sender, receiver) = oneshot::channel();
            entries.insert(id.to_owned(), Entry::Waiting(sender));
            receiver
        };
        loop {
            if let Ok(done) = timeout(ASK_EVERY, &mut waiting).await {
                return Ok(done?);
            }
            let document = http::get_json(connection, &format!("/api/v1/documents/{id}")).await?;
            if let Some(done) = ended(document["status"].as_str().context("a status")?) {
                return Ok(done);
            }
        }
    }
}

fn ended(status: &str) -> Option<Done> {
    (!matches!(status, "pending" | "processing")).then(|| Done { at: Instant::now(), failed: status == "failed" })
}

/// The first text of that name in JSON, without reading all of it.
pub fn field<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{name}\":\""))?;
    rest.split('"').next()
}
