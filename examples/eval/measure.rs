//! What it costs: CPU seconds and memory, each in a process of its own.
pub fn cost(_: &str) -> serde_json::Value { serde_json::Value::Null }
pub async fn part(_: &str, _: &str, _: &str) -> String { String::new() }
