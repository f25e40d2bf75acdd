//! What is learned, and in which order: the texts nobody sorted, then what tells the topics apart, then how far that can be
//! trusted; and once more, with texts that seem to belong to none of them.

use super::bayes;
use super::corpus::Label;
use super::guess::guess;
use super::judge::{count_as_in_the_vault, share_of_strangers, strangers};
use super::model::Calibration;
use super::sgd::{Lesson, Rows, THOROUGH, Weights, learn};
use super::trust::{Unseen, by_agreement, calibration, times_bayes, unseen};

/// How far the topics are brought together in what their examples count: 0 not at all, 1 altogether.
const BALANCE: f32 = 0.5;
/// By how much an example's weight is changed for that at most.
const BALANCED: (f32, f32) = (0.2, 3.0);

/// All documents as rows, then one row for each topic's description.
pub(super) struct Material {
    pub(super) rows: Rows,
    /// For each document and topic, in 255ths.
    pub(super) evidence: Vec<u8>,
    pub(super) labels: Vec<Label>,
    pub(super) topics: usize,
    /// Topics, and one more where there are documents that belong to none.
    pub(super) width: usize,
    pub(super) columns: usize,
    pub(super) seed: u64,
}

/// Weights to score a text by, and the middles of the topics.
pub(super) struct Learned {
    pub(super) weights: Weights,
    pub(super) middles: Weights,
}

impl Learned {
    /// The scores of a row of the material, and how near it is to the middles.
    pub(super) fn scores(&self, material: &Material, row: usize) -> (Vec<f32>, Vec<f32>) {
        (material.scores(&self.weights, row), material.scores(&self.middles, row))
    }
}

/// What came of it.
pub(super) struct Fitted {
    pub(super) learned: Learned,
    /// How near each topic's documents are to its middle: the mean and the deviation.
    pub(super) near: Vec<(f32, f32)>,
    pub(super) calibration: Calibration,
    /// Whether the calibration comes from examples.
    pub(super) tried: bool,
    /// Whether what was learned has a column for texts that belong to none.
    pub(super) knows_none: bool,
}

/// Lessons, by where they are from.
pub(super) struct Lessons {
    /// A person's; and the texts that are taken for such as belong to no topic.
    pub(super) real: Vec<Lesson>,
    /// The topics' names and descriptions.
    pub(super) described: Vec<Lesson>,
    /// Guesses about texts that nobody sorted.
    pub(super) guessed: Vec<Lesson>,
}

impl Material {
    pub(super) fn documents(&self) -> usize {
        self.labels.len()
    }

    /// What the topics' names and descriptions say of a document; 0 in the column of those that belong to none.
    pub(super) fn evidence(&self, document: usize) -> Vec<f32> {
        let part = self.evidence.get(document * self.topics..(document + 1) * self.topics).unwrap_or_default();
        let mut evidence: Vec<f32> = part.iter().map(|e| f32::from(*e) / 255.0).collect();
        evidence.resize(self.width, 0.0);
        evidence
    }

    /// Learns lessons about these rows; `chance` makes it another draw.
    pub(super) fn learn(&self, lessons: &[Lesson], visits: usize, chance: u64) -> Weights {
        learn(&self.rows, lessons, (self.columns, self.width), visits, self.seed ^ chance)
    }

    /// What weights say of a row.
    pub(super) fn scores(&self, weights: &Weights, row: usize) -> Vec<f32> {
        let mut scores = vec![0.0; self.width];
        weights.scores_into(self.rows.row(row), &mut scores);
        scores
    }

    /// How many of a person's examples each topic has.
    pub(super) fn examples(&self) -> Vec<u32> {
        let mut examples = vec![0; self.topics];
        for topic in self.labels.iter().flat_map(Label::topics) {
            examples[usize::from(*topic)] += 1;
        }
        examples
    }

    /// Whether there is a column for documents that belong to none.
    pub(super) fn knows_none(&self) -> bool {
        self.width > self.topics
    }

    /// The documents that nobody sorted.
    pub(super) fn unsorted(&self) -> Vec<usize> {
        let unsorted = |at: &usize| matches!(self.labels.get(*at), Some(Label::Unknown));
        (0..self.documents()).filter(unsorted).collect()
    }

    /// Whether people have put a document under it, for each topic.
    pub(super) fn taught(&self) -> Vec<bool> {
        let mut taught = vec![false; self.topics];
        for label in &self.labels {
            let Label::Known(topics) = label else { continue };
            topics.iter().for_each(|topic| taught[usize::from(*topic)] = true);
        }
        taught
    }

    /// The columns of a document's label: its topics, or that of none.
    pub(super) fn targets(&self, document: usize) -> Option<Vec<u16>> {
        match self.labels.get(document)? {
            Label::Unknown => None,
            Label::Known(topics) if topics.is_empty() => Some(vec![self.topics as u16]),
            Label::Known(topics) => Some(topics.clone()),
        }
    }
}

