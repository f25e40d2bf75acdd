//! The words that decided: the regression is linear and BM25 a sum, so each word has its part in a topic's score.

use super::bm25::Queries;
use super::model::Model;
use super::tokens::{Counts, Tokenizer};
use crate::ai::words::Language;
use crate::ai::{Reason, Subject};

/// Words named at most.
const MOST: usize = 12;

/// A word's part by the model, and by name and description.
struct Part {
    hash: u32,
    weight: f32,
}

/// The words of a subject that spoke for or against the topic at `at` of the queries, the weightiest first.
pub(super) fn reasons(
    model: Option<&Model>,
    queries: &Queries,
    at: usize,
    subject: Subject<'_>,
    language: Language,
    tokenizer: &mut Tokenizer,
) -> Vec<Reason> {
    let counts = tokenizer.count(subject.title, subject.text, language);
    let mut parts: Vec<Part> = counts.words.iter().map(|word| Part { hash: word.hash, weight: 0.0 }).collect();
    let known = model.and_then(|model| Some((model, model.place_of(queries, at)?)));
    add_found(queries, at, &counts, known.map_or(1.0, |(model, _)| model.calibration.blend), &mut parts);
    if let Some((model, place)) = known {
        for (part, weight) in parts.iter_mut().zip(model.parts(&counts, place)) {
            part.weight += weight;
        }
    }
    parts.retain(|part| part.weight.abs() > 1e-4);
    parts.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then(a.hash.cmp(&b.hash)));
    parts.truncate(MOST);
    named(&parts, subject, language, tokenizer)
}

/// Shares the topic's evidence among the words that were found of it.
fn add_found(queries: &Queries, at: usize, counts: &Counts, blend: f32, parts: &mut [Part]) {
    let mut found: Vec<(u32, f32)> = Vec::new();
    queries.each_found(counts, |hash, topic, worth| {
        if topic == at {
            found.push((hash, worth));
        }
    });
    let all: f32 = found.iter().map(|(_, worth)| worth).sum();
    let evidence = queries.evidence(counts).get(at).copied().unwrap_or(0.0);
    for (hash, worth) in found.into_iter().filter(|_| all > 0.0) {
        if let Some(part) = parts.binary_search_by_key(&hash, |part| part.hash).ok().and_then(|at| parts.get_mut(at)) {
            part.weight += blend * evidence * worth / all;
        }
    }
}

/// The parts with their words, as each first stands in the text or the title.
fn named(parts: &[Part], subject: Subject<'_>, language: Language, tokenizer: &mut Tokenizer) -> Vec<Reason> {
    let mut words: Vec<Option<String>> = vec![None; parts.len()];
    for text in [subject.text, subject.title] {
        tokenizer.each(text, language, |word, hash| {
            let at = parts.iter().position(|part| part.hash == hash);
            if let Some(slot) = at.and_then(|at| words.get_mut(at)).filter(|slot| slot.is_none()) {
                *slot = Some(word.to_owned());
            }
        });
    }
    let reason = |(part, word): (&Part, Option<String>)| Some(Reason { word: word?, weight: part.weight });
    parts.iter().zip(words).filter_map(reason).collect()
}
