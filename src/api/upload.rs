//! `POST /documents`: a multipart form, streamed.

use super::documents::parse_filename;
use super::dto::Document;
use super::extractors::parse_id;
use super::pace::{content_length, is_too_slow, too_slow};
use super::problem::{ApiError, Problem};
use crate::domain::{Filename, TopicId};
use crate::error::{Error, ErrorCode, Result};
use crate::extract::{HEAD_BYTES, as_declared, declared_or_guessed};
use crate::services::documents::{MAX_TOPICS, parse_title};
use crate::services::upload::{self, NewUpload, Upload};
use crate::services::{Vault, topics};
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header::{self, ContentDisposition, DispositionParam};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, post, web};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use std::sync::Arc;

/// Largest text field, in bytes.
const MAX_FIELD_BYTES: usize = 4 * 1024;
/// Parts of a form at most: the file, and fields.
const MAX_PARTS: usize = 64;
/// What a form may take beside its file, in bytes.
const FORM_OVERHEAD: u64 = 1024 * 1024;

/// The form, for the description.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `upload` reads")]
struct UploadForm {
    /// A title
    title: Option<String>,
    /// A topic's id; repeat it for several
    topic_ids: Option<Vec<uuid::Uuid>>,
    /// What an AI decided earlier, as id:confidence; repeat it for several. Not together with topic_ids. At its first
    /// processing such a document is read, and not sorted again
    ai_topics: Option<Vec<String>>,
    /// reject (default) or keep
    on_duplicate: Option<String>,
    /// The file; the last part of the form
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
}

/// Put a document in. Any type of file is taken and kept, also one whose text can't be read.
#[utoipa::path(
    operation_id = "upload_document",
    tag = "documents",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "It is kept; it will be read", body = Document,
            headers(("Location" = String, description = "Where it is"))),
        (status = 400, description = "missing_file, empty_file, invalid_filename, invalid_field, invalid_multipart, \
            invalid_id, unknown_topic", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "request_timeout", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "duplicate, with existing_id", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "too_large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "unsupported_media_type", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "busy, or unavailable: Retry-After says when to come again", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[post("/documents")]
pub async fn create(
    vault: web::Data<Vault>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let vault = vault.into_inner();
    if request.content_type() != "multipart/form-data" {
        return Err(Error::new(ErrorCode::UnsupportedMediaType, "Send a form, as multipart/form-data.").into());
    }
    let limit = vault.config.http.max_upload_bytes;
    let declared = content_length(&request);
    if declared.is_some_and(|bytes| bytes > limit.saturating_add(FORM_OVERHEAD)) {
        return Err(too_large(limit).into());
    }

    let mut form = Multipart::new(request.headers(), payload);
    let mut fields = Fields::default();
    let mut flowing: Option<Upload> = None;
    let mut parts = 0;
    // The form is read to its very end before the upload is finished: one that breaks off leaves nothing behind.
    while let Some(field) = form.try_next().await.map_err(broken)? {
        parts += 1;
        if parts > MAX_PARTS {
            return Err(invalid_field("The form has more than 64 parts.").into());
        }
        let name = field.name().unwrap_or_default().to_owned();
        if flowing.is_some() {
            return Err(
                invalid_field("The file must be the last part of the form, and there is one file a form.").into()
            );
        }
        if name == "file" {
            flowing = Some(receive(&vault, field, std::mem::take(&mut fields), declared).await?);
        } else {
            fields.take(&name, field).await?;
        }
    }
    let flowing = flowing.ok_or_else(|| Error::new(ErrorCode::MissingFile, "The form has no part named file."))?;
    let document = flowing.finish().await?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/api/v1/documents/{}", document.row.id)))
        .json(Document::from(document)))
}

fn broken(error: MultipartError) -> Error {
    if let MultipartError::Payload(cause) = &error
        && is_too_slow(cause)
    {
        return too_slow().with_source(error.to_string());
    }
    Error::new(ErrorCode::InvalidMultipart, "The form is broken, or ended too early.").with_source(error.to_string())
}

fn invalid_field(detail: &'static str) -> Error {
    Error::new(ErrorCode::InvalidField, detail)
}

fn too_large(limit: u64) -> Error {
    Error::new(ErrorCode::TooLarge, format!("This vault takes files of up to {limit} bytes."))
}

/// The fields before the file.
#[derive(Default)]
struct Fields {
    title: Option<String>,
    topics: Vec<TopicId>,
    ai_topics: Vec<(TopicId, f32)>,
    on_duplicate: Option<String>,
}

