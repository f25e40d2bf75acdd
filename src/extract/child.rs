//! The inside of a reading child: confines itself for good (`confine/`), then reads standard input.
//!
//! It runs in a process of its own and may be killed at any instruction. It knows no settings, opens no connection, and
//! writes nothing but what it has made of its file to its standard output.

pub use super::confine::Limits;

use super::confine::{Needs, confine};
use super::formats::{self, Family};
use super::pictures::{self, Font, Refusal, Source};
use super::thumbnail::SIDE;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The file is broken.
pub const EXIT_DAMAGED: i32 = 65;
/// There is nothing on the picture.
pub const EXIT_BLANK: i32 = 66;
/// A program this needs is not installed.
pub const EXIT_TOOL_MISSING: i32 = 69;
/// The child itself failed, and says nothing of the file: it could not be confined, or a pipe broke.
pub const EXIT_FAILED: i32 = 71;
/// The file would take more room than a child is given.
pub const EXIT_TOO_LARGE: i32 = 73;
/// The file is of a kind, or uses a feature, that nothing here reads.
pub const EXIT_UNSUPPORTED: i32 = 76;
/// The file wants a password.
pub const EXIT_PASSWORD: i32 = 77;

/// What a child reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// By poppler's `pdftotext`.
    Pdf,
    /// The pictures in a PDF, a line each with its page, by poppler's `pdfimages`.
    PdfPictures,
    /// A PDF without its password, by qpdf. The password is read from standard error, which has to be a socket.
    PdfUnlocked,
    /// One `page` of a PDF as a picture (PNM), by poppler's `pdftoppm`: with `resolution` in gray, with `side` in colour.
    PdfPage,
    /// One `page` of a PDF as a small picture (WebP), the longer side of `side` pixels, by hayro.
    PdfThumbnail,
    /// The words on a picture, in `languages`, as tesseract's table (TSV).
    Words,
    /// Which side of a picture is up, in tesseract's words.
    Upright,
    /// How many pages a picture has: one, but for a TIFF.
    PictureCount,
    /// The `page` of a picture, turned clockwise by `turn` degrees and ready for tesseract (PGM). Where its
    /// `resolution` is known it is large enough.
    PicturePage,
    /// A picture as a small one (WebP), the longer side of `side` pixels at most.
    Thumbnail,
    /// The beginning of a text as a small picture (WebP), the longer side of `side` pixels.
    Sheet,
    /// A page of HTML, in frames (`frames.rs`).
    Html,
    /// A ZIP, and what is one inside, in frames: Office Open XML, OpenDocument, EPUB.
    Zip,
    /// A compound file, in frames: DOC, XLS, PPT, MSG.
    Ole,
    /// Rich text, in frames.
    Rtf,
    /// A mail, in frames.
    Mail,
    /// Tries to break out, confined as for a PDF.
    #[cfg(feature = "fault-injection")]
    ProbePdf,
    /// Tries to break out, confined as for drawing a PDF.
    #[cfg(feature = "fault-injection")]
    ProbeDrawing,
    /// Tries to break out, confined as for tesseract.
    #[cfg(feature = "fault-injection")]
    ProbeTesseract,
    /// Tries to break out, confined as for qpdf.
    #[cfg(feature = "fault-injection")]
    ProbeQpdf,
    /// Tries to break out, confined as for HTML.
    #[cfg(feature = "fault-injection")]
    ProbeHtml,
    /// Tries to break out of the program that draws PDFs, confined as for one.
    #[cfg(feature = "fault-injection")]
    ProbeRenderer,
    /// Tries to break out, confined as for HTML on a kernel without Landlock.
    #[cfg(feature = "fault-injection")]
    ProbeWithoutLandlock,
}

impl Format {
    /// Which of our own readers reads it: one that says in frames what it finds. None, where a tool reads it, or where it
    /// is a picture.
    pub(super) fn family(self) -> Option<Family> {
        match self {
            Self::Html => Some(Family::Html),
            Self::Zip => Some(Family::Zip),
            Self::Ole => Some(Family::Ole),
            Self::Rtf => Some(Family::Rtf),
            Self::Mail => Some(Family::Mail),
            _ => None,
        }
    }
}

