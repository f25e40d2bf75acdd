//! What is made of the figures: JSON, tables in Markdown, ratios to an earlier run.

use crate::figures::{Figures, shown, whole};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Where the figures come from.
pub struct Origin {
    pub command: String,
    pub date: String,
    pub commit: String,
    pub machine: Value,
}

impl Origin {
    fn sentence(&self, figures: &Figures) -> String {
        let machine = &self.machine;
        let text = |name: &str| machine[name].as_str().unwrap_or_default().to_owned();
        let fsync = figures.get("limit.fsync_p50").map_or(String::new(), |ms| {
            format!(", fsync of 4 KB {} ms (p95 {})", shown(ms), cell(figures, "limit.fsync_p95"))
        });
        format!(
            "`{}`, {}, commit {}; {} cores ({}), {} GiB, Linux {}{fsync}.",
            self.command,
            self.date,
            self.commit,
            machine["cores"],
            text("processor"),
            machine["ram_gib"],
            text("kernel"),
        )
    }
}

pub fn write_json(path: &Path, origin: &Origin, figures: &Figures) -> Result<()> {
    let report = json!({
        "command": origin.command,
        "date": origin.date,
        "commit": origin.commit,
        "machine": origin.machine,
        "figures": figures.to_json(),
    });
    fs::write(path, serde_json::to_string_pretty(&report)? + "\n").with_context(|| path.display().to_string())
}

/// Prints every figure beside that of an earlier run.
pub fn compare(path: &Path, figures: &Figures) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let earlier: Value = serde_json::from_str(&text)?;
    let word = |name: &str| earlier[name].as_str().unwrap_or_default().to_owned();
    println!("\nCompared with {} ({}, commit {}):", path.display(), word("date"), word("commit"));
    println!("  {:<44} {:>12} {:>12} {:>8}", "", "before", "now", "ratio");
    for (name, now, unit) in figures.iter() {
        if let Some(before) = earlier["figures"][name]["value"].as_f64() {
            let ratio = if before == 0.0 { "-".to_owned() } else { format!("{:.2}", now / before) };
            println!("  {name:<44} {:>12} {:>12} {ratio:>8} {unit}", shown(before), shown(*now));
        }
    }
    Ok(())
}

fn cell(figures: &Figures, name: &str) -> String {
    figures.text(name)
}

fn cells(figures: &Figures, names: &[String]) -> String {
    names.iter().map(|name| cell(figures, name)).collect::<Vec<_>>().join(" / ")
}

fn row(table: &mut String, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().collect();
    // A string takes all.
    let _ = writeln!(table, "| {} |", cells.join(" | "));
}

fn heading(table: &mut String, cells: &[&str]) {
    row(table, cells.iter().map(|cell| (*cell).to_owned()));
    row(table, cells.iter().enumerate().map(|(at, _)| if at == 0 { "---" } else { "---:" }.to_owned()));
}

/// The tables of `script/bench`.
pub fn tables(origin: &Origin, figures: &Figures) -> String {
    let mut text = origin.sentence(figures) + "\n\n";
    runs(&mut text, figures);
    limits(&mut text, figures);
    asked(&mut text, figures);
    alone(&mut text, figures);
    chart(&mut text, figures);
    text
}

const RUNS: [(&str, &str); 6] = [
    ("text", "text 4 KB"),
    ("text-burst", "text, burst"),
    ("pdf", "PDF"),
    ("pdf-burst", "PDF, burst"),
    ("scan", "scan"),
    ("uploads", "text, uploads alone"),
];

fn runs(text: &mut String, figures: &Figures) {
    let runs: Vec<_> = RUNS.iter().filter(|(name, _)| figures.get(&format!("{name}.documents")).is_some()).collect();
    if runs.is_empty() {
        return;
    }
    let mut titles = vec!["8 clients"];
    titles.extend(runs.iter().map(|(_, title)| *title));
    heading(text, &titles);
    let three = |name: &str| ["p50", "p95", "p99"].map(|share| format!("{name}_{share}"));
    let rows: [(&str, Vec<String>); 13] = [
        ("documents / of them failed", vec!["documents".into(), "failed".into()]),
        ("documents/s", vec!["documents_per_second".into()]),
        ("CPU ms each: serve", vec!["cpu_serve".into()]),
        ("worker", vec!["cpu_worker".into()]),
        ("reading children", vec!["cpu_children".into()]),
        ("**ours together**", vec!["cpu_ours".into()]),
        ("PostgreSQL", vec!["cpu_postgres".into()]),
        ("Redis", vec!["cpu_redis".into()]),
        ("S3 server", vec!["cpu_s3".into()]),
        ("upload ms: p50 / p95 / p99", three("upload").into()),
        ("upload → ready ms: p50 / p95 / p99", three("ready").into()),
        ("peak PSS MiB: serve / worker / both", vec!["peak_serve".into(), "peak_worker".into(), "peak".into()]),
        ("load before / after", vec!["load_before".into(), "load_after".into()]),
    ];
    for (title, names) in rows {
        let of_run = |run: &str| names.iter().map(|name| format!("{run}.{name}")).collect::<Vec<_>>();
        row(text, [title.to_owned()].into_iter().chain(runs.iter().map(|(run, _)| cells(figures, &of_run(run)))));
    }
    text.push('\n');
}

