//! Pages of PDFs, drawn by hayro.
//!
//! Where it would leave something out there is no picture: poppler may do better, which has the fonts of this machine, and
//! makes up how a form looks that does not say so. hayro warns of some of that alone, so the page is looked at here.

use super::Refusal;
use super::thumbnail::webp;
use encoding_rs::WINDOWS_1252;
use hayro::hayro_interpret::font::{FontQuery, Glyph, GlyphId, GlyphRun};
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};
use hayro::hayro_syntax::object::{Array, Dict, Name};
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::kurbo::{Affine, BezPath, Rect};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};
use image::RgbImage;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The `page` of a PDF, from 1, as WebP, with `side` pixels on its longer side.
///
/// # Errors
/// When it is damaged, or not all of it can be drawn.
pub(in crate::extract) fn thumbnail(pdf: Vec<u8>, page: u32, side: u32) -> Result<Vec<u8>, Refusal> {
    let pdf = Pdf::new(pdf).map_err(|error| match error {
        LoadPdfError::Decryption(_) => Refusal::Unsupported,
        LoadPdfError::Invalid => Refusal::Damaged,
    })?;
    let page = pdf.pages().get(page.saturating_sub(1) as usize).ok_or(Refusal::Damaged)?;
    let side = u16::try_from(side).map_err(|_| Refusal::TooLarge)?;
    if has_more_than_it_says(page) {
        return Err(Refusal::Unsupported);
    }
    Ok(webp(&drawn(page, side)?))
}

fn drawn(page: &Page<'_>, side: u16) -> Result<RgbImage, Refusal> {
    let (width, height) = page.render_dimensions();
    let scale = f32::from(side) / width.max(height);
    // Also where a dimension is no number.
    if !(width > 0.0 && height > 0.0 && scale.is_finite()) {
        return Err(Refusal::Damaged);
    }
    // At least a pixel, at most `side`.
    let pixels = |length: f32| (length * scale).round().clamp(1.0, f32::from(side)) as u16;
    let mut context = RenderContext::new(pixels(width), pixels(height));
    let stretch = |pixels: u16, length: f32| f64::from(pixels) / f64::from(length);
    let transform = Affine::scale_non_uniform(stretch(context.width(), width), stretch(context.height(), height))
        * page.initial_transform(true).to_kurbo();

    let missing = Missing::default();
    render_into(page, &RenderCache::new(), &missing.noted(), &RenderSettings::default(), &mut context, transform);
    if missing.part.load(Ordering::Relaxed) || missing.font.load(Ordering::Relaxed) && !is_western(page) {
        return Err(Refusal::Unsupported);
    }
    context.flush();
    let mut drawn = Pixmap::new(context.width(), context.height());
    let on_paper = RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..RasterizerSettings::default() };
    context.render_with(&mut drawn, &mut Resources::default(), on_paper);
    let levels = drawn.data().iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect();
    // Never another number of pixels.
    RgbImage::from_raw(drawn.width().into(), drawn.height().into(), levels).ok_or(Refusal::Damaged)
}

/// Whether there is something on the page whose looks it leaves to who draws it: fields of a form, and notes and marks.
fn has_more_than_it_says(page: &Page<'_>) -> bool {
    let Some(annotations) = page.raw().get::<Array<'_>>(b"Annots") else { return false };
    annotations.iter::<Dict<'_>>().any(|annotation| {
        let kind = annotation.get::<Name<'_>>(b"Subtype");
        match kind.as_ref().map(|kind| kind.as_str()) {
            // They show nothing.
            Some("Link" | "Popup") => false,
            Some("Widget") => true,
            _ => annotation.get::<Dict<'_>>(b"AP").is_none(),
        }
    })
}

/// What the file does not bring, or hayro can't draw.
#[derive(Default)]
struct Missing {
    /// A font: one of the standard fonts stands in for it.
    font: Arc<AtomicBool>,
    /// Anything else: then it is not in the picture.
    part: Arc<AtomicBool>,
}

impl Missing {
    /// Settings under which it is noted here.
    fn noted(&self) -> InterpreterSettings {
        let (font, part) = (self.font.clone(), self.part.clone());
        InterpreterSettings {
            font_resolver: Arc::new(move |query| {
                font.store(true, Ordering::Relaxed);
                let standard = match query {
                    FontQuery::Standard(font) => *font,
                    FontQuery::Fallback(query) => query.pick_standard_font(),
                };
                Some(standard.get_font_data())
            }),
            warning_sink: Arc::new(move |_| part.store(true, Ordering::Relaxed)),
            ..InterpreterSettings::default()
        }
    }
}

/// Whether all letters on the page are of Western Europe: the standard fonts have those alone, and others are left out
/// without a word, or others drawn in their place.
fn is_western(page: &Page<'_>) -> bool {
    let (width, height) = page.render_dimensions();
    let all = Rect::new(0.0, 0.0, width.into(), height.into());
    let (cache, settings) = (InterpreterCache::new(), InterpreterSettings::default());
    let transform = page.initial_transform(true).to_kurbo();
    let mut letters = Letters { western: true };
    interpret_page(page, &mut Context::new(transform, all, &cache, page.xref(), settings), &mut letters);
    letters.western
}

/// Draws nothing, and looks at the letters.
struct Letters {
    western: bool,
}

