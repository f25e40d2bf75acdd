//! Complement naive Bayes: what the words of all other topics say against a topic.
//!
//! Rennie, Shih, Teevan and Karger, "Tackling the Poor Assumptions of Naive Bayes Text Classifiers", 2003, table 4, without
//! the share of each topic: its documents count by their mean, so that a large topic is no more likely than a small one. It
//! is as linear as the regression, and wrong about other documents; so their weights are added, and a text is scored once.

use super::fit::{Material, sums};
use super::sgd::{Lesson, Weights};

/// What a word counts for that none of the other topics' documents have, beside the hundredfold mean of those that do.
const SMOOTHING: f32 = 0.1;
const HUNDREDFOLD: f32 = 100.0;

/// What these lessons say by the words of the other topics: weights of which each topic's are of length 1.
pub(super) fn weights(material: &Material, lessons: &[Lesson]) -> Weights {
    let width = material.width.max(1);
    let mut weights = sums(material, lessons);
    // A document of two topics is half of one of each.
    let mut documents = vec![0.0f32; width];
    for lesson in lessons {
        let part = 1.0 / lesson.topics.len().max(1) as f32;
        lesson.topics.iter().for_each(|topic| documents[usize::from(*topic)] += part);
    }
    let mut totals = vec![0.0f32; width];
    for column in weights.values.chunks_mut(width) {
        for ((cell, total), documents) in column.iter_mut().zip(&mut totals).zip(&documents) {
            *cell *= HUNDREDFOLD / documents.max(1e-3);
            *total += *cell;
        }
    }
    let all: f32 = totals.iter().sum();
    let smoothed = SMOOTHING * material.columns as f32;
    for column in weights.values.chunks_mut(width) {
        let sum: f32 = column.iter().sum();
        for (cell, total) in column.iter_mut().zip(&totals) {
            *cell = -((sum - *cell + SMOOTHING) / (all - total + smoothed)).ln();
        }
        // What a word says for every topic tells none apart.
        let middle = column.iter().sum::<f32>() / width as f32;
        column.iter_mut().for_each(|cell| *cell -= middle);
    }
    weights.normalize();
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ai::local::corpus::Label;
    use crate::ai::local::sgd::Rows;

    #[test]
    fn a_topic_gets_weight_by_the_words_that_the_others_lack_however_many_documents_it_has() {
        let mut rows = Rows::default();
        for row in [[(0, 0.8), (2, 0.6)], [(1, 0.8), (2, 0.6)]] {
            rows.push(row.into_iter());
        }
        let labels = vec![Label::Known(vec![0]), Label::Known(vec![1])];
        let material = Material { rows, evidence: vec![0; 4], labels, topics: 2, width: 2, columns: 3, seed: 1 };
        let lesson = |row: usize| Lesson { row, topics: vec![row as u16], weight: 1.0 };
        let learned = |lessons: &[Lesson]| weights(&material, lessons).values;
        let values = learned(&[lesson(0), lesson(1)]);
        assert!(values[0] > 0.5 && values[1] < -0.5, "{values:?}");
        assert!(values[4].abs() < 1e-3, "a word that both have says nothing: {values:?}");
        let often = learned(&[lesson(0), lesson(0), lesson(0), lesson(1)]);
        assert!(values.iter().zip(&often).all(|(a, b)| (a - b).abs() < 1e-3), "{values:?} {often:?}");
    }
}
