//! What may be spent on one day, counted by all workers together: tokens and requests.
//!
//! It stands in the hash `:v1:budget:{name}`: `day` (of Redis' own clock, in UTC), `tokens`, `requests`. What a call may
//! cost is reserved before it, and settled to what it did cost after it; a worker that dies in between leaves the
//! reservation as spent, which errs on the side of spending too little. Lost with Redis, the day begins anew.

use super::{JobQueue, QueueError};
use std::time::Duration;

/// Begins the day anew where it is over. KEYS[1] the hash.
const TODAY: &str = "
local now = tonumber(redis.call('TIME')[1])
local day = math.floor(now / 86400)
if tonumber(redis.call('HGET', KEYS[1], 'day') or '-1') ~= day then
  redis.call('DEL', KEYS[1])
end
local function number(field) return tonumber(redis.call('HGET', KEYS[1], field) or '0') end
local left = 86400 - now % 86400
local function over(field, wanted, limit)
  return tonumber(limit) > 0 and number(field) + tonumber(wanted) > tonumber(limit)
end
";

/// ARGV[1] tokens and ARGV[2] requests that are wanted, ARGV[3] and ARGV[4] the limits, 0 for none. Answers the seconds that
/// the day still lasts where they do not fit into it, else 0.
const WAIT: &str = "
if over('tokens', ARGV[1], ARGV[3]) or over('requests', ARGV[2], ARGV[4]) then return left end
return 0
";

/// ARGV[1] tokens and ARGV[2] requests to reserve, ARGV[3] and ARGV[4] the limits, 0 for none. Answers the day, or -1; and
/// the seconds that it lasts.
const RESERVE: &str = "
if over('tokens', ARGV[1], ARGV[3]) or over('requests', ARGV[2], ARGV[4]) then return {-1, left} end
redis.call('HSET', KEYS[1], 'day', day)
redis.call('HINCRBY', KEYS[1], 'tokens', ARGV[1])
redis.call('HINCRBY', KEYS[1], 'requests', ARGV[2])
redis.call('EXPIRE', KEYS[1], 172800)
return {day, left}
";

/// ARGV[1] the day of the reservation, ARGV[2] and ARGV[3] what the call cost more than was reserved, or less.
const SETTLE: &str = "
if day ~= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'day', day)
redis.call('HINCRBY', KEYS[1], 'tokens', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'requests', ARGV[3])
redis.call('EXPIRE', KEYS[1], 172800)
return 0
";

/// Answers what was spent today.
const SPENT: &str = "return {number('tokens'), number('requests')}";

/// What may be spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Tokens.
    pub tokens: u64,
    /// Requests.
    pub requests: u64,
}

/// What was set aside for one call.
#[derive(Debug, Clone, Copy)]
pub struct Reservation {
    day: i64,
    amount: Amount,
}

/// What a budget answers to who wants to spend.
#[derive(Debug, Clone, Copy)]
pub enum Allowance {
    /// It is set aside.
    Granted(Reservation),
    /// The day's budget does not have it; the next day begins after this time.
    Spent(Duration),
}

/// A budget under a name.
#[derive(Clone)]
pub struct Budget {
    queue: JobQueue,
    key: String,
    limits: Amount,
}

impl Budget {
    /// The budget `name`, with limits for a day, of which 0 is none; connects to nothing yet.
    pub fn new(queue: JobQueue, name: &str, limits: Amount) -> Self {
        Self { key: queue.key(&format!("budget:{name}")), queue, limits }
    }

    /// Sets aside what one call may cost.
    ///
    /// # Errors
    /// When Redis can't be reached: then nobody knows what is left, and nothing is better spent.
    pub async fn reserve(&self, amount: Amount) -> Result<Allowance, QueueError> {
        let (day, left): (i64, u64) = self.run(RESERVE, &self.beside_limits(amount)).await?;
        Ok(match day {
            ..0 => Allowance::Spent(Duration::from_secs(left)),
            day => Allowance::Granted(Reservation { day, amount }),
        })
    }

    /// How long so much would have to wait for a new day; none where this one has it. Sets nothing aside.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn wait_for(&self, amount: Amount) -> Result<Option<Duration>, QueueError> {
        let left: u64 = self.run(WAIT, &self.beside_limits(amount)).await?;
        Ok((left > 0).then(|| Duration::from_secs(left)))
    }

    fn beside_limits(&self, amount: Amount) -> [String; 4] {
        [amount.tokens, amount.requests, self.limits.tokens, self.limits.requests].map(|number| number.to_string())
    }

    /// Puts what the call did cost in the place of what was set aside.
    ///
    /// # Errors
    /// When Redis can't be reached; what was set aside counts as spent then.
    pub async fn settle(&self, reservation: Reservation, cost: Amount) -> Result<(), QueueError> {
        let more = |cost: u64, reserved: u64| (i128::from(cost) - i128::from(reserved)).to_string();
        let Reservation { day, amount } = reservation;
        let arguments = [day.to_string(), more(cost.tokens, amount.tokens), more(cost.requests, amount.requests)];
        let _: i64 = self.run(SETTLE, &arguments).await?;
        Ok(())
    }

    /// What was spent today.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn spent(&self) -> Result<Amount, QueueError> {
        let (tokens, requests): (i64, i64) = self.run(SPENT, &[]).await?;
        let positive = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok(Amount { tokens: positive(tokens), requests: positive(requests) })
    }

    async fn run<T: super::FromRedisValue + Send + 'static>(
        &self,
        script: &str,
        arguments: &[String],
    ) -> Result<T, QueueError> {
        self.queue.script(&format!("{TODAY}{script}"), &self.key, arguments).await
    }
}
