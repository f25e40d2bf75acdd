//! Slides as PowerPoint wrote them from 1997 to 2003 (MS-PPT): each slide's words, then those of its notes. The file
//! keeps what was changed and deleted; the directory of the last edit says what counts.

use super::Failure;
use super::ole::{Compound, size_at, stream, u16_at, u32_at};
use super::out::Out;
use crate::extract::frames::About;
use encoding_rs::{UTF_16LE, WINDOWS_1252};
use std::collections::HashMap;

const DOCUMENT: u16 = 0x03e8;
const SLIDE: u16 = 0x03ee;
const SLIDE_ATOM: u16 = 0x03ef;
const NOTES: u16 = 0x03f0;
const LIST: u16 = 0x0ff0;
const LISTED: u16 = 0x03f3;
const WIDE_TEXT: u16 = 0x0fa0;
const NARROW_TEXT: u16 = 0x0fa8;
const EDIT: u16 = 0x0ff5;
const DIRECTORY: u16 = 0x1772;
/// The list of slides, among those of masters and notes.
const OF_SLIDES: u16 = 0;
/// More edits, slides, or steps through them are not followed.
const MOST_EDITS: usize = 10_000;
const MOST_SLIDES: usize = 10_000;
const MOST_OBJECTS: usize = 1_000_000;

pub fn read(compound: &mut Compound<'_>, most: u64, out: &mut Out<'_>) -> Result<(), Failure> {
    let user = stream(compound, "Current User", 64 * 1024)?.unwrap_or_default();
    let bytes = stream(compound, "PowerPoint Document", most)?.unwrap_or_default();
    const ENCRYPTED: u32 = 0xf3d1_c4df;
    if u32_at(&user, 12) == Some(ENCRYPTED) || compound.is_stream("EncryptedSummary") {
        return Err(Failure::Password);
    }
    let show = size_at(&user, 16).and_then(|edit| Show::of(&bytes, edit));
    let show = show.ok_or_else(|| Failure::Damaged("it has no last edit".to_owned()))?;
    let slides = show.slides().ok_or_else(|| Failure::Damaged("it has no document".to_owned()))?;
    out.about(&About { pages: u32::try_from(slides.len()).ok(), ..About::default() })?;
    let notes = show.notes();
    for slide in slides {
        for text in &slide.texts {
            say(text, out)?;
        }
        let Some(at) = show.places.get(&slide.id).copied() else { continue };
        // What stands in the outline is not there again in the slide.
        for text in show.texts(at) {
            say(&text, out)?;
        }
        if let Some(at) = show.number_of(at).and_then(|number| notes.get(&number)) {
            for text in show.texts(*at) {
                say(&text, out)?;
            }
        }
        out.page_end()?;
    }
    Ok(())
}

fn say(text: &str, out: &mut Out<'_>) -> Result<(), Failure> {
    for line in text.split(['\r', '\u{b}', '\n']) {
        // A field stands as an asterisk, alone on its line: a date, the number of the slide.
        if line.trim() != "*" {
            out.line(line)?;
        }
    }
    Ok(())
}

/// One record: its kind, its number among its like, and where its bytes are.
#[derive(Debug, Clone, Copy)]
struct Record {
    kind: u16,
    instance: u16,
    holds_others: bool,
    from: usize,
    to: usize,
}

fn record(bytes: &[u8], at: usize) -> Option<Record> {
    let first = u16_at(bytes, at)?;
    let from = at.checked_add(8)?;
    let to = from.checked_add(size_at(bytes, at + 4)?)?;
    bytes.get(from..to)?;
    Some(Record { kind: u16_at(bytes, at + 2)?, instance: first >> 4, holds_others: first & 0xf == 0xf, from, to })
}

/// What stands in the outline of one slide.
struct Listed {
    id: u32,
    texts: Vec<String>,
}

struct Show<'a> {
    bytes: &'a [u8],
    /// Where the objects of the last edit are, by their numbers.
    places: HashMap<u32, usize>,
    document: u32,
}

impl<'a> Show<'a> {
    /// Follows the edits from the last one back.
    fn of(bytes: &'a [u8], last: usize) -> Option<Self> {
        let mut places = HashMap::new();
        let mut document = None;
        let mut at = last;
        for _ in 0..MOST_EDITS {
            let edit = record(bytes, at).filter(|record| record.kind == EDIT)?;
            document = document.or(u32_at(bytes, edit.from + 16));
            directory(bytes, size_at(bytes, edit.from + 12)?, &mut places)?;
            at = size_at(bytes, edit.from + 8)?;
            if at == 0 || places.len() > MOST_OBJECTS {
                break;
            }
        }
        Some(Self { bytes, places, document: document? })
    }

