//! Plain text in the encodings people have: UTF-8, UTF-16, and the one-byte ones of the past.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// White space, form feed, escape (coloured logs) and backspace (overstrike) belong to text; of the other control
/// characters, one in this many bytes is still a text.
const CONTROLS_ONE_IN: usize = 50;

/// True where bytes look like text in an encoding [`to_utf8`] knows.
pub fn is_text(head: &[u8]) -> bool {
    if wide_encoding(head).is_some() {
        return true;
    }
    let controls = head
        .iter()
        .filter(|&&b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x08 | 0x0c | 0x1b) || b == 0x7f)
        .count();
    !head.contains(&0) && controls <= head.len() / CONTROLS_ONE_IN
}

/// Decodes a text; what is no letter in its encoding becomes U+FFFD, and a letter cut in two at the end is left out.
pub fn to_utf8(bytes: &[u8]) -> String {
    if let Some(encoding) = wide_encoding(bytes) {
        let even = &bytes[..bytes.len() / 2 * 2];
        return encoding.decode_with_bom_removal(even).0.into_owned();
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // Cut in the middle of a letter.
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned()
        }
        Err(_) => mostly_utf8(bytes)
            .unwrap_or_else(|| one_byte_encoding(bytes).decode_without_bom_handling(bytes).0.into_owned()),
    }
}

/// In a text in UTF-8, one stray byte for so many letters of several bytes says nothing against that. In one byte a
/// letter, next to nothing makes such letters by chance.
const LETTERS_FOR_A_STRAY: usize = 10;

/// A text in UTF-8, with a byte here and there that is not.
fn mostly_utf8(bytes: &[u8]) -> Option<String> {
    let (mut letters, mut strays, mut left) = (0, 0, bytes.len());
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        letters += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        text.push_str(chunk.valid());
        left -= chunk.valid().len() + chunk.invalid().len();
        let is_cut =
            || left == 0 && std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
        if !chunk.invalid().is_empty() && !is_cut() {
            strays += 1;
            text.push('\u{fffd}');
        }
    }
    (letters >= LETTERS_FOR_A_STRAY * strays).then_some(text)
}

/// Decodes a text that is said to be in UTF-8, where it has at least as many letters of several bytes as bytes that
/// belong to none. Those are somebody else's, who has put words into it, in Windows-1252 as a rule.
pub fn declared_utf8(bytes: &[u8]) -> Option<String> {
    let (mut letters, mut strays) = (0, 0);
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        letters += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        strays += chunk.invalid().len();
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    (letters >= strays).then_some(text)
}

