//! A sheet of paper with the first lines of a text, for documents that have no pages of their own.

use super::Refusal;
use super::thumbnail::webp;
use ab_glyph::{Font as _, FontVec, PxScale, PxScaleFont, ScaleFont, point};
use image::{Rgb, RgbImage};
use std::fs;

/// Where Debian and others keep it; with letters of most of Europe.
const FONTS: &[&str] = &[
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
];
/// Height over width, as of A4 paper.
const SHAPE: f32 = 1.414;
const PAPER: Rgb<u8> = Rgb([255, 255, 255]);
const INK: f32 = 40.0;
/// Of the longer side: letters, from line to line, the margin.
const LETTERS: f32 = 0.026;
const LINE: f32 = 0.032;
const MARGIN: f32 = 0.06;

/// The letters to write with.
pub(in crate::extract) struct Font(FontVec);

impl Font {
    /// Reads the font of this machine. Has to be done before the process is confined.
    ///
    /// # Errors
    /// When there is none.
    pub fn of_this_machine() -> Result<Self, Refusal> {
        let bytes = FONTS.iter().find_map(|path| fs::read(path).ok()).ok_or(Refusal::NoFont)?;
        FontVec::try_from_vec(bytes).map(Self).map_err(|_| Refusal::NoFont)
    }
}

/// The beginning of `text` on a sheet whose longer side has `side` pixels, as WebP.
///
/// # Errors
/// `Blank`, where there is nothing to see.
pub(in crate::extract) fn sheet(font: &Font, text: &str, side: u32) -> Result<Vec<u8>, Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::Blank);
    }
    let height = side.max(32) as f32;
    let width = height / SHAPE;
    let mut sheet = RgbImage::from_pixel(width as u32, height as u32, PAPER);
    let font = font.0.as_scaled(PxScale::from(height * LETTERS));
    let margin = height * MARGIN;
    let (mut x, mut y) = (margin, margin + font.ascent());
    let line = height * LINE;
    let mut words = text.trim().chars().peekable();
    let mut fresh = true;
    while y < height - margin && words.peek().is_some() {
        match words.next_if(|c| c.is_whitespace()) {
            Some('\n' | '\u{c}') => {
                (x, y, fresh) = (margin, y + line, true);
                continue;
            }
            Some('\t') => x += 4.0 * font.h_advance(font.glyph_id(' ')),
            Some(_) => x += font.h_advance(font.glyph_id(' ')),
            None => {
                // A word of its own length at most: what is longer than a line is cut by the rim.
                let word: String = std::iter::from_fn(|| words.next_if(|c| !c.is_whitespace())).take(200).collect();
                let long: f32 = word.chars().map(|c| font.h_advance(font.glyph_id(c))).sum();
                if x + long > width - margin && !fresh {
                    (x, y) = (margin, y + line);
                }
                if y < height - margin {
                    write(&mut sheet, &font, &word, (x, y), width - margin);
                }
                x += long;
                fresh = false;
            }
        }
    }
    Ok(webp(&sheet))
}

fn write<F: ab_glyph::Font>(sheet: &mut RgbImage, font: &PxScaleFont<F>, word: &str, (mut x, y): (f32, f32), rim: f32) {
    for letter in word.chars() {
        let id = font.glyph_id(letter);
        let advance = font.h_advance(id);
        if x + advance > rim {
            return;
        }
        if let Some(outline) = font.outline_glyph(id.with_scale_and_position(font.scale(), point(x, y))) {
            let bounds = outline.px_bounds();
            outline.draw(|dx, dy, cover| {
                let (px, py) = (bounds.min.x + dx as f32, bounds.min.y + dy as f32);
                if px >= 0.0
                    && py >= 0.0
                    && let Some(pixel) = sheet.get_pixel_mut_checked(px as u32, py as u32)
                {
                    pixel.0 = pixel.0.map(|level| (f32::from(level) * (1.0 - cover) + INK * cover) as u8);
                }
            });
        }
        x += advance;
    }
}
