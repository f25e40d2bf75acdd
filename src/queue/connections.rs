//! Connections to Redis, and how long one is trusted.

use super::QueueError;
use crate::config::RedisConfig;
use deadpool_redis::redis::aio::{ConnectionLike, MultiplexedConnection};
use deadpool_redis::redis::{AsyncConnectionConfig, FromRedisValue, Pipeline, RedisError};
use deadpool_redis::{Manager, Pool, Runtime};
use secrecy::ExposeSecret;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Longest wait for an answer that is due at once.
pub(super) const ANSWER: Duration = Duration::from_secs(2);
/// Longest wait for a connection.
pub(super) const CONNECT: Duration = Duration::from_secs(2);
/// Connections at most; each carries many calls at once.
const POOL_SIZE: usize = 8;
/// A connection that answered so recently needs no sign of life before it is asked again: the pool asks for one each time.
const TRUSTED: Duration = Duration::from_secs(1);

/// Where calls go that are answered at once.
pub(super) struct Connections {
    pool: Pool,
    runtime: Handle,
    /// The one that answered last, and when.
    last: Mutex<Option<(MultiplexedConnection, Instant)>>,
}

impl Connections {
    /// Connects to nothing yet. Connections are opened on `runtime`, since their driver lives where they were opened, and
    /// must not share a thread with a busy handler.
    ///
    /// # Errors
    /// When the URL can't be used.
    pub fn open(config: &RedisConfig, runtime: Handle) -> Result<Self, RedisError> {
        let url = config.url.expose_secret();
        let settings =
            AsyncConnectionConfig::new().set_response_timeout(Some(ANSWER)).set_connection_timeout(Some(CONNECT));
        let pool = Pool::builder(Manager::new_with_config(url, settings)?)
            .max_size(POOL_SIZE)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECT))
            .create_timeout(Some(CONNECT))
            .recycle_timeout(Some(CONNECT))
            .build()
            .map_err(|error| RedisError::from(std::io::Error::other(error)))?;
        Ok(Self { pool, runtime, last: Mutex::default() })
    }

    /// Runs some commands in one go. Where the connection turns out to have ended they are run on another one: so they may be
    /// done twice.
    ///
    /// # Errors
    /// When Redis can't be reached, or refuses.
    pub async fn run<T: FromRedisValue + Send + 'static>(&self, pipeline: Pipeline) -> Result<T, QueueError> {
        if let Some(mut connection) = self.trusted() {
            match query(&pipeline, &mut connection).await {
                Err(error) if error.is_connection_dropped() => {}
                answer => return self.remembering(connection, answer),
            }
        }
        self.run_once(pipeline).await
    }

    /// The same for what must not be done twice: after a sign of life.
    ///
    /// # Errors
    /// When Redis can't be reached, or refuses. Where the connection breaks in between, nobody knows whether it was done.
    pub async fn run_once<T: FromRedisValue + Send + 'static>(&self, pipeline: Pipeline) -> Result<T, QueueError> {
        let pool = self.pool.clone();
        let getting = self.runtime.spawn(async move { pool.get().await });
        let mut connection =
            getting.await.map_err(|_| QueueError::Ending)?.map_err(|error| QueueError::Connect(Box::new(error)))?;
        let answer = query(&pipeline, &mut connection).await;
        self.remembering(MultiplexedConnection::clone(&connection), answer)
    }

    fn trusted(&self) -> Option<MultiplexedConnection> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.take_if(|(_, answered)| answered.elapsed() >= TRUSTED);
        last.as_ref().map(|(connection, _)| connection.clone())
    }

    fn remembering<T>(
        &self,
        connection: MultiplexedConnection,
        answer: Result<T, RedisError>,
    ) -> Result<T, QueueError> {
        let known = answer.is_ok().then(|| (connection, Instant::now()));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(answer?)
    }
}

async fn query<T: FromRedisValue>(
    pipeline: &Pipeline,
    connection: &mut (impl ConnectionLike + Send),
) -> Result<T, RedisError> {
    pipeline.query_async(connection).await
}
