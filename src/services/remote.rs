//! Asking a provider on a server: only while it answers, within the day's budget, and few at once, all workers together.
//!
//! Invariants: nothing is sent without a pass of the breaker, a permit and a reservation; and where Redis does not say how
//! these stand, nothing is sent at all. What was taken is given back however the call ends; a worker that dies in the middle
//! leaves it to run out.

use crate::ai::{AiError, AiProvider, Assessment, Spent, Subject, Topic};
use crate::config::AiConfig;
use crate::error::{Error, cause_chain};
use crate::queue::{
    Admission, Allowance, Amount, Breaker, BreakerLimits, BreakerView, Budget, JobQueue, Pass, Permit, Permits,
    QueueError, Tally,
};
use rand::Rng;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Failures in a row from which on the server is left alone.
const FAILURES: u32 = 5;
/// How long it is left alone at first, and at most.
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// Requests that one question takes at most.
const MOST_REQUESTS: u64 = 2;
/// What a question takes beside its requests, at most.
const SLACK: Duration = Duration::from_secs(30);
/// Wait before a permit is asked for again; half of it by chance.
const PERMIT_WAIT: Duration = Duration::from_millis(200);
/// How many times as long as a question may take it is waited for a permit: while others' questions are answered, it comes.
const PATIENCE: u32 = 10;
/// Longest wait for a new day: the budget may be raised before.
const LONGEST_BUDGET_WAIT: Duration = Duration::from_secs(900);

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// It failed too often, and is left alone.
    #[error("the AI provider failed too often, and is left alone for {} s more", wait.as_secs())]
    LeftAlone {
        /// For how long.
        wait: Duration,
    },
    /// Too much was spent today.
    #[error("the day's budget for the AI provider is spent")]
    BudgetSpent {
        /// Until it is worth another look.
        wait: Duration,
    },
    /// Others were asking all the time.
    #[error("the AI provider was busy with other questions")]
    NoPermit,
    /// Nobody knows whether it may be asked.
    #[error("whether the AI provider may be asked is not known")]
    NotKnown(#[source] QueueError),
    /// It was asked.
    #[error("the AI provider was asked in vain")]
    Failed {
        /// The answer.
        #[source]
        error: AiError,
        /// How long it is left alone now.
        wait: Option<Duration>,
        /// It was left alone before, and this question tried whether it answers again.
        probe: bool,
    },
}

impl NoAnswer {
    /// The reason in a word, for the audit log and the figures.
    pub fn code(&self) -> &'static str {
        match self {
            Self::LeftAlone { .. } => "left_alone",
            Self::BudgetSpent { .. } => "budget_spent",
            Self::NoPermit => "busy",
            Self::NotKnown(_) => "not_known",
            Self::Failed { error: AiError::Unavailable { .. }, .. } => "unavailable",
            Self::Failed { error: AiError::Refused { .. }, .. } => "refused",
            Self::Failed { error: AiError::Unusable { .. }, .. } => "unusable",
        }
    }
}

impl From<NoAnswer> for Error {
    /// For who waits: what passes does not count as an attempt; what lies in the document does, or may: where the server is
    /// not left alone for it, others' questions are answered, and this one was taken in vain.
    fn from(why: NoAnswer) -> Self {
        let wait = match &why {
            NoAnswer::Failed { error: AiError::Unusable { .. }, .. }
            | NoAnswer::Failed { error: AiError::Refused { every: false, .. }, wait: None, .. }
            // Else the same question would be the next one to try, for ever.
            | NoAnswer::Failed { error: AiError::Refused { every: false, .. }, probe: true, .. } => {
                return Self::internal(why);
            }
            NoAnswer::Failed { error: AiError::Unavailable { spent, .. }, wait: None, .. } if spent.tokens > 0 => {
                return Self::internal(why);
            }
            NoAnswer::LeftAlone { wait } | NoAnswer::BudgetSpent { wait } => Some(*wait),
            NoAnswer::Failed { wait, .. } => *wait,
            NoAnswer::NoPermit | NoAnswer::NotKnown(_) => None,
        };
        let error = Self::unavailable(why);
        match wait {
            Some(wait) => error.for_time(wait),
            None => error,
        }
    }
}

/// A provider on a server, and what keeps it from being asked too much.
pub struct RemoteAi {
    provider: Arc<dyn AiProvider>,
    breaker: Breaker,
    budget: Budget,
    permits: Permits,
    tally: Tally,
    /// How long to wait for a permit.
    patience: Duration,
}

impl RemoteAi {
    /// Puts the provider under the limits of the settings; connects to nothing yet.
    pub fn new(provider: Arc<dyn AiProvider>, queue: &JobQueue, config: &AiConfig) -> Self {
        let name = provider.name();
        let lasts = config.timeout * MOST_REQUESTS as u32 + SLACK;
        let limits =
            BreakerLimits { failures: FAILURES, first_wait: FIRST_WAIT, longest_wait: LONGEST_WAIT, probe: lasts };
        let budget = Amount { tokens: config.daily_tokens, requests: config.daily_requests };
        Self {
            breaker: Breaker::new(queue.clone(), name, limits),
            budget: Budget::new(queue.clone(), name, budget),
            permits: Permits::new(queue.clone(), name, config.max_concurrency, lasts),
            tally: Tally::new(queue.clone(), name),
            patience: config.timeout * PATIENCE,
            provider,
        }
    }

