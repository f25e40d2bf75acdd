//! The web page: built from `frontend/` before the program is, and a part of it. Its files lie in the binary as they are
//! and compressed, so none is compressed while somebody waits, and their memory is the binary's own pages.

use super::content::is_at_hand;
use super::problem::ApiError;
use crate::error::{Error, ErrorCode};
use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::header::{self, AcceptEncoding, Encoding, EntityTag, Header, Quality};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "frontend/dist"]
#[allow_missing = true]
struct Dist;

/// The one HTML file; it finds the rest.
const INDEX: &str = "index.html";
/// Files whose names change with their bytes.
const ASSETS: &str = "assets";
/// Addresses that are not the page's, whatever a client accepts: their first parts.
const NOT_THE_PAGE: [&str; 4] = ["api", "health", "metrics", ASSETS];
/// The methods that the page takes.
pub const METHODS: &str = "GET, HEAD";

/// What the page may do: nothing that does not come from here. `blob:` and `data:` are pictures of what was put in.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
    font-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'";

/// Such a name never stands for other bytes.
const KEPT: &str = "public, max-age=31536000, immutable";
/// Kept, and asked for again each time: the next release has another one under this name.
const ASKED_AGAIN: &str = "no-cache";

/// What stands at the page's place in a program that was built without it.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>DocuVault</title>\n\
    <h1>DocuVault</h1>\n<p>This program was built without its web page. To build both:</p>\n\
    <pre>script/build-page\ncargo build --release --locked</pre>\n\
    <p>The interface works all the same: <a href=\"/api/v1/docs/\">its description</a>.</p>\n</html>\n";

/// The page's routes. They come last: what others serve is theirs.
pub fn routes(services: &mut web::ServiceConfig) {
    // In this form a pattern gives the figures one label, and no name of a file becomes one.
    services
        .service(web::resource("/assets/{file}*").guard(fn_guard(reads)).to(file))
        .service(web::resource("/{page}*").guard(fn_guard(is_wanted)).to(page));
}

/// Whether there is something of the page under this address, for who asks with a wrong method.
pub fn is_at(path: &str) -> bool {
    path == "/" || found(path).is_some()
}

/// Whether a request only reads.
fn reads(context: &GuardContext<'_>) -> bool {
    matches!(context.head().method, Method::GET | Method::HEAD)
}

/// Whether a request is for the page: for a file of it, or for an address that the page makes something of. Of the
/// latter it alone knows which there are, so that any will do; but a program that asks is told that there is nothing.
fn is_wanted(context: &GuardContext<'_>) -> bool {
    let path = context.head().uri.path();
    reads(context) && (is_at(path) || (is_open_to_the_page(path) && accepts_html(context)))
}

fn is_open_to_the_page(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    !NOT_THE_PAGE.contains(&first)
}

/// By name: `*/*` is what every program sends.
fn accepts_html(context: &GuardContext<'_>) -> bool {
    let accepted = context.header::<header::Accept>();
    accepted.is_some_and(|accepted| {
        accepted.iter().any(|kind| kind.item.essence_str() == "text/html" && kind.quality > Quality::ZERO)
    })
}

/// The file under an address. What is compressed is a form of another file, and what begins with a dot is nobody's.
fn found(path: &str) -> Option<(&str, EmbeddedFile)> {
    let name = path.strip_prefix('/')?;
    if name.ends_with(".br") || name.ends_with(".gz") || name.starts_with('.') {
        return None;
    }
    Dist::get(name).map(|file| (name, file))
}

async fn file(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    match found(request.path()) {
        Some((name, file)) => Ok(answer(&request, name, file)),
        None => Err(Error::new(ErrorCode::NotFound, "There is nothing under this address.").into()),
    }
}

async fn page(request: HttpRequest) -> HttpResponse {
    match found(request.path()).or_else(|| Dist::get(INDEX).map(|file| (INDEX, file))) {
        Some((name, file)) => answer(&request, name, file),
        None => not_built(),
    }
}

/// Not what a person who looks wants to see, nor what a probe should take for it.
fn not_built() -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .content_type("text/html; charset=utf-8")
        .body(NOT_BUILT)
}

