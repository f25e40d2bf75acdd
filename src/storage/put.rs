//! One signed PUT: of an object, or of a part of one.
//!
//! rust-s3 has both, but takes the SHA-256 of each body twice and its MD5 as well, and copies it: of a gigabyte that was more
//! than all else that `serve` did with it. Here the hash is taken once, and the body goes out as it is. What signs is still
//! rust-s3's. S3 and MinIO compare the hash with what has arrived; SeaweedFS takes it as part of the signature and no more.

use bytes::Bytes;
use hmac::Mac;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, HeaderMap, HeaderName, HeaderValue};
use s3::Bucket;
use s3::command::{Command, Multipart};
use s3::error::S3Error;
use s3::request::Request;
use s3::request::tokio_backend::ReqwestRequest;
use s3::serde_types::Part;
use s3::signing::{self, HmacSha256};
use sha2::{Digest, Sha256};
use std::io;
use std::time::Duration;
use tokio::task::spawn_blocking;

/// A body of this size, in bytes, is hashed in less time than it takes to hand it to another thread and back.
const HASHED_AT_ONCE: usize = 64 * 1024;

/// Where a body goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    /// The path in the bucket.
    pub path: &'a str,
    /// Its MIME type.
    pub content_type: &'a str,
    /// Of a large upload: which part this is, from 1, and the store's id of the upload.
    pub part: Option<(u32, &'a str)>,
}

/// Puts an object, or a part of one; what completes the upload names the part by the answer.
///
/// # Errors
/// When the store can't be reached, does not answer in time or says no.
pub(super) async fn put(bucket: &Bucket, target: Target<'_>, body: Bytes) -> Result<Part, S3Error> {
    let Target { path, content_type, part } = target;
    let sha256 = match body.len() {
        ..=HASHED_AT_ONCE => hash(&body),
        _ => {
            let body = body.clone();
            spawn_blocking(move || hash(&body)).await.map_err(io::Error::other)?
        }
    };
    let multipart = part.map(|(number, upload)| Multipart::new(number, upload));
    // It is not sent: it knows address and keys.
    let command = Command::PutObject { content: &[], content_type, custom_headers: None, multipart };
    let request = ReqwestRequest::new(bucket, path, command).await?;
    let url = request.url()?;
    let headers = signed(&request, content_type, &sha256).await?;
    let time = bucket.request_timeout().unwrap_or(Duration::MAX);
    let answer = bucket.http_client().put(url).headers(headers).timeout(time).body(body).send().await?;
    let status = answer.status();
    if !status.is_success() {
        return Err(S3Error::HttpFailWithBody(status.as_u16(), answer.text().await?));
    }
    let etag = answer.headers().get(ETAG).map(HeaderValue::to_str).transpose()?.unwrap_or_default().to_owned();
    Ok(Part { part_number: part.map_or(1, |(number, _)| number), etag })
}

/// Hexadecimal.
fn hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

/// The headers, with their signature (AWS Signature Version 4).
async fn signed(request: &ReqwestRequest<'_>, content_type: &str, sha256: &str) -> Result<HeaderMap, S3Error> {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, request.host_header().parse()?);
    headers.insert(CONTENT_TYPE, content_type.parse()?);
    headers.insert(HeaderName::from_static("x-amz-content-sha256"), sha256.parse()?);
    headers.insert(HeaderName::from_static("x-amz-date"), request.long_date()?.parse()?);
    let canonical = signing::canonical_request("PUT", &request.url()?, &headers, sha256)?;
    let mut hmac = HmacSha256::new_from_slice(&request.signing_key().await?)?;
    hmac.update(request.string_to_sign(&canonical)?.as_bytes());
    let signature = hex::encode(hmac.finalize().into_bytes());
    let key = request.bucket().access_key().await?.unwrap_or_default();
    let names = signing::signed_header_string(&headers);
    let authorization =
        signing::authorization_header(&key, &request.datetime(), &request.bucket().region(), &names, &signature)?;
    headers.insert(AUTHORIZATION, authorization.parse()?);
    Ok(headers)
}
