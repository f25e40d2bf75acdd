//! Pictures in shades of gray, and what is done to a page before it is read.

/// A picture in shades of gray, row by row, 0 black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gray {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u8>,
}

/// A pixel that differs from the paper by more is ink.
const INK: u8 = 48;
/// Ink where there is writing, in pixels of a picture that is shrunk as in [`Gray::overview`]: less is dust. A letter
/// of 12 points has some twenty.
const LEAST_INK: usize = 12;
/// The longer side of a picture that is looked over instead of the whole.
const OVERVIEW: usize = 1000;
/// Points of ink that tell the angle; a page of text has more.
const MOST_POINTS: usize = 50_000;
/// Angles that are looked for, in degrees to either side.
const MOST_DEGREES: f32 = 8.0;

impl Gray {
    /// A smaller picture that shows as much: each pixel the mean of a square.
    pub fn overview(&self) -> Self {
        let by = (self.width.max(self.height) / OVERVIEW).clamp(1, 8);
        self.shrunk(by)
    }

    /// As a file of the format PGM.
    pub fn into_pgm(self) -> Vec<u8> {
        let head = format!("P5\n{} {}\n255\n", self.width, self.height);
        [head.as_bytes(), &self.pixels].concat()
    }

    /// Each pixel the mean of `by` × `by`.
    pub fn shrunk(&self, by: usize) -> Self {
        if by <= 1 {
            return self.clone();
        }
        let (width, height) = ((self.width / by).max(1), (self.height / by).max(1));
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        let area = (by * by) as u32;
        for rows in self.pixels.chunks_exact(self.width * by).take(height) {
            sums.fill(0);
            for row in rows.chunks_exact(self.width) {
                for (sum, square) in sums.iter_mut().zip(row.chunks_exact(by)) {
                    *sum += square.iter().map(|level| u32::from(*level)).sum::<u32>();
                }
            }
            pixels.extend(sums.iter().map(|sum| (sum / area) as u8));
        }
        let height = pixels.len() / width;
        Self { width, height, pixels }
    }

    /// The commonest shade: that of the paper.
    pub fn paper(&self) -> u8 {
        let mut counts = [0_usize; 256];
        for level in &self.pixels {
            counts[usize::from(*level)] += 1;
        }
        // With its neighbours, as noise spreads it.
        let near = |level: usize| counts[level.saturating_sub(4)..(level + 5).min(256)].iter().sum::<usize>();
        (0..=255_u8).max_by_key(|level| near(usize::from(*level))).unwrap_or(255)
    }

    /// There is nothing on it. Asked of an overview.
    pub fn is_blank(&self) -> bool {
        let paper = self.paper();
        self.pixels.iter().filter(|level| level.abs_diff(paper) > INK).take(LEAST_INK).count() < LEAST_INK
    }

    /// By how many degrees, clockwise, the lines of writing climb down from the horizontal. Asked of an overview.
    ///
    /// Where lines are level, ink gathers in some rows and leaves out others: the angle under which neighbouring rows
    /// differ most.
    pub fn skew(&self) -> f32 {
        let paper = self.paper();
        let mut points: Vec<(f32, f32)> = Vec::new();
        for (y, row) in self.pixels.chunks_exact(self.width).enumerate() {
            for (x, level) in row.iter().enumerate() {
                if level.abs_diff(paper) > INK {
                    points.push((x as f32, y as f32));
                }
            }
        }
        // Too little to tell, or rather a photograph.
        if points.len() < 200 || points.len() > self.pixels.len() / 3 {
            return 0.0;
        }
        let each = points.len().div_ceil(MOST_POINTS);
        let points: Vec<_> = points.into_iter().step_by(each).collect();
        let mut rows = Vec::new();
        let mut sharpness = |degrees: f32| {
            let slope = degrees.to_radians().tan();
            let lowest = (-slope * self.width as f32).min(0.0);
            let count = self.height + (slope.abs() * self.width as f32) as usize + 2;
            rows.clear();
            rows.resize(count, 0_i32);
            for (x, y) in &points {
                // Within the rows: it is at least 0.
                if let Some(row) = rows.get_mut((y - slope * x - lowest) as usize) {
                    *row += 1;
                }
            }
            rows.windows(2).map(|pair| i64::from(pair[1] - pair[0]).pow(2)).sum::<i64>()
        };
        let mut best_of = |around: f32, reach: f32, step: f32| {
            let steps = (reach / step).round() as i32;
            let angles = (-steps..=steps).map(|i| around + i as f32 * step);
            angles
                .map(|angle| (sharpness(angle), angle))
                .max_by(|a, b| a.0.cmp(&b.0).then(b.1.abs().total_cmp(&a.1.abs())))
        };
        let Some((_, coarse)) = best_of(0.0, MOST_DEGREES, 0.4) else { return 0.0 };
        let Some((best, fine)) = best_of(coarse, 0.4, 0.1) else { return 0.0 };
        let level = sharpness(0.0);
        // At the rim there is no peak; and what is hardly better is no skew.
        if fine.abs() >= MOST_DEGREES || best < level + level / 20 { 0.0 } else { fine }
    }