fn limits(text: &mut String, figures: &Figures) {
    heading(text, &["beside the limit, in the same run", "DocuVault", "limit", "ratio"]);
    for (title, ours, limit, ratio) in [
        (
            "uploads of 4 KB/s · the bare S3 server's PUTs/s, 8 connections",
            "uploads.documents_per_second",
            "limit.s3_puts_eight",
            "uploads",
        ),
        (
            "uploads of 4 KB/s · PostgreSQL's commits/s, 8 connections",
            "uploads.documents_per_second",
            "limit.postgres_commits",
            "uploads_to_commits",
        ),
        (
            "upload of a large file, MiB/s · one PUT into the bare S3 server",
            "large.upload",
            "limit.s3_large",
            "large_upload",
        ),
        ("PDF: CPU ms each · bare `pdftotext`", "pdf.cpu_ours", "limit.pdftotext_cpu", "pdf_cpu"),
        (
            "scan: CPU ms a page · bare `pdftoppm` and `tesseract`, one thread",
            "scan.cpu_ours",
            "limit.ocr_cpu_mean",
            "scan_cpu",
        ),
    ] {
        let ratio = cell(figures, &format!("ratio.{ratio}"));
        if figures.get(ours).is_none() && figures.get(limit).is_none() {
            continue;
        }
        row(text, [title.to_owned(), cell(figures, ours), cell(figures, limit), ratio]);
    }
    for (title, name) in [
        ("the bare S3 server's PUTs/s of 4 KB, 1 connection", "limit.s3_puts_one"),
        ("what such a PUT costs that server, CPU ms: 1 connection", "limit.s3_puts_one_cpu"),
        ("the same, 8 connections", "limit.s3_puts_eight_cpu"),
        ("the bare S3 server's PUTs/s of 4 KB, 8 connections, under keys like the vault's", "limit.s3_puts_own_keys"),
        ("what such a PUT costs that server, CPU ms", "limit.s3_puts_own_keys_cpu"),
        ("bare `pdftotext`, pages/s, one after the other", "limit.pdftotext_pages"),
    ] {
        if figures.get(name).is_some() {
            row(text, [title.to_owned(), String::new(), cell(figures, name), String::new()]);
        }
    }
    text.push('\n');
}

fn asked(text: &mut String, figures: &Figures) {
    if figures.get("filled.documents").is_none() {
        return;
    }
    let filled = cell(figures, "filled.documents");
    let title = format!("8 clients, {filled} documents");
    heading(text, &[&title, "requests/s", "p50 / p95 / p99 ms", "CPU ms: serve", "PostgreSQL", "load"]);
    let runs = [
        ("list", "list of 25, again and again"),
        ("list-anew", "the same, worked out anew"),
        ("search", "eight searches, a page of 25 each, again and again"),
        ("search-anew", "the same, worked out anew"),
        ("document", "one document"),
    ];
    for (name, title) in runs {
        let figure = |what: &str| format!("{name}.{what}");
        let latency = ["p50", "p95", "p99"].map(|share| figure(&format!("answer_{share}")));
        row(
            text,
            [
                title.to_owned(),
                cell(figures, &figure("requests_per_second")),
                cells(figures, &latency),
                cell(figures, &figure("cpu_serve")),
                cell(figures, &figure("cpu_postgres")),
                cell(figures, &figure("load_after")),
            ],
        );
    }
    text.push('\n');
}

