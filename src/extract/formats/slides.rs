//! Slides: Office Open XML for presentations (PPTX, PPTM, PPSX, PPSM, POTX, POTM). Each slide is a page: its words, then
//! those of its diagrams and charts, the speaker's notes and the comments.

use super::office::{Parts, relations};
use super::out::Out;
use super::package::Package;
use super::{Failure, drawing, xml};
use crate::extract::frames::About;

/// More slides are left out.
const MOST_SLIDES: usize = 10_000;
/// What hangs from a slide, in the order it is read in.
const BESIDE: &[&str] = &["diagramData", "chart", "notesSlide", "comments"];

pub fn read(package: &mut Package<'_>, parts: &Parts, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut slides = in_order(package, parts)?;
    if slides.len() > MOST_SLIDES {
        slides.truncate(MOST_SLIDES);
        out.left_out("more slides");
    }
    out.about(&About { pages: u32::try_from(slides.len()).ok(), ..About::default() })?;
    for slide in slides {
        part(package, &slide, out)?;
        let related = relations(package, &slide);
        for kind in BESIDE {
            for relation in related.iter().filter(|relation| relation.kind == *kind) {
                part(package, &relation.target, out)?;
            }
        }
        out.page_end()?;
    }
    Ok(())
}

fn part(package: &mut Package<'_>, name: &str, out: &mut Out<'_>) -> Result<(), Failure> {
    let read = match package.stream(name) {
        Ok(Some(stream)) => drawing::read(stream, out),
        Ok(None) => Ok(()),
        Err(failure) => Err(failure),
    };
    out.tolerate(read)
}

/// The slides as the presentation lists them; where it lists none, as they are numbered.
fn in_order(package: &mut Package<'_>, parts: &Parts) -> Result<Vec<String>, Failure> {
    let related = relations(package, &parts.main);
    let mut slides = Vec::new();
    if let Some(stream) = package.stream(&parts.main)? {
        xml::elements(stream, |name, element| {
            if name == "sldId" && slides.len() <= MOST_SLIDES {
                let target = element
                    .attributes("id")
                    .find_map(|id| related.iter().find(|relation| relation.kind == "slide" && relation.id == id));
                slides.extend(target.map(|relation| relation.target.clone()));
            }
        })?;
    }
    if slides.is_empty() {
        slides = parts.of_type("presentationml.slide+xml");
        slides.sort_by_key(|name| {
            let digits: String = name.chars().filter(char::is_ascii_digit).collect();
            digits.parse::<u64>().unwrap_or(u64::MAX)
        });
    }
    Ok(slides)
}
