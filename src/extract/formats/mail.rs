//! Mails (RFC 5322, MIME), by mail-parser: who, to whom, when and what about as the first lines, then the words, then
//! what is attached as files within the file. A mail within a mail is one of them. Of a folder of mails (`mbox.rs`), one
//! after the other.

use super::out::Out;
use super::{Failure, File, html, mbox};
use crate::extract::decode;
use crate::extract::frames::About;
use chrono::{DateTime, Utc};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Address, Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};

/// Its MIME type.
const TYPE: &str = "message/rfc822";
/// More addresses of one kind are left out.
const MOST_ADDRESSES: usize = 1000;

/// Reads a mail, or all of a folder of them (mbox).
pub fn read(file: &mut dyn File, memory_bytes: u64, out: &mut Out<'_>) -> Result<(), Failure> {
    out.content_type(TYPE)?;
    // Beside the mail itself, its parts are there decoded.
    let most = memory_bytes / 6;
    let mut source = BufReader::with_capacity(64 * 1024, file);
    if source.fill_buf().map_err(Failure::damaged)?.starts_with(mbox::FROM) {
        return folder(source, most, out);
    }
    let mut bytes = Vec::new();
    source.take(most + 1).read_to_end(&mut bytes).map_err(Failure::damaged)?;
    if bytes.len() as u64 > most {
        return Err(Failure::TooLarge(TOO_LARGE));
    }
    one(&bytes, true, out)
}

/// Why a mail is not read.
const TOO_LARGE: &str = "a mail that is larger than is read";

/// Reads one mail after the other. What the only one says of itself, the file does.
fn folder(source: impl BufRead, most: u64, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut mails = mbox::Mails::new(source, most);
    let mut next = mails.next_mail()?;
    let (mut first, mut read, mut failure) = (true, 0_usize, None);
    while let Some(mail) = next {
        next = mails.next_mail()?;
        let said = match mail {
            Some(bytes) => {
                out.gap()?;
                one(&bytes, first && next.is_none(), out)
            }
            None => Err(Failure::TooLarge(TOO_LARGE)),
        };
        first = false;
        match said {
            Ok(()) => read += 1,
            Err(Failure::Pipe(error)) => return Err(Failure::Pipe(error)),
            Err(other) => {
                out.left_out("a mail that can't be read");
                failure.get_or_insert(other);
            }
        }
    }
    match failure {
        Some(failure) if read == 0 => Err(failure),
        _ => Ok(()),
    }
}

fn one(bytes: &[u8], alone: bool, out: &mut Out<'_>) -> Result<(), Failure> {
    let Some(mut message) = MessageParser::default().parse(bytes) else {
        return Err(Failure::Damaged("it is no mail".to_owned()));
    };
    if !mended(&mut message, bytes) {
        out.left_out("the rest of a part that is damaged");
    }
    let head = message.parts.first().filter(|_| is_garbled(&message)).and_then(|part| mended_head(part, bytes));
    let head = head.as_deref().and_then(|head| MessageParser::default().parse_headers(head));
    let said = say(&message, head.as_ref().unwrap_or(&message), bytes, alone, out);
    // Mails within mails are dropped by recursion, as deep as they go; the process ends soon.
    if message.parts.iter().any(|part| matches!(part.body, PartType::Message(_))) {
        std::mem::forget(message);
    }
    said
}

fn say(message: &Message<'_>, head: &Message<'_>, bytes: &[u8], alone: bool, out: &mut Out<'_>) -> Result<(), Failure> {
    if head.from().is_none() && head.date().is_none() && head.subject().is_none() {
        return Err(Failure::Damaged("it has no head".to_owned()));
    }
    let encrypted = message.parts.iter().any(is_locked);
    if alone {
        out.about(&About { encrypted: encrypted.then_some(true), ..about(head) })?;
    }
    let lines = [("From", head.from()), ("To", head.to()), ("Cc", head.cc())];
    for (name, addresses) in lines {
        if let Some(list) = addresses.map(addresses_in_words).filter(|list| !list.is_empty()) {
            out.line(&format!("{name}: {list}"))?;
        }
    }
    if let Some(date) = head.header_raw("Date").map(one_line) {
        out.line(&format!("Date: {date}"))?;
    }
    if let Some(subject) = head.subject().map(one_line) {
        out.line(&format!("Subject: {subject}"))?;
    }
    out.gap()?;
    for words in body(message, bytes) {
        match words {
            Ok(words) => out.lines(&words)?,
            Err(_) => out.left_out("a page that is damaged"),
        }
        out.line_end()?;
    }
    if encrypted {
        out.left_out("what is encrypted");
    }
    for at in &message.attachments {
        if let Some(part) = message.parts.get(*at as usize) {
            attached(part, bytes, out)?;
        }
    }
    Ok(())
}

