//! `docuvault healthcheck`: what a container calls; it needs no settings, and no curl in the image.

use anyhow::{Context, bail};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;
use url::Url;

/// Longest wait: a little more than the probes behind `/health` may take.
const WAIT: Duration = Duration::from_secs(5);

/// Asks, and answers 0 for a healthy vault and 1 for any other.
///
/// # Errors
/// When there is no answer at all.
pub fn run(url: &str) -> anyhow::Result<ExitCode> {
    let url = Url::parse(url).context("this is no URL")?;
    let (Some(host), Some(port), "http") = (url.host_str(), url.port_or_known_default(), url.scheme()) else {
        bail!("the URL must be http://HOST:PORT/PATH");
    };
    let address = (host, port).to_socket_addrs()?.next().context("the host has no address")?;
    let mut stream = TcpStream::connect_timeout(&address, WAIT).context("nobody answers")?;
    stream.set_read_timeout(Some(WAIT))?;
    write!(stream, "GET {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", url.path())?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer).context("the answer broke off")?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    println!("{body}");
    let healthy = head.split(' ').nth(1) == Some("200");
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
