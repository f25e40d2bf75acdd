//! DrawingML: the words of slides, notes, text boxes, charts and diagrams, and of comments on slides and sheets.

use super::Failure;
use super::out::Out;
use super::xml::{self, Element, Go, Handler};
use std::io::Read;

/// Reads one part.
pub fn read(source: impl Read, out: &mut Out<'_>) -> Result<(), Failure> {
    xml::read(source, &mut Words { out, in_text: false, in_names: false })?;
    Ok(())
}

struct Words<'o, 'w> {
    out: &'o mut Out<'w>,
    in_text: bool,
    /// Within a chart's words: its values are numbers that stand in a table elsewhere.
    in_names: bool,
}

impl Handler for Words<'_, '_> {
    fn start(&mut self, name: &str, element: &Element<'_>) -> Result<Go, Failure> {
        match name {
            "pPr" | "rPr" | "Fallback" => return Ok(Go::Past),
            // What changes by itself: the number of the slide, the date of today.
            "fld" if element.attribute("type").is_some_and(|kind| kind != "TxLink") => return Ok(Go::Past),
            "t" => self.in_text = true,
            // An old comment on a slide has its words here; elsewhere only white space is right within.
            "text" => self.in_text = true,
            "strCache" => self.in_names = true,
            "v" if self.in_names => self.in_text = true,
            "br" => self.out.line_end()?,
            "tc" => self.out.cell_start(),
            _ => {}
        }
        Ok(Go::In)
    }

    fn end(&mut self, name: &str) -> Result<(), Failure> {
        match name {
            "t" => self.in_text = false,
            "v" | "text" | "comment" => {
                self.in_text = false;
                self.out.line_end()?;
            }
            "strCache" => self.in_names = false,
            "p" | "txBody" => self.out.line_end()?,
            "tc" => self.out.cell_end(),
            "tr" => self.out.row_end()?,
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Failure> {
        if self.in_text { self.out.text(text) } else { Ok(()) }
    }
}
