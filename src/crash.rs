//! Points at which a test makes the process die, as if by SIGKILL: without a last word, at exactly that instruction.
//!
//! They exist in builds with the feature `fault-injection` alone, where the variable `DOCUVAULT_CRASH_AT` names one of
//! them. In any other build [`point`] is empty, and a release build with the feature does not compile.

use crate::domain::named;

#[cfg(all(feature = "fault-injection", not(debug_assertions)))]
compile_error!("fault-injection is for tests: a release build must not be able to kill itself");

named! {
    /// Where a process can be made to die; the names are those of `DOCUVAULT_CRASH_AT`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum CrashPoint {
        /// Upload: one part of a multipart upload is in the store, others are not.
        UploadBetweenParts = "upload.between_parts",
        /// Upload: all bytes are in the store, and PostgreSQL knows nothing of them.
        UploadAfterPut = "upload.after_put",
        /// Upload: document, job and audit row are written, and not committed.
        UploadBeforeCommit = "upload.before_commit",
        /// Upload: committed; the bell was not rung, and the client has no answer.
        UploadAfterCommit = "upload.after_commit",
        /// Upload: rung; the client has no answer.
        UploadAfterRing = "upload.after_ring",
        /// Work: the job is claimed.
        WorkAfterClaim = "work.after_claim",
        /// Work: the document is read and sorted, and nobody knows the outcome.
        WorkAfterReading = "work.after_reading",
        /// Work: outcome, end of the job and audit row are written, and not committed.
        WorkBeforeCommit = "work.before_commit",
        /// Work: committed; the ring is not answered.
        WorkAfterCommit = "work.after_commit",
        /// Delete: the row is removed, and not committed.
        DeleteBeforeCommit = "delete.before_commit",
        /// Delete: the row is gone, the object is there.
        DeleteBetweenRowAndObject = "delete.between_row_and_object",
        /// Delete: row and object are gone; the client has no answer.
        DeleteAfterObject = "delete.after_object",
    }
}

/// Dies here, if a test asked for it.
#[cfg(feature = "fault-injection")]
#[expect(clippy::disallowed_methods, reason = "no setting of the program: it is not there in a release build")]
pub fn point(here: CrashPoint) {
    use std::sync::OnceLock;
    static CHOSEN: OnceLock<Option<String>> = OnceLock::new();
    if CHOSEN.get_or_init(|| std::env::var("DOCUVAULT_CRASH_AT").ok()).as_deref() == Some(here.as_str()) {
        std::process::abort();
    }
}

/// Does nothing.
#[cfg(not(feature = "fault-injection"))]
#[inline(always)]
pub fn point(_here: CrashPoint) {}
