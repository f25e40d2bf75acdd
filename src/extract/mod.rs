//! Reading: from bytes to text.
//!
//! Plain text is decoded here, which is a bounded copy. Whatever has to be parsed goes into a scratch file without a
//! name, which dies with its last handle, and a confined child process reads it (`sandbox.rs` is the outside,
//! `child.rs` and `confine/` the inside). So one poison file harms only itself, and no file can be mistaken for
//! another's.

pub mod child;
mod confine;
mod decode;
mod index_text;
#[cfg(feature = "fault-injection")]
mod probe;
mod sandbox;
mod sniff;

pub use confine::lacks_landlock;
pub use sniff::declared_or_guessed;

use crate::config::ReadingConfig;
use crate::domain::DocumentProblem;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sniff::Kind;
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use tokio::io::AsyncWriteExt;

/// How much of a file tells what it is.
pub const HEAD_BYTES: usize = 8 * 1024;
/// Largest file that is parsed, in bytes: the scratch space it takes.
const MAX_PARSED_BYTES: u64 = 1024 * 1024 * 1024;
/// What the language is told from, in bytes.
const LANGUAGE_SAMPLE: usize = 8 * 1024;

/// What the uploader said of a file: a hint, not a verdict.
#[derive(Debug, Clone, Copy)]
pub struct Hint<'a> {
    /// The MIME type on record.
    pub content_type: &'a str,
    /// The extension, lower case.
    pub extension: Option<&'a str>,
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
}

/// Why there is no text.
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

/// Reads files.
#[derive(Debug, Clone)]
pub struct Reader {
    limits: ReadingConfig,
    program: PathBuf,
}

impl Reader {
    /// A reader whose children are `program`: this very executable, which knows the subcommand `read-child`.
    pub fn new(limits: ReadingConfig, program: PathBuf) -> Self {
        Self { limits, program }
    }

