//! Holds the rooms to their order: imports run downwards only (DESIGN, "Rooms of the house").

use std::fs;
use std::path::{Path, PathBuf};

/// The rows of the house, from the top; a room may use rooms of lower rows, and itself.
const ROWS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["commands"],
    // Puts the parts together for the commands.
    &["app", "lifecycle"],
    &["api", "worker"],
    &["services"],
    &["db", "storage", "queue", "ai", "extract"],
    &["error", "config", "clock", "metrics"],
    &["domain"],
];

/// `commands` and `cli` know each other's types: the arguments are clap's, and live with the command line.
const SAME_ROW_AND_UP: &[(&str, &str)] = &[("commands", "cli")];

fn row_of(room: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&room))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The rooms that a source names, in `use` lines and in full paths alike: what follows `crate::` or `docuvault::`.
fn rooms_named(source: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    for (number, line) in source.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for root in ["crate::", "docuvault::"] {
            for (at, _) in code.match_indices(root) {
                let preceded =
                    code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$');
                if preceded {
                    continue;
                }
                let rest = &code[at + root.len()..];
                let names: Vec<&str> = match rest.strip_prefix('{') {
                    Some(group) => group.split([',', '}']).map(str::trim).collect(),
                    None => vec![rest],
                };
                for name in names {
                    let room: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    if !room.is_empty() {
                        named.push((number + 1, room));
                    }
                }
            }
        }
    }
    named
}

fn violations(room: &str, source: &str) -> Vec<String> {
    let Some(own) = row_of(room) else { return vec![format!("{room} is in no row of the house")] };
    rooms_named(source)
        .into_iter()
        .filter(|(_, used)| used != room && !SAME_ROW_AND_UP.contains(&(room, used)))
        .filter_map(|(line, used)| match row_of(&used) {
            None => Some(format!("line {line}: {used} is in no row of the house")),
            Some(row) if row <= own => Some(format!("line {line}: {room} must not use {used}")),
            Some(_) => None,
        })
        .collect()
}

#[test]
fn imports_run_downwards_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for path in sources(&root) {
        let inside = path.strip_prefix(&root).expect("inside src");
        let room = inside.iter().next().and_then(|part| part.to_str()).expect("a name").trim_end_matches(".rs");
        if room == "lib" {
            continue;
        }
        seen += 1;
        let source = fs::read_to_string(&path).expect("a source");
        wrong.extend(violations(room, &source).into_iter().map(|what| format!("{}: {what}", inside.display())));
    }
    assert!(seen > 40, "only {seen} sources were looked at");
    assert!(wrong.is_empty(), "imports must run downwards:\n{}", wrong.join("\n"));
}

#[test]
fn the_check_sees_an_upward_import() {
    assert_eq!(violations("db", "use crate::services::Vault;"), ["line 1: db must not use services"]);
    assert_eq!(violations("domain", "use crate::{error::Error, clock};").len(), 2);
    assert_eq!(violations("storage", "let x = crate::db::Database::new();"), ["line 1: storage must not use db"]);
    assert_eq!(violations("services", "use crate::attic::Box;"), ["line 1: attic is in no row of the house"]);
    assert!(violations("api", "use crate::services::Vault; // crate::commands").is_empty());
}
