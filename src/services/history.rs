//! What happened to a document, as the audit log tells it.

use super::Vault;
use super::documents::missing;
use super::listing::{Page, foreign_cursor, parse_limit};
use crate::db::models::AuditRow;
use crate::db::queries;
use crate::domain::{Cursor, DocumentId};
use crate::error::Result;
use serde_json::Value;

/// The one order of this list, as it stands in its cursors.
const SORT: &str = "-at";

/// A page of what happened to a document, newest first. It outlives the document.
///
/// # Errors
/// `not_found` where there was never such a document; `invalid_cursor`, `invalid_query`.
pub async fn of_document(
    vault: &Vault,
    id: DocumentId,
    cursor: Option<&str>,
    limit: Option<u32>,
) -> Result<Page<AuditRow>> {
    let limit = parse_limit(limit)?;
    let before = cursor
        .map(|text| {
            let cursor = Cursor::decode(text, SORT).filter(|cursor| cursor.id == id.as_uuid())?;
            cursor.key.parse::<i64>().ok()
        })
        .map(|parsed| parsed.ok_or_else(foreign_cursor))
        .transpose()?;
    let mut conn = vault.db.get().await?;
    let mut rows = queries::audit::of_document(&mut conn, id, before, limit + 1).await?;
    // Every document was put in at some time.
    if rows.is_empty() && before.is_none() {
        return Err(missing());
    }
    rows.iter_mut().for_each(|row| hide_keys(&mut row.detail));
    Ok(Page::cut(rows, limit, |row| Cursor { sort: SORT.to_owned(), key: row.id.to_string(), id: id.as_uuid() }))
}

/// Where the bytes lie is the vault's own business.
fn hide_keys(detail: &mut Value) {
    if let Some(fields) = detail.as_object_mut() {
        fields.remove("object_key");
    }
}
