//! Child processes that do not outlive this one, however it ends: by a panic, by ctrl-C, by `kill -9`.
//!
//! Two ways, the first that is there:
//! - `setpriv --pdeathsig KILL` (util-linux): Linux kills the child when the *thread* that started it ends. So one thread starts all of them, and lives as long as
//!   the process.
//! - A shell that watches a pipe whose other end this process holds, and kills the child when the pipe closes.
//!
//! Either way the child is in a process group of its own, so that a terminal's ctrl-C reaches this process only, which ends its children itself.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{SendError, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// What is to be run.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// The executable.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Where it writes what it prints; appended.
    pub output: PathBuf,
}

/// How a child is kept from living on alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeping {
    /// By the kernel.
    DeathSignal,
    /// By a shell that watches a pipe.
    Pipe,
}

impl Keeping {
    /// What this machine has.
    pub fn of_this_machine() -> Self {
        static FOUND: OnceLock<Keeping> = OnceLock::new();
        *FOUND.get_or_init(|| {
            let works = Command::new("setpriv")
                .args(["--pdeathsig", "KILL", "true"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success());
            if works { Self::DeathSignal } else { Self::Pipe }
        })
    }
}

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Process {
    /// The program, or the shell that watches over it. Whether it has ended can be asked by several.
    child: Mutex<Child>,
    /// Of the program itself.
    pid: Pid,
}

/// The program's process id goes to the file `$1`. Input is the pipe; what is started in the background would not get it, thus the copy.
const WATCH: &str = r#"
exec 3<&0
pidfile=$1; shift
"$@" </dev/null 3<&- & child=$!
echo $child >"$pidfile.part" && mv "$pidfile.part" "$pidfile"
{ read -r line <&3; kill -KILL $child 2>/dev/null; } & watch=$!
wait $child; code=$?
# A program that is stopped and goes on may end the wait early.
while kill -0 $child 2>/dev/null; do wait $child; code=$?; done
kill $watch 2>/dev/null
exit $code
"#;

impl Process {
    /// Starts a program.
    pub fn start(program: &Program, keeping: Keeping) -> io::Result<Self> {
        let output = fs::OpenOptions::new().create(true).append(true).open(&program.output)?;
        let pid_file = program.output.with_extension("pid");
        let mut command = match keeping {
            Keeping::DeathSignal => {
                let mut command = Command::new("setpriv");
                command.args(["--pdeathsig", "KILL"]).arg(&program.path).stdin(Stdio::null());
                command
            }
            Keeping::Pipe => {
                let _ = fs::remove_file(&pid_file);
                let mut command = Command::new("sh");
                command.args(["-c", WATCH, "sh"]).arg(&pid_file).arg(&program.path);
                command.stdin(Stdio::piped());
                command
            }
        };
        command.args(&program.arguments).stdout(output.try_clone()?).stderr(output);
        command.process_group(0);
        let mut child = spawn_by_the_thread_that_stays(command)?;
        let pid = match keeping {
            Keeping::DeathSignal => child.id(),
            Keeping::Pipe => match read_pid(&pid_file, &mut child) {
                Ok(pid) => pid,
                Err(error) => {
                    // The pipe closes with it, and the program ends.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(error);
                }
            },
        };
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("a process id of zero"))?;
        Ok(Self { child: Mutex::new(child), pid })
    }

