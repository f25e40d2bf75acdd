//! From what a model says to scores: nothing gets through that was not asked for.

use super::schema::MOST_SUGGESTIONS;
use super::tokens::beginning;
use super::wire::Content;
use crate::ai::{MOST_TOPICS, Score, SuggestedTopic, Topic};
use crate::domain::TopicName;
use serde_json::{Deserializer, Value};
use std::fmt;

/// Places in a text at which an object may begin that are tried, at most.
const MOST_TRIES: usize = 64;
/// From this confidence on in "none", a topic contradicts it; and an answer without topics wants at least this.
const NONE: f32 = 0.5;
/// Longest description of a suggested topic, in tokens.
const MAX_DESCRIPTION: u64 = 60;

/// A checked answer.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answer {
    /// The best first.
    pub scores: Vec<Score>,
    /// How sure it is that none fits.
    pub none: f32,
    /// Topics it would make.
    pub suggestions: Vec<SuggestedTopic>,
}

/// What is wrong with an answer, in words for the model: they hold nothing of what it said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    NoJson,
    Form,
    UnknownTopic,
    TooMany,
    Confidence,
    Contradiction,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJson => f.write_str("it holds no JSON object of the wanted form"),
            Self::Form => f.write_str("the JSON object is not of the wanted form"),
            Self::UnknownTopic => f.write_str("it names a topic that is not in the list"),
            Self::TooMany => write!(f, "it names more than {MOST_TOPICS} topics"),
            Self::Confidence => f.write_str("a probability is not a number from 0 to 1"),
            Self::Contradiction => f.write_str("\"none\" contradicts \"chosen\""),
        }
    }
}

/// Checks what a model said.
pub(super) fn check(content: &Content, topics: &[Topic], suggest: bool) -> Result<Answer, Fault> {
    match content {
        Content::Object(value) => answer(value, topics, suggest),
        Content::Text(text) => answer(&object_in(text).ok_or(Fault::NoJson)?, topics, suggest),
        Content::Nothing => Err(Fault::NoJson),
    }
}

/// The last object with `chosen` in a text: models put prose around it, and drafts before it.
fn object_in(text: &str) -> Option<Value> {
    // What a reasoning model thought is none of the answer.
    let text = text.rsplit_once("</think>").map_or(text, |(_, rest)| rest);
    let (mut rest, mut found) = (text, None);
    for _ in 0..MOST_TRIES {
        let Some(at) = rest.find('{') else { break };
        rest = &rest[at..];
        let mut values = Deserializer::from_str(rest).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                rest = &rest[values.byte_offset()..];
                found = Some(value).filter(|value| value.get("chosen").is_some()).or(found);
            }
            _ => rest = &rest[1..],
        }
    }
    found
}

fn answer(value: &Value, topics: &[Topic], suggest: bool) -> Result<Answer, Fault> {
    let named = value.get("chosen").and_then(Value::as_array).ok_or(Fault::Form)?;
    if named.len() > MOST_TOPICS {
        return Err(Fault::TooMany);
    }
    let mut scores: Vec<Score> = Vec::new();
    for item in named {
        let name = item.get("name").and_then(Value::as_str).ok_or(Fault::Form)?.trim();
        let topic = topics.iter().find(|topic| topic.name == name).ok_or(Fault::UnknownTopic)?.id;
        let confidence = confidence(item.get("probability"))?;
        match scores.iter_mut().find(|score| score.topic == topic) {
            Some(twice) => twice.confidence = twice.confidence.max(confidence),
            None => scores.push(Score { topic, confidence }),
        }
    }
    scores.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let none = confidence(value.get("none"))?;
    if scores.is_empty() != (none >= NONE) {
        return Err(Fault::Contradiction);
    }
    let suggestions = if suggest { suggestions(value, topics) } else { Vec::new() };
    Ok(Answer { scores, none, suggestions })
}

fn confidence(value: Option<&Value>) -> Result<f32, Fault> {
    let value = value.and_then(Value::as_f64).ok_or(Fault::Confidence)?;
    if (0.0..=1.0).contains(&value) { Ok(value as f32) } else { Err(Fault::Confidence) }
}

