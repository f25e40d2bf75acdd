//! Small pictures of documents, as WebP.

use super::Refusal;
use image::{DynamicImage, RgbImage};

/// Letters stay sharp enough to look like letters.
const QUALITY: f32 = 75.0;

/// The picture as WebP, at most `side` pixels on its longer side.
///
/// # Errors
/// When the encoder fails.
pub(in crate::extract) fn thumbnail(picture: DynamicImage, side: u32) -> Result<Vec<u8>, Refusal> {
    let small = if picture.width().max(picture.height()) > side { picture.thumbnail(side, side) } else { picture };
    Ok(webp(&on_white(small)))
}

/// Lossy: a page of text takes 10 KB (lossless 16), and a scan with its noise 18 KB (lossless 73).
pub(super) fn webp(picture: &RgbImage) -> Vec<u8> {
    webp::Encoder::from_rgb(picture.as_raw(), picture.width(), picture.height()).encode(QUALITY).to_vec()
}

/// What is transparent is paper.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let mut picture = picture.into_rgba8();
    for pixel in picture.pixels_mut() {
        let alpha = pixel.0[3];
        pixel.0 = pixel.0.map(|level| super::decode::over_white(level, alpha));
    }
    DynamicImage::ImageRgba8(picture).into_rgb8()
}
