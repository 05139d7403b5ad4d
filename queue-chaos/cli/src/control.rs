//! Talking to a cluster that another process of this program has started.
//!
//! `cluster up` listens on a socket of the file system, `control.sock` in the cluster's directory, which belongs to its user alone. A request is a line: `status`,
//! `down`, or an action as plans write it. The answer is a line of JSON: `{"ok": ...}` or `{"error": "..."}`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::exit::Result;

/// The longest request, and a hundredth of the longest answer.
const LONGEST: u64 = 4 << 10;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an action may take: a rolling restart of many nodes.
const WORK: Duration = Duration::from_secs(15 * 60);

/// Where the socket of a cluster in `dir` is.
fn socket(dir: &Path) -> PathBuf {
    dir.join("control.sock")
}

/// The listening side. The socket is removed when it is dropped.
#[derive(Debug)]
pub struct Desk {
    listener: UnixListener,
    path: PathBuf,
}

impl Desk {
    /// Listens in `dir`.
    ///
    /// # Errors
    /// If somebody listens there already, or the path is too long for a socket.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = socket(dir);
        if UnixStream::connect(&path).is_ok() {
            return Err(format!(
                "a cluster is up in {} already: `queue-chaos cluster down --dir {0}`",
                dir.display()
            )
            .into());
        }
        // Of somebody who was killed.
        let _ = std::fs::remove_file(&path);
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
        let listener =
            UnixListener::bind(&path).map_err(|it| format!("{}: {it}", path.display()))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, path })
    }

    /// Serves one request, if there is one. `answer` gets the line.
    pub fn serve(&self, answer: impl FnOnce(&str) -> Result<Value>) {
        let Ok((stream, _)) = self.listener.accept() else { return };
        // Whoever breaks off has only broken off.
        let _ = conversation(stream, answer);
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn conversation(
    mut stream: UnixStream,
    answer: impl FnOnce(&str) -> Result<Value>,
) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new((&stream).take(LONGEST)).read_line(&mut line)?;
    let said = match answer(line.trim()) {
        Ok(value) => json!({"ok": value}),
        Err(error) => json!({"error": error.to_string()}),
    };
    stream.write_all(format!("{said}\n").as_bytes())
}

/// Asks the cluster in `dir`.
///
/// # Errors
/// What it answers with, or that there is none.
pub fn ask(dir: &Path, request: &str) -> Result<Value> {
    let path = socket(dir);
    let mut stream = UnixStream::connect(&path).map_err(|_| {
        format!("no cluster is up in {}: `queue-chaos cluster up --dir {0}`", dir.display())
    })?;
    stream.set_read_timeout(Some(WORK))?;
    stream.write_all(format!("{}\n", request.replace('\n', " ")).as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream.take(100 * LONGEST)).read_line(&mut line)?;
    let mut said: Value = serde_json::from_str(&line)
        .map_err(|_| "the cluster's process ended before it answered")?;
    match said.get_mut("ok") {
        Some(it) => Ok(it.take()),
        None => Err(said["error"].as_str().unwrap_or("no answer").to_owned().into()),
    }
}
