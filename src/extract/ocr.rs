//! Reading writing on pictures: scanned PDFs, photographs of letters, pictures of screens.
//!
//! A page is drawn (`pdftoppm`), made ready (`pictures/prepare.rs`) and read (tesseract), each by a child of its own,
//! one after the other. Pages go side by side, as many at a time as there are permits. What can't be read of a document
//! in its time is left out and marked.

use super::ReadError;
use super::child::{Format, Options};
use super::program::Program;
use super::sandbox::{self, Task};
use crate::config::ReadingConfig;
use crate::domain::DocumentProblem;
use futures_util::{StreamExt, stream};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// Dots an inch at which a page is drawn. Of noisy scans as many words are read as at 300, from letters of 6 points on,
/// for some 12 % less.
const RESOLUTION: u32 = 240;
/// Pixels of a drawn page, at most: an A2 page, and a little more.
const MOST_PIXELS: u64 = 40_000_000;
/// The longer side of a page that would have more, in pixels.
const LARGE_SIDE: u32 = 6_000;
/// Most bytes of tesseract's table for one page. A page of small print has 50 bytes a word, and 2000 words.
const TABLE_BYTES: usize = 8 * 1024 * 1024;
/// Pages of one document that may wait for a permit at a time.
const WAITING: usize = 64;

/// A word that tesseract is less sure of is none: a stain, a line, a piece of a picture. In percent.
const HOPELESS: f32 = 25.0;
/// A page that tesseract is less sure of is a picture, or writing that it can't read. In percent.
const GARBLED: f32 = 35.0;
/// A page of words that tesseract is less sure of may lie on its side. In percent.
const DOUBTFUL: f32 = 70.0;

/// How pictures are read.
#[derive(Debug, Clone)]
pub struct OcrSettings {
    /// As tesseract calls them, the most likely one first: `deu+eng`.
    pub languages: String,
    /// Pages of one document that are read at most.
    pub max_pages: usize,
    /// How long one document may take by the clock, however many pages it has. Waiting for permits counts.
    pub timeout: Duration,
}

/// A page that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct OcrPage {
    /// Which one, from 1.
    pub number: u32,
    /// Its text; empty where there is none on it.
    pub text: String,
    /// How sure tesseract is of it, in percent.
    pub confidence: f32,
}

/// What was read of a document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OcrText {
    /// The pages that were read, in order.
    pub pages: Vec<OcrPage>,
    /// How many were to be read.
    pub asked: usize,
    /// Pages were left out: too many, no time, or broken.
    pub truncated: bool,
}

/// Reads pictures.
#[derive(Debug, Clone)]
pub struct Ocr {
    settings: OcrSettings,
    limits: ReadingConfig,
    program: Program,
    permits: Arc<Semaphore>,
}

impl Ocr {
    /// One whose children are of `program`, as a [`super::Reader`]'s are, each within `limits`; a page is read for each of
    /// `permits`, which keeps one core busy.
    pub fn new(settings: OcrSettings, limits: ReadingConfig, program: Program, permits: Arc<Semaphore>) -> Self {
        Self { settings, limits, program, permits }
    }

    /// The same for a document that has less left: so many pages, and that time.
    pub fn within(&self, max_pages: usize, timeout: Duration) -> Self {
        let max_pages = self.settings.max_pages.min(max_pages);
        let timeout = self.settings.timeout.min(timeout);
        Self { settings: OcrSettings { max_pages, timeout, ..self.settings.clone() }, ..self.clone() }
    }

    /// Reads `pages` of a PDF, counted from 1.
    ///
    /// # Errors
    /// Where not one page can be read, why the first can't. `Failed` where a tool or a language is missing.
    pub async fn pages_of_pdf<E>(&self, pdf: &File, pages: &[u32]) -> Result<OcrText, ReadError<E>> {
        self.read(From::Pdf(pdf), pages).await
    }

    /// Reads a picture, and all pages of one that has many.
    ///
    /// # Errors
    /// As [`Ocr::pages_of_pdf`].
    pub async fn pages_of_picture<E>(&self, picture: &File) -> Result<OcrText, ReadError<E>> {
        let task = self.task(Format::PictureCount, Options::default());
        let (count, _) = sandbox::run(&self.program, &task, picture, async |out| sandbox::text(out, 16).await).await?;
        let count = count.parse().map_err(|_| ReadError::Unreadable(DocumentProblem::Damaged))?;
        let pages: Vec<u32> = (1..=count).collect();
        self.read(From::Picture(picture), &pages).await
    }

