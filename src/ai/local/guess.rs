//! Self-training: what the descriptions say of the texts that nobody sorted is taken for true where it is surest, and
//! learned from; again and again, with more of them each time.
//!
//! It helps where there is nothing else. With ten examples of a topic it did harm when it was measured, and most of all
//! to topics that have few examples because few documents belong to them.

use super::bm25;
use super::fit::{Material, together};
use super::model::best_of;
use super::sgd::{Lesson, ROUGH, Weights, softmax};

/// Where any topic has this many examples, only topics without any are guessed at.
const ENOUGH: u32 = 10;
/// How often it is guessed, learned, and guessed again.
const ROUNDS: usize = 5;
/// Which part of an even share of the texts a topic gets in the last round.
const SHARE: f32 = 0.5;
/// Which part of the texts that fit a topic best it gets.
const OWN_SHARE: f32 = 0.7;
/// Texts that a topic gets at most.
const MOST: usize = 100;
/// Texts that a topic gets at most for each example that a person gave, and where there are only other topics' examples.
const BESIDE_EXAMPLES: (usize, usize) = (2, 10);
/// How much a guess counts beside a topic's examples.
const WEIGHT_BESIDE_EXAMPLES: f32 = 0.3;

/// Topics for texts that nobody sorted.
pub(super) fn guess(material: &Material, real: &[Lesson], described: &[Lesson]) -> Vec<Lesson> {
    let examples = material.examples();
    let few = examples.iter().all(|count| *count < ENOUGH);
    let wanting: Vec<bool> = examples.iter().map(|count| few || *count == 0).collect();
    let texts: Vec<usize> = material.unsorted();
    if texts.is_empty() || !wanting.contains(&true) {
        return Vec::new();
    }
    let share = texts.len() as f32 / material.topics as f32;
    let mut guessed: Vec<Lesson> = Vec::new();
    for round in 0..ROUNDS {
        let weights = (round > 0 || !real.is_empty()).then(|| {
            let lessons = together(material, &[real, described, &guessed]);
            material.learn(&lessons, ROUGH, round as u64)
        });
        guessed.clear();
        let grown = share * SHARE * (round + 1) as f32 / ROUNDS as f32;
        for (topic, mut found) in best_fitting(material, &texts, weights.as_ref()).into_iter().enumerate() {
            if !wanting[topic] {
                continue;
            }
            found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let own = found.len() as f32 * OWN_SHARE;
            let count = (grown.min(own) as usize).min(match examples[topic] as usize {
                _ if real.is_empty() => MOST,
                0 => BESIDE_EXAMPLES.1,
                count => BESIDE_EXAMPLES.0 * count,
            });
            let weight = if examples[topic] > 0 { WEIGHT_BESIDE_EXAMPLES } else { 1.0 };
            let lesson = |(_, row): &(f32, usize)| Lesson { row: *row, topics: vec![topic as u16], weight };
            guessed.extend(found.iter().take(count).map(lesson));
        }
    }
    guessed
}

/// For each topic the texts that fit no other better, and how well they do.
fn best_fitting(material: &Material, texts: &[usize], weights: Option<&Weights>) -> Vec<Vec<(f32, usize)>> {
    let mut found: Vec<Vec<(f32, usize)>> = vec![Vec::new(); material.topics];
    let mut scores = vec![0.0; material.width];
    for at in texts {
        let evidence = material.evidence(*at);
        match weights {
            Some(weights) => {
                weights.scores_into(material.rows.row(*at), &mut scores);
                scores.iter_mut().zip(&evidence).for_each(|(score, evidence)| *score += evidence);
                softmax(&mut scores);
            }
            None => scores = bm25::confidences(&evidence),
        }
        let best = best_of(&scores).filter(|best| scores[*best] > 0.0);
        if let Some((best, found)) = best.and_then(|best| Some((best, found.get_mut(best)?))) {
            found.push((scores[best], *at));
        }
    }
    found
}
