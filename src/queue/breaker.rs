//! A circuit breaker that all workers share: whoever fails often is left alone for a while, then tried by one alone.
//!
//! | state | who may call |
//! |---|---|
//! | closed | everybody |
//! | open | nobody, until a time has come |
//! | half-open | one, the probe: its success closes the breaker, its failure opens it for longer |
//!
//! It stands in the hash `:v1:breaker:{name}`: `failures` in a row, `opened` how often in a row, `until` (milliseconds of
//! Redis' own clock) nobody may call, `probe` until when a probe is under way, `epoch` the number of the state. A call that
//! began in an earlier epoch says nothing any more. Each step is one script, so that there is never a second probe. Lost
//! with Redis, it is closed, and opens anew after a few failures.

use super::{JobQueue, QueueError};
use rand::Rng;
use std::time::Duration;

/// Reads the state. KEYS[1] the hash.
const READ: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function number(field) return tonumber(redis.call('HGET', KEYS[1], field) or '0') end
local failures, opened, till = number('failures'), number('opened'), number('until')
local probe, epoch = number('probe'), number('epoch')
";

/// ARGV[1] how long a probe may take. Answers: 0 closed, 1 the probe, 2 open; the epoch; milliseconds to wait.
const ADMIT: &str = "
if opened == 0 then return {0, epoch, 0} end
if now < till then return {2, epoch, till - now} end
if now < probe then return {2, epoch, math.min(probe - now, 5000)} end
redis.call('HSET', KEYS[1], 'probe', now + ARGV[1])
return {1, epoch, 0}
";

/// ARGV[1] the epoch in which the call began, ARGV[2] whether it was the probe.
const SUCCEEDED: &str = "
if epoch ~= tonumber(ARGV[1]) then return 0 end
if opened == 0 then redis.call('HDEL', KEYS[1], 'failures') return 0 end
if ARGV[2] ~= '1' then return 0 end
redis.call('HSET', KEYS[1], 'epoch', epoch + 1)
redis.call('HDEL', KEYS[1], 'failures', 'opened', 'until', 'probe')
return 1
";

/// ARGV[1] the epoch, ARGV[2] whether it was the probe, ARGV[3] failures that open it, ARGV[4] the first wait, ARGV[5] the
/// longest, ARGV[6] a number from 0 to 1, ARGV[7] what the other side asks for. Answers the wait, or 0; also where it was open
/// already.
const FAILED: &str = "
local open = opened > 0 and math.max(1000, till - now) or 0
if epoch ~= tonumber(ARGV[1]) then return open end
local asked, early = tonumber(ARGV[7]), false
if opened > 0 and ARGV[2] ~= '1' then return open end
if opened == 0 then
  failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
  redis.call('PEXPIRE', KEYS[1], 604800000)
  early = failures < tonumber(ARGV[3])
  if early and asked == 0 then return 0 end
end
local wait = math.min(ARGV[4] * 2 ^ math.min(opened, 30), tonumber(ARGV[5]))
wait = math.floor(math.max(wait * (0.5 + ARGV[6] / 2), asked))
if early then wait = asked end
redis.call('HSET', KEYS[1], 'opened', opened + 1, 'until', now + wait, 'epoch', epoch + 1)
redis.call('HDEL', KEYS[1], 'probe')
redis.call('PEXPIRE', KEYS[1], 604800000 + wait)
return wait
";

/// ARGV[1] the epoch: the probe was not made.
const ABANDONED: &str = "
if epoch == tonumber(ARGV[1]) then redis.call('HDEL', KEYS[1], 'probe') end
return 0
";

/// Answers: 0 closed, 1 half-open, 2 open; failures in a row; milliseconds to wait.
const LOOK: &str = "
if opened == 0 then return {0, failures, 0} end
if now < till then return {2, failures, till - now} end
return {1, failures, math.max(0, math.min(probe - now, 5000))}
";

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct BreakerLimits {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it is open at first; twice as long each further time. Up to half of it is taken off by chance.
    pub first_wait: Duration,
    /// How long it is open at most, unless the other side asks for more.
    pub longest_wait: Duration,
    /// How long a probe may take before another is let through.
    pub probe: Duration,
}