    async fn read<E>(&self, from: From<'_>, pages: &[u32]) -> Result<OcrText, ReadError<E>> {
        let end = Instant::now() + self.settings.timeout;
        let some = &pages[..pages.len().min(self.settings.max_pages)];
        let mut text = OcrText { asked: pages.len(), truncated: some.len() < pages.len(), pages: Vec::new() };
        let mut why = None;
        let mut reading = stream::iter(some.to_vec()).map(|number| self.page(from, number)).buffer_unordered(WAITING);
        loop {
            match timeout_at(end, reading.next()).await {
                Ok(None) => break,
                Ok(Some(Ok(page))) => text.pages.push(page),
                Ok(Some(Err(ReadError::Unreadable(problem)))) => {
                    text.truncated = true;
                    why.get_or_insert(problem);
                }
                Ok(Some(Err(error))) => return Err(error),
                // The children that still read are ended with `reading`.
                Err(_) => {
                    text.truncated = true;
                    why.get_or_insert(DocumentProblem::TimedOut);
                    break;
                }
            }
        }
        drop(reading);
        match why {
            Some(problem) if text.pages.is_empty() => Err(problem.into()),
            _ => {
                text.pages.sort_by_key(|page| page.number);
                Ok(text)
            }
        }
    }

    async fn page<E>(&self, from: From<'_>, number: u32) -> Result<OcrPage, ReadError<E>> {
        let _permit = self.permits.acquire().await.map_err(io::Error::other)?;
        let read = match from {
            From::Pdf(pdf) => {
                let page = self.drawn(pdf, number).await?;
                self.upright(&page, 1, Some(RESOLUTION)).await
            }
            From::Picture(picture) => self.upright(picture, number, None).await,
        };
        match read {
            Ok(words) => {
                let confidence = words.confidence();
                let text = if confidence < GARBLED { String::new() } else { words.text };
                Ok(OcrPage { number, text, confidence })
            }
            // A blank page was read, too.
            Err(ReadError::Unreadable(DocumentProblem::Empty)) => {
                Ok(OcrPage { number, text: String::new(), confidence: 100.0 })
            }
            Err(error) => Err(error),
        }
    }

    /// A page of a PDF, drawn; smaller where it would be too large.
    async fn drawn<E>(&self, pdf: &File, page: u32) -> Result<File, ReadError<E>> {
        let options = Options { page: Some(page), resolution: Some(RESOLUTION), ..Options::default() };
        let smaller = Options { side: Some(LARGE_SIDE), ..options.clone() };
        match self.file(Format::PdfPage, options, pdf, MOST_PIXELS).await {
            Err(ReadError::Unreadable(DocumentProblem::TooLarge)) => {
                self.file(Format::PdfPage, smaller, pdf, MOST_PIXELS).await
            }
            drawn => drawn,
        }
    }

    /// Reads a page; where it makes next to no sense, looks whether it is to be turned.
    async fn upright<E>(&self, picture: &File, page: u32, resolution: Option<u32>) -> Result<Words, ReadError<E>> {
        let (ready, words) = self.turned(picture, page, resolution, 0).await?;
        if words.confidence() >= DOUBTFUL {
            return Ok(words);
        }
        let task = self.task(Format::Upright, Options::default());
        let said = sandbox::run(&self.program, &task, &ready, async |out| sandbox::text(out, 4096).await).await;
        drop(ready);
        // Where there are too few letters to tell, tesseract fails.
        let turn = match said {
            Ok((said, _)) => clockwise(&said),
            Err(ReadError::Unreadable(_)) => None,
            Err(error) => return Err(error),
        };
        let Some(turn) = turn else { return Ok(words) };
        match self.turned(picture, page, resolution, turn).await {
            Ok((_, other)) if other.sense > words.sense => Ok(other),
            Ok(_) | Err(ReadError::Unreadable(_)) => Ok(words),
            Err(error) => Err(error),
        }
    }

    /// Reads a page turned by so many degrees; answers also what tesseract has read it from.
    async fn turned<E>(
        &self,
        picture: &File,
        page: u32,
        resolution: Option<u32>,
        turn: u32,
    ) -> Result<(File, Words), ReadError<E>> {
        let options = Options { page: Some(page), turn: Some(turn), resolution, ..Options::default() };
        // A little more than is drawn: where lines are made level, the corners stand out.
        let ready = self.file(Format::PicturePage, options, picture, 2 * MOST_PIXELS).await?;
        let languages = Some(self.settings.languages.clone());
        let task = self.task(Format::Words, Options { languages, resolution, ..Options::default() });
        let table = async |out| sandbox::text(out, TABLE_BYTES).await;
        let (table, _) = sandbox::run(&self.program, &task, &ready, table).await?;
        Ok((ready, Words::of_table(&table)))
    }

