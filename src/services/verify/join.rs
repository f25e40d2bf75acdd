//! Rows and objects side by side, in the order of their keys: a merge of two sorted streams that holds one page of each.
//!
//! Both sides change while they are read, so what stands alone here is a suspicion and no finding. Should a store not
//! list in order, that makes for more suspicions, and for nothing worse.

use crate::db::models::ContentRow;
use crate::db::queries;
use crate::domain::ObjectKey;
use crate::error::Result;
use crate::services::Vault;
use crate::storage::StoredObject;
use chrono::{DateTime, Utc};
use std::cmp::Ordering;
use std::collections::VecDeque;

/// Rows of a page, and steps of a batch: as many as a listing gives.
const PAGE: usize = 1000;

/// An object that no row was seen for.
#[derive(Debug)]
pub struct Alone {
    /// Where it lies.
    pub key: ObjectKey,
    /// When it was stored.
    pub modified_at: Option<DateTime<Utc>>,
}

/// The next steps of the merge.
#[derive(Debug, Default)]
pub struct Batch {
    /// Rows with the size of their object.
    pub pairs: Vec<(ContentRow, u64)>,
    /// Rows for which no object was seen.
    pub rows: Vec<ContentRow>,
    /// Objects for which no row was seen.
    pub objects: Vec<Alone>,
    /// Objects that are not the vault's.
    pub foreign: u64,
}

/// The two streams.
pub struct Join<'a> {
    vault: &'a Vault,
    rows: VecDeque<ContentRow>,
    /// Where the next page of rows begins; the outer `None` behind the last one.
    rows_after: Option<Option<ObjectKey>>,
    objects: VecDeque<StoredObject>,
    /// Where the next page of the listing begins; the outer `None` behind the last one.
    objects_from: Option<Option<String>>,
}

impl<'a> Join<'a> {
    pub fn new(vault: &'a Vault) -> Self {
        Self {
            vault,
            rows: VecDeque::new(),
            rows_after: Some(None),
            objects: VecDeque::new(),
            objects_from: Some(None),
        }
    }

    /// The next steps, at most [`PAGE`]; none at the end.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn batch(&mut self) -> Result<Option<Batch>> {
        let mut batch = Batch::default();
        for step in 0..PAGE {
            self.refill().await?;
            let order = match (self.rows.front(), self.objects.front()) {
                (None, None) => return Ok((step > 0).then_some(batch)),
                (Some(_), None) => Ordering::Less,
                (row, Some(object)) => match (row, &object.key) {
                    (_, None) => {
                        batch.foreign += 1;
                        self.objects.pop_front();
                        continue;
                    }
                    (None, Some(_)) => Ordering::Greater,
                    (Some(row), Some(key)) => row.object_key.cmp(key),
                },
            };
            let row = if order.is_le() { self.rows.pop_front() } else { None };
            let object = if order.is_ge() { self.objects.pop_front() } else { None };
            match (row, object) {
                (Some(row), Some(object)) => batch.pairs.push((row, object.size)),
                (Some(row), None) => batch.rows.push(row),
                (None, Some(StoredObject { key: Some(key), modified_at, .. })) => {
                    batch.objects.push(Alone { key, modified_at });
                }
                (None, _) => {}
            }
        }
        Ok(Some(batch))
    }

    async fn refill(&mut self) -> Result<()> {
        // The listing first: a document that comes meanwhile then lacks its object here, which one question settles.
        while self.objects.is_empty()
            && let Some(from) = self.objects_from.take()
        {
            let page = self.vault.storage.list(from).await?;
            self.objects.extend(page.objects);
            self.objects_from = page.next.map(Some);
        }
        if self.rows.is_empty()
            && let Some(after) = self.rows_after.take()
        {
            let mut conn = self.vault.db.get().await?;
            let page = queries::documents::contents(&mut conn, after.as_ref(), PAGE as i64).await?;
            self.rows_after = (page.len() == PAGE).then(|| page.last().map(|row| row.object_key.clone()));
            self.rows.extend(page);
        }
        Ok(())
    }
}
