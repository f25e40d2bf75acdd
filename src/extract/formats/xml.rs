//! XML as a stream of events, for documents that nobody vouches for.
//!
//! No entity is expanded but the five that XML knows and characters by number: what a DTD declares is passed over, so
//! nothing can grow and nothing is fetched. Elements are known by their local names. How deep they nest does not
//! matter: nothing here recurses.

use super::Failure;
use crate::extract::decode;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;
use std::io::{BufRead, BufReader, Cursor, Read};

/// A longer tag, comment or run of text is refused: it would be held in memory.
const MOST_TOKEN_BYTES: usize = 16 * 1024 * 1024;
/// Deeper elements end the reading. quick-xml remembers the name of each that is open.
const MOST_DEPTH: usize = 100_000;
/// How much of a document that is not in UTF-8 is read.
const MOST_WIDE_BYTES: u64 = 64 * 1024 * 1024;

/// What a reader makes of the events.
pub trait Handler {
    /// An element begins. What is within it is passed over where the answer says so; its end is told either way.
    fn start(&mut self, name: &str, element: &Element<'_>) -> Result<Go, Failure>;

    /// An element ends.
    fn end(&mut self, name: &str) -> Result<(), Failure>;

    /// Text, in as many pieces as it happens to come.
    fn text(&mut self, text: &str) -> Result<(), Failure>;
}

/// How to go on with an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    In,
    Past,
}

/// An element's attributes.
pub struct Element<'a>(&'a BytesStart<'a>);

impl Element<'_> {
    /// The value of the attribute with this local name.
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.attributes(name).next()
    }

    /// The values of all attributes with this local name: a slide has an `id` and an `r:id`.
    pub fn attributes(&self, name: &str) -> impl Iterator<Item = String> {
        let mut all = self.0.attributes();
        // Twice the same name is no reason to read nothing.
        all.with_checks(false);
        let named = all.flatten().filter(move |attribute| {
            let found = attribute.key.local_name();
            found.as_ref() == name.as_bytes()
        });
        named.map(|attribute| match attribute.normalized_value(XmlVersion::Implicit1_0) {
            Ok(value) => value.into_owned(),
            // An entity that is not known: as it stands there.
            Err(_) => String::from_utf8_lossy(&attribute.value).into_owned(),
        })
    }

    /// The same as a number.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.attribute(name)?.trim().parse().ok()
    }
}

/// Reads a document to its end.
pub fn read(source: impl Read, handler: &mut dyn Handler) -> Result<(), Failure> {
    let mut source = BufReader::with_capacity(64 * 1024, source);
    let wide = matches!(source.fill_buf().map_err(Failure::damaged)?, [0xfe, 0xff, ..] | [0xff, 0xfe, ..]);
    if wide {
        let mut bytes = Vec::new();
        source.take(MOST_WIDE_BYTES).read_to_end(&mut bytes).map_err(Failure::damaged)?;
        let text = decode::to_utf8(&bytes);
        drop(bytes);
        return events(Cursor::new(text.into_bytes()), handler);
    }
    events(BufReader::with_capacity(64 * 1024, TokenBound { source, since: 0 }), handler)
}

