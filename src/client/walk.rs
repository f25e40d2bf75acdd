//! Folder trees, walked in the order of names. A symbolic link is followed where it is named on the command line, and
//! not inside a tree, where it may lead in circles.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// What a walk comes by.
#[derive(Debug)]
pub(super) enum Seen {
    /// A file with something in it.
    File(Found),
    /// Something that is no document: an empty file, a link, a pipe.
    LeftOut(PathBuf, &'static str),
    /// Something that can't be looked at.
    Unreadable(PathBuf, String),
}

/// A file.
#[derive(Debug)]
pub(super) struct Found {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its name, which is that of the link where one was named.
    pub(super) name: OsString,
    /// How many bytes it has.
    pub(super) size: u64,
}

const EMPTY: &str = "it is empty";
const SPECIAL: &str = "it is no regular file";

/// Looks at a path of the command line, and at all that is below it.
pub(super) fn walk(root: &Path, stop: &CancellationToken, seen: &mut impl FnMut(Seen)) {
    let unreadable = |error: std::io::Error| Seen::Unreadable(root.to_owned(), error.to_string());
    let metadata = match fs::metadata(root) {
        Ok(metadata) => metadata,
        Err(error) => return seen(unreadable(error)),
    };
    if metadata.is_dir() {
        return walk_folder(root, stop, seen);
    }
    // Who names something wants it kept: what can't be is no side matter.
    let refused = |why: &str| Seen::Unreadable(root.to_owned(), why.to_owned());
    if !metadata.is_file() {
        return seen(refused(SPECIAL));
    }
    if metadata.len() == 0 {
        return seen(refused(EMPTY));
    }
    seen(match root.canonicalize() {
        Ok(path) => {
            let name = root.file_name().unwrap_or_default().to_owned();
            Seen::File(Found { path, name, size: metadata.len() })
        }
        Err(error) => unreadable(error),
    });
}

fn walk_folder(root: &Path, stop: &CancellationToken, seen: &mut impl FnMut(Seen)) {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                seen(Seen::Unreadable(folder, error.to_string()));
                continue;
            }
        };
        let mut names = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => names.push(entry.file_name()),
                Err(error) => seen(Seen::Unreadable(folder.clone(), error.to_string())),
            }
        }
        names.sort_unstable();
        let mut below = Vec::new();
        for name in names {
            if stop.is_cancelled() {
                return;
            }
            let path = folder.join(&name);
            match fs::symlink_metadata(&path) {
                Err(error) => seen(Seen::Unreadable(path, error.to_string())),
                Ok(metadata) if metadata.is_dir() => below.push(path),
                Ok(metadata) if metadata.is_symlink() => {
                    seen(Seen::LeftOut(path, "it is a symbolic link; name it to have it followed"));
                }
                Ok(metadata) if !metadata.is_file() => seen(Seen::LeftOut(path, SPECIAL)),
                Ok(metadata) if metadata.len() == 0 => seen(Seen::LeftOut(path, EMPTY)),
                Ok(metadata) => seen(Seen::File(Found { path, name, size: metadata.len() })),
            }
        }
        folders.extend(below.into_iter().rev());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn files(root: &Path) -> (Vec<OsString>, usize, usize) {
        let (mut names, mut left_out, mut unreadable) = (Vec::new(), 0, 0);
        walk(root, &CancellationToken::new(), &mut |seen| match seen {
            Seen::File(found) => names.push(found.name),
            Seen::LeftOut(..) => left_out += 1,
            Seen::Unreadable(..) => unreadable += 1,
        });
        (names, left_out, unreadable)
    }

    #[test]
    fn links_are_followed_where_they_are_named_and_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("below")).expect("a folder");
        for (name, text) in [("b", "b"), ("below/c", "c"), (".hidden", "h"), ("empty", "")] {
            fs::write(tree.join(name), text).expect("a file");
        }
        symlink(&tree, tree.join("below/loop")).expect("a link");
        symlink(tree.join("b"), folder.path().join("link.txt")).expect("a link");
        symlink(&tree, folder.path().join("folder")).expect("a link");
        let all = ([".hidden", "b", "c"].map(OsString::from).to_vec(), 2, 0);
        assert_eq!(files(&tree), all);
        assert_eq!(files(&folder.path().join("folder")), all);
        assert_eq!(files(&folder.path().join("link.txt")), (vec!["link.txt".into()], 0, 0));
        assert_eq!(files(&tree.join("missing")), (vec![], 0, 1));
        assert_eq!(files(&tree.join("empty")), (vec![], 0, 1));
    }
}
