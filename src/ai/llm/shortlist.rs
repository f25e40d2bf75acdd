//! A vault may have a thousand topics; a model is asked about those that share most words with the document. More make
//! its choice worse, cost tokens each time, and servers refuse schemas that are too large (OpenAI: 15,000 characters in an
//! enum of more than 250).

use super::tokens::beginning;
use crate::ai::words::{Language, Words};
use crate::ai::{Subject, Topic};
use std::cmp::Reverse;
use std::collections::HashSet;

/// Topics that a model is asked about, at most.
pub(super) const MOST: usize = 150;
/// What is looked at of the text, in tokens.
const LOOKED_AT: u64 = 8000;

/// The topics to ask about, in their order.
pub(super) fn of(subject: Subject<'_>, topics: &[Topic]) -> Vec<Topic> {
    if topics.len() <= MOST {
        return topics.to_vec();
    }
    let words = Words::of(Language::of(subject.language));
    let mut found: HashSet<String> = words.stems(beginning(subject.text, LOOKED_AT)).collect();
    found.extend(words.stems(subject.title));
    let shared = |text: &str| words.stems(text).collect::<HashSet<_>>().intersection(&found).count();
    let examples: HashSet<&String> = subject.examples.iter().flat_map(|example| &example.topics).collect();
    let mut ranked: Vec<(usize, usize)> = topics
        .iter()
        .enumerate()
        .map(|(at, topic)| {
            // What was right for the document's neighbours stays in, whatever its words.
            let near = if examples.contains(&topic.name) { 100 } else { 0 };
            (at, near + 3 * shared(&topic.name) + shared(&topic.description))
        })
        .collect();
    ranked.sort_by_key(|(at, score)| (Reverse(*score), *at));
    let mut kept: Vec<usize> = ranked.into_iter().take(MOST).map(|(at, _)| at).collect();
    kept.sort_unstable();
    kept.into_iter().map(|at| topics[at].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TopicId;

    #[test]
    fn of_very_many_topics_those_with_the_documents_words_are_asked_about() {
        let topic = |name: String| Topic { id: TopicId::generate(), name, description: String::new() };
        let mut topics: Vec<Topic> = (0..999).map(|n| topic(format!("Shelf {n}"))).collect();
        topics.push(topic("Invoices".to_owned()));
        let subject = Subject { text: "An invoice.", ..Subject::default() };
        let kept = of(subject, &topics);
        assert_eq!((kept.len(), kept[MOST - 1].name.as_str()), (MOST, "Invoices"));
        assert_eq!(of(subject, &topics[990..]).len(), 10);
    }
}
