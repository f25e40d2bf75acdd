//! Runs a reading child and keeps it within its limits, from outside.
//!
//! The child is one of three programs (`program.rs`) under the subcommand `read-child`, which puts bounds on itself for
//! good (`confine/`) and then reads, or becomes a tool such as poppler (`child.rs`). It gets the file on its standard
//! input, opened for reading only, two pipes, and an environment of two fixed words. It has no scratch folder, nor any
//! other place to write: that is stricter than a private one. Whoever started it takes what it says, as text, bytes or a
//! file.

use super::ReadError;
use super::child::{
    EXIT_BLANK, EXIT_DAMAGED, EXIT_FAILED, EXIT_PASSWORD, EXIT_TOO_LARGE, EXIT_TOOL_MISSING, EXIT_UNSUPPORTED, Format,
    Options,
};
use super::program::Program;
use crate::config::ReadingConfig;
use crate::domain::DocumentProblem;
use clap::ValueEnum;
use secrecy::{ExposeSecret, SecretString};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStdout, Command};
use tokio::time::timeout;

/// What is kept of a child's complaints.
const STDERR_BYTES: u64 = 4 * 1024;
/// CPU time runs out first; this much later the wall clock ends a child that does nothing.
const WALL_SLACK: Duration = Duration::from_secs(5);

/// What a child is to do, and within what.
#[derive(Debug, Clone)]
pub(super) struct Task {
    /// What it reads.
    pub format: Format,
    /// What of it, and how.
    pub options: Options,
    /// CPU time; five seconds more by the clock on the wall.
    pub cpu: Duration,
    /// Address space, in bytes.
    pub memory_bytes: u64,
    /// What opens the file. It goes through a socket, so that it stands in no list of processes.
    pub password: Option<SecretString>,
}

impl Task {
    /// To read all of `format`, within the limits of one file.
    pub fn new(format: Format, limits: &ReadingConfig) -> Self {
        Self {
            format,
            options: Options::default(),
            cpu: limits.timeout,
            memory_bytes: limits.memory_bytes,
            password: None,
        }
    }

    /// The same with `options`.
    pub fn with(self, options: Options) -> Self {
        Self { options, ..self }
    }
}

/// What was taken of a child's output.
#[derive(Debug)]
pub(super) enum Taken<T> {
    /// All there is. Then the child's end counts: without a good one there is no result.
    Whole(T),
    /// As much as is wanted. The child is ended, and how it ends means nothing.
    Enough(T),
}

/// Has a child do `task` on `scratch`, and hands its output to `take`.
///
/// Where `take` fails the child is ended. Where it failed for too much output, that is `TooLarge`, and how the child
/// ended means nothing: it died of the pipe that nobody read any more. Else how it has ended by itself goes first: an
/// output that breaks off is what a child leaves that has died. Else an error of the kind `InvalidData` or
/// `UnexpectedEof` means that the child talked nonsense, and that is `Damaged`; any other is an error of our own house.
pub(super) async fn run<T, E>(
    program: &Program,
    task: &Task,
    scratch: &File,
    take: impl AsyncFnOnce(ChildStdout) -> io::Result<Taken<T>>,
) -> Result<T, ReadError<E>> {
    let mut command = Command::new(program.of(task.format));
    command
        .arg("read-child")
        .arg(task.format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default())
        .args(task.options.arguments())
        .arg("--cpu-seconds")
        .arg(task.cpu.as_secs().max(1).to_string())
        .arg("--memory-bytes")
        .arg(task.memory_bytes.to_string())
        .arg("--parent-pid")
        .arg(std::process::id().to_string())
        .env_clear()
        .env("PATH", super::tools::PATH)
        .env("LANG", "C.UTF-8")
        .current_dir("/")
        .stdin(Stdio::from(for_reading(scratch)?))
        .stdout(Stdio::piped())
        // A signal from the terminal is for the worker, which ends its children itself.
        .process_group(0)
        .kill_on_drop(true);
    let complaints = match &task.password {
        None => {
            command.stderr(Stdio::piped());
            None
        }
        Some(password) => {
            let (ours, theirs) = two_ways(password)?;
            command.stderr(Stdio::from(theirs));
            Some(ours)
        }
    };
    let mut child = command.spawn()?;
    // It holds the other end of the socket, which would never come to its end.
    drop(command);
    let Some(stdout) = child.stdout.take() else {
        return Err(io::Error::other("the reading child has no pipes").into());
    };
    let complaints: Box<dyn AsyncRead + Unpin + Send> = match (complaints, child.stderr.take()) {
        (Some(socket), _) => Box::new(tokio::net::UnixStream::from_std(socket)?),
        (None, Some(pipe)) => Box::new(pipe),
        (None, None) => return Err(io::Error::other("the reading child has no pipes").into()),
    };
    let work = async {
        let taking = async {
            let taken = take(stdout).await;
            let ended = match &taken {
                Ok(Taken::Whole(_)) => Ok(None),
                // There is more than is wanted; the child need not go on.
                Ok(Taken::Enough(_)) => child.start_kill().map(|()| None),
                // It may have died, and be waited for in a moment; or it may go on for ever.
                Err(_) => match timeout(GRACE, child.wait()).await {
                    Ok(status) => status.map(Some),
                    Err(_) => child.start_kill().map(|()| None),
                },
            };
            (taken, ended)
        };
        let ((taken, ended), complaint) = tokio::join!(taking, beginning(complaints));
        let status = child.wait().await?;
        let by_itself = ended?.is_some();
        io::Result::Ok((taken, by_itself, complaint?, status))
    };
    let Ok(done) = timeout(task.cpu + WALL_SLACK, work).await else {
        return Err(DocumentProblem::TimedOut.into());
    };
    let (taken, by_itself, complaint, status) = done?;
    let judged = || match status.success() {
        true => Ok(()),
        false => Err(problem(status.code(), signal(status), &String::from_utf8_lossy(&complaint))),
    };
    match taken {
        Ok(Taken::Enough(output)) => Ok(output),
        Ok(Taken::Whole(output)) => match judged() {
            Ok(()) => Ok(output),
            Err(problem) => Err(problem?.into()),
        },
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(DocumentProblem::TooLarge.into()),
        Err(error) => {
            if by_itself && let Err(problem) = judged() {
                return Err(problem?.into());
            }
            match error.kind() {
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Err(DocumentProblem::Damaged.into()),
                _ => Err(error.into()),
            }
        }
    }
}

