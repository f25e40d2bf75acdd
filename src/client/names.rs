//! The name of a document as the name of a file: one that every common disc takes, and that never leaves its folder.
//!
//! A vault may be hostile, and a disc may be one of Windows or macOS, so names are taken for what they could do there.
//! The manifest has the real name beside it.

use super::manifest::MANIFEST;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// Longest name, in bytes: what Linux takes, and no more than what Windows and macOS do.
const MAX_BYTES: usize = 255;
/// What files of the client's own begin with.
pub(super) const OWN: &str = ".docuvault-";

/// What Windows takes for a device, whatever its extension.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The form in which two names that a disc may take for the same are the same.
pub(super) fn folded(name: &str) -> String {
    name.to_uppercase().to_lowercase().nfc().collect()
}

/// A name that every common disc takes.
fn portable(name: &str) -> String {
    let mut safe: String = name
        .chars()
        .map(|c| match c {
            '/' | '\\' | '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '_',
            c if c.is_control() => '_',
            c => c,
        })
        .collect();
    // Windows drops them; and so nothing that is left is `.` or `..`.
    let kept = safe.trim_end_matches(['.', ' ']).len();
    let dropped = safe.len() - kept;
    safe.replace_range(kept.., &"_".repeat(dropped));
    if safe.is_empty() {
        return "_".to_owned();
    }
    if is_device(&safe) {
        safe.insert(safe.find('.').unwrap_or(safe.len()), '_');
    }
    if folded(&safe).starts_with(OWN) {
        safe.insert(0, '_');
    }
    safe
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = ["com", "lpt"].iter().find_map(|port| stem.strip_prefix(port)).is_some_and(|number| {
        let mut digits = number.chars();
        let digit = digits.next().is_some_and(|c| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³'));
        digit && digits.next().is_none()
    });
    DEVICES.contains(&stem.as_str()) || numbered
}

/// The name with a number, within the length that discs take; 1 is the name itself.
fn numbered(name: &str, number: usize) -> String {
    let (stem, extension) = match name.rfind('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (name, ""),
    };
    let suffix = if number > 1 { format!(" ({number})") } else { String::new() };
    // An extension of any use is short; one that is not is cut with the rest.
    let extension = if extension.len() > MAX_BYTES / 4 {
        &extension[..extension.floor_char_boundary(MAX_BYTES / 4)]
    } else {
        extension
    };
    let room = MAX_BYTES - suffix.len() - extension.len();
    let stem = &stem[..stem.floor_char_boundary(room)];
    let whole = format!("{stem}{suffix}{extension}");
    // What a cut left at the end.
    match whole.trim_end_matches(['.', ' ']) {
        kept if kept.len() < whole.len() => format!("{kept}_"),
        _ => whole,
    }
}

/// Gives each document a file of its own.
#[derive(Default)]
pub(super) struct Names {
    /// By [`folded`] name, what stands there already, if anything does.
    taken: HashMap<String, Option<String>>,
    /// By [`folded`] name, where the next of this name looks.
    next: HashMap<String, usize>,
}

impl Names {
    /// With what is on the disc.
    pub(super) fn on_disc(names: impl IntoIterator<Item = String>) -> Self {
        let mut taken: HashMap<_, _> = names.into_iter().map(|name| (folded(&name), Some(name))).collect();
        taken.insert(folded(MANIFEST), None);
        Self { taken, next: HashMap::new() }
    }

    /// Takes a name for a document. False when it is given away already.
    pub(super) fn take(&mut self, name: &str) -> bool {
        let free = self.taken.get(&folded(name)).is_none_or(Option::is_some);
        if free {
            self.taken.insert(folded(name), None);
        }
        free
    }

    /// The first free name for a document. Where something of exactly this name is on the disc, `is_it` says whether
    /// that is the document already.
    pub(super) fn find(&mut self, filename: &str, mut is_it: impl FnMut(&str) -> bool) -> (String, bool) {
        let name = portable(filename);
        let from = self.next.get(&folded(&name)).copied().unwrap_or(1);
        let mut number = from;
        let (file, there) = loop {
            let file = numbered(&name, number);
            match self.taken.get(&folded(&file)) {
                None => break (file, false),
                Some(Some(there)) if *there == file && is_it(&file) => break (file, true),
                Some(_) => number += 1,
            }
        };
        self.taken.insert(folded(&file), None);
        self.next.insert(folded(&name), number + 1);
        (file, there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(names: &mut Names, filename: &str) -> String {
        names.find(filename, |_| false).0
    }

    #[test]
    fn ordinary_names_stay_and_the_others_are_made_harmless() {
        let mut names = Names::on_disc([]);
        for (filename, file) in [
            ("März 2026.pdf", "März 2026.pdf"),
            ("発票.pdf", "発票.pdf"),
            (".env", ".env"),
            ("..", "__"),
            (".", "_"),
            ("", "_ (2)"),
            ("../../evil", ".._.._evil"),
            ("/etc/passwd", "_etc_passwd"),
            ("C:\\a.txt", "C__a.txt"),
            ("CON", "CON_"),
            ("nul.txt", "nul_.txt"),
            ("Com1.tar.gz", "Com1_.tar.gz"),
            ("contract.pdf", "contract.pdf"),
            ("trailing. ", "trailing__"),
            ("a\0\nb", "a__b"),
            ("docuvault-export.json", "docuvault-export (2).json"),
            (".docuvault-x.part", "_.docuvault-x.part"),
        ] {
            assert_eq!(find(&mut names, filename), file, "{filename:?}");
        }
    }

    #[test]
    fn clashes_are_numbered_as_a_careless_disc_sees_them() {
        let mut names = Names::on_disc(["Notes.txt".to_owned()]);
        let mut next = |filename| find(&mut names, filename);
        assert_eq!(next("a.pdf"), "a.pdf");
        assert_eq!(next("A.PDF"), "A (2).PDF");
        assert_eq!(next("a.pdf"), "a (3).pdf");
        assert_eq!(next("notes.txt"), "notes (2).txt");
        assert_eq!(next("Cafe\u{301}"), "Cafe\u{301}");
        assert_eq!(next("café"), "café (2)");
        assert_eq!(next("a (3).pdf"), "a (3) (2).pdf");
    }

    #[test]
    fn what_is_there_already_keeps_its_name() {
        let mut names = Names::on_disc(["a.pdf".to_owned()]);
        assert_eq!(names.find("a.pdf", |_| true), ("a.pdf".to_owned(), true));
        assert_eq!(names.find("a.pdf", |_| true), ("a (2).pdf".to_owned(), false));
        assert!(!names.take("A.pdf"));
    }
}

#[cfg(test)]
mod properties {
    use super::super::manifest::is_plain_name;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_name_becomes_one_that_stays_in_its_folder(
            name in prop_oneof![any::<String>(), "[./\\\\ CONcom1:.]{0,12}", vec(any::<char>(), 100..300).prop_map(String::from_iter)],
            number in 1_usize..100_000) {
            let file = numbered(&portable(&name), number);
            prop_assert!(is_plain_name(&file), "{:?}", file);
            prop_assert!((1..=MAX_BYTES).contains(&file.len()), "{}", file.len());
            prop_assert!(!file.ends_with(['.', ' ']) && !is_device(&file), "{:?}", file);
            prop_assert!(!file.contains(['<', '>', ':', '"', '|', '?', '*']) && !file.contains(char::is_control));
        }

        #[test]
        fn no_two_documents_share_a_file(filenames in vec("[aAé.]{0,4}", 0..40)) {
            let mut names = Names::on_disc([]);
            let files: Vec<_> = filenames.iter().map(|name| folded(&names.find(name, |_| false).0)).collect();
            let different: std::collections::HashSet<_> = files.iter().collect();
            prop_assert_eq!(different.len(), files.len());
        }
    }
}
