//! Contestants, rounds, interleaving, and what came of them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::judge::quantile;

use super::Result;
use super::child::{Kind, Outcome, Spec, Work};
use super::engine::{Compression, Durability, EngineOptions, Layout};
use super::workload::Records;

/// Bytes of the memtable and of the cache that every contestant gets.
pub const WRITE_BUFFER: u64 = 64 << 20;

/// See [`WRITE_BUFFER`].
pub const CACHE: u64 = 64 << 20;

/// An engine in one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contestant {
    /// As measurements name it: `rocksdb`, `rocksdb/lz4+mmap`, ...; `lsm` and `lsm/leveled` are ours.
    pub name: &'static str,
    /// Which engine.
    pub kind: Kind,
    /// Its compression.
    pub compression: Compression,
    /// Whether it reads through a map. Such a contestant writes as the one without does, so it takes part in reads only, on
    /// the database that the other one filled.
    pub mapped: bool,
    /// Where its values live.
    pub layout: Layout,
}

impl Contestant {
    /// The database it works on: shared by contestants that differ in how they read.
    #[must_use]
    pub fn database(&self) -> String {
        self.name.trim_end_matches("+mmap").trim_end_matches("/mmap").replace('/', "-")
    }

    /// Its options with the common budget.
    #[must_use]
    pub const fn options(&self) -> EngineOptions {
        EngineOptions {
            write_buffer_bytes: WRITE_BUFFER,
            cache_bytes: CACHE,
            compression: self.compression,
            mapped_reads: self.mapped,
            durability: Durability::Buffered,
            layout: self.layout,
        }
    }

    /// Whether it is a rival.
    #[must_use]
    pub fn is_rival(&self) -> bool {
        self.kind != Kind::Ours
    }
}

/// All contestants of this build.
#[must_use]
pub fn contestants() -> Vec<Contestant> {
    let one = |name, kind, compression, mapped| Contestant {
        name,
        kind,
        compression,
        mapped,
        layout: Layout::Default,
    };
    let mut all = Vec::new();
    {
        let ours = one("lsm", Kind::Ours, Compression::EnginesOwn, false);
        all.push(ours.clone());
        all.push(Contestant { name: "lsm/leveled", layout: Layout::Leveled, ..ours });
    }
    if cfg!(feature = "peer-rocksdb") {
        all.push(one("rocksdb", Kind::Rocksdb, Compression::None, false));
        all.push(one("rocksdb/mmap", Kind::Rocksdb, Compression::None, true));
        all.push(one("rocksdb/lz4", Kind::Rocksdb, Compression::Lz4, false));
        all.push(one("rocksdb/lz4+mmap", Kind::Rocksdb, Compression::Lz4, true));
    }
    if cfg!(feature = "peer-fjall") {
        all.push(one("fjall", Kind::Fjall, Compression::None, false));
        all.push(one("fjall/lz4", Kind::Fjall, Compression::Lz4, false));
    }
    all
}

/// The outcomes of one piece of work: for each contestant one a round.
pub type Outcomes = BTreeMap<&'static str, Vec<Outcome>>;

/// Runs children and keeps what they report.
#[derive(Debug)]
pub struct Harness {
    /// Below it every database has its directory; removed when the harness is dropped.
    root: PathBuf,
    keep: bool,
    begun: Instant,
    /// Rounds of each piece of work.
    pub rounds: usize,
    /// By the name of the work, see [`Harness::turn`].
    pub outcomes: BTreeMap<&'static str, Outcomes>,
    /// What went wrong: contestant and work, with the reason.
    pub failures: Vec<(&'static str, &'static str, String)>,
}

/// A child that takes longer is killed: something in it hangs.
const PATIENCE: Duration = Duration::from_secs(900);

impl Harness {
    /// A harness with its databases below `root`, which is made, and removed in the end unless `keep`.
    pub fn new(root: PathBuf, rounds: usize, keep: bool) -> Result<Self> {
        fs::create_dir_all(&root)?;
        Ok(Self {
            root,
            keep,
            begun: Instant::now(),
            rounds,
            outcomes: BTreeMap::new(),
            failures: Vec::new(),
        })
    }

    /// The directory of a database.
    #[must_use]
    pub fn dir(&self, stage: &str, database: &str) -> PathBuf {
        self.root.join(format!("{stage}-{database}"))
    }

