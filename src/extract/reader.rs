//! From a file to its text: what it is, which children read it, and how their answers go together.
//!
//! Files lie in one another: a mail holds a ZIP, which holds a scan. Each of them is read like a file of its own, under
//! one [`Budget`] for all of them, so that no nesting makes more of a document than its limits allow.
//!
//! What a child said before it failed, or before its time was up, is kept and marked as cut.

use super::about::About;
use super::child::Format;
use super::formats::MOST_PARTS;
use super::frames::{self, Bounds, Frame, FrameError, FrameReader};
use super::ocr::{Ocr, OcrSettings, OcrText};
use super::program::Program;
use super::sandbox::{self, Taken, Task};
use super::sniff::{self, Kind};
use super::thumbnail::Thumbnailer;
use super::{HEAD_BYTES, Hint, ReadError, Reading, decode, pdf, text, tools, unlock};
use crate::config::ReadingConfig;
use crate::domain::{DocumentProblem, TextSource};
use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::{Stream, StreamExt};
use secrecy::SecretString;
use std::collections::HashSet;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::ChildStdout;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Largest file that is parsed, in bytes: the scratch space it takes.
const MAX_PARSED_BYTES: u64 = 1024 * 1024 * 1024;
/// How deep files may lie in one another: a scan in a ZIP in a mail in a mail.
const MAX_DEPTH: usize = 4;
/// Files within one document that are read, at most.
const MAX_PARTS: usize = 200;
/// Bytes of one of them …
const MAX_PART_BYTES: u64 = 256 * 1024 * 1024;
/// … and of all of them together, with what lies in them.
const MAX_PARTS_BYTES: u64 = 1024 * 1024 * 1024;
/// What a ZIP is that is nothing else.
const ZIP: &str = "application/zip";
/// More of the list of a PDF's pictures is not looked at: some 50,000 of them.
const PICTURE_LIST_BYTES: usize = 8 * 1024 * 1024;
/// A picture within a file that is smaller is an ornament: it is not looked at for words.
const ORNAMENT_BYTES: u64 = 8 * 1024;

/// Reads files.
#[derive(Debug, Clone)]
pub struct Reader {
    limits: ReadingConfig,
    program: Program,
    ocr: Ocr,
    thumbnailer: Thumbnailer,
    lacks: Lacks,
    /// A turn for each core: what takes a core for long, or much memory, has one until it is read.
    turns: Arc<Semaphore>,
}

/// What can't be done on this machine.
#[derive(Debug, Clone, Copy, Default)]
struct Lacks {
    pdf: bool,
    thumbnails: bool,
    ocr: bool,
    unlock: bool,
}

/// What is left for one document, with all that lies in it.
#[derive(Debug)]
struct Budget {
    /// When reading ends with what was read so far.
    until: Instant,
    /// Time for parsing the files within the file, by the clock; reading what is on pictures has its own.
    parsing: Duration,
    /// Files within files.
    parts: usize,
    /// Their bytes.
    parts_bytes: u64,
    /// Pages that are read off pictures.
    pages: usize,
}

/// A file that has to be parsed.
#[derive(Debug, Clone, Copy)]
struct Subject<'a> {
    kind: Kind,
    file: &'a File,
    /// How many files it lies in.
    depth: usize,
}

/// What was made of a file so far.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// What it turned out to be.
    pub content_type: Option<String>,
    pub about: About,
    pub text: String,
    /// Something was left out.
    pub truncated: bool,
    /// Where the text comes from, as far as there is any.
    pub source: Option<TextSource>,
    /// Why there is no more, or nothing at all.
    pub problem: Option<DocumentProblem>,
}

impl Reader {
    /// A reader whose children are of `program`.
    pub fn new(limits: ReadingConfig, program: Program) -> Self {
        let capabilities = tools::capabilities(&limits.ocr_languages);
        let lacks = |name| capabilities.iter().any(|found| found.name == name && !found.missing.is_empty());
        let lacks = Lacks {
            pdf: lacks("pdf"),
            thumbnails: lacks("thumbnails"),
            unlock: lacks("unlock"),
            ocr: lacks("ocr") || limits.ocr_languages.is_empty(),
        };
        let settings = OcrSettings {
            languages: limits.ocr_languages.join("+"),
            max_pages: limits.ocr_max_pages as usize,
            timeout: limits.ocr_timeout,
        };
        // One page for each core, whichever documents they belong to.
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let ocr = Ocr::new(settings, limits.clone(), program.clone(), Arc::new(Semaphore::new(cores)));
        let thumbnailer = Thumbnailer::new(limits.clone(), program.clone());
        Self { limits, program, ocr, thumbnailer, lacks, turns: Arc::new(Semaphore::new(cores)) }
    }

