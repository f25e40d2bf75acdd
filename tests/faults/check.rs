//! What must hold when it is over. Everything is asked past the proxies, of stores that are up.

use crate::client::{Kind, Ledger, Promise, sha256};
use crate::house::House;
use docuvault::services::sweep;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Longest wait until the last job is done; a long run leaves a queue.
const QUEUE_PATIENCE: Duration = Duration::from_secs(180);
/// Longest wait until the last ring is answered: rings of the dead are taken over after their lease and a slack.
const RING_PATIENCE: Duration = Duration::from_secs(30);
/// What a lease may outlive its time by, until the last look.
const LEASE_SLACK: Duration = Duration::from_secs(1);
/// Documents that are looked at side by side.
const AT_ONCE: usize = 8;

/// What was found. Whatever is not as it must be is a line of `problems`.
#[derive(Debug, Default)]
pub struct Findings {
    pub documents: usize,
    pub deleted: usize,
    pub restored: usize,
    pub lost: usize,
    pub changed: usize,
    pub wrong_texts: usize,
    pub not_final: usize,
    pub twice: usize,
    pub stuck: usize,
    pub dead_leases: usize,
    /// Swept: objects that no row stood for when it was over, and uploads that were begun and not ended.
    pub swept: usize,
    /// Left after the sweep, or a row without an object.
    pub orphans: usize,
    /// The longest from a commit to the end of its first job.
    pub slowest_job: Duration,
    pub problems: Vec<String>,
}

impl Findings {
    /// Fails the test unless all is as it must be.
    pub fn assert_none(&self) {
        assert!(self.problems.is_empty(), "{} problems:\n{}", self.problems.len(), self.problems.join("\n"));
    }

    fn count(&mut self, what: fn(&mut Self) -> &mut usize, problem: String) {
        *what(self) += 1;
        self.problems.push(problem);
    }
}

/// Waits until the work is over, and looks at everything. `alive` tells the pids of the workers that run.
pub async fn everything(house: &House, ledger: &Ledger, alive: impl Fn() -> Vec<u32>) -> Findings {
    let mut findings = Findings { problems: ledger.wrong.clone(), ..Findings::default() };
    queue(house, &mut findings).await;
    documents(house, ledger, &mut findings).await;
    database(house, ledger, &mut findings).await;
    leases(house, alive, &mut findings).await;
    objects(house, &mut findings).await;
    rings(house, &mut findings).await;
    disk(house, &mut findings);
    findings
}

