//! What can be put right, and what can at least be said. Bytes that are gone, nobody brings back; so the document says
//! that they are.
//!
//! Every step may be done twice, and by two at once: a second run, or a sweep.

use super::{Kind, Run, Stop};
use crate::db::models::NewAuditEntry;
use crate::db::{AsyncConnection, queries};
use crate::domain::{DocumentId, DocumentProblem, DocumentStatus, JobKind, JobState, ObjectKey};
use crate::error::{Error, Result};
use crate::services::orphans::{self, AbandonedUpload};
use crate::services::{Vault, documents};
use serde_json::{Value, json};
use std::collections::HashSet;

/// Repairs of a kind in one run, at most: this bounds its memory. What is beyond that is for the next run.
const MOST: usize = 10_000;
/// Objects of which the rows are looked up at once.
const CHUNK: usize = 500;

/// What there is to repair.
#[derive(Debug, Default)]
pub struct Plan {
    lost: Vec<(ObjectKey, DocumentProblem)>,
    thumbnails: Vec<ObjectKey>,
    orphans: Vec<ObjectKey>,
    uploads: Vec<AbandonedUpload>,
    without_job: Vec<DocumentId>,
}

fn put<T>(list: &mut Vec<T>, item: T) {
    if list.len() < MOST {
        list.push(item);
    }
}

impl Plan {
    /// The document's object is not what it should be.
    pub fn lost(&mut self, key: &ObjectKey, kind: Kind) {
        let problem = match kind {
            Kind::MissingObject => DocumentProblem::ContentMissing,
            Kind::WrongSize | Kind::WrongBytes => DocumentProblem::ContentDamaged,
            Kind::MissingThumbnail => return put(&mut self.thumbnails, key.clone()),
            // It may come back with its disk.
            _ => return,
        };
        put(&mut self.lost, (key.clone(), problem));
    }

    /// No document stands for the object.
    pub fn orphan(&mut self, key: &ObjectKey) {
        put(&mut self.orphans, key.clone());
    }

    /// Nobody will end this upload.
    pub fn upload(&mut self, upload: AbandonedUpload) {
        put(&mut self.uploads, upload);
    }

    /// The document waits, and nobody was told of it.
    pub fn without_job(&mut self, document: DocumentId) {
        put(&mut self.without_job, document);
    }
}

impl Run<'_> {
    /// Repairs what can be repaired. Each step is done to its end; a signal is heard between two.
    ///
    /// # Errors
    /// When a store fails, or when told to stop.
    pub(super) async fn repair(&mut self) -> Result<(), Stop> {
        let plan = std::mem::take(&mut self.plan);
        for upload in &plan.uploads {
            self.go_on()?;
            if orphans::remove_upload(self.vault, upload).await {
                self.report.repaired.add(Kind::UnfinishedUpload);
            }
        }
        let without = self.report.found.missing_objects + self.report.found.wrong_size;
        if orphans::do_not_belong_together(without, self.report.documents.saturating_sub(without)) {
            log::error!(
                "{without} of {} documents have no object of theirs: none is marked. Is this the bucket of this database?",
                self.report.documents
            );
        } else {
            for (key, problem) in &plan.lost {
                self.go_on()?;
                self.report.marked += u64::from(mark(self.vault, key, *problem).await?);
            }
        }
        for key in &plan.thumbnails {
            self.go_on()?;
            let mut conn = self.vault.db.get().await?;
            if queries::documents::forget_thumbnail(&mut conn, key).await? {
                self.report.repaired.add(Kind::MissingThumbnail);
            }
        }
        for document in plan.without_job {
            self.go_on()?;
            call(self.vault, document).await?;
            self.report.repaired.add(Kind::DocumentWithoutJob);
        }
        self.remove_orphans(&plan.orphans).await
    }

    async fn remove_orphans(&mut self, keys: &[ObjectKey]) -> Result<(), Stop> {
        if keys.is_empty() {
            return Ok(());
        }
        let (alone, together) = (self.report.found.orphan_objects, self.together);
        if orphans::do_not_belong_together(alone, together) {
            log::error!(
                "{alone} objects have no document and {together} have one: none is removed. \
                 Is this the database of this bucket?"
            );
            return Ok(());
        }
        log::info!("looking once more at {} objects without a document before they are removed", keys.len());
        tokio::select! {
            () = tokio::time::sleep(self.options.confirm_after) => {}
            () = self.stop.cancelled() => return Err(Stop::Asked),
        }
        for keys in keys.chunks(CHUNK) {
            let mut conn = self.vault.db.get().await?;
            let known: HashSet<ObjectKey> =
                queries::documents::known_keys(&mut conn, keys).await?.into_iter().collect();
            drop(conn);
            for key in keys {
                self.go_on()?;
                // One that has its row by now is in order, too.
                if known.contains(key) || orphans::remove_object(self.vault, key).await {
                    self.report.repaired.add(Kind::OrphanObject);
                }
            }
        }
        Ok(())
    }
}

fn audit(id: DocumentId, action: &'static str, detail: Value) -> NewAuditEntry {
    NewAuditEntry { actor: "operator", action, subject_type: "document", subject_id: id.as_uuid(), detail }
}

/// Has a document say what became of its bytes; its text and its topics stay. True where it did not say so before.
async fn mark(vault: &Vault, key: &ObjectKey, problem: DocumentProblem) -> Result<bool> {
    let id = key.document();
    // It may have been put back since: a deep check takes hours.
    if problem == DocumentProblem::ContentMissing && vault.storage.size(key).await.is_ok() {
        return Ok(false);
    }
    let mut conn = vault.db.get().await?;
    let marked = conn
        .transaction::<_, Error, _>(async |conn| {
            let Some(document) = queries::documents::lock_anywhere(conn, id).await? else { return Ok(None) };
            if document.error_code.as_deref() == Some(problem.as_str()) {
                return Ok(None);
            }
            queries::documents::store_failure(conn, id, problem.as_str(), problem.message()).await?;
            let action = match problem {
                DocumentProblem::ContentMissing => "document.content_missing",
                _ => "document.content_damaged",
            };
            let detail = json!({"command": "verify", "object_key": key.as_str(), "status_before": document.status});
            queries::audit::append(conn, &audit(id, action, detail)).await?;
            documents::reread(conn, id).await
        })
        .await?;
    if let Some(document) = &marked {
        vault.events.tell(document.changed());
    }
    Ok(marked.is_some())
}

/// Gives a document that waits a job, and rings.
async fn call(vault: &Vault, id: DocumentId) -> Result<()> {
    let mut conn = vault.db.get().await?;
    let called = conn
        .transaction::<_, Error, _>(async |conn| {
            let Some(document) = queries::documents::lock_anywhere(conn, id).await? else { return Ok(None) };
            // It may have been removed, marked or called meanwhile.
            if !matches!(document.status, DocumentStatus::Pending | DocumentStatus::Processing) {
                return Ok(None);
            }
            let job = queries::jobs::enqueue(conn, JobKind::ProcessDocument, id).await?;
            if job.state == JobState::Queued {
                queries::documents::set_status(conn, id, DocumentStatus::Pending).await?;
            }
            let detail = json!({"command": "verify", "job_id": job.id});
            queries::audit::append(conn, &audit(id, "document.reprocess_requested", detail)).await?;
            Ok(Some((job.id, documents::reread(conn, id).await?)))
        })
        .await?;
    drop(conn);
    if let Some((job, document)) = called {
        vault.ring(job, document.map(|document| document.changed())).await;
    }
    Ok(())
}
