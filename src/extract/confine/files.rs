//! Landlock: which files a child may open, as far as the kernel can refuse the others.
//!
//! It is best effort: a kernel that knows less refuses less, and one without Landlock nothing (`lacks_landlock`).

use super::Needs;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    Scope, path_beneath_rules,
};

/// The newest version of Landlock that is asked for (Linux 6.12). Files are since 1, TCP since 4, devices since 5,
/// signals and abstract sockets since 6.
const NEWEST: ABI = ABI::V6;

/// Where `pdftotext`, the dynamic linker and the libraries lie. Names that do not exist here are passed over.
const PROGRAMS: &[&str] =
    &["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/lib", "/usr/lib", "/usr/lib64", "/lib", "/lib64"];

/// What poppler reads beside them, found by tracing it: the linker's list of libraries, and the tables for Chinese,
/// Japanese, Korean and other encodings. It looks for the time zone and for `/etc/ld.so.preload` too, and goes on
/// without. It needs no fonts: it draws nothing.
const DATA: &[&str] = &["/etc/ld.so.cache", "/usr/local/share/poppler", "/usr/share/poppler"];

/// Refuses this process every file but those that it needs, all writing, all TCP, and signals and abstract sockets to
/// the outside.
pub(super) fn restrict(needs: Needs) -> Result<(), RulesetError> {
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    let rules = match needs {
        Needs::Nothing => rules,
        Needs::Poppler => rules
            .add_rules(path_beneath_rules(PROGRAMS, AccessFs::from_read(NEWEST)))?
            .add_rules(path_beneath_rules(DATA, AccessFs::ReadFile | AccessFs::ReadDir))?,
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