    /// The same reader, but one that makes no pictures of first pages: those cost more than the text does.
    pub fn without_thumbnails(mut self) -> Self {
        self.lacks.thumbnails = true;
        self
    }

    /// Reads one file, with a password where there is one. It takes no more of `source` than it needs: a file that nobody
    /// can read is left after its head.
    ///
    /// # Errors
    /// `Unreadable` for a file that was not even looked into; the others may pass.
    pub async fn read<E>(
        &self,
        hint: Hint<'_>,
        password: Option<SecretString>,
        source: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Reading, ReadError<E>> {
        // Asked for more after its end, a stream may panic.
        let mut source = source.fuse();
        let mut head = Vec::new();
        while head.len() < HEAD_BYTES
            && let Some(piece) = source.next().await
        {
            head.extend_from_slice(&piece.map_err(ReadError::Source)?);
        }
        // Not by more, however large the pieces were: the same file is the same kind each time.
        let kind = sniff::kind(&head[..head.len().min(HEAD_BYTES)], hint);
        match kind {
            Kind::Unknown => Err(DocumentProblem::Unsupported.into()),
            Kind::Text => {
                // A short one is done before its turn would come.
                let _turn = if head.len() < HEAD_BYTES { None } else { Some(self.turn().await?) };
                Ok(text::finish(self.decode(head, source).await?, None))
            }
            kind => {
                let _turn = self.turn().await?;
                let mut scratch = spool(head, source).await?;
                if kind == Kind::Pdf
                    && let Some(password) = password
                {
                    if self.lacks.unlock {
                        return Err(DocumentProblem::Password.into());
                    }
                    scratch = unlock::pdf(&self.program, &self.limits, &scratch, &password).await?;
                }
                let subject = Subject { kind, file: &scratch, depth: 0 };
                let parsed = self.parse(subject, &mut self.budget()).await?;
                let thumbnail = self.thumbnail(subject, &parsed).await;
                Ok(text::finish(parsed, thumbnail))
            }
        }
    }

    /// Looks whether reading children can be started and confined here, by having one read a word, and one that may be of
    /// the small program draw a picture.
    ///
    /// # Errors
    /// When they can't: then no file that has to be parsed could be read.
    pub async fn check(&self) -> io::Result<()> {
        let mut page = tempfile::tempfile()?;
        page.write_all(b"<p>ready</p>")?;
        let subject = Subject { kind: Kind::Html, file: &page, depth: 0 };
        let read = self.parse(subject, &mut self.budget()).await?;
        if !read.text.contains("ready") {
            let problem = read.problem;
            return Err(io::Error::other(format!("a child read something else than it was given: {problem:?}")));
        }
        let mut pixel = tempfile::tempfile()?;
        pixel.write_all(b"P5 1 1 255\n\xff")?;
        match own(self.thumbnailer.of_picture(&pixel).await)? {
            Ok(_) => Ok(()),
            Err(problem) => Err(io::Error::other(format!("a child could not draw a picture: {problem:?}"))),
        }
    }

    /// Has a child try to break out (`probe.rs`), started as for a real file; answers what it says.
    ///
    /// # Errors
    /// As [`Reader::read`].
    #[cfg(feature = "fault-injection")]
    pub async fn probe(&self, format: &'static str, script: &str) -> Result<(String, bool), ReadError<Infallible>> {
        let format = <Format as clap::ValueEnum>::from_str(format, false).map_err(io::Error::other)?;
        let mut scratch = tempfile::tempfile()?;
        scratch.write_all(script.as_bytes())?;
        let most = self.limits.max_text_bytes;
        let task = Task::new(format, &self.limits);
        sandbox::run(&self.program, &task, &scratch, async |stdout| sandbox::text(stdout, most).await).await
    }

    async fn turn(&self) -> io::Result<SemaphorePermit<'_>> {
        self.turns.acquire().await.map_err(io::Error::other)
    }

    fn budget(&self) -> Budget {
        Budget {
            until: Instant::now() + self.limits.timeout + self.limits.ocr_timeout,
            parsing: self.limits.timeout,
            parts: MAX_PARTS,
            parts_bytes: MAX_PARTS_BYTES,
            pages: self.limits.ocr_max_pages as usize,
        }
    }

