//! What a ZIP is: an office document, a book, or a folder of files. Its content says so, and not its name.
//!
//! Office Open XML (ECMA-376) lists its parts with their types and relates them to one another; OpenDocument and EPUB
//! begin with a member `mimetype`.

use super::out::Out;
use super::package::{Package, resolve};
use super::xml;
use super::{Failure, File, archive, docx, drawing, epub, odf, sheets, slides};
use crate::extract::frames::About;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// A list of parts or of relations with more entries is cut.
const MOST_ENTRIES: usize = 100_000;

/// Reads a ZIP.
pub fn read(file: &mut dyn File, memory_bytes: u64, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut package = Package::open(&mut *file)?;
    if package.has("[Content_Types].xml") {
        let parts = Parts::read(&mut package)?;
        out.content_type(&parts.content_type())?;
        out.about(&properties(&mut package))?;
        return match parts.kind() {
            Kind::Words => docx::read(&mut package, &parts, out),
            Kind::Slides => slides::read(&mut package, &parts, out),
            Kind::Sheets | Kind::BinarySheets if sheets::lies_of_its_words(&mut package) => {
                Err(Failure::Damaged("it has fewer words than it says".to_owned()))
            }
            kind @ (Kind::Sheets | Kind::BinarySheets) => {
                drop(package);
                file.rewind().map_err(Failure::damaged)?;
                let read = match kind {
                    Kind::Sheets => sheets::xlsx(file, out),
                    _ => sheets::xlsb(file, out),
                };
                out.tolerate(read)?;
                file.rewind().map_err(Failure::damaged)?;
                beside_sheets(&mut Package::open(file)?, &parts, out)
            }
            Kind::Other => Err(Failure::Unsupported("a package of a rare kind")),
        };
    }
    let declared = package.bytes("mimetype", 200)?.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    match declared.as_deref() {
        Some(declared) if declared.starts_with(odf::TYPES) => odf::read(&mut package, declared, out),
        Some(epub::TYPE) => epub::read(&mut package, memory_bytes, out),
        _ if package.has("META-INF/container.xml") => epub::read(&mut package, memory_bytes, out),
        _ => archive::read(&mut package, out),
    }
}

/// What stands beside the cells: comments, text boxes, charts.
fn beside_sheets(package: &mut Package<'_>, parts: &Parts, out: &mut Out<'_>) -> Result<(), Failure> {
    for end in ["spreadsheetml.comments+xml", "drawing+xml", "drawingml.chart+xml", "drawingml.diagramData+xml"] {
        for part in parts.of_type(end) {
            let read = match package.stream(&part) {
                Ok(Some(stream)) => drawing::read(stream, out),
                Ok(None) => Ok(()),
                Err(failure) => Err(failure),
            };
            out.tolerate(read)?;
        }
    }
    Ok(())
}

/// The parts of an Office Open XML document.
pub struct Parts {
    /// Part names, each with its type, without the leading slash.
    types: Vec<(String, String)>,
    /// The part that everything else hangs from.
    pub main: String,
    main_type: String,
}

enum Kind {
    Words,
    Sheets,
    BinarySheets,
    Slides,
    Other,
}

impl Parts {
    fn read(package: &mut Package<'_>) -> Result<Self, Failure> {
        let mut types = Vec::new();
        let mut by_extension = Vec::new();
        if let Some(stream) = package.stream("[Content_Types].xml")? {
            xml::elements(stream, |name, element| {
                let Some(content_type) = element.attribute("ContentType") else { return };
                match name {
                    "Override" if types.len() < MOST_ENTRIES => {
                        let part = element.attribute("PartName").unwrap_or_default();
                        types.push((part.trim_start_matches('/').to_owned(), content_type));
                    }
                    "Default" if by_extension.len() < MOST_ENTRIES => {
                        by_extension.push((element.attribute("Extension").unwrap_or_default(), content_type));
                    }
                    _ => {}
                }
            })?;
        }
        let related = relations(package, "").into_iter().find(|relation| relation.kind == "officeDocument");
        let is_main = |content_type: &str| content_type.contains(".main");
        let main = match related {
            Some(relation) => relation.target,
            None => types.iter().find(|(_, kind)| is_main(kind)).map(|(part, _)| part.clone()).unwrap_or_default(),
        };
        let extension = main.rsplit_once('.').map_or("", |(_, extension)| extension);
        let main_type = types
            .iter()
            .find(|(part, _)| part.eq_ignore_ascii_case(&main))
            .or_else(|| by_extension.iter().find(|(of, kind)| of.eq_ignore_ascii_case(extension) && is_main(kind)))
            .map(|(_, content_type)| content_type.clone())
            .unwrap_or_default();
        Ok(Self { types, main, main_type })
    }

