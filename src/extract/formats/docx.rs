//! Letters: Office Open XML for words (DOCX, DOCM, DOTX, DOTM).
//!
//! First the body, then what stands beside it: footnotes, endnotes, comments, headers, footers, and the words of charts
//! and diagrams. What was deleted under "track changes" is not read, nor what a field is computed from.

use super::Failure;
use super::drawing;
use super::office::Parts;
use super::out::Out;
use super::package::Package;
use super::xml::{self, Element, Go, Handler};

/// What stands beside the body, by the ends of the types, in the order it is read in.
const BESIDE: &[&str] = &[".footnotes+xml", ".endnotes+xml", ".comments+xml", ".header+xml", ".footer+xml"];
const DRAWN: &[&str] = &["drawingml.chart+xml", "drawingml.diagramData+xml"];

pub fn read(package: &mut Package<'_>, parts: &Parts, out: &mut Out<'_>) -> Result<(), Failure> {
    let Some(stream) = package.stream(&parts.main)? else {
        return Err(Failure::Damaged("it has no body".to_owned()));
    };
    let read = xml::read(stream, &mut Words::new(out));
    out.tolerate(read)?;
    let beside = BESIDE.iter().map(|end| (false, *end)).chain(DRAWN.iter().map(|end| (true, *end)));
    for (drawn, end) in beside {
        for part in parts.of_type(end) {
            let read = match package.stream(&part) {
                Ok(Some(stream)) if drawn => drawing::read(stream, out),
                Ok(Some(stream)) => xml::read(stream, &mut Words::new(out)),
                Ok(None) => Ok(()),
                Err(failure) => Err(failure),
            };
            out.tolerate(read)?;
        }
    }
    Ok(())
}

struct Words<'o, 'w> {
    out: &'o mut Out<'w>,
    /// Within `t`, which alone holds words.
    in_text: bool,
}

impl<'o, 'w> Words<'o, 'w> {
    fn new(out: &'o mut Out<'w>) -> Self {
        Self { out, in_text: false }
    }
}

impl Handler for Words<'_, '_> {
    fn start(&mut self, name: &str, element: &Element<'_>) -> Result<Go, Failure> {
        match name {
            // Settings; what a program does that doesn't know the newer drawing beside it; what was moved away.
            "pPr" | "rPr" | "sdtPr" | "tblPr" | "tblGrid" | "trPr" | "tcPr" | "sectPr" | "Fallback" | "moveFrom" => {
                return Ok(Go::Past);
            }
            "t" => self.in_text = true,
            "tab" | "ptab" => self.out.text("\t")?,
            "noBreakHyphen" => self.out.text("-")?,
            "br" if element.attribute("type").as_deref() == Some("page") => self.out.page_end()?,
            "br" | "cr" | "txbxContent" => self.out.line_end()?,
            "tc" => self.out.cell_start(),
            _ => {}
        }
        Ok(Go::In)
    }

    fn end(&mut self, name: &str) -> Result<(), Failure> {
        match name {
            "t" => self.in_text = false,
            "p" | "txbxContent" => self.out.line_end()?,
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
