//! What it costs: CPU seconds and memory, each part in a process of its own, so that nothing else is counted.

use super::set;
use docuvault::ai::local::{Example, LocalProvider, Model, Trainer};
use docuvault::ai::{AiProvider, Subject};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Documents that are trained on.
const TRAINED: usize = 11_000;
/// Documents that are scored.
const SCORED: usize = 20_000;
/// Bytes of a document at least.
const BYTES: usize = 4096;

/// All parts, for a set of texts.
pub fn cost(data: &str) -> Value {
    let model = std::env::temp_dir().join(format!("docuvault-eval-{}.model", std::process::id()));
    let run = |part: &str| -> Value {
        let program = std::env::current_exe().expect("this program has a path");
        let model = model.to_str().expect("a plain path");
        let output = Command::new(program).args(["--data", data, "--part", part, "--model", model]).output();
        let output = output.expect("this program can be started");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| json!(String::from_utf8_lossy(&output.stderr)))
    };
    let unsorted = run("train-unsorted");
    let found = json!({ "train_unsorted": unsorted, "train_sorted": run("train-sorted"), "serve": run("serve") });
    fs::remove_file(&model).ok();
    found
}

/// Calls `each` with the label and the text of so many documents: texts of a label, put together until they are long
/// enough, from the beginning again where the set is smaller.
fn documents(data: &str, count: usize, mut each: impl FnMut(&str, &str)) {
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    let mut made = 0;
    while made < count {
        let before = made;
        let file = BufReader::new(File::open(Path::new(data).join("train.tsv")).expect("train.tsv can be read"));
        for line in file.lines() {
            let line = line.expect("train.tsv is UTF-8");
            let Some((label, text)) = line.split_once('\t') else { continue };
            let document = open.entry(label.to_owned()).or_default();
            document.push_str(text);
            document.push(' ');
            if document.len() >= BYTES && made < count {
                document.truncate(document.floor_char_boundary(BYTES));
                each(label, document);
                document.clear();
                made += 1;
            }
        }
        assert!(made > before || !open.is_empty(), "train.tsv has texts");
    }
}

fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// A line of /proc/self/status, in MiB.
fn memory(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next());
    kib.and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn subject(text: &str) -> Subject<'_> {
    Subject { text, ..Subject::default() }
}

fn train(data: &str, sorted: bool, model: &str) -> Value {
    let (labels, topics) = set::topics(data);
    let mut trainer = Trainer::new(&topics, 1);
    documents(data, TRAINED, |label, text| {
        let at = labels.iter().position(|known| known == label);
        match at.and_then(|at| topics.get(at)).filter(|_| sorted) {
            Some(topic) => trainer.add(Example { subject: subject(text), topics: &[topic.id] }),
            None => trainer.add_unlabelled(subject(text)),
        };
    });
    let reading = cpu_seconds();
    let trained = trainer.finish();
    let (all, peak) = (cpu_seconds(), memory("VmHWM:"));
    let bytes = trained.to_bytes();
    fs::write(model, &bytes).expect("the model can be written");
    json!({ "documents": TRAINED, "cpu_seconds": all, "of_it_reading": reading, "peak_mib": peak, "model_kib": bytes.len() / 1024 })
}

async fn serve(data: &str, model: &str) -> Value {
    let (_, topics) = set::topics(data);
    let provider = LocalProvider::default();
    let before = memory("VmRSS:");
    let read = Model::from_bytes(&fs::read(model).expect("the model can be read")).expect("it was written just now");
    provider.install(Arc::new(read));
    let mut texts = Vec::new();
    documents(data, 200, |_, text| texts.push(text.to_owned()));
    for text in &texts {
        provider.score(subject(text), &topics).await.expect("`local` always answers");
    }
    let began = cpu_seconds();
    for nth in 0..SCORED {
        provider.score(subject(&texts[nth % texts.len()]), &topics).await.expect("`local` always answers");
    }
    let seconds = cpu_seconds() - began;
    json!({ "documents_a_cpu_second": SCORED as f64 / seconds, "resident_mib": memory("VmRSS:"), "resident_before_mib": before })
}

/// One part, in this process.
pub async fn part(part: &str, data: &str, model: &str) -> Value {
    match part {
        "train-sorted" => train(data, true, model),
        "train-unsorted" => train(data, false, model),
        _ => serve(data, model).await,
    }
}
