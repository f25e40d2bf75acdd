//! Counted words as a vector: sublinear TF-IDF of length 1.

use super::tokens::{BUCKET_BITS, Counts, bucket};

/// How fine the rarity of a word is kept: a step is 1/16 of a natural logarithm.
const STEPS: f32 = 16.0;

/// How rare each bucket's words are: ln((1 + documents) / (1 + documents with it)) + 1, in a byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rarity(Vec<u8>);

impl Rarity {
    pub(super) fn new(documents: usize, holders: &[u32]) -> Self {
        let all = 1.0 + documents as f32;
        let step = |holders: &u32| {
            let rarity = (all / (1.0 + *holders as f32)).ln().max(0.0) + 1.0;
            (rarity * STEPS).round().clamp(1.0, 255.0) as u8
        };
        Self(holders.iter().map(step).collect())
    }

    /// From the bytes that `bytes` gave; `None` where they are too few or too many.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == 1 << BUCKET_BITS).then(|| Self(bytes.to_vec()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn of(&self, bucket: u32) -> f32 {
        self.0.get(bucket as usize).map_or(1.0, |step| f32::from(*step) / STEPS)
    }

    /// The vector of a document, in the order of buckets: one entry a word.
    pub(super) fn vector_into(&self, counts: &Counts, vector: &mut Vec<(u32, f32)>) {
        vector.clear();
        let mut square = 0.0;
        for word in &counts.words {
            let at = bucket(word.hash);
            let often = if word.times == 1 { 1.0 } else { 1.0 + f32::from(word.times).ln() };
            let value = often * self.of(at);
            square += value * value;
            vector.push((at, value));
        }
        if square > 0.0 {
            let shrink = square.sqrt().recip();
            vector.iter_mut().for_each(|(_, value)| *value *= shrink);
        }
    }
}
