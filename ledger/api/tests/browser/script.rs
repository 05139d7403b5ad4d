//! Scripts that drive a browser, and talk with the test meanwhile: a line `do: something` on their standard output asks for something, and a line on their
//! standard input says that it is done.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use parking_lot::Mutex;

/// One browser at a time is as much as two cores bear.
static TURN: Mutex<()> = Mutex::new(());

pub struct Script {
    path: PathBuf,
    place: PathBuf,
}

impl Script {
    /// A script, if there is what it takes to run one.
    pub fn find(name: &str) -> Option<Self> {
        let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let place = temporary.parent().unwrap_or(temporary).join("browser");
        let missing = ["node/node_modules/playwright-core", "chromium"]
            .map(|it| place.join(it))
            .into_iter()
            .find(|it| !it.exists());
        if let Some(missing) = missing {
            let reason = format!("no {}: run scripts/browser.sh", missing.display());
            let required = std::env::var("LEDGER_BROWSER").is_ok_and(|it| it == "require");
            assert!(!required, "a browser is required, and there is {reason}");
            eprintln!("SKIPPED: {reason}");
            return None;
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser").join(name);
        Some(Self { path, place })
    }

    /// Runs it on a server's page, and does what it asks for. It fails the test if the script fails.
    pub fn run(&self, server: SocketAddr, arguments: &[&str], mut act: impl FnMut(&str)) {
        let _turn = TURN.lock();
        let name = self.path.file_stem().unwrap().to_str().unwrap();
        let pictures = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let log = pictures.join(format!("{name}.log"));
        let child = Command::new("node")
            .arg(&self.path)
            .arg(format!("http://{server}"))
            .args(arguments)
            .env("BROWSER", &self.place)
            .env("BROWSER_PICTURES", pictures)
            .env("BROWSER_FAILED", pictures.join(format!("{name}-failed.png")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut child = Running(child);
        let mut tell = child.0.stdin.take().unwrap();
        for line in BufReader::new(child.0.stdout.take().unwrap()).lines() {
            if let Some(asked) = line.unwrap().strip_prefix("do: ") {
                act(asked);
                writeln!(tell, "done").unwrap();
            }
        }
        let status = child.0.wait().unwrap();
        let told = std::fs::read_to_string(&log).unwrap();
        eprintln!("{name}: {told}");
        assert!(
            status.success(),
            "{name}: {status}, and a picture in {}: {told}",
            pictures.display()
        );
    }
}

/// Ends with the test: the browser ends with whoever drives it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
