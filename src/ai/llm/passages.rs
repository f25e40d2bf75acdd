//! Cuts a long text down by whole passages: its start says what it is, its end who it is from, and where the topics' words
//! are dense it says what it is about.

use super::tokens::{beginning, tokens};
use crate::ai::words::Words;
use std::cmp::Reverse;
use std::collections::HashSet;

/// Stands where something was left out.
pub(super) const GAP: &str = "[…]";
/// Longest passage, in tokens; a longer paragraph is several.
const MAX_PASSAGE: u64 = 200;
/// Share of the room that the start takes, and the end: in fifths.
const START_FIFTHS: u64 = 2;
const END_FIFTHS: u64 = 1;
/// Passages whose words are looked at, at most: of a text with more, each so many is.
const MOST_LOOKED_AT: usize = 400;
/// What a gap and the lines around it take.
const GAP_TOKENS: u64 = 2;

/// At most `room` tokens of a text, in its own order; `stems` are the topics' words, cut by `words`.
pub(super) fn cut(text: &str, room: u64, words: &Words, stems: &HashSet<String>) -> String {
    if tokens(text) <= room {
        return text.trim().to_owned();
    }
    let passages = passages(text, MAX_PASSAGE.min(room / 5).max(10));
    let costs: Vec<u64> = passages.iter().map(|passage| tokens(passage) + GAP_TOKENS).collect();
    let mut taken = vec![false; passages.len()];
    let mut left = room;
    let mut take = |at: usize, left: &mut u64| {
        let fits = !taken[at] && costs[at] <= *left;
        if fits {
            taken[at] = true;
            *left -= costs[at];
        }
        fits
    };
    let mut run = |order: &mut dyn Iterator<Item = usize>, share: u64, left: &mut u64| {
        let mut part = share;
        for at in order {
            if costs[at] > part || !take(at, left) {
                break;
            }
            part -= costs[at];
        }
    };
    run(&mut (0..passages.len()), room * START_FIFTHS / 5, &mut left);
    run(&mut (0..passages.len()).rev(), room * END_FIFTHS / 5, &mut left);
    for at in densest(&passages, &taken, words, stems) {
        let fits = !taken[at] && costs[at] <= left;
        if fits {
            taken[at] = true;
            left -= costs[at];
        }
    }
    join(&passages, &taken)
}

/// The passages that are not taken yet, those with most of the topics' words first.
fn densest(passages: &[&str], taken: &[bool], words: &Words, stems: &HashSet<String>) -> Vec<usize> {
    let free: Vec<usize> = (0..passages.len()).filter(|at| !taken[*at]).collect();
    let step = free.len().div_ceil(MOST_LOOKED_AT).max(1);
    let mut ranked: Vec<(u32, usize)> = free
        .into_iter()
        .step_by(step)
        .map(|at| {
            let (mut all, mut hits) = (0u32, HashSet::new());
            for stem in words.stems(passages[at]) {
                all += 1;
                if stems.contains(&stem) {
                    hits.insert(stem);
                }
            }
            // Different words count, for a table that repeats one says nothing; against the length, of short ones not.
            let density = u32::try_from(hits.len()).unwrap_or(u32::MAX).saturating_mul(10_000) / (all + 20);
            (density, at)
        })
        .collect();
    ranked.sort_by_key(|(density, at)| (Reverse(*density), *at));
    ranked.into_iter().map(|(_, at)| at).collect()
}

fn join(passages: &[&str], taken: &[bool]) -> String {
    let mut out = String::new();
    let mut gap = false;
    for (passage, taken) in passages.iter().zip(taken) {
        if *taken {
            if gap {
                out.push_str(GAP);
                out.push('\n');
            }
            out.push_str(passage);
            out.push('\n');
        }
        gap = !taken;
    }
    if gap {
        out.push_str(GAP);
    }
    out.trim_end().to_owned()
}

