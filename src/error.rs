//! One error for the whole vault: a code of one closed table, a sentence for the user, a cause for the log.
//!
//! [`ErrorCode`] is the contract with clients (RFC 9457 `code`); a code is never renamed. What went wrong inside is the
//! `source`: it reaches the log, never the client.

use crate::domain::{DocumentId, named};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal, $title:literal;)+) => {
        named! {
            /// The closed table of codes; the names are those that clients see.
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            pub enum ErrorCode {
                $($(#[$doc])* $variant = $code,)+
            }
        }

        impl ErrorCode {
            /// The status an answer with this code has (RFC 9110 numbers).
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// A short title, the same for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }
    };
}

codes! {
    /// A parameter of the query is unknown or wrong.
    InvalidQuery = "invalid_query", 400, "A parameter is not right";
    /// An id in the path or in a field is no UUID.
    InvalidId = "invalid_id", 400, "This is not an id";
    /// The cursor was not made by this list.
    InvalidCursor = "invalid_cursor", 400, "This cursor does not belong to this list";
    /// The body is not the JSON that is wanted.
    InvalidBody = "invalid_body", 400, "The body is not right";
    /// The multipart body is broken, or ended too early.
    InvalidMultipart = "invalid_multipart", 400, "The upload is broken";
    /// A form field is unknown, too long, repeated or wrong.
    InvalidField = "invalid_field", 400, "A field is not right";
    /// The file's name can't be taken.
    InvalidFilename = "invalid_filename", 400, "The file's name is not right";
    /// The form has no part named `file`.
    MissingFile = "missing_file", 400, "There is no file";
    /// The file has no bytes.
    EmptyFile = "empty_file", 400, "The file is empty";
    /// A topic named in the request does not exist.
    UnknownTopic = "unknown_topic", 400, "There is no such topic";
    /// There is nothing under this address.
    NotFound = "not_found", 404, "Not found";
    /// The document has no text.
    NoText = "no_text", 404, "There is no text";
    /// The document has no picture of its first page.
    NoThumbnail = "no_thumbnail", 404, "There is no picture";
    /// The address exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "This method is not for this address";
    /// The body came too slowly, or stopped coming.
    RequestTimeout = "request_timeout", 408, "The request took too long";
    /// The same bytes are kept already.
    Duplicate = "duplicate", 409, "This document is here already";
    /// Another topic has this name.
    DuplicateTopic = "duplicate_topic", 409, "There is a topic of this name already";
    /// The vault has as many topics as it can choose among.
    TooManyTopics = "too_many_topics", 409, "There are too many topics";
    /// The job is not dead, so that there is nothing to retry.
    JobNotDead = "job_not_dead", 409, "This job needs no retry";
    /// The run is still under way.
    RunNotEnded = "run_not_ended", 409, "This run is still under way";
    /// There is no change that could be taken back.
    NothingToUndo = "nothing_to_undo", 409, "There is nothing to undo";
    /// The document does not wait for a password.
    NotLocked = "not_locked", 409, "This document is not locked";
    /// The body is over the limit.
    TooLarge = "too_large", 413, "Too large";
    /// The body's type is not the one that is wanted.
    UnsupportedMediaType = "unsupported_media_type", 415, "This type of body is not understood";
    /// The range lies outside the document.
    RangeNotSatisfiable = "range_not_satisfiable", 416, "There is nothing in this range";
    /// The object store has no object under the document's key.
    ContentMissing = "content_missing", 500, "The document's bytes are missing";
    /// A mistake of ours.
    Internal = "internal", 500, "Something went wrong";
    /// More is under way than the vault has room for.
    Busy = "busy", 503, "The vault is busy right now";
    /// PostgreSQL, Redis or the object store can't be reached right now.
    Unavailable = "unavailable", 503, "The vault is not available right now";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error as the services answer it.
#[derive(Debug)]
pub struct Error {
    code: ErrorCode,
    detail: Cow<'static, str>,
    existing: Option<DocumentId>,
    wait: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What a service answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a code and a sentence for the user.
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), existing: None, wait: None, source: None }
    }

    /// There is no such thing; `what` begins the sentence ("The document").
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("{what} does not exist."))
    }

    /// The bytes are those of `existing`.
    pub fn duplicate(existing: DocumentId) -> Self {
        Self {
            existing: Some(existing),
            ..Self::new(ErrorCode::Duplicate, "The vault holds a document of the same bytes already.")
        }
    }

    /// A mistake of ours: `cause` is for the log.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            source: Some(cause.into()),
            ..Self::new(ErrorCode::Internal, "The vault could not do this. The log has the cause.")
        }
    }

    /// A store can't be reached: `cause` is for the log.
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            source: Some(cause.into()),
            ..Self::new(
                ErrorCode::Unavailable,
                "A part of the vault can't be reached right now. Nothing is lost; try again in a moment.",
            )
        }
    }

    /// The same error, where it is known how long it lasts.
    pub fn for_time(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// The same error, with a cause for the log.
    pub fn with_source(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The sentence for the user.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The document that holds the same bytes, for [`ErrorCode::Duplicate`].
    pub fn existing(&self) -> Option<DocumentId> {
        self.existing
    }

    /// How long the same call has no prospect, where that is known.
    pub fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// True where the same call may succeed later.
    pub fn is_unavailable(&self) -> bool {
        self.code == ErrorCode::Unavailable
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
        match &error {
            Diesel::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, _) => Self::unavailable(error),
            // A server that is shutting down or starting up says so in words; diesel has no kind for it.
            Diesel::DatabaseError(Kind::Unknown, info) if is_outage(info.message()) => Self::unavailable(error),
            Diesel::BrokenTransactionManager => Self::unavailable(error),
            _ => Self::internal(error),
        }
    }
}

/// True for what PostgreSQL and its driver say when the server goes away, is full, or is not up yet.
fn is_outage(message: &str) -> bool {
    [
        "terminating connection",
        "shutting down",
        "starting up",
        "recovery mode",
        "connection closed",
        "error communicating with the server",
        "too many connections",
        "too many clients",
        "remaining connection slots",
        "statement timeout",
        "lock timeout",
        "read-only transaction",
        "No space left",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

/// The chain of causes in one line, outermost first.
pub fn cause_chain(error: &(dyn StdError + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        // Many errors print their source themselves.
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        next = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_is_its_own_and_has_an_error_status() {
        let codes: HashSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
        assert!(ErrorCode::ALL.iter().all(|code| (400..600).contains(&code.status())));
    }

    #[test]
    fn the_cause_is_for_the_log_alone() {
        let error = Error::internal(std::io::Error::other("password=hunter2"));
        assert!(!error.to_string().contains("hunter2"));
        assert!(!error.detail().contains("hunter2"));
        assert!(cause_chain(&error).contains("hunter2"));
    }
}
