//! Mails as Outlook saves them (MS-OXMSG): a compound file with a stream for each property. Read as a mail is: who, to
//! whom, when and what about, the words, then what is attached. A mail within a mail stands where it was attached, as
//! deep as [`MOST_DEPTH`].

use super::mail::one_line;
use super::ole::{Compound, file_time, size_at, stream, u16_at, u32_at, u64_at};
use super::out::Out;
use super::{Failure, html, rtf};
use crate::extract::decode;
use crate::extract::frames::About;
use encoding_rs::{Encoding, UTF_16LE, WINDOWS_1252};
use std::io::Cursor;

/// Its MIME type.
const TYPE: &str = "application/vnd.ms-outlook";
/// Mails within mails.
const MOST_DEPTH: usize = 5;
/// What is attached to one mail.
const MOST_ATTACHED: usize = 2048;

// Properties (MS-OXPROPS), by their numbers.
const SUBJECT: u16 = 0x0037;
const SENT: u16 = 0x0039;
const HEADERS: u16 = 0x007d;
const SENDER: u16 = 0x0c1a;
const SENDER_ADDRESS: u16 = 0x0c1f;
const SENDER_SMTP: u16 = 0x5d01;
const RECEIVED: u16 = 0x0e06;
const TO: u16 = 0x0e04;
const CC: u16 = 0x0e03;
const BODY: u16 = 0x1000;
const BODY_RTF: u16 = 0x1009;
const BODY_HTML: u16 = 0x1013;
const CODE_PAGE: u16 = 0x3ffd;
const HTML_CODE_PAGE: u16 = 0x3fde;
const ATTACHED: u16 = 0x3701;
const ATTACHED_LONG_NAME: u16 = 0x3707;
const ATTACHED_NAME: u16 = 0x3704;
const ATTACHED_TYPE: u16 = 0x370e;
const NAME: u16 = 0x3001;

pub fn read(compound: &mut Compound<'_>, memory_bytes: u64, out: &mut Out<'_>) -> Result<(), Failure> {
    out.content_type(TYPE)?;
    let mut mails = vec![(String::new(), 0)];
    while let Some((folder, depth)) = mails.pop() {
        let mail = Mail::open(compound, folder, memory_bytes);
        if depth == 0 {
            let about = mail.about(compound);
            out.about(&about)?;
        } else {
            out.gap()?;
        }
        let said = mail.say(compound, out);
        out.tolerate(said)?;
        let within = mail.attached(compound, out)?;
        if depth == MOST_DEPTH && !within.is_empty() {
            out.left_out("mails within mails, too deep");
        } else {
            // The last that is put there is the next that is taken.
            mails.extend(within.into_iter().rev().map(|folder| (folder, depth + 1)));
        }
    }
    Ok(())
}

/// One mail within the file.
struct Mail {
    /// Its storage, with a slash behind; empty at the top.
    folder: String,
    /// Values of a fixed size, 16 bytes each.
    fixed: Vec<u8>,
    encoding: &'static Encoding,
    most: u64,
}

impl Mail {
    fn open(compound: &mut Compound<'_>, folder: String, memory_bytes: u64) -> Self {
        let most = memory_bytes / 16;
        let properties = stream(compound, &format!("{folder}__properties_version1.0"), most).ok().flatten();
        // A header of its own, longer at the top.
        let header = if folder.is_empty() { 32 } else { 24 };
        let fixed = properties.and_then(|bytes| bytes.get(header..).map(<[u8]>::to_vec)).unwrap_or_default();
        let mut mail = Self { folder, fixed, encoding: WINDOWS_1252, most };
        mail.encoding = mail.encoding_of(CODE_PAGE).unwrap_or(WINDOWS_1252);
        mail
    }

