//! A labelled set of texts, as files.

use docuvault::ai::Topic;
use docuvault::domain::TopicId;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A text and where it belongs.
pub struct Text {
    pub label: String,
    pub text: String,
}

/// Topics, and texts of each.
pub struct Set {
    pub labels: Vec<String>,
    pub topics: Vec<Topic>,
    pub train: Vec<Text>,
    pub test: Vec<Text>,
}

/// FNV-1a from a seed: what puts texts into an order. The same in script/lib/eval.py.
pub fn hash(text: &str, seed: u64) -> u64 {
    text.bytes()
        .fold(0xCBF2_9CE4_8422_2325 ^ seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

fn lines(folder: &str, name: &str) -> Vec<Vec<String>> {
    let path = Path::new(folder).join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn texts(folder: &str, name: &str) -> Vec<Text> {
    let row = |row: Vec<String>| match row.as_slice() {
        [label, text, ..] if !text.is_empty() => Some(Text { label: label.clone(), text: text.clone() }),
        _ => None,
    };
    lines(folder, name).into_iter().filter_map(row).collect()
}

/// The topics of a folder: their labels, and as the provider sees them.
pub fn topics(folder: &str) -> (Vec<String>, Vec<Topic>) {
    let part = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
    let mut labels = Vec::new();
    let mut topics = Vec::new();
    for (at, row) in lines(folder, "topics.tsv").into_iter().filter(|row| row.len() >= 2).enumerate() {
        labels.push(part(&row, 0));
        let id = TopicId::from(uuid::Uuid::from_u128(at as u128 + 1));
        topics.push(Topic { id, name: part(&row, 1), description: part(&row, 2) });
    }
    (labels, topics)
}

impl Set {
    pub fn read(folder: &str) -> Self {
        let (labels, topics) = topics(folder);
        Self { labels, topics, train: texts(folder, "train.tsv"), test: texts(folder, "test.tsv") }
    }

    pub fn topic(&self, label: &str) -> Option<&Topic> {
        let at = self.labels.iter().position(|known| known == label)?;
        self.topics.get(at)
    }

    /// So many training texts of each label that is `wanted`; and all others.
    pub fn draw(&self, seed: u64, count: Option<usize>, wanted: impl Fn(&str) -> bool) -> (Vec<&Text>, Vec<&Text>) {
        let mut ordered: Vec<&Text> = self.train.iter().collect();
        ordered.sort_by_key(|text| hash(&text.text, seed));
        let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
        ordered.into_iter().partition(|text| {
            let taken = taken.entry(&text.label).or_default();
            let take = wanted(&text.label) && count.is_none_or(|count| *taken < count);
            *taken += usize::from(take);
            take
        })
    }
}
