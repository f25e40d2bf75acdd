//! How long a vault that is away or busy is waited for.

use super::http::Failure;
use rand::Rng;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// First wait where the vault does not say how long; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Longest wait, also where the vault says more.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Hears of each wait.
type Waiting = Box<dyn Fn(&Failure, Duration) + Send + Sync>;

/// Tries calls again that failed by what may pass.
pub(super) struct Patience {
    /// How long one call may wait in all; the time of the attempts themselves does not count.
    limit: Duration,
    answered: Mutex<Instant>,
    waiting: Waiting,
}

impl Patience {
    /// `waiting` hears of each wait.
    pub(super) fn new(limit: Duration, waiting: Waiting) -> Self {
        Self { limit, answered: Mutex::new(Instant::now()), waiting }
    }

    /// Makes a call, again and again where it fails by what may pass.
    ///
    /// # Errors
    /// What the call answers; [`Failure::Away`] where no call of all succeeded all the while.
    pub(super) async fn call<T>(&self, mut attempt: impl AsyncFnMut() -> Result<T, Failure>) -> Result<T, Failure> {
        let begun = Instant::now();
        let mut waited = Duration::ZERO;
        let mut next = FIRST_WAIT;
        loop {
            let failure = match attempt().await {
                Err(failure) if failure.may_pass() => failure,
                other => {
                    *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                    return other;
                }
            };
            let wait = failure.retry_after().unwrap_or(next).min(LONGEST_WAIT);
            // A part of it by chance, so that calls which failed together do not come back together.
            let wait = wait.mul_f64(rand::rng().random_range(1.0..1.25));
            if waited + wait > self.limit {
                let answered = *self.answered.lock().unwrap_or_else(PoisonError::into_inner);
                return Err(if answered <= begun { Failure::Away(Box::new(failure), waited) } else { failure });
            }
            (self.waiting)(&failure, wait);
            tokio::time::sleep(wait).await;
            waited += wait;
            next = (next * 2).min(LONGEST_WAIT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patience(millis: u64) -> Patience {
        Patience::new(Duration::from_millis(millis), Box::new(|_, _| {}))
    }

    fn busy() -> Failure {
        Failure::Busy { detail: "busy".to_owned(), after: Some(Duration::from_millis(20)) }
    }

    #[tokio::test]
    async fn what_passes_is_waited_for_as_long_as_the_vault_says() {
        let (mut tries, begun) = (0, Instant::now());
        let answer = patience(1000)
            .call(async || {
                tries += 1;
                if tries < 3 { Err(busy()) } else { Ok(tries) }
            })
            .await;
        assert!(answer.is_ok_and(|tries| tries == 3));
        assert!(begun.elapsed() >= Duration::from_millis(40), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn patience_ends() {
        let mut tries = 0;
        let answer: Result<(), _> = patience(200)
            .call(async || {
                tries += 1;
                Err(busy())
            })
            .await;
        assert!(matches!(answer, Err(Failure::Away(..))));
        assert!((9..=11).contains(&tries), "{tries}");
    }

    #[tokio::test]
    async fn one_call_that_fails_while_others_succeed_is_not_the_end_of_all() {
        let patience = patience(100);
        let answer: Result<(), _> = patience
            .call(async || {
                let other: Result<(), Failure> = patience.call(async || Ok(())).await;
                assert!(other.is_ok());
                Err(busy())
            })
            .await;
        assert!(matches!(answer, Err(Failure::Busy { .. })));
    }

    #[tokio::test]
    async fn what_does_not_pass_is_not_tried_again() {
        let mut tries = 0;
        let answer: Result<(), _> = patience(1000)
            .call(async || {
                tries += 1;
                Err(Failure::Here("no".to_owned()))
            })
            .await;
        assert!(matches!(answer, Err(Failure::Here(_))));
        assert_eq!(tries, 1);
    }
}
