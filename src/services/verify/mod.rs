//! Whether rows and objects agree: every document has its object and every object its document, nothing unfinished is
//! left, and whoever waits has a job.
//!
//! Invariants:
//! - The vault is in use meanwhile, so nothing counts that was not looked at again: an upload has its object before its
//!   row, and a removal its row before its object.
//! - A store that is away says nothing about a document. It ends the run.
//! - Memory does not grow with the vault: a page of rows, a page of a listing, and bounded lists of what is wrong.
//! - All is looked at before anything is repaired, so that two stores which do not belong together are noticed first.

mod bytes;
mod join;
mod repair;
mod report;

pub use report::{Counts, Finding, Kind, Outcome, Report};

use super::Vault;
use super::orphans;
use crate::db::models::ContentRow;
use crate::db::queries;
use crate::domain::{DocumentId, ObjectKey};
use crate::error::{Error, Result};
use crate::storage::StorageError;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use join::{Alone, Batch, Join};
use repair::Plan;
use std::collections::HashSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Objects that are asked for, or read, at once.
const AT_ONCE: usize = 4;
/// Rows of a page.
const PAGE: i64 = 1000;
/// A removal takes its object away within this time after its row, or leaves it as an orphan.
const REMOVAL: Duration = Duration::from_secs(60);
/// A job that nobody takes over for so long after its lease has no worker.
const LAPSED: Duration = Duration::from_secs(300);

/// What a run is to do.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Read every object, and compare its SHA-256.
    pub deep: bool,
    /// Repair what can be repaired.
    pub repair: bool,
    /// Time between the last look at objects without a row and their removal.
    pub confirm_after: Duration,
}

impl Options {
    /// What an operator asks for.
    pub fn new(deep: bool, repair: bool) -> Self {
        Self { deep, repair, confirm_after: orphans::CONFIRM_AFTER }
    }
}

/// Whoever watches a run: a progress bar, a log, nobody.
pub trait Watcher: Sync {
    /// So many documents are to be looked at; more may come.
    fn begun(&self, _documents: u64) {}
    /// So many documents more were looked at.
    fn checked(&self, _documents: u64) {}
    /// So many bytes more were read.
    fn read(&self, _bytes: u64) {}
    /// Something is wrong.
    fn found(&self, _finding: &Finding) {}
}

impl Watcher for () {}

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// It was told to stop.
    #[error("stopped before the end")]
    Asked,
    /// A store failed.
    #[error(transparent)]
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Checks the vault. What was found and done stands in the report, also where the run did not come to its end.
///
/// # Errors
/// When a store fails, or when `stop` is cancelled.
pub async fn run(
    vault: &Vault,
    options: Options,
    watcher: &dyn Watcher,
    stop: &CancellationToken,
) -> (Report, Result<(), Stop>) {
    let report = Report::new(options.deep, options.repair);
    let before = orphans::grace_ends(vault);
    let mut run = Run { vault, options, watcher, stop, before, report, plan: Plan::default(), together: 0 };
    let result = run.whole().await;
    if result.is_ok() {
        run.report.conclude();
    }
    (run.report, result)
}

struct Run<'a> {
    vault: &'a Vault,
    options: Options,
    watcher: &'a dyn Watcher,
    stop: &'a CancellationToken,
    /// What is older may be an orphan.
    before: DateTime<Utc>,
    report: Report,
    plan: Plan,
    /// Objects that have their row.
    together: u64,
}