    fn encoding_of(&self, number: u16) -> Option<&'static Encoding> {
        let page = self.fixed(number).and_then(|value| u32_at(value, 0))?;
        rtf::encoding_of_page(u16::try_from(page).ok()?)
    }

    fn fixed(&self, number: u16) -> Option<&[u8]> {
        let entry = self.fixed.chunks_exact(16).find(|entry| u16_at(entry, 2) == Some(number))?;
        entry.get(8..)
    }

    fn text(&self, compound: &mut Compound<'_>, folder: &str, number: u16) -> Option<String> {
        text(compound, folder, number, self.encoding, self.most)
    }

    fn own(&self, compound: &mut Compound<'_>, number: u16) -> Option<String> {
        self.text(compound, &self.folder, number)
    }

    fn sender(&self, compound: &mut Compound<'_>) -> Option<String> {
        let name = self.own(compound, SENDER);
        // The other may be a path in the house's directory.
        let address = self.own(compound, SENDER_SMTP).or_else(|| self.own(compound, SENDER_ADDRESS));
        match (name, address.filter(|address| address.contains('@'))) {
            (Some(name), Some(address)) if name != address => Some(format!("{name} <{address}>")),
            (name, address) => name.or(address),
        }
    }

    fn when(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        let time = |number| self.fixed(number).and_then(|value| u64_at(value, 0)).and_then(file_time);
        time(SENT).or_else(|| time(RECEIVED))
    }

    fn about(&self, compound: &mut Compound<'_>) -> About {
        About {
            title: self.own(compound, SUBJECT),
            author: self.own(compound, SENDER).or_else(|| self.sender(compound)),
            created: self.when(),
            ..About::default()
        }
    }

    fn say(&self, compound: &mut Compound<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        // Outlook keeps the head as it came, for mails that did.
        let headers = self.own(compound, HEADERS);
        let of_head = headers.as_deref().and_then(|head| {
            head.lines().find_map(|line| line.strip_prefix("Date:")).map(|date| date.trim().to_owned())
        });
        let date = of_head.or_else(|| self.when().map(|time| time.to_rfc2822()));
        let lines = [
            ("From", self.sender(compound)),
            ("To", self.own(compound, TO)),
            ("Cc", self.own(compound, CC)),
            ("Date", date),
            ("Subject", self.own(compound, SUBJECT)),
        ];
        for (name, words) in lines {
            if let Some(words) = words.map(|words| one_line(&words)).filter(|words| !words.is_empty()) {
                out.line(&format!("{name}: {words}"))?;
            }
        }
        out.gap()?;
        if let Some(body) = self.own(compound, BODY).filter(|body| !body.trim().is_empty()) {
            out.lines(&body)?;
        } else if let Some(page) = self.page(compound) {
            out.lines(&html::text(&page)?)?;
        } else if let Some(packed) = binary(compound, &self.folder, BODY_RTF, self.most) {
            rtf::words(Cursor::new(unpacked(&packed)), out)?;
        }
        out.line_end()
    }

    fn page(&self, compound: &mut Compound<'_>) -> Option<String> {
        let Some(bytes) = binary(compound, &self.folder, BODY_HTML, self.most) else {
            return self.own(compound, BODY_HTML);
        };
        Some(match self.encoding_of(HTML_CODE_PAGE) {
            Some(encoding) => encoding.decode(&bytes).0.into_owned(),
            None => decode::html_to_utf8(&bytes).into_owned(),
        })
    }

    /// Hands out what is attached; answers the storages of mails within.
    fn attached(&self, compound: &mut Compound<'_>, out: &mut Out<'_>) -> Result<Vec<String>, Failure> {
        let root = if self.folder.is_empty() { "/" } else { &self.folder };
        let mut names: Vec<String> = match compound.read_storage(root) {
            Ok(entries) => entries
                .filter(|entry| entry.is_storage() && entry.name().starts_with("__attach_version1.0_"))
                .map(|entry| entry.name().to_owned())
                .take(MOST_ATTACHED)
                .collect(),
            Err(_) => Vec::new(),
        };
        names.sort();
        let mut within = Vec::new();
        for name in names {
            let folder = format!("{}{name}/", self.folder);
            let mail = format!("{folder}__substg1.0_{ATTACHED:04X}000D");
            if compound.is_storage(&mail) {
                // An object of another program looks the same from outside.
                if compound.is_stream(format!("{mail}/__properties_version1.0")) {
                    within.push(format!("{mail}/"));
                } else {
                    out.left_out("an object of another program");
                }
                continue;
            }
            let called = [ATTACHED_LONG_NAME, ATTACHED_NAME, NAME]
                .iter()
                .find_map(|number| self.text(compound, &folder, *number))
                .unwrap_or_else(|| "attachment".to_owned());
            let kind = self.text(compound, &folder, ATTACHED_TYPE);
            match compound.open_stream(format!("{folder}__substg1.0_{ATTACHED:04X}0102")) {
                Ok(mut bytes) => out.part(&called, kind.as_deref(), &mut bytes)?,
                Err(_) => out.left_out(&format!("{called}, which is not in the file")),
            }
        }
        Ok(within)
    }
}

