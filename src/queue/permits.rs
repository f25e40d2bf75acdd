//! How many may do a thing at once, all workers together.
//!
//! It stands in the sorted set `:v1:permits:{name}`: a member for each permit that is out, with the time (milliseconds of
//! Redis' own clock) at which it ends by itself, so that a worker that dies takes none with it for long. Lost with Redis,
//! all permits are free: for the length of one call there may be twice as many.

use super::{JobQueue, QueueError};
use std::time::Duration;
use uuid::Uuid;

/// KEYS[1] the set, ARGV[1] the permit, ARGV[2] how many there are, ARGV[3] how long it lasts. Answers whether it is given.
const TAKE: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3] * 2)
return 1
";

/// KEYS[1] the set, ARGV[1] the permit.
const GIVE_BACK: &str = "return redis.call('ZREM', KEYS[1], ARGV[1])";

/// A permit that is out.
#[derive(Debug, Clone, Copy)]
pub struct Permit(Uuid);

/// Permits under a name.
#[derive(Clone)]
pub struct Permits {
    queue: JobQueue,
    key: String,
    most: u32,
    lasts: Duration,
}

impl Permits {
    /// The permits `name`: `most` at once, each for `lasts` at most. Connects to nothing yet.
    pub fn new(queue: JobQueue, name: &str, most: u32, lasts: Duration) -> Self {
        Self { key: queue.key(&format!("permits:{name}")), queue, most, lasts }
    }

    /// Takes a permit, if one is free.
    ///
    /// # Errors
    /// When Redis can't be reached: then nobody knows how many are out.
    pub async fn take(&self) -> Result<Option<Permit>, QueueError> {
        let permit = Uuid::new_v4();
        let arguments = [permit.to_string(), self.most.to_string(), self.lasts.as_millis().to_string()];
        let given: u8 = self.queue.script(TAKE, &self.key, &arguments).await?;
        Ok((given == 1).then_some(Permit(permit)))
    }

    /// Gives a permit back.
    ///
    /// # Errors
    /// When Redis can't be reached; the permit ends by itself then.
    pub async fn give_back(&self, permit: Permit) -> Result<(), QueueError> {
        let _: i64 = self.queue.script(GIVE_BACK, &self.key, &[permit.0.to_string()]).await?;
        Ok(())
    }
}
