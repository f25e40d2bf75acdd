//! Documents that are about the same thing, and the words that say which.

use crate::ai::local::tokens::{Tokenizer, bucket};
use crate::ai::words::Language;
use std::collections::{BTreeMap, HashMap};

/// The cosine that the documents of two groups have on average from which on they are one. Nine of ten pairs of different
/// classes of BBC News, Reuters and 20 Newsgroups are below it.
const NEAR: f32 = 0.1;
/// The part of a group's documents that has to use a word for it to be the group's.
const SHARED: f32 = 0.5;
/// A group's word is so many times commoner in it than elsewhere, at least.
const COMMONER: f32 = 3.0;

/// Puts vectors of length 1 together, those nearest to each other first, as long as two groups are near on average
/// (hierarchical clustering by average linkage). Groups hold places in their order; their number is not limited.
pub(super) fn of(vectors: &[Vec<(u32, f32)>]) -> Vec<Vec<usize>> {
    let mut near = products(vectors.iter().map(Vec::as_slice));
    let mut groups: Vec<Vec<usize>> = (0..vectors.len()).map(|at| vec![at]).collect();
    loop {
        let mut best: Option<(f32, usize, usize)> = None;
        for a in 0..groups.len() {
            for b in a + 1..groups.len() {
                let pairs = groups[a].len() * groups[b].len();
                // An emptied group has none.
                let average = if pairs == 0 { 0.0 } else { near[a][b] / pairs as f32 };
                if average >= NEAR && best.is_none_or(|(most, ..)| average > most) {
                    best = Some((average, a, b));
                }
            }
        }
        let Some((_, into, from)) = best else { break };
        let moved = std::mem::take(&mut groups[from]);
        groups[into].extend(moved);
        for (other, value) in near[from].clone().into_iter().enumerate() {
            near[into][other] += value;
            near[other][into] = near[into][other];
        }
    }
    groups.retain(|group| !group.is_empty());
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups
}

/// The product of each with each other: their cosine, where they are of length 1.
pub(super) fn products<'a>(vectors: impl Iterator<Item = &'a [(u32, f32)]>) -> Vec<Vec<f32>> {
    // By word, in the order of words, so that sums come out the same each time.
    let mut holders: BTreeMap<u32, Vec<(usize, f32)>> = BTreeMap::new();
    let mut count = 0;
    for (at, vector) in vectors.enumerate() {
        count = at + 1;
        for (word, value) in vector {
            holders.entry(*word).or_default().push((at, *value));
        }
    }
    let mut products = vec![vec![0.0; count]; count];
    for held in holders.values() {
        for (at, (a, x)) in held.iter().enumerate() {
            for (b, y) in &held[at + 1..] {
                products[*a][*b] += x * y;
                products[*b][*a] = products[*a][*b];
            }
        }
    }
    products
}

/// A word of a group's texts.
#[derive(Default)]
struct Candidate {
    /// Documents of the group that use it.
    holders: u32,
    /// The last of them.
    last: usize,
    times: u32,
    /// How it is written, and how often.
    written: HashMap<String, u32>,
}

/// What a group's documents use and others do not, the most telling word first, at most `most`.
///
/// `holders` says how many of all `documents` have each bucket's words, the group's among them.
pub(super) fn words(
    texts: &[(&str, Language)],
    tokenizer: &mut Tokenizer,
    holders: &[u32],
    documents: usize,
    most: usize,
) -> Vec<String> {
    let mut candidates: HashMap<u32, Candidate> = HashMap::new();
    for (at, (text, language)) in texts.iter().enumerate() {
        tokenizer.each(text, *language, |word, hash| {
            if !names_something(word, *language) {
                return;
            }
            let candidate = candidates.entry(hash).or_default();
            if candidate.holders == 0 || candidate.last != at {
                candidate.holders += 1;
                candidate.last = at;
            }
            candidate.times += 1;
            *candidate.written.entry(word.to_owned()).or_default() += 1;
        });
    }
    let size = texts.len() as f32;
    let others = documents.saturating_sub(texts.len()) as f32;
    let mut found: Vec<(f32, u32, String)> = candidates
        .into_iter()
        .filter_map(|(hash, candidate)| {
            let share = candidate.holders as f32 / size;
            let all = holders.get(bucket(hash) as usize).copied().unwrap_or(0);
            let elsewhere = (all.saturating_sub(candidate.holders) as f32 + 0.5) / (others + 1.0);
            if candidate.holders < 2 || share < SHARED || share < COMMONER * elsewhere {
                return None;
            }
            let usual = candidate.written.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))?;
            Some((share * (share / elsewhere).ln(), candidate.times, usual.0))
        })
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
    found.into_iter().take(most).map(|(_, _, word)| word).collect()
}

/// Codes and numbers name nothing, and no more do the short words of languages whose commonest words are not known.
fn names_something(word: &str, language: Language) -> bool {
    let shortest = match language {
        Language::English | Language::German => 3,
        _ => 5,
    };
    let in_pairs = word.chars().all(|c| c >= '\u{3041}');
    word.chars().all(char::is_alphabetic) && (in_pairs || word.chars().count() >= shortest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_on_average_is_put_together() {
        let vectors = vec![
            vec![(1, 0.8), (2, 0.6)],
            vec![(9, 1.0)],
            vec![(1, 0.6), (2, 0.8)],
            vec![(1, 0.05), (7, 0.99)],
            vec![(2, 1.0)],
        ];
        assert_eq!(of(&vectors), [vec![0, 2, 4], vec![1], vec![3]]);
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn a_word_with_a_number_in_it_or_a_short_one_names_nothing() {
        let counts = [
            ("comet", Language::English, true),
            ("tax", Language::English, true),
            ("dans", Language::French, false),
            ("x2026", Language::English, false),
            ("契約", Language::English, true),
        ];
        for (word, language, expected) in counts {
            assert_eq!(names_something(word, language), expected, "{word}");
        }
    }
}