/// Takes text up to `most` bytes; whether it was cut there.
pub(super) async fn text(stdout: ChildStdout, most: usize) -> io::Result<Taken<(String, bool)>> {
    let mut bytes = Vec::new();
    stdout.take(most as u64 + 1).read_to_end(&mut bytes).await?;
    let cut = bytes.len() > most;
    bytes.truncate(most);
    // A letter may be cut in two at the limit.
    let text = String::from_utf8_lossy(&bytes).trim_end_matches('\u{fffd}').to_owned();
    Ok(if cut { Taken::Enough((text, true)) } else { Taken::Whole((text, false)) })
}

/// Takes up to `most` bytes into memory. More is `TooLarge`.
pub(super) async fn bytes(stdout: ChildStdout, most: usize) -> io::Result<Taken<Vec<u8>>> {
    let mut bytes = Vec::new();
    stdout.take(most as u64 + 1).read_to_end(&mut bytes).await?;
    if bytes.len() > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(Taken::Whole(bytes)) }
}

/// Takes up to `most` bytes into a file without a name. More is `TooLarge`.
pub(super) async fn scratch(stdout: ChildStdout, most: u64) -> io::Result<Taken<File>> {
    let pipe = File::from(stdout.into_owned_fd()?);
    // On a thread that may wait: the kernel moves the bytes, none goes through this process. The child's end ends it.
    let copied = tokio::task::spawn_blocking(move || {
        let mut file = tempfile::tempfile()?;
        let copied = io::copy(&mut io::Read::take(pipe, most + 1), &mut file)?;
        file.rewind()?;
        io::Result::Ok((file, copied))
    });
    let (file, copied) = copied.await.map_err(io::Error::other)??;
    if copied > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(Taken::Whole(file)) }
}

/// How long a child whose output made no sense is given to have ended by itself.
const GRACE: Duration = Duration::from_millis(500);

/// A socket for a child's complaints, in which the password waits for it.
fn two_ways(password: &SecretString) -> io::Result<(UnixStream, OwnedFd)> {
    let (mut ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    ours.write_all(password.expose_secret().as_bytes())?;
    ours.shutdown(std::net::Shutdown::Write)?;
    Ok((ours, theirs.into()))
}

/// The same file from its beginning, opened once more, so that whoever gets this handle can't write. It has no name but
/// the one that the kernel gives to open files.
fn for_reading(scratch: &File) -> io::Result<File> {
    File::open(format!("/proc/self/fd/{}", scratch.as_raw_fd()))
}

/// The first words of a pipe that has to be read to its end: a writer whose pipe is closed dies of it.
async fn beginning(mut pipe: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&mut pipe).take(STDERR_BYTES).read_to_end(&mut bytes).await?;
    tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await?;
    Ok(bytes)
}

