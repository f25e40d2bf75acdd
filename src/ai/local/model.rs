//! What was learned: immutable, small, and the same wherever it is loaded.
//!
//! A model knows topics by their ids. Asked about others it says nothing; those it knows that are not asked about stay
//! out of the answer.

use super::bm25::{self, Queries};
use super::calibrate::{log_sum_exp, sigmoid};
use super::table::Table;
use super::tokens::Counts;
use super::vectors::Rarity;
use crate::ai::Topic;
use crate::domain::TopicId;

/// From this many examples on a topic is what its examples are, also when its description changes.
pub(super) const OWN_EXAMPLES: u32 = 5;

/// How much a topic that is new to the model can take of what the model is sure of.
const TAKEN_BACK: f32 = 0.3;

/// A topic as it was when the model was trained.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    pub(super) id: TopicId,
    /// Of its name and description.
    pub(super) print: u64,
    /// How many documents a person had put there.
    pub(super) examples: u32,
    /// How near its documents are to their middle: the mean, and the deviation.
    pub(super) near: (f32, f32),
}

/// How many features tell whether a document belongs to any topic.
pub(super) const SIGNS: usize = 5;

/// From scores to probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Calibration {
    /// What full evidence by name and description adds to a score.
    pub(super) blend: f32,
    /// For the own score, the other topics' scores taken together, and always.
    pub(super) fits: [f32; 3],
    /// For each of the signs that a document belongs to a topic.
    pub(super) known: [f32; SIGNS],
}

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(super) topics: Vec<Known>,
    /// Whether there were documents that belong to none, as a person said or as it seemed: the tables have one more topic
    /// for them.
    pub(super) knows_none: bool,
    pub(super) rarity: Rarity,
    /// The regression's weights.
    pub(super) weights: Table,
    /// The middle of each topic's documents.
    pub(super) middles: Table,
    pub(super) calibration: Calibration,
}

/// A number for a name and a description, to see that they changed.
pub(super) fn print(topic: &Topic) -> u64 {
    let bytes = topic.name.bytes().chain([0]).chain(topic.description.bytes());
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// The signs that a document belongs to a topic at all: always 1; how near it is to the middle of its best topic, as
/// that topic's documents go; how near at all; how far the best topic is ahead; what its name and description say. Each is
/// cut where it says enough: one that has nothing in common with the topic's documents is six deviations off and more.
pub(super) fn signs(best: usize, scores: &[f32], near: &[f32], usual: (f32, f32), evidence: f32) -> [f32; SIGNS] {
    let own = scores.get(best).copied().unwrap_or(0.0);
    let others = scores.iter().enumerate().filter(|(at, score)| *at != best && score.is_finite());
    let ahead = own - log_sum_exp(others.map(|(_, score)| *score)).unwrap_or(0.0);
    let near = near.get(best).copied().unwrap_or(0.0);
    let (mean, deviation) = usual;
    [1.0, ((near - mean) / deviation.max(0.02)).clamp(-6.0, 4.0), 10.0 * near, ahead.clamp(-4.0, 8.0), evidence]
}

/// The place of the largest.
pub(super) fn best_of(scores: &[f32]) -> Option<usize> {
    (0..scores.len())
        .filter(|at| scores[*at].is_finite())
        .max_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(b.cmp(a)))
}

impl Calibration {
    /// What the signs say of whether a document belongs to any topic: above 0 that it does.
    pub(super) fn known_score(&self, signs: &[f32; SIGNS]) -> f32 {
        signs.iter().zip(&self.known).map(|(sign, weight)| sign * weight).sum()
    }

    /// How sure each topic is, if the document belongs to any. A score that is not finite is left out.
    pub(super) fn fits(&self, scores: &[f32]) -> Vec<f32> {
        scores.iter().zip(rests(scores)).map(|(score, rest)| self.fit(*score, rest)).collect()
    }

    /// The same for one topic, by its score and the others' taken together.
    pub(super) fn fit(&self, score: f32, rest: f32) -> f32 {
        let [own, others, always] = self.fits;
        if score.is_finite() { sigmoid(own * score - others * rest + always) } else { 0.0 }
    }

    /// Surer of every topic by so much, in logits. Where `by` is below 0: that much less sure that a document belongs to any
    /// topic, and less sharp about which, by e to that power.
    pub(super) fn surer(mut self, by: f32) -> Self {
        if by < 0.0 {
            self.fits = self.fits.map(|part| part * by.exp());
            self.known[0] += by;
        } else {
            self.fits[2] += by;
        }
        self
    }
}

/// For each score the others taken together: ln Σ eˣ. Against nothing, a score has to be above that of a text without
/// any word that says something, which is 0.
pub(super) fn rests(scores: &[f32]) -> Vec<f32> {
    let best = best_of(scores);
    let without = |left_out: Option<usize>| {
        let others = scores.iter().enumerate().filter(move |(at, score)| Some(*at) != left_out && score.is_finite());
        log_sum_exp(others.map(|(_, score)| *score))
    };
    // Taking a small part away from the sum is exact enough; the largest has to be left out from the start.
    let (all, for_best) = (without(None).unwrap_or(0.0), without(best).unwrap_or(0.0));
    let rest = |(at, score): (usize, &f32)| {
        if Some(at) == best || !score.is_finite() { for_best } else { all + (-(score - all).exp()).ln_1p() }
    };
    scores.iter().enumerate().map(rest).collect()
}

