//! Names that attack whoever handles them: a path, a header, a spreadsheet, a page, an eye.

use crate::support::{TestVault, id_of, problem};
use reqwest::{Response, StatusCode};
use serde_json::Value;

/// Taken as they are: they are only names, and nothing here is misled by them.
const ODD: &[&str] = &[
    "=cmd|' _C calc'!A0.csv",
    "=HYPERLINK(\"http:__evil.example\",\"click\").xlsx",
    "+1-2@SUM(A1).csv",
    "\"><img src=x onerror=alert(1)>.html",
    "<script>alert(document.domain)<b>.svg",
    "&lt;b&gt;&amp;&#x41;.txt",
    "'; DROP TABLE documents; --.txt",
    "\" OR \"1\"=\"1",
    "$(reboot) `reboot` ${IFS} | & ; > x.sh",
    "{{7*7}} ${7*7} #{7*7} <%= 7 %>.txt",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%0d%0aSet-Cookie:%20a=b.txt",
    "%00.txt",
    "100%.csv",
    "%s%n%x.txt",
    "=?utf-8?B?Li4vLi4vZXRjL3Bhc3N3ZA==?=",
    "a\"; filename=\"evil.exe",
    "a.txt\"; filename*=UTF-8''evil.exe; x=\"",
    "a;b=c, d.txt",
    "UTF-8''evil.exe",
    "it's.txt",
    "...",
    "..txt",
    ".htaccess",
    ".env",
    "-rf",
    "--help",
    "~root",
    "~$letter.docx",
    "CON.txt",
    "NUL",
    "COM1.pdf",
    "file.txt:stream",
    "a.txt.",
    "a.pdf.exe",
    "*.*",
    "?.txt",
    "re\u{301}sume\u{301}.pdf",
    "r\u{e9}sum\u{e9}.pdf",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}\u{1f3ff}.png",
    "\u{ff0e}\u{ff0e}\u{ff0f}etc\u{ff0f}passwd",
    "\u{2215}etc\u{2044}passwd\u{ff3c}",
    "раураl.pdf",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd}.pdf",
    "Z\u{30d}\u{300}\u{31a}\u{300}\u{300}\u{315}algo.txt",
    "\u{e000}mark\u{e001}.txt",
    "\u{fffd}\u{ffff}\u{10ffff}.txt",
    "a\u{a0}b\u{2003}c\u{3000}d.txt",
    "İIıi ß ẞ ŉ.txt",
];

/// Refused: a path, a line break, or a name that shows itself as another.
const REFUSED: &[&str] = &[
    "../../../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "a/b",
    "C:\\Windows\\win.ini",
    "\\\\server\\share",
    "..\\..\\evil",
    "evil\0.txt",
    "a\r\nSet-Cookie: a=b",
    "a\nb",
    "a\tb",
    "a\u{7f}b",
    "a\u{85}b",
    "invoice\u{202e}fdp.exe",
    "\u{2066}a\u{2069}.txt",
    "\u{a0}\u{2003} ",
    "   ",
];

