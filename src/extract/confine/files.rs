//! Landlock: which files a child may open, as far as the kernel can refuse the others.
//!
//! It is best effort: a kernel that knows less refuses less, and one without Landlock nothing (`lacks_landlock`).

use super::Needs;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, Scope, path_beneath_rules,
};
use std::os::fd::AsFd;

/// The newest version of Landlock that is asked for (Linux 6.12). Files are since 1, TCP since 4, devices since 5,
/// signals and abstract sockets since 6.
const NEWEST: ABI = ABI::V6;

/// Where the tools, the dynamic linker and the libraries lie. Names that do not exist here are passed over.
const PROGRAMS: &[&str] =
    &["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/lib", "/usr/lib", "/usr/lib64", "/lib", "/lib64"];

/// What each tool reads beside them, found by tracing it: the linker's list of libraries, and its own data. They look
/// for the time zone, for `/etc/ld.so.preload` and for the number of processors too, and go on without.
const LINKER: &str = "/etc/ld.so.cache";
/// poppler's tables for Chinese, Japanese, Korean and other encodings. It needs no fonts where it draws nothing.
const POPPLER: &[&str] = &[LINKER, "/usr/local/share/poppler", "/usr/share/poppler"];
/// What poppler draws with: fonts that a PDF names and does not hold.
const DRAWING: &[&str] = &[
    LINKER,
    "/usr/local/share/poppler",
    "/usr/share/poppler",
    "/etc/fonts",
    "/usr/share/fontconfig",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/var/cache/fontconfig",
];
/// How the letters of each language look.
const TESSERACT: &[&str] = &[LINKER, "/usr/share/tesseract-ocr", "/usr/share/tessdata", "/usr/local/share/tessdata"];

/// Refuses this process every file but those that it needs, all writing, all TCP, and signals and abstract sockets to
/// the outside.
pub(super) fn restrict(needs: Needs) -> Result<(), RulesetError> {
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    let tool = |data: &'static [&'static str]| {
        path_beneath_rules(PROGRAMS, AccessFs::from_read(NEWEST))
            .chain(path_beneath_rules(data, AccessFs::ReadFile | AccessFs::ReadDir))
    };
    let rules = match needs {
        Needs::Nothing => rules,
        Needs::Poppler => rules.add_rules(tool(POPPLER))?,
        Needs::Drawing => rules.add_rules(tool(DRAWING))?,
        Needs::Tesseract => rules.add_rules(tool(TESSERACT))?,
        Needs::Qpdf => rules
            .add_rules(tool(&[LINKER]))?
            .add_rule(PathBeneath::new(std::io::stdin().as_fd(), AccessFs::ReadFile))?,
    };
    rules.restrict_self()?;
    Ok(())
}

/// The kernel does not even know the first version.
pub(super) fn unsupported() -> bool {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create)
        .is_err()
}
