//! Reading: from bytes to text.
//!
//! Plain text is decoded here, which is a bounded copy. Whatever has to be parsed goes into a scratch file without a
//! name, which dies with its last handle, and a confined child process reads it (`sandbox.rs` is the outside,
//! `child.rs` and `confine/` the inside). So one poison file harms only itself, and no file can be mistaken for
//! another's.

mod about;
pub mod child;
mod confine;
mod decode;
mod formats;
mod frames;
mod index_text;
pub mod ocr;
mod pdf;
mod pictures;
#[cfg(feature = "fault-injection")]
mod probe;
mod program;
mod reader;
mod sandbox;
mod sniff;
mod text;
pub mod thumbnail;
mod tools;
pub mod unlock;

pub use about::About;
pub use confine::lacks_landlock;
pub use program::{Program, READER, RENDERER};
pub use reader::Reader;
pub use sniff::{as_declared, declared_or_guessed};
pub use tools::{Capability, capabilities};

use crate::domain::{DocumentProblem, TextSource};
use std::io;

/// How much of a file tells what it is.
pub const HEAD_BYTES: usize = 8 * 1024;

/// What the uploader said of a file: a hint, not a verdict.
#[derive(Debug, Clone, Copy)]
pub struct Hint<'a> {
    /// The MIME type on record.
    pub content_type: &'a str,
    /// The extension, lower case.
    pub extension: Option<&'a str>,
}

/// What reading a file came to.
#[derive(Debug)]
pub struct Reading {
    /// MIME type, where the content says more than its beginning does.
    pub content_type: Option<String>,
    /// What the file says of itself.
    pub about: About,
    /// Its text, or why there is none. That is for good.
    pub text: Result<ReadText, DocumentProblem>,
    /// A picture of its first page: WebP.
    pub thumbnail: Option<Vec<u8>>,
}

impl Reading {
    /// Nothing was read.
    pub fn none(problem: DocumentProblem) -> Self {
        Self { content_type: None, about: About::default(), text: Err(problem), thumbnail: None }
    }
}

/// A text, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadText {
    /// The text: no NUL, lines end in `\n`, pages (where the format has them) in `\f`.
    pub text: String,
    /// The text was cut at the limit.
    pub truncated: bool,
    /// What a search index is built from, where the text itself will not do; none: the text.
    pub search_text: Option<String>,
    /// ISO 639-3, where it is sure.
    pub language: Option<String>,
    /// Pages, where the format has them.
    pub page_count: Option<i32>,
    /// Where it comes from.
    pub source: TextSource,
}

/// Why nothing is known of a file.
#[derive(Debug, thiserror::Error)]
pub enum ReadError<E> {
    /// The file can't be read, and never will be.
    #[error("the file can't be read: {0}")]
    Unreadable(DocumentProblem),
    /// The bytes did not come.
    #[error("the bytes did not come")]
    Source(#[source] E),
    /// Something in our own house failed: scratch space, the reading child.
    #[error("reading failed")]
    Failed(#[from] io::Error),
}

impl<E> From<DocumentProblem> for ReadError<E> {
    fn from(problem: DocumentProblem) -> Self {
        Self::Unreadable(problem)
    }
}
