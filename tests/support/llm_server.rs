//! A server that speaks as Ollama, OpenAI and Anthropic do, each under its own path, and misbehaves as told.

use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// The model's name, as the server has it.
pub const MODEL: &str = "llama-of-the-server";

/// How a request is answered.
#[derive(Clone)]
pub enum Manner {
    /// With this content: an object as the wire carries it, a string as prose.
    Say(Value),
    /// As a model that does what documents want: every topic, where one says "assign every topic".
    Gullible,
    /// The same, a moment later.
    Slowly(Value, Duration),
    /// With a status, headers and a body.
    Status(u16, Vec<(&'static str, String)>, String),
    /// With a whole body that is none of its kind.
    Body(Vec<u8>),
    /// With a head and then byte after byte, for ever.
    Trickle,
    /// With a head and half a body; then it breaks the connection.
    CutOff,
    /// Not at all.
    Silent,
}

/// A choice of topics, as a model says it.
pub fn choice(topics: &[(&str, f32)], none: f32) -> Value {
    let topics: Vec<Value> = topics.iter().map(|(topic, sure)| json!({"name": topic, "probability": sure})).collect();
    json!({"chosen": topics, "none": none})
}

/// A request as it came.
#[derive(Clone)]
pub struct Seen {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: Value,
}

impl Seen {
    /// The schema, wherever this wire has it.
    pub fn schema(&self) -> &Value {
        let places = ["/format", "/response_format/json_schema/schema", "/tools/0/input_schema"];
        places.iter().find_map(|place| self.body.pointer(place)).expect("a schema")
    }

    /// The names that the schema allows.
    pub fn names(&self) -> Vec<String> {
        let names = self.schema()["properties"]["chosen"]["items"]["properties"]["name"]["enum"].as_array();
        names.expect("an enum").iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
    }

    pub fn system(&self) -> &str {
        self.body["system"].as_str().or_else(|| self.body["messages"][0]["content"].as_str()).expect("instructions")
    }

    pub fn user(&self) -> &str {
        let messages = self.body["messages"].as_array().expect("messages");
        messages.last().and_then(|message| message["content"].as_str()).expect("a question")
    }
}

#[derive(Default)]
struct State {
    next: VecDeque<Manner>,
    usual: Option<Manner>,
    seen: Vec<Seen>,
}

/// A running server; it ends with the test.
#[derive(Clone)]
pub struct LlmServer {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    now: Arc<AtomicUsize>,
    at_once: Arc<AtomicUsize>,
}

impl LlmServer {
    /// A server that answers in this manner.
    pub async fn start(usual: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State { usual: Some(usual), ..State::default() }));
        let server = Self { address, state, now: Arc::default(), at_once: Arc::default() };
        let own = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = own.clone();
                // A client that goes away is none of the server's business.
                tokio::spawn(async move { server.serve(stream).await.ok() });
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on.
    pub fn usually(&self, manner: Manner) {
        self.state.lock().expect("no panic").usual = Some(manner);
    }

    /// For the next request alone.
    pub fn next(&self, manner: Manner) {
        self.state.lock().expect("no panic").next.push_back(manner);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().expect("no panic").seen.clone()
    }

    /// How many requests it had under way at once, at most.
    pub fn at_once(&self) -> usize {
        self.at_once.load(Ordering::SeqCst)
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let Some(seen) = read(&mut stream).await? else { return Ok(()) };
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.at_once.fetch_max(now, Ordering::SeqCst);
            let manner = {
                let mut state = self.state.lock().expect("no panic");
                state.seen.push(seen.clone());
                state.next.pop_front().or_else(|| state.usual.clone()).expect("a manner")
            };
            let goes_on = answer(&mut stream, &seen, manner).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            if !goes_on? {
                return Ok(());
            }
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Seen>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).expect("a request line").to_owned();
    let mut headers = HashMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Seen { path, headers, body: serde_json::from_slice(&body).unwrap_or_default() }))
}

/// True where the connection can be used again.
async fn answer(stream: &mut BufReader<TcpStream>, seen: &Seen, manner: Manner) -> std::io::Result<bool> {
    let (status, headers, body) = match manner {
        Manner::Say(content) => (200, Vec::new(), envelope(&seen.path, &content)),
        Manner::Slowly(content, wait) => {
            sleep(wait).await;
            (200, Vec::new(), envelope(&seen.path, &content))
        }
        Manner::Gullible if seen.user().contains("assign every topic") => {
            let all: Vec<(String, f32)> = seen.names().into_iter().map(|name| (name, 1.0)).collect();
            let all: Vec<(&str, f32)> = all.iter().map(|(name, sure)| (name.as_str(), *sure)).collect();
            (200, Vec::new(), envelope(&seen.path, &choice(&all, 0.0)))
        }
        Manner::Gullible => (200, Vec::new(), envelope(&seen.path, &choice(&[("Tax", 0.9)], 0.0))),
        Manner::Status(status, headers, body) => (status, headers, body.into_bytes()),
        Manner::Body(body) => (200, Vec::new(), body),
        Manner::Trickle => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await?;
            loop {
                stream.write_all(b" ").await?;
                stream.flush().await?;
                sleep(Duration::from_millis(20)).await;
            }
        }
        Manner::CutOff => {
            let body = envelope(&seen.path, &choice(&[("Tax", 0.9)], 0.0));
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body[..body.len() / 2]).await?;
            stream.flush().await?;
            return Ok(false);
        }
        Manner::Silent => {
            // Until the client goes away.
            stream.read_u8().await?;
            return Ok(false);
        }
    };
    let mut head = format!("HTTP/1.1 {status} Some Reason\r\nContent-Type: application/json\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.flush().await?;
    Ok(true)
}

/// A good answer of each wire around a content.
fn envelope(path: &str, content: &Value) -> Vec<u8> {
    let text = content.as_str().map_or_else(|| content.to_string(), str::to_owned);
    let body = match path {
        "/api/chat" => json!({
            "model": MODEL, "done": true, "message": {"role": "assistant", "content": text},
            "prompt_eval_count": 300, "eval_count": 20,
        }),
        "/v1/chat/completions" => json!({
            "model": MODEL, "object": "chat.completion",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320},
        }),
        "/v1/messages" => {
            let block = match content {
                Value::String(text) => json!({"type": "text", "text": text}),
                input => json!({"type": "tool_use", "id": "toolu_1", "name": "sort_document", "input": input}),
            };
            json!({
                "model": MODEL, "type": "message", "role": "assistant", "content": [block],
                "usage": {"input_tokens": 300, "output_tokens": 20},
            })
        }
        other => panic!("nobody asks for {other}"),
    };
    body.to_string().into_bytes()
}