/// No job is stuck, and none was given up.
async fn queue(house: &House, findings: &mut Findings) {
    let superuser = house.vault.superuser().await;
    let open = "SELECT id::text, state, attempts, run_after - now() AS due, lease_until - now() AS lease, last_error \
                FROM jobs WHERE state IN ('queued', 'running')";
    let end = Instant::now() + QUEUE_PATIENCE;
    let shown = format!("SELECT row_to_json(open)::text FROM ({open}) AS open");
    loop {
        let stuck = superuser.query(&shown, &[]).await.expect("jobs");
        if stuck.is_empty() {
            break;
        }
        if Instant::now() > end {
            for job in stuck {
                findings.count(|f| &mut f.stuck, format!("a job is stuck: {}", job.get::<_, String>(0)));
            }
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    let dead = superuser.query("SELECT row_to_json(jobs)::text FROM jobs WHERE state = 'dead'", &[]).await;
    for job in dead.expect("jobs") {
        findings.count(|f| &mut f.stuck, format!("a job was given up: {}", job.get::<_, String>(0)));
    }
}

/// Every promise is kept, in the trash as well, and what was deleted stays so.
async fn documents(house: &House, ledger: &Ledger, findings: &mut Findings) {
    for id in &ledger.trashed {
        let restored = house.vault.http.post(house.vault.api(&format!("/documents/{id}/restore"))).send().await;
        match restored.expect("an answer").status().as_u16() {
            200 => findings.restored += 1,
            status => findings.problems.push(format!("{id} was thrown away, and its restoring answers {status}")),
        }
    }
    let promised = ledger.kept.iter().filter(|(id, _)| !ledger.deleted.contains(*id));
    let looks = promised.map(|(id, promise)| async move { (id, look(house, id, promise).await) });
    let mut looks = stream::iter(looks).buffer_unordered(AT_ONCE);
    while let Some((id, found)) = looks.next().await {
        match found {
            Found::Gone if ledger.perhaps_deleted.contains(id) => {}
            Found::Gone => findings.count(|f| &mut f.lost, format!("{id} was promised, and is gone")),
            Found::Changed(how) => findings.count(|f| &mut f.changed, format!("{id} has other bytes: {how}")),
            Found::WrongText(how) => findings.count(|f| &mut f.wrong_texts, format!("{id} has a wrong text: {how}")),
            Found::NotFinal(how) => findings.count(|f| &mut f.not_final, format!("{id} is not as it should be: {how}")),
            Found::Well => findings.documents += 1,
        }
    }
    for id in &ledger.deleted {
        findings.deleted += 1;
        let status = house.vault.get(&format!("/documents/{id}")).await.status();
        if status != 404 {
            findings.problems.push(format!("{id} was deleted, and answers {status}"));
        }
    }
}

enum Found {
    Well,
    Gone,
    Changed(String),
    WrongText(String),
    NotFinal(String),
}

async fn look(house: &House, id: &str, promise: &Promise) -> Found {
    let answer = house.vault.get(&format!("/documents/{id}")).await;
    match answer.status().as_u16() {
        200 => {}
        404 => return Found::Gone,
        status => return Found::NotFinal(format!("status {status}")),
    }
    let document: Value = answer.json().await.expect("JSON");
    if document["sha256"] != promise.sha256 {
        return Found::Changed(format!("{} on record", document["sha256"]));
    }
    let answer = house.vault.get(&format!("/documents/{id}/content")).await;
    let status = answer.status();
    let bytes = answer.bytes().await.unwrap_or_default();
    if sha256(&bytes) != promise.sha256 {
        return Found::Changed(format!("status {status}, {} bytes of {}", bytes.len(), document["size_bytes"]));
    }
    let (status, code) = (document["status"].as_str(), document["error"]["code"].as_str());
    match (promise.file.kind, status, code) {
        (Kind::Noise(_), Some("failed"), Some("unsupported")) => return Found::Well,
        (Kind::Text | Kind::Pdf(_), Some("ready" | "needs_review"), None) => {}
        _ => return Found::NotFinal(format!("{:?}: {document}", promise.file.kind)),
    }
    let text = house.vault.text(id).await;
    let marks: BTreeMap<&str, usize> = text
        .split_whitespace()
        .filter(|word| word.starts_with("mark-") && word.ends_with("-mark"))
        .fold(BTreeMap::new(), |mut marks, mark| {
            *marks.entry(mark).or_default() += 1;
            marks
        });
    let pages = if let Kind::Pdf(pages) = promise.file.kind { pages } else { 1 };
    if marks != BTreeMap::from([(promise.file.mark.as_str(), pages)]) {
        return Found::WrongText(format!("{} on {pages} pages was put in, {marks:?} came out", promise.file.mark));
    }
    Found::Well
}

/// Each document was classified once, has one job, and was sent by somebody.
async fn database(house: &House, ledger: &Ledger, findings: &mut Findings) {
    let superuser = house.vault.superuser().await;
    for action in ["action IN ('document.processed', 'document.failed')", "action = 'document.created'"] {
        let sql = format!(
            "SELECT subject_id::text, count(*) FROM audit_log WHERE {action} GROUP BY subject_id HAVING count(*) > 1"
        );
        for row in superuser.query(&sql, &[]).await.expect("rows") {
            let (id, count): (String, i64) = (row.get(0), row.get(1));
            findings.count(|f| &mut f.twice, format!("{id}: {count} times in the audit log: {action}"));
        }
    }
    let sql = "SELECT id::text FROM documents WHERE NOT EXISTS (SELECT FROM audit_log WHERE subject_id = documents.id \
               AND action IN ('document.processed', 'document.failed'))";
    for row in superuser.query(sql, &[]).await.expect("rows") {
        findings.count(|f| &mut f.not_final, format!("{}: nothing came of it", row.get::<_, String>(0)));
    }
    let sql = "SELECT documents.id::text, count(jobs.id) FROM documents LEFT JOIN jobs ON document_id = documents.id \
               GROUP BY 1 HAVING count(jobs.id) <> 1";
    for row in superuser.query(sql, &[]).await.expect("rows") {
        let (id, jobs): (String, i64) = (row.get(0), row.get(1));
        findings.problems.push(format!("{id} has {jobs} jobs"));
    }
    for row in superuser.query("SELECT id::text, encode(sha256, 'hex') FROM documents", &[]).await.expect("rows") {
        let (id, hash): (String, String) = (row.get(0), row.get(1));
        if !ledger.sent.contains(&hash) {
            findings.problems.push(format!("{id} has bytes that nobody sent to their end"));
        }
    }
    let sql = "SELECT coalesce(extract(epoch FROM max(ended.at - created.at)), 0)::float8 \
               FROM audit_log created JOIN audit_log ended USING (subject_id) WHERE created.action = 'document.created' \
               AND ended.action IN ('document.processed', 'document.failed')";
    let slowest: f64 = superuser.query_one(sql, &[]).await.expect("a row").get(0);
    findings.slowest_job = Duration::from_secs_f64(slowest.max(0.0));
}

/// No lease is held by the dead, once it had the time to run out.
async fn leases(house: &House, alive: impl Fn() -> Vec<u32>, findings: &mut Findings) {
    let superuser = house.vault.superuser().await;
    let sql = "SELECT name, lease_owner, extract(epoch FROM lease_until - now())::float8 FROM leases \
               WHERE lease_until > now() UNION ALL SELECT 'job ' || id, lease_owner, 0 FROM jobs \
               WHERE lease_owner IS NOT NULL";
    let end = Instant::now() + house.vault.vault.config.work.lease + LEASE_SLACK;
    loop {
        let mut dead = Vec::new();
        for row in superuser.query(sql, &[]).await.expect("leases") {
            let (name, owner, seconds): (String, String, f64) = (row.get(0), row.get(1), row.get(2));
            let pid = owner.split('-').next().and_then(|pid| pid.parse().ok());
            if !pid.is_some_and(|pid| alive().contains(&pid)) {
                dead.push(format!("{name} is held by the dead ({owner}) for {seconds:.0} s more"));
            }
        }
        if dead.is_empty() {
            return;
        }
        if Instant::now() > end {
            return dead.into_iter().for_each(|problem| findings.count(|f| &mut f.dead_leases, problem));
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Once the grace is over, nothing lies in the store that no row stands for, and nothing is half uploaded.
async fn objects(house: &House, findings: &mut Findings) {
    // A sweep needs two looks, minutes apart: the clock is stepped instead.
    let mut suspects = sweep::Suspects::new();
    for later in [60, 60 + 180] {
        let vault = house.vault.later(Duration::from_secs(later));
        let removed = sweep::remove_orphans(&vault, &mut suspects).await.expect("it sweeps");
        findings.swept += removed.objects + removed.uploads;
    }
    let objects: BTreeSet<String> = house.vault.object_keys().await.into_iter().collect();
    let rows: BTreeSet<String> = house.vault.keys_of_rows().await.into_iter().collect();
    for key in objects.difference(&rows) {
        findings.count(|f| &mut f.orphans, format!("an object without a row: {key}"));
    }
    for key in rows.difference(&objects) {
        findings.count(|f| &mut f.orphans, format!("a row without an object: {key}"));
    }
    for upload in house.vault.vault.storage.unfinished_uploads().await.expect("a listing") {
        findings.count(|f| &mut f.orphans, format!("an upload without an end: {upload:?}"));
    }
}

/// Every ring was answered.
async fn rings(house: &House, findings: &mut Findings) {
    let end = Instant::now() + RING_PATIENCE;
    loop {
        match house.vault.vault.queue.depth().await {
            Ok(0) => return,
            Ok(depth) if Instant::now() > end => {
                return findings.problems.push(format!("{depth} rings were never answered"));
            }
            Err(error) if Instant::now() > end => return findings.problems.push(format!("Redis: {error}")),
            _ => sleep(Duration::from_millis(100)).await,
        }
    }
}

/// No scratch file is left, and nothing panicked.
fn disk(house: &House, findings: &mut Findings) {
    for left in std::fs::read_dir(house.launcher.scratch()).expect("a folder") {
        findings.problems.push(format!("a scratch file is left: {left:?}"));
    }
    let mut told = HashSet::new();
    for log in house.launcher.logs() {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        for line in text.lines().filter(|line| line.contains("panicked")) {
            if told.insert(line.to_owned()) {
                findings.problems.push(format!("{}: {line}", log.display()));
            }
        }
    }
}
