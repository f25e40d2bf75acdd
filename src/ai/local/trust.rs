//! How far scores can be trusted: learned on examples that were kept out of the training.

use super::bayes;
use super::calibrate::{Seen, log_sum_exp, logistic, sigmoid};
use super::fit::{Learned, Lessons, Material, middles, together, usual};
use super::judge::{JUDGED, Judged, judged};
use super::model::{Calibration, SIGNS, best_of, rests, signs};
use super::random::Random;
use super::sgd::{Lesson, THOROUGH, Weights};

/// Without this many examples for each topic, on average, none can be spared.
const LEAST: usize = 2;
/// Examples are kept out by fifths, each in its turn; from this many examples on one turn is enough.
const FIFTHS: usize = 5;
const ONE_TURN: usize = 1500;
/// Kept out in one turn at most.
const KEPT_OUT: usize = 3000;
/// Pairs of document and topic that the calibration looks at, at most.
const PAIRS: usize = 200_000;
/// What holds without examples to learn it from.
const UNTAUGHT: Calibration = Calibration { blend: 1.0, fits: [4.0, 4.0, 0.0], known: [1.0, 0.3, 0.5, 0.3, 2.0] };
/// The power of the odds of agreement that the odds of being right are; found on four public sets and parts of them.
const AGREED: f32 = 1.6;
/// Between what it makes surer ([`Calibration::surer`]); and as how many texts that ask for nothing count beside the vault's.
const SURER: (f32, f32) = (-6.0, 4.0);
const SURER_HOLD: f32 = 20.0;
/// Other topics that what holds without examples was found with. More of them that say nothing are no more of a rival.
const RIVALS: f32 = 4.0;
/// How many times what naive Bayes says can be added to the scores of the regression, whose weights come to lengths of 5 to
/// 20 a topic; and what is right for most vaults. Twice or half as much has to make what was kept out likelier by a factor
/// of e, four times as much by e⁴.
const TIMES: [f32; 5] = [2.5, 5.0, 10.0, 20.0, 40.0];
const USUAL_TIMES: f32 = 10.0;
/// Naive Bayes counts from so many examples a topic on; and where none can be kept out, from so many guesses.
const MANY_EXAMPLES: usize = 10;
const MANY_GUESSED: usize = 20;
/// The signs of a document that has nothing in common with any topic: what is left where all are struck off the list.
const NOTHING_LIKE_IT: [f32; SIGNS] = [1.0, -6.0, 0.0, 0.0, 0.0];
/// Of a single topic: what belongs anywhere belongs there.
const ONLY: [f32; 3] = [0.0, 0.0, 6.0];
/// As how many documents what holds without examples counts beside those that were kept out.
const HOLD: f64 = 2.0;

/// A document that its model had not learned from: what is said of it, for each topic, and its topics.
pub(super) struct Unseen {
    scores: Vec<f32>,
    bayes: Vec<f32>,
    pub(super) near: Vec<f32>,
    evidence: Vec<f32>,
    pub(super) topics: Vec<u16>,
    /// How much it counts.
    pub(super) weight: f32,
}

/// Examples, judged by models that were made without them. None, where there are too few examples.
pub(super) fn unseen(material: &Material, lessons: &Lessons) -> Vec<Unseen> {
    let real = &lessons.real;
    if real.len() < LEAST * material.topics.max(2) {
        return Vec::new();
    }
    let mut order: Vec<&Lesson> = real.iter().collect();
    Random::new(material.seed ^ 0xF01D).shuffle(&mut order);
    let turns = if real.len() > ONE_TURN { 1 } else { FIFTHS };
    let mut found = Vec::new();
    for turn in 0..turns {
        let (tried, kept): (Vec<_>, Vec<_>) = order.iter().enumerate().partition(|(at, _)| at % FIFTHS == turn);
        let kept: Vec<Lesson> = kept.into_iter().map(|(_, lesson)| (*lesson).clone()).collect();
        let taught = together(material, &[&kept, &lessons.described, &lessons.guessed]);
        let tried: Vec<&Lesson> = tried.into_iter().take(KEPT_OUT).map(|(_, lesson)| *lesson).collect();
        // One after the other, since each of these tables can be large.
        let judge =
            |table: Weights| -> Vec<_> { tried.iter().map(|lesson| material.scores(&table, lesson.row)).collect() };
        let scores = judge(material.learn(&taught, THOROUGH, 0));
        let bayes = judge(bayes::weights(material, &taught));
        let near = judge(middles(material, &taught));
        for (((lesson, scores), bayes), near) in tried.iter().zip(scores).zip(bayes).zip(near) {
            let evidence = material.evidence(lesson.row);
            found.push(Unseen { scores, bayes, near, evidence, topics: lesson.topics.clone(), weight: 1.0 });
        }
    }
    found
}

