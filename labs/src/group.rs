//! A program and all that it starts, which are stopped together: when their time is over, when nobody needs them any more, and when somebody presses ctrl-C.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// How long a group has to end by itself.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is asked whether it has.
const PAUSE: Duration = Duration::from_millis(5);

/// The groups that are there now.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// A child in a process group of its own. Dropping it stops the group.
#[derive(Debug)]
pub struct Group {
    child: Child,
    group: Option<Pid>,
}

impl Group {
    /// Starts it. From the first one on, SIGINT, SIGTERM and SIGHUP stop all groups, and then this process.
    ///
    /// # Errors
    /// What the system says.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        stop_on_signals()?;
        let mut groups = groups();
        let child = command.process_group(0).spawn()?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        groups.extend(group.map(Pid::as_raw_pid));
        Ok(Self { child, group })
    }

    /// The child, to take its pipes from.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for the child until then.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait_until(&mut self, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || Instant::now() >= deadline {
                return Ok(status);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Asks the whole group to end, and kills what has not within some seconds.
    pub fn stop(&mut self) {
        let Some(group) = self.group.take() else { return };
        // The child is looked after, or it would stay in the group as a zombie.
        end(&[group], || {
            let _ = self.child.try_wait();
        });
        let _ = self.child.wait();
        groups().remove(&group.as_raw_pid());
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop();
    }
}

fn groups() -> std::sync::MutexGuard<'static, BTreeSet<i32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Errors mean that there is nobody left in a group.
fn end(groups: &[Pid], mut meanwhile: impl FnMut()) {
    let there = |group: &&Pid| test_kill_process_group(**group).is_ok();
    for group in groups {
        let _ = kill_process_group(*group, Signal::TERM);
    }
    let deadline = Instant::now() + GRACE;
    while groups.iter().any(|group| there(&group)) && Instant::now() < deadline {
        meanwhile();
        std::thread::sleep(PAUSE);
    }
    for group in groups.iter().filter(there) {
        let _ = kill_process_group(*group, Signal::KILL);
    }
}

/// Once in a process.
fn stop_on_signals() -> io::Result<()> {
    static ONCE: Once = Once::new();
    let mut done = Ok(());
    ONCE.call_once(|| done = listen());
    done
}

fn listen() -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // The lock is kept: nothing is started any more.
            let groups = groups();
            let groups: Vec<Pid> =
                groups.iter().filter_map(|group| Pid::from_raw(*group)).collect();
            end(&groups, || ());
            // As a shell says it of whoever was ended by a signal.
            std::process::exit(128 + signal);
        }
    })?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use std::io::Read as _;
    use std::process::Stdio;

    use super::*;

    fn shell(line: &str) -> Group {
        Group::spawn(
            Command::new("sh").args(["-c", line]).stdin(Stdio::null()).stdout(Stdio::piped()),
        )
        .unwrap()
    }

    #[test]
    fn what_a_program_has_started_is_stopped_with_it() {
        let mut group = shell("sleep 600 & echo started; wait");
        let mut output = group.child().stdout.take().unwrap();
        let mut said = [0; 8];
        output.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"started\n");
        drop(group);
        // The sleeping one has the other end of the pipe: it is closed when that is gone.
        assert_eq!(output.read(&mut said).unwrap(), 0);
    }

    #[test]
    fn who_does_not_want_to_end_is_killed() {
        let mut group = shell("trap '' TERM; echo deaf; while :; do sleep 1; done");
        let mut output = group.child().stdout.take().unwrap();
        output.read_exact(&mut [0; 5]).unwrap();
        group.stop();
        assert_eq!(output.read(&mut [0; 8]).unwrap(), 0);
    }

    #[test]
    fn who_ends_by_itself_is_heard() {
        let mut group = shell("exit 3");
        let status = group.wait_until(Instant::now() + Duration::from_secs(60)).unwrap().unwrap();
        assert_eq!(status.code(), Some(3));
        let mut group = shell("sleep 600");
        assert!(group.wait_until(Instant::now()).unwrap().is_none());
    }
}