    async fn decode<E>(
        &self,
        head: Vec<u8>,
        mut source: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Parsed, ReadError<E>> {
        let limit = self.limits.max_text_bytes;
        let mut bytes = head;
        while bytes.len() <= limit
            && let Some(piece) = source.next().await
        {
            bytes.extend_from_slice(&piece.map_err(ReadError::Source)?);
        }
        Ok(self.decoded(bytes))
    }

    fn decoded(&self, mut bytes: Vec<u8>) -> Parsed {
        let limit = self.limits.max_text_bytes;
        let truncated = bytes.len() > limit;
        bytes.truncate(limit);
        let text = decode::to_utf8(&bytes);
        drop(bytes);
        let mut parsed = Parsed { truncated, ..Parsed::default() };
        // An encoding of one byte a letter grows in UTF-8.
        parsed.add(&text, TextSource::Embedded, limit);
        parsed
    }

    /// A small picture of the first page. A document goes without where none can be made.
    async fn thumbnail(&self, subject: Subject<'_>, parsed: &Parsed) -> Option<Vec<u8>> {
        let made = match subject.kind {
            Kind::Pdf if !self.lacks.thumbnails => self.thumbnailer.of_pdf::<Infallible>(subject.file).await,
            Kind::Picture(_) => self.thumbnailer.of_picture(subject.file).await,
            Kind::Zip | Kind::Ole | Kind::Rtf | Kind::Mail
                if parsed.text.contains(char::is_alphanumeric) && parsed.content_type.as_deref() != Some(ZIP) =>
            {
                self.thumbnailer.of_text(&parsed.text).await
            }
            _ => return None,
        };
        match made {
            Ok(picture) => Some(picture),
            Err(ReadError::Unreadable(_)) => None,
            Err(error) => {
                log::warn!("a thumbnail could not be made: {}", crate::error::cause_chain(&error));
                None
            }
        }
    }

    /// Reads a file by children.
    fn parse<'a>(&'a self, subject: Subject<'a>, budget: &'a mut Budget) -> BoxFuture<'a, io::Result<Parsed>> {
        async move {
            match subject.kind {
                Kind::Unknown => Ok(Parsed::unreadable(DocumentProblem::Unsupported)),
                Kind::Text => {
                    let mut bytes = Vec::new();
                    let mut file = subject.file;
                    file.rewind()?;
                    file.take(self.limits.max_text_bytes as u64 + 1).read_to_end(&mut bytes)?;
                    Ok(self.decoded(bytes))
                }
                Kind::Html => self.listen(Format::Html, subject, budget).await,
                Kind::Zip => self.listen(Format::Zip, subject, budget).await,
                Kind::Ole => self.listen(Format::Ole, subject, budget).await,
                Kind::Rtf => self.listen(Format::Rtf, subject, budget).await,
                Kind::Mail => self.listen(Format::Mail, subject, budget).await,
                Kind::Pdf if self.lacks.pdf => Ok(Parsed::unreadable(DocumentProblem::Unsupported)),
                Kind::Pdf => self.pdf(subject, budget).await,
                Kind::Picture(_) if self.lacks.ocr => Ok(Parsed::unreadable(DocumentProblem::Unsupported)),
                Kind::Picture(_) => self.picture(subject, budget).await,
            }
        }
        .boxed()
    }

    /// Reads a file by a child that speaks in frames, then the files that lie in it.
    async fn listen(&self, format: Format, subject: Subject<'_>, budget: &mut Budget) -> io::Result<Parsed> {
        let mut heard = Heard::new()?;
        let bounds = Bounds {
            text_bytes: self.limits.max_text_bytes,
            // Text comes behind parts that are not read, too.
            parts: MOST_PARTS,
            part_bytes: MAX_PART_BYTES,
            parts_bytes: budget.parts_bytes,
        };
        let task = Task::new(format, &self.limits);
        let start = Instant::now();
        let ended =
            own(
                sandbox::run(&self.program, &task, subject.file, async |stdout| heard.take(stdout, bounds).await).await
            )?;
        budget.parsing = budget.parsing.saturating_sub(start.elapsed());
        let Heard { said, about, truncated, mut parts, .. } = heard;
        let mut parsed = Parsed {
            content_type: about.content_type.clone(),
            about: about.into(),
            truncated: truncated || ended.is_err(),
            problem: ended.err(),
            ..Parsed::default()
        };
        let limit = self.limits.max_text_bytes;
        for said in said {
            match said {
                Said::Text(text) => parsed.add(&text, TextSource::Embedded, limit),
                Said::Part { name, content_type, from, bytes } => {
                    parsed.add_line(&name, limit);
                    let over = budget.parsing.is_zero() || Instant::now() >= budget.until;
                    if budget.parts == 0 || subject.depth + 1 == MAX_DEPTH || over {
                        parsed.truncated = true;
                        continue;
                    }
                    budget.parts_bytes = budget.parts_bytes.saturating_sub(bytes);
                    parts.seek(SeekFrom::Start(from))?;
                    let (kind, file) = part(&mut parts, bytes, &name, content_type.as_deref())?;
                    if matches!(kind, Kind::Picture(_)) && bytes < ORNAMENT_BYTES {
                        continue;
                    }
                    budget.parts -= 1;
                    let within = Subject { kind, file: &file, depth: subject.depth + 1 };
                    let read = self.parse(within, budget).await?;
                    parsed.add_part(read, limit);
                }
            }
        }
        Ok(parsed)
    }

    /// Reads a PDF: the text that stands in it, and what is on the pages that have little.
    async fn pdf(&self, subject: Subject<'_>, budget: &mut Budget) -> io::Result<Parsed> {
        let limit = self.limits.max_text_bytes;
        let task = Task::new(Format::Pdf, &self.limits);
        let mut output = Vec::new();
        let start = Instant::now();
        let ended = own(sandbox::run(&self.program, &task, subject.file, async |mut stdout: ChildStdout| {
            (&mut stdout).take(limit as u64 + 1).read_to_end(&mut output).await?;
            Ok(if output.len() > limit { Taken::Enough(()) } else { Taken::Whole(()) })
        })
        .await)?;
        budget.parsing = budget.parsing.saturating_sub(start.elapsed());
        let truncated = output.len() > limit || ended.is_err();
        output.truncate(limit);
        // A letter may be cut in two at the limit.
        let output = String::from_utf8_lossy(&output).trim_end_matches('\u{fffd}').to_owned();
        let (about, text) = pdf::split(output);
        let mut parsed = Parsed { about, truncated, problem: ended.err(), ..Parsed::default() };
        let pages = pdf::pages(&text);
        parsed.about.page_count = i32::try_from(pages.len()).ok();
        let mut bare: Vec<u32> =
            (1..).zip(&pages).filter(|(_, page)| pdf::is_bare(page)).map(|(number, _)| number).collect();
        let is_short = |page: u32| pages.get(page as usize - 1).is_some_and(|text| !pdf::is_empty(text));
        if !self.lacks.ocr && !truncated && bare.iter().any(|page| is_short(*page)) {
            // The last lines of a letter on a page of their own are no scan. Of an empty page it can't be told: letters
            // may be drawn as lines.
            let scanned = match pdf::may_have_pictures(subject.file)? {
                true => self.pictured_pages(subject.file).await?,
                false => HashSet::new(),
            };
            bare.retain(|page| !is_short(*page) || scanned.contains(page));
        }
        let mut read = OcrText::default();
        if !bare.is_empty() && !self.lacks.ocr && !truncated {
            match own(self.ocr_within(budget).pages_of_pdf(subject.file, &bare).await)? {
                Ok(text) => read = text,
                // A page that can't be drawn has no text, as before.
                Err(problem) => parsed.problem = Some(problem),
            }
        }
        budget.pages = budget.pages.saturating_sub(read.pages.len());
        parsed.truncated |= read.truncated;
        let mut drawn = read.pages.into_iter().peekable();
        for (number, page) in (1..).zip(pages) {
            match drawn.next_if(|drawn| drawn.number == number) {
                // What stands on the page as text stands in its picture, too.
                Some(drawn) if pdf::says_more(&drawn.text, page) => parsed.add(&drawn.text, TextSource::Ocr, limit),
                _ => parsed.add(page, TextSource::Embedded, limit),
            }
            parsed.add("\u{c}", TextSource::Embedded, limit);
        }
        Ok(parsed)
    }

    /// The pages of a PDF that have a picture which may be a scan. None where that can't be told.
    async fn pictured_pages(&self, pdf: &File) -> io::Result<HashSet<u32>> {
        let task = Task::new(Format::PdfPictures, &self.limits);
        let list = async |stdout| sandbox::text(stdout, PICTURE_LIST_BYTES).await;
        let listed = own(sandbox::run(&self.program, &task, pdf, list).await)?;
        Ok(listed.map(|(list, _)| pdf::scanned_pages(&list)).unwrap_or_default())
    }

    /// Reads what stands on a picture.
    async fn picture(&self, subject: Subject<'_>, budget: &mut Budget) -> io::Result<Parsed> {
        let mut parsed = Parsed::default();
        match own(self.ocr_within(budget).pages_of_picture(subject.file).await)? {
            Ok(read) => {
                budget.pages = budget.pages.saturating_sub(read.pages.len());
                parsed.truncated = read.truncated;
                parsed.about.page_count = i32::try_from(read.asked).ok().filter(|pages| *pages > 1);
                for page in read.pages {
                    parsed.add(&page.text, TextSource::Ocr, self.limits.max_text_bytes);
                    if read.asked > 1 {
                        parsed.add("\u{c}", TextSource::Ocr, self.limits.max_text_bytes);
                    }
                }
            }
            Err(problem) => parsed.problem = Some(problem),
        }
        Ok(parsed)
    }

    fn ocr_within(&self, budget: &Budget) -> Ocr {
        self.ocr.within(budget.pages, budget.until.saturating_duration_since(Instant::now()))
    }
}