    /// Reads one file. It takes no more of `source` than it needs: a file that nobody can read is left after its head.
    ///
    /// # Errors
    /// `Unreadable` says what is wrong with the file; the others may pass.
    pub async fn read<E>(
        &self,
        hint: Hint<'_>,
        source: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<ReadText, ReadError<E>> {
        // Asked for more after its end, a stream may panic.
        let mut source = source.fuse();
        let mut head = Vec::new();
        while head.len() < HEAD_BYTES
            && let Some(piece) = source.next().await
        {
            head.extend_from_slice(&piece.map_err(ReadError::Source)?);
        }
        // Not by more, however large the pieces were: the same file is the same kind each time.
        let raw = match sniff::kind(&head[..head.len().min(HEAD_BYTES)], hint) {
            Kind::Unknown => return Err(DocumentProblem::Unsupported.into()),
            Kind::Text => self.decode(head, source).await?,
            Kind::Html => self.parse("html", head, source).await?,
            Kind::Pdf => self.parse("pdf", head, source).await?,
        };
        finish(raw).ok_or(ReadError::Unreadable(DocumentProblem::Empty))
    }

    /// Looks whether reading children can be started and confined here, by having one read a word.
    ///
    /// # Errors
    /// When they can't: then no file that has to be parsed could be read.
    pub async fn check(&self) -> io::Result<()> {
        let page = b"<p>ready</p>".to_vec();
        match self.parse("html", page, futures_util::stream::empty::<Result<Bytes, Infallible>>()).await {
            Ok(read) if read.text.contains("ready") => Ok(()),
            Ok(_) => Err(io::Error::other("a reading child read something else than it was given")),
            Err(ReadError::Failed(error)) => Err(error),
            Err(error) => Err(io::Error::other(error.to_string())),
        }
    }

    /// Has a child try to break out (`probe.rs`), started as for a real file; answers what it says.
    ///
    /// # Errors
    /// As [`Reader::read`].
    #[cfg(feature = "fault-injection")]
    pub async fn probe(&self, format: &'static str, script: &str) -> Result<(String, bool), ReadError<Infallible>> {
        let said = self.parse(format, script.as_bytes().to_vec(), futures_util::stream::empty()).await?;
        Ok((said.text, said.truncated))
    }

    async fn decode<E>(
        &self,
        head: Vec<u8>,
        mut source: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<RawText, ReadError<E>> {
        let limit = self.limits.max_text_bytes;
        let mut bytes = head;
        while bytes.len() <= limit
            && let Some(piece) = source.next().await
        {
            bytes.extend_from_slice(&piece.map_err(ReadError::Source)?);
        }
        let truncated = bytes.len() > limit;
        bytes.truncate(limit);
        let mut text = decode::to_utf8(&bytes);
        drop(bytes);
        // An encoding of one byte a letter grows in UTF-8.
        let cut = text.floor_char_boundary(limit);
        let truncated = truncated || cut < text.len();
        text.truncate(cut);
        Ok(RawText { text, truncated, pages: false })
    }

    async fn parse<E>(
        &self,
        format: &'static str,
        head: Vec<u8>,
        mut source: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<RawText, ReadError<E>> {
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
        let scratch = scratch.into_std().await;
        let (text, truncated) = sandbox::run(&self.program, format, &scratch, &self.limits).await?;
        let left_out = format == "html" && written > child::most_html(self.limits.memory_bytes);
        Ok(RawText { text, truncated: truncated || left_out, pages: format == "pdf" })
    }
}

/// A text as a reader gave it.
struct RawText {
    text: String,
    truncated: bool,
    /// Each page ends in a form feed.
    pages: bool,
}

/// Tidies a text up and looks what it is; none where there is no word in it.
fn finish(raw: RawText) -> Option<ReadText> {
    let pages = raw.text.matches('\u{c}').count();
    let text = tidy(raw.text);
    if !text.chars().any(char::is_alphanumeric) {
        return None;
    }
    let sample = &text[..text.floor_char_boundary(LANGUAGE_SAMPLE)];
    let language =
        whatlang::detect(sample).filter(whatlang::Info::is_reliable).map(|info| info.lang().code().to_owned());
    Some(ReadText {
        truncated: raw.truncated,
        search_text: index_text::in_place_of(&text),
        language,
        page_count: raw.pages.then(|| i32::try_from(pages).unwrap_or(i32::MAX)),
        text,
    })
}

/// Line ends as `\n`, and no control character but that, tab and form feed: PostgreSQL can't hold a NUL, and nobody can
/// read the others.
fn tidy(text: String) -> String {
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\u{c}');
    // Most texts are tidy, and long ones are better not held twice.
    if !text.contains(odd) {
        return text;
    }
    let mut tidied = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => tidied.push('\n'),
            c if odd(c) => {}
            c => tidied.push(c),
        }
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::time::Duration;

    fn reader() -> Reader {
        let limits =
            ReadingConfig { timeout: Duration::from_secs(5), memory_bytes: 1 << 30, max_text_bytes: 64 * 1024 };
        Reader::new(limits, PathBuf::from("/nonexistent"))
    }

    async fn read(bytes: Vec<u8>, content_type: &str) -> Result<ReadText, ReadError<Infallible>> {
        let pieces: Vec<_> = bytes.chunks(1000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        reader().read(Hint { content_type, extension: None }, stream::iter(pieces)).await
    }

    #[tokio::test]
    async fn text_comes_out_tidy_and_with_its_language() {
        let text = "The quick brown fox jumps over the lazy dog, and then it goes home to sleep.\r\n\0\u{7}Bye";
        let read = read(text.as_bytes().to_vec(), "text/markdown").await;
        // A NUL makes it binary: that is what the sniffer goes by.
        assert!(matches!(read, Err(ReadError::Unreadable(DocumentProblem::Unsupported))));
        let raw = RawText { text: text.to_owned(), truncated: false, pages: false };
        let done = finish(raw).expect("text");
        assert_eq!(done.language.as_deref(), Some("eng"));
        assert!(done.text.ends_with("sleep.\nBye"));
    }

    #[tokio::test]
    async fn what_a_file_is_does_not_hang_on_how_its_bytes_come() {
        let text_then_noise = [b"words ".repeat(HEAD_BYTES), vec![0; 1000]].concat();
        for size in [1, 1000, HEAD_BYTES, text_then_noise.len()] {
            let pieces: Vec<_> =
                text_then_noise.chunks(size).map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece))).collect();
            let hint = Hint { content_type: "text/plain", extension: None };
            let read = reader().read(hint, stream::iter(pieces)).await.expect("a text");
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
            (b"\x89PNG\r\n\x1a\n0000".to_vec(), DocumentProblem::Unsupported),
            (b"PK\x03\x04rest".to_vec(), DocumentProblem::Unsupported),
        ] {
            let result = read(bytes, "text/plain").await;
            assert!(matches!(result, Err(ReadError::Unreadable(p)) if p == problem), "{problem}: {result:?}");
        }
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_tidy_text_can_be_stored_and_stays_as_it_is(chars in vec(prop_oneof![any::<char>(), Just('\r'), Just('\n')], 0..200)) {
            let text: String = chars.into_iter().collect();
            let tidied = tidy(text.clone());
            let printable = |c: char| !c.is_control() || matches!(c, '\n' | '\t' | '\u{c}');
            prop_assert!(tidied.chars().all(printable));
            prop_assert!(tidied.len() <= text.len());
            // Nothing else is lost, and no end of a line.
            let lines = text.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(&tidied, &lines.chars().filter(|c| printable(*c)).collect::<String>());
            prop_assert_eq!(tidy(tidied.clone()), tidied);
        }

        // Letters of one to four bytes, so that the sample for the language ends within one of them.
        #[test]
        fn a_text_is_one_where_there_is_a_word_in_it(text in "[aß発𝔸]{0,8}[ .\\f]{0,3}", times in 1..2000_usize, pages: bool) {
            let text = text.repeat(times);
            let read = finish(RawText { text: text.clone(), truncated: false, pages });
            prop_assert_eq!(read.is_some(), text.chars().any(char::is_alphanumeric));
            if let Some(read) = read {
                let feeds = i32::try_from(text.matches('\u{c}').count()).ok();
                prop_assert_eq!(read.page_count, feeds.filter(|_| pages));
                prop_assert_eq!(read.text, text);
                prop_assert!(read.language.is_none_or(|code| code.len() == 3));
            }
        }
    }
}
