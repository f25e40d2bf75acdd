//! Figures by name, as they come, and what is made of many samples.

use serde_json::{Map, Value, json};

/// All figures of a run: name, value, unit. `text.documents_per_second` is one.
#[derive(Default)]
pub struct Figures {
    all: Vec<(String, f64, &'static str)>,
}

impl Figures {
    /// Keeps a figure, and says it.
    pub fn put(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        let name = name.into();
        println!("  {name:<44} {:>12} {unit}", shown(value));
        self.all.push((name, value, unit));
    }

    pub fn get(&self, name: &str) -> Option<f64> {
        self.all.iter().find(|(known, ..)| known == name).map(|(_, value, _)| *value)
    }

    /// As it stands in a table: what is counted has no decimals; a dash where it was not taken.
    pub fn text(&self, name: &str) -> String {
        match self.all.iter().find(|(known, ..)| known == name) {
            Some((_, value, "")) if value.fract() == 0.0 => whole(*value as usize),
            Some((_, value, _)) => shown(*value),
            None => "–".to_owned(),
        }
    }

    /// Keeps how far `name` is from what is possible, where both are known.
    pub fn put_ratio(&mut self, ratio: &str, name: &str, limit: &str) {
        if let (Some(value), Some(limit)) = (self.get(name), self.get(limit))
            && limit > 0.0
        {
            self.put(ratio, value / limit, "x");
        }
    }

    /// Percentiles of samples in ms.
    pub fn put_percentiles(&mut self, name: &str, samples: &mut [f64]) {
        samples.sort_by(f64::total_cmp);
        for (suffix, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            self.put(format!("{name}_{suffix}"), percentile(samples, share), "ms");
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &(String, f64, &'static str)> {
        self.all.iter()
    }

    pub fn to_json(&self) -> Value {
        let all = self
            .all
            .iter()
            .map(|(name, value, unit)| (name.clone(), json!({ "value": (value * 1e4).round() / 1e4, "unit": unit })));
        Value::Object(all.collect::<Map<_, _>>())
    }
}

/// The sample that `share` of all are not above; they are sorted.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(at.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
}

pub fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    percentile(&samples, 0.5)
}

/// With three digits that mean something.
pub fn shown(value: f64) -> String {
    grouped(match value.abs() {
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    })
}

pub fn whole(count: usize) -> String {
    grouped(count.to_string())
}

/// 12345 as 12,345.
fn grouped(rounded: String) -> String {
    let whole = rounded.find('.').unwrap_or(rounded.len());
    let mut text = rounded.clone();
    let mut at = whole;
    while at > 3 && rounded.as_bytes()[at - 4].is_ascii_digit() {
        at -= 3;
        text.insert(at, ',');
    }
    text
}
