//! `docuvault-export.json`: what an export says of its files. It stands for itself: no id and nothing else of the
//! vault's own schema is in it, so that any later vault can read it.
//!
//! A manifest may have been edited by anybody: it is checked as a whole before anything of it is believed.

use super::disc;
use super::http::Failure;
use super::names::OWN;
use crate::domain::{ContentHash, TopicSource};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::Permissions;
use std::io::{self, BufReader, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::NamedTempFile;

/// The manifest's name in its folder.
pub(super) const MANIFEST: &str = "docuvault-export.json";
const FORMAT: &str = "docuvault-export";
const VERSION: u32 = 1;

/// The manifest.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: String,
    version: u32,
    /// When the export was made.
    pub(super) exported_at: DateTime<Utc>,
    /// All topics of the vault.
    pub(super) topics: Vec<Topic>,
    /// The files.
    pub(super) documents: Vec<Listed>,
}

/// A topic.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Topic {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) color: Option<String>,
}

/// A file of the export, and what the vault knew of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Listed {
    /// Its name in the folder.
    pub(super) file: String,
    /// Its name in the vault.
    pub(super) filename: String,
    pub(super) title: Option<String>,
    pub(super) content_type: String,
    pub(super) size_bytes: u64,
    pub(super) sha256: ContentHash,
    pub(super) created_at: DateTime<Utc>,
    /// How far the vault had come with it.
    pub(super) status: String,
    pub(super) topics: Vec<TopicOfListed>,
    /// A person chose the topics, or that there are none.
    pub(super) topics_by_user: bool,
}

/// A topic of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TopicOfListed {
    pub(super) name: String,
    pub(super) source: TopicSource,
    /// How sure the AI was; null for a person's choice.
    pub(super) confidence: Option<f32>,
}

impl Listed {
    /// True where a person chose the topics.
    pub(super) fn is_by_person(&self) -> bool {
        self.topics_by_user || self.topics.iter().any(|topic| topic.source == TopicSource::User)
    }
}

/// True for a name that can be nothing but a file's in its folder.
pub(super) fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0'])
}

/// True for what lies beside an export's files and is none of them.
pub(super) fn is_own(name: &str) -> bool {
    name == MANIFEST || (name.starts_with(OWN) && name.ends_with(".part"))
}

impl Manifest {
    /// A manifest of now.
    pub(super) fn new(exported_at: DateTime<Utc>, topics: Vec<Topic>, documents: Vec<Listed>) -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION, exported_at, topics, documents }
    }

    /// Reads the manifest of a folder; none where there is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, Failure> {
        let wrong = |why: &str| Failure::Here(format!("{MANIFEST} {why}"));
        let file = match disc::open(&folder.join(MANIFEST)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(&format!("can't be read: {error}"))),
        };
        let value: serde_json::Value =
            serde_json::from_reader(BufReader::new(file)).map_err(|error| wrong(&format!("is no JSON: {error}")))?;
        if value["format"] != FORMAT {
            return Err(wrong("is not that of an export of DocuVault"));
        }
        if value["version"] != VERSION {
            return Err(wrong("is of a version that this program does not know"));
        }
        let manifest: Self = serde_json::from_value(value)
            .map_err(|error| wrong(&format!("is damaged: {}", disc::harmless(&error.to_string()))))?;
        manifest.check().map_err(|why| wrong(&why))?;
        Ok(Some(manifest))
    }

    fn check(&self) -> Result<(), String> {
        let mut files = HashSet::new();
        for listed in &self.documents {
            let file = disc::harmless(&listed.file);
            if !is_plain_name(&listed.file) || is_own(&listed.file) {
                return Err(format!("was tampered with: {file} is no name of a file in this folder"));
            }
            if !files.insert(listed.file.as_str()) {
                return Err(format!("names {file} twice"));
            }
            let unsure = |topic: &TopicOfListed| (topic.source == TopicSource::Ai) != topic.confidence.is_some();
            if listed.topics.iter().any(unsure) {
                return Err(format!("is damaged: a topic of {file} has no confidence, or one too many"));
            }
        }
        Ok(())
    }

    /// Writes the manifest to its folder, wholly or not at all.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let file = part(folder)?;
        let mut writer = BufWriter::new(file);
        serde_json::to_writer_pretty(&mut writer, self)?;
        writer.write_all(b"\n")?;
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(folder.join(MANIFEST))?;
        Ok(())
    }
}