/// From scores to probabilities, as if every second document belonged to no topic; `strange` says how many do.
pub(super) fn calibration(material: &Material, unseen: &[Unseen]) -> Calibration {
    if unseen.is_empty() {
        return untaught(material.topics);
    }
    let scores: Vec<Vec<f32>> = unseen.iter().map(|one| one.scores.clone()).collect();
    let Blend { evidence: blend, sharpness, .. } = blend(unseen, &scores);
    let blended: Vec<Vec<f32>> = unseen.iter().map(|one| with_evidence(&one.scores, &one.evidence, blend)).collect();

    let most = (PAIRS / material.width.max(1)).max(1);
    let mut pairs = Vec::new();
    for (one, scores) in unseen.iter().zip(&blended).take(most) {
        for (at, (score, rest)) in scores.iter().zip(rests(scores)).enumerate() {
            let truth = f32::from(one.topics.contains(&(at as u16)));
            pairs.push(Seen { features: [*score, -rest, 1.0], truth, weight: one.weight });
        }
    }
    // Of one topic there is no pair that does not belong together.
    let fits = if material.width < 2 { ONLY } else { logistic(&pairs, [sharpness, sharpness, 0.0], HOLD) };

    // What belongs to no topic looks like a document whose own topics are struck off the list.
    let usual = usual(material, None, unseen, &[]);
    let mut seen = Vec::new();
    for (one, mut scores) in unseen.iter().zip(blended) {
        if one.topics.iter().any(|topic| usize::from(*topic) >= material.topics) {
            continue;
        }
        scores.truncate(material.topics);
        let mut see = |scores: &[f32], truth: f32| {
            let features = match best_of(scores) {
                Some(best) => signs(best, scores, &one.near, usual[best], one.evidence[best]),
                None => NOTHING_LIKE_IT,
            };
            seen.push(Seen { features, truth, weight: 0.5 * one.weight });
        };
        see(&scores, 1.0);
        one.topics.iter().for_each(|topic| scores[usize::from(*topic)] = f32::NEG_INFINITY);
        see(&scores, 0.0);
    }
    Calibration { blend, fits, known: logistic(&seen, UNTAUGHT.known, HOLD) }
}

/// What holds without examples to learn it from, among so many topics.
pub(super) fn untaught(topics: usize) -> Calibration {
    let [own, others, _] = UNTAUGHT.fits;
    let rivals = (topics.saturating_sub(1) as f32 / RIVALS).max(1.0);
    Calibration { fits: [own, others, others * rivals.ln()], ..UNTAUGHT }
}

/// Scores, with what names and descriptions say.
pub(super) fn with_evidence(scores: &[f32], evidence: &[f32], blend: f32) -> Vec<f32> {
    scores.iter().zip(evidence).map(|(score, evidence)| score + blend * evidence).collect()
}

impl Unseen {
    /// Adds to the scores what naive Bayes says, so many times.
    pub(super) fn add_bayes(&mut self, times: f32) {
        self.scores.iter_mut().zip(&self.bayes).for_each(|(score, bayes)| *score += times * bayes);
    }
}

