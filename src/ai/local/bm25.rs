//! Topics as queries: what a name and a description alone say about a text.
//!
//! Each topic's name and description are a query, the document is what is searched: BM25 (Robertson and Zaragoza, "The
//! Probabilistic Relevance Framework: BM25 and Beyond", 2009, eq. 3.15) with the topics themselves as the collection
//! that tells how rare a word is. A document need not use all words of a description; so the score is held against that
//! of a document which uses a handful of the topic's best words, and against the other topics' scores.

use super::model::print;
use super::tokens::{Counts, Tokenizer};
use crate::ai::Topic;
use crate::ai::words::Language;

/// BM25: how fast a repeated word stops to matter.
const K1: f32 = 1.2;
/// BM25: how much a long text is held against its words.
const B: f32 = 0.5;
/// Words of an ordinary document, for BM25's length: one or two pages.
const USUAL_LENGTH: f32 = 400.0;
/// A word of the name says more than one of the description.
const NAME_WEIGHT: f32 = 3.0;
/// How many of a topic's best words, each used once, make a document that surely belongs to it.
const SURE_WORDS: usize = 5;
/// How sharply the best topic is preferred to the others: the exponent on each topic's score.
const SHARPNESS: f32 = 2.0;

/// A word of a topic, and what finding it once in an ordinary document would be worth.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    topic: u32,
    worth: f32,
}

/// Topics, made ready to be looked for in texts of one language.
pub(super) struct Queries {
    language: Language,
    topics: Vec<Topic>,
    /// In the order of hashes.
    entries: Vec<Entry>,
    /// What a document that surely belongs to a topic is worth.
    sure: Vec<f32>,
    /// Numbers by which a name or a description that changed is seen.
    prints: Vec<u64>,
}

impl Queries {
    pub(super) fn new(topics: &[Topic], language: Language, tokenizer: &mut Tokenizer) -> Self {
        let mut entries = Vec::new();
        for (at, topic) in topics.iter().enumerate() {
            let mut add = |text: &str, worth: f32| {
                let topic = at as u32;
                tokenizer.each(text, language, |_, hash| entries.push(Entry { hash, topic, worth }));
            };
            add(&topic.name, NAME_WEIGHT);
            add(&topic.description, 1.0);
        }
        // Each word once a topic, with its higher weight.
        entries.sort_by(|a, b| (a.hash, a.topic).cmp(&(b.hash, b.topic)).then(b.worth.total_cmp(&a.worth)));
        entries.dedup_by_key(|entry| (entry.hash, entry.topic));
        // How rare a word is among the topics: one that stands in all of them tells none apart.
        for word in entries.chunk_by_mut(|a, b| a.hash == b.hash) {
            let holders = word.len() as f32;
            let rarity = (1.0 + (topics.len() as f32 - holders + 0.5) / (holders + 0.5)).ln();
            word.iter_mut().for_each(|entry| entry.worth *= rarity);
        }
        let mut best: Vec<Vec<f32>> = vec![Vec::new(); topics.len()];
        for entry in &entries {
            if let Some(worths) = best.get_mut(entry.topic as usize) {
                worths.push(entry.worth);
            }
        }
        let sure = best.iter_mut().map(|worths| {
            worths.sort_by(|a, b| b.total_cmp(a));
            worths.iter().take(SURE_WORDS).sum()
        });
        let sure = sure.collect();
        let prints = topics.iter().map(print).collect();
        Self { language, topics: topics.to_vec(), entries, sure, prints }
    }

    /// Whether these are the queries of those topics.
    pub(super) fn are_of(&self, topics: &[Topic], language: Language) -> bool {
        self.language == language && self.topics == topics
    }

    pub(super) fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// For each topic, what `print` gives.
    pub(super) fn prints(&self) -> &[u64] {
        &self.prints
    }

    /// What speaks for each topic, 0 (nothing) to 1 (as much as in a document that surely belongs to it).
    pub(super) fn evidence(&self, counts: &Counts) -> Vec<f32> {
        let mut found = vec![0.0f32; self.sure.len()];
        self.each_found(counts, |_, topic, worth| {
            if let Some(found) = found.get_mut(topic) {
                *found += worth;
            }
        });
        for (found, sure) in found.iter_mut().zip(&self.sure) {
            *found = if *sure > 0.0 { 1.0 - (-1.5 * *found / sure).exp() } else { 0.0 };
        }
        found
    }

    /// Calls `seen` with each word of the text that a topic has: its hash, the topic's place, and its worth.
    pub(super) fn each_found(&self, counts: &Counts, mut seen: impl FnMut(u32, usize, f32)) {
        let held = K1 * (1.0 - B + B * counts.length as f32 / USUAL_LENGTH);
        let mut rest = self.entries.as_slice();
        for word in &counts.words {
            rest = &rest[rest.partition_point(|entry| entry.hash < word.hash)..];
            let times = f32::from(word.times);
            let saturation = times * (K1 + 1.0) / (times + held);
            for entry in rest.iter().take_while(|entry| entry.hash == word.hash) {
                seen(entry.hash, entry.topic as usize, entry.worth * saturation);
            }
        }
    }
}

/// How sure each topic is by its evidence alone. Both must hold: enough was found, and more than for the others.
pub(super) fn confidences(evidence: &[f32]) -> Vec<f32> {
    let rivals: f32 = evidence.iter().map(|e| e.powf(SHARPNESS)).sum();
    let confidence = |e: &f32| {
        let share = if rivals > 0.0 { e.powf(SHARPNESS) / rivals } else { 0.0 };
        (e * share).sqrt().clamp(0.0, 1.0)
    };
    evidence.iter().map(confidence).collect()
}
