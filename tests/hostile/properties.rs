//! Forms as nobody would send them, over a bare connection: each is kept or refused, and nothing is left half done.

use crate::support::{TestVault, eventually};
use docuvault::domain::Filename;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseResult, TestRunner};
use serde_json::Value;
use std::fmt;
use std::pin::Pin;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// A form as it goes over the wire.
#[derive(Clone)]
struct Request {
    boundary: String,
    content_type: String,
    body: Vec<u8>,
    length: Length,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {:?}, {}", self.length, self.content_type, self.body.escape_ascii())
    }
}

impl Request {
    /// The body as far as the declared length goes.
    fn declared(&self) -> &[u8] {
        match self.length {
            Length::Short(less) => &self.body[..self.body.len().saturating_sub(less)],
            _ => &self.body,
        }
    }
}

/// What is said of the body's length.
#[derive(Debug, Clone, Copy)]
enum Length {
    Right,
    /// More than comes: the connection is closed before.
    Long(usize),
    /// Less than comes.
    Short(usize),
    Chunked,
}

/// A part's headers, right and wrong.
fn headers() -> impl Strategy<Value = String> {
    let name = prop_oneof![4 => "file", 2 => "(title|on_duplicate|topic_ids)", 1 => "[a-z]{0,3}"];
    let filename = prop_oneof![
        4 => "; filename=\"[a-z]{1,9}\\.(txt|pdf|html)\"",
        1 => "; filename=\"[ -~]{0,20}\"",
        1 => "; filename\\*=(UTF-8|utf-8|latin1|)'?'?[!-~]{0,20}",
        1 => "",
    ];
    let disposition = (name, filename).prop_map(|(name, file)| format!("form-data; name=\"{name}\"{file}"));
    let disposition = prop_oneof![8 => disposition, 1 => "[ -~]{0,40}"];
    let more = prop_oneof![
        6 => "",
        1 => "Content-Type: [ -~]{0,30}\r\n",
        1 => "Content-Transfer-Encoding: (base64|[a-z]{0,8})\r\n",
        1 => "Content-Length: -?[0-9]{1,20}\r\n",
        1 => "[ -~]{0,40}\r\n",
        1 => "(X-A: b\r\n){100,120}",
    ];
    let end = prop_oneof![20 => "\r\n", 1 => "[\r\n]?"];
    (disposition, more, end)
        .prop_map(|(disposition, more, end)| format!("Content-Disposition: {disposition}\r\n{more}{end}"))
}

fn request() -> impl Strategy<Value = Request> {
    let content =
        prop_oneof![6 => vec(any::<u8>(), 0..200), 1 => vec(Just(b'\r'), 0..5), 1 => Just(vec![b'-'; 20_000])];
    // Mostly one file, with what may stand before it: else hardly a form would get past its first part.
    let good = "Content-Disposition: form-data; name=\"file\"; filename=\"[a-z]{1,9}\\.(txt|pdf|html)\"\r\n\r\n";
    let parts =
        (vec((headers(), content.clone()), 0..2), prop_oneof![3 => good.boxed(), 1 => headers().boxed()], content)
            .prop_map(|(mut parts, headers, content)| {
                parts.push((headers, content));
                parts
            });
    let boundary = prop_oneof![6 => "[a-zA-Z0-9]{1,20}", 1 => "[ -~]{0,80}"];
    let length = prop_oneof![
        6 => Just(Length::Right),
        1 => (1..50_usize).prop_map(Length::Long),
        1 => (1..50_usize).prop_map(Length::Short),
        1 => Just(Length::Chunked),
    ];
    let end = prop_oneof![8 => "--\r\n", 1 => "(--)?(\r\n)?"];
    (boundary, parts, length, end, any::<bool>()).prop_map(|(boundary, parts, length, end, quoted)| {
        let mut body = Vec::new();
        for (headers, content) in parts {
            body.extend_from_slice(format!("--{boundary}\r\n{headers}").as_bytes());
            body.extend_from_slice(&content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}{end}").as_bytes());
        let quote = if quoted { "\"" } else { "" };
        let content_type = format!("multipart/form-data; boundary={quote}{boundary}{quote}");
        Request { boundary, content_type, body, length }
    })
}

/// Sends it, and takes whatever comes back; nothing where the connection is closed without a word.
async fn send(vault: &TestVault, request: &Request) -> Vec<u8> {
    let address = vault.url.trim_start_matches("http://");
    let (size, body) = (request.body.len(), request.body.clone());
    let (length, body) = match request.length {
        Length::Right => (format!("Content-Length: {size}"), body),
        Length::Long(more) => (format!("Content-Length: {}", size + more), body),
        Length::Short(_) => (format!("Content-Length: {}", request.declared().len()), body),
        Length::Chunked => {
            let pieces =
                body.chunks(100).map(|piece| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
            (
                "Transfer-Encoding: chunked".to_owned(),
                [pieces.collect::<Vec<_>>().concat(), b"0\r\n\r\n".to_vec()].concat(),
            )
        }
    };
    let head = format!(
        "POST /api/v1/documents HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: {}\r\n{length}\r\n\r\n",
        request.content_type
    );
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // The server may have answered and closed before it has all: that is its right.
    let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

/// Status, type and JSON of an answer.
fn parse(answer: &[u8]) -> Option<(u16, String, Value)> {
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..at]).ok()?.to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let kind = head.lines().find_map(|line| line.strip_prefix("content-type: "))?.to_owned();
    // More may follow: to what came behind the form, there is an answer as well.
    let json = serde_json::Deserializer::from_slice(&answer[at + 4..]).into_iter::<Value>().next()?.ok()?;
    Some((status, kind, json))
}

/// Holds a property of a running vault against many cases; `share` of proptest's number of them, each a few round trips.
fn hold<S: Strategy>(
    strategy: S,
    share: u32,
    property: impl for<'a> Fn(&'a TestVault, S::Value) -> Pin<Box<dyn Future<Output = TestCaseResult> + 'a>>,
) {
    let runtime = Runtime::new().expect("a runtime");
    let vault = runtime.block_on(TestVault::new());
    let default = ProptestConfig::default();
    let config = ProptestConfig { cases: default.cases.div_ceil(share), source_file: Some(file!()), ..default };
    let result = TestRunner::new(config).run(&strategy, |case| runtime.block_on(property(&vault, case)));
    if let Err(error) = result {
        panic!("{error}");
    }
    runtime.block_on(async {
        // What was refused is removed behind the answer.
        let rows = vault.count("SELECT count(*) FROM documents").await;
        eventually("every object has its row", || async {
            (i64::try_from(vault.object_keys().await.len()).ok()? == rows).then_some(())
        })
        .await;
        vault.assert_tidy().await;
    });
}

