//! A vault into a folder: every document under its real name, and a manifest of what the vault knew of them.
//!
//! Nothing in the folder is ever overwritten but the manifest. A file gets its name when it is whole and its SHA-256 is
//! right; so what has a name is what the vault holds, and a run that was broken off is gone on with.

use super::AT_ONCE;
use super::disc;
use super::http::{Failure, Remote, RemoteDocument, RemoteTopic};
use super::manifest::{Listed, MANIFEST, Manifest, Topic, is_own, part};
use super::names::Names;
use super::progress::Progress;
use crate::domain::{ContentHash, ContentHasher};
use crate::error::ErrorCode;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use indicatif::HumanBytes;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// What came of an export.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ExportReport {
    fetched: u64,
    bytes: u64,
    there: u64,
    gone: u64,
    failed: u64,
    not_reached: u64,
    stopped: bool,
}

impl ExportReport {
    /// True where the folder holds the whole vault now.
    pub fn is_complete(&self) -> bool {
        self.failed == 0 && self.not_reached == 0 && !self.stopped
    }

    /// For a person.
    pub fn summary(&self) -> String {
        let Self { fetched, there, .. } = self;
        let documents = if *fetched == 1 { "document" } else { "documents" };
        let done = format!("Fetched {fetched} {documents} ({}), {there} there already", HumanBytes(self.bytes));
        super::summary(done, (self.gone, "removed meanwhile"), self.failed, self.not_reached, self.stopped)
    }
}

/// A document and its file.
#[derive(Clone)]
struct Planned {
    document: RemoteDocument,
    file: String,
    /// The file is there, with the right bytes.
    there: bool,
}

/// Exports. What there is to tell of single documents is told on the way.
///
/// # Errors
/// When the vault can't be reached at all, or the folder can't be used.
pub async fn export(
    remote: &Remote,
    folder: &Path,
    now: DateTime<Utc>,
    progress: &Arc<Progress>,
    stop: &CancellationToken,
) -> Result<ExportReport, Failure> {
    // A vault that goes away for good stops it as well.
    let stop = stop.child_token();
    let stopped = || ExportReport { stopped: true, ..ExportReport::default() };
    let earlier = earlier(folder)?;
    let listing = async {
        let topics = remote.topics().await?;
        let documents = remote.documents(|so_far| progress.doing(&format!("{so_far} documents found"))).await?;
        Ok::<_, Failure>((topics, documents))
    };
    let (topics, documents) = tokio::select! {
        listed = listing => listed?,
        () = stop.cancelled() => return Ok(stopped()),
    };
    let old = prepare(folder, earlier, now).map_err(|error| cannot(folder, &error))?;
    progress.begin(documents.len() as u64, documents.iter().map(|document| document.size_bytes).sum());
    let (aside, teller, told) = (folder.to_owned(), progress.clone(), stop.clone());
    let planned = tokio::task::spawn_blocking(move || plan(&aside, old, documents, &teller, &told));
    let planned = planned.await.map_err(|_| Failure::Here("looking through the folder failed".to_owned()))?;
    let planned = planned.map_err(|error| cannot(folder, &error))?;
    // Stopped in the middle of the plan: the old manifest still stands.
    if stop.is_cancelled() {
        return Ok(stopped());
    }

    let export = Export { remote, folder, progress, stop: &stop, report: Mutex::default(), kept: Mutex::default() };
    let numbered = planned.into_iter().enumerate();
    stream::iter(numbered).for_each_concurrent(AT_ONCE, |(at, planned)| export.one(at, planned)).await;
    let kept = export.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
    let manifest =
        Manifest::new(now, topics.into_iter().map(topic).collect(), kept.into_values().map(listed).collect());
    manifest.write(folder).map_err(|error| cannot(folder, &error))?;
    let mut report = export.report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.stopped = stop.is_cancelled();
    Ok(report)
}

fn cannot(folder: &Path, error: &io::Error) -> Failure {
    Failure::Here(format!("{} can't be used: {error}", disc::shown(folder)))
}

fn topic(topic: RemoteTopic) -> Topic {
    Topic { name: topic.name, description: topic.description, color: Some(topic.color) }
}

fn listed(planned: Planned) -> Listed {
    let Planned { document, file, .. } = planned;
    Listed {
        file,
        filename: document.filename,
        title: document.title,
        content_type: document.content_type,
        size_bytes: document.size_bytes,
        sha256: document.sha256,
        created_at: document.created_at,
        status: document.status,
        topics: document.topics,
        topics_by_user: document.topics_by_user,
    }
}

/// What an earlier export has left in the folder; none where the folder is empty or missing. One with files of somebody
/// else is refused.
fn earlier(folder: &Path) -> Result<Option<Vec<Listed>>, Failure> {
    if let Some(manifest) = Manifest::read(folder)? {
        return Ok(Some(manifest.documents));
    }
    match names_in(folder) {
        Ok(names) if names.is_empty() => Ok(None),
        Ok(_) => {
            let why = "holds files that are not of an export; name an empty folder, or a new one";
            Err(Failure::Here(format!("{} {why}", disc::shown(folder))))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot(folder, &error)),
    }
}

/// Makes the folder one of an export, so that a run which is killed is known for what it is.
fn prepare(folder: &Path, earlier: Option<Vec<Listed>>, now: DateTime<Utc>) -> io::Result<Vec<Listed>> {
    let Some(old) = earlier else {
        fs::create_dir_all(folder)?;
        Manifest::new(now, Vec::new(), Vec::new()).write(folder)?;
        return Ok(Vec::new());
    };
    for name in names_in(folder)?.into_iter().filter(|name| name != MANIFEST && is_own(name)) {
        // Of a run that was killed. One that can't be removed does no harm.
        let _ = fs::remove_file(folder.join(name));
    }
    Ok(old)
}

fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Finds each document its file. The order hangs on the documents alone, so that two vaults of the same documents are
/// exported alike; and what an earlier export has named keeps its name.
fn plan(
    folder: &Path,
    old: Vec<Listed>,
    mut documents: Vec<RemoteDocument>,
    progress: &Progress,
    stop: &CancellationToken,
) -> io::Result<Vec<Planned>> {
    documents.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut names = Names::on_disc(names_in(folder)?);
    let mut named: HashMap<(String, ContentHash), Vec<String>> = HashMap::new();
    for old in old.into_iter().rev() {
        named.entry((old.filename, old.sha256)).or_default().push(old.file);
    }
    let right = |file: &str, document: &RemoteDocument| {
        progress.doing(&format!("checking {}", disc::harmless(file)));
        let path = folder.join(file);
        let same_size = fs::symlink_metadata(&path).is_ok_and(|found| found.len() == document.size_bytes);
        same_size && disc::hash(&path, stop).is_ok_and(|(hash, _)| hash == document.sha256)
    };
    let mut planned: Vec<Option<Planned>> = documents
        .iter()
        .map(|document| {
            let files = named.get_mut(&(document.filename.clone(), document.sha256))?;
            let file = files.pop()?;
            let there = names.take(&file) && right(&file, document);
            if !there && !stop.is_cancelled() && fs::symlink_metadata(folder.join(&file)).is_ok() {
                progress.about(&folder.join(&file), "it was changed since the last export, and is left as it is");
            }
            there.then(|| Planned { document: document.clone(), file, there })
        })
        .collect();
    for (document, planned) in documents.into_iter().zip(&mut planned) {
        if planned.is_none() {
            let (file, there) = names.find(&document.filename, |file| right(file, &document));
            *planned = Some(Planned { document, file, there });
        }
    }
    Ok(planned.into_iter().flatten().collect())
}

fn key(document: &RemoteDocument) -> impl Ord + '_ {
    let RemoteDocument { filename, sha256, title, created_at, id, .. } = document;
    (filename, sha256, title, created_at, id)
}

/// One run.
struct Export<'a> {
    remote: &'a Remote,
    folder: &'a Path,
    progress: &'a Arc<Progress>,
    stop: &'a CancellationToken,
    report: Mutex<ExportReport>,
    /// What is in the folder, in the order of the plan.
    kept: Mutex<BTreeMap<usize, Planned>>,
}

impl Export<'_> {
    fn report(&self, change: impl FnOnce(&mut ExportReport)) {
        change(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn keep(&self, at: usize, planned: Planned) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(at, planned);
    }

    async fn one(&self, at: usize, planned: Planned) {
        let size = planned.document.size_bytes;
        if planned.there {
            self.keep(at, planned);
            self.report(|report| report.there += 1);
            self.progress.moved(size);
            return self.progress.file_done();
        }
        let fetched = tokio::select! {
            biased;
            () = self.stop.cancelled() => return self.report(|report| report.not_reached += 1),
            fetched = self.remote.patience.call(async || self.fetch(&planned).await) => fetched,
        };
        match fetched {
            Ok(()) => {
                self.keep(at, planned);
                self.report(|report| (report.fetched, report.bytes) = (report.fetched + 1, report.bytes + size));
            }
            Err(failure) if failure.is(ErrorCode::NotFound) => self.report(|report| report.gone += 1),
            Err(failure) => {
                self.report(|report| report.failed += 1);
                self.progress.about(&self.folder.join(&planned.file), &failure.to_string());
                if matches!(failure, Failure::Away(..)) {
                    self.stop.cancel();
                }
            }
        }
        self.progress.file_done();
    }

    /// Fetches a document's bytes into its file.
    async fn fetch(&self, planned: &Planned) -> Result<(), Failure> {
        let Planned { document, file, .. } = planned;
        let here = |error: io::Error| Failure::Here(format!("it can't be written: {error}"));
        let mut pieces = self.remote.content(document.id).await?;
        let mut part = part(self.folder).map_err(here)?;
        let mut hasher = ContentHasher::default();
        let mut fetched = Fetched { progress: self.progress, bytes: 0 };
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            fetched.bytes += piece.len() as u64;
            self.progress.moved(piece.len() as u64);
            if fetched.bytes > document.size_bytes {
                return Err(Failure::Odd("more bytes came than the vault has of it".to_owned()));
            }
            hasher.update(&piece);
            // A disc is waited for on a thread that may block.
            part = aside(move || part.write_all(&piece).map(|()| part)).await.map_err(here)?;
        }
        if hasher.finish() != document.sha256 || fetched.bytes != document.size_bytes {
            return Err(Failure::Odd("the bytes that came are not those of its SHA-256".to_owned()));
        }
        let target: PathBuf = self.folder.join(file);
        aside(move || {
            part.as_file().sync_all()?;
            // Never over what somebody else has put there meanwhile.
            part.persist_noclobber(target).map_err(|error| error.error).map(drop)
        })
        .await
        .map_err(here)?;
        fetched.bytes = 0;
        Ok(())
    }
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other).flatten()
}

/// Bytes that were fetched so far; those of a try that comes to nothing are taken back.
struct Fetched<'a> {
    progress: &'a Progress,
    bytes: u64,
}

impl Drop for Fetched<'_> {
    fn drop(&mut self) {
        self.progress.take_back(self.bytes);
    }
}
