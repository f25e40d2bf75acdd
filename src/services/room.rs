//! Room for what comes in: how much memory all uploads together may take.
//!
//! There are two rooms. Every request with a body takes a little of the first, for the buffers of its connection, or is
//! refused at once; an upload also takes room for its parts before the first byte flows on, and may wait for that in the
//! order of coming, its bytes held back by TCP. So a flood makes the vault slow for the flood, and never kills it.

use crate::error::{Error, ErrorCode, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Longest wait for room.
const WAIT: Duration = Duration::from_secs(10);
/// The grain in which room is counted, in bytes.
const GRAIN: u64 = 16 * 1024;

/// Room that is shared.
#[derive(Debug, Clone)]
pub struct Room {
    grains: Arc<Semaphore>,
    all: u32,
    wait: Duration,
}

/// Room that somebody has taken; given back when dropped.
#[derive(Debug)]
pub struct Taken {
    _grains: OwnedSemaphorePermit,
}

impl Room {
    /// Room of this many bytes.
    pub fn new(bytes: u64) -> Self {
        let all = u32::try_from(bytes / GRAIN).unwrap_or(u32::MAX).max(1);
        Self { grains: Arc::new(Semaphore::new(all as usize)), all, wait: WAIT }
    }

    /// Takes room for `bytes`, when there is some; who wants more than there is takes all of it.
    ///
    /// # Errors
    /// `busy` when there was none for ten seconds.
    pub async fn take(&self, bytes: u64) -> Result<Taken> {
        let waiting = self.grains.clone().acquire_many_owned(self.grains_of(bytes));
        match timeout(self.wait, waiting).await {
            Ok(Ok(grains)) => Ok(Taken { _grains: grains }),
            Ok(Err(closed)) => Err(Error::internal(closed)),
            Err(_) => Err(busy()),
        }
    }

    /// As [`Self::take`], at once or not at all.
    ///
    /// # Errors
    /// `busy` when there is none.
    pub fn take_now(&self, bytes: u64) -> Result<Taken> {
        let taken = self.grains.clone().try_acquire_many_owned(self.grains_of(bytes));
        taken.map(|grains| Taken { _grains: grains }).map_err(|_| busy())
    }

    fn grains_of(&self, bytes: u64) -> u32 {
        u32::try_from(bytes.div_ceil(GRAIN)).unwrap_or(u32::MAX).clamp(1, self.all)
    }
}

fn busy() -> Error {
    Error::new(
        ErrorCode::Busy,
        "The vault has as much in hand as it can take. Nothing was kept of this request; send it again in a moment.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn room_is_shared_waited_for_and_given_back() {
        let room = Room { wait: Duration::from_millis(100), ..Room::new(4 * GRAIN) };
        let first = room.take(3 * GRAIN).await.expect("room");
        let small = room.take_now(1).expect("the last grain");
        let code = |result: Result<Taken>| result.err().map(|error| error.code());
        assert_eq!(code(room.take(1).await), Some(ErrorCode::Busy));
        assert_eq!(code(room.take_now(1)), Some(ErrorCode::Busy));
        drop(first);
        // More than there is at all: it takes everything, once the others are gone.
        let waiting = tokio::spawn({
            let room = room.clone();
            async move { room.take(u64::MAX).await.map(drop).map_err(|error| error.code()) }
        });
        drop(small);
        assert_eq!(waiting.await.expect("no panic"), Ok(()));
    }
}
