//! How well the provider `local` sorts a labelled set of texts; `script/eval` calls this.
//!
//!   eval --data DIR [--seed N] [--draws N] [--json FILE] [--only SETTING,…] [--quick]
//!
//! Settings: 0, 10, 100, all, strangers_10, strangers_100. `--quick` leaves out what it costs.
//!
//! It asks through the provider's trait, as the worker does. DIR holds `topics.tsv` (label, name, description),
//! `train.tsv` and `test.tsv` (label, text).

mod measure;
mod set;

use docuvault::ai::local::{Example, LocalProvider, Model, Trainer};
use docuvault::ai::{AiProvider, Assessment, Subject, Topic};
use docuvault::domain::TopicId;
use serde_json::{Map, Value, json};
use set::{Set, Text, hash};
use std::sync::Arc;

/// A document as the provider sees it: nothing is known but its text.
fn subject(text: &str) -> Subject<'_> {
    Subject { text, ..Subject::default() }
}

fn train(topics: &[Topic], labelled: &[&Text], unlabelled: &[&Text], set: &Set, seed: u64) -> Model {
    let mut trainer = Trainer::new(topics, seed);
    for text in labelled {
        let ids: Vec<TopicId> = set.topic(&text.label).map(|topic| topic.id).into_iter().collect();
        trainer.add(Example { subject: subject(&text.text), topics: &ids });
    }
    for text in unlabelled {
        trainer.add_unlabelled(subject(&text.text));
    }
    trainer.finish()
}

async fn assess(provider: &LocalProvider, topics: &[Topic], tests: &[&Text]) -> Vec<Assessment> {
    let mut all = Vec::with_capacity(tests.len());
    for test in tests {
        all.push(provider.score(subject(&test.text), topics).await.expect("`local` always answers"));
    }
    all
}

/// For each text: how sure the provider was of its best topic, and whether it was right.
fn answers(set: &Set, tests: &[&Text], assessments: &[Assessment]) -> Vec<(f32, bool)> {
    let answer = |(test, assessment): (&&Text, &Assessment)| {
        let best = assessment.scores.first();
        let right = best.is_some_and(|best| set.topic(&test.label).is_some_and(|topic| topic.id == best.topic));
        (best.map_or(0.0, |best| best.confidence), right)
    };
    tests.iter().zip(assessments).map(answer).collect()
}

fn share(answers: &[(f32, bool)]) -> f64 {
    answers.iter().filter(|(_, right)| *right).count() as f64 / answers.len().max(1) as f64
}

/// The expected calibration error: how far confidence and share of right answers are apart, over ten bins.
fn calibration_error(answers: &[(f32, bool)]) -> f64 {
    let mut bins = [(0.0f64, 0.0f64); 10];
    for (confidence, right) in answers {
        let bin = &mut bins[((confidence * 10.0) as usize).min(9)];
        bin.0 += f64::from(*confidence);
        bin.1 += f64::from(u8::from(*right));
    }
    bins.iter().map(|(sure, right)| (sure - right).abs()).sum::<f64>() / answers.len().max(1) as f64
}

