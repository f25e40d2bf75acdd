//! Training: documents in, as they come, a model out.
//!
//! Seeded: the same documents in the same order give the same model, byte for byte.

use super::bm25::Queries;
use super::corpus::{Corpus, Label};
use super::fit::{self, Material};
use super::model::{Known, Model, print};
use super::sgd::Rows;
use super::table::{MOST_VALUES, Table};
use super::tokens::{Counts, Tokenizer, bucket};
use super::vectors::Rarity;
use crate::ai::words::Language;
use crate::ai::{Subject, Topic};
use crate::domain::TopicId;

/// Values of the regression while it is learned, at most: 64 MB.
const MOST_CELLS: usize = 16 << 20;
/// Topics that a model can tell apart.
const MOST_TOPICS: usize = 10_000;
/// Languages in which the topics are taken as documents of their own: the commonest of the vault.
const LANGUAGES: usize = 2;

/// A document whose topics a person knows.
#[derive(Debug, Clone, Copy)]
pub struct Example<'a> {
    /// The document.
    pub subject: Subject<'a>,
    /// Its topics; empty where it belongs to none of them.
    pub topics: &'a [TopicId],
}

/// Takes documents, one after the other, and makes a model of them. Keeps their words, not their texts.
pub struct Trainer {
    topics: Vec<Topic>,
    seed: u64,
    corpus: Corpus,
    tokenizer: Tokenizer,
    counts: Counts,
}

impl Trainer {
    /// For these topics. Chance is drawn from `seed`.
    pub fn new(topics: &[Topic], seed: u64) -> Self {
        let mut topics = topics.to_vec();
        topics.sort_by_key(|topic| topic.id);
        topics.dedup_by_key(|topic| topic.id);
        topics.truncate(MOST_TOPICS);
        Self { topics, seed, corpus: Corpus::new(), tokenizer: Tokenizer::default(), counts: Counts::default() }
    }

    /// Takes a document that a person has sorted. `false` where the trainer is full: what follows would be refused too.
    /// One whose topics are all unknown to the trainer counts as unsorted.
    pub fn add(&mut self, example: Example<'_>) -> bool {
        let place = |id: &TopicId| self.topics.binary_search_by(|topic| topic.id.cmp(id)).ok();
        let mut places: Vec<u16> = example.topics.iter().filter_map(place).map(|at| at as u16).collect();
        places.sort_unstable();
        places.dedup();
        let unknown = places.is_empty() && !example.topics.is_empty();
        self.take(example.subject, if unknown { Label::Unknown } else { Label::Known(places) })
    }

    /// Takes a document that nobody has sorted: it tells which words are rare, and which go together.
    pub fn add_unlabelled(&mut self, subject: Subject<'_>) -> bool {
        self.take(subject, Label::Unknown)
    }

    fn take(&mut self, subject: Subject<'_>, label: Label) -> bool {
        let language = Language::of(subject.language);
        self.tokenizer.count_into(subject.title, subject.text, language, &mut self.counts);
        self.corpus.add(&self.counts, language, label)
    }