/// What of a file a child is to read, and how. Each format looks at those that its description names.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Options {
    /// The page, from 1.
    #[arg(long)]
    pub page: Option<u32>,
    /// Dots an inch.
    #[arg(long)]
    pub resolution: Option<u32>,
    /// The longer side of a picture, in pixels.
    #[arg(long)]
    pub side: Option<u32>,
    /// By how much a picture is turned clockwise: 90, 180 or 270.
    #[arg(long)]
    pub turn: Option<u32>,
    /// As tesseract calls them: `deu+eng`.
    #[arg(long)]
    pub languages: Option<String>,
}

impl Options {
    /// The words that give a child these options.
    pub fn arguments(&self) -> Vec<String> {
        let numbers = [("page", self.page), ("resolution", self.resolution), ("side", self.side), ("turn", self.turn)];
        let numbers = numbers.into_iter().filter_map(|(name, value)| Some(format!("--{name}={}", value?)));
        numbers.chain(self.languages.iter().map(|names| format!("--languages={names}"))).collect()
    }
}

/// Reads standard input as `format` and writes what it says to standard output; answers the exit code.
///
/// # Errors
/// When the process can't be confined or a pipe breaks.
pub fn run(format: Format, options: &Options, limits: Limits) -> io::Result<i32> {
    match format.family() {
        Some(family) => framed(family, limits),
        None => run_small(format, options, limits),
    }
}

/// The same for what is drawn here. A program of its own, since what it takes would weigh on the start of every other child.
///
/// # Errors
/// As [`run`], and where `format` is anything else.
pub fn run_renderer(format: Format, options: &Options, limits: Limits) -> io::Result<i32> {
    confine(limits, Needs::Nothing)?;
    match format {
        Format::PdfThumbnail => {
            let pdf = Source::standard_input(limits.memory_bytes)?.bytes();
            let (page, side) = (options.page.unwrap_or(1), options.side.unwrap_or(SIDE));
            answer(pdf.and_then(|pdf| pictures::pdf_thumbnail(pdf, page, side)))
        }
        #[cfg(feature = "fault-injection")]
        Format::ProbeRenderer => super::probe::run(limits),
        _ => Err(not_read()),
    }
}

fn not_read() -> io::Error {
    io::Error::other("this program has no reader for it")
}