/// Letters and digits from which on a plain text is no mere word in place of the page: "Your program shows no pages."
const LETTERS_OF_A_TEXT: usize = 500;
/// How much more a page says where the plain text only stands in its place.
const PAGE_SAYS_MORE: usize = 4;

/// The words of its parts: of what is there as plain text and as a page, the text, unless that is left empty or only
/// stands in for the page.
fn body<'m>(message: &'m Message<'_>, mail: &[u8]) -> Vec<Result<Cow<'m, str>, Failure>> {
    let (texts, pages) = (&message.text_body, &message.html_body);
    let (all_texts, all_pages): (HashSet<_>, HashSet<_>) = (texts.iter().collect(), pages.iter().collect());
    let words_of = |parts: &[u32]| parts.iter().map(|at| words(message, *at, mail)).collect::<Vec<_>>();
    let letters = |parts: &[u32], words: &[Result<Cow<'_, str>, Failure>]| -> usize {
        let only_here = |at: &u32| !(all_texts.contains(at) && all_pages.contains(at));
        let words =
            parts.iter().zip(words).filter(|(at, _)| only_here(at)).filter_map(|(_, words)| words.as_ref().ok());
        words.flat_map(|words| words.chars()).filter(|c| c.is_alphanumeric()).count()
    };
    let as_text = words_of(texts);
    let in_text = letters(texts, &as_text);
    if in_text >= LETTERS_OF_A_TEXT || pages.iter().all(|at| all_texts.contains(at)) {
        return as_text;
    }
    let as_page = words_of(pages);
    if letters(pages, &as_page) > PAGE_SAYS_MORE * in_text { as_page } else { as_text }
}

/// The words of one part.
fn words<'m>(message: &'m Message<'_>, at: u32, mail: &[u8]) -> Result<Cow<'m, str>, Failure> {
    let Some(part) = message.parts.get(at as usize) else { return Ok("".into()) };
    match &part.body {
        PartType::Text(text) => Ok(decoded(part, text, mail)),
        PartType::Html(page) => html::text(&decoded(part, page, mail)).map(Cow::Owned),
        _ => Ok("".into()),
    }
}

/// Decodes the parts that the parser hands out as they stand, since the mail ends within them, or something stands
/// there that belongs to no encoding. Answers whether nothing of them is left out.
fn mended(message: &mut Message<'_>, mail: &[u8]) -> bool {
    let mut all = true;
    for part in message.parts.iter_mut().filter(|part| part.is_encoding_problem && part.encoding == Encoding::None) {
        let start = part.offset_body as usize;
        let raw = mail.get(start..part.offset_end as usize).unwrap_or_default();
        let encoding = part.content_transfer_encoding().unwrap_or_default().to_ascii_lowercase();
        let (encoding, length, bytes) = match encoding.as_str() {
            "base64" => {
                let lines = base64_lines(raw);
                (Encoding::Base64, lines.len(), base64_decode(lines).unwrap_or_default())
            }
            "quoted-printable" => (Encoding::QuotedPrintable, raw.len(), quoted_printable_lines(raw)),
            _ => continue,
        };
        if bytes.is_empty() {
            continue;
        }
        all &= raw[length..].trim_ascii().is_empty();
        part.body = match part.content_type().map(|kind| (kind.ctype(), kind.subtype())) {
            None | Some(("text", _)) => {
                let decoder = charset(part).and_then(|name| charset_decoder(name.as_bytes()));
                let words = decoder.map_or_else(|| decode::to_utf8(&bytes), |decoder| decoder(&bytes));
                let is_page = part.content_type().is_some_and(|kind| kind.subtype() == Some("html"));
                if is_page { PartType::Html(words.into()) } else { PartType::Text(words.into()) }
            }
            Some(_) => PartType::Binary(bytes.into()),
        };
        part.encoding = encoding;
        part.offset_end = part.offset_body.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
    }
    all
}

/// Base64 is written in lines of that length at least.
const BASE64_LINE: usize = 60;

/// The lines of base64 that a part begins with. A text that is not encoded, though its part says so, may begin with a
/// word.
fn base64_lines(raw: &[u8]) -> &[u8] {
    let is_base64 = |line: &&[u8]| line.trim_ascii().iter().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b));
    let mut lines = raw.split_inclusive(|byte| *byte == b'\n').take_while(is_base64).map(<[u8]>::len).peekable();
    let is_long = lines.peek().is_some_and(|first| *first >= BASE64_LINE);
    let (lines, behind) = raw.split_at(lines.sum());
    if is_long || behind.is_empty() { lines } else { &[] }
}

