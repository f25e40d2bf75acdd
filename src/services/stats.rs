//! What there is, in numbers.

use super::Vault;
use super::topics::{self, Topic};
use crate::db::queries;
use crate::domain::{DocumentStatus, JobState};
use crate::error::Result;

/// Documents, and what they weigh.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    /// How many.
    pub documents: i64,
    /// Bytes of all of them together.
    pub bytes: i64,
}

impl Sum {
    fn add(&mut self, (documents, bytes): (i64, i64)) {
        self.documents += documents;
        self.bytes += bytes;
    }
}

/// The vault in numbers.
#[derive(Debug)]
pub struct Stats {
    /// Documents that are not in the trash.
    pub kept: Sum,
    /// Documents in the trash.
    pub trash: Sum,
    /// How many of those that are not in the trash have come how far; a status that none has is left out.
    pub by_status: Vec<(DocumentStatus, i64)>,
    /// All topics, by name, with their counts.
    pub by_topic: Vec<Topic>,
    /// Jobs that are queued or running.
    pub depth: i64,
    /// Age of the oldest of them.
    pub oldest_age_seconds: Option<i64>,
    /// Jobs that were given up.
    pub dead: i64,
}

/// Counts everything.
///
/// # Errors
/// When PostgreSQL fails.
pub async fn count(vault: &Vault) -> Result<Stats> {
    let mut conn = vault.db.get().await?;
    let documents = queries::documents::totals(&mut conn).await?;
    let jobs = queries::jobs::unfinished(&mut conn).await?;
    let by_topic = topics::counted(&mut conn).await?;
    drop(conn);

    let (mut kept, mut trash, mut by_status) = (Sum::default(), Sum::default(), Vec::new());
    for (status, here, in_trash) in documents {
        by_status.push((status, here.0));
        kept.add(here);
        trash.add(in_trash);
    }
    let (mut depth, mut oldest, mut dead) = (0, None, 0);
    for (state, jobs, since) in jobs {
        if state == JobState::Dead {
            dead += jobs;
        } else {
            depth += jobs;
            oldest = oldest.into_iter().chain(since).min();
        }
    }
    let oldest_age_seconds = oldest.map(|since| (vault.clock.now() - since).num_seconds().max(0));
    Ok(Stats { kept, trash, by_status, by_topic, depth, oldest_age_seconds, dead })
}