/// A file, in the form that the client likes best.
fn answer(request: &HttpRequest, name: &str, plain: EmbeddedFile) -> HttpResponse {
    let (encoding, file) = form(request, name, plain);
    // Each form has bytes of its own, and so a tag of its own.
    let etag = EntityTag::new_strong(hex::encode(&file.metadata.sha256_hash()[..16]));
    let at_hand = is_at_hand(request, &etag);
    let mut response = HttpResponse::build(if at_hand { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    // With a 304 too: a browser takes these over into what it has kept.
    let in_assets = name.split_once('/').is_some_and(|(folder, _)| folder == ASSETS);
    response
        .insert_header((header::CACHE_CONTROL, if in_assets { KEPT } else { ASKED_AGAIN }))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::VARY, "accept-encoding"))
        .insert_header(header::ETag(etag));
    if at_hand {
        return response.finish();
    }
    response.content_type(content_type(name));
    if let Some(encoding) = encoding {
        response.insert_header((header::CONTENT_ENCODING, encoding));
    }
    response.body(match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    })
}

/// The form of a file that the client likes best of those there are: as it is, where it refuses that too.
fn form(request: &HttpRequest, name: &str, plain: EmbeddedFile) -> (Option<&'static str>, EmbeddedFile) {
    let Ok(accepted) = AcceptEncoding::parse(request) else { return (None, plain) };
    let compressed = [(Encoding::brotli(), "br", "br"), (Encoding::gzip(), "gzip", "gz")]
        .map(|(encoding, coding, ending)| (encoding, coding, Dist::get(&format!("{name}.{ending}"))));
    let there = compressed.iter().filter(|(_, _, file)| file.is_some()).map(|(encoding, _, _)| encoding);
    let Some(chosen) = accepted.negotiate(there.chain([&Encoding::identity()])) else { return (None, plain) };
    let form = compressed.into_iter().find(|(encoding, _, _)| *encoding == chosen);
    match form {
        Some((_, coding, Some(file))) => (Some(coding), file),
        _ => (None, plain),
    }
}

/// By the name. Text of the page is UTF-8.
fn content_type(name: &str) -> String {
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    match kind.type_() {
        mime_guess::mime::TEXT => format!("{kind}; charset=utf-8"),
        _ => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_without_its_page_says_how_to_build_it() {
        let response = not_built();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers().get(header::CONTENT_SECURITY_POLICY).and_then(|v| v.to_str().ok()), Some(POLICY));
        assert!(NOT_BUILT.contains("script/build-page") && !NOT_BUILT.contains("style="));
    }

    #[test]
    fn what_a_browser_refuses_without_the_right_type_has_it() {
        for (name, kind) in [
            ("index.html", "text/html; charset=utf-8"),
            ("assets/index-1a2b.js", "text/javascript; charset=utf-8"),
            ("assets/pdf.worker-1a2b.mjs", "application/javascript"),
            ("assets/index-1a2b.css", "text/css; charset=utf-8"),
            ("assets/openjpeg-1a2b.wasm", "application/wasm"),
            ("assets/inter-1a2b.woff2", "font/woff2"),
            ("assets/Foxit-1a2b.pfb", "application/octet-stream"),
            ("assets/Liberation-1a2b.ttf", "font/ttf"),
            ("cmaps/78-H.bcmap", "application/octet-stream"),
            ("favicon.svg", "image/svg+xml"),
            ("manifest.webmanifest", "application/manifest+json"),
        ] {
            assert_eq!(content_type(name), kind, "{name}");
        }
    }

    #[test]
    fn the_page_leaves_the_addresses_of_others_alone() {
        for path in ["/api", "/api/v1/nowhere", "/health/else", "/metrics", "/assets/gone.js", "//api/v1"] {
            assert!(!is_open_to_the_page(path), "{path}");
        }
        for path in ["/", "/documents/1", "/healthy", "/apis", "/trash"] {
            assert!(is_open_to_the_page(path), "{path}");
        }
    }
}
