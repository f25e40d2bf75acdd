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
    /// Whether there were documents that a person said belong to none: the tables have one more topic for them.
    pub(super) knows_none: bool,
    pub(super) rarity: Rarity,
    /// The regression's weights.
    pub(super) weights: Table,
    /// The middle of each topic's documents.
    pub(super) middles: Table,
    pub(super) calibration: Calibration,
}

/// What a text's own words say of the topics asked about.
pub(super) struct Judgement {
    /// How sure each topic is.
    pub(super) confidences: Vec<f32>,
    /// How likely it is that none fits.
    pub(super) none: f32,
}

/// A number for a name and a description, to see that they changed.
pub(super) fn print(topic: &Topic) -> u64 {
    let bytes = topic.name.bytes().chain([0]).chain(topic.description.bytes());
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// The signs that a document belongs to a topic at all: always 1; how near it is to the middle of its best topic, as
/// that topic's documents go; how near at all; how far the best topic is ahead; what its name and description say.
pub(super) fn signs(best: usize, scores: &[f32], near: &[f32], usual: (f32, f32), evidence: f32) -> [f32; SIGNS] {
    let own = scores.get(best).copied().unwrap_or(0.0);
    let others = scores.iter().enumerate().filter(|(at, score)| *at != best && score.is_finite());
    let ahead = own - log_sum_exp(others.map(|(_, score)| *score)).unwrap_or(0.0);
    let near = near.get(best).copied().unwrap_or(0.0);
    let (mean, deviation) = usual;
    [1.0, ((near - mean) / deviation.max(0.02)).clamp(-4.0, 4.0), 10.0 * near, ahead.clamp(-4.0, 8.0), evidence]
}

/// The place of the largest.
pub(super) fn best_of(scores: &[f32]) -> Option<usize> {
    (0..scores.len()).filter(|at| scores[*at].is_finite()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(b.cmp(a)))
}

impl Calibration {
    /// How sure each topic is, if the document belongs to any. A score that is not finite is left out.
    pub(super) fn fits(&self, scores: &[f32]) -> Vec<f32> {
        let [own, others, always] = self.fits;
        let finite = || scores.iter().enumerate().filter(|(_, score)| score.is_finite());
        let fit = |(at, score): (usize, &f32)| {
            if !score.is_finite() {
                return 0.0;
            }
            let rest = finite().filter(|(other, _)| *other != at).map(|(_, score)| *score);
            // Against nothing, a score has to be above that of a text without any word that says something.
            let rest = log_sum_exp(rest).unwrap_or(0.0);
            sigmoid(own * score - others * rest + always)
        };
        scores.iter().enumerate().map(fit).collect()
    }
}

impl Model {
    /// Judges a text. `evidence` is that of the topics' names and descriptions, in their order.
    pub(super) fn judge(&self, counts: &Counts, queries: &Queries, evidence: &[f32]) -> Judgement {
        let topics = queries.topics();
        let places: Vec<Option<usize>> = topics.iter().map(|topic| self.place(topic)).collect();
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
        let known = match best_of(&own) {
            Some(best) if best < self.topics.len() => {
                let signs = signs(best, &own, &near, self.topics[best].near, found[best]);
                sigmoid(signs.iter().zip(&self.calibration.known).map(|(sign, weight)| sign * weight).sum())
            }
            _ => 0.0,
        };
        // A topic that the model does not know can have what the model can't place.
        let by_name = bm25::confidences(evidence);
        let free = (1.0 - known) + 0.3 * known;
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
        Judgement { confidences, none: none.clamp(0.0, 1.0) }
    }

    /// Where the model has a topic; `None` where it knows too little of it: it is new, or it was known by its
    /// description alone, and that has changed.
    fn place(&self, topic: &Topic) -> Option<usize> {
        let at = self.topics.binary_search_by(|known| known.id.cmp(&topic.id)).ok()?;
        let known = self.topics.get(at)?;
        (known.examples >= OWN_EXAMPLES || known.print == print(topic)).then_some(at)
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

    /// Topics of the tables.
    pub(super) fn columns(&self) -> usize {
        self.topics.len() + usize::from(self.knows_none)
    }
}
