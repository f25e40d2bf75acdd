//! The form an answer must have, as a JSON schema. Servers hold the model to it, each as well as it can; `answer.rs` checks
//! all the same.
//!
//! Servers have the model write the properties in the schema's order, which is that of the alphabet; so they are named that
//! a topic stands before its probability, and the choice before the judgement on it.

use crate::ai::{MOST_TOPICS, Topic};
use serde_json::{Value, json};

/// New topics that are asked for, at most.
pub(super) const MOST_SUGGESTIONS: usize = 2;

/// The schema for these topics. All properties are required and no others allowed, as OpenAI's strict mode wants it.
pub(super) fn of(topics: &[Topic], suggest: bool) -> Value {
    let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
    let sure = |what: &str| json!({"type": "number", "minimum": 0, "maximum": 1, "description": what});
    let mut properties = json!({
        "chosen": {
            "type": "array",
            "description": "The topics the document belongs to, the best first; empty where none fits.",
            "maxItems": MOST_TOPICS,
            "items": object(&json!({
                "name": {"type": "string", "enum": names},
                "probability": sure("How sure it is that the document belongs to this topic."),
            })),
        },
        "none": sure("How sure it is that the document belongs to none of the topics."),
    });
    if suggest {
        properties["proposals"] = json!({
            "type": "array",
            "description": "Topics that are missing; usually empty.",
            "maxItems": MOST_SUGGESTIONS,
            "items": object(&json!({"name": {"type": "string"}, "purpose": {"type": "string"}})),
        });
    }
    object(&properties)
}

fn object(properties: &Value) -> Value {
    let required: Vec<&String> = properties.as_object().map(|map| map.keys().collect()).unwrap_or_default();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
