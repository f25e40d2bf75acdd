//! `docuvault import` and `docuvault export`: the real program against a vault that runs.

use crate::support::files::{INVOICE, noise, pdf};
use crate::support::process::{ServeProcess, command};
use crate::support::proxy::{Proxy, target_of, through};
use crate::support::{TestVault, eventually, file_part, id_of, setting};
use docuvault::config::Variables;
use reqwest::multipart::Form;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::{TempDir, tempdir};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

/// What the program printed, and how it ended.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    /// The summary begins like this.
    fn assert(&self, code: i32, summary: &str) {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        let last = self.out.lines().last().unwrap_or_default();
        assert!(last.starts_with(summary), "{}{}", self.out, self.err);
        assert!(!self.out.contains('\u{1b}') && !self.err.contains('\u{1b}'), "no terminal, no escape codes");
        assert!(!self.out.contains('\r') && !self.err.contains('\r'));
    }
}

/// The client, with no setting in its environment.
fn client(what: &str, url: &str, patience: u32) -> Command {
    command(&[what, "--url", url, "--patience", &patience.to_string()], &Variables::default())
}

async fn end(command: &mut Command) -> Ended {
    let output = command.stdin(Stdio::null()).output().await.expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

async fn import(url: &str, path: &Path, more: &[&str]) -> Ended {
    end(client("import", url, 60).args(more).arg(path)).await
}

async fn export(url: &str, folder: &Path) -> Ended {
    end(client("export", url, 60).arg(folder)).await
}

async fn documents(vault: &TestVault) -> Vec<Value> {
    let list = vault.get_json("/documents?limit=200&sort=filename").await;
    assert_eq!(list["next_cursor"], Value::Null);
    list["items"].as_array().expect("a list").clone()
}

async fn names(vault: &TestVault) -> Vec<String> {
    documents(vault).await.iter().map(|document| document["filename"].as_str().expect("a name").to_owned()).collect()
}

fn manifest(folder: &Path) -> Value {
    let bytes = fs::read(folder.join("docuvault-export.json")).expect("a manifest");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// Everything in a folder but the manifest.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    entries
        .filter(|entry| entry.file_name() != "docuvault-export.json")
        .map(|entry| (entry.file_name().into_string().expect("UTF-8"), fs::read(entry.path()).expect("a file")))
        .collect()
}

fn write(folder: &Path, name: impl AsRef<OsStr>, bytes: impl AsRef<[u8]>) {
    fs::write(folder.join(name.as_ref()), bytes).expect("a file");
}

/// `count` files of noise, each its own.
fn many(count: u64, length: usize) -> TempDir {
    let folder = tempdir().expect("a folder");
    for n in 0..count {
        write(folder.path(), format!("{n:03}.bin"), noise(n + 1, length));
    }
    folder
}

/// A way to the vault's own server that can be cut.
async fn proxied(vault: &TestVault) -> (Proxy, String) {
    let proxy = Proxy::to(&target_of(&vault.url)).await;
    let url = through(&vault.url, &proxy);
    (proxy, url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tree_goes_in_once_and_what_is_no_document_is_told() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let serve = ServeProcess::start(&vault).await;
    let folder = tempdir().expect("a folder");
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("below/deeper")).expect("folders");
    write(&tree, "Rechnung \"März\" 100%.pdf", pdf(&[INVOICE]));
    write(&tree, ".hidden.txt", "hidden");
    write(&tree.join("below"), "発票.txt", "words in a file");
    write(&tree.join("below/deeper"), "large.bin", noise(7, 9 * 1024 * 1024));
    write(&tree.join("below/deeper"), "the same again.txt", "words in a file");
    write(&tree.join("below"), OsStr::from_bytes(b"caf\xe9.txt"), "a name of another time");
    write(&tree.join("below"), "empty.txt", "");
    write(&tree, "bad\u{1b}[31mname.txt", "its name would paint the terminal");
    symlink(&tree, tree.join("below/loop")).expect("a link");
    rustix::fs::mknodat(rustix::fs::CWD, tree.join("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .expect("a pipe");

    let dry = import(&serve.url, &tree, &["--dry-run", "--topic", "Attic"]).await;
    dry.assert(1, "Would upload 5 files (9.00 MiB), 1 there already, 3 left out, 1 failed.");
    assert!(dry.out.contains("would upload ") && dry.out.contains("deeper/large.bin"), "{}", dry.out);
    assert_eq!(documents(&vault).await, Vec::<Value>::new());
    let topics = vault.get_json("/topics").await;
    assert!(!topics["items"].as_array().expect("a list").iter().any(|topic| topic["name"] == "Attic"));

    let first = import(&serve.url, &tree, &["--topic", "Attic"]).await;
    first.assert(1, "Uploaded 5 files (9.00 MiB), 1 there already, 3 left out, 1 failed.");
    for words in [
        "empty.txt: left out: it is empty",
        "below/loop: left out: it is a symbolic link",
        "pipe: left out: it is no regular file",
        "name.txt: The file's name must not contain control characters.",
        "its name is no UTF-8; it is kept as caf\u{FFFD}.txt",
    ] {
        assert!(first.err.contains(words), "{words} is not in {}", first.err);
    }
    let kept: BTreeSet<_> = names(&vault).await.into_iter().collect();
    let one_of_two = if kept.contains("発票.txt") { "発票.txt" } else { "the same again.txt" };
    let expected = [".hidden.txt", "Rechnung \"März\" 100%.pdf", "caf\u{FFFD}.txt", "large.bin", one_of_two];
    assert_eq!(kept, expected.map(str::to_owned).into());
    for document in documents(&vault).await {
        let document = vault.processed(&id_of(&document)).await;
        assert_eq!(document["topics"][0]["name"], "Attic", "{document}");
        assert_eq!((document["topics"].as_array().map(Vec::len), &document["topics_by_user"]), (Some(1), &json!(true)));
        if document["filename"] == "large.bin" {
            assert_eq!(vault.bytes(&id_of(&document)).await, noise(7, 9 * 1024 * 1024));
        }
    }

    fs::remove_file(tree.join("bad\u{1b}[31mname.txt")).expect("it was there");
    // A link that is named is followed, and its name counts.
    write(folder.path(), "target", "behind the link");
    symlink(folder.path().join("target"), folder.path().join("link.txt")).expect("a link");
    let again = end(client("import", &serve.url, 60).arg(&tree).arg(folder.path().join("link.txt"))).await;
    again.assert(0, "Uploaded 1 file (15 B), 6 there already, 3 left out, 0 failed.");
    assert!(names(&vault).await.contains(&"link.txt".to_owned()));
    vault.assert_tidy().await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_killed_goes_on_where_it_ended() {
    let vault = TestVault::new().await;
    let (proxy, url) = proxied(&vault).await;
    let folder = many(40, 100_000);
    proxy.delay(std::time::Duration::from_millis(20));
    let mut running = client("import", &url, 60).arg(folder.path()).stdin(Stdio::null()).spawn().expect("it starts");
    let count = || async { vault.count("SELECT count(*) FROM documents").await };
    eventually("some are there", || async { (count().await >= 5).then_some(()) }).await;
    running.kill().await.expect("it can be killed");
    proxy.mend();
    let there = count().await;
    assert!(there < 40, "it was killed in the middle");

    import(&url, folder.path(), &[]).await.assert(0, "Uploaded ");
    let documents = documents(&vault).await;
    let hashes: BTreeSet<_> = documents.iter().map(|document| document["sha256"].to_string()).collect();
    assert_eq!((documents.len(), hashes.len()), (40, 40));
    import(&url, folder.path(), &[]).await.assert(0, "Uploaded 0 files (0 B), 40 there already, 0 failed.");
    eventually("nothing of what was broken off is left", || async {
        (vault.object_keys().await.len() == 40).then_some(())
    })
    .await;
    vault.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupt_ends_cleanly_with_the_summary() {
    let vault = TestVault::new().await;
    let (proxy, url) = proxied(&vault).await;
    let folder = many(6, 100_000);
    write(folder.path(), "large.bin", noise(99, 20 * 1024 * 1024));
    let mut import = client("import", &url, 60);
    import.arg(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    proxy.delay(std::time::Duration::from_millis(20));
    let running = import.spawn().expect("it starts");
    eventually("one is there", || async { (vault.count("SELECT count(*) FROM documents").await >= 1).then_some(()) })
        .await;
    proxy.stall();
    let pid = Pid::from_raw(running.id().expect("it runs").cast_signed()).expect("a pid");
    kill_process(pid, Signal::INT).expect("it can be signalled");
    let output = running.wait_with_output().await.expect("it ends");
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.starts_with("Uploaded ") && out.contains(" not reached. Stopped before the end"), "{out}");
    proxy.mend();
    let again = self::import(&url, folder.path(), &[]).await;
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
    assert_eq!(documents(&vault).await.len(), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_that_is_away_is_waited_for_but_not_for_ever() {
    let postgres = Proxy::to(&target_of(&setting("TEST_POSTGRES_URL"))).await;
    let vault = TestVault::builder().set("DATABASE_PROXY", &postgres.address.to_string()).start().await;
    let (proxy, url) = proxied(&vault).await;
    let folder = many(3, 1000);

    // Nobody answers.
    proxy.cut();
    let ended = end(client("import", &url, 1).arg(folder.path())).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    assert!(ended.err.contains("the vault can't be reached: ") && ended.err.contains(&url), "{}", ended.err);
    assert!(ended.err.contains("; trying again in 1 s"), "{}", ended.err);
    let ended = end(client("export", &url, 1).arg(folder.path().join("new"))).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("the vault can't be reached: "), "{}", ended.err);
    assert!(!folder.path().join("new").exists(), "nothing is made for nothing");
    proxy.mend();

    // It answers 503.
    postgres.cut();
    let ended = end(client("import", &url, 1).arg(folder.path())).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("A part of the vault can't be reached right now."), "{}", ended.err);

    // It comes back in time.
    let mut import = client("import", &url, 60);
    let mut running =
        import.arg(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let running = running.as_mut().expect("it starts");
    let mut lines = BufReader::new(running.stderr.take().expect("a pipe")).lines();
    let line = lines.next_line().await.expect("a line").expect("a line");
    assert!(line.contains("trying again"), "{line}");
    postgres.mend();
    assert!(running.wait().await.expect("it ends").success());
    assert_eq!(documents(&vault).await.len(), 3);

    // Connections break again and again, in the middle of files.
    let more = many(30, 300_000);
    proxy.truncate(1_000_000);
    let ended = self::import(&url, more.path(), &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains("trying again"), "{}", ended.err);
    assert_eq!(documents(&vault).await.len(), 33);

    // It goes away for good.
    let last = many(30, 100_000);
    write(last.path(), "000.bin", "not there yet");
    proxy.mend();
    proxy.delay(std::time::Duration::from_millis(20));
    let mut import = client("import", &url, 1);
    let running = import.arg(last.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    eventually("it has begun", || async { (documents(&vault).await.len() > 35).then_some(()) }).await;
    proxy.cut();
    let output = running.expect("it starts").wait_with_output().await.expect("it ends");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    assert!(out.contains(" not reached. Stopped before the end: run it again to go on."), "{out}{err}");
    assert!(err.contains("the vault can't be reached: "), "{out}{err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_vault_refuses_is_told_in_its_words_and_harms_nothing_else() {
    let vault = TestVault::builder().set("MAX_UPLOAD_BYTES", "1000000").start().await;
    let folder = many(3, 1000);
    write(folder.path(), "large.bin", noise(5, 3_000_000));
    write(folder.path(), "larger.bin", noise(6, 30_000_000));
    let ended = import(&vault.url, folder.path(), &[]).await;
    ended.assert(1, "Uploaded 3 files (2.93 KiB), 0 there already, 2 failed.");
    for name in ["large.bin", "larger.bin"] {
        let line = ended.err.lines().find(|line| line.contains(&format!("/{name}: "))).expect("a line");
        assert!(line.ends_with("This vault takes files of up to 1000000 bytes."), "{line}");
    }
    assert!(!ended.err.contains("trying again"), "{}", ended.err);
    let missing = import(&vault.url, &folder.path().join("missing"), &[]).await;
    missing.assert(1, "Uploaded 0 files (0 B), 0 there already, 1 failed.");
    for wrong in ["ftp://127.0.0.1", "127.0.0.1:8000", "http://127.0.0.1/?q=1"] {
        assert_eq!(import(wrong, folder.path(), &[]).await.code, Some(2), "{wrong}");
    }
}

/// A vault with one of everything, all of it worked off.
async fn furnished() -> TestVault {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let tax = vault.topic_id("Tax").await;
    let medical = vault.topic_id("Medical").await;
    let form = |name: &str, bytes: Vec<u8>| Form::new().part("file", file_part(name, bytes));
    // What the AI sorts; a title; names that clash, on some discs or on all.
    vault.put_in("Rechnung März.pdf", pdf(&[INVOICE])).await;
    vault.post_form(Form::new().text("title", "発票 \"11\"").part("file", file_part("発票.txt", INVOICE))).await;
    for (name, text) in [("a.txt", "first"), ("a.txt", "second"), ("A.TXT", "third"), ("CON.txt", "device")] {
        vault.put_in(name, text).await;
    }
    for (name, text) in [("he said \"no\"?.txt", "quotes"), ("dots...", "dots"), (".hidden", "hidden")] {
        vault.put_in(name, text).await;
    }
    vault.put_in("docuvault-export.json", "{}").await;
    vault.put_in("scan.bin", noise(3, 70_000)).await;
    // What a person chose, also where that was nothing.
    let chosen =
        Form::new().text("topic_ids", tax.clone()).text("topic_ids", medical).part("file", file_part("b.txt", "b"));
    assert_eq!(vault.post_form(chosen).await.status(), 201);
    let none = id_of(&vault.put_in("none.txt", format!("{INVOICE} and nobody wants it sorted")).await);
    // The same bytes, kept twice on purpose.
    vault.post_form(form("copy.txt", b"the same bytes".to_vec())).await;
    let copy = Form::new().text("on_duplicate", "keep").text("title", "the copy");
    let copy = copy.text("topic_ids", tax).part("file", file_part("copy.txt", "the same bytes"));
    assert_eq!(vault.post_form(copy).await.status(), 201);
    for document in documents(&vault).await {
        vault.processed(&id_of(&document)).await;
    }
    let url = vault.api(&format!("/documents/{none}/topics"));
    let answer = vault.http.put(url).json(&json!({"topic_ids": []})).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    worker.stop().await;
    vault
}

/// What has to be the same in two vaults, or in two manifests.
fn essence(mut document: Value) -> Value {
    let fields = document.as_object_mut().expect("an object");
    // What an import declares a file to be is what the vault found it to be.
    for field in ["id", "created_at", "updated_at", "file", "declared_type"] {
        fields.remove(field);
    }
    for topic in fields["topics"].as_array_mut().expect("topics") {
        topic.as_object_mut().expect("an object").remove("id");
    }
    document
}

fn essences(documents: Vec<Value>) -> Vec<Value> {
    let mut essences: Vec<_> = documents.into_iter().map(essence).collect();
    essences.sort_by_key(|document| format!("{}{}{}", document["filename"], document["sha256"], document["title"]));
    essences
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_goes_out_into_a_folder_and_into_another_vault_as_it_was() {
    let a = furnished().await;
    let folder = tempdir().expect("a folder");
    let (out_a, out_b) = (folder.path().join("a"), folder.path().join("b"));
    export(&a.url, &out_a).await.assert(0, "Fetched 15 documents (");
    let first = manifest(&out_a);
    assert_eq!((&first["format"], &first["version"]), (&json!("docuvault-export"), &json!(1)));
    let listed = first["documents"].as_array().expect("a list");
    let on_disc = files(&out_a);
    assert_eq!((listed.len(), on_disc.len()), (15, 15));
    for document in listed {
        let bytes = &on_disc[document["file"].as_str().expect("a name")];
        assert_eq!(document["sha256"], hex::encode(Sha256::digest(bytes)));
    }
    let lower: BTreeSet<_> = on_disc.keys().map(|name| name.to_lowercase()).collect();
    assert_eq!(lower.len(), 15, "no two are the same on any disc: {lower:?}");
    for name in
        ["a.txt", "a (2).txt", "CON_.txt", "dots___", "he said _no__.txt", "発票.txt", "docuvault-export (2).json"]
    {
        assert!(on_disc.contains_key(name) || on_disc.contains_key(&name.to_uppercase()), "{name}: {lower:?}");
    }
    let by_ai = listed.iter().find(|document| document["filename"] == "Rechnung März.pdf").expect("it is listed");
    assert_eq!((&by_ai["topics"][0]["name"], &by_ai["topics"][0]["source"]), (&json!("Invoice"), &json!("ai")));

    // Once more: nothing is fetched again.
    export(&a.url, &out_a).await.assert(0, "Fetched 0 documents (0 B), 15 there already, 0 failed.");
    let mut second = manifest(&out_a);
    second["exported_at"] = first["exported_at"].clone();
    assert_eq!(second, first);

    // Into a vault that knows no topic yet, and has something already.
    let b = TestVault::builder().without_topics().start().await;
    write(&out_a, "beside.txt", "not of the export");
    import(&b.url, &out_a, &["--dry-run"]).await.assert(0, "Would upload 16 files (");
    assert_eq!(
        (documents(&b).await.len(), b.get_json("/topics").await["items"].as_array().map(Vec::len)),
        (0, Some(0))
    );
    import(&b.url, &out_a, &[]).await.assert(0, "Uploaded 16 files (");
    let worker = b.worker();
    for document in documents(&b).await {
        b.processed(&id_of(&document)).await;
    }
    let beside =
        documents(&b).await.into_iter().find(|document| document["filename"] == "beside.txt").expect("it is in");
    assert_eq!(
        b.http.delete(b.api(&format!("/documents/{}", id_of(&beside)))).send().await.expect("an answer").status(),
        204
    );
    worker.stop().await;
    assert_eq!(essences(documents(&b).await), essences(documents(&a).await));
    let topics = async |vault: &TestVault| {
        let topics = vault.get_json("/topics").await["items"].as_array().expect("a list").clone();
        let plain =
            |topic: &Value| json!([topic["name"], topic["description"], topic["color"], topic["document_count"]]);
        topics.iter().map(plain).collect::<Vec<_>>()
    };
    assert_eq!(topics(&b).await, topics(&a).await);

    // The same again changes nothing, the copies included; and out of the second vault comes the same folder.
    fs::remove_file(out_a.join("beside.txt")).expect("it was there");
    import(&b.url, &out_a, &[]).await.assert(0, "Uploaded 0 files (0 B), 15 there already, 0 failed.");
    export(&b.url, &out_b).await.assert(0, "Fetched 15 documents (");
    assert_eq!(files(&out_b), files(&out_a));
    let timeless = |folder: &Path| {
        let mut manifest = manifest(folder);
        manifest["exported_at"] = Value::Null;
        for document in manifest["documents"].as_array_mut().expect("a list") {
            document["created_at"] = Value::Null;
        }
        manifest
    };
    assert_eq!(timeless(&out_b), timeless(&out_a));
    b.assert_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_break_between_upload_and_choice_is_mended_by_the_next_run() {
    let a = furnished().await;
    let folder = tempdir().expect("a folder");
    export(&a.url, folder.path()).await.assert(0, "Fetched 15 documents (");
    // As if each upload had come through, and nothing after it.
    let b = TestVault::builder().without_topics().start().await;
    for document in manifest(folder.path())["documents"].as_array().expect("a list") {
        let file = fs::read(folder.path().join(document["file"].as_str().expect("a name"))).expect("a file");
        let mut form = Form::new().text("on_duplicate", "keep");
        if let Some(title) = document["title"].as_str() {
            form = form.text("title", title.to_owned());
        }
        let part = file_part(document["filename"].as_str().expect("a name"), file);
        assert_eq!(b.post_form(form.part("file", part)).await.status(), 201);
    }
    import(&b.url, folder.path(), &[]).await.assert(0, "Uploaded 0 files (0 B), 15 there already, 0 failed.");
    let chosen = |documents: Vec<Value>| {
        let by_user = essences(documents).into_iter().filter(|document| document["topics_by_user"] == true);
        by_user.map(|document| json!([document["filename"], document["title"], document["topics"]])).collect::<Vec<_>>()
    };
    let wanted = chosen(documents(&a).await);
    assert_eq!(wanted.len(), 3);
    assert_eq!(chosen(documents(&b).await), wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_overwrites_nothing_and_goes_on_after_a_break() {
    let vault = TestVault::new().await;
    let folder = tempdir().expect("a folder");
    for n in 0..20 {
        vault.put_in(&format!("{n}.bin"), noise(n + 1, 200_000)).await;
    }
    let foreign = tempdir().expect("a folder");
    write(foreign.path(), "mine.txt", "mine");
    let refused = export(&vault.url, foreign.path()).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("holds files that are not of an export"), "{}", refused.err);
    assert_eq!(files(foreign.path()).len(), 1);
    assert!(!foreign.path().join("docuvault-export.json").exists());

    // Killed in the middle.
    let (proxy, url) = proxied(&vault).await;
    proxy.delay(std::time::Duration::from_millis(20));
    let mut running = client("export", &url, 60).arg(folder.path()).stdin(Stdio::null()).spawn().expect("it starts");
    let whole = || files(folder.path()).keys().filter(|name| name.ends_with(".bin")).count();
    eventually("some are there", || async { (whole() >= 3).then_some(()) }).await;
    running.kill().await.expect("it can be killed");
    proxy.mend();
    assert!(whole() < 20, "it was killed in the middle");
    let there = whole();
    let summary = format!("Fetched {} documents (", 20 - there);
    let again = export(&vault.url, folder.path()).await;
    again.assert(0, &summary);
    assert!(again.out.contains(&format!(", {there} there already, 0 failed.")), "{}", again.out);
    assert_eq!(files(folder.path()).len(), 20);

    // What a person changed there since stays as it is, and so does what is no document.
    write(folder.path(), "3.bin", "changed by hand");
    write(folder.path(), "mine.txt", "mine");
    vault.put_in("mine.txt", "the vault's").await;
    let again = export(&vault.url, folder.path()).await;
    again.assert(0, "Fetched 2 documents (195.32 KiB), 19 there already, 0 failed.");
    assert!(again.err.contains("3.bin: it was changed since the last export"), "{}", again.err);
    let after = files(folder.path());
    assert_eq!(after["3.bin"], b"changed by hand");
    assert_eq!(after["3 (2).bin"], noise(4, 200_000));
    assert_eq!((after["mine.txt"].as_slice(), after["mine (2).txt"].as_slice()), (&b"mine"[..], &b"the vault's"[..]));
    assert_eq!(after.len(), 23);
    export(&vault.url, folder.path()).await.assert(0, "Fetched 0 documents (0 B), 21 there already, 0 failed.");

    // An object that is lost costs its own document alone.
    let lost =
        vault.superuser().await.query_one("SELECT object_key FROM documents WHERE filename = '7.bin'", &[]).await;
    let key: String = lost.expect("a row").get(0);
    vault.vault.storage.delete(&key.parse().expect("a key")).await.expect("it is deleted");
    let new = folder.path().join("new");
    let ended = export(&vault.url, &new).await;
    ended.assert(1, "Fetched 20 documents (");
    assert!(ended.err.contains("/7.bin: "), "{}", ended.err);
    assert_eq!((files(&new).len(), manifest(&new)["documents"].as_array().map(Vec::len)), (20, Some(20)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_export_lists_never_comes_back_as_loose_files() {
    let vault = TestVault::new().await;
    for n in 1..=5 {
        vault.put_in(&format!("{n}.txt"), format!("words {n}")).await;
    }
    let folder = tempdir().expect("a folder");
    let within = folder.path().join("backup");
    export(&vault.url, &within).await.assert(0, "Fetched 5 documents (");
    write(folder.path(), "beside.txt", "words beside it");

    let other = TestVault::new().await;
    let around = import(&other.url, folder.path(), &[]).await;
    assert_eq!(around.code, Some(1), "{}{}", around.out, around.err);
    assert!(around.err.contains("name the folder itself"), "{}", around.err);
    assert_eq!(names(&other).await, ["beside.txt"]);

    assert_eq!(import(&other.url, &within, &[]).await.code, Some(0));
    assert_eq!(names(&other).await, ["1.txt", "2.txt", "3.txt", "4.txt", "5.txt", "beside.txt"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_page_goes_out_and_two_exports_are_no_copies() {
    let vault = TestVault::new().await;
    let folder = many(205, 10);
    import(&vault.url, folder.path(), &[]).await.assert(0, "Uploaded 205 files (");
    let (one, two) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    export(&vault.url, one.path()).await.assert(0, "Fetched 205 documents (2.00 KiB), 0 there already, 0 failed.");
    export(&vault.url, two.path()).await.assert(0, "Fetched 205 documents (");
    let target = TestVault::new().await;
    let paths = [one.path(), two.path(), one.path()];
    for (what, more) in [("Would upload", Some("--dry-run")), ("Uploaded", None)] {
        let ended = end(client("import", &target.url, 60).args(more).args(paths)).await;
        ended.assert(0, &format!("{what} 205 files (2.00 KiB), 410 there already, 0 failed."));
    }
    assert_eq!(target.count("SELECT count(*) FROM documents").await, 205);
}

/// A way to a server on which every other answer to an upload is lost.
async fn forgetful(target: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let uploads = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (uploads, target) = (uploads.clone(), target.clone());
            tokio::spawn(async move {
                let mut server = TcpStream::connect(target).await?;
                let (mut request, mut answer) = (vec![0; 65536], vec![0; 65536]);
                let mut lost = false;
                loop {
                    tokio::select! {
                        length = client.read(&mut request) => {
                            let request = &request[..length?];
                            if request.starts_with(b"POST /api/v1/documents ") {
                                lost = uploads.fetch_add(1, Ordering::Relaxed) % 2 == 0;
                            }
                            server.write_all(request).await?;
                            if request.is_empty() {
                                return Ok(());
                            }
                        }
                        length = server.read(&mut answer) => {
                            let length = length?;
                            if lost || length == 0 {
                                return Ok::<_, std::io::Error>(());
                            }
                            client.write_all(&answer[..length]).await?;
                        }
                    }
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_doubles_nothing_and_forgets_nothing() {
    let a = furnished().await;
    let folder = tempdir().expect("a folder");
    export(&a.url, folder.path()).await.assert(0, "Fetched 15 documents (");
    let b = TestVault::builder().without_topics().start().await;
    let ended = import(&forgetful(target_of(&b.url)).await, folder.path(), &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains("trying again"), "{}", ended.err);
    let worker = b.worker();
    for document in documents(&b).await {
        b.processed(&id_of(&document)).await;
    }
    worker.stop().await;
    assert_eq!(essences(documents(&b).await), essences(documents(&a).await));
}

/// A server that answers what it likes.
async fn hostile(documents: Value, content: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                match client.read_u8().await {
                    Ok(byte) => request.push(byte),
                    Err(_) => break,
                }
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let body = match request.split(' ').nth(1).unwrap_or_default() {
                path if path.contains("/content") => content.to_vec(),
                path if path.contains("/topics") => br#"{"items":[],"next_cursor":null}"#.to_vec(),
                _ => json!({"items": documents, "next_cursor": null}).to_string().into_bytes(),
            };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = client.write_all(&[head.as_bytes(), &body].concat()).await;
        }
    });
    url
}

fn lie(filename: &str, sha256: &str, size: usize) -> Value {
    json!({
        "id": uuid::Uuid::now_v7(), "filename": filename, "title": "\u{1b}[2J", "content_type": "text/plain",
        "size_bytes": size, "sha256": sha256, "status": "ready", "error": null, "topics": [], "topics_by_user": false,
        "created_at": "2026-11-24T00:00:00Z", "updated_at": "2026-11-24T00:00:00Z",
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_vault_writes_nothing_outside_and_no_wrong_bytes() {
    let parent = tempdir().expect("a folder");
    let folder = parent.path().join("one/two/out");
    fs::create_dir_all(&folder).expect("folders");
    let right = hex::encode(Sha256::digest(b"evil"));
    let wrong = "0".repeat(64);
    let absolute = parent.path().join("absolute").display().to_string();
    let url = hostile(
        json!([
            lie("../../evil", &right, 4),
            lie(&absolute, &right, 4),
            lie("..", &right, 4),
            lie("a\u{1b}[31m/../../../b", &right, 4),
            lie("../../wrong", &wrong, 4),
            lie("short.txt", &right, 3),
            lie("long.txt", &right, 5),
        ]),
        b"evil",
    )
    .await;
    let ended = export(&url, &folder).await;
    ended.assert(1, "Fetched 4 documents (16 B), 0 there already, 3 failed.");
    assert!(ended.err.contains("wrong: the bytes that came are not those of its SHA-256"), "{}", ended.err);
    let mut around: Vec<_> = Vec::new();
    for folder in [parent.path().to_owned(), parent.path().join("one"), parent.path().join("one/two")] {
        around.extend(fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name()));
    }
    assert_eq!(around, ["one", "two", "out"]);
    assert!(files(&folder).values().all(|bytes| bytes == b"evil"), "{:?}", files(&folder).keys());
    assert_eq!(files(&folder).len(), 4);

    // A server that is none at all.
    let ended = end(client("import", &hostile(json!("nonsense"), b"").await, 1).arg(&folder)).await;
    assert_eq!(ended.code, Some(1), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manifest_that_was_tampered_with_brings_nothing_in() {
    let vault = TestVault::new().await;
    vault.put_in("a.txt", "words").await;
    let parent = tempdir().expect("a folder");
    let folder = parent.path().join("out");
    export(&vault.url, &folder).await.assert(0, "Fetched 1 document (");
    let secret = parent.path().join("secret.txt");
    fs::write(&secret, "a secret").expect("a file");
    let listed = |file: &str, change: bool| {
        let mut manifest = manifest(&folder);
        manifest["documents"][0]["file"] = json!(file);
        if change {
            manifest["documents"][0]["sha256"] = json!(hex::encode(Sha256::digest(b"a secret")));
            manifest["documents"][0]["size_bytes"] = json!(8);
        }
        write(&folder, "docuvault-export.json", manifest.to_string());
    };
    let target = TestVault::new().await;
    for file in ["../secret.txt", secret.to_str().expect("UTF-8"), ".."] {
        listed(file, true);
        let ended = import(&target.url, &folder, &[]).await;
        ended.assert(1, "Uploaded 0 files (0 B), 0 there already, 1 failed.");
        assert!(ended.err.contains("was tampered with"), "{}", ended.err);
    }
    // A link in the folder leads no way out either, and neither do other bytes than the listed ones.
    symlink(&secret, folder.join("link.txt")).expect("a link");
    listed("link.txt", true);
    let ended = import(&target.url, &folder, &[]).await;
    ended.assert(1, "Uploaded 1 file (5 B), 0 there already, 1 failed.");
    assert!(ended.err.contains("link.txt: it can't be read"), "{}", ended.err);
    assert_eq!(names(&target).await, ["a.txt"]);
    write(&folder, "b.txt", "other bytes");
    listed("b.txt", false);
    let ended = import(&target.url, &folder, &[]).await;
    assert!(ended.err.contains("b.txt: it has other bytes than the export says"), "{}", ended.err);
    assert_eq!(names(&target).await, ["a.txt"]);
}