    /// The process id of the program.
    pub fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Option<ExitStatus> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait().ok().flatten()
    }

    /// Sends it a signal, if it has not ended.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        // As long as its end has not been asked for, its number is not given to another process.
        if self.ended().is_some() {
            return Ok(());
        }
        match kill_process(self.pid, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for its end, no longer than told.
    pub fn wait(&self, limit: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            if began.elapsed() >= limit {
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&self) -> io::Result<()> {
        self.signal(Signal::KILL)?;
        // A killed process ends, unless it hangs in the kernel.
        match self.wait(Duration::from_secs(30)) {
            Some(_) => Ok(()),
            None => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn read_pid(file: &Path, child: &mut Child) -> io::Result<u32> {
    let began = Instant::now();
    loop {
        // It gets this name when it is whole.
        if let Ok(text) = fs::read_to_string(file) {
            return text.trim().parse().map_err(io::Error::other);
        }
        if child.try_wait()?.is_some() || began.elapsed() > Duration::from_secs(30) {
            return Err(io::Error::other("the shell that watches over it did not start it"));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

type Order = (Command, Sender<io::Result<Child>>);

/// Children are killed when the thread that started them ends: this one ends with the process.
fn spawn_by_the_thread_that_stays(command: Command) -> io::Result<Child> {
    static ORDERS: Mutex<Option<Sender<Order>>> = Mutex::new(None);

    let (answer, answered) = channel();
    {
        let mut orders = ORDERS.lock().unwrap_or_else(PoisonError::into_inner);
        if orders.is_none() {
            let (sender, received) = channel::<Order>();
            thread::Builder::new().name("queue-chaos-keeper".into()).spawn(move || {
                for (mut command, answer) in received {
                    if let Err(SendError(Ok(mut child))) = answer.send(command.spawn()) {
                        let _ = child.kill();
                        let _ = child.wait();
                    }
                }
            })?;
            *orders = Some(sender);
        }
        let sent = orders.as_ref().is_some_and(|orders| orders.send((command, answer)).is_ok());
        if !sent {
            return Err(io::Error::other("the thread that starts processes is gone"));
        }
    }
    answered.recv().unwrap_or_else(|_| Err(io::Error::other("no process came of it")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

    use super::*;

    fn program(directory: &Path, script: &str) -> Program {
        Program {
            path: "sh".into(),
            arguments: vec!["-c".into(), script.into()],
            output: directory.join("output.log"),
        }
    }

    fn both(test: impl Fn(Keeping, &Path)) {
        for keeping in [Keeping::DeathSignal, Keeping::Pipe] {
            if keeping == Keeping::DeathSignal && Keeping::of_this_machine() != keeping {
                continue;
            }
            let directory = tempfile::tempdir().unwrap();
            test(keeping, directory.path());
        }
    }

    #[test]
    fn it_ends_with_its_code_and_its_output_is_kept() {
        both(|keeping, directory| {
            let process =
                Process::start(&program(directory, "echo said; exit 7"), keeping).unwrap();
            let status = process.wait(Duration::from_secs(60)).unwrap();
            assert_eq!(status.code(), Some(7), "{keeping:?}");
            assert_eq!(fs::read_to_string(directory.join("output.log")).unwrap(), "said\n");
        });
    }

    #[test]
    fn signals_reach_the_program() {
        both(|keeping, directory| {
            let script = "trap 'echo asked; exit 3' TERM; echo ready; while :; do sleep 0.01; done";
            let process = Process::start(&program(directory, script), keeping).unwrap();
            let output = directory.join("output.log");
            while fs::read_to_string(&output).unwrap() != "ready\n" {
                thread::sleep(Duration::from_millis(5));
            }
            process.signal(Signal::STOP).unwrap();
            process.signal(Signal::TERM).unwrap();
            assert!(process.wait(Duration::from_millis(100)).is_none(), "it is frozen");
            process.signal(Signal::CONT).unwrap();
            assert_eq!(process.wait(Duration::from_secs(60)).unwrap().code(), Some(3));
            assert_eq!(fs::read_to_string(&output).unwrap(), "ready\nasked\n");
        });
    }

    #[test]
    fn who_is_dropped_is_dead_also_when_frozen() {
        both(|keeping, directory| {
            let process = Process::start(&program(directory, "exec sleep 600"), keeping).unwrap();
            process.signal(Signal::STOP).unwrap();
            let pid = process.pid;
            drop(process);
            let began = Instant::now();
            while rustix::process::test_kill_process(pid).is_ok() {
                assert!(began.elapsed() < Duration::from_secs(60), "{keeping:?}: it lives");
                thread::sleep(Duration::from_millis(5));
            }
        });
    }

    /// When this process ends, the system closes the pipe.
    #[test]
    fn a_pipe_that_closes_ends_the_program() {
        let directory = tempfile::tempdir().unwrap();
        let program = program(directory.path(), "exec sleep 600");
        let process = Process::start(&program, Keeping::Pipe).unwrap();
        drop(process.child.lock().unwrap().stdin.take());
        let status = process.wait(Duration::from_secs(60)).unwrap();
        assert_eq!(status.code(), Some(128 + 9));
        assert!(rustix::process::test_kill_process(process.pid).is_err());
    }

    #[test]
    fn what_is_not_there_is_an_error_or_an_end() {
        both(|keeping, directory| {
            let program = Program {
                path: "/no/such/program".into(),
                arguments: Vec::new(),
                output: directory.join("output.log"),
            };
            let process = match Process::start(&program, keeping) {
                Err(_) => return,
                Ok(process) => process,
            };
            assert_eq!(process.wait(Duration::from_secs(60)).unwrap().code(), Some(127));
        });
    }
}
