//! RTF (1.9.1), by a tokenizer of our own: what is known is read, all else is passed over, and no group is entered by
//! recursion.

use super::Failure;
use super::out::Out;
use crate::extract::frames::About;
use chrono::{NaiveDate, NaiveDateTime};
use encoding_rs::{Encoding, WINDOWS_1252};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

/// What it begins with.
pub const BEGINNING: &[u8] = b"{\\rtf";
/// The MIME type it is known by.
const TYPE: &str = "application/rtf";
/// Groups within groups; each that is open takes a few bytes.
const MOST_DEPTH: usize = 1_000_000;
/// More fonts are not told apart.
const MOST_FONTS: usize = 10_000;
/// A longer title is none; a footnote is cut.
const MOST_ASIDE_BYTES: usize = 1024 * 1024;

/// Reads a file.
pub fn read(file: &mut dyn Read, out: &mut Out<'_>) -> Result<(), Failure> {
    out.content_type(TYPE)?;
    let mut beginning = Vec::new();
    // Some writers begin with a byte order mark or an empty line.
    Read::take(&mut *file, 16).read_to_end(&mut beginning).map_err(Failure::damaged)?;
    if !beginning.windows(BEGINNING.len()).any(|window| window == BEGINNING) {
        return Err(Failure::Damaged("it does not begin as RTF does".to_owned()));
    }
    let about = words(beginning.chain(file), out)?;
    out.about(&about)
}

/// Reads RTF out of whatever holds it; answers what it says of itself.
pub fn words(source: impl Read, out: &mut Out<'_>) -> Result<About, Failure> {
    let mut reader = Reader::new(BufReader::with_capacity(64 * 1024, source), out);
    reader.run()?;
    Ok(reader.about)
}

/// Where the words of a group go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Text,
    /// A footnote or a comment, behind its paragraph.
    Aside,
    Nowhere,
    Fonts,
    Title,
    Author,
    Created,
    Modified,
    /// In the properties, outside of any that is read.
    Info,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    to: To,
    /// Letters that stand in for a `\u` in old programs.
    stand_ins: u8,
    encoding: &'static Encoding,
    hidden: bool,
    /// It began with `\*`: who does not know it shall pass it over.
    optional: bool,
    /// A shape whose words were read.
    shape: bool,
}

struct Reader<'o, 'w, R> {
    source: R,
    out: &'o mut Out<'w>,
    group: Group,
    groups: Vec<Group>,
    fonts: HashMap<i32, &'static Encoding>,
    /// The font that the table is about to describe.
    font: i32,
    default: &'static Encoding,
    /// Bytes in the font's encoding that wait for the rest of their letter.
    bytes: Vec<u8>,
    high: Option<u16>,
    skip: u8,
    aside: String,
    property: String,
    time: [u32; 5],
    in_table: bool,
    cell_open: bool,
    about: About,
}

enum Token {
    Open,
    Close,
    Word(String, Option<i32>),
    Byte(u8),
    Symbol(u8),
    /// What may be in the file but is no letter.
    Nothing,
}

impl<'o, 'w, R: BufRead> Reader<'o, 'w, R> {
    fn new(source: R, out: &'o mut Out<'w>) -> Self {
        let group =
            Group { to: To::Text, stand_ins: 1, encoding: WINDOWS_1252, hidden: false, optional: false, shape: false };
        Self {
            source,
            out,
            group,
            groups: Vec::new(),
            fonts: HashMap::new(),
            font: 0,
            default: WINDOWS_1252,
            bytes: Vec::new(),
            high: None,
            skip: 0,
            aside: String::new(),
            property: String::new(),
            time: [0; 5],
            in_table: false,
            cell_open: false,
            about: About::default(),
        }
    }

    fn run(&mut self) -> Result<(), Failure> {
        while let Some(token) = self.token()? {
            if !matches!(token, Token::Byte(_) | Token::Nothing) {
                self.decode()?;
            }
            match token {
                Token::Open => {
                    if self.groups.len() >= MOST_DEPTH {
                        return Err(Failure::TooLarge("groups within groups"));
                    }
                    self.groups.push(self.group);
                    self.group.optional = false;
                    self.skip = 0;
                }
                Token::Close => {
                    self.skip = 0;
                    match self.groups.pop() {
                        Some(outer) => self.leave(outer)?,
                        None => return self.end(),
                    }
                    if self.groups.is_empty() {
                        return self.end();
                    }
                }
                Token::Word(word, number) => self.word(&word, number)?,
                Token::Byte(_) if self.skip > 0 => self.skip -= 1,
                Token::Byte(byte) => {
                    self.bytes.push(byte);
                    if self.bytes.len() >= 4096 && byte.is_ascii() {
                        self.decode()?;
                    }
                }
                Token::Symbol(symbol) => self.symbol(symbol)?,
                Token::Nothing => {}
            }
        }
        self.decode()?;
        self.end()?;
        if self.groups.is_empty() { Ok(()) } else { Err(Failure::Damaged("it ends too early".to_owned())) }
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.out.tables_end()?;
        self.aside_end()
    }