/// A file of the client's own that is renamed when it is whole, and goes away when it does not come to that.
pub(super) fn part(folder: &Path) -> io::Result<NamedTempFile> {
    // As any new file: the umask says who may read it.
    let permissions = Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(OWN).suffix(".part").permissions(permissions).tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(change: impl FnOnce(&mut Value)) -> Result<Option<Manifest>, Failure> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut manifest = json!({
            "format": "docuvault-export", "version": 1, "exported_at": "2026-11-24T00:00:00Z",
            "topics": [{"name": "Tax", "description": "", "color": "#aabbcc"}],
            "documents": [{
                "file": "a (2).txt", "filename": "a.txt", "title": null, "content_type": "text/plain", "size_bytes": 1,
                "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "created_at": "2026-11-24T00:00:00Z", "status": "ready", "topics_by_user": false,
                "topics": [{"name": "Tax", "source": "ai", "confidence": 0.87}], "more": "of a later version",
            }],
        });
        change(&mut manifest);
        std::fs::write(folder.path().join(MANIFEST), manifest.to_string()).expect("a file");
        Manifest::read(folder.path())
    }

    #[test]
    fn a_manifest_reads_back_as_it_was_written() {
        let manifest = read(|_| {}).expect("it is right").expect("it is there");
        let folder = tempfile::tempdir().expect("a folder");
        manifest.write(folder.path()).expect("it is written");
        let again = Manifest::read(folder.path()).expect("it is right").expect("it is there");
        assert_eq!(serde_json::to_value(&again).ok(), serde_json::to_value(&manifest).ok());
        assert_eq!(again.documents[0].topics[0].confidence, Some(0.87));
        assert!(Manifest::read(&folder.path().join("nowhere")).is_ok_and(|none| none.is_none()));
    }

    #[test]
    fn a_manifest_that_was_tampered_with_is_not_believed() {
        for file in ["../x", "/etc/passwd", "..", "a/b", "a\\b", "", "docuvault-export.json"] {
            assert!(read(|manifest| manifest["documents"][0]["file"] = json!(file)).is_err(), "{file}");
        }
        assert!(read(|manifest| manifest["format"] = json!("something else")).is_err());
        assert!(read(|manifest| manifest["version"] = json!(2)).is_err());
        assert!(read(|manifest| manifest["documents"][0]["sha256"] = json!("12")).is_err());
        assert!(read(|manifest| manifest["documents"][0]["topics"][0]["confidence"] = json!(null)).is_err());
        assert!(
            read(|manifest| {
                let twice = manifest["documents"][0].clone();
                manifest["documents"].as_array_mut().expect("a list").push(twice);
            })
            .is_err()
        );
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_plain_name_never_leaves_its_folder(any: String, path in "[./\\\\a]{0,6}") {
            for name in [any, path] {
                let folder = Path::new("/folder");
                let inside = folder.join(&name);
                if is_plain_name(&name) {
                    prop_assert_eq!(inside.parent(), Some(folder));
                    prop_assert_eq!(inside.components().count(), 3);
                }
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>, nearly in "\\{\"format\":\"docuvault-export\",\"version\":[12],[a-z\":\\[\\]{},]{0,40}\\}") {
            let folder = tempfile::tempdir().map_err(|error| TestCaseError::fail(error.to_string()))?;
            for bytes in [bytes, nearly.into_bytes()] {
                let written = std::fs::write(folder.path().join(MANIFEST), bytes);
                prop_assert!(written.is_ok() && Manifest::read(folder.path()).is_err());
            }
        }
    }
}