    /// The MIME type of the whole: that of its main part, without what makes it one.
    fn content_type(&self) -> String {
        let stem = self.main_type.trim_end_matches("+xml").trim_end_matches(".main");
        match stem.split_once("macroEnabled") {
            Some((before, _)) => format!("{before}macroEnabled.12"),
            None => stem.to_owned(),
        }
    }

    fn kind(&self) -> Kind {
        let is = |word: &str| self.main_type.contains(word);
        if is("wordprocessingml") || is("ms-word") {
            Kind::Words
        } else if is("presentationml") || is("ms-powerpoint") {
            Kind::Slides
        } else if is("sheet.binary") {
            Kind::BinarySheets
        } else if is("spreadsheetml") || is("ms-excel") {
            Kind::Sheets
        } else {
            Kind::Other
        }
    }

    /// The parts whose type ends so.
    pub fn of_type(&self, end: &str) -> Vec<String> {
        self.types.iter().filter(|(_, kind)| kind.ends_with(end)).map(|(part, _)| part.clone()).collect()
    }
}

/// What a part points to.
pub struct Relation {
    pub id: String,
    /// The last word of its type.
    pub kind: String,
    /// A part's name.
    pub target: String,
}

/// What `part` points to within the package. A list that is broken is one that ends early.
pub fn relations(package: &mut Package<'_>, part: &str) -> Vec<Relation> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let list = if folder.is_empty() { format!("_rels/{name}.rels") } else { format!("{folder}/_rels/{name}.rels") };
    let mut found = Vec::new();
    if let Ok(Some(stream)) = package.stream(&list) {
        let _broken = xml::elements(stream, |name, element| {
            let inside = element.attribute("TargetMode").is_none_or(|mode| mode != "External");
            if name == "Relationship" && inside && found.len() < MOST_ENTRIES {
                let kind = element.attribute("Type").unwrap_or_default();
                found.push(Relation {
                    id: element.attribute("Id").unwrap_or_default(),
                    kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                    target: resolve(part, &element.attribute("Target").unwrap_or_default()),
                });
            }
        });
    }
    found
}

/// Title, author and the like, as far as they can be read: they are no reason to give up.
fn properties(package: &mut Package<'_>) -> About {
    let mut about = About::default();
    if let Ok(Some(stream)) = package.stream("docProps/core.xml") {
        let _broken = xml::texts(stream, &["title", "creator", "created", "modified", "language"], |name, text| {
            note(&mut about, name, text);
        });
    }
    if let Ok(Some(stream)) = package.stream("docProps/app.xml") {
        let _broken = xml::texts(stream, &["Pages", "Slides"], |_, text| {
            about.pages = text.parse().ok().filter(|pages| *pages > 0).or(about.pages);
        });
    }
    // What PowerPoint calls every one.
    about.title = about.title.filter(|title| title != "PowerPoint Presentation");
    about
}

/// Takes over one property by the names that Dublin Core and the office formats have for it; the first counts.
pub fn note(about: &mut About, name: &str, text: &str) {
    let words = || Some(text.to_owned()).filter(|text| !text.trim().is_empty());
    match name {
        "title" => about.title = about.title.take().or_else(words),
        "creator" | "initial-creator" => about.author = about.author.take().or_else(words),
        "language" => about.language = about.language.take().or_else(words),
        "created" | "creation-date" => about.created = about.created.or_else(|| date(text)),
        "modified" => about.modified = about.modified.or_else(|| date(text)),
        _ => {}
    }
}

/// A time as the formats write it: RFC 3339, or less of it, in UTC where no zone is named.
pub fn date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), format).ok());
    let day = || {
        let day = [text.to_owned(), format!("{text}-01"), format!("{text}-01-01")]
            .iter()
            .find_map(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())?;
        day.and_hms_opt(0, 0, 0)
    };
    local.or_else(day).map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_precisely_as_they_are_written() {
        for (text, expected) in [
            ("2024-03-01T14:30:00Z", "2024-03-01T14:30:00+00:00"),
            ("2024-03-01T14:30:00+02:00", "2024-03-01T12:30:00+00:00"),
            ("2024-03-01T14:30:00.123456789", "2024-03-01T14:30:00.123456789+00:00"),
            ("2024-03-01", "2024-03-01T00:00:00+00:00"),
            ("2024-03", "2024-03-01T00:00:00+00:00"),
            ("1899", "1899-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(date(text).map(|time| time.to_rfc3339()).as_deref(), Some(expected));
        }
        assert_eq!(date("yesterday"), None);
        assert_eq!(date(""), None);
    }
}
