//! Where files go.

use std::fs;
use std::path::{Path, PathBuf};

use super::Result;

/// Where files go: a directory of this process, removed when this is dropped.
#[derive(Debug)]
pub struct Places {
    /// For histories and the data of nodes: some gigabytes, on the disk that the workspace is on.
    pub files: PathBuf,
    /// The jars of `scripts/kafka_jars.sh`, if they are there.
    pub jars: PathBuf,
}

impl Places {
    /// Below `out/bench` of the workspace; `temporary` is the directory that cargo gives to benches, which is in the target directory.
    ///
    /// # Errors
    /// If the directory cannot be made.
    pub fn new(workspace: &Path, temporary: &Path) -> Result<Self> {
        let files = workspace.join(format!("out/bench/queue-{}", std::process::id()));
        fs::create_dir_all(&files)?;
        let jars = temporary.parent().unwrap_or(temporary).join("kafka-jars");
        Ok(Self { files, jars })
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        // What cannot be removed stays below `out/`.
        let _ = fs::remove_dir_all(&self.files);
    }
}