    fn byte(&mut self) -> Result<Option<u8>, Failure> {
        let byte = self.source.fill_buf().map_err(super::package::read_failure)?.first().copied();
        if byte.is_some() {
            self.source.consume(1);
        }
        Ok(byte)
    }

    fn peek(&mut self) -> Result<Option<u8>, Failure> {
        Ok(self.source.fill_buf().map_err(super::package::read_failure)?.first().copied())
    }

    fn token(&mut self) -> Result<Option<Token>, Failure> {
        let Some(byte) = self.byte()? else { return Ok(None) };
        Ok(Some(match byte {
            b'{' => Token::Open,
            b'}' => Token::Close,
            b'\\' => match self.byte()? {
                Some(letter) if letter.is_ascii_alphabetic() => self.control(letter)?,
                Some(b'\'') => {
                    let mut number = 0;
                    for _ in 0..2 {
                        let Some(digit) = self.peek()?.and_then(|digit| char::from(digit).to_digit(16)) else {
                            return Ok(Some(Token::Nothing));
                        };
                        self.byte()?;
                        number = number << 4 | digit as u8;
                    }
                    Token::Byte(number)
                }
                Some(symbol) => Token::Symbol(symbol),
                None => Token::Nothing,
            },
            b'\r' | b'\n' | 0 => Token::Nothing,
            byte => Token::Byte(byte),
        }))
    }

    fn control(&mut self, first: u8) -> Result<Token, Failure> {
        let mut word = String::from(char::from(first));
        while let Some(letter) = self.peek()?.filter(u8::is_ascii_alphabetic) {
            self.byte()?;
            // The longest that exists has 21 letters.
            if word.len() < 32 {
                word.push(char::from(letter));
            }
        }
        let mut digits = String::new();
        if self.peek()? == Some(b'-') {
            self.byte()?;
            digits.push('-');
        }
        while let Some(digit) = self.peek()?.filter(u8::is_ascii_digit) {
            self.byte()?;
            if digits.len() < 12 {
                digits.push(char::from(digit));
            }
        }
        if self.peek()? == Some(b' ') {
            self.byte()?;
        }
        Ok(Token::Word(word, digits.parse().ok()))
    }

    /// Leaves a group for the one around it.
    fn leave(&mut self, outer: Group) -> Result<(), Failure> {
        let inner = std::mem::replace(&mut self.group, outer);
        if inner.to == outer.to {
            return Ok(());
        }
        let property = std::mem::take(&mut self.property);
        let words = Some(property).filter(|words| !words.trim().is_empty());
        match inner.to {
            To::Title => self.about.title = words.or(self.about.title.take()),
            To::Author => self.about.author = words.or(self.about.author.take()),
            To::Created => self.about.created = self.time().map(|time| time.and_utc()),
            To::Modified => self.about.modified = self.time().map(|time| time.and_utc()),
            _ => {}
        }
        Ok(())
    }

    fn time(&self) -> Option<NaiveDateTime> {
        let [year, month, day, hour, minute] = self.time;
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?.and_hms_opt(hour, minute, 0)
    }

    fn word(&mut self, word: &str, number: Option<i32>) -> Result<(), Failure> {
        let on = number != Some(0);
        if self.skip > 0 && word != "bin" {
            // A stand-in may be a word.
            self.skip -= 1;
            return Ok(());
        }
        match word {
            "bin" => {
                let length = u64::try_from(number.unwrap_or(0)).unwrap_or(0);
                let mut bytes = Read::take(&mut self.source, length);
                std::io::copy(&mut bytes, &mut std::io::sink()).map_err(super::package::read_failure)?;
            }
            "u" => self.unicode(number.unwrap_or(0))?,
            "uc" => self.group.stand_ins = u8::try_from(number.unwrap_or(1)).unwrap_or(1),
            "ansicpg" => {
                let page = number.and_then(|page| u16::try_from(page).ok()).and_then(encoding_of_page);
                self.default = page.unwrap_or(WINDOWS_1252);
                self.group.encoding = self.default;
            }
            "mac" => {
                self.default = encoding_rs::MACINTOSH;
                self.group.encoding = self.default;
            }
            "f" if self.group.to == To::Fonts => self.font = number.unwrap_or(0),
            "fcharset" if self.group.to == To::Fonts => {
                if let Some(encoding) = number.and_then(encoding_of_charset)
                    && self.fonts.len() < MOST_FONTS
                {
                    self.fonts.insert(self.font, encoding);
                }
            }
            "f" => {
                let of_font = number.and_then(|font| self.fonts.get(&font)).copied();
                self.group.encoding = of_font.unwrap_or(self.default);
            }
            "plain" => {
                self.group.encoding = self.default;
                self.group.hidden = false;
            }
            "v" | "deleted" => self.group.hidden = on,
            _ => {
                if !self.destination(word) && !self.property(word, number) {
                    self.layout(word)?;
                }
            }
        }
        Ok(())
    }

