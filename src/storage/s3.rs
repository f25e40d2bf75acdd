//! S3, by rust-s3: MinIO, SeaweedFS, AWS and the like.
//!
//! Three handles on the same bucket: one with a short time-out for calls whose answer is small, one with a longer one for
//! what is put in, one without for streams, where [`IDLE`] bounds the wait for each piece instead. rust-s3 repeats neither
//! PUT nor DELETE, so this does. What is put in is sent from here (`put.rs`), in parts where it is large, and not by
//! rust-s3's stream, which held 99 MiB for one upload of 2 GiB.

use super::put::{Target, put};
use super::{ByteStream, ObjectPage, StorageBackend, StorageError, StoredObject, UnfinishedUpload, unfinished};
use crate::config::StorageConfig;
use crate::crash::{self, CrashPoint};
use crate::domain::{DocumentId, Filename, ObjectKey, is_loopback};
use crate::metrics::{Metrics, Store};
use async_trait::async_trait;
use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::{self, FuturesOrdered};
use rand::Rng;
use reqwest::Proxy;
use s3::creds::Credentials;
use s3::error::S3Error;
use s3::serde_types::Part;
use s3::{Bucket, Region};
use secrecy::ExposeSecret;
use std::ops::RangeInclusive;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{sleep, timeout};
use url::Url;

/// Longest wait for a small answer.
const CALL: Duration = Duration::from_secs(10);
/// Longest wait for one part of an upload (8 MiB) to be taken.
const PART: Duration = Duration::from_secs(120);
/// Longest wait for the next piece of a download.
const IDLE: Duration = Duration::from_secs(30);
/// Size of a part of an upload: what is smaller goes in one PUT. S3 wants at least 5 MiB and at most 10,000 of them.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Room that is made for a part at first, since most files are small: for that of a whole one the allocator goes to the
/// kernel each time.
const SMALL_BYTES: usize = 64 * 1024;
/// Parts of one upload that are in memory: one that is filled, and one that is on its way; or both on their way.
const PARTS: usize = 2;
/// What an upload takes beside its parts: buffers of both connections.
const BUFFERS: u64 = 256 * 1024;
/// How often a small call is made at most.
const TRIES: u32 = 3;
/// Objects in a page of a listing: the most S3 gives.
const PAGE: usize = 1000;

/// A bucket behind the S3 protocol.
pub struct S3Storage {
    calls: Box<Bucket>,
    uploads: Box<Bucket>,
    downloads: Box<Bucket>,
    /// Ends in `/` unless empty.
    prefix: String,
    metrics: Arc<Metrics>,
}

impl S3Storage {
    /// A handle on the bucket; connects to nothing yet.
    ///
    /// # Errors
    /// When the HTTP client can't be built.
    pub fn new(config: &StorageConfig, metrics: Arc<Metrics>) -> Result<Self, StorageError> {
        let region = Region::Custom { region: config.region.clone(), endpoint: config.endpoint.clone() };
        let key = config.access_key.expose_secret();
        let secret = config.secret_key.expose_secret();
        let credentials =
            Credentials::new(Some(key), Some(secret), None, None, None).map_err(S3Error::from).map_err(fault)?;
        let mut bucket = Bucket::new(&config.bucket, region, credentials).map_err(fault)?;
        // A proxy of the environment is for what lies elsewhere, whatever `NO_PROXY` says.
        if Url::parse(&config.endpoint).is_ok_and(|url| is_loopback(&url)) {
            bucket = Box::new(bucket.set_proxy(Proxy::custom(|_| None::<Url>)).map_err(fault)?);
        }
        bucket.set_path_style();
        let mut downloads = bucket.clone();
        downloads.set_request_timeout(None);
        let mut uploads = bucket.clone();
        uploads.set_request_timeout(Some(PART));
        bucket.set_request_timeout(Some(CALL));
        let prefix = if config.key_prefix.is_empty() { String::new() } else { format!("{}/", config.key_prefix) };
        Ok(Self { calls: bucket, uploads, downloads, prefix, metrics })
    }

    fn path(&self, key: &ObjectKey) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Sends the parts of a large upload, of which `first` is read already, and completes it; answers its bytes.
    async fn put_parts(
        &self,
        path: &str,
        content_type: &str,
        upload_id: &str,
        first: Bytes,
        source: &mut (dyn AsyncRead + Send + Unpin),
    ) -> Result<u64, StorageError> {
        let (mut parts, mut bytes, mut body, mut room) = (Vec::new(), 0, first, None);
        let mut on_the_way = FuturesOrdered::new();
        for number in 1.. {
            bytes += body.len() as u64;
            on_the_way.push_back(self.put_part(Target { path, content_type, part: Some((number, upload_id)) }, body));
            while on_the_way.len() >= PARTS
                && let Some(sent) = on_the_way.next().await
            {
                let (part, used) = sent?;
                parts.push(part);
                room = used;
            }
            let mut reading = pin!(read_part(source, room.take()));
            body = loop {
                tokio::select! {
                    body = &mut reading => break body?,
                    Some(sent) = on_the_way.next() => {
                        let (part, used) = sent?;
                        parts.push(part);
                        room = used;
                    }
                }
            };
            if body.is_empty() {
                break;
            }
            crash::point(CrashPoint::UploadBetweenParts);
        }
        while let Some(sent) = on_the_way.next().await {
            parts.push(sent?.0);
        }
        let completing = self.uploads.complete_multipart_upload(path, upload_id, parts);
        self.metrics.timed(Store::ObjectStorage, completing, is_fault).await.map_err(fault)?;
        Ok(bytes)
    }