impl Model {
    /// How many topics it was trained on, and how many of a person's examples.
    pub fn trained_on(&self) -> (usize, u64) {
        (self.topics.len(), self.topics.iter().map(|topic| u64::from(topic.examples)).sum())
    }

    /// How sure each topic is, in the order of the queries, and how likely it is that none fits. `evidence` is that of
    /// the topics' names and descriptions.
    pub(super) fn judge(&self, counts: &Counts, queries: &Queries, evidence: &[f32]) -> (Vec<f32>, f32) {
        let topics = queries.topics();
        let places: Vec<Option<usize>> =
            topics.iter().zip(queries.prints()).map(|(topic, print)| self.place(topic.id, *print)).collect();
        let (scores, near) = self.scores(counts);
        // The scores of the topics asked about, in the model's order; the others' are not finite.
        let mut own = vec![f32::NEG_INFINITY; scores.len()];
        if let (Some(last), true) = (own.last_mut(), scores.len() > self.topics.len()) {
            *last = scores[scores.len() - 1];
        }
        let mut found = vec![0.0; scores.len()];
        for (place, evidence) in places.iter().zip(evidence) {
            if let Some(at) = place {
                own[*at] = scores[*at] + self.calibration.blend * evidence;
                found[*at] = *evidence;
            }
        }
        let fits = self.calibration.fits(&own);
        let named = own.get(..self.topics.len()).unwrap_or_default();
        let known = best_of(named).and_then(|best| {
            let signs = signs(best, named, &near, self.topics.get(best)?.near, found[best]);
            Some(sigmoid(self.calibration.known_score(&signs)))
        });
        let known = known.unwrap_or(0.0);
        // A topic that the model does not know can have what the model can't place.
        let by_name = bm25::confidences(evidence);
        let free = (1.0 - known) + TAKEN_BACK * known;
        let mut confidences: Vec<f32> = Vec::with_capacity(topics.len());
        let newest =
            places.iter().zip(&by_name).filter(|(place, _)| place.is_none()).fold(0.0f32, |most, (_, c)| most.max(*c));
        let left = 1.0 - newest * free;
        for (place, by_name) in places.iter().zip(&by_name) {
            confidences.push(match place {
                Some(at) => known * fits[*at] * left,
                None => by_name * free,
            });
        }
        let none_of = if scores.len() > self.topics.len() { fits[scores.len() - 1] } else { 0.0 };
        let none = (1.0 - known * (1.0 - none_of)) * left;
        (confidences, none.clamp(0.0, 1.0))
    }

    /// Where the model has a topic; `None` where it knows too little of it: it is new, or it was known by its
    /// description alone, and that has changed.
    pub(super) fn place(&self, id: TopicId, print: u64) -> Option<usize> {
        let at = self.topics.binary_search_by(|known| known.id.cmp(&id)).ok()?;
        let known = self.topics.get(at)?;
        (known.examples >= OWN_EXAMPLES || known.print == print).then_some(at)
    }

    /// Each known topic's score, and how near the text is to its middle.
    fn scores(&self, counts: &Counts) -> (Vec<f32>, Vec<f32>) {
        let mut vector = Vec::with_capacity(counts.words.len());
        self.rarity.vector_into(counts, &mut vector);
        let mut scores = vec![0.0; self.columns()];
        let mut near = vec![0.0; self.columns()];
        self.weights.scores_into(&vector, &mut scores);
        self.middles.scores_into(&vector, &mut near);
        (scores, near)
    }

    /// Where the model has the topic at `at` of the queries.
    pub(super) fn place_of(&self, queries: &Queries, at: usize) -> Option<usize> {
        self.place(queries.topics().get(at)?.id, *queries.prints().get(at)?)
    }

    /// Each word's part in the score of the topic at `place`, against its part in the others' on average.
    pub(super) fn parts(&self, counts: &Counts, place: usize) -> Vec<f32> {
        let mut vector = Vec::with_capacity(counts.words.len());
        self.rarity.vector_into(counts, &mut vector);
        let mut scores = vec![0.0; self.columns()];
        let others = scores.len().saturating_sub(1).max(1) as f32;
        let part = |entry: &(u32, f32)| {
            scores.fill(0.0);
            self.weights.scores_into(std::slice::from_ref(entry), &mut scores);
            let own = scores.get(place).copied().unwrap_or(0.0);
            own - (scores.iter().sum::<f32>() - own) / others
        };
        vector.iter().map(part).collect()
    }

    /// Topics of the tables.
    pub(super) fn columns(&self) -> usize {
        self.topics.len() + usize::from(self.knows_none)
    }
}
