//! What a check came to: the one JSON object that `docuvault verify` prints.

use crate::domain::{DocumentId, ObjectKey, named};
use serde::{Serialize, Serializer};

/// Findings that are listed one by one; the rest is counted.
const LISTED: usize = 1000;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $field:ident;)+) => {
        named! {
            /// What can be wrong; the names are those in the list of findings.
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum Kind {
                $($(#[$doc])* $variant = $word,)+
            }
        }

        /// How many there are of each kind.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
        pub struct Counts {
            $($(#[$doc])* pub $field: u64,)+
        }

        impl Counts {
            /// How many there are of one kind.
            pub fn of(&self, kind: Kind) -> u64 {
                match kind { $(Kind::$variant => self.$field,)+ }
            }

            /// Counts one more.
            pub fn add(&mut self, kind: Kind) {
                match kind { $(Kind::$variant => self.$field += 1,)+ }
            }
        }
    };
}

kinds! {
    /// A document whose object is not there.
    MissingObject = "missing_object", missing_objects;
    /// An object of another size than the document's.
    WrongSize = "wrong_size", wrong_size;
    /// An object of the right size whose bytes have another SHA-256 (`--deep`).
    WrongBytes = "wrong_bytes", wrong_bytes;
    /// An object that a store which answers otherwise does not give (`--deep`): a fault on its disk, as a rule.
    UnreadableObject = "unreadable_object", unreadable_objects;
    /// A document whose thumbnail is not there, or of another size. It is made again when the document is read again.
    MissingThumbnail = "missing_thumbnail", missing_thumbnails;
    /// An object that no document stands for.
    OrphanObject = "orphan_object", orphan_objects;
    /// A multipart upload that was begun and never ended.
    UnfinishedUpload = "unfinished_upload", unfinished_uploads;
    /// A document that waits for work, and nobody was told of it.
    DocumentWithoutJob = "document_without_job", documents_without_job;
    /// A job whose worker is long gone, and that no other took over: no worker runs. A note, not a problem.
    DeadLease = "dead_lease", dead_leases;
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// The document it is about; for an orphan the one that its key names.
    pub document_id: Option<DocumentId>,
    /// Where the bytes lie, or should.
    #[serde(serialize_with = "as_text")]
    pub object_key: Option<ObjectKey>,
}

fn as_text<S: Serializer>(key: &Option<ObjectKey>, serializer: S) -> Result<S::Ok, S::Error> {
    key.as_ref().map(ObjectKey::as_str).serialize(serializer)
}

impl Finding {
    /// A finding about an object and the document that its key names.
    pub fn of(kind: Kind, key: &ObjectKey) -> Self {
        Self { kind, document_id: Some(key.document()), object_key: Some(key.clone()) }
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing is wrong.
    Ok,
    /// All that was wrong is right again.
    Repaired,
    /// Something is wrong.
    Problems,
    /// It did not come to its end: what it found is so, and there may be more.
    Incomplete,
}

/// All that a check has to say.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Documents whose object was looked for.
    pub documents: u64,
    /// Objects of the vault's in the bucket.
    pub objects: u64,
    /// Bytes that were read and hashed.
    pub bytes_checked: u64,
    /// Every object was read.
    pub deep: bool,
    /// What could be repaired was repaired.
    pub repair: bool,
    /// Objects and uploads without a document that are too young to be anything but on their way.
    pub in_flight: u64,
    /// Objects and uploads that are not the vault's.
    pub foreign: u64,
    /// What was found.
    pub found: Counts,
    /// How much of it is right again.
    pub repaired: Counts,
    /// Documents that now say themselves that their bytes are missing or damaged, and did not before.
    pub marked: u64,
    /// What was found, one by one, as far as there is room.
    pub findings: Vec<Finding>,
    /// Findings for which there was no room.
    pub findings_left_off: u64,
    /// How it ended.
    pub outcome: Outcome,
}

impl Report {
    /// An empty report.
    pub fn new(deep: bool, repair: bool) -> Self {
        Self {
            documents: 0,
            objects: 0,
            bytes_checked: 0,
            deep,
            repair,
            in_flight: 0,
            foreign: 0,
            found: Counts::default(),
            repaired: Counts::default(),
            marked: 0,
            findings: Vec::new(),
            findings_left_off: 0,
            outcome: Outcome::Incomplete,
        }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.found.add(finding.kind);
        if self.findings.len() < LISTED {
            self.findings.push(finding);
        } else {
            self.findings_left_off += 1;
        }
    }

    /// Draws the conclusion, once everything was looked at.
    pub(super) fn conclude(&mut self) {
        let problems = || Kind::ALL.iter().copied().filter(|kind| *kind != Kind::DeadLease);
        self.outcome = if problems().any(|kind| self.found.of(kind) > self.repaired.of(kind)) {
            Outcome::Problems
        } else if problems().any(|kind| self.found.of(kind) > 0) {
            Outcome::Repaired
        } else {
            Outcome::Ok
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(kind: Kind) -> Finding {
        Finding { kind, document_id: None, object_key: None }
    }

    #[test]
    fn the_list_is_bounded_and_the_count_is_not() {
        let mut report = Report::new(false, false);
        for _ in 0..LISTED + 7 {
            report.add(finding(Kind::OrphanObject));
        }
        assert_eq!((report.findings.len(), report.findings_left_off), (LISTED, 7));
        assert_eq!(report.found.orphan_objects, 1007);
    }

    #[test]
    fn the_outcome_is_what_remains() {
        let mut report = Report::new(false, true);
        report.add(finding(Kind::DeadLease));
        report.conclude();
        assert_eq!(report.outcome, Outcome::Ok, "a note is no problem");
        report.add(finding(Kind::OrphanObject));
        report.conclude();
        assert_eq!(report.outcome, Outcome::Problems);
        report.repaired.add(Kind::OrphanObject);
        report.conclude();
        assert_eq!(report.outcome, Outcome::Repaired);
        report.add(finding(Kind::MissingObject));
        report.conclude();
        assert_eq!(report.outcome, Outcome::Problems);
    }
}
