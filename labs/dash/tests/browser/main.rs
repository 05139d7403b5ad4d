//! The page, in a browser, while the demo runs behind it.
//!
//! It runs where `scripts/browser.sh` has put what it takes; elsewhere the test says what is missing and passes, unless `DASH_BROWSER=require` is in the
//! environment.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "what fails shall fail the test, and what does not run shall say so"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where `scripts/browser.sh` has put things.
fn place() -> Option<PathBuf> {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let place = temporary.parent().unwrap_or(temporary).join("browser");
    let parts = ["node/node_modules/playwright-core", "chromium"].map(|it| place.join(it));
    let Some(missing) = parts.into_iter().find(|it| !it.exists()) else { return Some(place) };
    let reason = format!("no {}: run scripts/browser.sh", missing.display());
    let required = std::env::var("DASH_BROWSER").is_ok_and(|it| it == "require");
    assert!(!required, "a browser is required, and there is {reason}");
    eprintln!("SKIPPED: {reason}");
    None
}

#[test]
fn every_panel_is_drawn_by_keyboard_on_a_phone_in_the_dark_and_to_the_end() {
    let Some(place) = place() else { return };
    let mut dash = Running(
        Command::new(env!("CARGO_BIN_EXE_dash"))
            .args(["--demo", "--any-port", "--listen", "127.0.0.1:0", "--every", "500"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(dash.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let url = lines.find_map(|it| {
        it.strip_prefix("http://").map(|it| it.split('/').next().unwrap().to_owned())
    });
    let url = format!("http://{}", url.expect("it did not start"));

    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/page.mjs");
    let mut node = Running(
        Command::new("node")
            .arg(script)
            .arg(url)
            .env("BROWSER", &place)
            .env("BROWSER_PICTURES", pictures)
            .env("BROWSER_FAILED", pictures.join("dash-failed.png"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut tell = node.0.stdin.take().unwrap();
    for line in BufReader::new(node.0.stdout.take().unwrap()).lines().map_while(Result::ok) {
        if line == "do: end" {
            dash.0.kill().unwrap();
            dash.0.wait().unwrap();
            writeln!(tell, "done").unwrap();
        }
    }
    let status = node.0.wait().unwrap();
    assert!(status.success(), "{status}; pictures in {}", pictures.display());
}