/// What a child said, in order.
#[derive(Debug)]
enum Said {
    Text(String),
    /// A file within the file: where its bytes begin in the file of all parts, and how many they are.
    Part {
        name: String,
        content_type: Option<String>,
        from: u64,
        bytes: u64,
    },
}

/// All that a child said.
#[derive(Debug)]
struct Heard {
    said: Vec<Said>,
    about: frames::About,
    truncated: bool,
    /// The bytes of all parts, one behind the other.
    parts: File,
    parts_bytes: u64,
}

impl Heard {
    fn new() -> io::Result<Self> {
        let parts = tempfile::tempfile()?;
        Ok(Self { said: Vec::new(), about: frames::About::default(), truncated: false, parts, parts_bytes: 0 })
    }

    /// Takes what a child says, until it has finished or said as much as is wanted.
    async fn take(&mut self, stdout: ChildStdout, bounds: Bounds) -> io::Result<Taken<()>> {
        let mut frames = FrameReader::new(stdout, bounds);
        loop {
            match frames.next().await {
                Ok(Some(frame)) => self.hear(frame)?,
                Ok(None) => return Ok(Taken::Whole(())),
                Err(FrameError::TooMuch(_)) => {
                    self.truncated = true;
                    return Ok(Taken::Enough(()));
                }
                Err(FrameError::Io(error)) => return Err(error),
                Err(error @ FrameError::Unfinished) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, error)),
                Err(error @ FrameError::Malformed(_)) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
    }

