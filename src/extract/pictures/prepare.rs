//! Makes a picture ready for tesseract: gray, on white, upright, its lines level, its letters large enough.

use super::Refusal;
use super::decode::over_white;
use super::gray::Gray;
use image::DynamicImage;

/// A picture of fewer pixels is enlarged twice: an A4 page of 150 dots an inch has 2.2 million.
const SMALL: usize = 3_000_000;
/// And three times, as a piece of a screen is.
const TINY: usize = 700_000;
/// More than an A3 page of 300 dots an inch has: what a camera makes of it is not sharper.
const LARGE: usize = 24_000_000;
/// Lines that climb by less are read as well as level ones, in degrees.
const LEAST_SKEW: f32 = 0.3;

/// The picture, turned clockwise by `turn` degrees, as PGM; a small one enlarged, where that is asked for.
///
/// # Errors
/// `Blank`, where there is nothing to read.
pub(in crate::extract) fn prepared(picture: DynamicImage, turn: u32, enlarge: bool) -> Result<Vec<u8>, Refusal> {
    Ok(page(picture, turn, enlarge)?.into_pgm())
}

fn page(picture: DynamicImage, turn: u32, enlarge: bool) -> Result<Gray, Refusal> {
    let gray = DynamicImage::ImageLuma8(on_white(picture));
    let gray = match turn {
        90 => gray.rotate90(),
        180 => gray.rotate180(),
        270 => gray.rotate270(),
        _ => gray,
    };
    let gray = gray.into_luma8();
    let mut page = Gray { width: gray.width() as usize, height: gray.height() as usize, pixels: gray.into_raw() };
    let overview = page.overview();
    if overview.is_blank() {
        return Err(Refusal::Blank);
    }
    if page.pixels.len() > LARGE {
        page = page.shrunk(2);
    }
    let scale = match page.pixels.len() {
        _ if !enlarge => 1.0,
        ..TINY => 3.0,
        TINY..SMALL => 2.0,
        _ => 1.0,
    };
    let skew = overview.skew();
    let degrees = if skew.abs() >= LEAST_SKEW { skew } else { 0.0 };
    Ok(if degrees == 0.0 && scale == 1.0 { page } else { page.turned(degrees, scale) })
}

/// What is transparent is paper.
fn on_white(picture: DynamicImage) -> image::GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let both = picture.into_luma_alpha8();
    let (width, height) = both.dimensions();
    let pixels = both.as_raw().chunks_exact(2).map(|pixel| over_white(pixel[0], pixel[1])).collect();
    image::GrayImage::from_raw(width, height, pixels).unwrap_or_default()
}