    /// A word that says where what follows in the group goes; true where it was one.
    fn destination(&mut self, word: &str) -> bool {
        let to = match word {
            "fonttbl" => To::Fonts,
            "info" => To::Info,
            "title" if self.group.to == To::Info => To::Title,
            "author" if self.group.to == To::Info => To::Author,
            "creatim" if self.group.to == To::Info => To::Created,
            "revtim" if self.group.to == To::Info => To::Modified,
            // In the properties, what is not wanted; else what is no text, what is a copy of some, or what it is made of.
            "subject" | "operator" | "keywords" | "doccomm" | "company" | "manager" | "category" | "comment"
            | "printim" | "buptim" | "hlinkbase"
                if self.group.to == To::Info =>
            {
                To::Nowhere
            }
            "colortbl" | "stylesheet" | "pict" | "objdata" | "objclass" | "fldinst" | "listtext" | "pntext"
            | "pntxta" | "pntxtb" | "xe" | "tc" | "rxe" | "nonshppict" | "sp" | "filetbl" | "template"
            | "listtable" | "listoverridetable" | "revtbl" | "rsidtbl" | "generator" | "bkmkstart" | "bkmkend"
            | "themedata" | "datastore" | "latentstyles" | "colorschememapping" | "wgrffmtfilter" | "mmathPr"
            | "xmlnstbl" | "atnid" | "atnauthor" | "atntime" | "atndate" | "atnref" | "atrfstart" | "atrfend"
            | "ftnsep" | "ftnsepc" | "aftnsep" | "aftnsepc" | "ftncn" | "aftncn" | "htmltag" | "mhtmltag"
            | "pgdsctbl" => To::Nowhere,
            "footnote" | "annotation" if self.group.to != To::Nowhere => To::Aside,
            "shp" => {
                self.group.shape = false;
                return true;
            }
            // The same once more, for programs that know no shapes.
            "shprslt" if self.group.shape => To::Nowhere,
            // These begin with `\*` and hold text: a text box, a picture with a text in it.
            "shpinst" => {
                self.group.optional = false;
                if let Some(shape) = self.groups.last_mut() {
                    shape.shape = true;
                }
                return true;
            }
            "shptxt" | "shppict" | "do" | "dptxbxtext" | "nesttableprops" => {
                self.group.optional = false;
                return word != "nesttableprops";
            }
            _ if self.group.optional => To::Nowhere,
            _ => return false,
        };
        self.group.optional = false;
        // Nothing comes back from nowhere.
        if self.group.to != To::Nowhere {
            self.group.to = to;
            self.property.clear();
            self.time = [0, 1, 1, 0, 0];
            if to == To::Aside && !self.aside.is_empty() {
                self.aside.push(' ');
            }
        }
        true
    }

    fn property(&mut self, word: &str, number: Option<i32>) -> bool {
        let value = number.and_then(|value| u32::try_from(value).ok()).unwrap_or(0);
        if self.group.to == To::Info && word == "nofpages" {
            self.about.pages = Some(value).filter(|pages| *pages > 0);
            return true;
        }
        let place = ["yr", "mo", "dy", "hr", "min"].iter().position(|name| *name == word);
        if let Some(place) = place.filter(|_| matches!(self.group.to, To::Created | To::Modified)) {
            self.time[place] = value;
        }
        place.is_some()
    }

    fn layout(&mut self, word: &str) -> Result<(), Failure> {
        let letter = match word {
            "tab" => "\t",
            "emdash" => "—",
            "endash" => "–",
            "lquote" => "‘",
            "rquote" => "’",
            "ldblquote" => "“",
            "rdblquote" => "”",
            "bullet" => "•",
            "emspace" | "enspace" | "qmspace" => " ",
            _ => return self.flow(word),
        };
        self.say(letter)
    }