#[test]
fn any_form_is_kept_or_refused_and_leaves_nothing_half_done() {
    hold(request(), 1, |vault, request| {
        Box::pin(async move {
            let answer = send(vault, &request).await;
            let Some((status, kind, json)) = parse(&answer) else {
                // A connection that ended in the middle of a request needs no answer.
                prop_assert!(matches!(request.length, Length::Long(_)), "{}", String::from_utf8_lossy(&answer));
                return Ok(());
            };
            if status != 201 {
                prop_assert!((400..500).contains(&status), "{}", json);
                prop_assert_eq!(kind, "application/problem+json");
                prop_assert_eq!(&json["status"], status);
                prop_assert!(json["code"].is_string() && json["request_id"].is_string());
                return Ok(());
            }
            // What is kept came in one piece, and its form to its end.
            let end = format!("--{}--", request.boundary);
            prop_assert!(request.declared().windows(end.len()).any(|piece| piece == end.as_bytes()), "{:?}", request);
            let kept = vault.bytes(json["id"].as_str().unwrap_or_default()).await;
            prop_assert_eq!(&json["size_bytes"], kept.len());
            prop_assert!(request.declared().windows(kept.len()).any(|piece| piece == kept));
            Ok(())
        })
    });
}

#[test]
fn any_name_is_kept_as_it_is_or_refused_by_the_rules() {
    let name = prop_oneof![
        4 => "[^/\\\\\\pC]{1,40}",
        1 => "[a-zß発😀]{250,260}",
        1 => "[ .]{0,3}[!-~]{0,20}",
        2 => vec(any::<char>(), 0..40).prop_map(String::from_iter),
    ];
    hold((name, any::<u64>()), 4, |vault, (name, content)| {
        Box::pin(async move {
            let spelled: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let body = format!(
                "--x\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''{spelled}\r\n\r\n{content}\r\n--x--\r\n"
            );
            let content_type = "multipart/form-data; boundary=x".to_owned();
            let request = Request { boundary: "x".to_owned(), content_type, body: body.into(), length: Length::Right };
            let answer = send(vault, &request).await;
            let Some((status, _, json)) = parse(&answer) else { return Err(TestCaseError::fail("no answer")) };
            match name.parse::<Filename>() {
                Ok(name) if status == 201 => prop_assert_eq!(&json["filename"], name.as_str()),
                Ok(_) => prop_assert_eq!(&json["code"], "duplicate"),
                Err(error) => {
                    prop_assert_eq!(&json["code"], "invalid_filename");
                    prop_assert_eq!(&json["detail"], &error.to_string());
                }
            }
            Ok(())
        })
    });
}