impl Fields {
    async fn take(&mut self, name: &str, mut field: Field) -> Result<()> {
        let mut bytes = Vec::new();
        while let Some(piece) = field.try_next().await.map_err(broken)? {
            if bytes.len() + piece.len() > MAX_FIELD_BYTES {
                return Err(invalid_field("A field has at most 4096 bytes."));
            }
            bytes.extend_from_slice(&piece);
        }
        let text = String::from_utf8(bytes).map_err(|_| invalid_field("A field must be UTF-8."))?;
        match name {
            "title" if self.title.is_none() => self.title = Some(text),
            "on_duplicate" if self.on_duplicate.is_none() => self.on_duplicate = Some(text),
            "topic_ids" if self.topics.len() < MAX_TOPICS => self.topics.push(parse_id(&text)?),
            "ai_topics" if self.ai_topics.len() < MAX_TOPICS => self.ai_topics.push(parse_ai_topic(&text)?),
            "topic_ids" | "ai_topics" => return Err(invalid_field("A document has at most 50 topics.")),
            "title" | "on_duplicate" => return Err(invalid_field("A field is given twice.")),
            _ => {
                let detail = "The form has title, topic_ids, ai_topics, on_duplicate and, at its end, file.";
                return Err(invalid_field(detail));
            }
        }
        Ok(())
    }

    /// The topics of both kinds, each once, all of which exist.
    async fn topics(&mut self, vault: &Vault) -> Result<(Vec<TopicId>, Vec<(TopicId, f32)>)> {
        let (mut topics, mut ai_topics) = (std::mem::take(&mut self.topics), std::mem::take(&mut self.ai_topics));
        if !topics.is_empty() && !ai_topics.is_empty() {
            return Err(invalid_field("A person's choice stands alone: give topic_ids or ai_topics, not both."));
        }
        topics.sort_unstable();
        topics.dedup();
        ai_topics.sort_unstable_by_key(|(topic, _)| *topic);
        if ai_topics.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(invalid_field("ai_topics names a topic twice."));
        }
        let all: Vec<_> = topics.iter().copied().chain(ai_topics.iter().map(|(topic, _)| *topic)).collect();
        topics::check_exist(vault, &all).await?;
        Ok((topics, ai_topics))
    }

    fn keep_duplicate(&self) -> Result<bool> {
        match self.on_duplicate.as_deref() {
            None | Some("reject") => Ok(false),
            Some("keep") => Ok(true),
            Some(_) => Err(invalid_field("on_duplicate must be reject or keep.")),
        }
    }
}

/// `id:confidence`, the confidence from 0 to 1.
fn parse_ai_topic(text: &str) -> Result<(TopicId, f32)> {
    text.split_once(':')
        .and_then(|(id, confidence)| Some((id.parse().ok()?, confidence.parse().ok()?)))
        .filter(|(_, confidence)| (0.0..=1.0).contains(confidence))
        .ok_or_else(|| invalid_field("ai_topics is a topic's id, a colon, and a confidence from 0 to 1."))
}

/// Lets a file flow to the object store. `form_bytes`: the length of the whole form, if it was said.
async fn receive(vault: &Arc<Vault>, field: Field, mut fields: Fields, form_bytes: Option<u64>) -> Result<Upload> {
    let filename = name_of(field.content_disposition())?;
    let keep_duplicate = fields.keep_duplicate()?;
    let title = fields.title.as_deref().map(parse_title).transpose()?.flatten();
    let (topics, ai_topics) = fields.topics(vault).await?;
    let declared = field.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);

    // A field panics when it is asked for more after its end.
    let mut pieces = field.fuse();
    // The beginning tells what it is.
    let limit = vault.config.http.max_upload_bytes;
    let mut bytes: u64 = 0;
    let mut head: Vec<Bytes> = Vec::new();
    while bytes < HEAD_BYTES as u64
        && let Some(piece) = pieces.try_next().await.map_err(broken)?
    {
        bytes += piece.len() as u64;
        head.push(piece);
    }
    if bytes == 0 {
        return Err(Error::new(ErrorCode::EmptyFile, "The file has no bytes."));
    }
    let content_type = declared_or_guessed(&head.concat(), declared.as_deref(), &filename);
    let declared_type = as_declared(declared.as_deref());
    let size_hint = form_bytes;
    let new = NewUpload { filename, title, topics, ai_topics, keep_duplicate, content_type, declared_type, size_hint };
    let mut flowing = upload::begin(vault, new).await?;
    for piece in head {
        flowing = flowing.write(piece).await?;
    }
    while let Some(piece) = pieces.try_next().await.map_err(broken)? {
        bytes += piece.len() as u64;
        if bytes > limit {
            break;
        }
        flowing = flowing.write(piece).await?;
    }
    if bytes > limit {
        return Err(too_large(limit));
    }
    Ok(flowing)
}

/// The file's name: `filename*` (RFC 5987) where there is one, else `filename`.
fn name_of(disposition: Option<&ContentDisposition>) -> Result<Filename> {
    let parameters = disposition.map(|disposition| disposition.parameters.as_slice()).unwrap_or_default();
    let extended = parameters.iter().find_map(|parameter| match parameter {
        DispositionParam::FilenameExt(extended) => Some(extended),
        _ => None,
    });
    let name = match extended {
        Some(extended) => String::from_utf8(extended.value.clone())
            .map_err(|_| Error::new(ErrorCode::InvalidFilename, "The file's name must be UTF-8."))?,
        None => parameters
            .iter()
            .find_map(DispositionParam::as_filename)
            .ok_or_else(|| Error::new(ErrorCode::InvalidFilename, "The part named file must carry a filename."))?
            .to_owned(),
    };
    parse_filename(&name)
}
