//! Texts that are too long, too broken or too odd.

use super::{End, Hostile, Pieces, repeated, whole};
use crate::support::files::noise;
use bytes::Bytes;
use std::fmt::Write;

const MIB: usize = 1024 * 1024;
/// More than the index takes whole, so that both its ways are gone.
const LONG: usize = 300 * 1024;

pub fn all() -> Vec<Hostile> {
    vec![
        Hostile { name: "broken.txt", make: || whole(broken()), end: End::Read },
        Hostile {
            name: "high-bytes.txt",
            make: || repeated(b"\xe9\xfc\xf1 \xe4\xdf".repeat(MIB / 6), 20),
            end: End::Read,
        },
        Hostile {
            name: "overlong.txt",
            make: || {
                whole(
                    [
                        b"words \xc0\xaf\xc0\xae\xc0\xae\xe0\x80\xaf\xf0\x80\x80\xaf \xf8\x88\x80\x80\x80 ".as_slice(),
                        b"more",
                    ]
                    .concat(),
                )
            },
            end: End::Read,
        },
        Hostile {
            name: "surrogates.txt",
            make: || whole(b"words \xed\xa0\x80\xed\xb0\x80 \xed\xbf\xbf \xf4\x90\x80\x80 more".as_slice()),
            end: End::Read,
        },
        Hostile {
            name: "cut.txt",
            make: || whole(b"words and a letter cut in two \xf0\x9f\x98".as_slice()),
            end: End::Read,
        },
        Hostile { name: "utf16-cut.txt", make: || whole(utf16_cut()), end: End::Read },
        Hostile { name: "utf16-surrogates.txt", make: || whole(utf16_surrogates()), end: End::Read },
        Hostile { name: "nul-early.txt", make: || whole("words\0more words"), end: End::Not(&["unsupported"]) },
        Hostile {
            name: "nul-late.txt",
            make: || whole(format!("{}\0\0\0words behind\0", "words ".repeat(5000))),
            end: End::Read,
        },
        Hostile {
            name: "binary-late.txt",
            make: || whole([b"words ".repeat(5000), noise(11, MIB)].concat()),
            end: End::Read,
        },
        Hostile { name: "controls.txt", make: || whole(controls()), end: End::Read },
        Hostile {
            name: "directions.txt",
            make: || {
                whole("\u{202e}txt.exe\u{202c} \u{2066}\u{2067}words\u{2069} \u{200e}\u{200f}\u{feff} ".repeat(1000))
            },
            end: End::Read,
        },
        Hostile {
            name: "marks.txt",
            make: || whole("\u{e000}<script>alert(1)</script>\u{e001} hostilemark \u{e001}\u{e000}"),
            end: End::Read,
        },
        Hostile {
            name: "noncharacters.txt",
            make: || whole("words \u{fffe} \u{ffff} \u{fdd0} \u{10ffff} \u{f8ff} more".repeat(100)),
            end: End::Read,
        },
        Hostile {
            name: "stacked.txt",
            make: || whole(format!("a{}", "\u{301}\u{302}\u{30b}".repeat(LONG))),
            end: End::Read,
        },
        Hostile { name: "folding.txt", make: || whole("İſŉΐﬃẞ ".repeat(LONG / 8)), end: End::Read },
        Hostile { name: "million-words.txt", make: || whole(million_words()), end: End::Read },
        Hostile { name: "long-words.txt", make: || whole(long_words()), end: End::Read },
        // To the index's parser each of these might be the middle of one long word, address, path, number or tag.
        Hostile { name: "hyphens.txt", make: || whole("a-".repeat(LONG)), end: End::Read },
        Hostile { name: "distinct-hyphens.txt", make: || whole(distinct("-")), end: End::Read },
        Hostile { name: "slashes.txt", make: || whole("a/".repeat(LONG)), end: End::Read },
        Hostile { name: "dots.txt", make: || whole("a.".repeat(LONG)), end: End::Read },
        Hostile { name: "ats.txt", make: || whole("a@".repeat(LONG)), end: End::Read },
        Hostile { name: "hosts.txt", make: || whole(distinct(".com/")), end: End::Read },
        Hostile { name: "underscores.txt", make: || whole("a_-".repeat(LONG)), end: End::Read },
        Hostile { name: "tags.txt", make: || whole(format!("words {}", "<a ".repeat(LONG))), end: End::Read },
        Hostile { name: "signs.txt", make: || whole("-1e+".repeat(LONG)), end: End::Read },
        Hostile {
            name: "query.txt",
            make: || whole("' | !& <-> :*A \\' ::regclass; DROP TABLE documents; -- words ".repeat(500)),
            end: End::Read,
        },
        Hostile {
            name: "spreadsheet.csv",
            make: || whole("=cmd|' /C calc'!A0,+1+1,@SUM(1),-2+3,words\r\n\"unclosed,words\n".repeat(1000)),
            end: End::Read,
        },
        Hostile {
            name: "deep.json",
            make: || whole(format!("{}\"words\"", "[{\"a\":".repeat(100_000))),
            end: End::Read,
        },
        Hostile {
            name: "escapes.log",
            make: || {
                whole(
                    "\x1b]0;title\x07\x1b[2J\x1b]52;c;d29yZHM=\x07 words of a log that goes on for a while, and then for as long again, since a log of a program that talks \
 much is mostly words, and only now and then something that is meant for a terminal and for nobody else\r\n"
                        .repeat(1000),
                )
            },
            end: End::Read,
        },
        Hostile { name: "one-word.txt", make: || repeated(vec![b'a'; MIB], 100), end: End::Read },
        Hostile { name: "blanks.txt", make: || repeated(vec![b' '; MIB], 20), end: End::Not(&["empty"]) },
        Hostile { name: "wide.txt", make: wide, end: End::Read },
        Hostile {
            name: "one-line.txt",
            make: || repeated("one line and no end ".repeat(MIB / 20), 1024),
            end: End::Read,
        },
    ]
}

