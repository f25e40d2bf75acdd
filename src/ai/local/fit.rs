//! What is learned, and in which order: the texts nobody sorted, then the regression, then how far it can be trusted.

use super::bm25;
use super::calibrate::{self, Seen, log_sum_exp};
use super::corpus::Label;
use super::model::{Calibration, best_of, signs};
use super::p;
use super::random::Random;
use super::sgd::{Lesson, Rows, Weights, learn, softmax};

/// From this many examples on a topic needs no help from texts that nobody sorted.
fn enough() -> u32 { p("ENOUGH", 10.0) as u32 }

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

/// What came of it.
pub(super) struct Fitted {
    pub(super) weights: Weights,
    pub(super) middles: Weights,
    pub(super) near: Vec<(f32, f32)>,
    pub(super) examples: Vec<u32>,
    pub(super) calibration: Calibration,
}

/// A document that its model had not learned from.
struct Unseen {
    scores: Vec<f32>,
    near: Vec<f32>,
    evidence: Vec<f32>,
    topics: Vec<u16>,
}

impl Material {
    fn documents(&self) -> usize {
        self.labels.len()
    }

    fn evidence(&self, document: usize) -> Vec<f32> {
        let part = self.evidence.get(document * self.topics..(document + 1) * self.topics).unwrap_or_default();
        let mut evidence: Vec<f32> = part.iter().map(|e| f32::from(*e) / 255.0).collect();
        evidence.resize(self.width, 0.0);
        evidence
    }

    /// The columns of a document's label: its topics, or that of none.
    fn targets(&self, document: usize) -> Option<Vec<u16>> {
        match self.labels.get(document)? {
            Label::Unknown => None,
            Label::Known(topics) if topics.is_empty() => Some(vec![self.topics as u16]),
            Label::Known(topics) => Some(topics.clone()),
        }
    }
}

pub(super) fn fit(material: &Material) -> Fitted {
    let real: Vec<Lesson> = (0..material.documents())
        .filter_map(|row| material.targets(row).map(|topics| Lesson { row, topics, weight: 1.0 }))
        .collect();
    let mut examples = vec![0u32; material.width];
    for topic in real.iter().flat_map(|lesson| &lesson.topics) {
        examples[usize::from(*topic)] += 1;
    }
    let described: Vec<Lesson> = (0..material.topics)
        .map(|at| Lesson { row: material.documents() + at, topics: vec![at as u16], weight: p("DESC", 1.0) })
        .collect();
    let guessed = guess(material, &real, &described, &examples);

    let unseen = unseen(material, &real, &described, &guessed);
    let calibration = calibration(material, &unseen, &examples);
    let lessons = together(material, &[&real, &described, &guessed]);
    let weights = learn(&material.rows, &lessons, material.columns, material.width, material.seed);
    let middles = middles(material, &lessons);
    let near = usual(material, &middles, &unseen, &lessons);
    Fitted { weights, middles, near, examples, calibration }
}

/// All lessons, with the topics brought nearer to each other in what they count.
fn together(material: &Material, parts: &[&[Lesson]]) -> Vec<Lesson> {
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
        let sum: f32 = lesson.topics.iter().map(|topic| sums[usize::from(*topic)]).sum::<f32>() / lesson.topics.len().max(1) as f32;
        lesson.weight *= (mean / sum.max(1e-3)).powf(p("BALANCE", 0.5)).clamp(0.2, 3.0);
    }
    lessons
}

