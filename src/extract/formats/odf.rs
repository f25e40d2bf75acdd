//! OpenDocument (ISO 26300): letters, sheets, presentations, drawings and their templates. Words, cells as they are
//! shown, slides as pages with their notes, footnotes and comments where they stand, headers and footers behind.

use super::Failure;
use super::office::note;
use super::out::Out;
use super::package::Package;
use super::xml::{self, Element, Go, Handler};
use crate::extract::frames::About;

/// What all its MIME types begin with.
pub const TYPES: &str = "application/vnd.oasis.opendocument.";

/// A cell that is repeated with something in it is written so many times at most; a row that is repeated, once.
const MOST_REPEATS: usize = 100;
/// Of a longer cell, only the beginning is repeated.
const MOST_CELL_BYTES: usize = 10_000;
/// Blanks in a row.
const MOST_BLANKS: usize = 100;
/// A footnote or a comment is held until the paragraph it belongs to is over.
const MOST_ASIDE_BYTES: usize = 1024 * 1024;

pub fn read(package: &mut Package<'_>, content_type: &str, out: &mut Out<'_>) -> Result<(), Failure> {
    out.content_type(content_type)?;
    let of = content_type.strip_prefix(TYPES).unwrap_or_default();
    if !["text", "spreadsheet", "presentation", "graphics"].iter().any(|kind| of.starts_with(kind)) {
        return Err(Failure::Unsupported("a rare kind of OpenDocument"));
    }
    if is_encrypted(package) {
        return Err(Failure::Password);
    }
    let mut about = properties(package);
    let Some(stream) = package.stream("content.xml")? else {
        return Err(Failure::Damaged("it has no content".to_owned()));
    };
    let slides = of.starts_with("presentation") || of.starts_with("graphics");
    let mut words = Words::new(out);
    let read = xml::read(stream, &mut words);
    let pages = words.pages;
    out.tolerate(read)?;
    if slides {
        about.pages = Some(pages);
    }
    // The masters of slides and sheets hold no words but "Click to edit the title".
    if of.starts_with("text")
        && let Ok(Some(stream)) = package.stream("styles.xml")
    {
        let mut words = Words::new(out);
        words.only_margins = true;
        let read = xml::read(stream, &mut words);
        out.tolerate(read)?;
    }
    out.about(&about)
}

/// The manifest says of a member how it is encrypted.
fn is_encrypted(package: &mut Package<'_>) -> bool {
    let mut encrypted = false;
    if let Ok(Some(stream)) = package.stream("META-INF/manifest.xml") {
        let _broken = xml::elements(stream, |name, _| encrypted |= name == "encryption-data");
    }
    encrypted || package.has("encrypted-package")
}

fn properties(package: &mut Package<'_>) -> About {
    let mut about = About::default();
    let mut last_author = None;
    if let Ok(Some(stream)) = package.stream("meta.xml") {
        let wanted = &["title", "initial-creator", "creator", "creation-date", "date", "language"];
        let _broken = xml::texts(stream, wanted, |name, text| match name {
            "date" => note(&mut about, "modified", text),
            // Who changed it last; who began it is named otherwise.
            "creator" => last_author = Some(text.to_owned()),
            name => note(&mut about, name, text),
        });
    }
    if let Some(name) = last_author {
        note(&mut about, "creator", &name);
    }
    if let Ok(Some(stream)) = package.stream("meta.xml") {
        let _broken = xml::elements(stream, |name, element| {
            if name == "document-statistic" {
                let pages = element.number("page-count").and_then(|pages| u32::try_from(pages).ok());
                about.pages = pages.filter(|pages| *pages > 0);
            }
        });
    }
    about
}

struct Words<'o, 'w> {
    out: &'o mut Out<'w>,
    /// Where it stands in this frame …
    place: Place,
    /// … and in those around it: a text box, a note.
    around: Vec<Place>,
    /// A line has ended, and nothing came since.
    in_new_line: bool,
    /// Footnotes and comments that are open.
    asides: usize,
    /// Their words, until the paragraph is over that they belong to.
    aside: String,
    /// Cells that are open, one in another.
    cells: usize,
    /// What the outermost one says, and what it would where nothing is shown.
    cell: String,
    value: Option<String>,
    repeats: usize,
    in_sheet: bool,
    only_margins: bool,
    margins: usize,
    pages: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Paragraphs that are open.
    paragraphs: usize,
    /// White space stood here: it counts once, and not at the beginning of a paragraph.
    blank: bool,
    begun: bool,
}

impl<'o, 'w> Words<'o, 'w> {
    fn new(out: &'o mut Out<'w>) -> Self {
        Self {
            out,
            place: Place::default(),
            around: Vec::new(),
            in_new_line: true,
            asides: 0,
            aside: String::new(),
            cells: 0,
            cell: String::new(),
            value: None,
            repeats: 1,
            in_sheet: false,
            only_margins: false,
            margins: 0,
            pages: 0,
        }
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        if self.only_margins && self.margins == 0 {
            return Ok(());
        }
        if self.asides > 0 {
            if self.aside.len() < MOST_ASIDE_BYTES {
                self.aside.push_str(text);
            }
            return Ok(());
        }
        if self.cells > 0 && self.cell.len() < MOST_CELL_BYTES {
            self.cell.push_str(text);
        }
        self.in_new_line = false;
        self.out.text(text)
    }

    fn frame_start(&mut self) {
        self.around.push(std::mem::take(&mut self.place));
    }

