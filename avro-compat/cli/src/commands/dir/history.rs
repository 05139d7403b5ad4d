//! Subjects whose versions are in Git's history.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Subject;
use crate::error::{Error, Result};
use crate::input::Text;
use crate::progress;

/// How many digits of a commit's hash are told: enough for any repository.
const HASH: usize = 12;

/// Each `.avsc` file of a path that Git knows, with its contents in the commits of the branch and now.
///
/// A shallow clone is refused, unless it is allowed: nothing to compare with would pass for compatible.
pub(super) fn subjects(path: &Path, allow_shallow: bool) -> Result<Vec<Subject>> {
    let is_directory = path.metadata().map_err(|it| Error::io(path, it))?.is_dir();
    let (directory, file) = if is_directory {
        (path, None)
    } else {
        let parent = path.parent().filter(|it| !it.as_os_str().is_empty());
        (parent.unwrap_or(Path::new(".")), path.file_name().map(|it| it.to_string_lossy()))
    };
    let git = Git { directory };
    if !allow_shallow && git.text(&["rev-parse", "--is-shallow-repository"])?.trim() == "true" {
        return Err(Error::Shallow { path: path.to_owned() });
    }
    let mut list = vec!["ls-files", "-z"];
    if let Some(file) = &file {
        list.extend(["--", &**file]);
    }
    let listed = git.text(&list)?;
    let files =
        listed.split('\0').filter(|it| it.ends_with(".avsc") || file.as_deref() == Some(*it));
    let files: Vec<_> = files.filter(|it| !it.is_empty()).collect();
    let bar = progress::bar("histories", files.len());
    let mut subjects = Vec::new();
    for file in files {
        // Without `./`, since that is how others name it.
        let shown = if directory == Path::new(".") { file.into() } else { directory.join(file) };
        let versions = git.versions(file, &shown)?;
        bar.inc(1);
        if !versions.is_empty() {
            subjects.push(Subject {
                name: shown.display().to_string(),
                versions,
                is_history: true,
            });
        }
    }
    bar.finish_and_clear();
    if subjects.is_empty() {
        return Err(Error::NoHistory { path: path.to_owned() });
    }
    Ok(subjects)
}

/// The program, in a directory.
struct Git<'p> {
    directory: &'p Path,
}

impl Git<'_> {
    /// The contents of a file, the oldest first, each once if it did not change.
    fn versions(&self, file: &str, shown: &Path) -> Result<Vec<Text>> {
        let log = self.text(&[
            "-c",
            "core.quotePath=false",
            "log",
            // What the branch has had, not what those that were merged had in between.
            "--first-parent",
            "-m",
            "--follow",
            "--raw",
            "--no-abbrev",
            "--no-color",
            "--no-show-signature",
            "--format=commit %H",
            "--",
            file,
        ])?;
        let mut versions: Vec<(String, String)> = Vec::new();
        let mut commit = "";
        for line in log.lines() {
            if let Some(hash) = line.strip_prefix("commit ") {
                commit = hash.get(..HASH).unwrap_or(hash);
            } else if let Some((blob, path)) = changed(line) {
                let is_same = versions.last().is_some_and(|it| it.1 == blob);
                // The newest is first; of those that are the same, the oldest counts.
                if is_same {
                    versions.pop();
                }
                versions.push((format!("{commit}:{path}"), blob.to_owned()));
            }
        }
        versions.reverse();
        let mut texts = Vec::new();
        for (name, blob) in versions {
            texts.push(Text::of(name, self.bytes(&["cat-file", "blob", &blob])?)?);
        }
        self.add_current(&mut texts, shown)?;
        Ok(texts)
    }

    /// The file as it is now, if that is not the newest commit's; if it is, that is called by the file's name.
    fn add_current(&self, texts: &mut Vec<Text>, shown: &Path) -> Result<()> {
        // A file that has been deleted has its history.
        if shown.exists() {
            let current = Text::read(shown)?;
            match texts.last_mut() {
                Some(last) if last.text == current.text => last.name = current.name,
                _ => texts.push(current),
            }
        }
        Ok(())
    }

    fn text(&self, arguments: &[&str]) -> Result<String> {
        let bytes = self.bytes(arguments)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn bytes(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        let failed = |message: String| {
            let name = arguments
                .iter()
                .find(|it| it.starts_with(char::is_alphabetic) && !it.contains('='));
            Error::Git { command: name.unwrap_or(&"").to_string(), message }
        };
        let output = Command::new("git")
            .arg("-C")
            .arg(self.directory)
            .args(arguments)
            // Names are names, whatever characters they have.
            .env("GIT_LITERAL_PATHSPECS", "1")
            .stdin(Stdio::null())
            .output()
            .map_err(|it| failed(format!("the program cannot be started: {it}")))?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        Ok(output.stdout)
    }
}

/// The blob that a line of `--raw` says a file has become, and the file's path; none if it is another line, or the file was deleted.
fn changed(line: &str) -> Option<(&str, &str)> {
    let (head, paths) = line.strip_prefix(':')?.split_once('\t')?;
    let mut words = head.split(' ');
    let blob = words.nth(3)?;
    let deleted = words.next()?.starts_with('D');
    let path = paths.rsplit('\t').next()?;
    (!deleted).then_some((blob, path))
}
