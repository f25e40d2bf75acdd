//! Jobs, for those who want to see them or to retry one.

use super::listing::{Page, parse_limit};
use super::{Vault, documents};
use crate::db::models::{JobRow, NewAuditEntry};
use crate::db::{AsyncConnection, queries};
use crate::domain::{Cursor, DocumentStatus, JobId, JobState, parse_time};
use crate::error::{Error, ErrorCode, Result};
use chrono::SecondsFormat;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::json;

/// The one order of this list, as it stands in its cursors.
const SORT: &str = "-created_at";

/// A page of jobs, newest first.
///
/// # Errors
/// `invalid_cursor`, `invalid_query`.
pub async fn list(
    vault: &Vault,
    state: Option<JobState>,
    cursor: Option<&str>,
    limit: Option<u32>,
) -> Result<Page<JobRow>> {
    let limit = parse_limit(limit)?;
    let after = cursor
        .map(|text| {
            let cursor = Cursor::decode(text, SORT)?;
            Some((parse_time(&cursor.key)?, cursor))
        })
        .map(|parsed| parsed.ok_or_else(super::listing::foreign_cursor))
        .transpose()?;
    let mut conn = vault.db.get().await?;
    let after = after.as_ref().map(|(at, cursor)| (*at, cursor));
    let rows = queries::jobs::list(&mut conn, state, after, limit + 1).await?;
    Ok(Page::cut(rows, limit, |row| Cursor {
        sort: SORT.to_owned(),
        key: row.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        id: row.id.as_uuid(),
    }))
}

/// Puts a dead job back into the queue, with all its attempts.
///
/// # Errors
/// `not_found`; `job_not_dead` where there is nothing to retry.
pub async fn retry(vault: &Vault, id: JobId) -> Result<JobRow> {
    let not_dead =
        || Error::new(ErrorCode::JobNotDead, "Only a dead job can be retried; this one is under way or done.");
    let mut conn = vault.db.get().await?;
    let (job, document) = conn
        .transaction::<_, Error, _>(async |conn| {
            let job = queries::jobs::find(conn, id).await?.ok_or_else(|| Error::not_found("The job"))?;
            // The document first, as everywhere, so that two transactions never wait for each other.
            let mut document = match job.document_id {
                Some(id) => queries::documents::lock_anywhere(conn, id).await?,
                None => None,
            };
            let job = queries::jobs::revive(conn, id)
                .await
                .map_err(|error| match error {
                    // The document was sent to be read again meanwhile.
                    DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => not_dead(),
                    other => other.into(),
                })?
                .ok_or_else(not_dead)?;
            if let Some(row) = &mut document {
                row.status = DocumentStatus::Pending;
                queries::documents::set_status(conn, row.id, row.status).await?;
            }
            let entry = NewAuditEntry {
                actor: "user",
                action: "job.retried",
                subject_type: "job",
                subject_id: id.as_uuid(),
                detail: json!({"document_id": job.document_id}),
            };
            queries::audit::append(conn, &entry).await?;
            let document = match document {
                Some(row) => Some(documents::with_topics(conn, row).await?),
                None => None,
            };
            Ok((job, document))
        })
        .await?;
    vault.ring(job.id, document.map(|document| document.changed())).await;
    Ok(job)
}
