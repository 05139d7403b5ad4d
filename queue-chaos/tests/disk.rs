//! Disks that are full, read-only and torn.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "what fails shall fail the test")]

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use proptest::prelude::*;
use queue_chaos::Error;
use queue_chaos::disk::{Quota, Torn, clean, deny_writes, tear_tail};

/// Held by each test that mounts or starts a program: until a child has become its program it holds what other tests have open, and has closed since, so that what they
/// have deleted still takes room.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// None, and the reason on stderr, where the machine does not allow it: without root, or in a container that may not mount.
fn quota(dir: &Path, bytes: u64) -> Option<Quota> {
    match Quota::mount(dir, bytes) {
        Ok(quota) => Some(quota),
        Err(unavailable) => {
            eprintln!("skipped: {unavailable}");
            None
        }
    }
}

fn kind(error: Error) -> ErrorKind {
    match error {
        Error::File { source, .. } => source.kind(),
        other => panic!("{other}"),
    }
}

fn mounts() -> String {
    fs::read_to_string("/proc/self/mountinfo").unwrap_or_default()
}

#[test]
fn a_quota_fills_and_is_freed() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("a b");
    let Some(quota) = quota(&dir, 1 << 20) else { return };
    assert_eq!(quota.dir(), dir.canonicalize().unwrap());
    assert_eq!((quota.bytes(), quota.available_bytes().unwrap()), (1 << 20, 1 << 20));
    let file = dir.join("file");
    fs::write(&file, [1; 100_000]).unwrap();
    let left = quota.available_bytes().unwrap();
    assert!(left < 1 << 20);
    assert_eq!(quota.fill().unwrap(), left);
    assert_eq!(quota.available_bytes().unwrap(), 0);
    assert_eq!(quota.fill().unwrap(), 0);
    assert_eq!(fs::write(dir.join("more"), [1]).unwrap_err().kind(), ErrorKind::StorageFull);
    quota.free().unwrap();
    quota.free().unwrap();
    assert_eq!(quota.available_bytes().unwrap(), left);
    assert_eq!(fs::read(&file).unwrap(), [1; 100_000]);
    drop(quota);
    assert!(!file.exists());
    assert!(dir.exists());
    assert!(fs::read_dir(&dir).unwrap().next().is_none());
}

#[test]
fn a_quota_is_read_only_unless_somebody_writes() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let Some(quota) = quota(root.path(), 1 << 20) else { return };
    let path = quota.dir().join("file");
    let mut open = fs::File::create(&path).unwrap();
    assert_eq!(kind(quota.read_only(true).unwrap_err()), ErrorKind::ResourceBusy);
    open.write_all(b"x").unwrap();
    drop(open);
    quota.read_only(true).unwrap();
    quota.read_only(true).unwrap();
    assert_eq!(fs::write(&path, "y").unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
    assert_eq!(kind(quota.fill().unwrap_err()), ErrorKind::ReadOnlyFilesystem);
    quota.read_only(false).unwrap();
    assert_eq!(quota.available_bytes().unwrap(), (1 << 20) - 4096, "its size is still limited");
    fs::write(&path, "y").unwrap();
    // Dropped while it is read-only and in use, it is gone for others.
    quota.read_only(true).unwrap();
    let _open = fs::File::open(&path).unwrap();
    drop(quota);
    assert!(!path.exists());
}

#[test]
fn a_quota_hides_nothing_and_unmounts_only_its_own() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "x").unwrap();
    let refused = Quota::mount(root.path(), 1 << 20).unwrap_err();
    assert!(refused.to_string().contains("it is not empty"), "{refused}");
    assert!(Quota::mount(root.path().join("file"), 1 << 20).is_err());
    let dir = root.path().join("dir");
    assert!(Quota::mount(&dir, 0).is_err());
    let Some(below) = quota(&dir, 1 << 20) else { return };
    // Another one over it: the first must not take it away.
    let above = Quota::mount(&dir, 2 << 20).unwrap();
    fs::write(dir.join("above"), "x").unwrap();
    assert_eq!(clean(root.path()).unwrap(), Vec::<PathBuf>::new(), "their owner lives");
    drop(above);
    assert!(!dir.join("above").exists());
    assert_eq!(below.available_bytes().unwrap(), 1 << 20);
    let mounted = Command::new("mount").args(["-t", "tmpfs", "other"]).arg(&dir).status().unwrap();
    assert!(mounted.success());
    drop(below);
    let other = mounts().lines().filter(|line| line.contains(" - tmpfs other ")).count();
    let unmounted = [0, 1].map(|_| Command::new("umount").arg(&dir).status().unwrap().success());
    assert_eq!((other, unmounted), (1, [true, true]));
}

#[test]
fn what_a_killed_run_has_left_is_cleaned() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let inside = |name: &str| root.path().join(name);
    for (name, source) in [
        ("gone", "queue-chaos:4194999:1"),
        ("other", "queue-chaosx:1:1"),
        ("gone/in it", "queue-chaos:1:0"),
    ] {
        let dir = inside(name);
        fs::create_dir(&dir).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", source]).arg(&dir).stderr(Stdio::null());
        if !mount.status().is_ok_and(|status| status.success()) {
            eprintln!("skipped: mounting takes root");
            return;
        }
    }
    let live = Quota::mount(inside("live"), 1 << 20).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(clean(elsewhere.path()).unwrap(), Vec::<PathBuf>::new());
    assert_eq!(clean(elsewhere.path().join("nowhere")).unwrap(), Vec::<PathBuf>::new());
    let in_use = fs::File::create(inside("gone").join("file")).unwrap();
    let cleaned = clean(root.path()).unwrap();
    let root_ = root.path().canonicalize().unwrap();
    assert_eq!(cleaned, [root_.join("gone/in it"), root_.join("gone")]);
    assert_eq!(clean(root.path()).unwrap(), Vec::<PathBuf>::new());
    assert!(!inside("gone").join("file").exists());
    assert_eq!(live.available_bytes().unwrap(), 1 << 20);
    drop(in_use);
    assert!(Command::new("umount").arg(inside("other")).status().unwrap().success());
}