    /// Turned by `degrees` against the clock, and enlarged by `scale`; what comes into sight is paper.
    pub fn turned(&self, degrees: f32, scale: f32) -> Self {
        const ONE: f32 = 65536.0;
        let paper = self.overview().paper();
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (old_width, old_height) = (self.width as f32, self.height as f32);
        let width = ((old_width * cos.abs() + old_height * sin.abs()) * scale).ceil().max(1.0) as usize;
        let height = ((old_height * cos.abs() + old_width * sin.abs()) * scale).ceil().max(1.0) as usize;
        let mut pixels = vec![paper; width * height];
        // Where the next pixel to the right was, in 1/65536 of a pixel.
        let (step_x, step_y) = ((cos / scale * ONE) as i64, (sin / scale * ONE) as i64);
        for (row_number, row) in pixels.chunks_exact_mut(width).enumerate() {
            let dx = (0.5 - width as f32 / 2.0) / scale;
            let dy = (row_number as f32 + 0.5 - height as f32 / 2.0) / scale;
            let mut x = ((old_width / 2.0 + dx * cos - dy * sin - 0.5) * ONE) as i64;
            let mut y = ((old_height / 2.0 + dx * sin + dy * cos - 0.5) * ONE) as i64;
            for pixel in row {
                let (left, top) = ((x >> 16) as usize, (y >> 16) as usize);
                // What lies before the first is huge as a `usize`.
                if left < self.width - 1 && top < self.height - 1 {
                    let at = top * self.width + left;
                    let (right, down) = (((x >> 8) & 0xff) as u32, ((y >> 8) & 0xff) as u32);
                    let mix =
                        |at: usize| u32::from(self.pixels[at]) * (256 - right) + u32::from(self.pixels[at + 1]) * right;
                    *pixel = ((mix(at) * (256 - down) + mix(at + self.width) * down) >> 16) as u8;
                }
                x += step_x;
                y += step_y;
            }
        }
        Self { width, height, pixels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with lines of writing, as bars that are broken like words, turned clockwise by `degrees`.
    fn page(degrees: f32) -> Gray {
        let (width, height) = (900, 1200);
        let (sin, cos) = degrees.to_radians().sin_cos();
        let ink = |x: usize, y: usize| {
            let (dx, dy) = (x as f32 - 450.0, y as f32 - 600.0);
            let (x, y) = (dx * cos + dy * sin + 450.0, dy * cos - dx * sin + 600.0);
            let inside = (100.0..800.0).contains(&x) && (100.0..1100.0).contains(&y);
            let line = (y / 30.0).floor();
            inside && y.rem_euclid(30.0) < 12.0 && (x + line * 37.0).rem_euclid(50.0) < 40.0
        };
        let pixels = (0..width * height).map(|at| if ink(at % width, at / width) { 30 } else { 240 }).collect();
        Gray { width, height, pixels }
    }

    #[test]
    fn the_angle_of_the_lines_is_found_and_made_level() {
        for degrees in [-5.0, -2.0, -0.7, 0.0, 0.5, 1.9, 6.0] {
            let page = page(degrees);
            let found = page.skew();
            assert!((found - degrees).abs() < 0.15, "{degrees}: {found}");
            let level = page.turned(found, 1.0);
            assert!(level.skew().abs() < 0.2, "{degrees}: {}", level.skew());
        }
    }

    #[test]
    fn a_page_without_writing_is_blank_and_lies_at_no_angle() {
        let noise = |spread: u32| {
            let mut state = 1_u32;
            let pixels = (0..900 * 1200).map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                220 + ((state >> 16) % spread) as u8
            });
            Gray { width: 900, height: 1200, pixels: pixels.collect() }
        };
        assert!(noise(30).is_blank());
        assert_eq!(noise(30).skew(), 0.0);
        assert!(!page(0.0).is_blank());
        // White on black is writing too.
        let mut dark = page(1.0);
        dark.pixels.iter_mut().for_each(|level| *level = 255 - *level);
        assert!(!dark.is_blank());
        assert!((dark.skew() - 1.0).abs() < 0.15);
        // One letter.
        let mut letter = noise(30);
        (0..30).for_each(|at| letter.pixels[500_000 + at % 5 + 900 * (at / 5)] = 20);
        assert!(!letter.is_blank());
    }

    #[test]
    fn enlarged_it_is_the_same_picture() {
        let page = page(0.0);
        let twice = page.turned(0.0, 2.0);
        assert_eq!((twice.width, twice.height), (1800, 2400));
        let back = twice.shrunk(2);
        let off = back.pixels.iter().zip(&page.pixels).filter(|(a, b)| a.abs_diff(**b) > 60).count();
        assert!(off < page.pixels.len() / 200, "{off}");
    }

    #[test]
    fn the_smallest_pictures_are_pictures() {
        for (width, height) in [(1, 1), (1, 5000), (5000, 1), (2, 2)] {
            let dot = Gray { width, height, pixels: vec![7; width * height] };
            let overview = dot.overview();
            assert_eq!(overview.pixels.len(), overview.width * overview.height);
            assert!(overview.is_blank());
            assert_eq!(overview.skew(), 0.0);
            let turned = dot.turned(3.0, 3.0);
            assert_eq!(turned.pixels.len(), turned.width * turned.height);
        }
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_on_it_a_picture_stays_one(width in 1..60_usize, height in 1..60_usize, noise: u64,
            by in 1..9_usize, degrees in -8.0..8.0_f32, scale in 1.0..3.0_f32) {
            let pixels = (0..width * height).map(|at| (noise.rotate_left(at as u32 % 61) ^ at as u64) as u8).collect();
            let picture = Gray { width, height, pixels };
            let small = picture.shrunk(by);
            prop_assert_eq!(small.pixels.len(), small.width * small.height);
            prop_assert!(picture.skew().abs() <= MOST_DEGREES);
            let turned = picture.turned(degrees, scale);
            prop_assert_eq!(turned.pixels.len(), turned.width * turned.height);
            prop_assert!(turned.width >= (width as f32 * 0.9) as usize);
        }
    }
}