    fn hear(&mut self, frame: Frame) -> io::Result<()> {
        match frame {
            Frame::Text(text) => match self.said.last_mut() {
                Some(Said::Text(before)) => before.push_str(&text),
                _ => self.said.push(Said::Text(text)),
            },
            Frame::About(about) => self.about.merge(about),
            Frame::Part(part) => {
                let content_type = part.content_type;
                self.said.push(Said::Part { name: part.name, content_type, from: self.parts_bytes, bytes: 0 });
            }
            Frame::Bytes(piece) => {
                // A page cache away from the disk, as a rule: a few hundred KiB.
                self.parts.write_all(&piece)?;
                self.parts_bytes += piece.len() as u64;
                if let Some(Said::Part { bytes, .. }) = self.said.last_mut() {
                    *bytes += piece.len() as u64;
                }
            }
            Frame::PartEnd => {}
            Frame::Finished(end) => self.truncated |= end.truncated,
        }
        Ok(())
    }
}

/// A file within a file, as a file of its own, and what it is.
fn part(parts: &mut File, bytes: u64, name: &str, content_type: Option<&str>) -> io::Result<(Kind, File)> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut parts.take(bytes), &mut file)?;
    file.rewind()?;
    let mut head = Vec::new();
    (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
    let hint = Hint { content_type: content_type.unwrap_or_default(), extension: extension.as_deref() };
    Ok((sniff::kind(&head, hint), file))
}

