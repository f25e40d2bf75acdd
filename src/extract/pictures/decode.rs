//! From the bytes of a picture to its pixels.

use super::Refusal;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::os::fd::AsFd;
use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

/// Memory that a pixel takes at most while it is decoded, turned and made gray, in bytes.
const BYTES_A_PIXEL: u64 = 10;
/// Pages that are looked for in a TIFF.
const MOST_PAGES: u32 = 10_000;

/// A file with a picture, and how much memory there is for it.
#[derive(Debug)]
pub(in crate::extract) struct Source {
    file: File,
    memory_bytes: u64,
}

impl Source {
    /// What comes on standard input, which has to be a file.
    ///
    /// # Errors
    /// When it can't be had.
    pub fn standard_input(memory_bytes: u64) -> io::Result<Self> {
        Ok(Self { file: File::from(io::stdin().as_fd().try_clone_to_owned()?), memory_bytes })
    }

    #[cfg(test)]
    pub(super) fn of(bytes: &[u8]) -> Self {
        use std::io::Write;
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("it is written");
        Self { file, memory_bytes: 1 << 30 }
    }

    /// All bytes of it, where they leave most of the memory to what is made of them.
    ///
    /// # Errors
    /// When they are too many, or can't be read.
    pub fn bytes(mut self) -> Result<Vec<u8>, Refusal> {
        let mut bytes = Vec::new();
        let most = self.memory_bytes / 4;
        (&mut self.file).take(most + 1).read_to_end(&mut bytes).map_err(Refusal::Pipe)?;
        if bytes.len() as u64 > most { Err(Refusal::TooLarge) } else { Ok(bytes) }
    }

    /// The picture on `page`, from 1, the right way up as far as the file says which that is.
    ///
    /// # Errors
    /// When there is none.
    pub fn picture(mut self, page: u32) -> Result<DynamicImage, Refusal> {
        let (mut picture, orientation) = if self.is_tiff()? {
            self.tiff_page(page)?
        } else if page == 1 {
            self.others()?
        } else {
            return Err(Refusal::Damaged);
        };
        picture.apply_orientation(orientation);
        Ok(picture)
    }

    fn is_tiff(&mut self) -> Result<bool, Refusal> {
        let mut start = Vec::new();
        self.file.rewind().map_err(Refusal::Pipe)?;
        (&mut self.file).take(4).read_to_end(&mut start).map_err(Refusal::Pipe)?;
        self.file.rewind().map_err(Refusal::Pipe)?;
        Ok(matches!(start[..], [b'I', b'I', 42 | 43, 0] | [b'M', b'M', 0, 42 | 43]))
    }

    fn fits(&self, width: u32, height: u32) -> Result<(), Refusal> {
        let room = self.memory_bytes / BYTES_A_PIXEL;
        if u64::from(width) * u64::from(height) <= room { Ok(()) } else { Err(Refusal::TooLarge) }
    }

    fn others(self) -> Result<(DynamicImage, Orientation), Refusal> {
        let file = self.file.try_clone().map_err(Refusal::Pipe)?;
        let mut reader = ImageReader::new(BufReader::new(file)).with_guessed_format().map_err(Refusal::Pipe)?;
        if !reader.format().is_some_and(is_read) {
            return Err(Refusal::Unsupported);
        }
        let mut limits = Limits::default();
        limits.max_alloc = Some(self.memory_bytes / 2);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(refusal)?;
        let (width, height) = decoder.dimensions();
        self.fits(width, height)?;
        // Nothing, where it says nothing sensible.
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        Ok((DynamicImage::from_decoder(decoder).map_err(refusal)?, orientation))
    }

    fn tiff_page(self, page: u32) -> Result<(DynamicImage, Orientation), Refusal> {
        let mut tiff = open_tiff(&self.file, self.memory_bytes)?;
        tiff.seek_to_image(page.saturating_sub(1) as usize).map_err(tiff_refusal)?;
        let (width, height) = tiff.dimensions().map_err(tiff_refusal)?;
        self.fits(width, height)?;
        let orientation = tiff.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
        let orientation = orientation.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms);
        Ok((tiff_pixels(&mut tiff, width, height)?, orientation))
    }
}

