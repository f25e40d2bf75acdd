//! Pictures: decoding them, making them ready for tesseract, and thumbnails. All of it runs in a reading child.
//!
//! How large a picture is gets known before a pixel of it is decoded; what takes more than the child's memory is
//! refused by its size, not by the kernel.

mod decode;
mod gray;
mod pdf;
mod prepare;
mod sheet;
mod thumbnail;

use super::child::{EXIT_BLANK, EXIT_DAMAGED, EXIT_TOO_LARGE, EXIT_TOOL_MISSING, EXIT_UNSUPPORTED};
use std::io;

pub(super) use decode::{Source, count};
pub(super) use pdf::thumbnail as pdf_thumbnail;
pub(super) use prepare::prepared;
pub(super) use sheet::{Font, sheet};
pub(super) use thumbnail::thumbnail;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// It is broken.
    #[error("the picture is damaged")]
    Damaged,
    /// It has more pixels than there is room for.
    #[error("the picture is too large")]
    TooLarge,
    /// A kind, or a feature, that nothing here reads.
    #[error("the picture is of a kind that is not read")]
    Unsupported,
    /// There is nothing on it.
    #[error("there is nothing on it")]
    Blank,
    /// There is no font to write with.
    #[error("no font is installed")]
    NoFont,
    /// A pipe broke.
    #[error("a pipe broke")]
    Pipe(#[source] io::Error),
}

impl Refusal {
    /// The code that the child ends with.
    ///
    /// # Errors
    /// When it says nothing of the file.
    pub fn exit_code(self) -> io::Result<i32> {
        match self {
            Self::Damaged => Ok(EXIT_DAMAGED),
            Self::TooLarge => Ok(EXIT_TOO_LARGE),
            Self::Unsupported => Ok(EXIT_UNSUPPORTED),
            Self::Blank => Ok(EXIT_BLANK),
            Self::NoFont => Ok(EXIT_TOOL_MISSING),
            Self::Pipe(error) => Err(error),
        }
    }
}
