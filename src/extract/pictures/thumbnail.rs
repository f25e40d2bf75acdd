//! Small pictures of documents, as WebP.

use super::Refusal;
use image::{DynamicImage, RgbImage};

/// Letters stay sharp enough to look like letters.
const QUALITY: f32 = 75.0;
/// How hard the encoder tries, 0 to 6: a page of text takes 5 ms, and with the usual 4 it takes 11 to be 2 % smaller.
const METHOD: i32 = 2;

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
    let encoder = webp::Encoder::from_rgb(picture.as_raw(), picture.width(), picture.height());
    let config = webp::WebPConfig::new().map(|config| webp::WebPConfig { quality: QUALITY, method: METHOD, ..config });
    match config.map(|config| encoder.encode_advanced(&config)) {
        Ok(Ok(picture)) => picture.to_vec(),
        // With nothing of ours asked for.
        _ => encoder.encode(QUALITY).to_vec(),
    }
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
