//! What could be tidied up among topics: two that mean the same, and documents that ask for one that is missing.
//!
//! By the same words and the same TF-IDF that documents are sorted by. Nothing is changed here, and nothing depends on
//! chance. The work is bounded by what the caller gives: it grows with the square of the topics and of the unsorted.

mod groups;
mod names;

use super::corpus::{Corpus, Label};
use super::tokens::{Counts, Tokenizer};
use super::vectors::Rarity;
use crate::ai::words::Language;
use crate::ai::{Subject, Topic};
use crate::domain::{TopicId, TopicName};
use names::{Name, Names};
use std::collections::BTreeMap;

/// Names that are so much alike are one name.
const SAME_NAME: f32 = 0.6;
/// Topics whose documents are so much alike are about the same. Of halves of one class of BBC News, Reuters R52 or 20
/// Newsgroups, with 12 documents each, 95 % are; of two different classes 1 % at most.
const SAME_DOCUMENTS: f32 = 0.85;
/// With fewer documents chance has too much of a say.
const DOCUMENTS_AT_LEAST: usize = 8;
/// Topics whose words (description and few documents, taken together) are so much alike are about the same.
const SAME_WORDS: f32 = 0.6;
/// Fewer different words say nothing of what a topic is about.
const WORDS_AT_LEAST: usize = 5;
/// Of a text's words those that weigh most are compared.
const WORDS_AT_MOST: usize = 200;
/// Pairs of topics at most, the likest.
const MOST_PAIRS: usize = 50;
/// Documents that make a topic, at least.
const SMALLEST_GROUP: usize = 3;
/// Groups at most, the largest.
const MOST_GROUPS: usize = 10;
/// Words of a group.
const GROUP_WORDS: usize = 5;
/// Words of a proposed name.
const NAME_WORDS: usize = 2;

/// A document that stands under topics.
#[derive(Debug, Clone, Copy)]
pub struct Sorted<'a> {
    /// The document.
    pub subject: Subject<'a>,
    /// Its topics, and whether a person chose them.
    pub topics: &'a [(TopicId, bool)],
}

/// What two topics are alike by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// Their names.
    Name,
    /// What they are about: names, descriptions and documents.
    Content,
}

/// Two topics that seem to mean the same, by their places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearDuplicate {
    /// The one.
    pub one: usize,
    /// The other, further on.
    pub other: usize,
    /// What tells.
    pub by: Likeness,
    /// How alike they are, 0 to 1.
    pub similarity: f32,
}

/// Documents that seem to be about the same thing, for which there may be no topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// A name for their topic, that no topic has yet.
    pub name: String,
    /// What they share and others do not, the most telling word first.
    pub words: Vec<String>,
    /// The documents, by their places.
    pub documents: Vec<usize>,
}

/// What could be tidied up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tidying {
    /// The likest first.
    pub near_duplicates: Vec<NearDuplicate>,
    /// The largest first.
    pub groups: Vec<Group>,
}

/// Looks at topics, some of the documents under them, and documents that stand under none.
pub fn look(topics: &[Topic], sorted: &[Sorted<'_>], unsorted: &[Subject<'_>]) -> Tidying {
    let mut desk = Desk { tokenizer: Tokenizer::default(), corpus: Corpus::new() };
    // Documents first: by their languages the topics' words are cut.
    let papers: Vec<usize> = sorted.iter().map(|document| desk.take(document.subject)).collect();
    let loose: Vec<usize> = unsorted.iter().map(|subject| desk.take(*subject)).collect();
    let held = documents_of(topics, sorted);
    let described: Vec<usize> = topics
        .iter()
        .zip(&held)
        .map(|(topic, held)| {
            let language = commonest(held.iter().map(|at| Language::of(sorted[*at].subject.language)));
            // The name weighs no more than other words: that names are alike is told by themselves.
            desk.take_words("", &format!("{} {}", topic.name, topic.description), language)
        })
        .collect();
    let rarity = Rarity::new(desk.corpus.len(), desk.corpus.holders());

    let contents: Vec<Content> = described
        .iter()
        .zip(&held)
        .map(|(description, held)| {
            let documents: Vec<usize> = held.iter().map(|at| papers[*at]).collect();
            desk.content(*description, &documents, &rarity)
        })
        .collect();
    let near_duplicates = near_duplicates(topics, sorted, &held, &contents);

    let vectors: Vec<Vec<(u32, f32)>> = loose.iter().map(|at| desk.vector(*at, &rarity)).collect();
    let mut groups: Vec<Group> = groups::of(&vectors)
        .into_iter()
        .filter(|group| group.len() >= SMALLEST_GROUP)
        .filter_map(|documents| desk.named(documents, unsorted, topics))
        .collect();
    groups.sort_by(|a, b| b.documents.len().cmp(&a.documents.len()).then(a.documents.cmp(&b.documents)));
    groups.truncate(MOST_GROUPS);
    Tidying { near_duplicates, groups }
}