/// Self-training: topics for texts that nobody sorted, by what the descriptions, and then the texts themselves, say.
fn guess(material: &Material, real: &[Lesson], described: &[Lesson], examples: &[u32]) -> Vec<Lesson> {
    let wanting: Vec<bool> = (0..material.topics).map(|at| examples[at] < enough()).collect();
    let texts: Vec<usize> =
        (0..material.documents()).filter(|at| matches!(material.labels[*at], Label::Unknown)).collect();
    if texts.is_empty() || !wanting.contains(&true) {
        return Vec::new();
    }
    let mut guessed: Vec<Lesson> = Vec::new();
    let rounds = p("ROUNDS", 4.0) as usize;
    let share = texts.len() as f32 / material.topics as f32;
    let anyone_real = !real.is_empty();
    for round in 0..=rounds {
        let weights = (round > 0 || anyone_real).then(|| {
            let lessons = together(material, &[real, described, &guessed]);
            learn(&material.rows, &lessons, material.columns, material.width, material.seed ^ round as u64)
        });
        let mut best: Vec<Vec<(f32, usize)>> = vec![Vec::new(); material.topics];
        let mut scores = vec![0.0; material.width];
        for at in &texts {
            let evidence = material.evidence(*at);
            match &weights {
                Some(weights) => {
                    weights.scores_into(material.rows.row(*at), &mut scores);
                    scores.iter_mut().zip(&evidence).for_each(|(score, e)| *score += p("SELFBLEND", 1.0) * e);
                    softmax(&mut scores);
                }
                None => scores = bm25::confidences(&evidence),
            }
            if let Some(top) = best_of(&scores).filter(|top| *top < material.topics && scores[*top] > 0.0) {
                best[top].push((scores[top], *at));
            }
        }
        let grow = (round + 1) as f32 / (rounds + 1) as f32;
        let cap = ((share * p("SHARE", 0.5) * grow) as usize).clamp(p("MINCAP", 5.0) as usize, p("CAP", 100.0) as usize);
        guessed.clear();
        for (topic, mut found) in best.into_iter().enumerate() {
            if !wanting[topic] {
                continue;
            }
            found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let cap = cap.min(((found.len() as f32 * p("OWNSHARE", 0.7)) as usize).max(p("MINCAP", 5.0) as usize));
            guessed.extend(found.iter().take(cap).map(|(_, row)| Lesson {
                row: *row,
                topics: vec![topic as u16],
                weight: if examples[topic] > 0 { p("GUESSW", 0.3) } else { 1.0 },
            }));
        }
    }
    guessed
}

/// Scores of examples by models that were made without them.
fn unseen(material: &Material, real: &[Lesson], described: &[Lesson], guessed: &[Lesson]) -> Vec<Unseen> {
    let mut order: Vec<usize> = (0..real.len()).collect();
    Random::new(material.seed ^ 0xF01D).shuffle(&mut order);
    if real.len() < 2 * material.topics.max(2) {
        return Vec::new();
    }
    let folds = 5;
    let used = if real.len() > 1500 { 1 } else { folds };
    let mut found = Vec::new();
    for fold in 0..used {
        let (kept, tried): (Vec<usize>, Vec<usize>) =
            (0..order.len()).partition(|place| place % folds != fold);
        let kept: Vec<Lesson> = kept.iter().map(|place| real[order[*place]].clone()).collect();
        let lessons = together(material, &[&kept, described, guessed]);
        let weights = learn(&material.rows, &lessons, material.columns, material.width, material.seed);
        let middles = middles(material, &lessons);
        for place in tried.into_iter().take(3000) {
            let lesson = &real[order[place]];
            let mut scores = vec![0.0; material.width];
            let mut near = scores.clone();
            weights.scores_into(material.rows.row(lesson.row), &mut scores);
            middles.scores_into(material.rows.row(lesson.row), &mut near);
            let evidence = material.evidence(lesson.row);
            found.push(Unseen { scores, near, evidence, topics: lesson.topics.clone() });
        }
    }
    found
}

/// The middle of each topic's lessons: their sum, of length 1.
fn middles(material: &Material, lessons: &[Lesson]) -> Weights {
    let mut middles = Weights { topics: material.width, values: vec![0.0; material.columns * material.width] };
    for lesson in lessons {
        for (column, value) in material.rows.row(lesson.row) {
            for topic in &lesson.topics {
                if let Some(cell) = middles.values.get_mut(column * material.width + usize::from(*topic)) {
                    *cell += value;
                }
            }
        }
    }
    let mut squares = vec![0.0f32; material.width];
    for column in middles.values.chunks(material.width.max(1)) {
        squares.iter_mut().zip(column).for_each(|(square, value)| *square += value * value);
    }
    for column in middles.values.chunks_mut(material.width.max(1)) {
        for (value, square) in column.iter_mut().zip(&squares) {
            *value /= square.sqrt().max(1e-9);
        }
    }
    middles
}