    /// Removes all databases of a stage.
    pub fn clear(&self, stage: &str) -> Result<()> {
        let prefix = format!("{stage}-");
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    /// Lets each contestant do its piece of work once, in an order that rotates with the round.
    ///
    /// A failure is noted and the others go on: one rival that breaks must not cost the whole run, and the gates that need it
    /// say why they were not measured.
    pub fn turn(
        &mut self,
        name: &'static str,
        round: usize,
        contestants: &[Contestant],
        spec: impl Fn(&Contestant) -> Result<Spec>,
    ) {
        let count = contestants.len().max(1);
        for turn in 0..contestants.len() {
            let contestant = &contestants[(turn + round) % count];
            match spec(contestant).and_then(|spec| run_child(&spec)) {
                Ok(outcome) => {
                    self.tell(name, round, contestant.name, &sentence(&outcome));
                    let outcomes = self.outcomes.entry(name).or_default();
                    outcomes.entry(contestant.name).or_default().push(outcome);
                }
                Err(error) => {
                    self.tell(name, round, contestant.name, &format!("FAILED: {error}"));
                    self.failures.push((contestant.name, name, error.to_string()));
                }
            }
        }
    }

    #[expect(clippy::print_stderr, reason = "progress of a run of many minutes")]
    fn tell(&self, work: &str, round: usize, contestant: &str, what: &str) {
        let elapsed = self.begun.elapsed().as_secs();
        eprintln!(
            "{:>3}:{:02}  round {}  {work:<22} {contestant:<17} {what}",
            elapsed / 60,
            elapsed % 60,
            round + 1
        );
    }

    /// Why there is nothing to say about `contestant` in `work`, if it failed there.
    #[must_use]
    pub fn failure(&self, contestant: &str, work: &str) -> Option<&str> {
        let mut failures = self.failures.iter();
        failures.find(|failure| failure.0 == contestant && failure.1 == work).map(|f| f.2.as_str())
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        if !self.keep {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// Specification of work by a contestant, to be changed where the work needs it.
#[must_use]
pub fn spec(contestant: &Contestant, dir: PathBuf, records: Records, work: Work) -> Spec {
    Spec { kind: contestant.kind, options: contestant.options(), dir, records, work, group: None }
}

/// Runs one child to its end.
///
/// # Errors
///
/// What the child said when it failed; a wrong answer of the engine is a failure too.
pub fn run_child(spec: &Spec) -> Result<Outcome> {
    let dies = spec.work == Work::FillAndDie;
    let mut child = Command::new(std::env::current_exe()?)
        .arg("--child")
        .arg(serde_json::to_string(spec)?)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let begun = Instant::now();
    // Both streams stay far below the capacity of a pipe: a line of JSON, an error.
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Err(format!("no end after {} s", PATIENCE.as_secs()).into());
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let output = child.wait_with_output()?;
    let killed = status.signal() == Some(rustix::process::Signal::KILL.as_raw());
    let line = String::from_utf8_lossy(&output.stdout);
    if !(status.success() || dies && killed && !line.is_empty()) {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("(silent)");
        return Err(format!("{status}: {last}").into());
    }
    let outcome: Outcome = serde_json::from_str(line.trim())?;
    if outcome.wrong > 0 {
        return Err(format!("{} wrong answers", outcome.wrong).into());
    }
    Ok(outcome)
}

/// One outcome in a few words.
fn sentence(outcome: &Outcome) -> String {
    let mut words = format!("{:>10}/s", count(outcome.rate()));
    if outcome.user_bytes > 0 && outcome.written.total() > 0 {
        words += &format!("  amp {:.2}", outcome.amplification());
    }
    if let Some(latency) = outcome.latency {
        words += &format!("  p99.9 {:.1} us", latency.p999 as f64 / 1e3);
    }
    if outcome.background_writes > 0.0 {
        words += &format!("  beside {} writes/s", count(outcome.background_writes));
    }
    words + &format!("  anon {} MB", outcome.samples.peak_anonymous >> 20)
}

/// A count as people write it: three significant figures and a suffix.
#[must_use]
pub fn count(value: f64) -> String {
    let (value, suffix) = match value {
        v if v >= 1e6 => (v / 1e6, " M"),
        v if v >= 1e3 => (v / 1e3, " k"),
        v => (v, ""),
    };
    let decimals = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.decimals$}{suffix}")
}

/// The median of a reading over the rounds of one contestant.
#[must_use]
pub fn median(outcomes: &[Outcome], reading: impl Fn(&Outcome) -> f64) -> f64 {
    quantile(&outcomes.iter().map(reading).collect::<Vec<_>>(), 0.5)
}

/// Default place of the databases: below `out/` of the workspace, on the disk that the workspace is on.
#[must_use]
pub fn default_root(workspace: &Path) -> PathBuf {
    workspace.join(format!("out/bench/lsm-{}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_contestants_share_a_database_with_their_twin() {
        let make = |name, mapped| Contestant {
            name,
            kind: Kind::Rocksdb,
            compression: Compression::Lz4,
            mapped,
            layout: Layout::Default,
        };
        assert_eq!(make("rocksdb/lz4+mmap", true).database(), "rocksdb-lz4");
        assert_eq!(make("rocksdb/lz4", false).database(), "rocksdb-lz4");
        assert_eq!(make("rocksdb/mmap", true).database(), "rocksdb");
    }

    #[test]
    fn counts_are_readable() {
        let readable = [1.5, 999.0, 12_345.0, 151_234.0, 4_200_000.0].map(count);
        assert_eq!(readable, ["1.50", "999", "12.3 k", "151 k", "4.20 M"]);
    }
}
