//! Which mounts are ours: told by the name of their source, `queue-chaos:PROCESS:START`.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::system;
use crate::{Error, Result};

const MARKER: &str = "queue-chaos";

const MOUNTS: &str = "/proc/self/mountinfo";

/// A mount of ours.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    at: PathBuf,
    source: String,
}

/// The name of this process's mounts.
pub(super) fn source() -> String {
    let id = std::process::id();
    format!("{MARKER}:{id}:{}", started(id).unwrap_or_default())
}

/// Unmounts what runs that are over have left mounted at `root` and below: file systems that a [`Quota`](super::Quota) has made, of
/// processes that do not live any more. What is in use goes when it is not any more. Directories stay.
///
/// # Errors
/// [`Error::File`] if the mounts cannot be read, or one cannot be unmounted.
pub fn clean(root: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    let root = root.as_ref();
    let failed = |path: &Path, source| Error::File { path: path.to_owned(), source };
    let root = match root.canonicalize() {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|e| failed(root, e))?,
    };
    let text = match fs::read(MOUNTS) {
        // No Linux, no mounts of ours.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|e| failed(Path::new(MOUNTS), e))?,
    };
    let mut cleaned = Vec::new();
    // Later ones may lie on or in earlier ones.
    for mount in ours(&text).into_iter().rev() {
        if mount.at.starts_with(&root) && !is_owned(&mount.source) {
            system::unmount(&mount.at).map_err(|e| failed(&mount.at, e))?;
            cleaned.push(mount.at);
        }
    }
    Ok(cleaned)
}

/// Those that have our name, in the order in which they were made.
fn ours(text: &[u8]) -> Vec<Mount> {
    let prefix = format!("{MARKER}:");
    all(text).filter(|mount| mount.source.starts_with(&prefix)).collect()
}

/// proc_pid_mountinfo(5): id, parent, device, root, mount point, options, optional fields, `-`, type, source, options. Only those of type tmpfs have a source here.
fn all(text: &[u8]) -> impl DoubleEndedIterator<Item = Mount> {
    text.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b' ');
        let at = PathBuf::from(OsString::from_vec(unescape(fields.nth(4)?)));
        let kind = fields.by_ref().skip_while(|field| *field != b"-").nth(1)?;
        let source = if kind == b"tmpfs" { fields.next()? } else { b"" };
        Some(Mount { at, source: String::from_utf8_lossy(source).into_owned() })
    })
}

/// Blanks, tabs, ends of lines and backslashes stand as `\040`.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        let octal = match tail {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] if *first == b'\\' => {
                Some((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'))
            }
            _ => None,
        };
        bytes.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { &tail[3..] } else { tail };
    }
    bytes
}

/// Whether the process that a source names lives: that one, and not another that got its number.
fn is_owned(source: &str) -> bool {
    let mut parts = source.split(':').skip(1);
    let process = parts.next().and_then(|id| id.parse().ok());
    process.and_then(started).is_some_and(|start| parts.next() == Some(start.as_str()))
}

/// When a process started, in ticks since the system did: field 22 of proc_pid_stat(5). The second field is a name in parentheses, which may have anything in it.
fn started(process: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, behind) = stat.rsplit_once(") ")?;
    behind.split(' ').nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mounts_as_linux_writes_them() {
        let text = b"22 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw\n\
            42 27 0:39 / /tmp/a\\040b\\134 rw,nosuid - tmpfs queue-chaos:7:99 rw,size=1024k\n\
            43 27 0:40 / /tmp/other rw - tmpfs tmpfs rw\n\
            44 27 0:41 / /tmp/x rw - ext4 queue-chaos:7:99 rw\n\
            45 27 0:41 / /tmp/x rw - tmpfs queue-chaosx:7:99 rw\nrubbish\n";
        let mount =
            Mount { at: PathBuf::from("/tmp/a b\\"), source: "queue-chaos:7:99".to_owned() };
        assert_eq!(ours(text), [mount]);
        assert_eq!(all(text).count(), 5);
    }

    #[test]
    fn owners() {
        assert!(is_owned(&source()));
        assert!(!is_owned(&format!("queue-chaos:{}:1", std::process::id())));
        assert!(!is_owned("queue-chaos:4294967295:1"));
        assert!(!is_owned("queue-chaos"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(text in proptest::collection::vec(any::<u8>(), 0..200), line in "[ -~]{0,80}( - tmpfs \\PC{0,9} rw)?") {
            let _ = ours(&text);
            let _ = ours(line.as_bytes());
        }
    }
}