#[test]
#[cfg(target_os = "linux")]
fn a_process_that_runs_can_be_denied_to_write() {
    let _alone = alone();
    use std::io::{BufRead, BufReader};
    let root = tempfile::tempdir().unwrap();
    // It writes a line to an open file for each that it reads, and says how that went. Pipes are no files.
    let script = r#"trap '' XFSZ; exec 3>>"$1"; while read line; do if echo "$line" >&3; then echo ok; else echo no; fi; done 2>/dev/null"#;
    let mut child = Command::new("bash")
        .args(["-c", script, "bash"])
        .arg(root.path().join("file"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut ask = || {
        stdin.write_all(b"line\n").unwrap();
        let mut said = String::new();
        stdout.read_line(&mut said).unwrap();
        said.trim().to_owned()
    };
    assert_eq!(ask(), "ok");
    deny_writes(child.id(), true).unwrap();
    assert_eq!(ask(), "no");
    deny_writes(child.id(), true).unwrap();
    assert_eq!(ask(), "no");
    deny_writes(child.id(), false).unwrap();
    assert_eq!(ask(), "ok");
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(fs::read_to_string(root.path().join("file")).unwrap(), "line\nline\n");
    let gone = deny_writes(child.id(), true).unwrap_err().to_string();
    assert!(gone.starts_with(&format!("process {}: deny writes: ", child.id())), "{gone}");
    assert!(deny_writes(u32::MAX, true).is_err());
}

proptest! {
    /// The newest segment that has bytes loses some, and nothing else changes.
    #[test]
    fn the_tail_of_the_newest_segment_is_torn(
        segments in proptest::collection::btree_map(any::<u64>(), 0usize..300, 0..5),
        bytes in 0u64..400,
    ) {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("topic-1");
        fs::create_dir(&dir).unwrap();
        fs::create_dir(root.path().join("topic-10")).unwrap();
        fs::write(root.path().join(".lock"), "").unwrap();
        let mut before = std::collections::BTreeMap::new();
        let mut put = |name: String, bytes: usize| {
            let path = dir.join(name);
            let content: Vec<u8> = (0..bytes).map(|n| n as u8).collect();
            fs::write(&path, &content).unwrap();
            before.insert(path, content);
        };
        for (base, len) in &segments {
            put(format!("{base:020}.log"), *len);
            put(format!("{base:020}.index"), 40);
            put(format!("{base:020}.timeindex"), 40);
        }
        for other in ["99999999999999999999.log.deleted", "99999999999999999999.snapshot", "leader-epoch-checkpoint", "zzz.log", "9999999999999999999.log"] {
            put(other.to_owned(), 50);
        }
        let torn = tear_tail(root.path(), &["topic-1", "topic-2", "topic-10"], bytes).unwrap();
        let newest = segments.iter().rev().find(|(_, len)| **len > 0);
        let wanted: Vec<Torn> = newest
            .map(|(base, len)| {
                let before = *len as u64;
                Torn { file: dir.join(format!("{base:020}.log")), before, after: before.saturating_sub(bytes) }
            })
            .into_iter()
            .collect();
        prop_assert_eq!(&torn, &wanted);
        for torn in torn {
            before.get_mut(&torn.file).unwrap().truncate(torn.after as usize);
        }
        for (path, content) in before {
            prop_assert_eq!(fs::read(path).unwrap(), content);
        }
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("node/data")).unwrap();
    let log = root.path().join("node/00000000000000000000.log");
    fs::write(&log, "precious").unwrap();
    let data = root.path().join("node/data");
    for name in ["..", ".", "", "../data", "/etc", "a/b", "topic-0/.."] {
        assert_eq!(
            kind(tear_tail(&data, &[name], 3).unwrap_err()),
            ErrorKind::InvalidInput,
            "{name}"
        );
    }
    assert_eq!(fs::read(&log).unwrap(), b"precious");
}

#[test]
#[cfg(target_os = "linux")]
fn the_log_of_a_running_node_is_not_torn() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("topic-0")).unwrap();
    let log = root.path().join("topic-0/00000000000000000000.log");
    fs::write(&log, "precious").unwrap();
    let lock = root.path().join(".lock");
    fs::write(&lock, "").unwrap();
    // Another process has to hold it: a process's own record locks do not keep it out.
    let script = "import fcntl,sys; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, fcntl.LOCK_EX); print('locked', flush=True); sys.stdin.read()";
    let holder = Command::new("python3")
        .args(["-c", script])
        .arg(&lock)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut holder) = holder else {
        eprintln!("skipped: no python3 to hold a lock");
        return;
    };
    let mut said = [0; 7];
    std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut said).unwrap();
    assert_eq!(kind(tear_tail(root.path(), &["topic-0"], 3).unwrap_err()), ErrorKind::ResourceBusy);
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert_eq!(tear_tail(root.path(), &["topic-0"], 3).unwrap().len(), 1);
    assert_eq!(fs::read(&log).unwrap(), b"preci");
}