    /// Sends a part; answers also the room that its bytes took, to be filled again: to get that of each part from the kernel
    /// page by page costs more than half of what its hash does.
    async fn put_part(&self, target: Target<'_>, body: Bytes) -> Result<(Part, Option<BytesMut>), StorageError> {
        let sending = put(&self.uploads, target, body.clone());
        let part = self.metrics.timed(Store::ObjectStorage, sending, is_fault).await.map_err(fault)?;
        Ok((part, body.try_into_mut().ok()))
    }

    /// The key behind a path; none where it is not one of ours.
    fn key_of(&self, path: &str) -> Option<ObjectKey> {
        path.strip_prefix(&self.prefix)?.parse().ok()
    }

    /// Makes a small call, again where the store was not to be reached.
    async fn call<T, F>(&self, mut make: impl FnMut() -> F) -> Result<T, StorageError>
    where
        F: Future<Output = Result<T, S3Error>>,
    {
        let mut tries = 1;
        loop {
            let result = self.metrics.timed(Store::ObjectStorage, make(), is_fault).await.map_err(fault);
            match result {
                Err(StorageError::Unavailable(_)) if tries < TRIES => {
                    // Jitter, so that those who failed together do not come back together.
                    let wait = 50 * tries + rand::rng().random_range(0..50);
                    sleep(Duration::from_millis(wait.into())).await;
                    tries += 1;
                }
                result => return result,
            }
        }
    }
}

/// True for what counts as an error of the store; a missing object is an answer.
fn is_fault(error: &S3Error) -> bool {
    !matches!(error, S3Error::HttpFailWithBody(404, _))
}

fn fault(error: S3Error) -> StorageError {
    match error {
        S3Error::HttpFailWithBody(404, ref body) if !body.contains("NoSuchBucket") => StorageError::NotFound,
        S3Error::HttpFailWithBody(status @ (400..=407 | 409..=428), _) => {
            StorageError::Refused(status, Box::new(error))
        }
        _ => StorageError::Unavailable(Box::new(error)),
    }
}

/// Fills one part from the source, into such room if there is some; a shorter one is the last.
async fn read_part(source: &mut (dyn AsyncRead + Send + Unpin), room: Option<BytesMut>) -> Result<Bytes, StorageError> {
    let mut part = room.unwrap_or_else(|| BytesMut::with_capacity(SMALL_BYTES));
    part.clear();
    while part.len() < PART_BYTES {
        if part.len() == part.capacity() {
            part.reserve(PART_BYTES - part.len());
        }
        let room = part.capacity().min(PART_BYTES) - part.len();
        if source.read_buf(&mut (&mut part).limit(room)).await.map_err(StorageError::Source)? == 0 {
            break;
        }
    }
    Ok(part.freeze())
}

#[async_trait]
impl StorageBackend for S3Storage {
    async fn put(
        &self,
        key: &ObjectKey,
        content_type: &str,
        source: &mut (dyn AsyncRead + Send + Unpin),
    ) -> Result<u64, StorageError> {
        let path = self.path(key);
        let body = read_part(source, None).await?;
        if body.len() < PART_BYTES {
            let target = Target { path: &path, content_type, part: None };
            self.call(|| put(&self.uploads, target, body.clone())).await?;
            return Ok(body.len() as u64);
        }
        let begun = self.call(|| self.uploads.initiate_multipart_upload(&path, content_type)).await?;
        let result = self.put_parts(&path, content_type, &begun.upload_id, body, source).await;
        if result.is_err()
            && let Err(error) = self.abort(key, &begun.upload_id).await
        {
            log::warn!("a broken upload stays for the sweep: {error}");
        }
        result.map_err(|error| match error {
            // What is not there is the upload and no document: the store has forgotten it, or somebody swept it away.
            StorageError::NotFound => StorageError::Unavailable("the object store has forgotten the upload".into()),
            other => other,
        })
    }

    fn memory_of_put(&self, size: Option<u64>) -> u64 {
        PARTS as u64 * size.map_or(PART_BYTES as u64, |size| size.min(PART_BYTES as u64)) + BUFFERS
    }