fn alone(text: &mut String, figures: &Figures) {
    heading(text, &["alone", ""]);
    let of = |names: &[&str]| cells(figures, &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    for (title, value) in [
        ("PSS at rest, MiB: serve / worker / both", of(&["idle.serve", "idle.worker", "idle.both"])),
        ("cold start of `serve` to the first 200 on `/health`, ms (median)", of(&["cold_start.median"])),
        ("large file, MiB", of(&["large.mib"])),
        ("PSS with a large file, MiB: peak / three seconds after", of(&["large.peak", "large.memory_after"])),
        ("a queue of texts that one worker empties, documents/s", of(&["drain-1.documents_per_second"])),
        ("the same with two workers", of(&["drain-2.documents_per_second"])),
        (
            "jobs that do nothing, jobs/s: one worker / two",
            of(&["nothing-1.jobs_per_second", "nothing-2.jobs_per_second"]),
        ),
        ("the same, two workers with four in hand each", of(&["nothing-2-more.jobs_per_second"])),
        (
            "CPU ms of one of them, with two: workers / PostgreSQL / Redis",
            of(&["nothing-2.cpu_worker", "nothing-2.cpu_postgres", "nothing-2.cpu_redis"]),
        ),
        (
            "jobs that sleep for 50 ms, jobs/s: one worker / two / how many times as many",
            of(&["sleeping-1.jobs_per_second", "sleeping-2.jobs_per_second", "ratio.two_workers"]),
        ),
    ] {
        if value.contains(|c: char| c.is_ascii_digit()) {
            row(text, [title.to_owned(), value]);
        }
    }
    text.push('\n');
}

/// CPU of each run as bars of 40 characters, each run by its own scale: a scan takes a thousand times what a text does.
fn chart(text: &mut String, figures: &Figures) {
    let runs: Vec<_> = RUNS.iter().filter(|(run, _)| figures.get(&format!("{run}.cpu_ours")).is_some()).collect();
    if runs.is_empty() {
        return;
    }
    text.push_str("CPU ms of one document, by where it is spent:\n\n```text\n");
    for (run, title) in runs {
        let parts = ["serve", "worker", "children", "postgres", "redis", "s3"];
        let values = parts.map(|part| figures.get(&format!("{run}.cpu_{part}")).unwrap_or(0.0));
        let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let _ = writeln!(text, "{title}");
        for (part, value) in parts.iter().zip(values) {
            let bar = "█".repeat((value / most * 40.0).round() as usize);
            let _ = writeln!(text, "  {part:<9}{:>8} {bar}", shown(value));
        }
    }
    text.push_str("```\n");
}

/// The table of `script/bench growth`: one row a question, one column a number of documents.
pub fn growth(origin: &Origin, figures: &Figures, sizes: &[usize], questions: &[(String, String)]) -> String {
    let mut text = origin.sentence(figures) + "\n\n";
    let titles: Vec<String> = sizes.iter().map(|size| format!("{} documents", whole(*size))).collect();
    let mut columns = vec!["one client: p50 / p99 ms · eight: requests/s, p99 ms"];
    columns.extend(titles.iter().map(String::as_str));
    heading(&mut text, &columns);
    for (key, title) in questions {
        let at = |size: &usize| {
            let name = |what: &str| format!("growth-{size}.{key}.{what}");
            let of = |what: &str| cell(figures, &name(what));
            let failed = figures.get(&name("failed")).filter(|failed| *failed > 0.0);
            let failed = failed.map_or(String::new(), |count| format!(" ({count} failed)"));
            format!("{} / {} · {}/s, {}{failed}", of("p50"), of("p99"), of("per_second"), of("p99_of_eight"))
        };
        row(&mut text, [title.clone()].into_iter().chain(sizes.iter().map(at)));
    }
    for (key, title) in [
        ("sweep.cpu_postgres", "sweeps at rest, every second: CPU ms/s of PostgreSQL"),
        ("sweep.cpu_worker", "the same: of the worker"),
        ("sweep.slowest", "the same: slowest statement, mean ms"),
    ] {
        let at = |size: &usize| cell(figures, &format!("growth-{size}.{key}"));
        row(&mut text, [title.to_owned()].into_iter().chain(sizes.iter().map(at)));
    }
    text.push('\n');
    if figures.get("workers-1.documents_per_second").is_some() {
        heading(&mut text, &["workers on one queue of texts", "1", "2", "4"]);
        for (what, title) in [
            ("documents_per_second", "documents/s"),
            ("cpu_worker", "CPU ms each: workers"),
            ("cpu_postgres", "PostgreSQL"),
        ] {
            let at = |count: u32| cell(figures, &format!("workers-{count}.{what}"));
            row(&mut text, [title.to_owned(), at(1), at(2), at(4)]);
        }
    }
    text
}

/// Writes the tables: between the marks of `part` where the file has them, else as the whole file.
pub fn write_markdown(path: &Path, part: &str, tables: &str) -> Result<()> {
    let (begin, end) = (format!("<!-- {part}: begin -->"), format!("<!-- {part}: end -->"));
    let before = fs::read_to_string(path).unwrap_or_default();
    let kept = before.split_once(&begin).and_then(|(head, rest)| Some((head, rest.split_once(&end)?.1)));
    let (head, tail) = kept.unwrap_or(("", "\n"));
    fs::write(path, format!("{head}{begin}\n\n{}\n\n{end}{tail}", tables.trim()))
        .with_context(|| path.display().to_string())
}
