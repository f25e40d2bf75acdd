//! The pool: built in one place, with every time-out it needs.

use super::queries;
use crate::config::DatabaseConfig;
use crate::error::{Error, Result};
use crate::metrics::{Metrics, Store};
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::deadpool::{BuildError, Hook, HookError, Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolableConnection, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use secrecy::ExposeSecret;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use url::Url;

/// Longest wait for a free connection, and for a new one to stand.
const WAIT: Duration = Duration::from_secs(5);
/// A connection older than this is replaced, so that a fail-over or a rotated password is noticed.
const MAX_AGE: Duration = Duration::from_secs(30 * 60);
/// No statement of the vault takes this long unless something is wrong.
const STATEMENT_TIMEOUT: &str = "30s";

/// A connection out of the pool; it goes back when dropped.
///
/// One that is dropped in the middle of a transaction (its task was cancelled) is closed instead: PostgreSQL rolls back
/// and lets go of the locks at once, and not when the connection happens to be taken again.
pub struct Connection(Option<Object<AsyncPgConnection>>);

/// Why the option is always full: only `drop` empties it.
const UNTIL_DROPPED: &str = "a connection is there until it is dropped";

impl Deref for Connection {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        self.0.as_ref().expect(UNTIL_DROPPED)
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.0.as_mut().expect(UNTIL_DROPPED)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(mut object) = self.0.take()
            && object.is_broken()
        {
            drop(Object::take(object));
        }
    }
}

/// The pool of connections to PostgreSQL.
#[derive(Clone)]
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    /// How many connections were opened so far.
    opened: Arc<AtomicU64>,
}

/// What PostgreSQL held at one moment, as a word: where two are equal, nothing was committed in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    snapshot: String,
    /// A server that comes back after its death, or another in its place, may have lost the last transactions and give
    /// their numbers to others; but no connection outlives that.
    opened: u64,
}

#[cfg(test)]
impl Mark {
    pub(crate) fn of(snapshot: &str) -> Self {
        Self { snapshot: snapshot.to_owned(), opened: 1 }
    }
}

