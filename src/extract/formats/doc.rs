//! Letters as Word wrote them from 1997 to 2003 (MS-DOC): their words, found through the table of pieces. How they look,
//! and so also where a row of a table ends for sure, is not read.

use super::Failure;
use super::ole::{Compound, size_at, stream, u16_at, u32_at};
use super::out::Out;
use encoding_rs::{UTF_16LE, WINDOWS_1252};

/// Word 97; what is older is built otherwise.
const OLDEST: u16 = 0x00c1;
/// Fields within fields that are told apart.
const MOST_FIELDS: usize = 100;

pub fn read(compound: &mut Compound<'_>, most: u64, out: &mut Out<'_>) -> Result<(), Failure> {
    let too_short = || Failure::Damaged("it ends too early".to_owned());
    let main = stream(compound, "WordDocument", most)?.unwrap_or_default();
    let version = u16_at(&main, 2).ok_or_else(too_short)?;
    let flags = u16_at(&main, 0x0a).ok_or_else(too_short)?;
    if version < OLDEST {
        return Err(Failure::Unsupported("a letter of a Word older than 1997"));
    }
    if flags & 0x0100 != 0 {
        return Err(Failure::Password);
    }
    let table = if flags & 0x0200 != 0 { "1Table" } else { "0Table" };
    let table = stream(compound, table, most)?.ok_or_else(too_short)?;
    let (at, length) = (size_at(&main, 0x01a2), size_at(&main, 0x01a6));
    let pieces = at.zip(length).and_then(|(at, length)| table.get(at..at.checked_add(length)?)).and_then(pieces);
    let pieces = pieces.ok_or_else(|| Failure::Damaged("it has no table of pieces".to_owned()))?;
    let mut words = Words { out, fields: Vec::new(), cell: false, row_may_end: false };
    let mut all = 0_u64;
    for (letters, place) in pieces {
        // A piece may be named any number of times.
        all += letters as u64;
        if all > most {
            return Err(Failure::TooLarge("more words than are read"));
        }
        let wide = place & 0x4000_0000 == 0;
        let at = usize::try_from(place & 0x3fff_ffff).unwrap_or(usize::MAX);
        let bytes = if wide {
            main.get(at..at.saturating_add(letters * 2))
        } else {
            main.get(at / 2..(at / 2).saturating_add(letters))
        };
        let bytes = bytes.ok_or_else(too_short)?;
        let text = if wide {
            UTF_16LE.decode_without_bom_handling(bytes).0
        } else {
            WINDOWS_1252.decode_without_bom_handling(bytes).0
        };
        words.say(&text)?;
    }
    words.out.tables_end()
}

/// The pieces of the text in order: how many letters, and where.
fn pieces(table: &[u8]) -> Option<Vec<(usize, u32)>> {
    const FORMATS: u8 = 1;
    const PIECES: u8 = 2;
    let mut at = 0;
    while *table.get(at)? == FORMATS {
        at += 3 + usize::from(u16_at(table, at + 1)?);
    }
    if *table.get(at)? != PIECES {
        return None;
    }
    let length = size_at(table, at + 1)?;
    let list = table.get(at + 5..(at + 5).checked_add(length)?)?;
    // One place more than there are pieces, of four bytes; and eight bytes for each piece.
    let count = length.checked_sub(4)? / 12;
    let piece = |index: usize| {
        let letters = size_at(list, index * 4 + 4)?.checked_sub(size_at(list, index * 4)?)?;
        Some((letters, u32_at(list, (count + 1) * 4 + index * 8 + 2)?))
    };
    (0..count).map(piece).collect()
}

struct Words<'o, 'w> {
    out: &'o mut Out<'w>,
    /// Fields that are open; true where their result has begun.
    fields: Vec<bool>,
    cell: bool,
    /// A cell has just ended: another end right behind it is the row's.
    row_may_end: bool,
}

impl Words<'_, '_> {
    fn say(&mut self, text: &str) -> Result<(), Failure> {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c.is_control() && c != '\t') {
            self.plain(&rest[..at])?;
            let mut letters = rest[at..].chars();
            if let Some(control) = letters.next() {
                self.control(control)?;
            }
            rest = letters.as_str();
        }
        self.plain(rest)
    }

    fn plain(&mut self, text: &str) -> Result<(), Failure> {
        // What a field is made of is no text.
        if text.is_empty() || self.fields.contains(&false) {
            return Ok(());
        }
        self.row_may_end = false;
        self.out.text(text)
    }

    fn control(&mut self, control: char) -> Result<(), Failure> {
        let row_may_end = std::mem::take(&mut self.row_may_end);
        match control {
            '\u{13}' if self.fields.len() < MOST_FIELDS => self.fields.push(false),
            '\u{14}' => {
                if let Some(field) = self.fields.last_mut() {
                    *field = true;
                }
            }
            '\u{15}' => {
                self.fields.pop();
            }
            '\u{7}' if row_may_end => {
                self.cell = false;
                self.out.row_end()?;
            }
            '\u{7}' => {
                self.out.skip_cells(1);
                self.cell = true;
                self.row_may_end = true;
            }
            '\r' | '\u{b}' | '\n' => {
                self.cell = false;
                self.out.line_end()?;
            }
            '\u{c}' => self.out.page_end()?,
            '\u{1e}' => self.out.text("-")?,
            _ => self.row_may_end = row_may_end,
        }
        Ok(())
    }
}