fn surest_half(answers: &[(f32, bool)]) -> f64 {
    let mut sorted = answers.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    share(&sorted[..sorted.len() / 2])
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// One setting: as many examples of each topic, the rest of the training texts unlabelled.
async fn setting(set: &Set, count: Option<usize>, seed: u64, draws: u64) -> Value {
    let draws = if count.is_some() && count != Some(0) { draws } else { 1 };
    let tests: Vec<&Text> = set.test.iter().collect();
    let (mut accuracy, mut error) = (Vec::new(), Vec::new());
    for draw in 0..draws {
        let (labelled, unlabelled) = set.draw(seed + draw, count, |_| true);
        let provider = LocalProvider::default();
        provider.install(Arc::new(train(&set.topics, &labelled, &unlabelled, set, seed + draw)));
        let answers = answers(set, &tests, &assess(&provider, &set.topics, &tests).await);
        accuracy.push(share(&answers));
        error.push(calibration_error(&answers));
    }
    json!({ "accuracy": mean(&accuracy), "ece": mean(&error), "accuracies": accuracy })
}

/// A quarter of the documents belongs to topics that the vault does not have.
async fn strangers(set: &Set, count: usize, seed: u64, draws: u64) -> Value {
    let (mut half, mut error, mut told, mut over) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for draw in 0..draws {
        let mut labels: Vec<&str> = set.labels.iter().map(String::as_str).collect();
        labels.sort_by_key(|label| hash(label, seed + draw));
        let (without, with) = labels.split_at((labels.len() / 4).max(1));
        let topics: Vec<Topic> = with.iter().filter_map(|label| set.topic(label)).cloned().collect();
        let (labelled, unlabelled) = set.draw(seed + draw, Some(count), |label| with.contains(&label));
        let mut tests: Vec<&Text> = set.test.iter().collect();
        tests.sort_by_key(|text| hash(&text.text, seed + draw));
        let (mut strange, mut known): (Vec<&Text>, Vec<&Text>) =
            tests.into_iter().partition(|text| without.contains(&text.label.as_str()));
        known.truncate(strange.len() * 3);
        strange.truncate(known.len() / 3);
        let strange_from = known.len();
        known.extend(strange);
        let provider = LocalProvider::default();
        provider.install(Arc::new(train(&topics, &labelled, &unlabelled, set, seed + draw)));
        let assessments = assess(&provider, &topics, &known).await;
        let mut answers = answers(set, &known, &assessments);
        answers[strange_from..].iter_mut().for_each(|answer| answer.1 = false);
        half.push(surest_half(&answers));
        error.push(calibration_error(&answers));
        over.push(mean(&answers.iter().map(|(sure, _)| f64::from(*sure)).collect::<Vec<_>>()) - share(&answers));
        told.push(separation(&assessments, strange_from));
    }
    json!({ "surest_half_right": mean(&half), "ece": mean(&error), "none_auc": mean(&told), "eces": error, "overconfidence": over })
}

/// How often a document that belongs to no topic gets a higher probability of that than one that belongs to one.
fn separation(assessments: &[Assessment], strange_from: usize) -> f64 {
    let none = |assessment: &Assessment| assessment.none.unwrap_or(0.0);
    let mut known: Vec<f32> = assessments[..strange_from].iter().map(none).collect();
    known.sort_by(f32::total_cmp);
    let below = |strange: &Assessment| known.partition_point(|value| *value < none(strange)) as f64;
    let strange = &assessments[strange_from..];
    strange.iter().map(below).sum::<f64>() / (known.len().max(1) * strange.len().max(1)) as f64
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).map(String::as_str)
    };
    let number = |name: &str, usual: u64| option(name).map_or(usual, |value| value.parse().expect("a number"));
    let data = option("--data").expect("--data DIR");
    let (seed, draws) = (number("--seed", 1), number("--draws", 3));
    if let Some(part) = option("--part") {
        println!("{}", measure::part(part, data, option("--model").expect("--model FILE")).await);
        return;
    }
    let set = Set::read(data);
    let mut found = Map::new();
    let wanted = |name: &str| option("--only").is_none_or(|only| only.split(',').any(|one| one == name));
    for (name, count) in [("0", Some(0)), ("10", Some(10)), ("100", Some(100)), ("all", None)] {
        if !wanted(name) {
            continue;
        }
        let measured = setting(&set, count, seed, draws).await;
        eprintln!("  {name}: {measured}");
        found.insert(name.to_owned(), measured);
    }
    for (name, count) in [("strangers_10", 10), ("strangers_100", 100)] {
        if !wanted(name) {
            continue;
        }
        let measured = strangers(&set, count, seed, draws.max(3)).await;
        eprintln!("  {name}: {measured}");
        found.insert(name.to_owned(), measured);
    }
    if !arguments.iter().any(|argument| argument == "--quick") {
        let cost = measure::cost(data);
        eprintln!("  {cost}");
        found.insert("cost".to_owned(), cost);
    }
    let text = serde_json::to_string_pretty(&Value::Object(found)).expect("plain values");
    match option("--json") {
        Some(path) => std::fs::write(path, text + "\n").expect("--json FILE can be written"),
        None => println!("{text}"),
    }
}