    async fn file<E>(&self, format: Format, options: Options, from: &File, most: u64) -> Result<File, ReadError<E>> {
        let task = self.task(format, options);
        sandbox::run(&self.program, &task, from, async |out| sandbox::scratch(out, most).await).await
    }

    fn task(&self, format: Format, options: Options) -> Task {
        Task::new(format, &self.limits).with(options)
    }
}

/// What has the pages.
#[derive(Debug, Clone, Copy)]
enum From<'a> {
    Pdf(&'a File),
    Picture(&'a File),
}

/// What tesseract says of the orientation: by how many degrees the picture has to be turned; none where it is upright.
fn clockwise(said: &str) -> Option<u32> {
    let turn = said.lines().find_map(|line| line.strip_prefix("Rotate:"))?.trim().parse().ok()?;
    matches!(turn, 90 | 180 | 270).then_some(turn)
}

/// The words of a page.
#[derive(Debug, Clone, Default, PartialEq)]
struct Words {
    text: String,
    /// Letters, each counted as far as it is sure: what makes the more of it is the better reading.
    sense: f32,
    /// Letters, of hopeless words as well.
    letters: f32,
}

impl Words {
    /// The text of a table as tesseract writes it (TSV): a row for each page, block, paragraph, line and word, with its
    /// place, how sure it is of it, and the word.
    fn of_table(table: &str) -> Self {
        let mut words = Self::default();
        let mut last = None;
        for row in table.lines() {
            let columns: Vec<&str> = row.split('\t').collect();
            let ["5", _, block, paragraph, line, .., sure, word] = columns[..] else { continue };
            let (Ok(sure), false) = (sure.parse::<f32>(), word.trim().is_empty()) else { continue };
            let letters = word.chars().count() as f32;
            words.letters += letters;
            if sure < HOPELESS {
                continue;
            }
            words.sense += letters * sure.min(100.0) / 100.0;
            let at = ((block, paragraph), line);
            words.text.push_str(match last {
                None => "",
                Some(before) if before == at => " ",
                Some((before, _)) if before == at.0 => "\n",
                Some(_) => "\n\n",
            });
            words.text.push_str(word.trim());
            last = Some(at);
        }
        words
    }

    /// In percent.
    fn confidence(&self) -> f32 {
        if self.letters > 0.0 { 100.0 * self.sense / self.letters } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext
1\t1\t0\t0\t0\t0\t0\t0\t1200\t900\t-1\t
5\t1\t1\t1\t1\t1\t49\t49\t93\t31\t96.5\tThe
5\t1\t1\t1\t1\t2\t158\t48\t116\t38\t95.5\tend
5\t1\t1\t1\t2\t1\t158\t48\t116\t38\t90\tof
5\t1\t1\t2\t1\t1\t158\t48\t116\t38\t9.1\t}{|
5\t1\t1\t2\t1\t2\t158\t48\t116\t38\t92\tit
5\t1\t2\t1\t1\t1\t158\t48\t116\t38\t95\t \t
5\t1\t2\t1\t1\t1\t158\t48\t116\t38\t99\tall\n";

    #[test]
    fn a_text_is_put_together_from_the_table() {
        let words = Words::of_table(TABLE);
        assert_eq!(words.text, "The end\nof\n\nit\n\nall");
        assert!((70.0..90.0).contains(&words.confidence()), "{words:?}");
        assert_eq!(Words::of_table("").confidence(), 0.0);
    }

    #[test]
    fn the_side_that_is_up_is_understood() {
        let said = "Page number: 0\nOrientation in degrees: 90\nRotate: 270\nOrientation confidence: 9.26\n";
        assert_eq!(clockwise(said), Some(270));
        assert_eq!(clockwise("Rotate: 0\n"), None);
        assert_eq!(clockwise("Rotate: 45\n"), None);
        assert_eq!(clockwise(""), None);
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_the_table_there_is_a_text_no_longer_than_it(table in "([0-9]\t){0,11}\\PC{0,20}|(5\t[0-3]\t[0-3]\t[0-3]\t[0-3]\t1\t1\t1\t1\t1\t[0-9]{1,3}\t\\PC{0,9}\n){0,30}") {
            let words = Words::of_table(&table);
            prop_assert!(words.text.len() <= table.len());
            prop_assert!((0.0..=100.01).contains(&words.confidence()));
        }
    }
}
