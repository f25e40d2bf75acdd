//! Which documents are near to one another: the cosine of their TF-IDF vectors, with the rarity of words as the model
//! knows it, or else as the documents themselves tell.

use super::tokens::{BUCKET_BITS, Count, Counts, bucket};
use super::vectors::Rarity;
use super::{Bench, LocalProvider};
use crate::ai::Subject;
use crate::ai::words::Language;
use std::collections::HashMap;

impl LocalProvider {
    /// The words that tell most about a subject, as they stand in it in lower case: frequent in it, and rare elsewhere.
    /// At most `most`, the most telling first.
    pub fn telling_words(&self, subject: Subject<'_>, most: usize) -> Vec<String> {
        let model = self.model();
        let language = Language::of(subject.language);
        self.with_bench(|bench| {
            let counts = count(bench, subject);
            let mut vector = Vec::new();
            match &model {
                Some(model) => model.rarity.vector_into(&counts, &mut vector),
                None => rarity_in(std::slice::from_ref(&counts)).vector_into(&counts, &mut vector),
            }
            let mut telling: Vec<(Count, f32)> =
                counts.words.iter().copied().zip(vector.iter().map(|(_, value)| *value)).collect();
            telling.sort_by(|(a, x), (b, y)| y.total_cmp(x).then(a.hash.cmp(&b.hash)));
            telling.truncate(most);
            let mut words: HashMap<u32, String> = HashMap::new();
            for text in [subject.title, subject.text] {
                bench.tokenizer.each(text, language, |word, hash| {
                    if telling.iter().any(|(count, _)| count.hash == hash) {
                        words.entry(hash).or_insert_with(|| word.to_owned());
                    }
                });
            }
            telling.iter().filter_map(|(count, _)| words.remove(&count.hash)).collect()
        })
    }

    /// How near each of `others` is to a subject: 1 for the same words, 0 where they share none.
    pub fn nearness(&self, subject: Subject<'_>, others: &[Subject<'_>]) -> Vec<f32> {
        let model = self.model();
        let counts: Vec<Counts> = self.with_bench(|bench| {
            std::iter::once(&subject).chain(others).map(|subject| count(bench, *subject)).collect()
        });
        let own_rarity = if model.is_some() { None } else { Some(rarity_in(&counts)) };
        let Some(rarity) = own_rarity.as_ref().or(model.as_ref().map(|model| &model.rarity)) else { return Vec::new() };
        let vector = |counts: &Counts| {
            let mut vector = Vec::new();
            rarity.vector_into(counts, &mut vector);
            vector
        };
        let [first, rest @ ..] = counts.as_slice() else { return Vec::new() };
        let first: HashMap<u32, f32> = vector(first).into_iter().collect();
        let shared = |(at, value): (u32, f32)| first.get(&at).map_or(0.0, |own| own * value);
        rest.iter().map(|counts| vector(counts).into_iter().map(shared).sum()).collect()
    }
}

fn count(bench: &mut Bench, subject: Subject<'_>) -> Counts {
    bench.tokenizer.count(subject.title, subject.text, Language::of(subject.language))
}

/// How rare words are among a few documents.
fn rarity_in(documents: &[Counts]) -> Rarity {
    let mut holders = vec![0; 1 << BUCKET_BITS];
    for counts in documents {
        let mut buckets: Vec<u32> = counts.words.iter().map(|word| bucket(word.hash)).collect();
        buckets.dedup();
        for at in buckets {
            if let Some(holders) = holders.get_mut(at as usize) {
                *holders += 1;
            }
        }
    }
    Rarity::new(documents.len(), &holders)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> Subject<'_> {
        Subject { title: "", text, ..Subject::default() }
    }

    #[test]
    fn what_shares_words_is_near() {
        let local = LocalProvider::default();
        let roses = subject("Pruning the roses and the hedge, with compost on the bed.");
        let near = local.nearness(
            roses,
            &[
                subject("The hedge wants pruning, the roses want compost."),
                subject("A telescope shows the rings of Saturn."),
                roses,
            ],
        );
        assert!(near[0] > 0.4 && near[1] < 0.05, "{near:?}");
        assert!((near[2] - 1.0).abs() < 1e-3, "{near:?}");
        assert_eq!(local.nearness(subject(""), &[roses]), [0.0]);
    }

    #[test]
    fn the_telling_words_stand_in_the_text() {
        let local = LocalProvider::default();
        let words = local.telling_words(subject("Roses, roses and roses; and the hedge of the garden."), 2);
        assert_eq!(words.first().map(String::as_str), Some("roses"));
        assert_eq!(words.len(), 2);
        assert!(local.telling_words(subject("the and of"), 5).is_empty());
    }
}
