//! Files into a vault.
//!
//! What is there already is known by its SHA-256, so that a second run goes on where the first ended. Of the files that
//! an export lists, each is brought back with its names and topics; then come all others, as plain files.

use super::AT_ONCE;
use super::disc;
use super::http::{Failure, NewDocument, Remote, RemoteDocument};
use super::manifest::{Listed, MANIFEST, Manifest, Topic, is_own};
use super::progress::Progress;
use super::walk::{Found, Seen, walk};
use crate::domain::{Color, ContentHash, DocumentId, Filename, TopicId, TopicName, TopicSource};
use crate::error::ErrorCode;
use futures_util::{StreamExt, stream};
use indicatif::HumanBytes;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as AsyncMutex, OnceCell};
use tokio_util::sync::CancellationToken;

/// What to import.
#[derive(Debug)]
pub struct ImportOptions {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// A topic for each new document.
    pub topic: Option<TopicName>,
    /// Tell what would happen, and change nothing.
    pub dry_run: bool,
}

/// What came of an import.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ImportReport {
    dry_run: bool,
    uploaded: u64,
    bytes: u64,
    skipped: u64,
    left_out: u64,
    failed: u64,
    not_reached: u64,
    stopped: bool,
}

impl ImportReport {
    /// True where everything that was named is in the vault now.
    pub fn is_complete(&self) -> bool {
        self.failed == 0 && self.not_reached == 0 && !self.stopped
    }

    /// For a person.
    pub fn summary(&self) -> String {
        let Self { uploaded, skipped, .. } = self;
        let verb = if self.dry_run { "Would upload" } else { "Uploaded" };
        let files = if *uploaded == 1 { "file" } else { "files" };
        let done = format!("{verb} {uploaded} {files} ({}), {skipped} there already", HumanBytes(self.bytes));
        super::summary(done, (self.left_out, "left out"), self.failed, self.not_reached, self.stopped)
    }
}

/// What is done in one piece.
enum Unit {
    /// Files of an export that have the same bytes.
    Listed(Vec<(PathBuf, Listed)>),
    /// A file.
    Plain(Found),
}

impl Unit {
    fn files(&self) -> u64 {
        match self {
            Self::Listed(group) => group.len() as u64,
            Self::Plain(_) => 1,
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Listed(group) => group.iter().map(|(_, listed)| listed.size_bytes).sum(),
            Self::Plain(found) => found.size,
        }
    }
}

/// All that is to be done.
#[derive(Default)]
struct Plan {
    listed: Vec<Unit>,
    plain: Vec<Unit>,
    topics: Vec<Topic>,
}

/// Imports. What there is to tell of single files is told on the way.
///
/// # Errors
/// When the vault can't be reached at all.
pub async fn import(
    remote: &Remote,
    options: &ImportOptions,
    progress: &Arc<Progress>,
    stop: &CancellationToken,
) -> Result<ImportReport, Failure> {
    // A vault that goes away for good stops it as well.
    let stop = stop.child_token();
    let mut report = ImportReport { dry_run: options.dry_run, ..ImportReport::default() };
    let there = tokio::select! {
        topics = remote.topics() => topics?,
        () = stop.cancelled() => return Ok(ImportReport { stopped: true, ..report }),
    };
    let is_there =
        |name: &TopicName| there.iter().any(|topic| topic.name.to_lowercase() == name.as_str().to_lowercase());
    if let Some(name) = options.topic.as_ref().filter(|name| options.dry_run && !is_there(name)) {
        progress.say(&format!("would make the topic {}", name.as_str()));
    }
    progress.doing("looking for files");
    let (paths, teller, told) = (options.paths.clone(), progress.clone(), stop.clone());
    let planned = tokio::task::spawn_blocking(move || {
        let mut report = ImportReport::default();
        let plan = plan(&paths, &teller, &mut report, &told);
        (plan, report)
    });
    let (plan, seen) = planned.await.map_err(|_| Failure::Here("looking for files failed".to_owned()))?;
    (report.left_out, report.failed) = (seen.left_out, seen.failed);

    let units = || plan.listed.iter().chain(&plan.plain);
    progress.begin(units().map(Unit::files).sum(), units().map(Unit::bytes).sum());
    let mut import = Import {
        remote,
        options,
        progress,
        stop: &stop,
        report: Mutex::new(report),
        gates: Mutex::default(),
        topics: HashMap::new(),
        topic: OnceCell::new(),
    };
    let topics = there.iter().map(|topic| (topic.name.to_lowercase(), topic.id)).collect();
    import.topics = import.bring_topics(&plan.topics, topics).await;
    // What is listed goes first: a plain file of the same bytes then finds it there, with its names and topics.
    for units in [plan.listed, plan.plain] {
        stream::iter(units).for_each_concurrent(AT_ONCE, |unit| import.one(unit)).await;
    }
    let mut report = import.report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.stopped = stop.is_cancelled();
    Ok(report)
}

