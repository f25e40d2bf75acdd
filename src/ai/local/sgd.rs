//! Softmax regression by stochastic gradient descent, on rows of few values.
//!
//! Seeded: the same rows and examples give the same weights, bit for bit.

use super::random::Random;

/// How far the first step goes; the last goes nowhere.
const RATE: f32 = 3.0;
/// What the weights lose in each round.
const DECAY: f32 = 0.02;
/// How often all lessons are gone through at least, and at most.
const ROUNDS: (usize, usize) = (4, 60);
/// Steps altogether, as far as the rounds allow, for what is kept.
pub(super) const THOROUGH: usize = 40_000;
/// The same for what only helps to guess.
pub(super) const ROUGH: usize = 10_000;

/// Documents as rows over the columns that training looks at.
#[derive(Default)]
pub(super) struct Rows {
    columns: Vec<u32>,
    values: Vec<f32>,
    ends: Vec<usize>,
}

impl Rows {
    pub(super) fn push(&mut self, row: impl Iterator<Item = (u32, f32)>) {
        for (column, value) in row {
            self.columns.push(column);
            self.values.push(value);
        }
        self.ends.push(self.columns.len());
    }

    pub(super) fn row(&self, at: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let end = self.ends.get(at).copied().unwrap_or(0);
        let start = if at == 0 { 0 } else { self.ends.get(at - 1).copied().unwrap_or(end) };
        let columns = self.columns[start..end].iter();
        columns.zip(&self.values[start..end]).map(|(column, value)| (*column as usize, *value))
    }
}

/// A row that is to be learned: its topics share a target of 1, and its weight is how much it counts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lesson {
    pub(super) row: usize,
    pub(super) topics: Vec<u16>,
    pub(super) weight: f32,
}

/// Weights: one for each column and topic, those of a column together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    pub(super) topics: usize,
    pub(super) values: Vec<f32>,
}

impl Weights {
    /// The topics' weights of one column.
    pub(super) fn column(&self, column: usize) -> &[f32] {
        self.values.get(column * self.topics..(column + 1) * self.topics).unwrap_or_default()
    }

    /// Makes each topic's weights, taken together, of length 1; those that are all 0 stay so.
    pub(super) fn normalize(&mut self) {
        let topics = self.topics.max(1);
        let mut squares = vec![0.0f32; topics];
        for column in self.values.chunks(topics) {
            squares.iter_mut().zip(column).for_each(|(square, value)| *square += value * value);
        }
        for column in self.values.chunks_mut(topics) {
            column.iter_mut().zip(&squares).for_each(|(value, square)| *value /= square.sqrt().max(1e-9));
        }
    }

    /// Adds other weights, so many times.
    pub(super) fn add(&mut self, other: &Self, times: f32) {
        self.values.iter_mut().zip(&other.values).for_each(|(value, other)| *value += times * other);
    }

    /// A row's scores.
    pub(super) fn scores_into(&self, row: impl Iterator<Item = (usize, f32)>, scores: &mut [f32]) {
        scores.fill(0.0);
        for (column, value) in row {
            for (score, weight) in scores.iter_mut().zip(self.column(column)) {
                *score += weight * value;
            }
        }
    }
}

/// Turns scores into probabilities that add up to 1.
pub(super) fn softmax(scores: &mut [f32]) {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - most).exp();
        sum += *score;
    }
    if sum > 0.0 {
        scores.iter_mut().for_each(|score| *score /= sum);
    }
}

/// Learns the lessons: into so many `columns` for so many `topics`, in some `visits`.
pub(super) fn learn(
    rows: &Rows,
    lessons: &[Lesson],
    (columns, topics): (usize, usize),
    visits: usize,
    seed: u64,
) -> Weights {
    let mut weights = Weights { topics, values: vec![0.0; columns * topics] };
    if lessons.is_empty() || topics == 0 {
        return weights;
    }
    let rounds = (visits / lessons.len()).clamp(ROUNDS.0, ROUNDS.1);
    let steps = (rounds * lessons.len()) as f32;
    let mut random = Random::new(seed);
    let mut order: Vec<usize> = (0..lessons.len()).collect();
    let mut gradient = vec![0.0f32; topics];
    let mut step = 0usize;
    for _ in 0..rounds {
        random.shuffle(&mut order);
        for lesson in order.iter().filter_map(|at| lessons.get(*at)) {
            weights.scores_into(rows.row(lesson.row), &mut gradient);
            softmax(&mut gradient);
            let target = 1.0 / lesson.topics.len().max(1) as f32;
            for topic in &lesson.topics {
                if let Some(value) = gradient.get_mut(usize::from(*topic)) {
                    *value -= target;
                }
            }
            let rate = RATE * lesson.weight * (1.0 - step as f32 / steps);
            step += 1;
            for (column, value) in rows.row(lesson.row) {
                let part = rate * value;
                let at = column * topics;
                if let Some(weights) = weights.values.get_mut(at..at + topics) {
                    for (weight, slope) in weights.iter_mut().zip(&gradient) {
                        *weight -= part * slope;
                    }
                }
            }
        }
        weights.values.iter_mut().for_each(|weight| *weight *= 1.0 - DECAY);
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_tells_the_lessons_apart_and_a_weightless_one_teaches_nothing() {
        let mut rows = Rows::default();
        for row in [[(0, 0.8), (2, 0.6)], [(1, 0.8), (2, 0.6)], [(0, 0.6), (1, 0.8)]] {
            rows.push(row.into_iter());
        }
        let lesson = |row, topic, weight| Lesson { row, topics: vec![topic], weight };
        let lessons = [lesson(0, 0, 1.0), lesson(1, 1, 1.0), lesson(2, 2, 0.0)];
        let weights = learn(&rows, &lessons, (3, 3), ROUGH, 1);
        let mut scores = [0.0; 3];
        for (row, topic) in [(0, 0), (1, 1)] {
            weights.scores_into(rows.row(row), &mut scores);
            softmax(&mut scores);
            assert!(scores[topic] > 0.8 && scores[2] < 0.1, "{scores:?}");
        }
        assert_eq!(weights, learn(&rows, &lessons, (3, 3), ROUGH, 1));
        assert_eq!(learn(&rows, &[], (3, 3), ROUGH, 1).values, [0.0; 9]);
        assert_eq!(rows.row(7).count(), 0);
    }
}
