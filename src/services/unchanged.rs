//! Answers that still hold: what was answered once is answered again from memory, for as long as nothing was committed.
//!
//! Most of the time nothing changes in a vault, and many ask for the same page of the same list. PostgreSQL can tell by a
//! word whether anything did ([`Mark`]), which costs it a tenth of the page, or a sixth. It is asked each time: so an answer is never
//! older than one that is worked out anew, whichever process changed what.

use super::Vault;
use crate::db::Mark;
use crate::error::Result;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most that is kept, in bytes: some fifty pages of 25 documents.
const KEPT_BYTES: usize = 1024 * 1024;

/// Answers, by what was asked.
#[derive(Default)]
pub struct Unchanged(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// When these were right.
    mark: Option<Mark>,
    answers: HashMap<String, Bytes>,
    bytes: usize,
}

impl Unchanged {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, mark: &Mark, question: &str) -> Option<Bytes> {
        let kept = self.lock();
        if kept.mark.as_ref() == Some(mark) { kept.answers.get(question).cloned() } else { None }
    }

    fn keep(&self, mark: Mark, question: &str, answer: &Bytes) {
        let mut kept = self.lock();
        let more = question.len() + answer.len();
        if kept.mark.as_ref() != Some(&mark) || kept.bytes + more > KEPT_BYTES {
            *kept = Kept { mark: Some(mark), ..Kept::default() };
        }
        if more <= KEPT_BYTES && kept.answers.insert(question.to_owned(), answer.clone()).is_none() {
            kept.bytes += more;
        }
    }
}

/// The answer to a question that depends on nothing but what PostgreSQL holds: from memory where it still holds, else
/// `anew`.
///
/// # Errors
/// When a store fails, or as `anew`.
pub async fn answer(vault: &Vault, question: &str, anew: impl AsyncFnOnce() -> Result<Bytes>) -> Result<Bytes> {
    // Taken before the answer is worked out: what is committed meanwhile makes this mark one that never comes again.
    let mark = vault.db.mark().await?;
    if let Some(answer) = vault.unchanged.get(&mark, question) {
        return Ok(answer);
    }
    let answer = anew().await?;
    vault.unchanged.keep(mark, question, &answer);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_given_until_the_mark_changes_and_no_more_is_kept_than_fits() {
        let (then, now) = (Mark::of("7:7:"), Mark::of("7:8:"));
        let kept = Unchanged::default();
        kept.keep(then.clone(), "a", &Bytes::from_static(b"first"));
        kept.keep(then.clone(), "b", &Bytes::from_static(b"other"));
        assert_eq!(kept.get(&then, "a").as_deref(), Some(&b"first"[..]));
        assert_eq!(kept.get(&now, "a"), None);
        kept.keep(now.clone(), "b", &Bytes::from_static(b"later"));
        assert_eq!(kept.get(&then, "a"), None);
        assert_eq!(kept.get(&now, "b").as_deref(), Some(&b"later"[..]));
        let large = Bytes::from(vec![0; KEPT_BYTES / 2]);
        for question in ["c", "d", "e"] {
            kept.keep(now.clone(), question, &large);
            assert!(kept.lock().bytes <= KEPT_BYTES);
            assert_eq!(kept.get(&now, question).map(|answer| answer.len()), Some(large.len()));
        }
        kept.keep(now.clone(), "f", &Bytes::from(vec![0; KEPT_BYTES + 1]));
        assert_eq!(kept.get(&now, "f"), None);
    }
}
