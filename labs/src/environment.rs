//! Programs as a shell would start them.

use std::ffi::OsStr;
use std::process::Command;

/// What cargo tells the program that it runs of that program's package.
const OF_THE_PACKAGE: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// A program that does not hear of this one's package. `cargo run` has told this one of it, and a cargo that this one starts, directly or in a shell,
/// would take it for a change: `ring`'s build script runs again for it, and all that stands on `ring` is built again, Polars included.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let told = name.to_str();
        if told.is_some_and(|name| OF_THE_PACKAGE.iter().any(|begin| name.starts_with(begin))) {
            command.env_remove(name);
        }
    }
    command
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_package_is_told_and_the_rest_is() {
        // cargo tells tests of it, too.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let output = command("env").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = |name: &str| text.lines().any(|line| line.starts_with(name));
        assert!(!told("CARGO_MANIFEST_DIR") && !told("CARGO_PKG_NAME"), "{text}");
        assert!(told("PATH="), "{text}");
    }
}