/// Decodes each line that can be, and leaves the others as they are.
fn quoted_printable_lines(raw: &[u8]) -> Vec<u8> {
    let lines = raw.split_inclusive(|byte| *byte == b'\n');
    lines.flat_map(|line| quoted_printable_decode(line).unwrap_or_else(|| line.to_vec())).collect()
}

/// What a mail says of itself.
fn about(head: &Message<'_>) -> About {
    About {
        title: head.subject().map(str::to_owned),
        author: head
            .from()
            .and_then(|from| from.first())
            .and_then(|from| from.name.as_deref().or(from.address.as_deref()).map(str::to_owned)),
        created: head.date().and_then(|date| DateTime::<Utc>::from_timestamp(date.to_timestamp(), 0)),
        ..About::default()
    }
}

/// Letters of the head were lost: it is in another encoding than the parser took it for, or they were cut in two.
fn is_garbled(message: &Message<'_>) -> bool {
    let addresses = [message.from(), message.to(), message.cc()].into_iter().flatten().map(addresses_in_words);
    let subject = message.subject().map(str::to_owned);
    addresses.chain(subject).any(|words| words.contains('\u{fffd}'))
}

/// The head of a mail or a part once more, where letters of it were lost. The parser takes it to be in UTF-8. Some of
/// its lines may be: whoever passes a mail on writes into its head, too.
fn mended_head(part: &MessagePart<'_>, mail: &[u8]) -> Option<String> {
    let head = mail.get(part.raw_header_offset() as usize..part.raw_body_offset() as usize)?;
    let lines = || head.split_inclusive(|byte| *byte == b'\n').map(|line| (line, std::str::from_utf8(line)));
    let others: Vec<u8> = lines().filter(|(_, line)| line.is_err()).flat_map(|(bytes, _)| bytes).copied().collect();
    // Together they tell more of their encoding.
    let others = decode::to_utf8(&others);
    let mut others = others.split_inclusive('\n');
    let head: String = lines().map(|(_, line)| line.unwrap_or_else(|_| others.next().unwrap_or_default())).collect();
    Some(with_words_joined(&head))
}

/// Makes one of encoded words (RFC 2047) in one charset that stand next to each other: some writers cut a letter of
/// several bytes in two.
fn with_words_joined(head: &str) -> String {
    let mut joined = String::with_capacity(head.len());
    let (mut rest, mut before): (_, Option<&str>) = (head, None);
    while let Some((between, word)) = rest.find(WORD_START).map(|at| rest.split_at(at)) {
        let Some((charset, bytes, behind)) = encoded_word(word) else {
            joined.push_str(between);
            joined.push_str(WORD_START);
            (rest, before) = (&word[WORD_START.len()..], None);
            continue;
        };
        if between.trim_ascii().is_empty() && before.is_some_and(|before| before.eq_ignore_ascii_case(charset)) {
            joined.truncate(joined.len() - WORD_END.len());
        } else {
            joined.extend([between, WORD_START, charset, "?Q?"]);
        }
        joined.extend(bytes.iter().map(|byte| format!("={byte:02X}")));
        joined.push_str(WORD_END);
        (rest, before) = (behind, Some(charset));
    }
    joined.push_str(rest);
    joined
}

const WORD_START: &str = "=?";
const WORD_END: &str = "?=";

/// The charset of the encoded word that `text` begins with, its bytes, and what comes behind it.
fn encoded_word(text: &str) -> Option<(&str, Vec<u8>, &str)> {
    let (charset, rest) = text.strip_prefix(WORD_START)?.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (data, behind) = rest.split_once('?')?;
    let behind = behind.strip_prefix('=')?;
    let bytes = match encoding {
        "Q" | "q" => quoted_printable_decode(data.replace('_', " ").as_bytes()),
        "B" | "b" => base64_decode(data.as_bytes()),
        _ => None,
    };
    Some((charset, bytes?, behind))
}

