//! `RUST_LOG`.

use super::Reader;
use log::LevelFilter;

/// Refuses what would be taken for something else: a level that is misspelt names a part of the program that does not
/// exist, and then nothing is logged at all.
pub(super) fn check(reader: &mut Reader<'_>) {
    let wrong = reader.optional("RUST_LOG").is_some_and(|value| !is_understood(value));
    if wrong {
        reader.problem("RUST_LOG", "must be error, warn, info, debug or trace, also by part: info,docuvault=debug");
    }
}

/// Whether it is a list of levels, and of parts of a program with a level each, as the crate env_filter reads it; of our own
/// parts the level may be left out. After a `/` comes what a line has to hold.
fn is_understood(value: &str) -> bool {
    let is_level = |text: &str| text.parse::<LevelFilter>().is_ok();
    let is_ours = |part: &str| part.split("::").next() == Some("docuvault");
    let (levels, rest) = value.split_once('/').unwrap_or((value, ""));
    let each = |item: &str| match item.split_once('=') {
        Some((part, level)) => !part.is_empty() && is_level(level.trim()),
        None => item.is_empty() || is_level(item) || is_ours(item),
    };
    !rest.contains('/') && levels.split(',').map(str::trim).all(each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_is_misspelt_is_no_name_of_a_part() {
        for right in [
            "info",
            "WARN",
            "off",
            &["info,docuvault", "::worker=debug"].concat(),
            " warn , actix_server = error,",
            "docuvault",
            "debug/lease",
        ] {
            assert!(is_understood(right), "{right}");
        }
        for wrong in ["warning", "info,docuvault=loud", "verbose", "=info", "info=", "a=b=c", "info/a/b", "docuvaults"]
        {
            assert!(!is_understood(wrong), "{wrong}");
        }
    }
}