impl Run<'_> {
    async fn whole(&mut self) -> Result<(), Stop> {
        let mut conn = self.vault.db.get().await?;
        let documents = queries::documents::count(&mut conn).await?;
        drop(conn);
        self.watcher.begun(u64::try_from(documents).unwrap_or(0));
        let mut join = Join::new(self.vault);
        while let Some(batch) = join.batch().await? {
            self.check(batch).await?;
            self.go_on()?;
        }
        drop(join);
        self.look_for_uploads().await?;
        self.look_for_jobs().await?;
        if self.options.repair {
            self.repair().await?;
        }
        Ok(())
    }

    fn go_on(&self) -> Result<(), Stop> {
        if self.stop.is_cancelled() { Err(Stop::Asked) } else { Ok(()) }
    }

    fn note(&mut self, finding: Finding) {
        self.watcher.found(&finding);
        self.report.add(finding);
    }

    async fn check(&mut self, batch: Batch) -> Result<(), Stop> {
        self.report.foreign += batch.foreign;
        self.report.objects += (batch.pairs.len() + batch.objects.len()) as u64;
        self.together += batch.pairs.len() as u64;
        let rows = batch.pairs.iter().map(|(row, _)| row).chain(&batch.rows);
        let (documents, quick) = (rows.filter(|row| !row.is_thumbnail()).count(), !self.options.deep);
        let fits = |(row, size): &(ContentRow, u64)| u64::try_from(row.size_bytes) == Ok(*size);
        let (good, odd): (Vec<_>, Vec<_>) = batch.pairs.into_iter().partition(fits);
        let odd: Vec<ContentRow> = odd.into_iter().map(|(row, _)| row).chain(batch.rows).collect();
        let good = good.into_iter().map(|(row, _)| row);

        let (mut guilty, innocent) = self.ask(odd).await?;
        if quick {
            self.watcher.checked(documents as u64);
        } else {
            self.watcher.checked(guilty.len() as u64);
            // A thumbnail has no hash on record: it can be made again.
            let to_read = good.chain(innocent).filter(|row| !row.is_thumbnail());
            guilty.extend(self.read(to_read.collect()).await?);
        }
        self.report.documents += documents as u64;
        self.accuse(guilty).await?;
        self.look_at_orphans(batch.objects).await
    }

    /// Asks the object store about each of these: those that lack their object or have one of another size, and those
    /// that are in order after all.
    async fn ask(&self, odd: Vec<ContentRow>) -> Result<(Vec<(ContentRow, Kind)>, Vec<ContentRow>), Stop> {
        let vault = self.vault;
        let asked = stream::iter(odd).map(|row| async move {
            let kind = match vault.storage.size(&row.object_key).await {
                Ok(size) if u64::try_from(row.size_bytes) == Ok(size) => None,
                Ok(_) | Err(StorageError::NotFound) if row.is_thumbnail() => Some(Kind::MissingThumbnail),
                Ok(_) => Some(Kind::WrongSize),
                Err(StorageError::NotFound) => Some(Kind::MissingObject),
                Err(error) => return Err(Stop::from(error)),
            };
            Ok((row, kind))
        });
        let asked: Vec<(ContentRow, Option<Kind>)> = asked.buffered(AT_ONCE).try_collect().await?;
        let (mut guilty, mut innocent) = (Vec::new(), Vec::new());
        for (row, kind) in asked {
            match kind {
                Some(kind) => guilty.push((row, kind)),
                None => innocent.push(row),
            }
        }
        Ok((guilty, innocent))
    }

    /// Reads the bytes of each of these; answers those with which something is wrong.
    async fn read(&mut self, rows: Vec<ContentRow>) -> Result<Vec<(ContentRow, Kind)>, Stop> {
        let (vault, watcher, stop) = (self.vault, self.watcher, self.stop);
        let mut looks = stream::iter(rows)
            .map(|row| async move {
                let kind = tokio::select! {
                    kind = bytes::look(vault, &row, watcher) => kind?,
                    () = stop.cancelled() => return Err(Stop::Asked),
                };
                Ok((row, kind))
            })
            .buffer_unordered(AT_ONCE);
        let mut guilty = Vec::new();
        while let Some((row, kind)) = looks.try_next().await? {
            watcher.checked(1);
            if matches!(kind, None | Some(Kind::WrongBytes)) {
                self.report.bytes_checked += u64::try_from(row.size_bytes).unwrap_or(0);
            }
            guilty.extend(kind.map(|kind| (row, kind)));
        }
        Ok(guilty)
    }

    /// Counts those that are still there. The row is asked for after the object: a removal takes it away first.
    async fn accuse(&mut self, guilty: Vec<(ContentRow, Kind)>) -> Result<(), Stop> {
        if guilty.is_empty() {
            return Ok(());
        }
        // A bucket that was taken away gives the same answer as an object that is not there.
        self.vault.storage.ping().await?;
        let keys: Vec<ObjectKey> = guilty.iter().map(|(row, _)| row.object_key.clone()).collect();
        let known = self.known(&keys).await?;
        for (row, kind) in guilty.into_iter().filter(|(row, _)| known.contains(&row.object_key)) {
            self.plan.lost(&row.object_key, kind);
            self.note(Finding::of(kind, &row.object_key));
        }
        Ok(())
    }

    async fn known(&self, keys: &[ObjectKey]) -> Result<HashSet<ObjectKey>, Stop> {
        let mut conn = self.vault.db.get().await?;
        Ok(queries::documents::known_keys(&mut conn, keys).await?.into_iter().collect())
    }

    /// Objects without a row: those that have it by now, those that are coming or going, and the others.
    async fn look_at_orphans(&mut self, alone: Vec<Alone>) -> Result<(), Stop> {
        let keys: Vec<ObjectKey> = alone.iter().map(|object| object.key.clone()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let known = self.known(&keys).await?;
        let ids: Vec<DocumentId> = keys.iter().map(ObjectKey::document).collect();
        let mut conn = self.vault.db.get().await?;
        let removed: HashSet<DocumentId> =
            queries::audit::deleted_since(&mut conn, &ids, REMOVAL).await?.into_iter().collect();
        drop(conn);
        for object in alone {
            if known.contains(&object.key) {
                self.together += 1;
            } else if object.modified_at.is_none_or(|at| at >= self.before) || removed.contains(&object.key.document())
            {
                self.report.in_flight += 1;
            } else {
                self.plan.orphan(&object.key);
                self.note(Finding::of(Kind::OrphanObject, &object.key));
            }
        }
        Ok(())
    }

    async fn look_for_uploads(&mut self) -> Result<(), Stop> {
        let uploads = orphans::uploads(self.vault, self.before).await?;
        self.report.in_flight += uploads.in_flight;
        self.report.foreign += uploads.foreign;
        for upload in uploads.abandoned {
            self.note(Finding::of(Kind::UnfinishedUpload, &upload.key));
            self.plan.upload(upload);
        }
        Ok(())
    }

    async fn look_for_jobs(&mut self) -> Result<(), Stop> {
        let mut conn = self.vault.db.get().await?;
        let mut after = None;
        loop {
            self.go_on()?;
            let page = queries::documents::without_job(&mut conn, after, PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            for (id, key) in page {
                self.plan.without_job(id);
                self.note(Finding::of(Kind::DocumentWithoutJob, &key));
            }
        }
        let mut after = None;
        loop {
            self.go_on()?;
            let page = queries::jobs::lapsed(&mut conn, LAPSED, after, PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(*last);
            for (_, document_id) in page {
                self.note(Finding { kind: Kind::DeadLease, document_id, object_key: None });
            }
        }
    }
}