/// The words of a part: as the parser has them; or from its bytes, where it could not know their charset and took them
/// for UTF-8.
fn decoded<'p>(part: &MessagePart<'_>, words: &'p str, mail: &[u8]) -> Cow<'p, str> {
    let is_page = matches!(part.body, PartType::Html(_));
    // A page may be in ASCII letters that stand for others.
    if says_its_charset(part, words) || words.is_ascii() && !is_page {
        return Cow::Borrowed(words);
    }
    let raw = mail.get(part.raw_body_offset() as usize..part.raw_end_offset() as usize).unwrap_or_default();
    let bytes = match part.encoding {
        Encoding::None => Some(Cow::Borrowed(raw)),
        Encoding::QuotedPrintable => quoted_printable_decode(raw).map(Cow::Owned),
        Encoding::Base64 => base64_decode(raw).map(Cow::Owned),
    };
    let Some(bytes) = bytes else { return Cow::Borrowed(words) };
    let in_utf8 = charset(part).filter(|name| is_utf8(name)).and_then(|_| decode::declared_utf8(&bytes));
    Cow::Owned(in_utf8.unwrap_or_else(|| {
        // Who wrote the mail may have put a page of another charset into UTF-8, and not told it.
        if is_page && (bytes.is_ascii() || std::str::from_utf8(&bytes).is_err()) {
            decode::html_to_utf8(&bytes).into_owned()
        } else {
            decode::to_utf8(&bytes)
        }
    }))
}

fn charset<'p>(part: &'p MessagePart<'_>) -> Option<&'p str> {
    part.content_type()?.attribute("charset")
}

fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

fn says_its_charset(part: &MessagePart<'_>, words: &str) -> bool {
    match charset(part) {
        Some(name) if is_utf8(name) => !words.contains('\u{fffd}'),
        // It has no letters that could be mistaken.
        Some(name) if ["us-ascii", "ascii"].iter().any(|ascii| name.eq_ignore_ascii_case(ascii)) => false,
        Some(name) => charset_decoder(name.as_bytes()).is_some(),
        None => false,
    }
}

/// What an attachment is called.
fn name(part: &MessagePart<'_>, mail: &[u8]) -> Option<String> {
    let name = part.attachment_name()?;
    let again = || {
        let head = mended_head(part, mail)?;
        let head = MessageParser::default().parse_headers(&head)?;
        head.parts.first()?.attachment_name().map(str::to_owned)
    };
    name.contains('\u{fffd}').then(again).flatten().or_else(|| Some(name.to_owned()))
}

/// Hands out what is attached.
fn attached(part: &MessagePart<'_>, mail: &[u8], out: &mut Out<'_>) -> Result<(), Failure> {
    let declared = part.content_type().map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain")));
    let name = name(part, mail);
    let unnamed = || "attachment".to_owned();
    match &part.body {
        PartType::Text(text) => {
            let text = decoded(part, text, mail);
            out.part(&name.unwrap_or_else(unnamed), declared.as_deref(), &mut text.as_bytes())
        }
        // It is in UTF-8 now, whatever it says itself.
        PartType::Html(page) => {
            let page = decoded(part, page, mail);
            let name = name.unwrap_or_else(unnamed);
            out.part(&name, declared.as_deref(), &mut "\u{feff}".as_bytes().chain(page.as_bytes()))
        }
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
            out.part(&name.unwrap_or_else(unnamed), declared.as_deref(), &mut &bytes[..])
        }
        PartType::Message(inner) => {
            let name = name.or_else(|| Some(format!("{}.eml", one_line(inner.subject()?))));
            // As it stands in the bytes of this one; where it was encoded there, as that was decoded.
            let raw = mail.get(part.raw_body_offset() as usize..part.raw_end_offset() as usize);
            let bytes = match part.encoding {
                Encoding::None => raw.unwrap_or_default(),
                _ => &inner.raw_message,
            };
            out.part(&name.unwrap_or_else(unnamed), Some(TYPE), &mut &bytes[..])
        }
        PartType::Multipart(_) => Ok(()),
    }
}

fn is_locked(part: &MessagePart<'_>) -> bool {
    part.content_type().is_some_and(|kind| {
        let enveloped = kind.attribute("smime-type").is_none_or(|kind| kind != "signed-data");
        match kind.subtype() {
            Some("pgp-encrypted") => true,
            Some("pkcs7-mime" | "x-pkcs7-mime") => enveloped,
            _ => false,
        }
    })
}

fn addresses_in_words(addresses: &Address<'_>) -> String {
    let each =
        addresses.iter().take(MOST_ADDRESSES).filter_map(|one| match (one.name.as_deref(), one.address.as_deref()) {
            (Some(name), Some(address)) => Some(format!("{name} <{address}>")),
            (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
            (None, None) => None,
        });
    one_line(&each.collect::<Vec<_>>().join(", "))
}

/// Words apart by one blank.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