/// How many pages the picture has: one, but for a TIFF.
///
/// # Errors
/// When it is no picture.
pub(in crate::extract) fn count(mut source: Source) -> Result<u32, Refusal> {
    if !source.is_tiff()? {
        return Ok(1);
    }
    let mut tiff = open_tiff(&source.file, source.memory_bytes)?;
    let mut pages = 1;
    // A page that is broken is the last; one that leads back to another is an error of the decoder's.
    while pages < MOST_PAGES && tiff.more_images() && tiff.next_image().is_ok() {
        pages += 1;
    }
    Ok(pages)
}

fn is_read(format: ImageFormat) -> bool {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Pnm, WebP};
    matches!(format, Png | Jpeg | Gif | WebP | Bmp | Pnm)
}

fn refusal(error: ImageError) -> Refusal {
    match error {
        ImageError::Limits(_) => Refusal::TooLarge,
        ImageError::Unsupported(_) => Refusal::Unsupported,
        _ => Refusal::Damaged,
    }
}

fn tiff_refusal(error: TiffError) -> Refusal {
    match error {
        TiffError::LimitsExceeded | TiffError::IntSizeError => Refusal::TooLarge,
        TiffError::UnsupportedError(_) => Refusal::Unsupported,
        _ => Refusal::Damaged,
    }
}

fn open_tiff(file: &File, memory_bytes: u64) -> Result<Decoder<BufReader<File>>, Refusal> {
    let mut limits = tiff::decoder::Limits::default();
    let most = usize::try_from(memory_bytes / 3).unwrap_or(usize::MAX);
    limits.decoding_buffer_size = most;
    limits.intermediate_buffer_size = most;
    let file = file.try_clone().map_err(Refusal::Pipe)?;
    Ok(Decoder::new(BufReader::new(file)).map_err(tiff_refusal)?.with_limits(limits))
}

/// The kinds of TIFF that scanners, fax machines and cameras make.
fn tiff_pixels(tiff: &mut Decoder<BufReader<File>>, width: u32, height: u32) -> Result<DynamicImage, Refusal> {
    use tiff::ColorType::{CMYK, Gray, GrayA, Palette, RGB, RGBA, YCbCr};
    let colours = tiff.colortype().map_err(tiff_refusal)?;
    if tiff.image_buffer_layout().map_err(tiff_refusal)?.planes > 1 {
        return Err(Refusal::Unsupported);
    }
    let map = match colours {
        Palette(_) => tiff.get_tag_u16_vec(Tag::ColorMap).map_err(tiff_refusal)?,
        _ => Vec::new(),
    };
    let samples = match tiff.read_image().map_err(tiff_refusal)? {
        DecodingResult::U8(samples) => samples,
        DecodingResult::U16(samples) => samples.into_iter().map(|sample| sample.to_be_bytes()[0]).collect(),
        _ => return Err(Refusal::Unsupported),
    };
    let picture = match colours {
        Gray(8 | 16) => gray(width, height, samples),
        Gray(bits @ (1 | 2 | 4)) => {
            let most = u16::from(u8::MAX >> (8 - bits));
            let levels = unpacked(&samples, width, bits).map(|level| (u16::from(level) * 255 / most) as u8);
            gray(width, height, levels.collect())
        }
        GrayA(8 | 16) => {
            gray(width, height, samples.chunks_exact(2).map(|pixel| over_white(pixel[0], pixel[1])).collect())
        }
        RGB(8 | 16) => colour(width, height, samples),
        YCbCr(8) => colour(width, height, samples.chunks_exact(3).flat_map(rgb_of_ycbcr).collect()),
        RGBA(8 | 16) => image::RgbaImage::from_raw(width, height, samples).map(DynamicImage::ImageRgba8),
        CMYK(8 | 16) => {
            let rgb = |pixel: &[u8]| [0, 1, 2].map(|i| (u16::from(!pixel[i]) * u16::from(!pixel[3]) / 255) as u8);
            colour(width, height, samples.chunks_exact(4).flat_map(rgb).collect())
        }
        Palette(bits @ (1 | 2 | 4 | 8)) => {
            let size = map.len() / 3;
            let level = |at: usize| map.get(at).map_or(0, |level| level.to_be_bytes()[0]);
            let rgb = |index: u8| [0, size, 2 * size].map(|start| level(start + usize::from(index)));
            colour(width, height, unpacked(&samples, width, bits).flat_map(rgb).collect())
        }
        _ => return Err(Refusal::Unsupported),
    };
    // Fewer samples than there are pixels.
    picture.ok_or(Refusal::Damaged)
}

