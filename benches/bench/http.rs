//! HTTP/1.1 by hand on one connection that is kept: the load generator shares the machine with what it measures, so it
//! has to cost next to nothing.

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Separates the parts of a form; no file that is generated holds it.
const BOUNDARY: &str = "dbench5e1f2b7c9a4d";

/// One connection to one server, opened anew where the server has closed it.
pub struct Connection {
    address: String,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    body: Vec<u8>,
}

impl Connection {
    pub fn to(address: &str) -> Self {
        Self { address: address.to_owned(), stream: None, buffer: Vec::new(), body: Vec::new() }
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body of the last answer, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Sends a whole request; answers the status.
    pub async fn ask(&mut self, request: &[u8]) -> Result<u16> {
        self.begin(request).await?;
        self.answer().await
    }

    /// Sends the beginning of a request.
    pub async fn begin(&mut self, bytes: &[u8]) -> Result<()> {
        // A server may close what was idle for some seconds.
        let gone = self.stream.as_ref().is_none_or(
            |stream| !matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock),
        );
        if gone {
            let stream =
                TcpStream::connect(&self.address).await.with_context(|| format!("no way to {}", self.address))?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
            self.buffer.clear();
        }
        self.send(bytes).await
    }

    /// Sends more of a request that was begun.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.as_mut().context("nothing was begun")?.write_all(bytes).await?)
    }

    async fn more(&mut self) -> Result<()> {
        let stream = self.stream.as_mut().context("nothing was begun")?;
        let read = stream.read_buf(&mut self.buffer).await?;
        ensure!(read > 0, "{} hung up", self.address);
        Ok(())
    }

    /// Reads the head of an answer, up to its body.
    pub async fn head(&mut self) -> Result<Head> {
        let end = loop {
            match find(&self.buffer, b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.more().await?,
            }
        };
        let head = Head::read(&self.buffer[..end])?;
        self.buffer.drain(..end);
        Ok(head)
    }

    /// Reads a whole answer; answers the status.
    pub async fn answer(&mut self) -> Result<u16> {
        let result = self.whole().await;
        if result.is_err() {
            self.stream = None;
        }
        result
    }

    async fn whole(&mut self) -> Result<u16> {
        let head = self.head().await?;
        self.body.clear();
        if head.chunked {
            while self.chunk().await? {}
        } else {
            while self.buffer.len() < head.length {
                self.more().await?;
            }
            self.body.extend(self.buffer.drain(..head.length));
        }
        if head.closes {
            self.stream = None;
        }
        Ok(head.status)
    }

    /// Adds the next chunk to the body; false where it was the last one.
    pub async fn chunk(&mut self) -> Result<bool> {
        let line = loop {
            match find(&self.buffer, b"\r\n") {
                Some(line) => break line,
                None => self.more().await?,
            }
        };
        let size = std::str::from_utf8(&self.buffer[..line])?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)?;
        let end = line + 2 + size + 2;
        while self.buffer.len() < end {
            self.more().await?;
        }
        self.body.extend_from_slice(&self.buffer[line + 2..end - 2]);
        self.buffer.drain(..end);
        Ok(size > 0)
    }

    /// Forgets the body read so far.
    pub fn clear(&mut self) {
        self.body.clear();
    }
}

/// What there is to know of an answer before its body.
pub struct Head {
    pub status: u16,
    length: usize,
    chunked: bool,
    closes: bool,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes)?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?.parse()?;
        let mut head = Self { status, length: 0, chunked: false, closes: false };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.length = value.parse()?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                head.chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("connection") {
                head.closes = value.eq_ignore_ascii_case("close");
            }
        }
        Ok(head)
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The bytes of a GET.
pub fn get(address: &str, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: */*\r\n\r\n").into_bytes()
}

/// As [`get`], with the word for an answer that is worked out for this request alone.
pub fn get_anew(address: &str, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: */*\r\ncache-control: no-store\r\n\r\n").into_bytes()
}

/// GETs JSON.
pub async fn get_json(connection: &mut Connection, path: &str) -> Result<serde_json::Value> {
    let request = get(&connection.address.clone(), path);
    let status = connection.ask(&request).await?;
    if status != 200 {
        bail!("GET {path}: {status} {}", connection.text());
    }
    Ok(serde_json::from_slice(connection.body())?)
}

/// The beginning and the end of a form that puts in one file of `size` bytes.
pub fn form(address: &str, name: &str, content_type: &str, size: u64) -> (Vec<u8>, Vec<u8>) {
    let part = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         content-type: {content_type}\r\n\r\n"
    );
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    let length = part.len() as u64 + size + end.len() as u64;
    let head = format!(
        "POST /api/v1/documents HTTP/1.1\r\nhost: {address}\r\naccept: */*\r\n\
         content-type: multipart/form-data; boundary={BOUNDARY}\r\ncontent-length: {length}\r\n\r\n"
    );
    ([head, part].concat().into_bytes(), end.into_bytes())
}

/// The bytes of an upload.
pub fn upload(address: &str, name: &str, content_type: &str, bytes: &[u8]) -> Vec<u8> {
    let (begin, end) = form(address, name, content_type, bytes.len() as u64);
    [&begin[..], bytes, &end].concat()
}

/// A text as it may stand in a query.
pub fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
