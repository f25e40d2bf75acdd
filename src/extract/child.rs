//! The inside of a reading child: confines itself for good (`confine/`), then reads standard input.
//!
//! It runs in a process of its own and may be killed at any instruction. It knows no settings, opens no connection, and
//! writes nothing but text to its standard output.

pub use super::confine::Limits;

use super::confine::{Needs, confine};
use super::decode;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The file is broken.
pub const EXIT_DAMAGED: i32 = 65;
/// A program this needs is not installed.
pub const EXIT_TOOL_MISSING: i32 = 69;
/// The child itself failed, and says nothing of the file: it could not be confined, or a pipe broke.
pub const EXIT_FAILED: i32 = 71;
/// The file wants a password.
pub const EXIT_PASSWORD: i32 = 77;

/// What a child reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// By poppler's `pdftotext`.
    Pdf,
    /// By html2text.
    Html,
    /// Tries to break out, confined as for a PDF.
    #[cfg(feature = "fault-injection")]
    ProbePdf,
    /// Tries to break out, confined as for HTML.
    #[cfg(feature = "fault-injection")]
    ProbeHtml,
    /// Tries to break out, confined as for HTML on a kernel without Landlock.
    #[cfg(feature = "fault-injection")]
    ProbeWithoutLandlock,
}

/// Reads standard input as `format` and writes its text to standard output; answers the exit code.
///
/// # Errors
/// When the process can't be confined or a pipe breaks.
pub fn run(format: Format, limits: Limits) -> io::Result<i32> {
    match format {
        // From here on this process is poppler, confined as it is: that outlives exec.
        Format::Pdf => {
            confine(limits, Needs::Poppler)?;
            let error = Command::new("pdftotext").args(["-enc", "UTF-8", "-", "-"]).exec();
            writeln!(io::stderr(), "pdftotext: {error}")?;
            Ok(EXIT_TOOL_MISSING)
        }
        Format::Html => {
            confine(limits, Needs::Nothing)?;
            html(limits.memory_bytes)
        }
        #[cfg(feature = "fault-injection")]
        Format::ProbePdf => {
            confine(limits, Needs::Poppler)?;
            super::probe::run(limits)
        }
        #[cfg(feature = "fault-injection")]
        Format::ProbeHtml => {
            confine(limits, Needs::Nothing)?;
            super::probe::run(limits)
        }
        #[cfg(feature = "fault-injection")]
        Format::ProbeWithoutLandlock => {
            super::confine::confine_without_landlock(limits, Needs::Nothing)?;
            super::probe::run(limits)
        }
    }
}

/// How much of an HTML file is read under a limit on memory, in bytes: a tree takes many times the room of its text.
pub(super) fn most_html(memory_bytes: u64) -> u64 {
    memory_bytes / 16
}

fn html(memory_bytes: u64) -> io::Result<i32> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(most_html(memory_bytes)).read_to_end(&mut bytes)?;
    let page = decode::html_to_utf8(&bytes);
    // Lines as long as the paragraphs: the text is for searching, not for a terminal.
    let config = html2text::config::plain_no_decorate().raw_mode(true).allow_width_overflow();
    match config.string_from_read(page.as_bytes(), 4096) {
        Ok(text) => {
            io::stdout().write_all(text.as_bytes())?;
            Ok(0)
        }
        Err(error) => {
            writeln!(io::stderr(), "{error}")?;
            Ok(EXIT_DAMAGED)
        }
    }
}
