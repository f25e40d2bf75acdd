//! What a reading child says to the worker: typed frames, one behind the other, over the child's standard output.
//!
//! A frame is `tag: u8, length: u32` (big-endian) and as many bytes. The tags:
//!
//! | tag | what | bytes |
//! |---|---|---|
//! | `T` | a piece of text | UTF-8; a form feed ends a page |
//! | `A` | what is known of the file, once or more: what a later one names replaces what an earlier one named | [`About`] as JSON |
//! | `P` | a file within the file begins (a mail's attachment, a member of a ZIP) | [`Part`] as JSON |
//! | `B` | its bytes, where there are any | |
//! | `E` | it ends | none |
//! | `F` | the reading is finished | [`Finished`] as JSON |
//!
//! A part's text stands where the part stood. No frame has more than [`MOST_BYTES`], and nothing follows an `F`. A child
//! that ends without one has died.
//!
//! [`FrameWriter`] is the child's side. [`FrameReader`] is the worker's, and trusts nothing: a child may have been taken
//! over by its file. Whatever comes, it holds no more than one frame, yields no more than its [`Bounds`], and does not
//! panic.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Most bytes of one frame, its head apart.
pub const MOST_BYTES: usize = 64 * 1024;
/// Tag and length.
const HEAD_BYTES: usize = 5;
/// A longer title, name or type is cut.
const MOST_CHARS: usize = 500;
/// More notes are left out.
const MOST_NOTES: usize = 20;

/// What is known of a file beside its text; what is not known is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// What the file turned out to be, as a MIME type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The language that it says it is in, as it says so (mostly BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<DateTime<Utc>>,
    /// Its pages, slides or pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    /// Some of it wants a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
}

impl About {
    /// Takes over what `later` knows.
    pub fn merge(&mut self, later: Self) {
        let Self { content_type, title, author, language, created, modified, pages, encrypted } = later;
        self.content_type = content_type.or(self.content_type.take());
        self.title = title.or(self.title.take());
        self.author = author.or(self.author.take());
        self.language = language.or(self.language.take());
        self.created = created.or(self.created);
        self.modified = modified.or(self.modified);
        self.pages = pages.or(self.pages);
        self.encrypted = encrypted.or(self.encrypted);
    }

    fn tidied(self) -> Self {
        let tidy = |text: Option<String>| text.and_then(|text| tidy(&text));
        Self {
            content_type: self.content_type.filter(|text| is_content_type(text)),
            title: tidy(self.title),
            author: tidy(self.author),
            language: self.language.filter(|text| is_language(text)),
            created: self.created.filter(is_sane),
            modified: self.modified.filter(is_sane),
            ..self
        }
    }
}

/// A file within the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Part {
    /// Its name, with folders as its ZIP has them; it may be empty, and it is a name, not a path to write to.
    pub name: String,
    /// The MIME type it was declared as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

impl Part {
    fn tidied(self) -> Self {
        Self {
            name: tidy(&self.name).unwrap_or_default(),
            content_type: self.content_type.filter(|text| is_content_type(text)),
        }
    }
}

/// The last word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Finished {
    /// Something was left out.
    pub truncated: bool,
    /// What, each in a few words for a person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Finished {
    fn tidied(self) -> Self {
        let notes = self.notes.iter().filter_map(|note| tidy(note)).take(MOST_NOTES).collect();
        Self { truncated: self.truncated, notes }
    }
}

/// A frame as the worker sees it, its bytes checked and its words tidied up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A piece of text.
    Text(String),
    /// What is known of the file.
    About(About),
    /// A file within the file begins.
    Part(Part),
    /// Its bytes go on.
    Bytes(Vec<u8>),
    /// It ends.
    PartEnd,
    /// The reading is finished; nothing follows.
    Finished(Finished),
}

/// How much a child may say.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of text, all pieces together.
    pub text_bytes: usize,
    /// Files within the file.
    pub parts: usize,
    /// Bytes of one of them.
    pub part_bytes: u64,
    /// Bytes of all of them together.
    pub parts_bytes: u64,
}

/// What a child said too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// Text. What was within the bound has been yielded.
    Text,
    /// Files within the file, or their bytes.
    Parts,
    /// Frames that say nothing of the text.
    Words,
}

