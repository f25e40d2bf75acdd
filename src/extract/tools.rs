//! The programs that reading needs beside this one, and which of them are missing here.

use std::path::Path;

/// Where reading children look for programs: their whole `PATH`.
pub(super) const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Where Debian's and others' tesseract keep what they know of languages.
const TESSDATA: &[&str] = &[
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
];

/// Something that reading can do where its programs are installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// Its name: `pdf`, `thumbnails`, `ocr`, `unlock`.
    pub name: &'static str,
    /// What it lacks here; nothing where it is whole.
    pub missing: Vec<String>,
}

/// What reading can do here, and what it lacks: `languages` are those that scans are read in.
pub fn capabilities(languages: &[String]) -> Vec<Capability> {
    let lacking =
        |programs: &[&str]| programs.iter().filter(|name| !installed(name)).map(ToString::to_string).collect();
    let mut ocr: Vec<String> = lacking(&["pdftoppm", "pdfimages", "tesseract"]);
    ocr.extend(
        languages.iter().filter(|language| !knows(language)).map(|language| format!("tesseract-ocr-{language}")),
    );
    vec![
        Capability { name: "pdf", missing: lacking(&["pdftotext"]) },
        Capability { name: "thumbnails", missing: lacking(&["pdftoppm"]) },
        Capability { name: "ocr", missing: ocr },
        Capability { name: "unlock", missing: lacking(&["qpdf"]) },
    ]
}

fn installed(program: &str) -> bool {
    PATH.split(':').any(|folder| Path::new(folder).join(program).is_file())
}

fn knows(language: &str) -> bool {
    TESSDATA.iter().any(|folder| Path::new(folder).join(format!("{language}.traineddata")).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let ocr = capabilities(&["xxx".to_owned()]).into_iter().find(|capability| capability.name == "ocr");
        assert!(ocr.is_some_and(|ocr| ocr.missing.contains(&"tesseract-ocr-xxx".to_owned())));
        assert!(installed("sh") && !installed("no-such-program"));
    }
}
