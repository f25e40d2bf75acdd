//! Room for uploads: how much memory all of them together may take.
//!
//! An upload takes its room before the first byte flows on, and gives it back at its end. Who finds none waits in the
//! order of coming, its bytes held back by TCP, and is told to come again where the wait is long: so a flood makes the
//! vault slow for the flood, and never kills it.

use crate::error::{Error, ErrorCode, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Longest wait for room.
const WAIT: Duration = Duration::from_secs(10);
/// The grain in which room is counted, in bytes.
const GRAIN: u64 = 64 * 1024;

/// The room that all uploads share.
#[derive(Debug, Clone)]
pub struct UploadRoom {
    grains: Arc<Semaphore>,
    all: u32,
    wait: Duration,
}

/// Room that one upload has taken; given back when dropped.
#[derive(Debug)]
pub struct Taken {
    _grains: OwnedSemaphorePermit,
}

impl UploadRoom {
    /// Room of this many bytes.
    pub fn new(bytes: u64) -> Self {
        let all = u32::try_from(bytes / GRAIN).unwrap_or(u32::MAX).max(1);
        Self { grains: Arc::new(Semaphore::new(all as usize)), all, wait: WAIT }
    }

    /// Takes room for an upload that needs `bytes` of memory; one that needs more than there is takes all of it.
    ///
    /// # Errors
    /// `busy` when there was none for ten seconds.
    pub async fn take(&self, bytes: u64) -> Result<Taken> {
        let wanted = u32::try_from(bytes.div_ceil(GRAIN)).unwrap_or(u32::MAX).clamp(1, self.all);
        match timeout(self.wait, self.grains.clone().acquire_many_owned(wanted)).await {
            Ok(Ok(grains)) => Ok(Taken { _grains: grains }),
            Ok(Err(closed)) => Err(Error::internal(closed)),
            Err(_) => Err(Error::new(
                ErrorCode::Busy,
                "The vault has as many uploads in hand as it can take. Nothing was kept of this one; send it again.",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn room_is_shared_waited_for_and_given_back() {
        let room = UploadRoom { wait: Duration::from_millis(100), ..UploadRoom::new(4 * GRAIN) };
        let first = room.take(3 * GRAIN).await.expect("room");
        let small = room.take(1).await.expect("the last grain");
        assert_eq!(room.take(1).await.err().map(|error| error.code()), Some(ErrorCode::Busy));
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