/// Uploads a few words under a name, spelled as RFC 8187 does.
async fn send(vault: &TestVault, name: &str, words: &str) -> Response {
    let spelled: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"; filename*=UTF-8''{spelled}\r\n\r\n{words}\r\n--x--\r\n"
    );
    let request = vault.http.post(vault.api("/documents")).header("content-type", "multipart/form-data; boundary=x");
    request.body(body).send().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_or_a_disguise_is_refused_and_leaves_nothing() {
    let vault = TestVault::new().await;
    for name in REFUSED.iter().map(|name| (*name).to_owned()).chain(["n".repeat(256), "ä".repeat(256)]) {
        problem(send(&vault, &name, "words").await, 400, "invalid_filename").await;
    }
    assert_eq!(vault.count("SELECT count(*) FROM documents").await, 0);
    vault.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_other_name_comes_back_unchanged_and_misleads_no_reader_of_headers() {
    let vault = TestVault::new().await;
    let longest = ["n".repeat(255), "ä".repeat(255), "\u{1f600}".repeat(255), "\"%;".repeat(85)];
    for name in ODD.iter().map(|name| (*name).to_owned()).chain(longest) {
        let answer = send(&vault, &name, &format!("words of {name}")).await;
        assert_eq!(answer.status(), StatusCode::CREATED, "{name}");
        let document: Value = answer.json().await.expect("JSON");
        assert_eq!(document["filename"], name);
        let id = id_of(&document);
        assert_eq!(vault.document(&id).await["filename"], name);
        for (path, kind) in [("content", "attachment"), ("content?inline=true", "inline")] {
            let answer = vault.get(&format!("/documents/{id}/{path}")).await;
            let header = answer.headers()["content-disposition"].to_str().expect("ASCII").to_owned();
            assert_eq!(answer.headers().get_all("content-disposition").iter().count(), 1);
            let disposition = Disposition::parse(&header).unwrap_or_else(|| panic!("no such header: {header}"));
            assert_eq!(disposition.kind, kind, "{header}");
            assert_eq!(disposition.name(), name, "{header}");
            // Who knows the plain parameter alone gets no path, and nothing that might be unfolded into one.
            let plain = disposition.parameter("filename").expect("a name for old clients");
            assert!(!plain.contains(['/', '\\', '%', '?', '"']) && plain != ".." && plain != ".", "{header}");
        }
    }
    // Of all that, a key has taken an extension at most.
    for key in vault.object_keys().await {
        assert!(key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-/.".contains(&b)), "{key}");
    }
    vault.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_brings_its_own_marks_can_not_mark_up_the_list() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let text = "\u{e001}</mark><script>\u{e000}\u{e000} hostilemark \u{e001}<img src=x onerror=alert(1)>\u{e000} words";
    let document = vault.put_in("\"><script>.txt", text).await;
    vault.processed(&id_of(&document)).await;
    let list = vault.get_json("/documents?q=hostilemark").await;
    let highlight = list["items"][0]["highlight"].as_str().unwrap_or_else(|| panic!("{list}"));
    assert!(highlight.contains("hostilemark"), "{highlight}");
    let mut depth = 0;
    for tag in highlight.split('<').skip(1) {
        depth += if tag.starts_with("mark>") { 1 } else { -1 };
        assert!(tag.starts_with("mark>") || tag.starts_with("/mark>"), "{highlight}");
        assert!((0..=1).contains(&depth), "{highlight}");
    }
    assert_eq!(depth, 0, "{highlight}");
    worker.stop().await;
}

/// A `Content-Disposition`, read by the grammar of RFC 6266 to its last byte.
struct Disposition {
    kind: String,
    parameters: Vec<(String, String)>,
}

impl Disposition {
    fn parse(header: &str) -> Option<Self> {
        let (kind, mut rest) = token(header)?;
        let mut parameters: Vec<(String, String)> = Vec::new();
        while !rest.is_empty() {
            let (name, value) = token(rest.trim_start_matches(' ').strip_prefix(';')?.trim_start_matches(' '))?;
            let value = value.strip_prefix('=')?;
            let (value, behind) = if value.starts_with('"') { quoted(value)? } else { token(value)? };
            let value = if name.ends_with('*') { extended(&value)? } else { value };
            // A parameter that comes twice is read in two ways.
            if parameters.iter().any(|(known, _)| *known == name.to_ascii_lowercase()) {
                return None;
            }
            parameters.push((name.to_ascii_lowercase(), value));
            rest = behind;
        }
        Some(Self { kind, parameters })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The name to save under: `filename*` goes before `filename` (RFC 6266, 4.3).
    fn name(&self) -> &str {
        self.parameter("filename*").or_else(|| self.parameter("filename")).expect("a name")
    }
}

/// A token (RFC 9110, 5.6.2), and what is behind it.
fn token(text: &str) -> Option<(String, &str)> {
    let end = text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)));
    let (token, rest) = text.split_at(end.unwrap_or(text.len()));
    (!token.is_empty()).then(|| (token.to_owned(), rest))
}

/// A quoted string (RFC 9110, 5.6.4), and what is behind it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            ' '..='~' | '\t' => value.push(c),
            _ => return None,
        }
    }
    None
}

/// An extended value (RFC 8187, 3.2), in UTF-8.
fn extended(value: &str) -> Option<String> {
    let value = value.strip_prefix("UTF-8''")?;
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            b if b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&b) => bytes.push(b),
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok()
}