/// Why there is no next frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The pipe broke.
    #[error("the reading child's pipe broke")]
    Io(#[from] io::Error),
    /// The child ended before it was finished.
    #[error("the reading child ended before it was finished")]
    Unfinished,
    /// It does not keep to the protocol.
    #[error("the reading child said what no reader says: {0}")]
    Malformed(&'static str),
    /// There is more than is taken.
    #[error("the reading child said too much: {0:?}")]
    TooMuch(Excess),
}

const TEXT: u8 = b'T';
const ABOUT: u8 = b'A';
const PART: u8 = b'P';
const BYTES: u8 = b'B';
const PART_END: u8 = b'E';
const FINISHED: u8 = b'F';

/// Most `A` frames: a reader says a few.
const MOST_ABOUTS: usize = 100;

/// The worker's side.
///
/// [`FrameReader::next`] must not be dropped halfway and called again: a frame would be torn. A worker that gives up
/// drops the reader, and ends the child.
#[derive(Debug)]
pub struct FrameReader<R> {
    from: R,
    bounds: Bounds,
    text_bytes: usize,
    parts: usize,
    parts_bytes: u64,
    abouts: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    /// In a part of which so many bytes have come.
    InPart(u64),
    /// The text has reached its bound within its last piece.
    TextCut,
    Finished,
    /// An error was answered. What would come next is anybody's guess.
    Failed,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Reads what a child says on `from`.
    pub fn new(from: R, bounds: Bounds) -> Self {
        Self { from, bounds, text_bytes: 0, parts: 0, parts_bytes: 0, abouts: 0, state: State::Between }
    }

    /// The next frame; none behind [`Frame::Finished`].
    ///
    /// # Errors
    /// As [`FrameError`] says. After an error there is nothing more to read.
    pub async fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        let next = self.step().await;
        if next.is_err() {
            self.state = State::Failed;
        }
        next
    }

    async fn step(&mut self) -> Result<Option<Frame>, FrameError> {
        match self.state {
            State::Failed => return Err(FrameError::Unfinished),
            State::TextCut => return Err(FrameError::TooMuch(Excess::Text)),
            _ => {}
        }
        let Some((tag, length)) = self.head().await? else {
            return if self.state == State::Finished { Ok(None) } else { Err(FrameError::Unfinished) };
        };
        if length > MOST_BYTES {
            return Err(FrameError::Malformed("a frame that is too long"));
        }
        if length == 0 && tag != PART_END {
            return Err(FrameError::Malformed("a frame with nothing in it"));
        }
        match (self.state, tag) {
            (State::Between, TEXT) => self.text(length).await.map(Some),
            (State::Between, ABOUT) => {
                self.abouts += 1;
                if self.abouts > MOST_ABOUTS {
                    return Err(FrameError::TooMuch(Excess::Words));
                }
                Ok(Some(Frame::About(self.json::<About>(length).await?.tidied())))
            }
            (State::Between, PART) => {
                self.parts += 1;
                if self.parts > self.bounds.parts {
                    return Err(FrameError::TooMuch(Excess::Parts));
                }
                self.state = State::InPart(0);
                Ok(Some(Frame::Part(self.json::<Part>(length).await?.tidied())))
            }
            // What comes ahead of any byte is refused ahead of it.
            (State::InPart(before), BYTES) => {
                let now = before + length as u64;
                self.parts_bytes += length as u64;
                if now > self.bounds.part_bytes || self.parts_bytes > self.bounds.parts_bytes {
                    return Err(FrameError::TooMuch(Excess::Parts));
                }
                self.state = State::InPart(now);
                Ok(Some(Frame::Bytes(self.payload(length).await?)))
            }
            (State::InPart(_), PART_END) if length == 0 => {
                self.state = State::Between;
                Ok(Some(Frame::PartEnd))
            }
            (State::Between, FINISHED) => {
                let finished = self.json::<Finished>(length).await?.tidied();
                self.state = State::Finished;
                Ok(Some(Frame::Finished(finished)))
            }
            (State::Finished, _) => Err(FrameError::Malformed("more behind the end")),
            _ => Err(FrameError::Malformed("a frame out of place")),
        }
    }

    /// Tag and length; none where the child ended between two frames.
    async fn head(&mut self) -> Result<Option<(u8, usize)>, FrameError> {
        let mut tag = [0];
        if self.from.read(&mut tag).await? == 0 {
            return Ok(None);
        }
        let mut length = [0; HEAD_BYTES - 1];
        self.exactly(&mut length).await?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        Ok(Some((tag[0], length)))
    }

    async fn text(&mut self, length: usize) -> Result<Frame, FrameError> {
        let room = self.bounds.text_bytes - self.text_bytes;
        let bytes = self.payload(length).await?;
        let mut text = String::from_utf8(bytes).map_err(|_| FrameError::Malformed("text that is not in UTF-8"))?;
        self.text_bytes += length.min(room);
        if length > room {
            text.truncate(text.floor_char_boundary(room));
            self.state = State::TextCut;
        }
        Ok(Frame::Text(text))
    }

    async fn json<T: for<'a> Deserialize<'a>>(&mut self, length: usize) -> Result<T, FrameError> {
        let bytes = self.payload(length).await?;
        serde_json::from_slice(&bytes).map_err(|_| FrameError::Malformed("words that can't be read"))
    }

    async fn payload(&mut self, length: usize) -> Result<Vec<u8>, FrameError> {
        let mut bytes = vec![0; length];
        self.exactly(&mut bytes).await?;
        Ok(bytes)
    }

    async fn exactly(&mut self, bytes: &mut [u8]) -> Result<(), FrameError> {
        match self.from.read_exact(bytes).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(FrameError::Unfinished),
            Err(error) => Err(error.into()),
        }
    }
}