/// How many times what naive Bayes says is added to the scores: as often as makes the documents' own topics likeliest. 0
/// where there are only a few documents, examples or guesses: what the others' words say is chance then.
pub(super) fn times_bayes(material: &Material, unseen: &[Unseen], guessed: usize) -> f32 {
    if unseen.len() < MANY_EXAMPLES * material.topics {
        let many = unseen.is_empty() && guessed >= MANY_GUESSED * material.topics;
        return if many { USUAL_TIMES } else { 0.0 };
    }
    let unlikely = |times: f32| {
        let added: Vec<Vec<f32>> = unseen.iter().map(|one| with_evidence(&one.scores, &one.bayes, times)).collect();
        blend(unseen, &added).unlikely + (times / USUAL_TIMES).log2().powi(2)
    };
    let tried = TIMES.map(|times| (unlikely(times), times));
    tried.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).map_or(USUAL_TIMES, |(_, times)| times)
}

/// How scores and evidence by name and description go together.
struct Blend {
    /// What a full evidence adds to a score.
    evidence: f32,
    /// How sharp the scores then are.
    sharpness: f32,
    /// How unlikely the documents' own topics still are: the sum of what -ln of their probability is.
    unlikely: f32,
}

/// The blend that makes the documents' own topics likeliest by these scores.
fn blend(unseen: &[Unseen], scores: &[Vec<f32>]) -> Blend {
    let [sharpness, ..] = UNTAUGHT.fits;
    let mut best = Blend { evidence: UNTAUGHT.blend, sharpness, unlikely: f32::INFINITY };
    for evidence in [0.25, 0.5, 1.0, 2.0, 4.0] {
        let blended: Vec<Vec<f32>> =
            unseen.iter().zip(scores).map(|(one, scores)| with_evidence(scores, &one.evidence, evidence)).collect();
        for sharpness in [0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6] {
            let unlikely = |(one, scores): (&Unseen, &Vec<f32>)| {
                let all = log_sum_exp(scores.iter().map(|score| sharpness * score)).unwrap_or(0.0);
                let own: f32 = one.topics.iter().map(|topic| sharpness * scores[usize::from(*topic)]).sum();
                all - own / one.topics.len().max(1) as f32
            };
            let unlikely: f32 = unseen.iter().zip(&blended).map(unlikely).sum();
            if unlikely < best.unlikely {
                best = Blend { evidence, sharpness, unlikely };
            }
        }
    }
    best
}

/// What holds without examples, made as sure as this vault lets expect. What the descriptions say of a text, and what was
/// then learned from the vault's own texts, are two opinions: the more often they are one, beyond chance, the more often it
/// is right. A vault of texts that the topics say nothing of is left to people.
pub(super) fn by_agreement(
    material: &Material,
    learned: &Learned,
    usual: &[(f32, f32)],
    calibration: Calibration,
) -> Calibration {
    // Of a topic that people have taught the description may say nothing at all, and is not what it is known by.
    let taught = material.taught();
    let texts: Vec<Judged> = judged(material, learned, usual, &calibration, (material.unsorted(), JUDGED))
        .filter(|text| !taught[text.best])
        .collect();
    // One topic agrees with itself.
    if texts.is_empty() || material.topics < 2 {
        return calibration;
    }
    let count = texts.len() as f32;
    let agreed = texts.iter().filter(|text| text.named == Some(text.best)).count() as f32;
    let beyond_chance = (agreed - count / material.topics as f32).max(0.0);
    let expected = sigmoid(AGREED * ((beyond_chance + 1.0) / (count - agreed + 1.0)).ln());
    let mean = |by: f32| {
        let surer = calibration.surer(by);
        let sure = |text: &Judged| sigmoid(surer.known_score(&text.signs)) * surer.fit(text.score, text.rest);
        texts.iter().map(sure).sum::<f32>() / count
    };
    let (mut low, mut high) = SURER;
    for _ in 0..12 {
        let middle = (low + high) / 2.0;
        if mean(middle) < expected { low = middle } else { high = middle }
    }
    calibration.surer(low * count / (count + SURER_HOLD))
}
