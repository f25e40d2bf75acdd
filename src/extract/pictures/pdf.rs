//! Pages of PDFs, drawn by hayro.
//!
//! Where it can't draw something that it has seen there is no picture: poppler may do better, which has the fonts of this
//! machine.

use super::Refusal;
use super::thumbnail::webp;
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::font::FontQuery;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::kurbo::Affine;
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

    let incomplete = Arc::new(AtomicBool::new(false));
    render_into(page, &RenderCache::new(), &settings(&incomplete), &RenderSettings::default(), &mut context, transform);
    if incomplete.load(Ordering::Relaxed) {
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

/// Says in `incomplete` where something of the page is missing.
fn settings(incomplete: &Arc<AtomicBool>) -> InterpreterSettings {
    let (without_font, without_part) = (incomplete.clone(), incomplete.clone());
    InterpreterSettings {
        font_resolver: Arc::new(move |query| match query {
            FontQuery::Standard(font) => Some(font.get_font_data()),
            // A font by glyphs: Chinese, Japanese, Korean, which the standard fonts have no letters of.
            FontQuery::Fallback(query) if query.character_collection.is_some() => {
                without_font.store(true, Ordering::Relaxed);
                None
            }
            FontQuery::Fallback(query) => Some(query.pick_standard_font().get_font_data()),
        }),
        // A font, a picture, or what stands over the page.
        warning_sink: Arc::new(move |_| without_part.store(true, Ordering::Relaxed)),
        ..InterpreterSettings::default()
    }
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
        let japanese = thumbnail(pdf("/MediaBox [0 0 595 842]", JAPANESE, "<65E5672C>"), 1, 400);
        assert!(matches!(japanese, Err(Refusal::Unsupported)), "{japanese:?}");
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