impl<'a> Device<'a> for Letters {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {
        self.western &= run.glyphs().iter().all(|glyph| match &**glyph {
            Glyph::Outline(glyph) => {
                let letter = match glyph.as_unicode() {
                    Some(BfString::Char(letter)) => letter.to_string(),
                    Some(BfString::String(letters)) => letters,
                    // Nobody can say whether it is the one that is meant.
                    None => return false,
                };
                let blank = letter.trim().is_empty();
                blank || glyph.glyph_id() != GlyphId::NOTDEF && !WINDOWS_1252.encode(&letter).2
            }
            // The file brings it.
            Glyph::Type3(_) => true,
        });
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELVETICA: &str = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
    /// A font that the PDF does not bring, and that no standard font stands in for.
    const JAPANESE: &str = "<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /UniJIS-UCS2-H \
        /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 \
        /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>] >>";

    /// A PDF of one page with these entries, which shows `string` in that font. It has no table of its objects.
    fn pdf(entries: &str, font: &str, string: &str) -> Vec<u8> {
        let content = format!("BT /F 40 Tf 20 60 Td {string} Tj ET");
        format!(
            "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
             2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
             3 0 obj\n<< /Type /Page /Parent 2 0 R {entries} /Resources << /Font << /F {font} >> >> /Contents 4 0 R >>\nendobj\n\
             4 0 obj\n<< /Length {} >>\nstream\n{content}\nendstream\nendobj\n\
             trailer\n<< /Root 1 0 R >>\n",
            content.len()
        )
        .into_bytes()
    }

    fn drawn(pdf: Vec<u8>) -> RgbImage {
        let picture = thumbnail(pdf, 1, 400).expect("a picture");
        image::load_from_memory(&picture).expect("a WebP").into_rgb8()
    }

    fn dark(picture: &RgbImage) -> usize {
        picture.pixels().filter(|pixel| pixel.0[0] < 100).count()
    }

    #[test]
    fn a_page_is_drawn_as_it_is_looked_at() {
        let upright = drawn(pdf("/MediaBox [0 0 595 842]", HELVETICA, "(Letter)"));
        assert_eq!(upright.dimensions(), (283, 400));
        assert!(dark(&upright) > 50, "the word is there");
        assert_eq!(upright.get_pixel(5, 5).0, [255; 3], "on white");
        let turned = drawn(pdf("/MediaBox [0 0 595 842] /Rotate 90", HELVETICA, "(Letter)"));
        assert_eq!((turned.dimensions(), dark(&turned) > 50), ((400, 283), true));
        let cropped = drawn(pdf("/MediaBox [0 0 595 842] /CropBox [0 0 200 200]", HELVETICA, "(Letter)"));
        assert_eq!(cropped.dimensions(), (400, 400));
        assert!(dark(&cropped) > 3 * dark(&upright), "as large as the page is then");
        // As narrow as a receipt can be, and narrower.
        assert_eq!(drawn(pdf("/MediaBox [0 0 1 5000]", HELVETICA, "(Letter)")).dimensions(), (1, 400));
    }

    #[test]
    fn there_is_no_picture_of_what_is_not_all_drawn() {
        let page = |more: &str| format!("/MediaBox [0 0 595 842] {more}");
        let arial = |more: &str| format!("<< /Type /Font /Subtype /TrueType /BaseFont /Arial {more} >>");
        let encoded =
            |names: &str| arial(&format!("/Encoding << /BaseEncoding /WinAnsiEncoding /Differences [65 {names}] >>"));
        let by_number = "<< /Type /Font /Subtype /Type0 /BaseFont /ArialMT /Encoding /Identity-H /DescendantFonts [<< /Type /Font \
            /Subtype /CIDFontType2 /BaseFont /ArialMT /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>] >>";
        let mark =
            |looks: &str| page(&format!("/Annots [<< /Type /Annot /Subtype /Square /Rect [9 9 99 99] {looks} >>]"));
        let field = page("/Annots [<< /Type /Annot /Subtype /Widget /FT /Tx /V (Ada) /Rect [9 9 99 99] >>]");
        for (name, entries, font, string) in [
            ("Japanese", &page(""), JAPANESE.to_owned(), "<65E5672C>"),
            ("Japanese without serifs", &page(""), JAPANESE.replace("HeiseiMin-W3", "NotoSansCJKjp"), "<65E5672C>"),
            ("Russian", &page(""), encoded("/afii10017 /afii10018"), "(AB)"),
            ("Polish", &page(""), encoded("/aogonek /ccaron"), "(AB)"),
            ("letters by their numbers in a font", &page(""), by_number.to_owned(), "<002F0048>"),
            ("a field of a form", &field, HELVETICA.to_owned(), "(Letter)"),
            ("a mark without looks", &mark(""), HELVETICA.to_owned(), "(Letter)"),
        ] {
            let made = thumbnail(pdf(entries, &font, string), 1, 400);
            assert!(matches!(made, Err(Refusal::Unsupported)), "{name}: {made:?}");
        }
        let link = page("/Annots [<< /Type /Annot /Subtype /Link /Rect [9 9 99 99] >>]");
        for (entries, string) in [(&page(""), "(Stra\\337e \\200 5)"), (&link, "(Letter)")] {
            assert!(
                dark(&drawn(pdf(entries, &arial("/Encoding /WinAnsiEncoding"), string))) > 50,
                "{entries} {string}"
            );
        }
        let locked = thumbnail(include_bytes!("../../../tests/fixtures/locked.pdf").to_vec(), 1, 400);
        assert!(matches!(locked, Err(Refusal::Unsupported)), "{locked:?}");
        for (name, bytes, page) in [
            ("no PDF", b"words".to_vec(), 1),
            ("a page that is not there", pdf("/MediaBox [0 0 595 842]", HELVETICA, "(Letter)"), 2),
        ] {
            let made = thumbnail(bytes, page, 400);
            assert!(matches!(made, Err(Refusal::Damaged)), "{name}: {made:?}");
        }
    }
}