/// Words between bytes without order.
fn broken() -> Vec<u8> {
    noise(12, 4000)
        .chunks(4)
        .flat_map(|four| [b"words ".as_slice(), &four.iter().map(|b| b | 0x80).collect::<Vec<_>>()].concat())
        .collect()
}

/// UTF-16 without a mark, with half a letter at its end.
fn utf16_cut() -> Vec<u8> {
    let mut bytes: Vec<u8> = "words in two bytes each ".repeat(100).encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.pop();
    bytes
}

/// UTF-16 whose pairs are torn apart.
fn utf16_surrogates() -> Vec<u8> {
    let units = [0xfeff, 0x77, 0xdc00, 0xd800, 0xd800, 0x6f, 0xdfff, 0xdbff].into_iter().chain("words".encode_utf16());
    units.flat_map(u16::to_be_bytes).collect()
}

/// Every control character but NUL, and not so many of them that it is no text any more.
fn controls() -> String {
    let mut text = String::new();
    for control in (1..0x20).chain(0x7f..0xa0).filter_map(char::from_u32) {
        write!(text, "{control}words that stand between two control characters, as nobody writes them, ")
            .expect("a string takes all");
    }
    text
}

fn million_words() -> String {
    let mut text = String::new();
    for number in 0..1_000_000 {
        write!(text, "{number:x}w ").expect("a string takes all");
    }
    text
}

/// Distinct words, each as long as the index takes (2046 bytes).
fn long_words() -> String {
    let mut text = String::new();
    for number in 0..1000 {
        write!(text, "{}{number} ", "x".repeat(2040)).expect("a string takes all");
    }
    text
}

/// Distinct words with the same between them, and never a blank.
fn distinct(between: &str) -> String {
    let mut text = String::new();
    for number in 0..50_000 {
        write!(text, "w{number}{between}").expect("a string takes all");
    }
    text
}

/// 40 MiB in UTF-16: three bytes a letter in UTF-8.
fn wide() -> Pieces {
    let letters: Vec<u8> = "発票".repeat(MIB / 4).encode_utf16().flat_map(u16::to_le_bytes).collect();
    Box::new(std::iter::once(Bytes::from_static(b"\xff\xfe")).chain(repeated(letters, 40)))
}