/// The paragraphs of a text; one that is longer than `most` tokens in pieces.
fn passages(text: &str, most: u64) -> Vec<&str> {
    let mut passages = Vec::new();
    for paragraph in paragraphs(text) {
        let mut rest = paragraph.trim();
        while !rest.is_empty() {
            let piece = beginning(rest, most);
            // At the end of a line or a sentence, where there is one in its second half.
            let end = match piece.len() == rest.len() {
                true => piece.len(),
                false => end_in(piece).unwrap_or(piece.len()),
            };
            // `most` holds more than one character, so that there is progress.
            let end = if end == 0 { rest.len() } else { end };
            passages.push(rest[..end].trim_end());
            rest = rest[end..].trim_start();
        }
    }
    passages
}

fn end_in(piece: &str) -> Option<usize> {
    let half = piece.len() / 2;
    let ends =
        [piece.rfind('\n'), piece.rfind(". ").map(|at| at + 1), piece.rfind('。').map(|at| at + '。'.len_utf8())];
    ends.into_iter().flatten().filter(|at| *at > half).max()
}

/// What stands between empty lines.
fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = rest.len();
        let mut from = 0;
        while let Some(at) = rest[from..].find('\n').map(|at| from + at) {
            let next = at + 1;
            let line = rest[next..].split('\n').next().unwrap_or_default();
            if line.trim().is_empty() && next + line.len() < rest.len() {
                end = next + line.len();
                break;
            }
            from = next;
        }
        let (paragraph, after) = rest.split_at(end);
        rest = after;
        Some(paragraph)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ai::words::Language;

    fn cut_to(text: &str, room: u64, topic_words: &str) -> String {
        let words = Words::of(Language::of(Some("eng")));
        let stems = words.stems(topic_words).collect();
        cut(text, room, &words, &stems)
    }

    #[test]
    fn a_text_that_fits_stays_as_it_is() {
        assert_eq!(cut_to("One.\n\nTwo.\n", 100, "tax"), "One.\n\nTwo.");
    }

    #[test]
    fn a_long_text_keeps_its_start_its_end_and_what_is_about_the_topics_in_order() {
        let filler =
            |n: usize| format!("Paragraph {n} tells of the weather on a day in spring and nothing else at all.");
        let mut paragraphs: Vec<String> = (0..400).map(filler).collect();
        paragraphs[0] = "THE START of it".to_owned();
        paragraphs[217] = "Here the taxable income and the refund of the revenue office are told.".to_owned();
        paragraphs[399] = "THE END of it".to_owned();
        let kept = cut_to(&paragraphs.join("\n\n"), 500, "tax income refund revenue office");
        let places: Vec<_> = ["THE START", "taxable income", "THE END"].iter().map(|part| kept.find(part)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {kept}");
        assert!(tokens(&kept) <= 500, "{}", tokens(&kept));
        assert!(tokens(&kept) > 400, "the room is used: {}", tokens(&kept));
        assert!(kept.matches(GAP).count() >= 2);
        let whole = kept.split('\n').all(|line| line == GAP || paragraphs.iter().any(|whole| whole == line));
        assert!(whole, "only whole passages: {kept}");
    }

    #[test]
    fn one_endless_paragraph_is_cut_too() {
        for text in ["word ".repeat(50_000), "字".repeat(50_000), "x".repeat(200_000), "\n\n \n".repeat(50_000)] {
            let kept = cut_to(&text, 300, "tax");
            assert!(tokens(&kept) <= 300, "{}", tokens(&kept));
        }
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use crate::ai::words::Language;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_the_text_it_keeps_to_its_room(text in r"(\PC{0,40}|[a-z. ]{0,80}|\n){0,60}", room in 100u64..400) {
            let words = Words::of(Language::of(None));
            let stems = words.stems("tax").collect();
            prop_assert!(tokens(&cut(&text, room, &words, &stems)) <= room);
        }
    }
}