    async fn get(&self, key: &ObjectKey, range: Option<RangeInclusive<u64>>) -> Result<ByteStream, StorageError> {
        let path = self.path(key);
        let mut bucket = self.downloads.clone();
        if let Some(range) = range {
            bucket.add_header("range", &format!("bytes={}-{}", range.start(), range.end()));
        }
        let open = self
            .call(|| async {
                timeout(CALL, bucket.get_object_stream(&path)).await.unwrap_or_else(|_| Err(S3Error::HttpFail))
            })
            .await?;
        let pieces = stream::unfold(Some(open.bytes), |bytes| async {
            let mut bytes = bytes?;
            match timeout(IDLE, bytes.next()).await {
                Ok(Some(Ok(piece))) => Some((Ok(piece), Some(bytes))),
                Ok(Some(Err(error))) => Some((Err(fault(error)), None)),
                Ok(None) => None,
                Err(_) => Some((Err(StorageError::Unavailable("the object store fell silent".into())), None)),
            }
        });
        Ok(pieces.boxed())
    }

    async fn size(&self, key: &ObjectKey) -> Result<u64, StorageError> {
        let path = self.path(key);
        let (head, _) = self.call(|| self.calls.head_object(&path)).await?;
        head.content_length
            .and_then(|bytes| u64::try_from(bytes).ok())
            .ok_or_else(|| StorageError::Unavailable("the object store does not say how large an object is".into()))
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StorageError> {
        let path = self.path(key);
        match self.call(|| self.calls.delete_object(&path)).await {
            Ok(_) | Err(StorageError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn list(&self, from: Option<String>) -> Result<ObjectPage, StorageError> {
        let (page, _) =
            self.call(|| self.calls.list_page(self.prefix.clone(), None, from.clone(), None, Some(PAGE))).await?;
        let objects = page
            .contents
            .into_iter()
            .map(|object| StoredObject {
                key: self.key_of(&object.key),
                size: object.size,
                modified_at: parse_time(&object.last_modified),
            })
            .collect();
        Ok(ObjectPage { objects, next: page.next_continuation_token.filter(|_| page.is_truncated) })
    }

    async fn unfinished_uploads(&self) -> Result<Vec<UnfinishedUpload>, StorageError> {
        let mut found = Vec::new();
        let mut from = None;
        loop {
            let page = self.call(|| unfinished::page(&self.calls, &self.prefix, from.clone())).await?;
            let next = page.next();
            found.extend(page.uploads.into_iter().map(|upload| UnfinishedUpload {
                key: self.key_of(&upload.key),
                upload_id: upload.upload_id,
                started_at: parse_time(&upload.initiated),
            }));
            // A store that names the same place twice would go on for ever.
            if next.is_none() || next == from {
                return Ok(found);
            }
            from = next;
        }
    }

    async fn abort(&self, key: &ObjectKey, upload_id: &str) -> Result<(), StorageError> {
        let path = self.path(key);
        match self.call(|| self.calls.abort_upload(&path, upload_id)).await {
            Ok(()) | Err(StorageError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn ping(&self) -> Result<(), StorageError> {
        // One small answer that needs the bucket and no object.
        let page = self.calls.list_page(self.prefix.clone(), None, None, None, Some(1));
        self.metrics.timed(Store::ObjectStorage, page, is_fault).await.map(drop).map_err(fault)
    }

    async fn check_writable(&self) -> Result<(), StorageError> {
        // A key as any other: should the process die here, the sweep removes what is left.
        let name: Filename = "probe".parse().map_err(|_| StorageError::NotFound)?;
        let key = ObjectKey::generate(DocumentId::generate(), &name);
        let path = self.path(&key);
        self.call(|| self.calls.put_object(&path, b"probe")).await?;
        let read = self.call(|| self.calls.get_object(&path)).await?;
        self.delete(&key).await?;
        if read.as_slice() == b"probe" {
            Ok(())
        } else {
            Err(StorageError::Unavailable("the object store gave other bytes back than it was given".into()))
        }
    }
}

fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_store_says_is_sorted_into_what_can_be_done_about_it() {
        let of = |status, body: &str| fault(S3Error::HttpFailWithBody(status, body.to_owned()));
        assert!(matches!(of(404, "<Code>NoSuchKey</Code>"), StorageError::NotFound));
        assert!(matches!(of(403, "<Code>AccessDenied</Code>"), StorageError::Refused(403, _)));
        assert!(matches!(of(404, "<Code>NoSuchBucket</Code>"), StorageError::Refused(404, _)));
        for status in [408, 429, 500, 503] {
            assert!(matches!(of(status, ""), StorageError::Unavailable(_)), "{status}");
        }
        assert!(matches!(fault(S3Error::HttpFail), StorageError::Unavailable(_)));
    }
}