/// A suggestion is a gift: one that is no good is left out.
fn suggestions(value: &Value, topics: &[Topic]) -> Vec<SuggestedTopic> {
    let mut suggestions: Vec<SuggestedTopic> = Vec::new();
    let items = value.get("proposals").and_then(Value::as_array).into_iter().flatten();
    for item in items.take(MOST_SUGGESTIONS) {
        let text = |name| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let Ok(name) = text("name").parse::<TopicName>() else { continue };
        let folded = name.as_str().to_lowercase();
        let mut known = topics.iter().map(|topic| &topic.name).chain(suggestions.iter().map(|one| &one.name));
        if known.any(|known| known.to_lowercase() == folded) {
            continue;
        }
        let plain: String = text("purpose").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let description = beginning(plain.trim(), MAX_DESCRIPTION).to_owned();
        suggestions.push(SuggestedTopic { name: name.as_str().to_owned(), description });
    }
    suggestions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TopicId;
    use serde_json::json;

    fn topics() -> Vec<Topic> {
        let names = ["Invoice", "Tax", "Contract", "Letter"].map(str::to_owned);
        names.map(|name| Topic { id: TopicId::generate(), name, description: String::new() }).to_vec()
    }

    fn said(text: &str) -> Result<Vec<f32>, Fault> {
        let answer = check(&Content::Text(text.to_owned()), &topics(), false)?;
        Ok(answer.scores.iter().map(|score| score.confidence).collect())
    }

    #[test]
    fn an_object_is_found_in_prose_and_the_last_one_counts() {
        let good = r#"{"chosen":[{"name":"Tax","probability":0.75}],"none":0.1}"#;
        let draft = r#"{"chosen":[{"name":"Tax","probability":0.25}],"none":0.1}"#;
        for text in [
            good.to_owned(),
            format!("Sure! Here {{it}} is:\n```json\n{good}\n```\nAnything else?"),
            format!("<think>maybe {draft}</think>{good}"),
            format!("First {draft}, better {good} {{}}"),
        ] {
            assert_eq!(said(&text), Ok(vec![0.75]), "{text}");
        }
    }

    #[test]
    fn what_was_not_asked_for_is_refused() {
        let item = |name: &str, confidence: Value| json!({"name": name, "probability": confidence});
        let all = ["Invoice", "Tax", "Contract", "Letter"].map(|name| item(name, json!(1)));
        for (answer, fault) in [
            (json!({"chosen": all, "none": 0}), Fault::TooMany),
            (json!({"chosen": [item("Recipes", json!(1))], "none": 0}), Fault::UnknownTopic),
            (json!({"chosen": [item("Tax", json!(95))], "none": 0}), Fault::Confidence),
            (json!({"chosen": [item("Tax", json!("high"))], "none": 0}), Fault::Confidence),
            (json!({"chosen": [item("Tax", json!(0.9))]}), Fault::Confidence),
            (json!({"chosen": [item("Tax", json!(0.9))], "none": 0.9}), Fault::Contradiction),
            (json!({"chosen": [], "none": 0.1}), Fault::Contradiction),
            (json!({"chosen": ["Tax"], "none": 0}), Fault::Form),
            (json!({"chosen": "Tax", "none": 0}), Fault::Form),
        ] {
            assert_eq!(check(&Content::Object(answer.clone()), &topics(), false), Err(fault), "{answer}");
        }
        assert_eq!(said("I can't help with that."), Err(Fault::NoJson));
        assert_eq!(said(""), Err(Fault::NoJson));
        assert_eq!(said(&"{\"a\":".repeat(100_000)), Err(Fault::NoJson), "and it takes no time");
        assert_eq!(said(r#"{"chosen":[],"none":0.9}"#), Ok(vec![]));
        assert_eq!(
            said(r#"{"chosen":[{"name":"Tax","probability":0.5},{"name":"Tax","probability":0.75}],"none":0}"#),
            Ok(vec![0.75])
        );
    }

    #[test]
    fn suggestions_are_new_and_few_and_only_those_asked_for() {
        let new = |name: &str| json!({"name": name, "purpose": "of\nsome kind"});
        let answer = |new: Value| Content::Object(json!({"chosen": [], "none": 1, "proposals": new}));
        let names = |new: Value, suggest| {
            let answer = check(&answer(new), &topics(), suggest).expect("a good answer");
            answer.suggestions.into_iter().map(|one| (one.name, one.description)).collect::<Vec<_>>()
        };
        let recipes = ("Recipes".to_owned(), "of some kind".to_owned());
        assert_eq!(names(json!([new("tAx"), new("Recipes"), new("Maps")]), true), std::slice::from_ref(&recipes));
        assert_eq!(names(json!([new("Recipes"), new("recipes")]), true), [recipes]);
        assert_eq!(names(json!([new("Recipes")]), false), Vec::new());
        assert_eq!(names(json!("none"), true), Vec::new());
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use crate::domain::TopicId;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_a_model_says_is_an_answer_within_bounds_or_a_fault(
            text in r#"([{}\[\],:"]|chosen|none|probability|Tax|[0-9.-]{1,4}|\PC){0,60}"#,
        ) {
            let topics = [Topic { id: TopicId::generate(), name: "Tax".to_owned(), description: String::new() }];
            if let Ok(answer) = check(&Content::Text(text), &topics, true) {
                prop_assert!(answer.scores.len() <= MOST_TOPICS && (0.0..=1.0).contains(&answer.none));
                prop_assert!(answer.scores.iter().all(|score| (0.0..=1.0).contains(&score.confidence)));
                prop_assert!(answer.suggestions.len() <= MOST_SUGGESTIONS);
            }
        }
    }
}
