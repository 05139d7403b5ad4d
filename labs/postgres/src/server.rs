//! The server's process.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Error;
use crate::directory::Directory;

/// How long it has until it takes connections.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked whether it does.
const PAUSE: Duration = Duration::from_millis(20);
/// How much of its log is told: the end, which says why.
const LINES: usize = 10;

/// A server that runs. Dropping it stops it, and waits until it has.
#[derive(Debug)]
pub(crate) struct Server(Child);

impl Server {
    /// Starts it, and waits until it takes connections.
    pub(crate) fn start(mut command: Command, directory: &Directory) -> Result<Self, Error> {
        let path = directory.log();
        let log = File::create(&path).map_err(Error::io(&path))?;
        let errors = log.try_clone().map_err(Error::io(&path))?;
        let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
        let program = Path::new(command.get_program());
        let mut server = Self(child.map_err(Error::io(program))?);
        let begun = Instant::now();
        let status_file = directory.data().join("postmaster.pid");
        while !is_ready(&status_file) {
            if let Some(status) = server.0.try_wait().map_err(Error::io(program))? {
                return Err(Error::Ended {
                    directory: directory.path().to_owned(),
                    status,
                    said: end_of(&path),
                });
            }
            if begun.elapsed() > PATIENCE {
                return Err(Error::NotReady {
                    directory: directory.path().to_owned(),
                    seconds: PATIENCE.as_secs(),
                    said: end_of(&path),
                });
            }
            std::thread::sleep(PAUSE);
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // As long as its end has not been asked for, its number is not given to another process.
        if let (Ok(None), Some(pid)) = (self.0.try_wait(), Pid::from_raw(self.0.id().cast_signed()))
        {
            // SIGINT is its fast shutdown.
            let _ = kill_process(pid, Signal::INT);
        }
        let _ = self.0.wait();
    }
}

/// Whether it says so, in the eighth line of the file that `pg_ctl` reads, too. Asking it that way takes no client.
fn is_ready(status_file: &Path) -> bool {
    std::fs::read_to_string(status_file)
        .is_ok_and(|text| text.lines().nth(7).is_some_and(|status| status.trim() == "ready"))
}

fn end_of(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.trim().lines().collect();
    let from = lines.len().saturating_sub(LINES);
    lines.get(from..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

    use super::*;

    #[test]
    fn ready_is_what_the_eighth_line_says() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("postmaster.pid");
        assert!(!is_ready(&file));
        for (status, ready) in [("starting", false), ("ready   ", true), ("stopping", false)] {
            std::fs::write(
                &file,
                format!("41\n/data\n1796000000\n5432\n/data\n\n  1 2\n{status}\n"),
            )
            .unwrap();
            assert_eq!(is_ready(&file), ready, "{status}");
        }
        // As it is until the socket is there.
        std::fs::write(&file, "41\n/data\n1796000000\n5432\n").unwrap();
        assert!(!is_ready(&file));
    }

    #[test]
    fn the_end_of_a_log_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        assert_eq!(end_of(&log), "");
        std::fs::write(&log, "FATAL: no\n").unwrap();
        assert_eq!(end_of(&log), "FATAL: no");
        let lines: Vec<String> = (0..100).map(|line| line.to_string()).collect();
        std::fs::write(&log, lines.join("\n")).unwrap();
        assert_eq!(end_of(&log), lines[90..].join("\n"));
    }
}
