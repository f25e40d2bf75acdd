//! The reading child: what it may not do, what ends it, and that it reads all the same.
//!
//! Children are started as the worker starts them. Where the tests run as root, each is tried as root and as a user
//! without rights: the kernel exempts root from some bounds, and the others from none.

use crate::support::files::{endless_pdf, pdf, pdf_in};
use crate::support::process::{Process, command};
use crate::support::{PROGRAM, TestVault, eventually, id_of, program};
use docuvault::config::ReadingConfig;
use docuvault::extract::{Hint, Program, Reader};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// As whom children run in these tests.
pub struct Users {
    /// Copies of the programs and a way to them, where a user without rights can reach them.
    folder: TempDir,
}

/// A command before which `setpriv` gives up all rights.
const NOBODY: &str = "setpriv --reuid 65534 --regid 65534 --clear-groups";

impl Users {
    pub async fn new() -> Self {
        let folder = folder_for_all();
        if is_root() {
            // Another process writes them: this one forks all the time, and a program that is open for writing
            // somewhere can't be started.
            let script = format!(
                "install -D -m 755 -t programs {PROGRAM} {PROGRAM}-reader {PROGRAM}-renderer && \
                 echo '#!/bin/sh\nexec {NOBODY} \"${{0%/*}}/programs/${{0##*/}}\" \"$@\"' > docuvault && \
                 tee docuvault-reader docuvault-renderer < docuvault > /dev/null && \
                 chmod 755 programs docuvault docuvault-reader docuvault-renderer"
            );
            let status = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).status().await;
            assert!(status.expect("a shell").success());
        }
        Self { folder }
    }

    /// The programs to try: as the user of this test, and as one without rights.
    pub fn programs(&self) -> Vec<Program> {
        let mut programs = vec![program()];
        if is_root() {
            programs.push(Program::beside(self.as_nobody()));
        }
        programs
    }

    /// The program as a user without rights.
    fn as_nobody(&self) -> PathBuf {
        if is_root() { self.folder.path().join("docuvault") } else { PathBuf::from(PROGRAM) }
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A folder in which everyone may do everything.
fn folder_for_all() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("a mode");
    folder
}

fn limits() -> ReadingConfig {
    ReadingConfig {
        timeout: Duration::from_secs(20),
        memory_bytes: 1 << 30,
        max_text_bytes: 64 * 1024,
        ..ReadingConfig::default()
    }
}

