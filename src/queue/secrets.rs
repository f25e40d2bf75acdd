//! Words that one process hands to another and that are written down nowhere: a document's password, from the client's
//! request to the worker that reads the document.
//!
//! The one that has the word listens on `:v1:secret:{name}:ask`; the one that needs it asks there, and is answered on
//! `:v1:secret:{name}:answer`. Redis hands messages on and keeps none of them, on no disk either (unlike a key, however
//! short its life). The word is given once; it dies with its offer.

use super::connections::{ANSWER, CONNECT};
use super::{JobQueue, QueueError};
use deadpool_redis::redis::RedisError;
use deadpool_redis::redis::aio::PubSub;
use futures_util::StreamExt;
use secrecy::{ExposeSecret, SecretString};
use std::io;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use uuid::Uuid;

/// Words that are offered by one process at once, at most: each offer holds a connection.
pub(super) const MOST_OFFERS: usize = 32;
/// How long a word is offered.
const OFFERED_FOR: Duration = Duration::from_secs(600);

/// Somebody listens for who asks; dropped, nobody does.
pub struct Offer {
    queue: JobQueue,
    name: Uuid,
    questions: PubSub,
    _place: OwnedSemaphorePermit,
}

fn channel(queue: &JobQueue, name: Uuid, what: &str) -> String {
    format!("{}:{name}:{what}", queue.secrets)
}

async fn listen(queue: &JobQueue, channel: String) -> Result<PubSub, QueueError> {
    let client = queue.client.clone();
    // On the runtime where connections live.
    let connecting = queue.runtime.spawn(async move {
        let mut listener = timeout(CONNECT, client.get_async_pubsub()).await.map_err(too_slow)??;
        timeout(ANSWER, listener.subscribe(channel)).await.map_err(too_slow)??;
        Ok::<_, RedisError>(listener)
    });
    Ok(connecting.await.map_err(|_| QueueError::Ending)??)
}

fn too_slow(_: tokio::time::error::Elapsed) -> RedisError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

impl JobQueue {
    /// Begins to offer a word under `name`; none where too many are offered already.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn offer(&self, name: Uuid) -> Result<Option<Offer>, QueueError> {
        let Ok(place) = self.offers.clone().try_acquire_owned() else { return Ok(None) };
        let questions = listen(self, channel(self, name, "ask")).await?;
        Ok(Some(Offer { queue: self.clone(), name, questions, _place: place }))
    }

    /// Asks for the word that is offered under `name`; none where nobody offers it any more.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn ask(&self, name: Uuid) -> Result<Option<SecretString>, QueueError> {
        let mut answers = listen(self, channel(self, name, "answer")).await?;
        self.publish(channel(self, name, "ask"), "").await?;
        let answer = timeout(ANSWER, answers.on_message().next()).await.ok().flatten();
        Ok(answer.and_then(|message| message.get_payload::<String>().ok()).map(SecretString::from))
    }

    async fn publish(&self, channel: String, message: &str) -> Result<(), QueueError> {
        let mut pipeline = deadpool_redis::redis::pipe();
        pipeline.cmd("PUBLISH").arg(channel).arg(message).ignore();
        self.run(pipeline).await
    }
}

impl Offer {
    /// Gives `word` to the first who asks within ten minutes. It goes on by itself, and ends with the process.
    pub fn give(mut self, word: SecretString) {
        let runtime = self.queue.runtime.clone();
        runtime.spawn(async move {
            let asked = timeout(OFFERED_FOR, self.questions.on_message().next()).await;
            if matches!(asked, Ok(Some(_))) {
                let answer = channel(&self.queue, self.name, "answer");
                if let Err(error) = self.queue.publish(answer, word.expose_secret()).await {
                    log::warn!("a password could not be handed on: {}", crate::error::cause_chain(&error));
                }
            }
        });
    }
}