/// For each topic the places of its documents.
fn documents_of(topics: &[Topic], sorted: &[Sorted<'_>]) -> Vec<Vec<usize>> {
    let places: BTreeMap<TopicId, usize> = topics.iter().enumerate().map(|(at, topic)| (topic.id, at)).collect();
    let mut held = vec![Vec::new(); topics.len()];
    for (document, sorted) in sorted.iter().enumerate() {
        for (topic, _) in sorted.topics {
            if let Some(held) = places.get(topic).and_then(|at| held.get_mut(*at)) {
                held.push(document);
            }
        }
    }
    held
}

fn commonest(languages: impl Iterator<Item = Language>) -> Language {
    let mut counts: BTreeMap<Language, usize> = BTreeMap::new();
    languages.for_each(|language| *counts.entry(language).or_default() += 1);
    let most = counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
    most.map_or(Language::English, |(language, _)| language)
}

/// What a topic is about.
struct Content {
    /// Its documents' vectors, added up.
    sum: Vec<(u32, f32)>,
    /// How many they are.
    documents: usize,
    /// These and its name and description as one vector, of length 1.
    words: Vec<(u32, f32)>,
}

fn near_duplicates(
    topics: &[Topic],
    sorted: &[Sorted<'_>],
    held: &[Vec<usize>],
    contents: &[Content],
) -> Vec<NearDuplicate> {
    let names = Names::new();
    let ready: Vec<Name> = topics.iter().map(|topic| names.ready(&topic.name)).collect();
    let by_words = groups::products(contents.iter().map(|content| content.words.as_slice()));
    let by_documents = groups::products(contents.iter().map(|content| content.sum.as_slice()));
    let mut pairs = Vec::new();
    for one in 0..topics.len() {
        for other in one + 1..topics.len() {
            if ready[one].has_other_numbers(&ready[other]) {
                continue;
            }
            let by_name = ready[one].likeness(&ready[other]);
            if by_name >= SAME_NAME {
                pairs.push(NearDuplicate { one, other, by: Likeness::Name, similarity: by_name });
                continue;
            }
            let (a, b) = (&contents[one], &contents[other]);
            let similarity = if a.documents.min(b.documents) >= DOCUMENTS_AT_LEAST {
                let between = by_documents[one][other] / (a.documents * b.documents) as f32;
                let alike = between / (a.nearness() * b.nearness()).sqrt();
                if alike >= SAME_DOCUMENTS { alike } else { 0.0 }
            } else if a.words.len().min(b.words.len()) >= WORDS_AT_LEAST && by_words[one][other] >= SAME_WORDS {
                by_words[one][other]
            } else {
                0.0
            };
            if similarity > 0.0 && !told_apart(&topics[one], &topics[other], sorted, &held[one]) {
                pairs.push(NearDuplicate { one, other, by: Likeness::Content, similarity: similarity.min(1.0) });
            }
        }
    }
    pairs.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.one.cmp(&b.one)).then(a.other.cmp(&b.other)));
    pairs.truncate(MOST_PAIRS);
    pairs
}

