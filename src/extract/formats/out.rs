//! Where readers put what they find: text line by line, cell by cell, and what is known of the file.

use super::Failure;
use crate::extract::frames::{About, Finished, FrameWriter, Part, PartEnd};
use std::io::{Read, Write};

/// Empty cells that are shown before a full one: a sheet may have its next word 16,000 columns to the right.
const MOST_TABS: usize = 100;
/// Files within a file that are handed out …
pub const MOST_PARTS: usize = 1000;
/// … bytes of one …
const MOST_PART_BYTES: u64 = 256 * 1024 * 1024;
/// … and of all together.
const MOST_PARTS_BYTES: u64 = 1024 * 1024 * 1024;

/// The child's mouth. Lines, cells and pages are put in as they come; what separates them is written with the next
/// word, so that there are no empty lines and no tabs behind the last cell.
pub struct Out<'a> {
    frames: FrameWriter<&'a mut dyn Write>,
    end: Finished,
    /// Something was written on this line.
    in_line: bool,
    /// Anything was written at all.
    spoken: bool,
    pages: u32,
    /// What has to come before the next word.
    before: Before,
    /// Cells that are open, one in another.
    cells: usize,
    parts: usize,
    parts_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Space,
    Tabs(usize),
}

impl<'a> Out<'a> {
    pub fn new(to: &'a mut dyn Write) -> Self {
        Self {
            frames: FrameWriter::new(to),
            end: Finished::default(),
            in_line: false,
            spoken: false,
            pages: 0,
            before: Before::Nothing,
            cells: 0,
            parts: 0,
            parts_bytes: 0,
        }
    }

    /// Adds text to the line.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        match std::mem::replace(&mut self.before, Before::Nothing) {
            Before::Nothing => {}
            Before::Space => self.frames.text(" ")?,
            Before::Tabs(tabs) => self.frames.text(&"\t".repeat(tabs.min(MOST_TABS)))?,
        }
        self.frames.text(text)?;
        self.in_line = true;
        self.spoken = true;
        Ok(())
    }

    /// Ends the line, if it has begun; within a cell, a word.
    pub fn line_end(&mut self) -> Result<(), Failure> {
        if self.cells > 0 {
            if self.in_line && self.before == Before::Nothing {
                self.before = Before::Space;
            }
            return Ok(());
        }
        self.before = Before::Nothing;
        if self.in_line {
            self.frames.text("\n")?;
            self.in_line = false;
        }
        Ok(())
    }

    /// A line of its own.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.line_end()?;
        self.text(text)?;
        self.line_end()
    }

    /// Lines that were written elsewhere: a mail's words, a page.
    pub fn lines(&mut self, text: &str) -> Result<(), Failure> {
        self.line_end()?;
        self.text(&text.trim_end().replace("\r\n", "\n"))?;
        self.line_end()
    }

    /// Ends the line and leaves one empty, where anything came before.
    pub fn gap(&mut self) -> Result<(), Failure> {
        self.line_end()?;
        if self.spoken && self.cells == 0 {
            self.frames.text("\n")?;
        }
        Ok(())
    }

    /// Ends the page.
    pub fn page_end(&mut self) -> Result<(), Failure> {
        if self.cells > 0 {
            return self.line_end();
        }
        self.line_end()?;
        self.pages += 1;
        self.frames.text("\u{c}")?;
        Ok(())
    }

    pub fn cell_start(&mut self) {
        self.cells += 1;
    }

    /// Ends a cell; one within another is only a word in it.
    pub fn cell_end(&mut self) {
        self.cells = self.cells.saturating_sub(1);
        if self.cells == 0 {
            self.skip_cells(1);
        } else if self.in_line && self.before == Before::Nothing {
            self.before = Before::Space;
        }
    }

    /// Leaves cells empty.
    pub fn skip_cells(&mut self, count: usize) {
        self.before = match self.before {
            Before::Tabs(tabs) => Before::Tabs(tabs.saturating_add(count)),
            _ => Before::Tabs(count),
        };
    }

    /// Ends a row.
    pub fn row_end(&mut self) -> Result<(), Failure> {
        self.line_end()
    }

    /// Leaves all cells that are open: what follows is not in the table, whatever was left unclosed.
    pub fn tables_end(&mut self) -> Result<(), Failure> {
        self.cells = 0;
        self.line_end()
    }

    /// Says what is known of the file.
    pub fn about(&mut self, about: &About) -> Result<(), Failure> {
        Ok(self.frames.about(about)?)
    }

    /// Says what the file is.
    pub fn content_type(&mut self, content_type: &str) -> Result<(), Failure> {
        self.about(&About { content_type: Some(content_type.to_owned()), ..About::default() })
    }

    /// Hands out a file within the file.
    pub fn part(&mut self, name: &str, content_type: Option<&str>, bytes: &mut dyn Read) -> Result<(), Failure> {
        let left = MOST_PARTS_BYTES - self.parts_bytes;
        if self.parts == MOST_PARTS || left == 0 {
            self.left_out("more files within the file");
            return Ok(());
        }
        self.tables_end()?;
        self.parts += 1;
        let part = Part { name: name.to_owned(), content_type: content_type.map(str::to_owned) };
        let end = self.frames.part(&part, bytes, left.min(MOST_PART_BYTES))?;
        self.parts_bytes += end.bytes();
        self.spoken = true;
        match end {
            PartEnd::Whole(_) => {}
            PartEnd::Cut(_) => self.left_out(&format!("the rest of {name}, which is too large")),
            PartEnd::Broken(_) => self.left_out(&format!("the rest of {name}, which is damaged")),
        }
        Ok(())
    }

    /// No further part would be handed out.
    pub fn parts_are_full(&self) -> bool {
        self.parts == MOST_PARTS || self.parts_bytes == MOST_PARTS_BYTES
    }

    /// Notes what is missing in the text.
    pub fn left_out(&mut self, what: &str) {
        self.end.truncated = true;
        // More would be cut; and a file can make any number of them.
        if self.end.notes.len() < 20 && !self.end.notes.iter().any(|note| note == what) {
            self.end.notes.push(what.to_owned());
        }
    }

    /// A part of the file that can't be read takes nothing else with it, where there is anything else.
    pub fn tolerate(&mut self, read: Result<(), Failure>) -> Result<(), Failure> {
        match read {
            Err(Failure::Damaged(_)) if self.spoken => self.left_out("what is damaged"),
            Err(Failure::TooLarge(what)) if self.spoken => self.left_out(what),
            Err(failure) => return Err(failure),
            Ok(()) => {}
        }
        self.tables_end()
    }

    /// Ends with the last line.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.tables_end()?;
        Ok(self.frames.finish(&self.end)?)
    }
}
