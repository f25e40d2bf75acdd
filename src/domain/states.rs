//! Closed sets of words that stand in columns and in JSON alike.

use super::named;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// A word outside its closed set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {allowed}")]
pub struct UnknownWord {
    /// The words that would have been right, separated by commas.
    pub allowed: String,
}

// `tt` and not `literal`: a literal arrives in a group of its own, which the description's macro does not look into.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:tt),+ $(,)? }) => {
        named! {
            $(#[$doc])*
            #[derive(
                Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow,
            )]
            #[diesel(sql_type = sql_types::Text)]
            pub enum $name {
                $($(#[$vdoc])* #[serde(rename = $word)] $variant = $word,)+
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text).ok_or_else(|| UnknownWord {
                    allowed: [$($word),+].join(", "),
                })
            }
        }

        impl ToSql<sql_types::Text, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                ToSql::<sql_types::Text, Pg>::to_sql(self.as_str(), &mut out.reborrow())
            }
        }

        impl FromSql<sql_types::Text, Pg> for $name {
            fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
                let text = <String as FromSql<sql_types::Text, Pg>>::from_sql(bytes)?;
                Ok(text.parse()?)
            }
        }
    };
}

words!(
    /// How far a document has come: `pending` → `processing` → `ready` | `needs_review` | `failed`.
    DocumentStatus {
        /// Kept, and waiting to be read.
        Pending = "pending",
        /// A worker has it in hand.
        Processing = "processing",
        /// Read, and sorted into topics.
        Ready = "ready",
        /// Read, but no topic was sure enough.
        NeedsReview = "needs_review",
        /// Reading failed for good; the file is still there to download.
        Failed = "failed",
    }
);

impl DocumentStatus {
    /// What a document is that was read: sorted, or left for a person to look at.
    pub fn once_read(is_sorted: bool) -> Self {
        if is_sorted { Self::Ready } else { Self::NeedsReview }
    }
}

words!(
    /// Where a piece of work stands.
    JobState {
        /// Waiting for its time, or for a worker.
        Queued = "queued",
        /// A worker holds it under a lease.
        Running = "running",
        /// Ended; what came of it stands on the document.
        Done = "done",
        /// Given up after too many attempts; kept, and can be retried by hand.
        Dead = "dead",
    }
);

words!(
    /// What a job does.
    JobKind {
        /// Reads a document and chooses its topics.
        ProcessDocument = "process_document",
        /// Learns from what people decided. It is made when it is done, and rung for by nobody.
        Learn = "learn",
        /// Sorts many documents anew, or takes that back.
        ClassificationRun = "classification_run",
    }
);

words!(
    /// Who put a document under a topic.
    TopicSource {
        /// The AI, with a confidence.
        Ai = "ai",
        /// A person; the AI never overrides it.
        User = "user",
    }
);

words!(
    /// Where a document's text comes from.
    TextSource {
        /// It stands in the file as text.
        Embedded = "embedded",
        /// It was read off pictures of pages.
        Ocr = "ocr",
        /// Some pages have text, and some were read off pictures.
        Mixed = "mixed",
        /// There is none.
        None = "none",
    }
);

words!(
    /// Why a document could not be read: the `code` of its `error`. The file itself is kept all the same.
    DocumentProblem {
        /// No reader for this type of file.
        Unsupported = "unsupported",
        /// The file is protected by a password.
        Password = "password",
        /// The file is broken, or not what it says it is.
        Damaged = "damaged",
        /// The file is beyond what is read.
        TooLarge = "too_large",
        /// Reading took too long.
        TimedOut = "timed_out",
        /// There is no text in it.
        Empty = "empty",
        /// The object store has no such object.
        ContentMissing = "content_missing",
        /// The object store gives other bytes than those that were put in.
        ContentDamaged = "content_damaged",
        /// The work failed too often.
        GaveUp = "gave_up",
    }
);

impl DocumentProblem {
    /// The sentence for the user.
    pub fn message(self) -> &'static str {
        match self {
            Self::Unsupported => "The vault has no reader for this type of file. The file itself is kept.",
            Self::Password => {
                "The file is protected by a password, so its text can't be read. The file itself is kept."
            }
            Self::Damaged => "The file is damaged, or not of the type it claims to be. It is kept as it came.",
            Self::TooLarge => "The file is too large to be read. The file itself is kept.",
            Self::TimedOut => "Reading the file took too long and was stopped. The file itself is kept.",
            Self::Empty => "There is no text in this file. The file itself is kept.",
            Self::ContentMissing => {
                "The file's bytes are missing from the object store. Ask the operator of this vault."
            }
            Self::ContentDamaged => {
                "The bytes in the object store are not those of this file any more. Ask the operator of this vault."
            }
            Self::GaveUp => "Working on this document failed too often. The file is kept; the job can be retried.",
        }
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn only_a_word_of_the_set_is_read(at in 0..DocumentProblem::ALL.len(), other: String, more in "[ _A-Za-z]{0,2}") {
            let word = DocumentProblem::ALL[at];
            prop_assert_eq!(word.as_str().parse::<DocumentProblem>(), Ok(word));
            prop_assert_eq!(serde_json::to_value(word).ok(), Some(serde_json::Value::from(word.as_str())));
            for text in [other, format!("{word}{more}"), format!("{more}{word}")] {
                let read = text.parse::<DocumentProblem>().ok();
                prop_assert_eq!(read.is_some_and(|word| word.as_str() == text), read.is_some());
                prop_assert_eq!(read.is_some(), DocumentProblem::ALL.iter().any(|word| word.as_str() == text));
            }
        }
    }
}