impl Content {
    /// The cosine of two different documents of the topic, on average. Held against that of a document of each of two
    /// topics, it gives the cosine that the topics would have with very many documents.
    fn nearness(&self) -> f32 {
        let count = self.documents as f32;
        let square: f32 = self.sum.iter().map(|(_, value)| value * value).sum();
        // Each document's cosine with itself is 1.
        ((square - count) / (count * (count - 1.0))).max(1e-6)
    }
}

/// Who puts a document under both means two things by them.
fn told_apart(one: &Topic, other: &Topic, sorted: &[Sorted<'_>], held: &[usize]) -> bool {
    held.iter().any(|at| [one, other].iter().all(|topic| sorted[*at].topics.contains(&(topic.id, true))))
}

/// Texts as counted words.
struct Desk {
    tokenizer: Tokenizer,
    corpus: Corpus,
}

impl Desk {
    /// The place of a document in the corpus.
    fn take(&mut self, subject: Subject<'_>) -> usize {
        self.take_words(subject.title, subject.text, Language::of(subject.language))
    }

    fn take_words(&mut self, title: &str, text: &str, language: Language) -> usize {
        let counts = self.tokenizer.count(title, text, language);
        // What the corpus has no room for counts as empty.
        if !self.corpus.add(&counts, language, Label::Unknown) {
            self.corpus.add(&Counts::default(), language, Label::Unknown);
        }
        self.corpus.len() - 1
    }

    /// The words of a text that weigh most, as a vector of length 1.
    fn vector(&self, at: usize, rarity: &Rarity) -> Vec<(u32, f32)> {
        let (mut counts, mut vector) = (Counts::default(), Vec::new());
        self.corpus.counts_into(at, &mut counts);
        rarity.vector_into(&counts, &mut vector);
        cut(added([vector].iter()))
    }

    fn content(&self, description: usize, documents: &[usize], rarity: &Rarity) -> Content {
        let vectors: Vec<Vec<(u32, f32)>> = documents.iter().map(|at| self.vector(*at, rarity)).collect();
        let description = self.vector(description, rarity);
        let words = cut(added(vectors.iter().chain([&description])));
        let documents = vectors.iter().filter(|vector| !vector.is_empty()).count();
        Content { sum: added(vectors.iter()), documents, words }
    }

    /// A group with its words and a name; none where its documents share too little to be called anything.
    fn named(&mut self, documents: Vec<usize>, unsorted: &[Subject<'_>], topics: &[Topic]) -> Option<Group> {
        let texts: Vec<(&str, Language)> = documents
            .iter()
            .filter_map(|at| unsorted.get(*at))
            .map(|subject| (subject.text, Language::of(subject.language)))
            .collect();
        let all = self.corpus.len();
        let words = groups::words(&texts, &mut self.tokenizer, self.corpus.holders(), all, GROUP_WORDS);
        if words.len() < NAME_WORDS {
            return None;
        }
        let name = (NAME_WORDS..=words.len()).chain([1]).map(|count| title(&words[..count])).find(|name| {
            let taken = topics.iter().any(|topic| topic.name.to_lowercase() == name.to_lowercase());
            !taken && name.parse::<TopicName>().is_ok()
        })?;
        Some(Group { name, words, documents })
    }
}

fn added<'a>(vectors: impl Iterator<Item = &'a Vec<(u32, f32)>>) -> Vec<(u32, f32)> {
    let mut sums: BTreeMap<u32, f32> = BTreeMap::new();
    vectors.flatten().for_each(|(word, value)| *sums.entry(*word).or_default() += value);
    sums.into_iter().collect()
}

/// The words that weigh most, as a vector of length 1.
fn cut(mut vector: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    vector.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    vector.truncate(WORDS_AT_MOST);
    let length = vector.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|(_, value)| *value /= length);
    }
    vector
}

/// Words as a title: "Telescope, Comet".
fn title(words: &[String]) -> String {
    let mut title = String::new();
    for word in words {
        if !title.is_empty() {
            title.push_str(", ");
        }
        let mut letters = word.chars();
        title.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        title.push_str(letters.as_str());
    }
    title
}

#[cfg(test)]
mod tests;