fn plan(paths: &[PathBuf], progress: &Progress, report: &mut ImportReport, stop: &CancellationToken) -> Plan {
    let mut plan = Plan::default();
    for root in paths {
        // Each export by itself: one document in two of them is still one document.
        let mut groups: BTreeMap<ContentHash, Vec<(PathBuf, Listed)>> = BTreeMap::new();
        let mut listed: HashSet<PathBuf> = HashSet::new();
        if root.is_dir() {
            match Manifest::read(root) {
                Ok(None) => {}
                Ok(Some(manifest)) => {
                    plan.topics.extend(manifest.topics);
                    for document in manifest.documents {
                        let path = root.join(&document.file);
                        listed.insert(path.clone());
                        groups.entry(document.sha256).or_default().push((path, document));
                    }
                }
                Err(failure) => {
                    report.failed += 1;
                    progress.about(root, &format!("nothing of it is imported: {failure}"));
                    continue;
                }
            }
        }
        let exported = !listed.is_empty() || root.join(MANIFEST).is_file();
        let (mut plain, mut exports): (Vec<Found>, Vec<PathBuf>) = (Vec::new(), Vec::new());
        walk(root, stop, &mut |seen| match seen {
            Seen::File(found) if listed.contains(&found.path) => {}
            Seen::File(found)
                if exported && found.path.parent() == Some(root) && found.name.to_str().is_some_and(is_own) => {}
            Seen::File(found) => {
                let manifest = found.path.file_name().is_some_and(|name| name == MANIFEST);
                exports.extend(found.path.parent().filter(|_| manifest).map(Path::to_owned));
                plain.push(found);
            }
            // Its unit says so.
            Seen::LeftOut(path, _) | Seen::Unreadable(path, _) if listed.contains(&path) => {}
            Seen::LeftOut(path, why) => {
                report.left_out += 1;
                progress.about(&path, &format!("left out: {why}"));
            }
            Seen::Unreadable(path, why) => {
                report.failed += 1;
                progress.about(&path, &why);
            }
        });
        // By itself it would come with its names, its topics and its copies; as loose files it would lose them.
        for export in &exports {
            report.failed += 1;
            progress.about(export, "it is an export, and nothing of it is imported: name the folder itself");
        }
        let is_loose = |found: &Found| !exports.iter().any(|export| found.path.starts_with(export));
        plan.plain.extend(plain.into_iter().filter(is_loose).map(Unit::Plain));
        // As they were put in: the first one first.
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.sort_by_key(|files| files.iter().map(|(_, listed)| listed.created_at).min());
        plan.listed.extend(groups.into_iter().map(Unit::Listed));
    }
    plan
}

/// One run.
struct Import<'a> {
    remote: &'a Remote,
    options: &'a ImportOptions,
    progress: &'a Arc<Progress>,
    stop: &'a CancellationToken,
    report: Mutex<ImportReport>,
    /// One at a time for the same bytes; and whether they were put in by this run.
    gates: Mutex<HashMap<ContentHash, Arc<AsyncMutex<bool>>>>,
    /// Ids by name in lower case. In a dry run those that would be made are missing.
    topics: HashMap<String, TopicId>,
    /// The topic of the command line, once it is needed.
    topic: OnceCell<TopicId>,
}

/// What came of one file.
enum Put {
    /// It was uploaded, or would be.
    In,
    /// The bytes are there already.
    There,
}

