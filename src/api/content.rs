//! `GET /documents/{id}/content`: the bytes, whole or in part.

use super::extractors::{Id, Query};
use super::problem::{ApiError, Problem};
use crate::domain::{DocumentId, Filename};
use crate::error::{Error, ErrorCode};
use crate::services::{Vault, documents};
use actix_web::body::SizedStream;
use actix_web::http::Method;
use actix_web::http::header::{self, EntityTag, Header, IfNoneMatch, IfRange, Range};
use actix_web::{HttpRequest, HttpResponse, route, web};
use futures_util::{StreamExt, TryStreamExt, stream};

/// Stored HTML or SVG may be shown, but never runs: no script, no origin, no request.
pub const SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

/// Kept by the client alone, and asked for again each time: a document can be removed.
const CACHE: &str = "private, no-cache";

/// A document's bytes, with ranges.
#[utoipa::path(
    operation_id = "get_document_content",
    method(get, head),
    path = "/documents/{id}/content",
    tag = "documents",
    params(
        ("id" = uuid::Uuid, Path),
        ("inline" = Option<bool>, Query, description = "true to look at it in the browser instead of saving it"),
        ("Range" = Option<String>, Header, description = "One range of bytes"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag that is at hand already"),
    ),
    responses(
        (status = 200, description = "The bytes", content_type = "application/octet-stream"),
        (status = 206, description = "The bytes of the range", content_type = "application/octet-stream"),
        (status = 304, description = "The ETag is the same"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 416, description = "range_not_satisfiable", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[route("/documents/{id}/content", method = "GET", method = "HEAD")]
pub async fn content(
    vault: web::Data<Vault>,
    id: Id<DocumentId>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let inline = Query::read(&request, &["inline"])?.parsed::<bool>("inline")?.unwrap_or(false);
    let document = documents::get(&vault, id.0).await?.row;
    let length = u64::try_from(document.size_bytes).map_err(Error::internal)?;
    let etag = EntityTag::new_strong(document.sha256.to_string());
    if is_at_hand(&request, &etag) {
        return Ok(HttpResponse::NotModified()
            .insert_header(header::ETag(etag))
            .insert_header((header::CACHE_CONTROL, CACHE))
            .finish());
    }

    let range = range_of(&request, &etag, length)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, document.content_type.as_str()))
        .insert_header(disposition(&document.filename, inline))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CACHE_CONTROL, CACHE))
        .insert_header((header::CONTENT_SECURITY_POLICY, SANDBOX))
        .insert_header(header::ETag(etag));
    let size = match range {
        None => length,
        Some((first, last)) => {
            response.status(actix_web::http::StatusCode::PARTIAL_CONTENT);
            response.insert_header((header::CONTENT_RANGE, format!("bytes {first}-{last}/{length}")));
            last - first + 1
        }
    };
    if request.method() == Method::HEAD {
        let nothing = stream::empty::<Result<bytes::Bytes, actix_web::Error>>();
        return Ok(response.body(SizedStream::new(size, nothing)));
    }
    let bytes = documents::content(&vault, &document, range.map(|(first, last)| first..=last)).await?;
    let bytes = bytes.map_err(|error| {
        // The status is out already; all that is left is to break off, so that nobody takes a part for the whole.
        log::error!("a download broke off: {}", crate::error::cause_chain(&error));
        actix_web::Error::from(ApiError::from(Error::from(error)))
    });
    Ok(response.body(SizedStream::new(size, bytes.boxed())))
}

fn is_at_hand(request: &HttpRequest, etag: &EntityTag) -> bool {
    if !request.headers().contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(etag)),
        Err(_) => false,
    }
}

/// The one range that is asked for: first and last byte. None for the whole: also where several ranges are asked for,
/// or the header can't be understood (RFC 9110, 14.2 lets a server ignore it), or `If-Range` names other bytes.
fn range_of(request: &HttpRequest, etag: &EntityTag, length: u64) -> Result<Option<(u64, u64)>, ApiError> {
    if !request.headers().contains_key(header::RANGE) {
        return Ok(None);
    }
    if request.headers().contains_key(header::IF_RANGE) {
        let same = matches!(IfRange::parse(request), Ok(IfRange::EntityTag(tag)) if tag.strong_eq(etag));
        if !same {
            return Ok(None);
        }
    }
    let Ok(Range::Bytes(ranges)) = Range::parse(request) else { return Ok(None) };
    let [range] = ranges.as_slice() else { return Ok(None) };
    range.to_satisfiable_range(length).map(Some).ok_or_else(|| {
        let detail = format!("The document has {length} bytes; the range lies outside.");
        ApiError::from(Error::new(ErrorCode::RangeNotSatisfiable, detail)).with_length(length)
    })
}

/// `Content-Disposition` with the real name (RFC 6266): in ASCII for old clients, and whole for all others. The first goes
/// without what some clients take for an escape, against the grammar (RFC 6266, appendix D): `\`, `%2F`, `=?utf-8?…?=`.
/// Put together here, since actix-web leaves characters in the second that are not to stand there.
fn disposition(name: &Filename, inline: bool) -> (header::HeaderName, String) {
    let kind = if inline { "inline" } else { "attachment" };
    let name = name.as_str();
    let plain = |c: char| (' '..='~').contains(&c) && !matches!(c, '"' | '\\' | '%' | '?');
    let ascii: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    let mut value = format!("{kind}; filename=\"{ascii}\"");
    if ascii != name {
        value.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            // attr-char of RFC 8187, 3.2.1
            if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                value.push(byte.into());
            } else {
                value.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    (header::CONTENT_DISPOSITION, value)
}
