//! The formats that are read in a reading child by our own code, one file a family.
//!
//! Everything here runs confined (`confine/`), in a process that may be killed at any instruction, and speaks to the
//! worker in frames (`frames.rs`). What a file is, a reader decides by itself, from the content; it says so first.
//!
//! A file means harm until it is read. So no reader recurses along with its input, none unpacks or holds more than its
//! bound (below), XML is read as a stream and its entities are not expanded, and whatever else takes too much time or
//! memory ends with the process. What comes out before a file turns out to be broken is kept.

mod archive;
mod doc;
mod docx;
mod drawing;
mod epub;
mod html;
mod mail;
mod mbox;
mod msg;
mod odf;
mod office;
mod ole;
mod out;
mod package;
mod ppt;
mod rtf;
mod sheets;
mod slides;
mod xml;

use super::child::{EXIT_DAMAGED, EXIT_FAILED, EXIT_PASSWORD, EXIT_TOO_LARGE, EXIT_UNSUPPORTED};
pub(super) use out::MOST_PARTS;
use out::Out;
use std::io::{self, Read, Seek, Write};

/// What is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// A page of HTML.
    Html,
    /// A ZIP, and what is one inside: Office Open XML, OpenDocument, EPUB.
    Zip,
    /// A compound file: DOC, XLS, PPT, MSG.
    Ole,
    /// Rich text.
    Rtf,
    /// A mail.
    Mail,
}

/// A file to read: the child's standard input, or bytes in a test.
pub(super) trait File: Read + Seek {}

impl<T: Read + Seek> File for T {}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Nobody listens.
    #[error("the text could not be written")]
    Pipe(#[from] io::Error),
    /// The file is broken.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The file wants a password.
    #[error("it wants a password")]
    Password,
    /// The file takes more than it may.
    #[error("too large: {0}")]
    TooLarge(&'static str),
    /// Nobody reads it.
    #[error("not read: {0}")]
    Unsupported(&'static str),
}

impl Failure {
    fn damaged(error: impl std::fmt::Display) -> Self {
        Self::Damaged(error.to_string())
    }

    fn exit_code(&self) -> i32 {
        match self {
            Self::Pipe(_) => EXIT_FAILED,
            Self::Damaged(_) => EXIT_DAMAGED,
            Self::Password => EXIT_PASSWORD,
            Self::TooLarge(_) => EXIT_TOO_LARGE,
            Self::Unsupported(_) => EXIT_UNSUPPORTED,
        }
    }
}

/// Reads `file` and says what is in it on `to`, in frames, and what is wrong with it on `complaints`; answers the exit
/// code. `memory_bytes` is what the process may have.
///
/// # Errors
/// When nobody listens.
pub(super) fn run(
    family: Family,
    file: &mut dyn File,
    memory_bytes: u64,
    to: &mut dyn Write,
    complaints: &mut dyn Write,
) -> io::Result<i32> {
    let mut out = Out::new(to);
    let read = match family {
        Family::Html => html::read(file, memory_bytes, &mut out),
        Family::Zip => office::read(file, memory_bytes, &mut out),
        Family::Ole => ole::read(file, memory_bytes, &mut out),
        Family::Rtf => rtf::read(file, &mut out),
        Family::Mail => mail::read(file, memory_bytes, &mut out),
    };
    match out.tolerate(read).and_then(|()| out.finish()) {
        Ok(()) => Ok(0),
        Err(Failure::Pipe(error)) => Err(error),
        Err(failure) => {
            writeln!(complaints, "{failure}")?;
            Ok(failure.exit_code())
        }
    }
}

#[cfg(test)]
mod tests;
