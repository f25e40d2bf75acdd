//! Holds the rooms to their order: imports run downwards only (ARCHITECTURE.md, "The rooms").

use std::fs;
use std::path::{Path, PathBuf};

/// The rows of the house, from the top; a room may use rooms of lower rows, and itself.
const ROWS: &[&[&str]] = &[
    &["main", "bin"],
    &["cli"],
    &["commands"],
    // Puts the parts together for the commands.
    &["app", "lifecycle"],
    &["api", "worker"],
    &["services"],
    &["db", "storage", "queue", "ai", "extract", "client"],
    &["error", "config", "clock", "crash", "metrics"],
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
    let code: Vec<&str> = source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let mut named = Vec::new();
    for root in ["crate::", "docuvault::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let line = code[..at].matches('\n').count() + 1;
            let rest = &code[at + root.len()..];
            let names = match rest.strip_prefix('{') {
                // A group, over as many lines as it takes; what stands in braces within it belongs to its room.
                Some(group) => first_names(group),
                None => vec![name_at(rest)],
            };
            named.extend(names.into_iter().filter(|room| !room.is_empty()).map(|room| (line, room)));
        }
    }
    named
}

fn name_at(code: &str) -> String {
    code.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The names that a group in braces begins its parts with.
fn first_names(group: &str) -> Vec<String> {
    let mut names = vec![name_at(group)];
    let mut depth = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name_at(&group[at + 1..])),
            _ => {}
        }
    }
    names
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
    assert_eq!(
        violations("db", "use crate::{\n    config::{A, api},\n    worker::B,\n};"),
        ["line 1: db must not use worker"]
    );
    assert_eq!(violations("storage", "let x = crate::db::Database::new();"), ["line 1: storage must not use db"]);
    assert_eq!(violations("services", "use crate::attic::Box;"), ["line 1: attic is in no row of the house"]);
    assert!(violations("api", "use crate::services::Vault; // crate::commands").is_empty());
}

#[test]
fn every_error_code_is_used_and_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let everything: String = sources(&root.join("src"))
        .iter()
        .filter(|path| !path.ends_with("src/error.rs"))
        .map(|path| fs::read_to_string(path).expect("a source"))
        .collect();
    let itself = fs::read_to_string(root.join("src/error.rs")).expect("a source");
    let description = fs::read_to_string(root.join("docs/openapi.json")).expect("the description");
    for code in docuvault::error::ErrorCode::ALL {
        let variant = format!("ErrorCode::{code:?}");
        let used = everything.contains(&variant) || itself.contains(&format!("{variant},"));
        assert!(used, "{code} is used by nothing");
        assert!(description.contains(&format!("`{code}`")), "{code} is not in docs/openapi.json");
    }
}

/// SQL with a value written into it is how a vault is lost: values go by `bind`. So what is handed to diesel as SQL is a
/// literal, or a name for one.
#[test]
fn no_sql_is_put_together_out_of_values() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut looked_at = 0;
    for path in sources(&root) {
        let source = fs::read_to_string(&path).expect("a source");
        for call in ["sql_query(", ".sql(", "batch_execute(", "sql::<"] {
            for (at, _) in source.match_indices(call) {
                let rest = &source[at + call.len()..];
                let argument = if call == "sql::<" { rest.split_once(">(").map_or("", |(_, rest)| rest) } else { rest };
                looked_at += 1;
                let argument = argument.trim_start();
                let literal = argument.starts_with('"');
                let name = argument
                    .split(')')
                    .next()
                    .is_some_and(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'));
                assert!(literal || name, "{}: {}", path.display(), argument.lines().next().unwrap_or_default());
            }
        }
    }
    assert!(looked_at > 20, "only {looked_at} places were looked at");
}
