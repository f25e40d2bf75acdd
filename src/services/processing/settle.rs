//! The end of a job that was worked on: all that it came to is committed with it.
//!
//! Mostly nothing has happened to the document since it was claimed, and so this is tried first, by one statement that
//! looks whether it is so. Where it is not, the document is locked and looked at anew.

use super::{Outcome, Work, audit, tell, words_of};
use crate::crash::{self, CrashPoint};
use crate::db::models::{DocumentOutcome, DocumentRow, Learned, NewAuditEntry};
use crate::db::queries::steps::Settlement;
use crate::db::{AsyncConnection, AsyncPgConnection, queries};
use crate::domain::{DocumentProblem, DocumentStatus, JobState, ObjectKey, TextSource, TopicId};
use crate::error::{Error, Result, cause_chain};
use crate::extract::Reading;
use crate::services::Vault;
use crate::services::classifier::Choice;
use crate::services::documents::{Document, with_topics};
use crate::services::thumbnails;
use serde_json::{Value, json};

/// The beginning of a text that PostgreSQL can index whatever it holds.
const SURELY_INDEXED_BYTES: usize = 64 * 1024;

/// Commits what the work came to. False when the lease was lost meanwhile: then nothing is changed.
///
/// # Errors
/// When a store fails.
pub async fn settle(vault: &Vault, work: &Work, owner: &str, outcome: Outcome) -> Result<bool> {
    let Outcome { reading, choice } = outcome;
    let problem = reading.text.as_ref().err().copied();
    let thumbnail = match &reading.thumbnail {
        Some(picture) => Some((thumbnails::store(vault, work.document.id, picture).await?, picture.len())),
        None => None,
    };
    let stored = thumbnail.as_ref().map(|(key, _)| key.clone());
    let (row, learned) = columns(reading, thumbnail);
    let mut ending = Ending { work, owner, row, learned, choice: &choice, problem };
    let settled = match ending.commit(vault).await {
        // A text whose words are stranger than the index foresees: its beginning must do.
        Err(error) if cause_chain(&error).contains("too long for tsvector") => {
            let text = ending.row.text.as_deref().unwrap_or_default();
            ending.row.search_text = Some(text[..text.floor_char_boundary(SURELY_INDEXED_BYTES)].to_owned());
            ending.commit(vault).await?
        }
        // Whether it was committed is not known: the sweep will tell which picture nobody needs.
        other => other?,
    };
    let not_needed = match &settled {
        Settled::Lost => stored.as_ref(),
        Settled::Done { unneeded } => unneeded.as_ref(),
    };
    if let Some(key) = not_needed {
        thumbnails::remove(vault, key).await;
    }
    Ok(matches!(settled, Settled::Done { .. }))
}

/// How a commit ended.
enum Settled {
    /// The lease was lost: nothing was changed.
    Lost,
    /// All is committed; this picture is in no row: the one before, or the new one where that stays.
    Done { unneeded: Option<ObjectKey> },
}

/// What was read, as it stands in the row.
fn columns(reading: Reading, thumbnail: Option<(ObjectKey, usize)>) -> (DocumentOutcome, Learned) {
    let Reading { content_type, about, text, .. } = reading;
    let (error_code, error_message) = words_of(text.as_ref().err().copied());
    let learned = Learned { content_type, title: about.title };
    let (thumbnail_key, thumbnail_bytes) = thumbnail.unzip();
    let rest = DocumentOutcome {
        author: about.author,
        file_created_at: about.created_at,
        file_modified_at: about.modified_at,
        thumbnail_key,
        thumbnail_bytes: thumbnail_bytes.map(|bytes| i32::try_from(bytes).unwrap_or(i32::MAX)),
        error_code,
        error_message,
        ..DocumentOutcome::default()
    };
    let row = match text {
        Ok(read) => DocumentOutcome {
            text: Some(read.text),
            text_truncated: read.truncated,
            search_text: read.search_text,
            language: read.language,
            page_count: read.page_count,
            text_source: Some(read.source),
            ..rest
        },
        Err(_) => DocumentOutcome { text_source: Some(TextSource::None), page_count: about.page_count, ..rest },
    };
    (row, learned)
}

/// What is to be committed of a job that was worked on.
struct Ending<'a> {
    work: &'a Work,
    owner: &'a str,
    row: DocumentOutcome,
    learned: Learned,
    choice: &'a Choice,
    problem: Option<DocumentProblem>,
}