/// A breaker's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Everybody may call.
    Closed,
    /// One may try.
    HalfOpen,
    /// Nobody may call.
    Open,
}

impl BreakerState {
    /// Its name, for those who watch.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

/// How a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerView {
    /// Its state.
    pub state: BreakerState,
    /// Failures in a row, as far as they count.
    pub failures: u64,
    /// How long nobody may call yet; where one tries, when to look again.
    pub wait: Duration,
}

/// Leave to make one call. Its end is told to the breaker.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    epoch: i64,
    probe: bool,
}

impl Pass {
    /// This one call tries whether there are answers again.
    pub fn is_probe(&self) -> bool {
        self.probe
    }
}

/// What a breaker answers to who wants to call.
#[derive(Debug, Clone, Copy)]
pub enum Admission {
    /// Go.
    Pass(Pass),
    /// Not before this time is over.
    Wait(Duration),
}

/// A circuit breaker under a name.
#[derive(Clone)]
pub struct Breaker {
    queue: JobQueue,
    key: String,
    limits: BreakerLimits,
}

impl Breaker {
    /// The breaker `name`; connects to nothing yet.
    pub fn new(queue: JobQueue, name: &str, limits: BreakerLimits) -> Self {
        Self { key: queue.key(&format!("breaker:{name}")), queue, limits }
    }

    /// Asks for leave to make one call. Whoever gets a pass has to hand it back by [`Self::succeeded`],
    /// [`Self::failed`] or [`Self::abandoned`].
    ///
    /// # Errors
    /// When Redis can't be reached: then nobody knows, and the call is better not made.
    pub async fn admit(&self) -> Result<Admission, QueueError> {
        let (state, epoch, wait): (u8, i64, u64) = self.run(ADMIT, &[millis(self.limits.probe)]).await?;
        Ok(match state {
            0 | 1 => Admission::Pass(Pass { epoch, probe: state == 1 }),
            _ => Admission::Wait(Duration::from_millis(wait.max(1))),
        })
    }

    /// The call went well. True where that closed the breaker.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn succeeded(&self, pass: Pass) -> Result<bool, QueueError> {
        let closed: u8 = self.run(SUCCEEDED, &pass.arguments()).await?;
        Ok(closed == 1)
    }

    /// The call failed; `asked` is how long the other side wants to be left alone, if it says so. Answers how long nobody
    /// may call now, where that opened the breaker, or it was open already.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn failed(&self, pass: Pass, asked: Option<Duration>) -> Result<Option<Duration>, QueueError> {
        let limits = &self.limits;
        let chance: f64 = rand::rng().random_range(0.0..1.0);
        let mut arguments = pass.arguments().to_vec();
        arguments.extend([
            limits.failures.to_string(),
            millis(limits.first_wait),
            millis(limits.longest_wait),
            chance.to_string(),
            millis(asked.unwrap_or_default()),
        ]);
        let wait: u64 = self.run(FAILED, &arguments).await?;
        Ok((wait > 0).then(|| Duration::from_millis(wait)))
    }

    /// The call was not made.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn abandoned(&self, pass: Pass) -> Result<(), QueueError> {
        if pass.probe {
            let _: u8 = self.run(ABANDONED, &pass.arguments()).await?;
        }
        Ok(())
    }

    /// How it stands.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn look(&self) -> Result<BreakerView, QueueError> {
        let (state, failures, wait): (u8, u64, u64) = self.run(LOOK, &[]).await?;
        let state = match state {
            0 => BreakerState::Closed,
            1 => BreakerState::HalfOpen,
            _ => BreakerState::Open,
        };
        Ok(BreakerView { state, failures, wait: Duration::from_millis(wait) })
    }

    async fn run<T: super::FromRedisValue + Send + 'static>(
        &self,
        script: &str,
        arguments: &[String],
    ) -> Result<T, QueueError> {
        self.queue.script(&format!("{READ}{script}"), &self.key, arguments).await
    }
}

impl Pass {
    fn arguments(self) -> [String; 2] {
        [self.epoch.to_string(), u8::from(self.probe).to_string()]
    }
}

fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}
