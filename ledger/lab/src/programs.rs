//! The programs that stand beside this one.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::Result;

/// Where they are.
pub(crate) struct Programs {
    beside: PathBuf,
    setpriv: bool,
}

impl Programs {
    /// Beside this program, where the course runner built them.
    pub(crate) fn beside_this() -> Result<Self> {
        let beside =
            std::env::current_exe()?.parent().ok_or("this program is nowhere")?.to_path_buf();
        for name in ["simulate_transfers", "ledger_api", "ledger", "ledger_sim"] {
            if !beside.join(name).is_file() {
                return Err(format!(
                    "{name} is not beside this program: `cargo build --release -p ledger_api -p ledger_tools -p ledger_sim`"
                )
                .into());
            }
        }
        Ok(Self { beside, setpriv: has_setpriv() })
    }

    /// Runs one, and reads the last line that it says, or all of it if that is one document. What it says besides goes to standard error, and so does this.
    ///
    /// The codes 0 and 1 are answers: all is well, something is not.
    pub(crate) fn ask(&self, name: &str, arguments: &[&str]) -> Result<(bool, Value)> {
        let output = self
            .command(name)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()?;
        let said = String::from_utf8(output.stdout)?;
        let document = serde_json::from_str(&said)
            .or_else(|_| serde_json::from_str(said.trim().lines().last().unwrap_or_default()));
        match (output.status.code(), document) {
            (Some(0), Ok(document)) => Ok((true, document)),
            (Some(1), Ok(document)) => Ok((false, document)),
            (_, _) => Err(format!("{name} {}: {}", arguments.join(" "), output.status).into()),
        }
    }

    /// One that the kernel kills when this program dies, whatever it dies of; without `setpriv` (util-linux) it is left behind then.
    fn command(&self, name: &str) -> Command {
        let program = self.beside.join(name);
        if !self.setpriv {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command
    }
}

fn has_setpriv() -> bool {
    let tried = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|it| it.success())
}