fn gray(width: u32, height: u32, pixels: Vec<u8>) -> Option<DynamicImage> {
    image::GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
}

fn colour(width: u32, height: u32, pixels: Vec<u8>) -> Option<DynamicImage> {
    image::RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
}

/// Samples of less than a byte. Each row begins with a new byte.
fn unpacked(bytes: &[u8], width: u32, bits: u8) -> impl Iterator<Item = u8> {
    let width = width as usize;
    let row = (width * usize::from(bits)).div_ceil(8).max(1);
    bytes.chunks_exact(row).flat_map(move |row| {
        (0..width).map(move |x| {
            let at = x * usize::from(bits);
            let shift = 8 - usize::from(bits) - at % 8;
            (row[at / 8] >> shift) & (u8::MAX >> (8 - bits))
        })
    })
}

/// A transparent pixel on white paper.
pub(super) fn over_white(level: u8, alpha: u8) -> u8 {
    let (level, alpha) = (u16::from(level), u16::from(alpha));
    ((level * alpha + 255 * (255 - alpha)) / 255) as u8
}

fn rgb_of_ycbcr(pixel: &[u8]) -> [u8; 3] {
    let [y, cb, cr] = [f32::from(pixel[0]), f32::from(pixel[1]) - 128.0, f32::from(pixel[2]) - 128.0];
    [y + 1.402 * cr, y - 0.344 * cb - 0.714 * cr, y + 1.772 * cb].map(|level| level.clamp(0.0, 255.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, Luma, Rgb, RgbImage, Rgba, RgbaImage};
    use std::io::Cursor;
    use tiff::encoder::colortype::{ColorType, Gray8, Gray16, RGB8, RGBA8};
    use tiff::encoder::{TiffEncoder, TiffValue};

    fn file_of(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        picture.into().write_to(&mut file, format).expect("it is encoded");
        file.into_inner()
    }

    fn tiff_of<C: ColorType>(size: (u32, u32), pages: &[&[C::Inner]]) -> Vec<u8>
    where
        [C::Inner]: TiffValue,
    {
        let mut file = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut file).expect("an encoder");
        for page in pages {
            encoder.write_image::<C>(size.0, size.1, page).expect("a page");
        }
        file.into_inner()
    }

    #[test]
    fn a_picture_comes_out_as_it_went_in() {
        let picture = RgbImage::from_fn(7, 5, |x, y| Rgb([(x * 30) as u8, (y * 40) as u8, 9]));
        for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP] {
            let file = file_of(picture.clone(), format);
            assert_eq!(count(Source::of(&file)).expect("a count"), 1, "{format:?}");
            assert_eq!(Source::of(&file).picture(1).expect("a picture").into_rgb8(), picture, "{format:?}");
            assert!(matches!(Source::of(&file).picture(2), Err(Refusal::Damaged)));
        }
    }

    #[test]
    fn a_tiff_has_pages_in_many_kinds_of_samples() {
        let (first, second) = ([0_u8, 50, 100, 150, 200, 250], [9_u8; 6]);
        let file = tiff_of::<Gray8>((3, 2), &[&first, &second]);
        assert_eq!(count(Source::of(&file)).expect("a count"), 2);
        for (page, pixels) in [(1, first), (2, second)] {
            assert_eq!(Source::of(&file).picture(page).expect("a page").into_luma8().as_raw(), &pixels);
        }
        assert!(Source::of(&file).picture(3).is_err());
        let of = |file: Vec<u8>| Source::of(&file).picture(1).expect("a page");
        let deep = of(tiff_of::<Gray16>((2, 1), &[&[0x1234, 0xffff]]));
        assert_eq!(deep.into_luma8().as_raw(), &[0x12, 0xff]);
        assert_eq!(of(tiff_of::<RGB8>((1, 1), &[&[1, 2, 3]])).into_rgb8().as_raw(), &[1, 2, 3]);
        assert_eq!(of(tiff_of::<RGBA8>((1, 1), &[&[1, 2, 3, 4]])).into_rgba8().as_raw(), &[1, 2, 3, 4]);
    }

    #[test]
    fn samples_of_less_than_a_byte_are_told_apart() {
        let of = |bytes: &[u8], width, bits| unpacked(bytes, width, bits).collect::<Vec<_>>();
        assert_eq!(of(&[0b1010_0000, 0b0110_0000], 3, 1), [1, 0, 1, 0, 1, 1]);
        assert_eq!(of(&[0b1101_1000], 3, 2), [3, 1, 2]);
        assert_eq!(of(&[0xa5, 0x10], 3, 4), [10, 5, 1]);
        assert_eq!(of(&[1, 2], 1, 8), [1, 2]);
    }

    #[test]
    fn more_pixels_than_there_is_room_for_are_refused_before_they_are_decoded() {
        let file = file_of(GrayImage::new(1100, 1000), ImageFormat::Png);
        let source = |memory_bytes| Source { memory_bytes, ..Source::of(&file) };
        assert!(matches!(source(10 << 20).picture(1), Err(Refusal::TooLarge)));
        assert!(source(16 << 20).picture(1).is_ok());
    }

    #[test]
    fn what_is_transparent_is_paper() {
        let mut picture = RgbaImage::from_pixel(900, 300, Rgba([0, 0, 0, 0]));
        (0..600).for_each(|at| picture.put_pixel(100 + at % 60, 100 + at / 60, Rgba([0, 0, 0, 255])));
        let page = super::super::prepared(picture.into(), 0, true).expect("there is something on it");
        assert!(page.starts_with(b"P5\n2700 900\n255\n"));
        assert_eq!(page.last(), Some(&255));
        let nothing = RgbaImage::from_pixel(900, 300, Rgba([0, 0, 0, 0]));
        assert!(matches!(super::super::prepared(nothing.into(), 0, true), Err(Refusal::Blank)));
    }

    #[test]
    fn a_picture_is_turned_as_it_is_asked() {
        let mut picture = GrayImage::from_pixel(1000, 600, Luma([255]));
        (0..10_000).for_each(|at| picture.put_pixel(at % 100, at / 100, Luma([0])));
        let turned = super::super::prepared(picture.into(), 90, true).expect("there is something on it");
        let page = image::load_from_memory(&turned).expect("a PGM").into_luma8();
        assert_eq!(page.dimensions(), (1800, 3000));
        // What was at the upper left is at the upper right.
        assert_eq!((page.get_pixel(1750, 50), page.get_pixel(50, 50)), (&Luma([0]), &Luma([255])));
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_the_bytes_there_is_a_picture_or_a_refusal(start in 0..9_usize, bytes in vec(any::<u8>(), 0..600), page in 0..4_u32) {
            let starts: [&[u8]; 9] = [b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"\x89PNG\r\n\x1a\n", b"GIF89a",
                b"\xff\xd8\xff\xe0", b"BM", b"RIFF\x40\0\0\0WEBPVP8 ", b"P5\n8 8\n255\n"];
            let file = [starts[start], &bytes].concat();
            let source = || Source { memory_bytes: 64 << 20, ..Source::of(&file) };
            let _ = count(source());
            if let Ok(picture) = source().picture(page) {
                prop_assert!(u64::from(picture.width()) * u64::from(picture.height()) <= (64 << 20) / BYTES_A_PIXEL);
                let _ = super::super::prepared(picture, 0, true);
            }
        }
    }
}