async fn text_of(reader: &Reader, bytes: Vec<u8>) -> String {
    let source = futures_util::stream::iter([Ok::<_, Infallible>(bytes.into())]);
    let hint = Hint { content_type: "application/octet-stream", extension: None };
    reader.read(hint, None, source).await.expect("it is read").text.expect("there is text").text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_read_under_all_bounds_as_any_user() {
    let latin = pdf_in(
        "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding /WinAnsiEncoding >>",
        r"(Gr\374\337e f\374r 10 \200)",
        &[],
    );
    // Shift JIS, in a font that is not in the file: poppler needs its tables.
    let japanese = pdf_in(
        "<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /90ms-RKSJ-H /DescendantFonts [6 0 R] >>",
        "<93fa967b8cea82cc95b68f91>",
        &[
            "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 /FontDescriptor 7 0 R \
             /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>",
            "<< /Type /FontDescriptor /FontName /HeiseiMin-W3 /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 \
             /Ascent 800 /Descent -200 /CapHeight 800 /StemV 80 >>",
        ],
    );
    let users = Users::new().await;
    for program in users.programs() {
        let reader = Reader::new(limits(), program.clone());
        for (bytes, words) in [
            (pdf(&["plain words"]), "plain words"),
            (latin.clone(), "Grüße für 10 €"),
            (japanese.clone(), "日本語の文書"),
            ("<html><p>Grüße &amp; mehr</p></html>".into(), "Grüße & mehr"),
        ] {
            let text = text_of(&reader, bytes).await;
            assert!(text.contains(words), "{program:?}: {text:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_behind_more_files_than_are_read_is_read() {
    let part =
        |name: &str, bytes: &str| format!("--b\r\nContent-Disposition: attachment; filename={name}\r\n\r\n{bytes}\r\n");
    let mail = |parts: &str| {
        format!(
            "From a@b.c Fri Mar  1 14:30:00 2024\r\nFrom: a@b.c\r\nTo: d@e.f\r\nMessage-ID: <1@b.c>\r\n\
             Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nWords\r\n{parts}--b--\r\n\r\n"
        )
    };
    let logos = part("logo.gif", "GIF89a").repeat(250);
    let notes: String = (0..201).map(|number| part(&format!("{number}.txt"), &format!("note{number}"))).collect();
    let folder = [mail(&logos), mail(&notes), mail("").replace("Words", "The last words")].concat();
    let text = text_of(&Reader::new(limits(), program()), folder.into_bytes()).await;
    assert!(text.contains("note199") && text.contains("200.txt") && !text.contains("note200"), "{text}");
    assert!(text.contains("The last words"), "{text}");
}

#[cfg(feature = "fault-injection")]
mod breaking_out {
    use super::*;
    use docuvault::domain::DocumentProblem;
    use docuvault::extract::{ReadError, lacks_landlock};

    /// What only Landlock refuses: to read what the user may read.
    const READING: &[&str] = &[
        "read a file",
        "read /etc/passwd",
        "read the parent's environment",
        "read the parent's memory",
        "list a folder",
        "list the parent's files",
    ];

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_child_that_tries_to_break_out_is_refused_everything() {
        let users = Users::new().await;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let folder = folder_for_all();
        let secret = folder.path().join("secret");
        fs::write(&secret, "untouched").expect("a file");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o666)).expect("a mode");
        let socket = folder.path().join("socket");
        let _heard = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).expect("a mode");

        for program in users.programs() {
            for format in [
                "probe-html",
                "probe-pdf",
                "probe-drawing",
                "probe-renderer",
                "probe-tesseract",
                "probe-qpdf",
                "probe-without-landlock",
            ] {
                let reader = Reader::new(limits(), program.clone());
                let script = format!("tries {} {address}", folder.path().display());
                let (said, _) = reader.probe(format, &script).await.expect("it tries all");
                let mut allowed = Vec::new();
                let mut environment = false;
                for line in said.lines() {
                    if let Some(names) = line.strip_prefix("environment ") {
                        // The folder is from the shell that `as-nobody` is.
                        let known = |name: &str| matches!(name, "LANG" | "PATH" | "PWD");
                        assert!(names.split(' ').all(known), "{names}");
                        environment = true;
                    } else if let Some(name) = line.strip_suffix(" ALLOWED") {
                        allowed.push(name);
                    } else {
                        assert!(line.contains(" refused "), "{line}");
                    }
                }
                let last = said.lines().last().unwrap_or_default();
                assert!(last.starts_with("become another program"), "it lived to the last try: {said}");
                assert!(environment, "{said}");
                let without_landlock = format == "probe-without-landlock" || lacks_landlock();
                allowed.retain(|name| match *name {
                    // Another program under the same bounds: so a child becomes poppler, or another tool.
                    "become another program" => {
                        matches!(format, "probe-html" | "probe-renderer" | "probe-without-landlock")
                    }
                    name => !(without_landlock && READING.contains(&name)),
                });
                assert!(allowed.is_empty(), "{format} as {program:?}: {allowed:?}");
            }
        }
        assert_eq!(fs::read_to_string(&secret).expect("it is there"), "untouched");
        let left = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 2, "nothing was made");
        listener.set_nonblocking(true).expect("a listener");
        assert!(listener.accept().is_err(), "nobody came");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_child_that_goes_too_far_is_ended() {
        let users = Users::new().await;
        let limits = ReadingConfig {
            timeout: Duration::from_secs(1),
            memory_bytes: 256 << 20,
            max_text_bytes: 64 * 1024,
            ..ReadingConfig::default()
        };
        for program in users.programs() {
            let reader = &Reader::new(limits.clone(), program);
            let end = async |script: &str| match reader.probe("probe-html", script).await {
                Err(ReadError::Unreadable(problem)) => problem,
                other => panic!("{script}: {other:?}"),
            };
            // Side by side: the last one is ended by the wall clock alone, six seconds later.
            let (memory, cpu, stack, idle) = tokio::join!(end("memory"), end("cpu"), end("stack"), end("sleep"));
            assert_eq!(memory, DocumentProblem::TooLarge);
            assert_eq!(cpu, DocumentProblem::TimedOut);
            assert_eq!(stack, DocumentProblem::Damaged);
            assert_eq!(idle, DocumentProblem::TimedOut);
            let (text, cut) = reader.probe("probe-html", "output").await.expect("its first words are kept");
            assert!(cut);
            assert_eq!(text.len(), limits.max_text_bytes);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_whose_parent_is_gone_reads_nothing() {
    let mut child = command(&["read-child", "html"], &docuvault::config::Variables::default());
    child.args(["--cpu-seconds", "5", "--memory-bytes", "1000000000", "--parent-pid", "1"]);
    let output = child.stdin(Stdio::null()).output().await.expect("the program runs");
    assert_eq!(output.status.code(), Some(docuvault::extract::child::EXIT_FAILED));
    assert!(output.stdout.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_has_nothing_of_its_worker_and_dies_with_it() {
    let vault = TestVault::new().await;
    // A file that is handed on from process to process, as some programs leave them open.
    let inherited = fs::File::open("/dev/null").expect("a file");
    rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty()).expect("a flag");
    let worker = Process::spawn("worker", &vault.variables);
    // So the worker has open connections to all stores.
    let first = id_of(&vault.put_in("first.html", "<html><p>words</p></html>").await);
    vault.processed(&first).await;
    vault.put_in("endless.pdf", endless_pdf()).await;
    let child = eventually("poppler works on it", || async {
        let mut children = children_of(worker.pid()).into_iter();
        children.find(|child| read(*child, "comm").trim() == "pdftotext")
    })
    .await;

    let mut handles: Vec<_> = fs::read_dir(format!("/proc/{child}/fd")).expect("a folder").collect();
    handles.sort_by_key(|entry| entry.as_ref().expect("an entry").file_name());
    let handles: Vec<(String, String)> = handles
        .into_iter()
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let target = fs::read_link(&path).expect("a link");
            (path.file_name().expect("a name").to_string_lossy().into_owned(), target.to_string_lossy().into_owned())
        })
        // It may be so young that its linker still has a library open.
        .filter(|(_, target)| !target.starts_with("/usr/lib/") && !target.starts_with("/lib/"))
        .collect();
    assert_eq!(handles.iter().map(|(number, _)| number.as_str()).collect::<Vec<_>>(), ["0", "1", "2"], "{handles:?}");
    assert!(handles[0].1.ends_with("(deleted)"), "{handles:?}");
    assert!(handles[1..].iter().all(|(_, target)| target.starts_with("pipe:")), "{handles:?}");
    let opened = read(child, "fdinfo/0");
    let flags = opened.lines().find_map(|line| line.strip_prefix("flags:")).expect("flags").trim();
    assert!(flags.ends_with('0'), "standard input is opened for reading alone: {opened}");

    assert_eq!(read(child, "environ"), "LANG=C.UTF-8\0PATH=/usr/local/bin:/usr/bin:/bin\0");
    let status = fields(&read(child, "status"));
    for (name, value) in [("NoNewPrivs", "1"), ("Seccomp", "2"), ("Threads", "1")] {
        assert_eq!(status.get(name).map(String::as_str), Some(value), "{name}: {status:?}");
    }
    for name in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert!(status[name].chars().all(|digit| digit == '0'), "{name}: {}", status[name]);
    }
    let limits = read(child, "limits");
    for (name, most) in [
        ("Max cpu time", "60"),
        ("Max address space", "1073741824"),
        ("Max file size", "0"),
        ("Max core file size", "0"),
        ("Max processes", "0"),
        ("Max open files", "32"),
    ] {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).expect("a limit");
        let values: Vec<&str> = line.split_whitespace().take(2).collect();
        assert_eq!(values, [most, most], "{name}: {line}");
    }

    worker.kill().await;
    eventually("the child is gone", || async { (!lives(child)).then_some(()) }).await;
}

/// As a service manager does that stops all processes of a service, and a terminal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_is_told_to_stop_says_nothing_of_its_document() {
    let vault = TestVault::new().await;
    let worker = Process::spawn("worker", &vault.variables);
    let id = id_of(&vault.put_in("endless.pdf", endless_pdf()).await);
    let reading = || async {
        let mut children = children_of(worker.pid()).into_iter();
        children.find(|child| read(*child, "comm").trim() == "pdftotext")
    };
    let child = eventually("poppler works on it", reading).await;
    let group = |pid: u32| read(pid, "stat").split_whitespace().nth(4).map(ToOwned::to_owned);
    assert_ne!(group(child), group(worker.pid()), "what a terminal sends is for the worker");
    let pid = rustix::process::Pid::from_raw(child.try_into().expect("a pid")).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it lives");
    eventually("the job waits for another attempt", || async {
        let jobs = vault.get_json("/jobs?state=queued").await;
        (jobs["items"][0]["attempts"] == 1).then_some(())
    })
    .await;
    let document = vault.document(&id).await;
    assert_eq!((&document["status"], &document["error"]), (&json!("pending"), &Value::Null), "{document}");
    eventually("it is read again", reading).await;
    worker.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_shows_its_secrets_to_no_other_process_of_its_user() {
    let vault = TestVault::new().await;
    let users = Users::new().await;
    let settings = command(&["worker"], &vault.variables);
    let mut worker = Command::new(users.as_nobody());
    worker.arg("worker").env_clear().stdin(Stdio::null()).kill_on_drop(true);
    for (name, value) in settings.as_std().get_envs() {
        worker.env(name, value.expect("it is set"));
    }
    let worker = Process { child: worker.spawn().expect("the program starts") };
    // It can still hand a file over to its children.
    let id = id_of(&vault.put_in("a.pdf", pdf(&["plain words"])).await);
    vault.processed(&id).await;
    assert!(vault.text(&id).await.contains("plain words"));

    for name in ["environ", "mem", "fd"] {
        let script = format!("[ -e /proc/{pid}/{name} ] && ! [ -r /proc/{pid}/{name} ]", pid = worker.pid());
        let mut look = match is_root() {
            true => Command::new("setpriv"),
            false => Command::new("env"),
        };
        if is_root() {
            look.args(NOBODY.split(' ').skip(1));
        }
        let status = look.args(["sh", "-c", &script]).status().await.expect("a shell");
        assert!(status.success(), "{name} can be read");
    }
}

fn read(pid: u32, name: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default()
}

/// The lines `NAME: VALUE` of a file in /proc.
fn fields(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

fn children_of(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| fields(&read(*pid, "status")).get("PPid").is_some_and(|ppid| *ppid == parent.to_string()))
        .collect()
}

/// Is there, and is more than a name that waits to be struck off.
fn lives(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
        && fields(&read(pid, "status")).get("State").is_some_and(|state| !state.starts_with('Z'))
}