impl Import<'_> {
    fn report(&self, change: impl FnOnce(&mut ImportReport)) {
        change(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn gate(&self, hash: ContentHash) -> Arc<AsyncMutex<bool>> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner).entry(hash).or_default().clone()
    }

    /// Makes the topics of an export that are missing.
    async fn bring_topics(&self, wanted: &[Topic], mut topics: HashMap<String, TopicId>) -> HashMap<String, TopicId> {
        let mut seen: HashSet<String> = HashSet::new();
        for topic in wanted {
            let folded = topic.name.trim().to_lowercase();
            if topics.contains_key(&folded) || !seen.insert(folded.clone()) {
                continue;
            }
            if self.options.dry_run {
                self.progress.say(&format!("would make the topic {}", topic.name));
                continue;
            }
            let color: Option<Color> = topic.color.as_deref().and_then(|color| color.parse().ok());
            let made = tokio::select! {
                made = self.make_topic(&topic.name, &topic.description, color.as_ref()) => made,
                () = self.stop.cancelled() => return topics,
            };
            match made {
                Ok(id) => drop(topics.insert(folded, id)),
                Err(failure) => {
                    self.progress.note(&format!("the topic {}: {failure}", topic.name));
                    self.report(|report| report.failed += 1);
                    self.look_for_end(&failure);
                }
            }
        }
        topics
    }

    async fn make_topic(&self, name: &str, description: &str, color: Option<&Color>) -> Result<TopicId, Failure> {
        let name: TopicName = name.parse().map_err(|error| Failure::Here(format!("{error}")))?;
        match self.remote.create_topic(&name, description, color).await {
            Ok(topic) => Ok(topic.id),
            // Somebody was faster, or the answer to the first try was lost.
            Err(failure) if failure.is(ErrorCode::DuplicateTopic) => {
                let folded = name.as_str().to_lowercase();
                let topics = self.remote.topics().await?;
                topics.iter().find(|topic| topic.name.to_lowercase() == folded).map(|topic| topic.id).ok_or(failure)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The topic of the command line, made where it is missing.
    async fn own_topic(&self) -> Result<Option<TopicId>, Failure> {
        let Some(name) = &self.options.topic else { return Ok(None) };
        let make = || async {
            match self.topics.get(&name.as_str().to_lowercase()) {
                Some(id) => Ok(*id),
                None => self.make_topic(name.as_str(), "", None).await,
            }
        };
        self.topic.get_or_try_init(make).await.copied().map(Some)
    }

    fn look_for_end(&self, failure: &Failure) {
        if matches!(failure, Failure::Away(..)) && !self.stop.is_cancelled() {
            self.stop.cancel();
        }
    }

    async fn one(&self, unit: Unit) {
        let files = unit.files();
        if self.stop.is_cancelled() {
            return self.report(|report| report.not_reached += files);
        }
        // An upload that is dropped leaves nothing behind.
        let done = AtomicU64::new(0);
        tokio::select! {
            biased;
            () = self.stop.cancelled() => {}
            () = async {
                match unit {
                    Unit::Plain(found) => self.plain(&found, &done).await,
                    Unit::Listed(group) => self.listed(&group, &done).await,
                }
            } => {}
        }
        let left = files - done.load(Ordering::Relaxed).min(files);
        self.report(|report| report.not_reached += left);
    }

    /// A file is done with.
    fn settle(&self, path: &Path, size: u64, put: Result<Put, Failure>, done: &AtomicU64) {
        done.fetch_add(1, Ordering::Relaxed);
        match put {
            Ok(Put::In) => {
                self.report(|report| (report.uploaded, report.bytes) = (report.uploaded + 1, report.bytes + size));
                if self.options.dry_run {
                    self.progress.moved(size);
                    self.progress.say(&format!("would upload {}", disc::shown(path)));
                }
            }
            Ok(Put::There) => {
                self.progress.moved(size);
                self.report(|report| report.skipped += 1);
                if self.options.dry_run {
                    self.progress.say(&format!("there already {}", disc::shown(path)));
                }
            }
            Err(failure) => {
                self.progress.moved(size);
                self.report(|report| report.failed += 1);
                self.progress.about(path, &failure.to_string());
                self.look_for_end(&failure);
            }
        }
        self.progress.file_done();
    }

    async fn plain(&self, found: &Found, done: &AtomicU64) {
        let put = self.put_plain(found).await;
        self.settle(&found.path, found.size, put, done);
    }

    async fn put_plain(&self, found: &Found) -> Result<Put, Failure> {
        let name = found.name.to_string_lossy();
        let filename: Filename = name.parse().map_err(|error| Failure::Here(format!("{error}")))?;
        let (sha256, size) = disc::hash_aside(found.path.clone(), self.stop.clone()).await?;
        let gate = self.gate(sha256);
        let mut put_in = gate.lock().await;
        if *put_in || !self.remote.find(sha256).await?.is_empty() {
            return Ok(Put::There);
        }
        if found.name.to_str().is_none() {
            self.progress.about(&found.path, &format!("its name is no UTF-8; it is kept as {filename}"));
        }
        let topics = match self.options.dry_run {
            true => Vec::new(),
            false => self.own_topic().await?.into_iter().collect(),
        };
        let new = NewDocument {
            filename,
            title: None,
            content_type: None,
            topics,
            ai_topics: Vec::new(),
            keep: false,
            size,
            sha256,
        };
        let put = self.upload(&found.path, &new, &[]).await?;
        *put_in = true;
        Ok(if put.is_some() || self.options.dry_run { Put::In } else { Put::There })
    }

    /// Uploads; none where it is there already, or in a dry run. `before`: documents of these bytes that were there.
    async fn upload(
        &self,
        path: &Path,
        new: &NewDocument,
        before: &[DocumentId],
    ) -> Result<Option<RemoteDocument>, Failure> {
        if self.options.dry_run {
            return Ok(None);
        }
        let mut tried = false;
        let put = self.remote.patience.call(async || {
            // The answer of the try before may have been lost; of a copy nobody else would notice.
            if tried && new.keep {
                let now = self.remote.find_once(new.sha256).await?;
                if let Some(mine) = now.into_iter().find(|document| !before.contains(&document.id)) {
                    return Ok(Some(mine));
                }
            }
            tried = true;
            let sent = Arc::new(Sent { progress: self.progress.clone(), bytes: AtomicU64::new(0) });
            let teller = sent.clone();
            let file = disc::open(path).map_err(|error| disc::unreadable(&error))?;
            let answer = self.remote.upload(new, file, move |bytes| teller.more(bytes)).await;
            match answer {
                Ok(document) => {
                    sent.bytes.store(0, Ordering::Relaxed);
                    Ok(Some(document))
                }
                Err(failure) if failure.is(ErrorCode::Duplicate) => Ok(None),
                Err(failure) => Err(failure),
            }
        });
        put.await
    }

    /// Documents of the same bytes, as the export lists them: each becomes, or is, a document of its own.
    async fn listed(&self, group: &[(PathBuf, Listed)], done: &AtomicU64) {
        let Some((_, first)) = group.first() else { return };
        let gate = self.gate(first.sha256);
        let mut put_in = gate.lock().await;
        let there = match self.remote.find(first.sha256).await {
            Ok(there) => there,
            Err(failure) => {
                let why = failure.to_string();
                self.look_for_end(&failure);
                for (path, listed) in group {
                    self.settle(path, listed.size_bytes, Err(Failure::Here(why.clone())), done);
                }
                return;
            }
        };
        let mut known: Vec<DocumentId> = there.iter().map(|document| document.id).collect();
        for ((path, listed), document) in group.iter().zip(matched(group, there)) {
            let put = match (self.check(path, listed).await, document) {
                (Err(failure), _) => Err(failure),
                // In a dry run nothing can be found of what an earlier folder would have brought.
                (Ok(()), None) if *put_in && self.options.dry_run => Ok(Put::There),
                (Ok(()), Some(document)) => self.mend(listed, &document).await,
                (Ok(()), None) => self.put_listed(path, listed, &mut known).await,
            };
            self.settle(path, listed.size_bytes, put, done);
        }
        *put_in = true;
    }

    /// Looks whether a file is the one that the export lists.
    async fn check(&self, path: &Path, listed: &Listed) -> Result<(), Failure> {
        let (sha256, size) = disc::hash_aside(path.to_owned(), self.stop.clone()).await?;
        if (sha256, size) == (listed.sha256, listed.size_bytes) {
            Ok(())
        } else {
            Err(Failure::Here("it has other bytes than the export says".to_owned()))
        }
    }

    /// Gives a document that is there what a break before kept from it: the person's choice of topics.
    async fn mend(&self, listed: &Listed, document: &RemoteDocument) -> Result<Put, Failure> {
        if listed.is_by_person() && !document.topics_by_user && !self.options.dry_run {
            self.remote.set_topics(document.id, &self.ids_of(listed)?).await?;
        }
        Ok(Put::There)
    }

    async fn put_listed(&self, path: &Path, listed: &Listed, known: &mut Vec<DocumentId>) -> Result<Put, Failure> {
        let filename: Filename = listed.filename.parse().map_err(|error| Failure::Here(format!("{error}")))?;
        if self.options.dry_run {
            return Ok(Put::In);
        }
        let mut topics = if listed.is_by_person() { self.ids_of(listed)? } else { Vec::new() };
        let mut ai_topics = if listed.is_by_person() { Vec::new() } else { self.ai_topics_of(listed)? };
        if let Some(topic) = self.own_topic().await? {
            // A person's choice stands alone, so what the AI chose becomes a part of it.
            topics.extend(ai_topics.drain(..).map(|(topic, _)| topic));
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
        let chose_none = listed.is_by_person() && topics.is_empty();
        let new = NewDocument {
            filename,
            title: listed.title.clone(),
            content_type: Some(listed.content_type.clone()),
            topics,
            ai_topics,
            keep: !known.is_empty(),
            size: listed.size_bytes,
            sha256: listed.sha256,
        };
        let Some(document) = self.upload(path, &new, known).await? else {
            // Somebody was faster; or it was this very upload, and its answer was lost.
            let now = self.remote.find(new.sha256).await?;
            return match now.into_iter().find(|document| !known.contains(&document.id)) {
                Some(document) => {
                    known.push(document.id);
                    self.mend(listed, &document).await
                }
                None => Ok(Put::There),
            };
        };
        known.push(document.id);
        if chose_none {
            self.remote.set_topics(document.id, &[]).await?;
        }
        Ok(Put::In)
    }

    fn ids_of(&self, listed: &Listed) -> Result<Vec<TopicId>, Failure> {
        listed.topics.iter().map(|topic| self.id_of(&topic.name)).collect()
    }

    fn ai_topics_of(&self, listed: &Listed) -> Result<Vec<(TopicId, f32)>, Failure> {
        let of_ai = listed.topics.iter().filter(|topic| topic.source == TopicSource::Ai);
        of_ai.map(|topic| Ok((self.id_of(&topic.name)?, topic.confidence.unwrap_or_default()))).collect()
    }

    fn id_of(&self, name: &str) -> Result<TopicId, Failure> {
        let id = self.topics.get(&name.trim().to_lowercase()).copied();
        id.ok_or_else(|| Failure::Here(format!("its topic {name} is not in the vault")))
    }
}

/// For each file of a group the document that it is in the vault already, if any is left for it: one of the same names
/// where there is one, else any.
fn matched(group: &[(PathBuf, Listed)], mut there: Vec<RemoteDocument>) -> Vec<Option<RemoteDocument>> {
    let mut matched: Vec<Option<RemoteDocument>> = group
        .iter()
        .map(|(_, listed)| {
            let same =
                |document: &RemoteDocument| document.filename == listed.filename && document.title == listed.title;
            there.iter().position(same).map(|at| there.swap_remove(at))
        })
        .collect();
    for free in matched.iter_mut().filter(|matched| matched.is_none()) {
        *free = there.pop();
    }
    matched
}

/// Bytes that an upload has sent so far; those of one that comes to nothing are taken back.
struct Sent {
    progress: Arc<Progress>,
    bytes: AtomicU64,
}

impl Sent {
    fn more(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.progress.moved(bytes);
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.progress.take_back(self.bytes.load(Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_an_export_lists_comes_in_the_order_in_which_it_was_put_in() {
        let folder = tempfile::tempdir().expect("a folder");
        let document = |n: u64| {
            json!({
                "file": format!("{n}.txt"), "filename": format!("{n}.txt"), "title": null, "content_type": "text/plain",
                // The first one has the last hash.
                "size_bytes": 1, "sha256": format!("{:064x}", 10 - n), "created_at": format!("2026-11-2{n}T00:00:00Z"),
                "status": "ready", "topics_by_user": false, "topics": [],
            })
        };
        let manifest = json!({
            "format": "docuvault-export", "version": 1, "exported_at": "2026-11-30T00:00:00Z", "topics": [],
            "documents": [document(2), document(3), document(1)],
        });
        std::fs::write(folder.path().join(MANIFEST), manifest.to_string()).expect("a file");
        let mut report = ImportReport::default();
        let paths = [folder.path().to_owned()];
        let plan = plan(&paths, &Progress::new(), &mut report, &CancellationToken::new());
        let names: Vec<String> = plan
            .listed
            .iter()
            .map(|unit| match unit {
                Unit::Listed(files) => files[0].1.file.clone(),
                Unit::Plain(found) => found.path.display().to_string(),
            })
            .collect();
        assert_eq!(names, ["1.txt", "2.txt", "3.txt"]);
    }
}
