//! What can go wrong, as a deck of cards: each fault is drawn once before any is drawn again.

use crate::house::{House, Kept};
use crate::stores::{self, Store};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rustix::process::Signal;
use std::fmt;
use std::time::Duration;
use tokio::time::sleep;

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    KillServe,
    KillWorker,
    KillBoth,
    StopServe,
    StopWorker,
    KillRedis,
    WipeRedis,
    RestartPostgres,
    CrashPostgres,
    KillS3,
    Cut(Store),
    Stall(Store),
    Delay(Store),
    Truncate(Store),
}

impl Fault {
    /// Every fault.
    pub fn all() -> Vec<Self> {
        let mut all = vec![
            Self::KillServe,
            Self::KillWorker,
            Self::KillBoth,
            Self::StopServe,
            Self::StopWorker,
            Self::KillRedis,
            Self::WipeRedis,
            Self::RestartPostgres,
            Self::CrashPostgres,
            Self::KillS3,
        ];
        for store in Store::ALL {
            all.extend([Self::Cut(store), Self::Stall(store), Self::Delay(store), Self::Truncate(store)]);
        }
        all
    }

    /// The store that is struck; none where it is one of our own processes.
    pub fn store(self) -> Option<Store> {
        match self {
            Self::KillServe | Self::KillWorker | Self::KillBoth | Self::StopServe | Self::StopWorker => None,
            Self::KillRedis | Self::WipeRedis => Some(Store::Redis),
            Self::RestartPostgres | Self::CrashPostgres => Some(Store::Postgres),
            Self::KillS3 => Some(Store::S3),
            Self::Cut(store) | Self::Stall(store) | Self::Delay(store) | Self::Truncate(store) => Some(store),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KillServe => write!(f, "serve: kill -9"),
            Self::KillWorker => write!(f, "a worker: kill -9"),
            Self::KillBoth => write!(f, "serve and all workers: kill -9"),
            Self::StopServe => write!(f, "serve: SIGTERM"),
            Self::StopWorker => write!(f, "a worker: SIGTERM"),
            Self::KillRedis => write!(f, "Redis: kill -9, restart"),
            Self::WipeRedis => write!(f, "Redis: kill -9, data wiped, restart"),
            Self::RestartPostgres => write!(f, "PostgreSQL: restart"),
            Self::CrashPostgres => write!(f, "PostgreSQL: crash (SIGQUIT), restart"),
            Self::KillS3 => write!(f, "S3: kill -9, restart"),
            Self::Cut(store) => write!(f, "way to {store:?}: cut"),
            Self::Stall(store) => write!(f, "way to {store:?}: stands still"),
            Self::Delay(store) => write!(f, "way to {store:?}: delayed"),
            Self::Truncate(store) => write!(f, "way to {store:?}: breaks in mid-answer"),
        }
    }
}

/// A fault with all that chance has a say in.
#[derive(Debug, Clone, Copy)]
pub struct Blow {
    pub fault: Fault,
    /// How long the store stays away.
    hold: Duration,
    delay: Duration,
    bytes: u64,
    worker: usize,
}

/// The faults in the order in which chance has put them.
pub struct Deck {
    rng: StdRng,
    cards: Vec<Fault>,
}

impl Deck {
    pub fn new(rng: StdRng) -> Self {
        let mut deck = Self { rng, cards: Vec::new() };
        deck.shuffle();
        deck
    }

    fn shuffle(&mut self) {
        self.cards = Fault::all();
        self.cards.shuffle(&mut self.rng);
    }

    /// True once each fault was drawn.
    pub fn is_through(&self) -> bool {
        self.cards.is_empty()
    }

    /// The next fault; one time in four with another at the same time, that strikes elsewhere.
    pub fn draw(&mut self) -> Vec<Blow> {
        if self.cards.is_empty() {
            self.shuffle();
        }
        let first = self.cards.pop().map(|fault| self.blow(fault));
        let mut blows = Vec::from_iter(first);
        if self.rng.random_bool(0.25)
            && let Some(first) = first
            && let Some(place) = self.cards.iter().rposition(|other| other.store() != first.fault.store())
        {
            let second = self.cards.remove(place);
            blows.push(self.blow(second));
        }
        blows
    }

    fn blow(&mut self, fault: Fault) -> Blow {
        Blow {
            fault,
            hold: Duration::from_millis(self.rng.random_range(200..2500)),
            delay: Duration::from_millis(self.rng.random_range(20..300)),
            bytes: self.rng.random_range(0..20_000),
            worker: self.rng.random_range(0..100),
        }
    }
}

impl Blow {
    /// Strikes, and makes good again.
    pub async fn strike(self, house: &House, serve: &Kept, workers: &[Kept]) {
        let worker = &workers[self.worker % workers.len()];
        match self.fault {
            Fault::KillServe => serve.signal(Signal::KILL).await,
            Fault::KillWorker => worker.signal(Signal::KILL).await,
            Fault::KillBoth => {
                for process in workers.iter().chain([serve]) {
                    process.signal(Signal::KILL).await;
                }
            }
            Fault::StopServe => serve.signal(Signal::TERM).await,
            Fault::StopWorker => worker.signal(Signal::TERM).await,
            Fault::KillRedis => self.fell(Store::Redis).await,
            Fault::WipeRedis => {
                Store::Redis.kill().await;
                stores::wipe_redis().await;
                sleep(self.hold).await;
                Store::Redis.start().await;
            }
            Fault::RestartPostgres => {
                Store::Postgres.stop().await;
                Store::Postgres.start().await;
            }
            Fault::CrashPostgres => self.fell(Store::Postgres).await,
            Fault::KillS3 => self.fell(Store::S3).await,
            Fault::Cut(store) => {
                house.proxy(store).cut();
                self.mend(house, store).await;
            }
            Fault::Stall(store) => {
                house.proxy(store).stall();
                self.mend(house, store).await;
            }
            Fault::Delay(store) => {
                house.proxy(store).delay(self.delay);
                self.mend(house, store).await;
            }
            Fault::Truncate(store) => {
                house.proxy(store).truncate(self.bytes);
                self.mend(house, store).await;
            }
        }
    }

    async fn fell(self, store: Store) {
        store.kill().await;
        sleep(self.hold).await;
        store.start().await;
    }

    async fn mend(self, house: &House, store: Store) {
        sleep(self.hold).await;
        house.proxy(store).mend();
    }
}