/// The child's side. Text is gathered into frames of a good size; everything else goes out at once, behind it.
#[derive(Debug)]
pub struct FrameWriter<W> {
    to: W,
    gathered: String,
}

impl<W: Write> FrameWriter<W> {
    /// Writes to `to`.
    pub fn new(to: W) -> Self {
        Self { to, gathered: String::with_capacity(MOST_BYTES) }
    }

    /// Adds text.
    ///
    /// # Errors
    /// As all of these: when the pipe breaks.
    pub fn text(&mut self, mut text: &str) -> io::Result<()> {
        while self.gathered.len() + text.len() > MOST_BYTES {
            let (fits, rest) = text.split_at(text.floor_char_boundary(MOST_BYTES - self.gathered.len()));
            self.gathered.push_str(fits);
            self.send_text()?;
            text = rest;
        }
        self.gathered.push_str(text);
        Ok(())
    }

    /// Says what is known of the file.
    ///
    /// # Errors
    /// When the pipe breaks.
    pub fn about(&mut self, about: &About) -> io::Result<()> {
        self.json(ABOUT, &about.clone().tidied())
    }

    /// Hands out a file within the file, up to `most` bytes; answers whether that was all of it. An error of `bytes` ends
    /// the part where it stands, and is answered beside it.
    ///
    /// # Errors
    /// When the pipe breaks.
    pub fn part(&mut self, part: &Part, bytes: &mut dyn Read, most: u64) -> io::Result<PartEnd> {
        self.json(PART, &part.clone().tidied())?;
        let mut piece = vec![0; MOST_BYTES];
        let mut sent = 0;
        let end = loop {
            match bytes.read(&mut piece) {
                Ok(0) => break PartEnd::Whole(sent),
                Ok(length) if sent + length as u64 > most => break PartEnd::Cut(sent),
                Ok(length) => {
                    self.frame(BYTES, &piece[..length])?;
                    sent += length as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break PartEnd::Broken(sent),
            }
        };
        self.frame(PART_END, &[])?;
        Ok(end)
    }

    /// Says that this was all, and sends it off.
    ///
    /// # Errors
    /// When the pipe breaks.
    pub fn finish(&mut self, finished: &Finished) -> io::Result<()> {
        self.json(FINISHED, &finished.clone().tidied())?;
        self.to.flush()
    }

    fn json(&mut self, tag: u8, words: &impl Serialize) -> io::Result<()> {
        // Tidied up, it is short enough for a frame.
        let bytes = serde_json::to_vec(words)?;
        self.send_text()?;
        self.frame(tag, &bytes)
    }

    fn send_text(&mut self) -> io::Result<()> {
        let text = std::mem::take(&mut self.gathered);
        if !text.is_empty() {
            self.frame(TEXT, text.as_bytes())?;
        }
        self.gathered = text;
        self.gathered.clear();
        Ok(())
    }

    fn frame(&mut self, tag: u8, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?.to_be_bytes();
        self.to.write_all(&[tag, length[0], length[1], length[2], length[3]])?;
        self.to.write_all(bytes)
    }
}

/// How a part went out, and how many bytes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartEnd {
    /// All of it.
    Whole(u64),
    /// Up to the most.
    Cut(u64),
    /// Up to where it could not be read.
    Broken(u64),
}