    /// Makes the model.
    pub fn finish(mut self) -> Model {
        let topics = self.topics.len();
        let documents = self.corpus.len();
        let labels: Vec<Label> = (0..documents).map(|at| self.corpus.label(at).clone()).collect();
        let knows_none = labels.iter().any(|label| matches!(label, Label::Known(of) if of.is_empty()));
        let width = topics + usize::from(knows_none);
        let rarity = Rarity::new(documents, self.corpus.holders());

        let languages = self.languages();
        let descriptions: Vec<Counts> = self.descriptions(&languages);
        let columns = self.columns(&descriptions, width);
        let mut place = vec![u32::MAX; self.corpus.holders().len()];
        for (at, bucket) in columns.iter().enumerate() {
            if let Some(place) = place.get_mut(*bucket as usize) {
                *place = at as u32;
            }
        }

        let queries: Vec<(Language, Queries)> = self
            .all_languages()
            .into_iter()
            .map(|language| (language, Queries::new(&self.topics, language, &mut self.tokenizer)))
            .collect();
        let mut rows = Rows::default();
        let mut evidence = Vec::with_capacity(documents * topics);
        let mut vector = Vec::new();
        let mut counts = Counts::default();
        for at in 0..documents {
            self.corpus.counts_into(at, &mut counts);
            rarity.vector_into(&counts, &mut vector);
            rows.push(vector.iter().filter_map(|(bucket, value)| within(&place, *bucket).map(|at| (at, *value))));
            let language = self.corpus.language(at);
            let found = queries.iter().find(|(of, _)| *of == language).map(|(_, queries)| queries.evidence(&counts));
            evidence.extend(found.unwrap_or_else(|| vec![0.0; topics]).iter().map(|e| (e * 255.0).round() as u8));
        }
        for counts in &descriptions {
            rarity.vector_into(counts, &mut vector);
            rows.push(vector.iter().filter_map(|(bucket, value)| within(&place, *bucket).map(|at| (at, *value))));
        }
        // The words are in the rows now.
        self.corpus = Corpus::new();

        let material = Material { rows, evidence, labels, topics, width, columns: columns.len(), seed: self.seed };
        let examples = material.examples();
        let fitted = fit::fit(material);
        let known = self.topics.iter().zip(&fitted.near).zip(&examples).map(|((topic, near), examples)| Known {
            id: topic.id,
            print: print(topic),
            examples: *examples,
            near: *near,
        });
        let table = |weights: &super::sgd::Weights, most| {
            Table::new(columns.iter().enumerate().map(|(at, bucket)| (*bucket, weights.column(at))), most)
        };
        Model {
            topics: known.collect(),
            knows_none: fitted.knows_none,
            rarity,
            weights: table(&fitted.learned.weights, MOST_VALUES * 3 / 4),
            middles: table(&fitted.learned.middles, MOST_VALUES / 4),
            calibration: fitted.calibration,
        }
    }

    fn all_languages(&self) -> Vec<Language> {
        let mut all: Vec<Language> = (0..self.corpus.len()).map(|at| self.corpus.language(at)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The commonest languages of the documents.
    fn languages(&self) -> Vec<Language> {
        let mut each: Vec<(usize, Language)> = self
            .all_languages()
            .into_iter()
            .map(|language| {
                ((0..self.corpus.len()).filter(|at| self.corpus.language(*at) == language).count(), language)
            })
            .collect();
        each.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        each.truncate(LANGUAGES);
        if each.is_empty() { vec![Language::English] } else { each.into_iter().map(|(_, language)| language).collect() }
    }

    /// Each topic as if its name and description were a document.
    fn descriptions(&mut self, languages: &[Language]) -> Vec<Counts> {
        let mut all = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            let mut words = Vec::new();
            for language in languages {
                words.extend(self.tokenizer.count(&topic.name, &topic.description, *language).words);
            }
            words.sort_unstable_by_key(|word| (word.hash, word.times));
            words.dedup_by_key(|word| word.hash);
            all.push(Counts { length: words.len() as u32, words });
        }
        all
    }

    /// The buckets that the regression looks at, rising: those of words that stand in two documents, and those of the
    /// descriptions; the commonest where there are too many.
    fn columns(&self, descriptions: &[Counts], width: usize) -> Vec<u32> {
        let least = if self.corpus.len() < 50 { 1 } else { 2 };
        let mut named = vec![false; self.corpus.holders().len()];
        for word in descriptions.iter().flat_map(|counts| &counts.words) {
            if let Some(named) = named.get_mut(bucket(word.hash) as usize) {
                *named = true;
            }
        }
        let holders = self.corpus.holders();
        let mut columns: Vec<u32> =
            (0..holders.len() as u32).filter(|at| holders[*at as usize] >= least || named[*at as usize]).collect();
        let most = MOST_CELLS / width.max(1);
        if columns.len() > most {
            columns.sort_by_key(|at| (std::cmp::Reverse(holders[*at as usize]), *at));
            columns.truncate(most);
            columns.sort_unstable();
        }
        columns
    }
}

/// Where a bucket's column stands.
fn within(place: &[u32], bucket: u32) -> Option<u32> {
    place.get(bucket as usize).copied().filter(|at| *at != u32::MAX)
}
