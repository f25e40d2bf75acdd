//! The texts that nobody sorted, judged by what was learned: which topics they go to, and how many of them to none.

use super::calibrate::sigmoid;
use super::corpus::Label;
use super::fit::{Fitted, Learned, Material};
use super::model::{Calibration, SIGNS, best_of, rests, signs};
use super::sgd::Lesson;
use super::trust::{Unseen, untaught, with_evidence};

/// How many of them are judged at most, to know them on the whole; and to find some among them.
pub(super) const JUDGED: usize = 2000;
const SEARCHED: usize = 20_000;
/// The share of documents that belong to no topic where nothing else is known, as if it had been seen on so many
/// documents; and between what it is held.
const STRANGE: (f32, f32) = (0.05, 50.0);
const STRANGE_BOUNDS: (f32, f32) = (0.01, 0.5);
/// A vault of few examples knows little of what else there may be: so much more of that share, halved at so many examples.
const STRANGE_AT_FIRST: (f32, f32) = (0.4, 20.0);
/// Which part of the strangers that are expected is taken for such, the surest: it teaches what they have in common.
const TAKEN: f32 = 0.5;
/// So many at least, or there is nothing in common; at most; and at most for each example that a topic has on average.
const TAKEN_BOUNDS: (usize, usize) = (5, 300);
const TAKEN_AN_EXAMPLE: f32 = 3.0;
/// As how many texts the examples' own shares of the topics count beside the vault's; and by how much one is made to
/// count less or more at most.
const SHARES_HOLD: f32 = 20.0;
const COUNTED: (f32, f32) = (0.1, 10.0);

/// A text that nobody sorted, as the model judges it.
pub(super) struct Judged {
    row: usize,
    /// The topic that fits it best.
    pub(super) best: usize,
    /// Its score, and the others' taken together.
    pub(super) score: f32,
    pub(super) rest: f32,
    pub(super) signs: [f32; SIGNS],
    /// The topic that its words name, by names and descriptions alone.
    pub(super) named: Option<usize>,
    /// No topic fits better than none does, by what was learned of those.
    none: bool,
}

/// So many of these texts at most, judged; spread over all of them.
pub(super) fn judged<'a>(
    material: &'a Material,
    learned: &'a Learned,
    usual: &'a [(f32, f32)],
    calibration: &'a Calibration,
    (texts, most): (Vec<usize>, usize),
) -> impl Iterator<Item = Judged> + 'a {
    let step = texts.len().div_ceil(most).max(1);
    texts.into_iter().step_by(step).filter_map(move |row| {
        let (scores, near) = learned.scores(material, row);
        let evidence = material.evidence(row);
        let mut scores = with_evidence(&scores, &evidence, calibration.blend);
        let none = best_of(&scores).is_some_and(|best| best >= material.topics);
        scores.truncate(material.topics);
        let best = best_of(&scores)?;
        let signs = signs(best, &scores, &near, usual[best], evidence[best]);
        let named = best_of(&evidence[..material.topics]).filter(|at| evidence[*at] > 0.0);
        Some(Judged { row, best, score: scores[best], rest: rests(&scores)[best], signs, named, none })
    })
}

/// Has examples count by how many of the vault's texts go to their topics: people sort a few of each, but what is asked
/// about later comes as the vault's texts do.
pub(super) fn count_as_in_the_vault(
    material: &Material,
    learned: &Learned,
    usual: &[(f32, f32)],
    unseen: &mut [Unseen],
) {
    let mut there = vec![0.0f32; material.width];
    let first = untaught(material.topics);
    for text in judged(material, learned, usual, &first, (material.unsorted(), JUDGED)) {
        there[if text.none { material.topics } else { text.best }] += 1.0;
    }
    let mut own = vec![0.0f32; material.width];
    for one in unseen.iter() {
        one.topics.iter().for_each(|topic| own[usize::from(*topic)] += 1.0 / one.topics.len() as f32);
    }
    let (texts, examples) = (there.iter().sum::<f32>(), own.iter().sum::<f32>());
    for one in unseen.iter_mut() {
        let share = |topic: &u16| own[usize::from(*topic)] / examples;
        let ratio = |topic: &u16| {
            let held = there[usize::from(*topic)] + SHARES_HOLD * share(topic);
            held / (texts + SHARES_HOLD) / share(topic)
        };
        let ratios: f32 = one.topics.iter().map(ratio).sum();
        one.weight = (ratios / one.topics.len() as f32).clamp(COUNTED.0, COUNTED.1);
    }
    let mean = unseen.iter().map(|one| one.weight).sum::<f32>() / unseen.len().max(1) as f32;
    unseen.iter_mut().for_each(|one| one.weight /= mean);
}

/// Which part of the texts that nobody sorted belongs to no topic: by expectation and maximisation, from what the
/// calibration says if every second did.
pub(super) fn share_of_strangers(
    material: &Material,
    learned: &Learned,
    usual: &[(f32, f32)],
    calibration: &Calibration,
    guessed: &[Lesson],
) -> f32 {
    let mut taught: Vec<usize> = guessed.iter().map(|lesson| lesson.row).collect();
    taught.sort_unstable();
    let mut texts = material.unsorted();
    texts.retain(|at| taught.binary_search(at).is_err());
    let odds: Vec<f32> = judged(material, learned, usual, calibration, (texts, JUDGED))
        .map(|text| (-calibration.known_score(&text.signs)).exp())
        .collect();
    let (at_last, hold) = STRANGE;
    let (at_first, halved) = STRANGE_AT_FIRST;
    let examples = material.labels.iter().filter(|label| matches!(label, Label::Known(_))).count() as f32;
    let usual_share = at_last + at_first * halved / (halved + examples);
    let mut share = usual_share;
    for _ in 0..50 {
        let sum: f32 = odds.iter().map(|odds| share * odds / (share * odds + 1.0 - share)).sum();
        share = (sum + hold * usual_share) / (odds.len() as f32 + hold);
        share = share.clamp(STRANGE_BOUNDS.0, STRANGE_BOUNDS.1);
    }
    share
}

/// Texts that nobody sorted and that most likely belong to no topic, as lessons: what they have in common is no less a
/// subject than a topic is. None where nothing tells how sure to be, and where hardly any are expected.
pub(super) fn strangers(material: &Material, fitted: &Fitted, examples: usize) -> Vec<Lesson> {
    if !fitted.tried {
        return Vec::new();
    }
    let searched = (material.unsorted(), SEARCHED);
    let texts = judged(material, &fitted.learned, &fitted.near, &fitted.calibration, searched);
    let mut found: Vec<(f32, usize)> =
        texts.map(|text| (sigmoid(-fitted.calibration.known_score(&text.signs)), text.row)).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let expected: f32 = found.iter().map(|(strange, _)| strange).sum();
    let most = (TAKEN_AN_EXAMPLE * examples as f32 / material.topics.max(1) as f32) as usize;
    let count = ((TAKEN * expected) as usize).min(most).min(TAKEN_BOUNDS.1);
    if count < TAKEN_BOUNDS.0 {
        return Vec::new();
    }
    let none = material.topics as u16;
    found.iter().take(count).map(|(_, row)| Lesson { row: *row, topics: vec![none], weight: 1.0 }).collect()
}
