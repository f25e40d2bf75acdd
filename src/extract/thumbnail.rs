//! Small pictures of documents (WebP), each made by reading children.

use super::ReadError;
use super::child::{Format, Options};
use super::program::Program;
use super::sandbox::{self, Task};
use crate::config::ReadingConfig;
use crate::domain::DocumentProblem;
use crate::error::cause_chain;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

/// The longer side, in pixels.
pub const SIDE: u32 = 400;
/// Most bytes of one: some ten times what a photograph takes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Beginning of a text that a sheet is written from, in bytes.
const TEXT_BYTES: usize = 16 * 1024;
/// A document that takes longer goes without.
const CPU: Duration = Duration::from_secs(10);

/// Makes thumbnails.
#[derive(Debug, Clone)]
pub struct Thumbnailer {
    limits: ReadingConfig,
    program: Program,
}

impl Thumbnailer {
    /// One whose children are of `program`, as a [`super::Reader`]'s are.
    pub fn new(limits: ReadingConfig, program: Program) -> Self {
        Self { limits: ReadingConfig { timeout: limits.timeout.min(CPU), ..limits }, program }
    }

    /// Of the first page of a PDF: by our own renderer, and what that can't draw by poppler, which takes twice the CPU.
    ///
    /// # Errors
    /// When there is none to be had; `Failed` where poppler is missing.
    pub async fn of_pdf<E>(&self, pdf: &File) -> Result<Vec<u8>, ReadError<E>> {
        if self.program.renders() {
            match self.made(Format::PdfThumbnail, pdf).await {
                Err(ReadError::Unreadable(problem)) if problem != DocumentProblem::TimedOut => {}
                Err(ReadError::Failed(error)) => log::warn!("a PDF could not be drawn here: {}", cause_chain(&error)),
                made => return made,
            }
        }
        let task = self.task(Format::PdfPage);
        let most = u64::from(SIDE * SIDE) * 3 + 1024;
        let page = sandbox::run(&self.program, &task, pdf, async |out| sandbox::scratch(out, most).await).await?;
        self.of_picture(&page).await
    }

    /// Of a picture, or the first page of one.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn of_picture<E>(&self, picture: &File) -> Result<Vec<u8>, ReadError<E>> {
        self.made(Format::Thumbnail, picture).await
    }

    /// Of a document without pages: a sheet of paper with the beginning of its text.
    ///
    /// # Errors
    /// When there is none to be had; `Failed` where there is no font.
    pub async fn of_text<E>(&self, text: &str) -> Result<Vec<u8>, ReadError<E>> {
        let mut scratch = tempfile::tempfile()?;
        scratch.write_all(&text.as_bytes()[..text.floor_char_boundary(TEXT_BYTES)])?;
        self.made(Format::Sheet, &scratch).await
    }

    async fn made<E>(&self, format: Format, scratch: &File) -> Result<Vec<u8>, ReadError<E>> {
        let task = self.task(format);
        sandbox::run(&self.program, &task, scratch, async |out| sandbox::bytes(out, MAX_BYTES).await).await
    }

    fn task(&self, format: Format) -> Task {
        Task::new(format, &self.limits).with(Options { side: Some(SIDE), page: Some(1), ..Options::default() })
    }
}