fn events(source: impl BufRead, handler: &mut dyn Handler) -> Result<(), Failure> {
    let mut reader = Reader::from_reader(source);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.allow_dangling_amp = true;
    let mut buffer = Vec::new();
    let mut depth = 0_usize;
    // The depth of the element that is passed over.
    let mut past: Option<usize> = None;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(too_large_or_damaged)? {
            Event::Start(start) => {
                depth += 1;
                if depth > MOST_DEPTH {
                    return Err(Failure::TooLarge("elements within elements"));
                }
                if past.is_none() {
                    let name = start.local_name();
                    let name = String::from_utf8_lossy(name.as_ref());
                    if handler.start(&name, &Element(&start))? == Go::Past {
                        past = Some(depth);
                    }
                }
            }
            Event::End(end) => {
                if past == Some(depth) {
                    past = None;
                }
                depth = depth.saturating_sub(1);
                if past.is_none() {
                    let name = end.local_name();
                    handler.end(&String::from_utf8_lossy(name.as_ref()))?;
                }
            }
            Event::Text(text) if past.is_none() => handler.text(&lines(&String::from_utf8_lossy(&text)))?,
            Event::CData(text) if past.is_none() => handler.text(&lines(&String::from_utf8_lossy(&text)))?,
            Event::GeneralRef(reference) if past.is_none() => {
                if let Some(text) = entity(&String::from_utf8_lossy(&reference)) {
                    handler.text(&text)?;
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if depth > 0 { Err(Failure::Damaged("the document ends too early".to_owned())) } else { Ok(()) }
}

fn too_large_or_damaged(error: quick_xml::Error) -> Failure {
    match error {
        quick_xml::Error::Io(io) if io.kind() == std::io::ErrorKind::FileTooLarge => {
            Failure::TooLarge("more than is unpacked")
        }
        error => Failure::damaged(error),
    }
}

/// Ends of lines as XML wants them.
fn lines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

/// What `&name;` stands for. Those of HTML are in old XHTML, which is read elsewhere.
fn entity(name: &str) -> Option<String> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let letter = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let digits = name.strip_prefix('#')?;
            match digits.strip_prefix(['x', 'X']) {
                Some(hex) => number(hex, 16)?,
                None => number(digits, 10)?,
            }
        }
    };
    Some(letter.to_string())
}

/// Refuses a source in which nothing begins or ends for too long.
struct TokenBound<R> {
    source: R,
    since: usize,
}

impl<R: Read> Read for TokenBound<R> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let length = self.source.read(bytes)?;
        let piece = &bytes[..length];
        match piece.iter().rposition(|byte| *byte == b'<') {
            Some(at) => self.since = length - at,
            None => self.since += length,
        }
        if self.since > MOST_TOKEN_BYTES {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        Ok(length)
    }
}

/// Gathers the text of chosen elements: properties, relations, lists of contents.
pub struct Texts<F> {
    found: F,
    open: Option<String>,
    text: String,
    wanted: &'static [&'static str],
}

/// The texts of the elements named, each with its name, in order.
pub fn texts(source: impl Read, wanted: &'static [&'static str], found: impl FnMut(&str, &str)) -> Result<(), Failure> {
    read(source, &mut Texts { found, open: None, text: String::new(), wanted })
}

impl<F: FnMut(&str, &str)> Handler for Texts<F> {
    fn start(&mut self, name: &str, _: &Element<'_>) -> Result<Go, Failure> {
        if self.wanted.contains(&name) {
            self.open = Some(name.to_owned());
            self.text.clear();
        }
        Ok(Go::In)
    }

    fn end(&mut self, name: &str) -> Result<(), Failure> {
        if self.open.as_deref() == Some(name) {
            (self.found)(name, self.text.trim());
            self.open = None;
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Failure> {
        // More is no title.
        if self.open.is_some() && self.text.len() < 10_000 {
            self.text.push_str(text);
        }
        Ok(())
    }
}

/// Calls `found` for each element.
pub fn elements(source: impl Read, found: impl FnMut(&str, &Element<'_>)) -> Result<(), Failure> {
    struct Each<F>(F);
    impl<F: FnMut(&str, &Element<'_>)> Handler for Each<F> {
        fn start(&mut self, name: &str, element: &Element<'_>) -> Result<Go, Failure> {
            (self.0)(name, element);
            Ok(Go::In)
        }
        fn end(&mut self, _: &str) -> Result<(), Failure> {
            Ok(())
        }
        fn text(&mut self, _: &str) -> Result<(), Failure> {
            Ok(())
        }
    }
    read(source, &mut Each(found))
}