/// How near each topic's documents are to its middle: the mean and the deviation.
fn usual(material: &Material, middles: &Weights, unseen: &[Unseen], lessons: &[Lesson]) -> Vec<(f32, f32)> {
    let mut near: Vec<Vec<f32>> = vec![Vec::new(); material.topics];
    let mut add = |topic: u16, value: f32| {
        if let Some(values) = near.get_mut(usize::from(topic)) {
            values.push(value);
        }
    };
    if unseen.is_empty() {
        let mut scores = vec![0.0; material.width];
        for lesson in lessons.iter().filter(|lesson| lesson.row < material.documents()) {
            middles.scores_into(material.rows.row(lesson.row), &mut scores);
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

fn calibration(material: &Material, unseen: &[Unseen], examples: &[u32]) -> Calibration {
    let _ = examples;
    let heat = p("HEAT", 2.0);
    let mut calibration = Calibration {
        blend: p("BLEND", 1.0),
        fits: [heat, heat, 0.0],
        known: [p("K0", -1.0), 0.3, 0.5, 0.3, 2.0],
    };
    if unseen.is_empty() {
        return calibration;
    }
    // What the descriptions add, and how sharp the scores are: by what the true topics would have got.
    let mut best = f32::INFINITY;
    let mut temper = heat;
    for blend in [0.25, 0.5, 1.0, 2.0, 4.0] {
        for sharp in [0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6] {
            let mut loss = 0.0;
            for one in unseen {
                let scores: Vec<f32> = one.scores.iter().zip(&one.evidence).map(|(s, e)| sharp * (s + blend * e)).collect();
                let all = log_sum_exp(scores.iter().copied()).unwrap_or(0.0);
                loss += one.topics.iter().map(|t| all - scores[usize::from(*t)]).sum::<f32>() / one.topics.len() as f32;
            }
            if loss < best {
                best = loss;
                temper = sharp;
                calibration.blend = blend;
            }
        }
    }
    if p("SHOW", 0.0) > 0.0 {
        eprintln!("   blend {} heat {} loss {}", calibration.blend, temper, best / unseen.len() as f32);
    }
    let blended: Vec<Vec<f32>> = unseen
        .iter()
        .map(|one| one.scores.iter().zip(&one.evidence).map(|(s, e)| s + calibration.blend * e).collect())
        .collect();
    let mut pairs = Vec::new();
    for (one, scores) in unseen.iter().zip(&blended) {
        for at in 0..material.width {
            let rest = scores.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, score)| *score);
            let Some(rest) = log_sum_exp(rest) else { continue };
            let truth = f32::from(one.topics.contains(&(at as u16)));
            pairs.push(Seen { features: [scores[at], -rest, 1.0], truth, weight: 1.0 });
        }
    }
    calibration.fits = calibrate::logistic(&pairs, [temper, temper, 0.0], p("HOLDF", 2.0).into());
    // What belongs to no topic is what is left when a document's own topics are taken away.
    let near = usual_of(material, unseen);
    let mut seen = Vec::new();
    let strange = p("STRANGE", 0.1);
    for (one, scores) in unseen.iter().zip(&blended) {
        let mut scores = scores.clone();
        if one.topics.iter().any(|t| usize::from(*t) >= material.topics) {
            continue;
        }
        scores.truncate(material.topics);
        let mut push = |scores: &[f32], truth: f32, weight: f32| {
            if let Some(best) = best_of(scores) {
                let features = signs(best, scores, &one.near, near[best], one.evidence[best]);
                seen.push(Seen { features, truth, weight });
            }
        };
        push(&scores, 1.0, 1.0 - strange);
        one.topics.iter().for_each(|t| scores[usize::from(*t)] = f32::NEG_INFINITY);
        push(&scores, 0.0, strange);
    }
    calibration.known = calibrate::logistic(&seen, calibration.known, p("HOLDK", 2.0).into());
    if p("SHOW", 0.0) > 0.0 {
        eprintln!("   fits {:?} known {:?}", calibration.fits, calibration.known);
    }
    calibration
}

fn usual_of(material: &Material, unseen: &[Unseen]) -> Vec<(f32, f32)> {
    let none = Weights { topics: 0, values: Vec::new() };
    usual(material, &none, unseen, &[])
}
