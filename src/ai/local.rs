//! The provider `local`: no network, no model, no download.
//!
//! Each topic's name and description are a query, the document is what is searched: BM25 (Robertson and Zaragoza, "The
//! Probabilistic Relevance Framework: BM25 and Beyond", 2009, eq. 3.15) with the topics themselves as the collection
//! that tells how rare a word is. A document need not use all words of a description; so the score is held against that
//! of a document which uses a handful of the topic's best words, and against the other topics' scores.

use super::words::Words;
use super::{AiError, AiProvider, Assessment, Score, Subject, Topic};
use async_trait::async_trait;
use std::collections::{HashMap, HashSet};

/// BM25: how fast a repeated word stops to matter.
const K1: f32 = 1.2;
/// BM25: how much a long text is held against its words.
const B: f32 = 0.5;
/// Words of an ordinary document, for BM25's length: one or two pages.
const USUAL_LENGTH: f32 = 400.0;
/// A word of the name says more than one of the description.
const NAME_WEIGHT: f32 = 3.0;
/// A word of the title stands for this many in the text.
const TITLE_WEIGHT: f32 = 3.0;
/// How many of a topic's best words, each used once, make a document that surely belongs to it.
const SURE_WORDS: usize = 5;
/// How sharply the best topic is preferred to the others: the exponent on each topic's score.
const SHARPNESS: f32 = 2.0;
/// What is looked at of a long text, in bytes: its beginning says what it is.
const LOOKED_AT: usize = 64 * 1024;

/// Scores by the words of names and descriptions.
pub struct LocalProvider;

#[async_trait]
impl AiProvider for LocalProvider {
    fn name(&self) -> &'static str {
        "local"
    }

    async fn score(&self, subject: Subject<'_>, topics: &[Topic]) -> Result<Assessment, AiError> {
        Ok(Assessment { scores: score(subject, topics), ..Assessment::default() })
    }
}

/// A topic's words, each with its weight.
fn profile(topic: &Topic, words: &Words) -> HashMap<String, f32> {
    let mut profile: HashMap<String, f32> = words.stems(&topic.description).map(|stem| (stem, 1.0)).collect();
    profile.extend(words.stems(&topic.name).map(|stem| (stem, NAME_WEIGHT)));
    profile
}

fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(LOOKED_AT)]
}

fn score(subject: Subject<'_>, topics: &[Topic]) -> Vec<Score> {
    let words = Words::of(subject.language);
    let profiles: Vec<HashMap<String, f32>> = topics.iter().map(|topic| profile(topic, &words)).collect();

    let mut counts: HashMap<String, f32> = HashMap::new();
    let mut length = 0.0;
    for stem in words.stems(beginning(subject.text)) {
        *counts.entry(stem).or_default() += 1.0;
        length += 1.0;
    }
    for stem in words.stems(subject.title) {
        *counts.entry(stem).or_default() += TITLE_WEIGHT;
    }

    // How rare a word is among the topics: one that stands in all of them tells none apart.
    let total = profiles.len() as f32;
    let rarity = |stem: &str| {
        let holders = profiles.iter().filter(|profile| profile.contains_key(stem)).count() as f32;
        (1.0 + (total - holders + 0.5) / (holders + 0.5)).ln()
    };
    let stems: HashSet<&String> = profiles.iter().flat_map(HashMap::keys).collect();
    let rarity: HashMap<&str, f32> = stems.into_iter().map(|stem| (stem.as_str(), rarity(stem))).collect();
    let saturation =
        |count: f32, length: f32| count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / USUAL_LENGTH));

    let evidence: Vec<f32> = profiles
        .iter()
        .map(|profile| {
            let mut best: Vec<f32> = profile.iter().map(|(stem, weight)| weight * rarity[stem.as_str()]).collect();
            best.sort_by(|a, b| b.total_cmp(a));
            let sure: f32 = best.iter().take(SURE_WORDS).sum();
            let found: f32 = profile
                .iter()
                .filter_map(|(stem, weight)| {
                    let count = counts.get(stem)?;
                    Some(weight * rarity[stem.as_str()] * saturation(*count, length))
                })
                .sum();
            // 0 for nothing found, near 1 where what was found is worth a sure document.
            if sure > 0.0 { 1.0 - (-1.5 * found / sure).exp() } else { 0.0 }
        })
        .collect();

    let rivals: f32 = evidence.iter().map(|e| e.powf(SHARPNESS)).sum();
    let mut scores: Vec<Score> = topics
        .iter()
        .zip(&evidence)
        .filter(|(_, evidence)| **evidence > 0.0)
        .map(|(topic, evidence)| {
            // Both must hold: enough was found, and more than for the others.
            let share = evidence.powf(SHARPNESS) / rivals;
            Score { topic: topic.id, confidence: (evidence * share).sqrt().clamp(0.0, 1.0) }
        })
        .collect();
    scores.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.topic.cmp(&b.topic)));
    scores
}
