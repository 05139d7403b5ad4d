//! The machine that is looked at. Tests look at one that they have made up: a directory that stands for `/`, and a search path.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of a version is shown, in bytes.
const WIDTH: usize = 60;
/// How much of what it says is read, in bytes.
const MOST: u64 = 64 << 10;

/// A machine.
#[derive(Clone, Debug)]
pub struct Place {
    /// What stands for `/`.
    root: PathBuf,
    /// Where programs are looked for.
    search: Vec<PathBuf>,
    /// The root of the work tree.
    workspace: PathBuf,
}

impl Place {
    /// This machine, with a work tree.
    #[must_use]
    pub fn here(workspace: impl Into<PathBuf>) -> Self {
        let search = std::env::var_os("PATH").unwrap_or_default();
        let mut search: Vec<PathBuf> = std::env::split_paths(&search).collect();
        // A fresh installation of rustup is not in the PATH of the shell that installed it.
        search.extend(std::env::home_dir().map(|home| home.join(".cargo/bin")));
        Self { root: "/".into(), search, workspace: workspace.into() }
    }

    /// Another one: a directory that stands for `/`, where programs are looked for, and a work tree.
    #[must_use]
    pub fn made_up(
        root: impl Into<PathBuf>,
        search: Vec<PathBuf>,
        workspace: impl Into<PathBuf>,
    ) -> Self {
        Self { root: root.into(), search, workspace: workspace.into() }
    }

    /// The root of the work tree.
    #[must_use]
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// A file as text; empty if it cannot be read. The path is one below `/`.
    #[must_use]
    pub fn text(&self, path: &str) -> String {
        let mut text = String::new();
        let read = |file: fs::File, text: &mut String| file.take(MOST).read_to_string(text);
        let _ = fs::File::open(self.path(path)).and_then(|file| read(file, &mut text));
        text
    }

    /// Where a path below `/` is.
    #[must_use]
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Where a program is, by its name in the search path, or by a path below `/`.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        if name.starts_with('/') {
            return Some(self.path(name)).filter(|path| runs(path));
        }
        self.search.iter().map(|directory| directory.join(name)).find(|path| runs(path))
    }

    /// What a program says on both of its outputs; nothing if it is not there, takes too long, or ends with another code than 0.
    #[must_use]
    pub fn says(&self, name: &str, arguments: &[&str]) -> Option<String> {
        said(&self.program(name)?, arguments)
    }

    /// Whether an engine for containers answers, and not only its client.
    #[must_use]
    pub fn has_docker(&self) -> bool {
        self.says("docker", &["version", "--format", "{{.Server.Version}}"]).is_some()
    }

    /// The first line of that which is not empty, or as many words of it as fit a table.
    #[must_use]
    pub fn version(&self, name: &str, arguments: &[&str]) -> Option<String> {
        let said = self.says(name, arguments)?;
        let line = said.lines().map(str::trim).find(|line| !line.is_empty())?;
        let mut version = String::new();
        for word in line.split_whitespace() {
            if !version.is_empty() && version.len() + word.len() >= WIDTH {
                break;
            }
            version = format!("{version} {word}");
        }
        Some(version.trim_start().to_owned())
    }
}

fn runs(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

fn said(program: &Path, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    // What a program says until it is stopped is read beside it: it would wait for a full pipe for ever.
    let read = |pipe: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(pipe) = pipe {
                let _ = pipe.take(MOST).read_to_end(&mut bytes);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let out = read(out.map(|pipe| Box::new(pipe) as Box<dyn Read + Send>));
    let err = read(err.map(|pipe| Box::new(pipe) as Box<dyn Read + Send>));
    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begun.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(5)),
            _ => {
                // It may be gone already. What it has left behind may hold the pipes: they are not waited for.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    };
    if !status.success() {
        return None;
    }
    let out = out.join().ok()?;
    Some(if out.trim().is_empty() { err.join().ok()? } else { out })
}
