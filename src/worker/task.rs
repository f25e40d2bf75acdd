//! What a worker does with a job about a document.

use crate::services::Vault;
use crate::services::processing::Work;
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

/// What is done with each job about a document that a worker has claimed. That is to process it; script/bench puts
/// something in its place, to see what the queue by itself costs.
#[async_trait]
pub trait Task: Send + Sync {
    /// Works on one claimed job to its end: settled, put back, or given up. `lost` is cancelled when the lease is: what is
    /// done from then on is for nothing.
    async fn run(&self, vault: &Vault, work: Work, owner: &str, lost: &CancellationToken);
}