fn signal(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// What a child's end says of the file; an error where it says something of our own house.
fn problem(code: Option<i32>, signal: Option<i32>, complaint: &str) -> io::Result<DocumentProblem> {
    /// SIGHUP, SIGINT, SIGQUIT, SIGTERM: somebody ends the service with all its processes, or the machine goes down.
    const OF_A_STOP: [i32; 4] = [1, 2, 3, 15];
    const SIGKILL: i32 = 9;
    const SIGXCPU: i32 = 24;
    // Rust's own: a parser that stumbles over a file stumbles over it the next time too.
    const EXIT_PANIC: i32 = 101;
    match (code, signal) {
        // Our own words.
        (Some(EXIT_TOOL_MISSING | EXIT_FAILED), _) => Err(io::Error::other(complaint.trim().to_owned())),
        (_, Some(signal)) if OF_A_STOP.contains(&signal) => {
            Err(io::Error::other(format!("the reading child was told to stop, by signal {signal}")))
        }
        (_, Some(SIGXCPU | SIGKILL)) => Ok(DocumentProblem::TimedOut),
        (Some(EXIT_PASSWORD), _) => Ok(DocumentProblem::Password),
        (Some(EXIT_TOO_LARGE), _) => Ok(DocumentProblem::TooLarge),
        (Some(EXIT_UNSUPPORTED), _) => Ok(DocumentProblem::Unsupported),
        (Some(EXIT_BLANK), _) => Ok(DocumentProblem::Empty),
        // poppler's words, and qpdf's.
        _ if complaint.contains("Incorrect password") || complaint.contains("invalid password") => {
            Ok(DocumentProblem::Password)
        }
        _ if complaint.contains("Out of memory")
            || complaint.contains("memory allocation")
            || complaint.contains("bad_alloc") =>
        {
            Ok(DocumentProblem::TooLarge)
        }
        // A language that is not installed.
        (Some(1), _) if complaint.contains("Failed loading language") || complaint.contains("load any languages") => {
            Err(io::Error::other("tesseract lacks a language"))
        }
        (Some(2), _) if complaint.contains("qpdf: ") => Ok(DocumentProblem::Damaged),
        // poppler's own codes: 1 can't open, 3 not permitted, 99 other; tesseract's 1; a panic's; and whatever a parser
        // dies of.
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
    use std::convert::Infallible;

    #[test]
    fn a_childs_end_is_told_apart() {
        let of = |code, signal, text| problem(code, signal, text).ok();
        assert_eq!(of(Some(1), None, "Command Line Error: Incorrect password"), Some(DocumentProblem::Password));
        assert_eq!(of(Some(2), None, "qpdf: /proc/self/fd/0: invalid password"), Some(DocumentProblem::Password));
        assert_eq!(of(Some(1), None, "Syntax Error: Couldn't read xref table"), Some(DocumentProblem::Damaged));
        assert_eq!(of(None, Some(24), ""), Some(DocumentProblem::TimedOut));
        assert_eq!(of(None, Some(11), ""), Some(DocumentProblem::Damaged));
        assert_eq!(of(None, Some(6), "memory allocation of 9 bytes failed"), Some(DocumentProblem::TooLarge));
        assert_eq!(of(Some(EXIT_TOO_LARGE), None, ""), Some(DocumentProblem::TooLarge));
        assert_eq!(of(Some(EXIT_UNSUPPORTED), None, ""), Some(DocumentProblem::Unsupported));
        assert_eq!(of(Some(EXIT_BLANK), None, ""), Some(DocumentProblem::Empty));
        assert_eq!(of(Some(EXIT_TOOL_MISSING), None, ""), None);
        assert_eq!(of(Some(EXIT_FAILED), None, "docuvault: the reading child failed"), None);
        assert_eq!(of(Some(101), None, "panicked"), Some(DocumentProblem::Damaged));
        for of_a_stop in [1, 2, 3, 15] {
            assert_eq!(of(None, Some(of_a_stop), "Syntax Error"), None, "{of_a_stop}: it says nothing of the file");
        }
        let unknown = problem(Some(42), None, "my secret").expect_err("nothing known");
        assert!(!unknown.to_string().contains("secret"), "a child's words are not for the log: {unknown}");
    }

    /// The page of a PDF that is too large as it is drawn first is drawn once more, smaller, where it is told so.
    #[tokio::test]
    async fn more_than_is_taken_is_too_large_though_the_child_dies_of_it() {
        let (limits, nothing) = (ReadingConfig::default(), tempfile::tempfile().expect("a file"));
        // It writes its arguments: more than a pipe holds, so that it still writes when nobody reads any more.
        let echo = Program::alone("/bin/echo".into());
        let options = Options { languages: Some("x".repeat(100_000)), ..Options::default() };
        let task = Task::new(Format::PdfPage, &limits).with(options);
        let drawn = run::<_, Infallible>(&echo, &task, &nothing, async |out| scratch(out, 1000).await).await;
        assert!(matches!(drawn, Err(ReadError::Unreadable(DocumentProblem::TooLarge))), "{drawn:?}");
        let made = run::<_, Infallible>(&echo, &task, &nothing, async |out| bytes(out, 1000).await).await;
        assert!(matches!(made, Err(ReadError::Unreadable(DocumentProblem::TooLarge))), "{made:?}");
    }
}