    fn flow(&mut self, word: &str) -> Result<(), Failure> {
        match self.group.to {
            To::Text if !self.group.hidden => {}
            To::Aside if word == "par" => {
                self.aside.push(' ');
                return Ok(());
            }
            _ => return Ok(()),
        }
        match word {
            "pard" => self.in_table = false,
            "intbl" => self.in_table = true,
            "par" | "line" | "sect" => {
                self.out.line_end()?;
                self.leave_table(word == "par")?;
                if !self.cell_open {
                    self.aside_end()?;
                }
            }
            "page" | "pagebb" => self.out.page_end()?,
            "nestcell" | "nestrow" => self.out.line_end()?,
            "cell" => {
                self.aside_end()?;
                if !self.cell_open {
                    self.out.cell_start();
                }
                self.out.cell_end();
                self.cell_open = false;
            }
            "row" => {
                if std::mem::take(&mut self.cell_open) {
                    self.out.cell_end();
                }
                self.out.row_end()?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A paragraph that ends outside of any table ends what was left of one.
    fn leave_table(&mut self, paragraph: bool) -> Result<(), Failure> {
        if paragraph && !self.in_table && std::mem::take(&mut self.cell_open) {
            self.out.tables_end()?;
        }
        Ok(())
    }

    fn aside_end(&mut self) -> Result<(), Failure> {
        let aside = std::mem::take(&mut self.aside);
        if !aside.trim().is_empty() {
            self.out.line_end()?;
            self.out.text(aside.trim())?;
            self.out.line_end()?;
        }
        Ok(())
    }

    fn symbol(&mut self, symbol: u8) -> Result<(), Failure> {
        if self.skip > 0 {
            self.skip -= 1;
            return Ok(());
        }
        match symbol {
            b'*' => {
                self.group.optional = true;
                Ok(())
            }
            b'~' => self.say("\u{a0}"),
            b'_' => self.say("-"),
            b'\\' => self.say("\\"),
            b'{' => self.say("{"),
            b'}' => self.say("}"),
            b'\t' => self.say("\t"),
            // An end of a line that is escaped is a paragraph's.
            b'\r' | b'\n' => self.flow("par"),
            _ => Ok(()),
        }
    }

    /// A letter by its number in UTF-16.
    fn unicode(&mut self, number: i32) -> Result<(), Failure> {
        self.skip = self.group.stand_ins;
        // Numbers are signed.
        let unit = (number & 0xffff) as u16;
        let high = self.high.take();
        match unit {
            0xd800..0xdc00 => {
                self.high = Some(unit);
                Ok(())
            }
            unit => {
                let pair = [high.unwrap_or(unit), unit];
                let units = if high.is_some() { &pair[..] } else { &pair[1..] };
                // Symbol fonts have their letters in the private area.
                let letters: String = char::decode_utf16(units.iter().copied())
                    .flatten()
                    .filter(|c| !matches!(c, '\u{e000}'..='\u{f8ff}'))
                    .collect();
                self.say(&letters)
            }
        }
    }

    /// Says the bytes that have come, which make whole letters now.
    fn decode(&mut self) -> Result<(), Failure> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.bytes);
        let text = self.group.encoding.decode_without_bom_handling(&bytes).0;
        self.say(&text)?;
        self.bytes = bytes;
        self.bytes.clear();
        Ok(())
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        if self.group.hidden {
            return Ok(());
        }
        match self.group.to {
            To::Text => {
                if self.in_table && !self.cell_open {
                    self.out.cell_start();
                    self.cell_open = true;
                }
                self.out.text(text)
            }
            To::Aside => {
                push(&mut self.aside, text);
                Ok(())
            }
            To::Title | To::Author => {
                push(&mut self.property, text);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn push(to: &mut String, text: &str) {
    if to.len() < MOST_ASIDE_BYTES {
        to.push_str(text);
    }
}

/// A Windows code page.
pub fn encoding_of_page(page: u16) -> Option<&'static Encoding> {
    let label = match page {
        874 => "windows-874",
        932 => "shift_jis",
        936 => "gbk",
        949 => "euc-kr",
        950 => "big5",
        1250..=1258 => return Encoding::for_label(format!("windows-{page}").as_bytes()),
        10000 => "macintosh",
        20866 => "koi8-r",
        20932 | 51932 => "euc-jp",
        21866 => "koi8-u",
        28591..=28606 => return Encoding::for_label(format!("iso-8859-{}", page - 28590).as_bytes()),
        50220..=50222 => "iso-2022-jp",
        54936 => "gb18030",
        65001 => "utf-8",
        _ => return None,
    };
    Encoding::for_label(label.as_bytes())
}

/// A character set of a Windows font.
fn encoding_of_charset(charset: i32) -> Option<&'static Encoding> {
    let page = match charset {
        77 => 10000,
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    };
    encoding_of_page(page)
}
