//! A sparse table: for each bucket the topics that have a value there, in 16 bits each.
//!
//! Invariants, also of one that was read from bytes: buckets rise, topics rise within a bucket, and each topic is below
//! the number of topics.

use super::tokens::BUCKET_BITS;

/// Values kept at most: 24 MB. Beyond that the smallest are left out.
pub(super) const MOST_VALUES: usize = 6 << 20;
/// Buckets are looked up by their upper bits first.
const INDEX_SHIFT: u32 = BUCKET_BITS - 12;

/// A topic's value in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) topic: u16,
    pub(super) level: i16,
}

/// The table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    /// What a level of 1 is worth.
    pub(super) unit: f32,
    pub(super) buckets: Vec<u32>,
    /// Where each bucket's values end.
    pub(super) ends: Vec<u32>,
    pub(super) values: Vec<Value>,
    /// For each of the upper bits where its first bucket stands.
    index: Vec<u32>,
}

impl Table {
    /// From the values of each bucket, the buckets rising. Keeps the `most` largest.
    pub(super) fn new<'a>(columns: impl Iterator<Item = (u32, &'a [f32])> + Clone, most: usize) -> Self {
        let largest = columns.clone().flat_map(|(_, values)| values).fold(0.0f32, |most, value| most.max(value.abs()));
        let unit = if largest > 0.0 { largest / f32::from(i16::MAX) } else { 1.0 };
        let level = |value: f32| (value / unit).round() as i16;
        // How many there are of each level, to know from which on they are kept.
        let mut tally = vec![0usize; 1 << 15];
        for (_, values) in columns.clone() {
            for value in values {
                if let Some(count) = tally.get_mut(usize::from(level(*value).unsigned_abs())) {
                    *count += 1;
                }
            }
        }
        let mut kept = 0;
        let least = tally.iter().enumerate().skip(1).rev().find_map(|(level, count)| {
            kept += count;
            (kept > most).then_some(level as u16 + 1)
        });
        let least = least.unwrap_or(1);
        let (mut buckets, mut ends, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (bucket, column) in columns {
            let before = values.len();
            values.extend(column.iter().enumerate().filter_map(|(topic, value)| {
                let level = level(*value);
                (level.unsigned_abs() >= least).then_some(Value { topic: topic as u16, level })
            }));
            if values.len() > before {
                buckets.push(bucket);
                ends.push(values.len() as u32);
            }
        }
        values.shrink_to_fit();
        Self::with_index(unit, buckets, ends, values)
    }

    /// From its parts, for which the invariants hold.
    pub(super) fn with_index(unit: f32, buckets: Vec<u32>, ends: Vec<u32>, values: Vec<Value>) -> Self {
        let first = |upper: u32| buckets.partition_point(|bucket| bucket >> INDEX_SHIFT < upper) as u32;
        let index = (0..=1 << (BUCKET_BITS - INDEX_SHIFT)).map(first).collect();
        Self { unit, buckets, ends, values, index }
    }

    /// The values of a bucket.
    pub(super) fn bucket(&self, bucket: u32) -> &[Value] {
        let upper = (bucket >> INDEX_SHIFT) as usize;
        let bounds = (self.index.get(upper), self.index.get(upper + 1));
        let (Some(from), Some(to)) = bounds else { return &[] };
        let (from, to) = (*from as usize, *to as usize);
        let Some(place) = self.buckets.get(from..to).and_then(|near| near.iter().position(|known| *known == bucket))
        else {
            return &[];
        };
        let at = from + place;
        let end = self.ends.get(at).copied().unwrap_or(0) as usize;
        let start = at.checked_sub(1).and_then(|at| self.ends.get(at)).map_or(0, |end| *end as usize);
        self.values.get(start..end).unwrap_or_default()
    }

    /// Adds to each topic's score what a vector is worth to it.
    pub(super) fn scores_into(&self, vector: &[(u32, f32)], scores: &mut [f32]) {
        for (bucket, value) in vector {
            let worth = value * self.unit;
            for entry in self.bucket(*bucket) {
                if let Some(score) = scores.get_mut(usize::from(entry.topic)) {
                    *score += f32::from(entry.level) * worth;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_back_what_was_put_in_and_keeps_the_largest_where_there_is_no_room() {
        let columns: [(u32, [f32; 3]); 3] = [(7, [1.0, 0.0, -0.5]), (8, [0.0; 3]), (262_143, [0.25, -2.0, 0.1])];
        let table = |most| Table::new(columns.iter().map(|(bucket, values)| (*bucket, values.as_slice())), most);
        let scores = |table: &Table| {
            let mut scores = [0.0; 3];
            table.scores_into(&[(7, 2.0), (8, 1.0), (9, 1.0), (262_143, 1.0)], &mut scores);
            scores
        };
        let near = |found: [f32; 3], wanted: [f32; 3]| found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(near(scores(&table(100)), [2.25, -2.0, -0.9]));
        assert!(near(scores(&table(2)), [2.0, -2.0, 0.0]));
        assert_eq!(table(0).values, []);
    }
}