impl Ending<'_> {
    async fn commit(&self, vault: &Vault) -> Result<Settled> {
        let mut conn = vault.db.get().await?;
        let Work { document, topics, .. } = self.work;
        let claimed = Document { row: document.clone(), topics: topics.clone() };
        if !self.keeps_what_was_read(document) && !self.replaces_topics(&claimed) {
            crash::point(CrashPoint::WorkBeforeCommit);
            if let Some(settled) = self.settle(vault, &mut conn, &claimed, &self.choice.topics).await? {
                tell(vault, Some(&settled));
                return Ok(Settled::Done { unneeded: claimed.row.thumbnail_key });
            }
        }
        let settled = conn
            .transaction::<_, Error, _>(async |conn| {
                // The document before the job, as everywhere.
                let Some(row) = queries::documents::lock_anywhere(conn, document.id).await? else { return Ok(None) };
                if !queries::jobs::is_held(conn, &self.work.job, self.owner).await? {
                    return Ok(None);
                }
                let mut seen = with_topics(conn, row).await?;
                let settled = if self.keeps_what_was_read(&seen.row) {
                    self.settle_as_failed(vault, conn, &mut seen).await?;
                    // The picture before stays as well, and not the one that was made now.
                    (seen, self.row.thumbnail_key.clone())
                } else {
                    let chosen = self.make_way(conn, &mut seen).await?;
                    // All of it is locked.
                    let settled = self.settle(vault, conn, &seen, &chosen).await?;
                    let settled = settled.ok_or_else(|| Error::internal("a locked document was changed"))?;
                    (settled, seen.row.thumbnail_key)
                };
                crash::point(CrashPoint::WorkBeforeCommit);
                Ok(Some(settled))
            })
            .await?;
        let Some((changed, unneeded)) = settled else { return Ok(Settled::Lost) };
        tell(vault, Some(&changed));
        Ok(Settled::Done { unneeded })
    }

    /// What was read is still worth finding where it can't be read again, and so are its topics: the bytes are away, the
    /// password is not at hand any more, or there was less time or memory for it.
    fn keeps_what_was_read(&self, document: &DocumentRow) -> bool {
        match self.problem {
            Some(DocumentProblem::ContentMissing | DocumentProblem::ContentDamaged) => true,
            Some(_) => document.has_text(),
            None => false,
        }
    }

    /// The AI has a say about its topics.
    fn is_sorted(&self, document: &DocumentRow) -> bool {
        !document.topics_by_user && !self.work.brings_topics
    }

    /// Where the AI gave no answer, what it chose before stands.
    fn replaces_topics(&self, seen: &Document) -> bool {
        self.is_sorted(&seen.row) && !seen.topics.is_empty() && !self.choice.unanswered
    }

    /// Takes a locked document from under the topics that are to be replaced; answers those of the chosen that are there.
    async fn make_way(&self, conn: &mut AsyncPgConnection, seen: &mut Document) -> Result<Vec<(TopicId, f32)>> {
        if !self.is_sorted(&seen.row) || self.choice.unanswered {
            return Ok(Vec::new());
        }
        let ids: Vec<TopicId> = self.choice.topics.iter().map(|(id, _)| *id).collect();
        let there = queries::topics::lock_around(conn, seen.row.id, &ids).await?;
        queries::topics::clear(conn, seen.row.id).await?;
        seen.topics.clear();
        Ok(self.choice.topics.iter().copied().filter(|(id, _)| there.contains(id)).collect())
    }

    /// Ends the job and stores what it came to, where the document is as it was seen; `chosen` are topics that are there.
    async fn settle(
        &self,
        vault: &Vault,
        conn: &mut AsyncPgConnection,
        seen: &Document,
        chosen: &[(TopicId, f32)],
    ) -> Result<Option<Document>> {
        let chosen = if self.is_sorted(&seen.row) { chosen } else { &[] };
        let status = match self.problem {
            Some(_) => DocumentStatus::Failed,
            None => DocumentStatus::once_read(seen.row.topics_by_user || !seen.topics.is_empty() || !chosen.is_empty()),
        };
        // A person may have given it a title, or taken away the one that was found in it.
        let may_learn = seen.row.title.is_none() && !seen.row.was_read();
        let title = self.learned.title.clone().filter(|_| may_learn);
        let settlement = Settlement {
            job: &self.work.job,
            owner: self.owner,
            document: &seen.row,
            stood: seen.topics.len(),
            chosen,
            status,
            outcome: &self.row,
            learned: &Learned { title, ..self.learned.clone() },
            line: &self.line(vault, &seen.row, status),
        };
        let filed = queries::steps::settle(conn, &settlement).await?;
        Ok(filed.map(|filed| {
            let mut settled = Document::from(filed);
            if chosen.is_empty() {
                settled.topics.clone_from(&seen.topics);
            }
            settled
        }))
    }

    /// Ends the job, and says why there is no more of a locked document than there was.
    async fn settle_as_failed(&self, vault: &Vault, conn: &mut AsyncPgConnection, seen: &mut Document) -> Result<()> {
        let status = DocumentStatus::Failed;
        let line = self.line(vault, &seen.row, status);
        let (code, message) = words_of(self.problem);
        queries::jobs::finish(conn, &self.work.job, self.owner, JobState::Done, None).await?;
        queries::documents::store_failure(
            conn,
            seen.row.id,
            code.as_deref().unwrap_or_default(),
            message.as_deref().unwrap_or_default(),
        )
        .await?;
        queries::audit::append(conn, &line).await?;
        (seen.row.status, seen.row.error_code, seen.row.error_message) = (status, code, message);
        Ok(())
    }

    /// The line of the audit log.
    fn line(&self, vault: &Vault, document: &DocumentRow, status: DocumentStatus) -> NewAuditEntry {
        let (action, detail) = match self.problem {
            Some(problem) => ("document.failed", json!({"code": problem.as_str(), "job_id": self.work.job.id})),
            None => ("document.processed", self.decision(vault, document, status)),
        };
        audit(document.id, action, detail)
    }

    /// What the audit log keeps of a decision.
    fn decision(&self, vault: &Vault, document: &DocumentRow, status: DocumentStatus) -> Value {
        let mut detail = self.choice.detail(vault.ai.name());
        detail["status"] = json!(status);
        detail["topics_by_user"] = json!(document.topics_by_user);
        detail["topics_brought"] = json!(self.work.brings_topics);
        detail["job_id"] = json!(self.work.job.id);
        detail
    }
}
