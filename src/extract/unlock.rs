//! Opens a PDF with its password, once: what comes out is a PDF without one, for every other reader.

use super::ReadError;
use super::child::Format;
use super::program::Program;
use super::sandbox::{self, Task};
use crate::config::ReadingConfig;
use crate::domain::DocumentProblem;
use secrecy::{ExposeSecret, SecretString};
use std::fs::File;

/// An unlocked PDF may be that many times as large as it was: what it holds may be packed in another way.
const GROWTH: u64 = 4;

/// No PDF takes a longer one: 127 bytes (ISO 32000-2).
const LONGEST_PASSWORD: usize = 1024;

/// The same PDF without its password, in a file without a name. `program` is as in [`super::Reader::new`].
///
/// # Errors
/// `Unreadable(Password)` where the password is another one.
pub async fn pdf<E>(
    program: &Program,
    limits: &ReadingConfig,
    scratch: &File,
    password: &SecretString,
) -> Result<File, ReadError<E>> {
    // qpdf reads a line.
    if password.expose_secret().len() > LONGEST_PASSWORD || password.expose_secret().contains(['\n', '\r', '\0']) {
        return Err(DocumentProblem::Password.into());
    }
    let task = Task { password: Some(password.clone()), ..Task::new(Format::PdfUnlocked, limits) };
    let most = scratch.metadata()?.len().saturating_mul(GROWTH) + (1 << 20);
    sandbox::run(program, &task, scratch, async |out| sandbox::scratch(out, most).await).await
}