fn binary(compound: &mut Compound<'_>, folder: &str, number: u16, most: u64) -> Option<Vec<u8>> {
    stream(compound, &format!("{folder}__substg1.0_{number:04X}0102"), most).ok().flatten()
}

/// A property that is text: in UTF-16, or in the mail's code page.
fn text(
    compound: &mut Compound<'_>,
    folder: &str,
    number: u16,
    encoding: &'static Encoding,
    most: u64,
) -> Option<String> {
    let wide = stream(compound, &format!("{folder}__substg1.0_{number:04X}001F"), most).ok().flatten();
    let text = match wide {
        Some(bytes) => UTF_16LE.decode_without_bom_handling(&bytes).0.into_owned(),
        None => {
            let bytes = stream(compound, &format!("{folder}__substg1.0_{number:04X}001E"), most).ok().flatten()?;
            encoding.decode_without_bom_handling(&bytes).0.into_owned()
        }
    };
    Some(text.trim_end_matches('\0').to_owned()).filter(|text| !text.is_empty())
}

/// RTF as Outlook packs it (MS-OXRTFCP): a window of 4 KiB that begins with words most have, and references into it.
fn unpacked(packed: &[u8]) -> Vec<u8> {
    const WINDOW: usize = 4096;
    const WORDS: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
    const PLAIN: u32 = 0x414c_454d;
    let Some(body) = packed.get(16..) else { return Vec::new() };
    if u32_at(packed, 8) == Some(PLAIN) {
        return body.to_vec();
    }
    // At most, a reference of two bytes stands for 17.
    let most = size_at(packed, 4).unwrap_or(0).min(body.len().saturating_mul(9));
    let mut window = [0_u8; WINDOW];
    window[..WORDS.len()].copy_from_slice(WORDS);
    let mut at = WORDS.len();
    let mut out = Vec::new();
    let mut bytes = body.iter().copied();
    while let Some(flags) = bytes.next() {
        for bit in 0..8 {
            let mut put = |byte: u8, at: &mut usize, window: &mut [u8; WINDOW]| {
                window[*at] = byte;
                *at = (*at + 1) % WINDOW;
                out.push(byte);
            };
            if flags >> bit & 1 == 0 {
                let Some(byte) = bytes.next() else { return out };
                put(byte, &mut at, &mut window);
            } else {
                let (Some(high), Some(low)) = (bytes.next(), bytes.next()) else { return out };
                let reference = usize::from(high) << 8 | usize::from(low);
                let (mut from, length) = (reference >> 4, (reference & 0xf) + 2);
                // Where it points to where it is, it ends.
                if from == at {
                    return out;
                }
                for _ in 0..length {
                    put(window[from], &mut at, &mut window);
                    from = (from + 1) % WINDOW;
                }
            }
            if out.len() > most {
                return out;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unpacked;

    /// The example of MS-OXRTFCP, 4.1.1.
    #[test]
    fn packed_rtf_is_unpacked() {
        let packed = [
            0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0, 0x0a, 0, 0x72, 0x63,
            0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09, 0, 0x20, 0x62, 0x77,
            0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
        ];
        let text = String::from_utf8(unpacked(&packed)).expect("ASCII");
        assert_eq!(text, "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
        for length in 0..packed.len() {
            assert!(unpacked(&packed[..length]).len() <= 43);
        }
    }
}
