//! Pages as a scanner makes them: writing that lies askew on paper that is not quite white, with noise.

use super::files::pdf_of;
use ab_glyph::{Font, FontVec, PxScale, ScaleFont, point};
use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use std::io::Cursor;

/// An A4 page at 300 dots an inch.
const PAGE: (u32, u32) = (2480, 3508);
const MARGIN: f32 = 260.0;

/// What somebody might write, in words of the dictionary; `seed` says which.
pub fn letter(seed: u32, words: usize) -> String {
    const WORDS: &str = "the contract between both parties ends on the last day of March unless one of them writes \
        before the end of January please send your answer to our office in Hamburg together with a copy of the invoice \
        we thank you for your order and hope that everything has reached you safely the amount is due within fourteen \
        days after delivery our bank account has not changed since last year kind regards from the whole team";
    let words_of: Vec<&str> = WORDS.split_whitespace().collect();
    let mut state = seed;
    let word = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        words_of[(state >> 16) as usize % words_of.len()]
    };
    (0..words).map(word).collect::<Vec<_>>().join(" ")
}

/// The text on a page, turned clockwise by `degrees`.
pub fn scan(text: &str, degrees: f32) -> GrayImage {
    let page = written(text, PAGE, 48.0);
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (middle_x, middle_y) = (PAGE.0 as f32 / 2.0, PAGE.1 as f32 / 2.0);
    let mut state = 7_u32;
    GrayImage::from_fn(PAGE.0, PAGE.1, |x, y| {
        let (dx, dy) = (x as f32 - middle_x, y as f32 - middle_y);
        let (from_x, from_y) = (middle_x + dx * cos + dy * sin, middle_y - dx * sin + dy * cos);
        let level = mixed(&page, from_x, from_y);
        // Nearly as the bell curve has it: the sum of four dice.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise: i32 = state.to_be_bytes().into_iter().map(|die| i32::from(die % 16)).sum();
        Luma([(level * 0.9 + 15.0 + (noise - 30) as f32).clamp(0.0, 255.0) as u8])
    })
}

/// A piece of white paper of that size with the text on it, in letters so many pixels high.
pub fn written(text: &str, (width, height): (u32, u32), letters: f32) -> GrayImage {
    let bytes =
        std::fs::read("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf").expect("the package fonts-dejavu-core");
    let font = FontVec::try_from_vec(bytes).expect("a font");
    let font = font.as_scaled(PxScale::from(letters));
    let margin = MARGIN.min(width as f32 / 20.0);
    let mut page = GrayImage::from_pixel(width, height, Luma([255]));
    let (mut x, mut y) = (margin, margin + letters);
    for word in text.split_whitespace() {
        let long: f32 = word.chars().map(|c| font.h_advance(font.glyph_id(c))).sum();
        if x + long > width as f32 - margin {
            (x, y) = (margin, y + letters * 1.3);
        }
        for c in word.chars() {
            let id = font.glyph_id(c);
            if let Some(outline) = font.outline_glyph(id.with_scale_and_position(letters, point(x, y))) {
                let bounds = outline.px_bounds();
                outline.draw(|dx, dy, cover| {
                    let at = (bounds.min.x as u32 + dx, bounds.min.y as u32 + dy);
                    if let Some(pixel) = page.get_pixel_mut_checked(at.0, at.1) {
                        pixel.0[0] = pixel.0[0].min(255 - (cover * 235.0) as u8);
                    }
                });
            }
            x += font.h_advance(id);
        }
        x += font.h_advance(font.glyph_id(' '));
    }
    page
}

/// A level between pixels.
fn mixed(page: &GrayImage, x: f32, y: f32) -> f32 {
    let at = |x: f32, y: f32| page.get_pixel_checked(x as u32, y as u32).map_or(255.0, |pixel| f32::from(pixel.0[0]));
    let (right, down) = (x.fract(), y.fract());
    if x < 0.0 || y < 0.0 {
        return 255.0;
    }
    let row = |y: f32| at(x, y) * (1.0 - right) + at(x + 1.0, y) * right;
    row(y) * (1.0 - down) + row(y + 1.0) * down
}

/// As a file of that format.
pub fn file_of(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(picture.clone()).to_rgb8().write_to(&mut file, format).expect("it is encoded");
    file.into_inner()
}

/// A PDF with a picture on each page, as scanners make it.
pub fn scanned_pdf(pages: &[GrayImage]) -> Vec<u8> {
    scanned_pdf_with("", pages)
}

/// The same with a line of text on each page, as some programs write their names.
pub fn scanned_pdf_with(line: &str, pages: &[GrayImage]) -> Vec<u8> {
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 3 + 3 * page)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()),
    ];
    for (number, page) in pages.iter().enumerate() {
        let (first, content, picture) = (3 + 3 * number, 4 + 3 * number, 5 + 3 * number);
        assert_eq!(objects.len() + 1, first);
        // 300 pixels an inch, of which a point is a 72nd.
        let (width, height) = (page.width() as f32 * 0.24, page.height() as f32 * 0.24);
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {content} 0 R \
             /Resources << /XObject << /P {picture} 0 R >> \
             /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
        ));
        let drawing = format!("q {width} 0 0 {height} 0 0 cm /P Do Q BT /F 9 Tf 20 20 Td ({line}) Tj ET");
        objects.push(format!("<< /Length {} >>\nstream\n{drawing}\nendstream", drawing.len()));
        let mut jpeg = Cursor::new(Vec::new());
        page.write_to(&mut jpeg, ImageFormat::Jpeg).expect("it is encoded");
        let data = format!("{}>", hex::encode(jpeg.into_inner()));
        objects.push(format!(
            "<< /Type /XObject /Subtype /Image /Width {} /Height {} /ColorSpace /DeviceGray /BitsPerComponent 8 \
             /Filter [/ASCIIHexDecode /DCTDecode] /Length {} >>\nstream\n{data}\nendstream",
            page.width(),
            page.height(),
            data.len()
        ));
    }
    pdf_of(&objects)
}

/// How many of the words of `truth` stand in `read`, in their order, from 0 to 1.
pub fn accuracy(truth: &str, read: &str) -> f64 {
    let (truth, read): (Vec<&str>, Vec<&str>) = (truth.split_whitespace().collect(), read.split_whitespace().collect());
    // The longest common subsequence.
    let mut row = vec![0_usize; read.len() + 1];
    for word in &truth {
        let mut before = 0;
        for (at, other) in read.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if word == other { before + 1 } else { above.max(row[at]) };
            before = above;
        }
    }
    row[read.len()] as f64 / truth.len() as f64
}