/// Writes a file to scratch space: it has no name, and dies with its last handle.
async fn spool<E>(
    head: Vec<u8>,
    mut source: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<File, ReadError<E>> {
    let mut scratch = tokio::fs::File::from_std(tempfile::tempfile()?);
    let mut written = head.len() as u64;
    scratch.write_all(&head).await?;
    while let Some(piece) = source.next().await {
        let piece = piece.map_err(ReadError::Source)?;
        written += piece.len() as u64;
        if written > MAX_PARSED_BYTES {
            return Err(DocumentProblem::TooLarge.into());
        }
        scratch.write_all(&piece).await?;
    }
    scratch.flush().await?;
    Ok(scratch.into_std().await)
}

/// Tells what is wrong with a file from what is wrong in our own house.
pub(super) fn own<T>(result: Result<T, ReadError<Infallible>>) -> io::Result<Result<T, DocumentProblem>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(ReadError::Unreadable(problem)) => Ok(Err(problem)),
        Err(ReadError::Failed(error)) => Err(error),
    }
}

impl Parsed {
    /// Nothing but what is wrong.
    fn unreadable(problem: DocumentProblem) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }

    /// Adds text, up to `limit` bytes in all.
    fn add(&mut self, text: &str, source: TextSource, limit: usize) {
        let fits = text.floor_char_boundary(limit - self.text.len().min(limit));
        self.truncated |= fits < text.len();
        self.text.push_str(&text[..fits]);
        if text[..fits].contains(char::is_alphanumeric) {
            self.source = Some(match self.source {
                Some(before) if before != source => TextSource::Mixed,
                _ => source,
            });
        }
    }

    /// Adds a line of its own.
    fn add_line(&mut self, line: &str, limit: usize) {
        let end = if self.text.is_empty() || self.text.ends_with('\n') { "" } else { "\n" };
        self.add(&format!("{end}{line}\n"), TextSource::Embedded, limit);
    }

    /// Adds what was read of a file within the file.
    fn add_part(&mut self, part: Self, limit: usize) {
        self.truncated |= part.truncated;
        let source = part.source.unwrap_or(TextSource::Embedded);
        // Its pages are not those of the whole.
        self.add(&part.text.replace('\u{c}', "\n"), source, limit);
        if !self.text.ends_with('\n') {
            self.add("\n", source, limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::ReadText;
    use futures_util::stream;

    fn reader() -> Reader {
        let limits = ReadingConfig {
            timeout: Duration::from_secs(5),
            memory_bytes: 1 << 30,
            max_text_bytes: 64 * 1024,
            ..ReadingConfig::default()
        };
        Reader::new(limits, Program::alone("/nonexistent".into()))
    }

    async fn read(bytes: Vec<u8>, content_type: &str) -> Result<ReadText, DocumentProblem> {
        let pieces: Vec<_> = bytes.chunks(1000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let hint = Hint { content_type, extension: None };
        match reader().read::<Infallible>(hint, None, stream::iter(pieces)).await {
            Ok(reading) => reading.text,
            Err(ReadError::Unreadable(problem)) => Err(problem),
            Err(error) => panic!("{error}"),
        }
    }

    #[tokio::test]
    async fn what_a_file_is_does_not_hang_on_how_its_bytes_come() {
        let text_then_noise = [b"words ".repeat(HEAD_BYTES), vec![0; 1000]].concat();
        for size in [1, 1000, HEAD_BYTES, text_then_noise.len()] {
            let pieces: Vec<_> =
                text_then_noise.chunks(size).map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece))).collect();
            let hint = Hint { content_type: "text/plain", extension: None };
            let read = reader().read(hint, None, stream::iter(pieces)).await.expect("a reading").text.expect("a text");
            assert!(read.text.ends_with("words "), "in pieces of {size}");
        }
    }

    #[tokio::test]
    async fn a_long_text_is_cut_and_says_so() {
        let done = read("word ".repeat(100_000).into_bytes(), "text/plain").await.expect("text");
        assert!(done.truncated);
        assert_eq!(done.text.len(), 64 * 1024);
    }

    #[tokio::test]
    async fn nothing_to_read_is_said_in_a_code() {
        for (bytes, problem) in [
            (b" \n\t ".to_vec(), DocumentProblem::Empty),
            (vec![0, 1, 2, 3, 4, 5], DocumentProblem::Unsupported),
            (b"\x7fELF\x02\x01\x01\0\0\0\0\0".to_vec(), DocumentProblem::Unsupported),
        ] {
            let result = read(bytes, "text/plain").await;
            assert_eq!(result.as_ref().err(), Some(&problem), "{result:?}");
        }
    }
}
