//! Books: EPUB 2 and 3. Their pages are HTML, read in the order of the spine.

use super::office::note;
use super::out::Out;
use super::package::{Package, resolve};
use super::{Failure, html, xml};
use crate::extract::decode;
use crate::extract::frames::About;
use std::collections::HashMap;

/// Its MIME type.
pub const TYPE: &str = "application/epub+zip";
/// More chapters are left out.
const MOST_CHAPTERS: usize = 10_000;

pub fn read(package: &mut Package<'_>, memory_bytes: u64, out: &mut Out<'_>) -> Result<(), Failure> {
    out.content_type(TYPE)?;
    if is_locked(package) {
        return Err(Failure::Password);
    }
    let Some(opf) = root(package)? else { return Err(Failure::Damaged("it has no list of contents".to_owned())) };
    let mut about = About::default();
    if let Some(stream) = package.stream(&opf)? {
        let wanted = &["title", "creator", "language", "date"];
        xml::texts(stream, wanted, |name, text| note(&mut about, if name == "date" { "created" } else { name }, text))?;
    }
    out.about(&about)?;
    for chapter in spine(package, &opf, out)? {
        let read = one(package, &chapter, memory_bytes, out);
        out.tolerate(read)?;
    }
    Ok(())
}

fn one(package: &mut Package<'_>, chapter: &str, memory_bytes: u64, out: &mut Out<'_>) -> Result<(), Failure> {
    let Some(bytes) = package.bytes(chapter, html::most(memory_bytes))? else { return Ok(()) };
    let text = html::xhtml_text(&decode::html_to_utf8(&bytes))?;
    out.gap()?;
    out.lines(text.trim())
}

/// Fonts may be obfuscated; whatever else is encrypted, a shop has locked.
fn is_locked(package: &mut Package<'_>) -> bool {
    const OF_FONTS: &[&str] = &["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"];
    let (mut locked, mut of_keys) = (false, 0_usize);
    if let Ok(Some(stream)) = package.stream("META-INF/encryption.xml") {
        let _broken = xml::elements(stream, |name, element| {
            if name == "EncryptedKey" {
                of_keys += 1;
            }
            if name == "EncryptionMethod" {
                let algorithm = element.attribute("Algorithm").unwrap_or_default();
                locked |= !OF_FONTS.contains(&algorithm.as_str());
            }
        });
    }
    locked || of_keys > 0
}

/// The list of contents.
fn root(package: &mut Package<'_>) -> Result<Option<String>, Failure> {
    let mut path = None;
    if let Some(stream) = package.stream("META-INF/container.xml")? {
        xml::elements(stream, |name, element| {
            if name == "rootfile" && path.is_none() {
                path = element.attribute("full-path");
            }
        })?;
    }
    Ok(path.map(|path| resolve("", &path)))
}

/// The chapters in order.
fn spine(package: &mut Package<'_>, opf: &str, out: &mut Out<'_>) -> Result<Vec<String>, Failure> {
    let mut items = HashMap::new();
    let mut order = Vec::new();
    let mut more = false;
    if let Some(stream) = package.stream(opf)? {
        xml::elements(stream, |name, element| match name {
            "item" if items.len() < MOST_CHAPTERS => {
                if let (Some(id), Some(path)) = (element.attribute("id"), element.attribute("href")) {
                    items.insert(id, resolve(opf, &path));
                }
            }
            "itemref" if order.len() < MOST_CHAPTERS => order.extend(element.attribute("idref")),
            "item" | "itemref" => more = true,
            _ => {}
        })?;
    }
    if more {
        out.left_out("more chapters");
    }
    Ok(order.iter().filter_map(|id| items.get(id).cloned()).collect())
}