    /// Goes on where the frame stands.
    fn frame_end(&mut self) {
        self.place = self.around.pop().unwrap_or_default();
        // The frame's last paragraph has ended the line, but for one that waits.
        self.place.begun &= !self.in_new_line || self.asides > 0;
    }

    fn paragraph_start(&mut self) -> Result<(), Failure> {
        self.place = Place { paragraphs: self.place.paragraphs + 1, ..Place::default() };
        if self.asides == 0 {
            // A text box within a line is none of its words.
            return self.out.line_end();
        }
        if !self.aside.is_empty() {
            self.aside.push(' ');
        }
        Ok(())
    }

    fn paragraph_end(&mut self) -> Result<(), Failure> {
        self.place.paragraphs = self.place.paragraphs.saturating_sub(1);
        if self.asides > 0 {
            return Ok(());
        }
        self.in_new_line = true;
        self.out.line_end()?;
        self.aside_end()
    }

    /// Says the footnotes and comments that have come.
    fn aside_end(&mut self) -> Result<(), Failure> {
        if self.asides > 0 {
            return Ok(());
        }
        let aside = std::mem::take(&mut self.aside);
        if !aside.is_empty() {
            self.out.line_end()?;
            self.out.text(&aside)?;
            self.out.line_end()?;
        }
        Ok(())
    }

    fn cell_end(&mut self) -> Result<(), Failure> {
        self.cells = self.cells.saturating_sub(1);
        if self.cells > 0 {
            self.out.cell_end();
            return Ok(());
        }
        let mut said = std::mem::take(&mut self.cell);
        if said.is_empty() {
            said = self.value.take().unwrap_or_default();
            self.out.text(&said)?;
        }
        // A comment may be all that is in it.
        self.aside_end()?;
        self.out.cell_end();
        if said.is_empty() {
            self.out.skip_cells(self.repeats.saturating_sub(1));
        } else {
            for _ in 1..self.repeats.min(MOST_REPEATS) {
                self.out.text(&said)?;
                self.out.skip_cells(1);
            }
        }
        Ok(())
    }
}

impl Handler for Words<'_, '_> {
    fn start(&mut self, name: &str, element: &Element<'_>) -> Result<Go, Failure> {
        match name {
            // What was deleted; buttons; how to read Japanese; what a picture is said to show.
            "tracked-changes" | "forms" | "ruby-text" | "desc" | "automatic-styles" => return Ok(Go::Past),
            // What changes by itself.
            "page-number" | "page-count" => return Ok(Go::Past),
            "header" | "footer" | "header-left" | "footer-left" | "header-first" | "footer-first" => self.margins += 1,
            "spreadsheet" => self.in_sheet = true,
            "table" if self.in_sheet => {
                self.out.gap()?;
                self.out.line(&element.attribute("name").unwrap_or_default())?;
            }
            "table-cell" | "covered-table-cell" => {
                self.out.cell_start();
                self.cells += 1;
                if self.cells == 1 {
                    self.cell.clear();
                    self.repeats = element.number("number-columns-repeated").unwrap_or(1);
                    let shown = ["string-value", "date-value", "time-value", "boolean-value", "value"];
                    self.value = shown.iter().find_map(|name| element.attribute(name));
                }
            }
            "frame" | "custom-shape" | "object" | "text-box" => self.frame_start(),
            "note" | "annotation" => {
                self.frame_start();
                self.asides += 1;
            }
            "p" | "h" => self.paragraph_start()?,
            "s" if self.place.paragraphs > 0 => {
                let blanks = element.number("c").unwrap_or(1).min(MOST_BLANKS);
                self.say(&" ".repeat(blanks))?;
            }
            "tab" if self.place.paragraphs > 0 => self.say("\t")?,
            "line-break" if self.place.paragraphs > 0 && self.asides == 0 => self.out.line_end()?,
            "line-break" => self.place.blank = true,
            _ => {}
        }
        Ok(Go::In)
    }

    fn end(&mut self, name: &str) -> Result<(), Failure> {
        match name {
            "header" | "footer" | "header-left" | "footer-left" | "header-first" | "footer-first" => {
                self.margins = self.margins.saturating_sub(1);
            }
            "spreadsheet" => self.in_sheet = false,
            "table-cell" | "covered-table-cell" => self.cell_end()?,
            "table-row" => self.out.row_end()?,
            "frame" | "custom-shape" | "object" | "text-box" => self.frame_end(),
            "note" | "annotation" => {
                self.frame_end();
                self.asides = self.asides.saturating_sub(1);
            }
            "p" | "h" => self.paragraph_end()?,
            "page" => {
                self.pages = self.pages.saturating_add(1);
                self.aside_end()?;
                self.out.page_end()?;
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Failure> {
        if self.place.paragraphs == 0 {
            return Ok(());
        }
        let mut rest = text;
        while !rest.is_empty() {
            let words = rest.find([' ', '\n', '\t']).unwrap_or(rest.len());
            if words > 0 {
                if std::mem::take(&mut self.place.blank) && self.place.begun {
                    self.say(" ")?;
                }
                self.say(&rest[..words])?;
                self.place.begun = true;
            }
            rest = &rest[words..];
            let trimmed = rest.trim_start_matches([' ', '\n', '\t']);
            self.place.blank |= trimmed.len() < rest.len();
            rest = trimmed;
        }
        Ok(())
    }
}