impl PartEnd {
    /// The bytes that went out.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Whole(bytes) | Self::Cut(bytes) | Self::Broken(bytes) => bytes,
        }
    }
}

/// One line without control characters, no longer than a title should be; none where nothing is left.
fn tidy(text: &str) -> Option<String> {
    let one_line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = one_line.split_whitespace().collect();
    let tidied: String = words.join(" ").chars().take(MOST_CHARS).collect();
    Some(tidied.trim_end().to_owned()).filter(|text| !text.is_empty())
}

fn is_content_type(text: &str) -> bool {
    let token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    text.len() <= 127 && text.split_once('/').is_some_and(|(a, b)| token(a) && token(b))
}

fn is_language(text: &str) -> bool {
    (2..=35).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A year that a calendar has, and that every database can hold.
fn is_sane(time: &DateTime<Utc>) -> bool {
    (1..=9999).contains(&chrono::Datelike::year(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Bounds = Bounds { text_bytes: 1 << 20, parts: 10, part_bytes: 1 << 20, parts_bytes: 1 << 21 };

    async fn read(bytes: &[u8], bounds: Bounds) -> (Vec<Frame>, Option<FrameError>) {
        let mut reader = FrameReader::new(bytes, bounds);
        let mut frames = Vec::new();
        loop {
            match reader.next().await {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => return (frames, None),
                Err(error) => return (frames, Some(error)),
            }
        }
    }

    fn said(say: impl FnOnce(&mut FrameWriter<&mut Vec<u8>>) -> io::Result<()>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = FrameWriter::new(&mut bytes);
        say(&mut writer).expect("a Vec takes all");
        writer.finish(&Finished::default()).expect("a Vec takes all");
        bytes
    }

    #[tokio::test]
    async fn a_part_comes_where_it_stood_and_in_pieces() {
        let file = vec![7; MOST_BYTES + 1];
        let bytes = said(|writer| {
            writer.text("before")?;
            let part = Part { name: "a.pdf".to_owned(), content_type: Some("application/pdf".to_owned()) };
            assert_eq!(writer.part(&part, &mut &file[..], 1 << 20)?, PartEnd::Whole(file.len() as u64));
            writer.text("behind")
        });
        let (frames, error) = read(&bytes, WIDE).await;
        assert!(error.is_none());
        let kinds: Vec<_> = frames.iter().map(|frame| format!("{frame:?}")[..4].to_owned()).collect();
        assert_eq!(kinds, ["Text", "Part", "Byte", "Byte", "Part", "Text", "Fini"]);
    }

    #[tokio::test]
    async fn text_is_cut_at_the_bound_and_says_so() {
        for (bound, kept) in [(5, "äß"), (4, "äß"), (3, "ä"), (0, "")] {
            let bytes = said(|writer| writer.text("äß€"));
            let (frames, error) = read(&bytes, Bounds { text_bytes: bound, ..WIDE }).await;
            assert_eq!(frames, [Frame::Text(kept.to_owned())]);
            assert!(matches!(error, Some(FrameError::TooMuch(Excess::Text))));
        }
        let bytes = said(|writer| writer.text("äß€"));
        let (frames, error) = read(&bytes, Bounds { text_bytes: 7, ..WIDE }).await;
        assert!(frames.len() == 2 && error.is_none(), "what fits is no excess");
    }

    #[tokio::test]
    async fn parts_are_counted_and_weighed() {
        let three = said(|writer| {
            for _ in 0..3 {
                writer.part(&Part::default(), &mut &b"12345"[..], 10)?;
            }
            Ok(())
        });
        for (bounds, fits) in [
            (WIDE, true),
            (Bounds { parts: 2, ..WIDE }, false),
            (Bounds { part_bytes: 4, ..WIDE }, false),
            (Bounds { parts_bytes: 14, ..WIDE }, false),
            (Bounds { parts: 3, part_bytes: 5, parts_bytes: 15, ..WIDE }, true),
        ] {
            let (_, error) = read(&three, bounds).await;
            assert_eq!(error.is_none(), fits, "{bounds:?}");
            assert!(fits || matches!(error, Some(FrameError::TooMuch(Excess::Parts))));
        }
    }

    #[tokio::test]
    async fn what_no_reader_says_is_refused() {
        for (bytes, why) in [
            (&b"X\0\0\0\x01x"[..], "a tag that does not exist"),
            (b"T\xff\xff\xff\xff", "a length to fill the memory with"),
            (b"T\0\0\0\0", "nothing, for ever"),
            (b"T\0\0\0\x01\xff", "no UTF-8"),
            (b"B\0\0\0\x01x", "bytes of no part"),
            (b"E\0\0\0\0", "the end of no part"),
            (b"A\0\0\0\x013", "not an object"),
            (b"P\0\0\0\x02{}P\0\0\0\x02{}", "a part in a part"),
            (b"P\0\0\0\x02{}F\0\0\0\x02{}", "an end within a part"),
            (b"F\0\0\0\x02{}T\0\0\0\x01x", "more behind the end"),
        ] {
            let (_, error) = read(bytes, WIDE).await;
            assert!(matches!(error, Some(FrameError::Malformed(_))), "{why}: {error:?}");
        }
        let bytes = b"A\0\0\0\x02{}".repeat(MOST_ABOUTS + 1);
        assert!(matches!(read(&bytes, WIDE).await.1, Some(FrameError::TooMuch(Excess::Words))));
    }

    #[test]
    fn words_are_tidied_up_and_what_is_no_word_is_dropped() {
        let about = About {
            title: Some(" A\0 title\n\twith  \u{7}noise ".to_owned()),
            author: Some("\n".to_owned()),
            content_type: Some("text/html\r\nX: y".to_owned()),
            language: Some("'; DROP".to_owned()),
            ..About::default()
        };
        let expected = About { title: Some("A title with noise".to_owned()), ..About::default() };
        assert_eq!(about.tidied(), expected);
        assert_eq!(tidy(&"ä".repeat(10_000)).map(|text| text.chars().count()), Some(MOST_CHARS));
    }

    #[test]
    fn what_is_known_later_wins() {
        let mut about = About { title: Some("first".to_owned()), pages: Some(3), ..About::default() };
        about.merge(About { title: Some("second".to_owned()), author: Some("Ada".to_owned()), ..About::default() });
        let expected = About {
            title: Some("second".to_owned()),
            author: Some("Ada".to_owned()),
            pages: Some(3),
            ..About::default()
        };
        assert_eq!(about, expected);
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    const WIDE: Bounds = Bounds { text_bytes: 1 << 20, parts: 100, part_bytes: 1 << 20, parts_bytes: 1 << 24 };

    fn read(bytes: &[u8], bounds: Bounds) -> (Vec<Frame>, Option<FrameError>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut reader = FrameReader::new(bytes, bounds);
            let mut frames = Vec::new();
            loop {
                match reader.next().await {
                    Ok(Some(frame)) => frames.push(frame),
                    Ok(None) => return (frames, None),
                    Err(error) => return (frames, Some(error)),
                }
            }
        })
    }

    /// What a reader may say, one thing at a time.
    #[derive(Debug, Clone)]
    enum Say {
        Text(String),
        About(About),
        Part(Part, Vec<u8>),
    }

    fn say() -> impl Strategy<Value = Say> {
        let text = prop_oneof![9 => "\\PC{0,40}", 1 => ".{0,3}".prop_map(|text| text.repeat(40_000))];
        let about = (option::of(any::<String>()), option::of("[a-z]{1,9}/[a-z.]{1,9}"), any::<Option<u32>>());
        let part = (any::<String>(), vec(any::<u8>(), 0..200), prop_oneof![9 => Just(1_usize), 1 => Just(1000)]);
        prop_oneof![
            text.prop_map(Say::Text),
            about.prop_map(|(title, content_type, pages)| {
                Say::About(About { title, content_type, pages, ..About::default() })
            }),
            part.prop_map(|(name, bytes, times)| Say::Part(Part { name, content_type: None }, bytes.repeat(times))),
        ]
    }

    fn written(says: &[Say]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = FrameWriter::new(&mut bytes);
        for say in says {
            match say {
                Say::Text(text) => writer.text(text).expect("text"),
                Say::About(about) => writer.about(about).expect("about"),
                Say::Part(part, bytes) => {
                    writer.part(part, &mut &bytes[..], u64::MAX).expect("a part");
                }
            }
        }
        writer.finish(&Finished { truncated: true, notes: vec!["the rest".to_owned()] }).expect("the end");
        bytes
    }

    fn text_of(frames: &[Frame]) -> String {
        frames
            .iter()
            .filter_map(|frame| if let Frame::Text(text) = frame { Some(text.as_str()) } else { None })
            .collect()
    }

    proptest! {
        #[test]
        fn what_is_said_is_heard(says in vec(say(), 0..12)) {
            let (frames, error) = read(&written(&says), WIDE);
            prop_assert!(error.is_none(), "{error:?}");
            let mut heard = Vec::new();
            for frame in frames {
                match (frame, heard.last_mut()) {
                    (Frame::Text(text), Some(Say::Text(before))) => before.push_str(&text),
                    (Frame::Text(text), _) => heard.push(Say::Text(text)),
                    (Frame::About(about), _) => heard.push(Say::About(about)),
                    (Frame::Part(part), _) => heard.push(Say::Part(part, Vec::new())),
                    (Frame::Bytes(bytes), Some(Say::Part(_, before))) => before.extend(bytes),
                    (Frame::PartEnd, _) => {}
                    (Frame::Finished(end), _) => prop_assert!(end.truncated && end.notes == ["the rest"]),
                    (other, _) => prop_assert!(false, "{other:?}"),
                }
            }
            let mut expected: Vec<Say> = Vec::new();
            for say in says {
                match (say, expected.last_mut()) {
                    (Say::Text(text), _) if text.is_empty() => {}
                    (Say::Text(text), Some(Say::Text(before))) => before.push_str(&text),
                    (Say::About(about), _) => expected.push(Say::About(about.tidied())),
                    (Say::Part(part, bytes), _) => expected.push(Say::Part(part.tidied(), bytes)),
                    (say, _) => expected.push(say),
                }
            }
            prop_assert_eq!(format!("{heard:?}"), format!("{expected:?}"));
        }

        #[test]
        fn a_cut_anywhere_is_noticed_and_all_before_it_is_heard(says in vec(say(), 0..6), cut: prop::sample::Index) {
            let whole = written(&says);
            let (all, _) = read(&whole, WIDE);
            let (frames, error) = read(&whole[..cut.index(whole.len())], WIDE);
            prop_assert!(matches!(error, Some(FrameError::Unfinished)), "{error:?}");
            prop_assert_eq!(&frames[..], &all[..frames.len()]);
        }

        #[test]
        fn any_bytes_end_in_a_word_and_within_the_bounds(
            noise in vec(prop_oneof![4 => Just(0_u8), 4 => prop::sample::select(&b"TAPBEF{}\x01\x02"[..]), 1 => any::<u8>()], 0..300),
            says in vec(say(), 0..4), at: prop::sample::Index, text_bytes in 0..200_usize, parts in 0..3_usize, part_bytes in 0..200_u64,
        ) {
            let mut bytes = written(&says);
            let at = at.index(bytes.len());
            bytes.splice(at..at, noise);
            let bounds = Bounds { text_bytes, parts, part_bytes, parts_bytes: 300 };
            let (frames, _) = read(&bytes, bounds);
            prop_assert!(text_of(&frames).len() <= text_bytes);
            prop_assert!(frames.iter().filter(|frame| matches!(frame, Frame::Part(_))).count() <= parts);
            let of_parts = |frame: &Frame| if let Frame::Bytes(bytes) = frame { bytes.len() } else { 0 };
            prop_assert!(frames.iter().map(of_parts).sum::<usize>() <= 300);
            prop_assert!(frames.iter().all(|frame| of_parts(frame) as u64 <= part_bytes));
        }
    }
}