/// The same for what a tool reads, and for pictures. A program that does nothing but this is small: it has none of our
/// own readers, and not their tables.
///
/// # Errors
/// As [`run`], and where `format` is none of these.
pub fn run_small(format: Format, options: &Options, limits: Limits) -> io::Result<i32> {
    match format {
        Format::Html | Format::Zip | Format::Ole | Format::Rtf | Format::Mail | Format::PdfThumbnail => Err(not_read()),
        #[cfg(feature = "fault-injection")]
        Format::ProbeRenderer => Err(not_read()),
        Format::Pdf => {
            confine(limits, Needs::Poppler)?;
            become_tool(Command::new("pdftotext").args(["-htmlmeta", "-enc", "UTF-8", "-", "-"]))
        }
        Format::PdfPictures => {
            confine(limits, Needs::Poppler)?;
            become_tool(Command::new("pdfimages").args(["-list", "-"]))
        }
        Format::PdfUnlocked => {
            confine(limits, Needs::Qpdf)?;
            unlocked()
        }
        Format::PdfPage => {
            confine(limits, Needs::Drawing)?;
            let page = options.page.unwrap_or(1).to_string();
            let (how, much) = match options.side {
                Some(side) => ("-scale-to", side),
                None => ("-r", options.resolution.unwrap_or(300)),
            };
            let mut tool = Command::new("pdftoppm");
            tool.args(["-f", &page, "-l", &page, how, &much.to_string()]);
            // To be read, or to be looked at.
            tool.arg(if options.resolution.is_some() { "-gray" } else { "-cropbox" });
            become_tool(tool.arg("-"))
        }
        Format::Words => {
            confine(limits, Needs::Tesseract)?;
            let mut tool = tesseract();
            if let Some(resolution) = options.resolution {
                tool.args(["--dpi", &resolution.to_string()]);
            }
            let languages = options.languages.as_deref().unwrap_or("eng");
            become_tool(tool.args(["-l", languages, "--psm", "3", "tsv"]))
        }
        Format::Upright => {
            confine(limits, Needs::Tesseract)?;
            become_tool(tesseract().args(["-l", "osd", "--psm", "0"]))
        }
        Format::PictureCount => {
            confine(limits, Needs::Nothing)?;
            let count = pictures::count(Source::standard_input(limits.memory_bytes)?);
            answer(count.map(|count| count.to_string().into_bytes()))
        }
        Format::PicturePage => {
            confine(limits, Needs::Nothing)?;
            let picture = Source::standard_input(limits.memory_bytes)?.picture(options.page.unwrap_or(1));
            let page = picture.and_then(|picture| {
                pictures::prepared(picture, options.turn.unwrap_or(0), options.resolution.is_none())
            });
            answer(page)
        }
        Format::Thumbnail => {
            confine(limits, Needs::Nothing)?;
            let picture = Source::standard_input(limits.memory_bytes)?.picture(1);
            answer(picture.and_then(|picture| pictures::thumbnail(picture, options.side.unwrap_or(SIDE))))
        }
        Format::Sheet => {
            // Read before the bounds, under which nothing can be opened.
            let font = Font::of_this_machine();
            confine(limits, Needs::Nothing)?;
            let mut text = Vec::new();
            io::stdin().lock().take(SHEET_BYTES).read_to_end(&mut text)?;
            let text = String::from_utf8_lossy(&text);
            answer(font.and_then(|font| pictures::sheet(&font, &text, options.side.unwrap_or(SIDE))))
        }
        #[cfg(feature = "fault-injection")]
        Format::ProbePdf => {
            confine(limits, Needs::Poppler)?;
            super::probe::run(limits)
        }
        #[cfg(feature = "fault-injection")]
        Format::ProbeDrawing => {
            confine(limits, Needs::Drawing)?;
            super::probe::run(limits)
        }
        #[cfg(feature = "fault-injection")]
        Format::ProbeTesseract => {
            confine(limits, Needs::Tesseract)?;
            super::probe::run(limits)
        }
        #[cfg(feature = "fault-injection")]
        Format::ProbeQpdf => {
            confine(limits, Needs::Qpdf)?;
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

/// More of a text than goes on a sheet, in bytes.
const SHEET_BYTES: u64 = 16 * 1024;

/// Writes what was made of a picture, or says why there is nothing.
fn answer(made: Result<Vec<u8>, Refusal>) -> io::Result<i32> {
    match made {
        Ok(bytes) => {
            io::stdout().lock().write_all(&bytes)?;
            Ok(0)
        }
        Err(refusal) => {
            writeln!(io::stderr(), "{refusal}")?;
            refusal.exit_code()
        }
    }
}

/// From here on this process is a tool, confined as it is: that outlives exec.
fn become_tool(tool: &mut Command) -> io::Result<i32> {
    let error = tool.exec();
    writeln!(io::stderr(), "{}: {error}", tool.get_program().display())?;
    Ok(EXIT_TOOL_MISSING)
}

/// Its threads would only fight, and may not be: one.
fn tesseract() -> Command {
    let mut tool = Command::new("tesseract");
    tool.env("OMP_THREAD_LIMIT", "1").args(["stdin", "stdout"]);
    tool
}

/// Has qpdf write the same PDF without its password. That never stands in an argument or in the environment, which
/// others may see: it comes by the socket that standard error is, and goes on by a pipe.
fn unlocked() -> io::Result<i32> {
    let mut password = String::new();
    File::from(io::stderr().as_fd().try_clone_to_owned()?).take(4096).read_to_string(&mut password)?;
    // A line is what qpdf reads. It has room for more than that.
    let (reading, writing) = rustix::pipe::pipe()?;
    let mut writing = File::from(writing);
    writeln!(writing, "{password}")?;
    drop(writing);
    let from = format!("--password-file=/proc/self/fd/{}", reading.as_raw_fd());
    become_tool(Command::new("qpdf").args([
        "--decrypt",
        "--no-warn",
        "--warning-exit-0",
        &from,
        "/proc/self/fd/0",
        "-",
    ]))
}

/// Reads standard input by one of our own readers, which speak in frames.
fn framed(family: Family, limits: Limits) -> io::Result<i32> {
    confine(limits, Needs::Nothing)?;
    // Standard input is a file, and some formats begin at its end.
    let mut file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut to = BufWriter::with_capacity(128 * 1024, io::stdout().lock());
    let code = formats::run(family, &mut file, limits.memory_bytes, &mut to, &mut io::stderr())?;
    to.flush()?;
    Ok(code)
}