/// Learns from the material.
pub(super) fn fit(mut material: Material) -> Fitted {
    let real: Vec<Lesson> = (0..material.documents())
        .filter_map(|row| material.targets(row).map(|topics| Lesson { row, topics, weight: 1.0 }))
        .collect();
    let described: Vec<Lesson> = (0..material.topics)
        .map(|at| Lesson { row: material.documents() + at, topics: vec![at as u16], weight: 1.0 })
        .collect();
    let guessed = guess(&material, &real, &described);
    let mut lessons = Lessons { real, described, guessed };
    let first = once(&material, &lessons);
    let strangers = strangers(&material, &first, lessons.real.len());
    if strangers.is_empty() {
        return first;
    }
    // Its tables can be large.
    drop(first);
    lessons.real.extend(strangers);
    material.width = material.topics + 1;
    once(&material, &lessons)
}

/// One round, by these lessons.
fn once(material: &Material, lessons: &Lessons) -> Fitted {
    let mut unseen = unseen(material, lessons);
    let taught = together(material, &[&lessons.real, &lessons.described, &lessons.guessed]);
    let mut weights = material.learn(&taught, THOROUGH, 0);
    let times = times_bayes(material, &unseen, lessons.guessed.len());
    if times > 0.0 {
        weights.add(&bayes::weights(material, &taught), times);
        unseen.iter_mut().for_each(|one| one.add_bayes(times));
    }
    let learned = Learned { weights, middles: middles(material, &taught) };
    let near = usual(material, Some(&learned.middles), &unseen, &taught);
    count_as_in_the_vault(material, &learned, &near, &mut unseen);
    let mut calibration = calibration(material, &unseen);
    if unseen.is_empty() {
        calibration = by_agreement(material, &learned, &near, calibration);
    } else {
        let strange = share_of_strangers(material, &learned, &near, &calibration, &lessons.guessed);
        // It was learned as if every second document belonged to none.
        calibration.known[0] += (1.0 / strange - 1.0).ln();
    }
    Fitted { learned, near, calibration, tried: !unseen.is_empty(), knows_none: material.knows_none() }
}

/// All lessons, with the topics brought nearer to each other in what they count.
pub(super) fn together(material: &Material, parts: &[&[Lesson]]) -> Vec<Lesson> {
    let mut lessons: Vec<Lesson> = parts.iter().flat_map(|part| part.iter().cloned()).collect();
    let mut sums = vec![0.0f32; material.width];
    for lesson in &lessons {
        for topic in &lesson.topics {
            sums[usize::from(*topic)] += lesson.weight / lesson.topics.len() as f32;
        }
    }
    let present = sums.iter().filter(|sum| **sum > 0.0).count().max(1) as f32;
    let mean = sums.iter().sum::<f32>() / present;
    for lesson in &mut lessons {
        let sum: f32 = lesson.topics.iter().map(|topic| sums[usize::from(*topic)]).sum();
        let own = sum / lesson.topics.len().max(1) as f32;
        lesson.weight *= (mean / own.max(1e-3)).powf(BALANCE).clamp(BALANCED.0, BALANCED.1);
    }
    lessons
}

/// The middle of each topic's lessons: their sum, of length 1.
pub(super) fn middles(material: &Material, lessons: &[Lesson]) -> Weights {
    let mut middles = sums(material, lessons);
    middles.normalize();
    middles
}

/// Each topic's lessons, added up.
pub(super) fn sums(material: &Material, lessons: &[Lesson]) -> Weights {
    let mut sums = Weights { topics: material.width, values: vec![0.0; material.columns * material.width] };
    for lesson in lessons {
        for (column, value) in material.rows.row(lesson.row) {
            for topic in &lesson.topics {
                if let Some(cell) = sums.values.get_mut(column * material.width + usize::from(*topic)) {
                    *cell += value;
                }
            }
        }
    }
    sums
}

/// How near each topic's documents are to its middle: the mean and the deviation.
pub(super) fn usual(
    material: &Material,
    middles: Option<&Weights>,
    unseen: &[Unseen],
    lessons: &[Lesson],
) -> Vec<(f32, f32)> {
    let mut near: Vec<Vec<f32>> = vec![Vec::new(); material.topics];
    let mut add = |topic: u16, value: f32| {
        if let Some(values) = near.get_mut(usize::from(topic)) {
            values.push(value);
        }
    };
    if let (Some(middles), true) = (middles, unseen.is_empty()) {
        let mut scores = vec![0.0; material.width];
        for lesson in lessons.iter().filter(|lesson| lesson.row < material.documents()) {
            middles.scores_into(material.rows.row(lesson.row), &mut scores);
            // They made that middle; others are not as near.
            lesson.topics.iter().for_each(|topic| add(*topic, 0.8 * scores[usize::from(*topic)]));
        }
    } else {
        for one in unseen {
            one.topics.iter().for_each(|topic| add(*topic, one.near[usize::from(*topic)]));
        }
    }
    let all: Vec<f32> = near.iter().flatten().copied().collect();
    let (mean, deviation) = moments(&all, (0.2, 0.1), 0.0);
    near.iter().map(|values| moments(values, (mean, deviation), 5.0)).collect()
}

/// Mean and deviation, drawn towards `prior` as if it were `hold` more values.
fn moments(values: &[f32], prior: (f32, f32), hold: f32) -> (f32, f32) {
    let count = values.len() as f32 + hold;
    if count <= 0.0 {
        return prior;
    }
    let mean = (values.iter().sum::<f32>() + hold * prior.0) / count;
    let spread = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() + hold * prior.1.powi(2);
    (mean, (spread / count).sqrt())
}