impl Database {
    /// Builds the pool; connects to nothing yet.
    ///
    /// A connection's driver task lives on the runtime that opened it. The HTTP workers are single-threaded runtimes,
    /// where one busy handler would stall another's query; so all connections are opened on `runtime`.
    ///
    /// # Errors
    /// When the pool can't be built from these settings.
    pub fn new(
        config: &DatabaseConfig,
        role: &str,
        max_size: usize,
        runtime: Handle,
        metrics: Arc<Metrics>,
    ) -> std::result::Result<Self, BuildError> {
        let mut manager_config = ManagerConfig::default();
        manager_config.recycling_method = RecyclingMethod::Fast;
        let opened = Arc::new(AtomicU64::new(0));
        let counter = opened.clone();
        manager_config.custom_setup = Box::new(move |url| {
            let url = url.to_owned();
            let metrics = metrics.clone();
            counter.fetch_add(1, Ordering::Relaxed);
            let connecting = runtime.spawn(async move { establish(&url, metrics).await });
            async move {
                connecting.await.unwrap_or_else(|panic| Err(ConnectionError::BadConnection(panic.to_string())))
            }
            .boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(session_url(config, role), manager_config);
        let pool =
            Pool::builder(manager)
                .max_size(max_size)
                .runtime(deadpool_redis::Runtime::Tokio1)
                .wait_timeout(Some(WAIT))
                .create_timeout(Some(WAIT))
                .recycle_timeout(Some(WAIT))
                .pre_recycle(Hook::sync_fn(|_, metrics| {
                    if metrics.age() > MAX_AGE { Err(HookError::message("old")) } else { Ok(()) }
                }))
                .build()?;
        Ok(Self { pool, opened })
    }

    /// Takes a connection out of the pool.
    ///
    /// # Errors
    /// `unavailable` when none can be had in five seconds.
    pub async fn get(&self) -> Result<Connection> {
        self.pool.get().await.map(|object| Connection(Some(object))).map_err(Error::unavailable)
    }

    /// What PostgreSQL holds now, as a word.
    ///
    /// # Errors
    /// `unavailable` when it can't be reached.
    pub async fn mark(&self) -> Result<Mark> {
        let mut conn = self.get().await?;
        let opened = self.opened.load(Ordering::Relaxed);
        Ok(Mark { snapshot: queries::snapshot::current(&mut conn).await?, opened })
    }

    /// Asks the server for a sign of life.
    ///
    /// # Errors
    /// `unavailable` when there is none.
    pub async fn ping(&self) -> Result<()> {
        let mut conn = self.get().await?;
        if let Err(error) = conn.batch_execute("SELECT 1").await {
            // The others were opened to the same server, and are as dead as this one.
            self.pool.retain(|_, _| false);
            drop(conn.0.take().map(Object::take));
            return Err(Error::unavailable(error));
        }
        Ok(())
    }

    /// Closes all connections.
    pub fn close(&self) {
        self.pool.close();
    }
}

/// The DSN with the session's settings in it, so that a new connection costs no further round trip.
fn session_url(config: &DatabaseConfig, role: &str) -> String {
    let dsn = config.url.expose_secret();
    let Ok(mut url) = Url::parse(dsn) else { return dsn.to_owned() };
    // What the operator wrote into the DSN wins.
    let written: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    // Compiling a statement pays where it runs for seconds, and none of these does.
    let options =
        format!("-c statement_timeout={STATEMENT_TIMEOUT} -c idle_in_transaction_session_timeout=60s -c jit=off");
    let application_name = format!("docuvault {role}");
    // A server that vanished without a word is given up after this many seconds.
    let ours = [
        ("application_name", application_name.as_str()),
        ("connect_timeout", "5"),
        ("tcp_user_timeout", "20"),
        ("options", options.as_str()),
    ];
    let mut query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    query.extend(
        ours.iter()
            .filter(|(name, _)| !written.iter().any(|w| w == name))
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    // PostgreSQL's URLs know %20, not the + of forms.
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish().replace('+', "%20");
    url.set_query(Some(&encoded));
    url.into()
}

async fn establish(url: &str, metrics: Arc<Metrics>) -> ConnectionResult<AsyncPgConnection> {
    let start = Instant::now();
    let result = AsyncPgConnection::establish(url).await;
    match result {
        Ok(mut connection) => {
            connection.set_instrumentation(QueryTimer { metrics, started: None });
            Ok(connection)
        }
        Err(error) => {
            metrics.observe_store(Store::Postgres, start.elapsed(), true);
            Err(error)
        }
    }
}

/// Feeds every query's latency to the metrics.
struct QueryTimer {
    metrics: Arc<Metrics>,
    started: Option<Instant>,
}

impl Instrumentation for QueryTimer {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => self.started = Some(Instant::now()),
            InstrumentationEvent::FinishQuery { error, .. } => {
                if let Some(started) = self.started.take() {
                    // A refused row is an answer, not a failure of the store.
                    let failed = error.is_some_and(|error| {
                        !matches!(error, diesel::result::Error::DatabaseError(kind, _)
                            if !matches!(kind, diesel::result::DatabaseErrorKind::ClosedConnection
                                | diesel::result::DatabaseErrorKind::UnableToSendCommand))
                    });
                    self.metrics.observe_store(Store::Postgres, started.elapsed(), failed);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_set_in_the_dsn_and_the_operators_words_win() {
        let config = DatabaseConfig { url: "postgres://a:b@h:1/d?connect_timeout=9".into() };
        let url = session_url(&config, "serve");
        assert!(url.contains("connect_timeout=9"), "{url}");
        assert_eq!(url.matches("connect_timeout").count(), 1);
        assert!(url.contains("application_name=docuvault%20serve"), "{url}");
        assert!(url.contains("statement_timeout%3D30s"), "{url}");
    }
}
