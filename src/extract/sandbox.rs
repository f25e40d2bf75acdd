//! Runs a reading child and keeps it within its limits, from outside.
//!
//! The child is this executable under the subcommand `read-child`, which puts bounds on itself for good (`confine/`)
//! and then reads, or becomes poppler (`child.rs`). It gets the file on its standard input, opened for reading only,
//! two pipes, and an environment of two fixed words. It has no scratch folder, nor any other place to write: that is
//! stricter than a private one.

use super::ReadError;
use super::child::{EXIT_DAMAGED, EXIT_FAILED, EXIT_PASSWORD, EXIT_TOOL_MISSING};
use crate::config::ReadingConfig;
use crate::domain::DocumentProblem;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;

/// What is kept of a child's complaints.
const STDERR_BYTES: u64 = 4 * 1024;
/// CPU time runs out first; this much later the wall clock ends a child that does nothing.
const WALL_SLACK: Duration = Duration::from_secs(5);

/// Has a child read `scratch` as `format`; answers its text and whether that was cut at the limit.
pub(super) async fn run<E>(
    program: &Path,
    format: &'static str,
    scratch: &File,
    limits: &ReadingConfig,
) -> Result<(String, bool), ReadError<E>> {
    let mut child = Command::new(program)
        .arg("read-child")
        .arg(format)
        .arg("--cpu-seconds")
        .arg(limits.timeout.as_secs().max(1).to_string())
        .arg("--memory-bytes")
        .arg(limits.memory_bytes.to_string())
        .arg("--parent-pid")
        .arg(std::process::id().to_string())
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .current_dir("/")
        .stdin(Stdio::from(for_reading(scratch)?))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("the reading child has no pipes").into());
    };
    let most = limits.max_text_bytes as u64 + 1;
    let work = async {
        let (text, complaint) = tokio::join!(take(stdout, most), beginning(stderr));
        let (text, complaint) = (text?, complaint?);
        let cut = text.len() as u64 == most;
        if cut {
            // There is more than is kept; the child need not go on.
            child.start_kill()?;
        }
        io::Result::Ok((text, complaint, cut, child.wait().await?))
    };
    let Ok(done) = timeout(limits.timeout + WALL_SLACK, work).await else {
        return Err(DocumentProblem::TimedOut.into());
    };
    let (mut bytes, complaint, cut, status) = done?;
    if cut {
        bytes.truncate(limits.max_text_bytes);
    } else if !status.success() {
        let complaint = String::from_utf8_lossy(&complaint);
        return Err(problem(status.code(), signal(status), &complaint)?.into());
    }
    // A letter may be cut in two at the limit.
    Ok((String::from_utf8_lossy(&bytes).trim_end_matches('\u{fffd}').to_owned(), cut))
}

/// The same file from its beginning, opened once more, so that whoever gets this handle can't write. It has no name but
/// the one that the kernel gives to open files.
fn for_reading(scratch: &File) -> io::Result<File> {
    File::open(format!("/proc/self/fd/{}", scratch.as_raw_fd()))
}

/// The first words of a pipe that has to be read to its end: a writer whose pipe is closed dies of it.
async fn beginning(mut pipe: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let bytes = take(&mut pipe, STDERR_BYTES).await?;
    tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await?;
    Ok(bytes)
}

/// Reads up to `most` bytes, and no more.
async fn take(pipe: impl AsyncRead + Unpin, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.take(most).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn signal(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// What a child's end says of the file; an error where it says something of our own house.
fn problem(code: Option<i32>, signal: Option<i32>, complaint: &str) -> io::Result<DocumentProblem> {
    const SIGKILL: i32 = 9;
    const SIGXCPU: i32 = 24;
    // Rust's own: a parser that stumbles over a file stumbles over it the next time too.
    const EXIT_PANIC: i32 = 101;
    match (code, signal) {
        // Our own words.
        (Some(EXIT_TOOL_MISSING | EXIT_FAILED), _) => Err(io::Error::other(complaint.trim().to_owned())),
        (_, Some(SIGXCPU | SIGKILL)) => Ok(DocumentProblem::TimedOut),
        (Some(EXIT_PASSWORD), _) => Ok(DocumentProblem::Password),
        _ if complaint.contains("Incorrect password") => Ok(DocumentProblem::Password),
        _ if complaint.contains("Out of memory")
            || complaint.contains("memory allocation")
            || complaint.contains("bad_alloc") =>
        {
            Ok(DocumentProblem::TooLarge)
        }
        // poppler's own codes: 1 can't open, 3 not permitted, 99 other; a panic's; and whatever a parser dies of.
        (Some(EXIT_DAMAGED | EXIT_PANIC | 1 | 3 | 99), _) | (None, Some(_)) => Ok(DocumentProblem::Damaged),
        // Not what it said meanwhile: that may be the document's words.
        (code, signal) => {
            Err(io::Error::other(format!("the reading child ended with code {code:?}, signal {signal:?}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_childs_end_is_told_apart() {
        let of = |code, signal, text| problem(code, signal, text).ok();
        assert_eq!(of(Some(1), None, "Command Line Error: Incorrect password"), Some(DocumentProblem::Password));
        assert_eq!(of(Some(1), None, "Syntax Error: Couldn't read xref table"), Some(DocumentProblem::Damaged));
        assert_eq!(of(None, Some(24), ""), Some(DocumentProblem::TimedOut));
        assert_eq!(of(None, Some(11), ""), Some(DocumentProblem::Damaged));
        assert_eq!(of(None, Some(6), "memory allocation of 9 bytes failed"), Some(DocumentProblem::TooLarge));
        assert_eq!(of(Some(EXIT_TOOL_MISSING), None, ""), None);
        assert_eq!(of(Some(EXIT_FAILED), None, "docuvault: the reading child failed"), None);
        assert_eq!(of(Some(101), None, "panicked"), Some(DocumentProblem::Damaged));
        let unknown = problem(Some(42), None, "my secret").expect_err("nothing known");
        assert!(!unknown.to_string().contains("secret"), "a child's words are not for the log: {unknown}");
    }
}