/// A text's encoding by its byte order mark, or by its zeros: in UTF-16 every other byte of Latin text is one.
fn wide_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    match Encoding::for_bom(bytes) {
        Some((encoding, _)) if encoding != UTF_8 => return Some(encoding),
        Some(_) => return None,
        None => {}
    }
    let sample = &bytes[..bytes.len().min(4096) / 2 * 2];
    let zeros = |offset: usize| sample.iter().skip(offset).step_by(2).filter(|&&b| b == 0).count();
    let half = sample.len() / 2;
    let (even, odd) = (zeros(0), zeros(1));
    // Most of one half are zeros, and next to none of the other.
    if half < 2 {
        None
    } else if odd * 10 >= half * 6 && even * 50 <= half {
        Some(UTF_16LE)
    } else if even * 10 >= half * 6 && odd * 50 <= half {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn one_byte_encoding(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// Decodes a page of HTML: its byte order mark, else the charset it names in its first KiB (as the HTML standard's
/// "prescan" does), else as plain text.
pub fn html_to_utf8(bytes: &[u8]) -> Cow<'_, str> {
    if Encoding::for_bom(bytes).is_none()
        && let Some(encoding) = named_charset(&bytes[..bytes.len().min(1024)])
    {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    Cow::Owned(to_utf8(bytes))
}

fn named_charset(head: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let (_, after) = head.split_once("charset=")?;
    let label: String = after
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_:".contains(*c))
        .collect();
    // A page that is read as ASCII up to here can't be UTF-16, whatever it says.
    Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GERMAN: &str = "Übermäßige Gebühren für die Straßenreinigung – bitte prüfen Sie die Größe der Fläche.";

    #[test]
    fn every_usual_encoding_comes_out_as_the_same_text() {
        let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(GERMAN);
        let le: Vec<u8> = GERMAN.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = GERMAN.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let with_bom = |bom: &[u8], bytes: &[u8]| [bom, bytes].concat();
        for (name, bytes) in [
            ("UTF-8", GERMAN.as_bytes().to_vec()),
            ("UTF-8 with BOM", with_bom(b"\xef\xbb\xbf", GERMAN.as_bytes())),
            ("Windows-1252", latin.into_owned()),
            ("UTF-16LE", le.clone()),
            ("UTF-16BE", be.clone()),
            ("UTF-16LE with BOM", with_bom(b"\xff\xfe", &le)),
            ("UTF-16BE with BOM", with_bom(b"\xfe\xff", &be)),
        ] {
            assert!(is_text(&bytes), "{name}");
            assert_eq!(to_utf8(&bytes), GERMAN, "{name}");
        }
    }

    #[test]
    fn a_letter_cut_in_two_is_left_out() {
        let bytes = "Käse".as_bytes();
        assert_eq!(to_utf8(&bytes[..2]), "K");
    }

    #[test]
    fn a_stray_byte_takes_no_other_letter_with_it() {
        let long = GERMAN.repeat(10);
        for stray in [&b"\xff"[..], b"\xe4", b"\xc3"] {
            let bytes = [long.as_bytes(), stray, b" ", long.as_bytes()].concat();
            assert_eq!(to_utf8(&bytes), format!("{long}\u{fffd} {long}"));
            // Cut in the middle of a letter, as well.
            assert_eq!(to_utf8(&[&bytes[..], b"\xe2\x82"].concat()), format!("{long}\u{fffd} {long}"));
        }
        // Letters that make one in UTF-8 by chance.
        let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(GERMAN);
        assert_eq!(to_utf8(&[&latin[..], b"\xc3\xbc"].concat()), format!("{GERMAN}Ã¼"));
        assert_eq!(to_utf8(b"K\xe4se"), "Käse");
    }

    #[test]
    fn a_text_keeps_to_the_utf_8_that_it_says_it_is_in() {
        assert_eq!(declared_utf8(b"Gr\xc3\xbc\xc3\x9fe, gepr\xfcft").as_deref(), Some("Grüße, geprüft"));
        assert_eq!(declared_utf8(b"Gr\xfc\xdfe, M\xc3\xbcller"), None);
        assert_eq!(declared_utf8(b"words").as_deref(), Some("words"));
    }

    #[test]
    fn binary_is_no_text() {
        assert!(!is_text(&[0, 1, 2, 3]));
        assert!(!is_text(&(0u8..=255).collect::<Vec<_>>()));
        assert!(!is_text(&[1; 100]));
        assert!(is_text(
            b"\x1b[31mred\x1b[0m and a long line of ordinary log output, then some more of it to read, and on"
        ));
        assert!(is_text(b""));
    }

    #[test]
    fn a_page_says_its_own_charset() {
        let page = b"<html><head><meta charset=\"iso-8859-1\"></head><body>Gr\xfc\xdfe</body></html>";
        assert!(html_to_utf8(page).contains("Grüße"));
        assert!(html_to_utf8("<p>Grüße</p>".as_bytes()).contains("Grüße"));
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// A text as people write them: no NUL, no mark in front.
    fn text() -> impl Strategy<Value = String> {
        vec(any::<char>(), 0..200)
            .prop_map(|chars| chars.into_iter().filter(|c| !matches!(c, '\0' | '\u{feff}')).collect())
    }

    proptest! {
        #[test]
        fn utf_8_comes_out_as_it_is(text in text()) {
            prop_assert_eq!(&to_utf8(text.as_bytes()), &text);
            prop_assert_eq!(to_utf8(&[b"\xef\xbb\xbf", text.as_bytes()].concat()), text);
        }

        #[test]
        fn utf_16_with_its_mark_comes_out_as_it_is(text in text()) {
            let units = || std::iter::once(0xfeff).chain(text.encode_utf16());
            let (le, be): (Vec<u8>, Vec<u8>) =
                (units().flat_map(u16::to_le_bytes).collect(), units().flat_map(u16::to_be_bytes).collect());
            prop_assert_eq!(&to_utf8(&le), &text);
            prop_assert_eq!(&to_utf8(&be), &text);
            // Half a letter at the end takes nothing else with it.
            prop_assert_eq!(to_utf8(&[&le[..], b"x"].concat()), text);
        }

        #[test]
        fn a_cut_takes_one_letter_at_most(text in text(), cut in 0..600_usize) {
            let bytes = &text.as_bytes()[..cut.min(text.len())];
            prop_assert_eq!(to_utf8(bytes), &text[..text.floor_char_boundary(bytes.len())]);
        }

        #[test]
        fn no_bytes_grow_more_than_threefold(bytes: Vec<u8>, charset in "<meta charset=[a-z0-9-]{1,14}>") {
            prop_assert!(to_utf8(&bytes).len() <= 3 * bytes.len());
            prop_assert!(declared_utf8(&bytes).is_none_or(|text| text.len() <= 3 * bytes.len()));
            let page = [charset.as_bytes(), &bytes].concat();
            prop_assert!(html_to_utf8(&page).len() <= 3 * page.len());
        }
    }
}