    /// Asks, if that is allowed.
    ///
    /// # Errors
    /// When there is no answer: it was not asked, or asked in vain.
    pub async fn ask(&self, subject: Subject<'_>, topics: &[Topic]) -> Result<Assessment, NoAnswer> {
        let (pass, permit) = self.leave().await?;
        let reservation = match self.budget.reserve(self.most(topics)).await {
            Ok(Allowance::Granted(reservation)) => reservation,
            other => {
                noted(self.breaker.abandoned(pass).await);
                noted(self.permits.give_back(permit).await);
                return Err(match other {
                    Ok(Allowance::Spent(wait)) => NoAnswer::BudgetSpent { wait: wait.min(LONGEST_BUDGET_WAIT) },
                    Ok(Allowance::Granted(_)) => NoAnswer::NoPermit,
                    Err(error) => NoAnswer::NotKnown(error),
                });
            }
        };
        let answer = self.provider.score(subject, topics).await;
        let spent = match &answer {
            Ok(assessment) => assessment.provenance.as_ref().map(|from| from.spent).unwrap_or_default(),
            Err(error) => error.spent(),
        };
        let Spent { tokens, requests } = spent;
        noted(self.budget.settle(reservation, Amount { tokens, requests }).await);
        noted(self.permits.give_back(permit).await);
        let answer = match answer {
            Ok(assessment) => {
                self.answers(pass).await;
                Ok(assessment)
            }
            Err(error) => Err(self.failed(pass, error).await),
        };
        let outcome = answer.as_ref().err().map_or("answered", NoAnswer::code);
        noted(self.tally.add(&[(outcome, 1), ("requests", requests), ("tokens", tokens)]).await);
        answer
    }

    /// Waits for a pass of the breaker and a permit.
    async fn leave(&self) -> Result<(Pass, Permit), NoAnswer> {
        let end = Instant::now() + self.patience;
        loop {
            let pass = match self.breaker.admit().await.map_err(NoAnswer::NotKnown)? {
                Admission::Pass(pass) => pass,
                Admission::Wait(wait) => return Err(NoAnswer::LeftAlone { wait }),
            };
            match self.permits.take().await {
                Ok(Some(permit)) => return Ok((pass, permit)),
                Ok(None) => noted(self.breaker.abandoned(pass).await),
                Err(error) => {
                    noted(self.breaker.abandoned(pass).await);
                    return Err(NoAnswer::NotKnown(error));
                }
            }
            if Instant::now() >= end {
                return Err(NoAnswer::NoPermit);
            }
            let wait = PERMIT_WAIT.mul_f64(rand::rng().random_range(0.5..1.0));
            sleep(wait).await;
        }
    }

    async fn failed(&self, pass: Pass, error: AiError) -> NoAnswer {
        let probe = pass.is_probe();
        let asked = match &error {
            AiError::Unavailable { retry_after, .. } => *retry_after,
            // Also where it may be about this one question: the others' say so, and begin the row anew.
            AiError::Refused { .. } => None,
            // It answers, though not to this question: another document's may be better.
            AiError::Unusable { .. } => {
                self.answers(pass).await;
                return NoAnswer::Failed { error, wait: None, probe };
            }
        };
        let opened = self.breaker.failed(pass, asked).await;
        if let Ok(Some(wait)) = opened {
            log::warn!(provider = self.provider.name(), seconds = wait.as_secs(); "the AI provider is left alone");
        }
        let wait = opened.as_ref().ok().copied().flatten().or(asked);
        noted(opened.map(drop));
        NoAnswer::Failed { error, wait, probe }
    }

    async fn answers(&self, pass: Pass) {
        let closed = self.breaker.succeeded(pass).await;
        if let Ok(true) = closed {
            log::info!(provider = self.provider.name(); "the AI provider answers again");
        }
        noted(closed.map(drop));
    }

    /// Looks whether a question would be sent, as far as that can be said before it is known.
    ///
    /// # Errors
    /// When it is left alone, when the day's budget is spent, or nobody knows.
    pub async fn would_answer(&self) -> Result<(), NoAnswer> {
        let view = self.breaker.look().await.map_err(NoAnswer::NotKnown)?;
        if !view.wait.is_zero() {
            return Err(NoAnswer::LeftAlone { wait: view.wait });
        }
        match self.budget.wait_for(self.most(&[])).await.map_err(NoAnswer::NotKnown)? {
            None => Ok(()),
            Some(wait) => Err(NoAnswer::BudgetSpent { wait: wait.min(LONGEST_BUDGET_WAIT) }),
        }
    }

    /// What a question about these topics may cost.
    fn most(&self, topics: &[Topic]) -> Amount {
        Amount { tokens: self.provider.cost(topics) * MOST_REQUESTS, requests: MOST_REQUESTS }
    }

    /// Notes that another provider stood in.
    pub async fn count_fallback(&self, why: &NoAnswer) {
        let mut figures = vec![("fallbacks", 1)];
        // What was sent is counted already.
        if !matches!(why, NoAnswer::Failed { .. }) {
            figures.push((why.code(), 1));
        }
        noted(self.tally.add(&figures).await);
    }

    /// How the breaker stands.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn breaker(&self) -> Result<BreakerView, QueueError> {
        self.breaker.look().await
    }

    /// What was spent today.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn spent_today(&self) -> Result<Amount, QueueError> {
        self.budget.spent().await
    }

    /// All workers' figures: questions by outcome (`answered` and the codes of [`NoAnswer`]), and `requests`, `tokens`,
    /// `fallbacks`.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn figures(&self) -> Result<HashMap<String, u64>, QueueError> {
        self.tally.read().await
    }
}

/// What could not be noted in Redis runs out there by itself.
fn noted(result: Result<(), QueueError>) {
    if let Err(error) = result {
        log::warn!("how an AI provider was used could not be noted: {}", cause_chain(&error));
    }
}