    fn slides(&self) -> Option<Vec<Listed>> {
        let document =
            record(self.bytes, *self.places.get(&self.document)?).filter(|record| record.kind == DOCUMENT)?;
        let mut slides: Vec<Listed> = Vec::new();
        let mut in_list = 0..0;
        for record in Within::new(self.bytes, document) {
            if record.kind == LIST && record.instance == OF_SLIDES {
                in_list = record.from..record.to;
            }
            if !in_list.contains(&record.from) {
                continue;
            }
            if record.kind == LISTED && slides.len() < MOST_SLIDES {
                slides.push(Listed { id: u32_at(self.bytes, record.from)?, texts: Vec::new() });
            } else if let (Some(text), Some(slide)) = (text(self.bytes, record), slides.last_mut()) {
                slide.texts.push(text);
            }
        }
        Some(slides)
    }

    /// The texts of one slide or its notes.
    fn texts(&self, at: usize) -> Vec<String> {
        match record(self.bytes, at).filter(|record| matches!(record.kind, SLIDE | NOTES)) {
            Some(slide) => Within::new(self.bytes, slide).filter_map(|record| text(self.bytes, record)).collect(),
            None => Vec::new(),
        }
    }

    /// The number that a slide's notes know it by: its own is in the document's list, theirs beside what they are for.
    fn number_of(&self, at: usize) -> Option<u32> {
        let slide = record(self.bytes, at)?;
        let atom = Within::new(self.bytes, slide).find(|record| record.kind == SLIDE_ATOM)?;
        // Geometry and eight kinds of places, the master, then the notes.
        u32_at(self.bytes, atom.from + 16).filter(|notes| *notes != 0)
    }

    /// Where the notes are, by their numbers.
    fn notes(&self) -> HashMap<u32, usize> {
        const OF_NOTES: u16 = 2;
        let mut notes = HashMap::new();
        let document = self.places.get(&self.document).and_then(|at| record(self.bytes, *at));
        let mut in_list = 0..0;
        for record in document.into_iter().flat_map(|document| Within::new(self.bytes, document)) {
            if record.kind == LIST && record.instance == OF_NOTES {
                in_list = record.from..record.to;
            }
            if record.kind == LISTED
                && in_list.contains(&record.from)
                && let (Some(id), Some(number)) =
                    (u32_at(self.bytes, record.from), u32_at(self.bytes, record.from + 12))
                && let Some(at) = self.places.get(&id)
            {
                notes.insert(number, *at);
            }
        }
        notes
    }
}

/// Adds what one directory lists; what is there already is newer.
fn directory(bytes: &[u8], at: usize, places: &mut HashMap<u32, usize>) -> Option<()> {
    let list = record(bytes, at).filter(|record| record.kind == DIRECTORY)?;
    let mut at = list.from;
    while at < list.to {
        let head = u32_at(bytes, at)?;
        let (first, count) = (head & 0xf_ffff, head >> 20);
        for index in 0..count {
            at += 4;
            if at >= list.to {
                return Some(());
            }
            places.entry(first + index).or_insert(size_at(bytes, at)?);
        }
        at += 4;
    }
    Some(())
}

fn text(bytes: &[u8], record: Record) -> Option<String> {
    let letters = bytes.get(record.from..record.to)?;
    match record.kind {
        WIDE_TEXT => Some(UTF_16LE.decode_without_bom_handling(letters).0.into_owned()),
        NARROW_TEXT => Some(WINDOWS_1252.decode_without_bom_handling(letters).0.into_owned()),
        _ => None,
    }
}

/// All records within one, and within those, in order.
struct Within<'a> {
    bytes: &'a [u8],
    at: usize,
    to: usize,
}

impl<'a> Within<'a> {
    fn new(bytes: &'a [u8], record: Record) -> Self {
        Self { bytes, at: record.from, to: record.to }
    }
}

impl Iterator for Within<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        if self.at >= self.to {
            return None;
        }
        let next = record(self.bytes, self.at)?;
        // Into one that holds others, past any other one.
        self.at = if next.holds_others { next.from } else { next.to };
        Some(next)
    }
}
