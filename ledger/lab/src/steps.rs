//! The lab, step by step.

use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    Arguments, Result,
    picture::{self, Second},
    programs::Programs,
    tell::Tell,
};

/// Which part of the feed is delivered twice: so many lines, now and then.
const REPEATED: usize = 1_000;

/// A path as an argument.
fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()).into())
}

/// A number that may stand as a text, as amounts do.
fn number(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(f64::NAN)
}

/// A server under load, killed again and again; and what its clients know against what it says.
pub(crate) fn chaos(
    programs: &Programs,
    arguments: &Arguments,
    data: &Path,
    tell: &Tell,
) -> Result<()> {
    let (seconds, kills) = (arguments.seconds.to_string(), arguments.kills.to_string());
    let rate = arguments.rate.to_string();
    let statement = statement(&arguments.out);
    let asked = [
        "--chaos",
        "--profile",
        "two-phase",
        "--connections",
        "16",
        "--batch",
        "20",
        "--accounts",
        "1000",
        "--duration",
        &seconds,
        "--kills",
        &kills,
        "--rate",
        &rate,
        "--statement",
        text(&statement)?,
        "--data",
        text(data)?,
        "--json",
    ];
    let (well, proof) = programs.ask("simulate_transfers", &asked)?;
    if !well {
        return Err(format!("simulate_transfers found something wrong: {proof}").into());
    }
    tell.measure("kills", number(&proof["kills"]), "kills");
    tell.measure("acknowledged", number(&proof["acknowledged"]), "transfers");
    tell.measure("minor_units_missing", number(&proof["minor_units_missing"]), "minor units");
    let row =
        |what: &str, key: &str| vec![json!(what), json!(proof[key].to_string().trim_matches('"'))];
    tell.table(
        "What clients know, and found again",
        &["what", "how many"],
        &[
            row("times that the server was killed (SIGKILL)", "kills"),
            vec![
                json!("from a new start until it listened, median, ms"),
                proof["restart_ms"]["median"].clone(),
            ],
            vec![json!("the same, longest, ms"), proof["restart_ms"]["max"].clone()],
            row(
                "transfers acknowledged: all there, with the acknowledged balances",
                "acknowledged",
            ),
            row("transfers refused: none there", "refused"),
            row("transfers without an answer that happened, whole", "unknown_there"),
            row("transfers without an answer that did not", "unknown_absent"),
            row("requests that were asked again with the same ids", "retries"),
            row("minor units posted", "minor_units_posted"),
            row("minor units missing", "minor_units_missing"),
        ],
    );
    Ok(())
}

/// Where clients leave what each account has as far as they know.
fn statement(out: &Path) -> PathBuf {
    out.join("statement.csv")
}

/// A server whose disk runs full besides, to the last block, and has room again.
pub(crate) fn full_disk(programs: &Programs, arguments: &Arguments, tell: &Tell) -> Result<()> {
    let (seconds, rate) = (arguments.full_seconds.to_string(), arguments.rate.to_string());
    let asked = [
        "--chaos",
        "--fill",
        "--connections",
        "16",
        "--batch",
        "20",
        "--accounts",
        "1000",
        "--duration",
        &seconds,
        "--rate",
        &rate,
        "--json",
    ];
    let (well, proof) = programs.ask("simulate_transfers", &asked)?;
    if let Some(reason) = proof["not_done"].as_str() {
        for id in FULL_DISK {
            tell.not_measured(id, reason);
        }
        return Ok(());
    }
    if !well {
        return Err(format!("simulate_transfers found something wrong: {proof}").into());
    }
    let count = |key: &str| number(&proof[key]);
    let [filled, felt, missing] = FULL_DISK;
    tell.measure(filled, count("disk_filled"), "times");
    let noticed = ["refused_for_room", "ended_for_room", "starts_refused_for_room"].map(count);
    tell.measure(felt, noticed.iter().sum(), "times");
    tell.measure(missing, count("minor_units_missing"), "minor units");
    tell.table(
        "A full disk",
        &["what", "how many"],
        &[
            vec![json!("times that the disk was full"), proof["disk_filled"].clone()],
            vec![
                json!("requests refused for that, and sent again"),
                proof["refused_for_room"].clone(),
            ],
            vec![json!("times that the server ended by itself"), proof["ended_for_room"].clone()],
            vec![
                json!("times that it could not start before there was room"),
                proof["starts_refused_for_room"].clone(),
            ],
            vec![json!("times that it was killed (SIGKILL)"), proof["kills"].clone()],
            vec![json!("transfers acknowledged: all there"), proof["acknowledged"].clone()],
            vec![json!("minor units missing"), json!(count("minor_units_missing"))],
        ],
    );
    Ok(())
}

/// What is measured on a full disk.
const FULL_DISK: [&str; 3] = ["disk_filled", "full_disk_noticed", "minor_units_missing_full_disk"];

/// Writes what happened, as a consumer hears it that is told some of it twice.
pub(crate) fn feed(programs: &Programs, data: &Path, out: &Path) -> Result<PathBuf> {
    let once = out.join("changes-once.jsonl");
    let heard = out.join("changes.jsonl");
    for file in [&once, &heard] {
        if file.exists() {
            std::fs::remove_file(file)?;
        }
    }
    programs.ask("ledger", &["feed", text(data)?, "--out", text(&once)?, "--json"])?;
    let mut lines = Vec::with_capacity(REPEATED);
    let mut file = BufWriter::new(File::create(&heard)?);
    let mut pieces = 0_u32;
    let mut deliver = |lines: &mut Vec<String>| -> Result<()> {
        pieces += 1;
        // Every third piece: its acknowledgement was lost.
        for _ in 0..if pieces.is_multiple_of(3) { 2 } else { 1 } {
            for line in &*lines {
                writeln!(file, "{line}")?;
            }
        }
        lines.clear();
        Ok(())
    };
    for line in BufReader::new(File::open(&once)?).lines() {
        lines.push(line?);
        if lines.len() == REPEATED {
            deliver(&mut lines)?;
        }
    }
    deliver(&mut lines)?;
    file.flush()?;
    std::fs::remove_file(&once)?;
    Ok(heard)
}

/// State, stream and batch, to the minor unit.
pub(crate) fn reconcile(
    programs: &Programs,
    data: &Path,
    feed: &Path,
    out: &Path,
    tell: &Tell,
) -> Result<()> {
    let statement = statement(out);
    let asked = [
        "reconcile",
        text(data)?,
        "--feed",
        text(feed)?,
        "--statement",
        text(&statement)?,
        "--out",
        text(out)?,
        "--json",
    ];
    let (_, report) = programs.ask("ledger", &asked)?;
    let mut rows = Vec::new();
    for derivation in report["derivations"].as_array().into_iter().flatten() {
        let name = derivation["name"].as_str().unwrap_or_default();
        let id = format!("difference_{name}");
        match derivation["absent"].as_str() {
            Some(reason) => tell.not_measured(&id, reason),
            None => tell.measure(&id, number(&derivation["difference"]), "minor units"),
        }
        rows.push(vec![
            json!(name),
            derivation["accounts"].clone(),
            derivation["difference"].clone(),
        ]);
    }
    tell.table(
        "Derived again",
        &["from", "accounts", "difference to the state, minor units"],
        &rows,
    );
    let balances = report["trial_balance"].as_array().cloned().unwrap_or_default();
    let off: f64 =
        balances.iter().map(|it| (number(&it["debits"]) - number(&it["credits"])).abs()).sum();
    tell.measure("trial_balance_off", off, "minor units");
    let rows: Vec<_> = balances
        .iter()
        .map(|it| ["currency", "accounts", "debits", "credits"].map(|key| it[key].clone()).to_vec())
        .collect();
    tell.table("Trial balance", &["currency", "accounts", "debits", "credits"], &rows);
    tell.note(&format!(
        "through operation {}, chain {}",
        report["cut_op"],
        report["chain_hash"].as_str().unwrap_or_default()
    ));
    tell.artefact(&out.join("reconciliation.json"), "The proof of the reconciliation");
    Ok(())
}

/// The log from its first record: its chain, and the state that it leads to.
pub(crate) fn verify(programs: &Programs, data: &Path, out: &Path, tell: &Tell) -> Result<()> {
    let (same, verified) = programs.ask("ledger", &["verify", text(data)?, "--json"])?;
    tell.measure("log_leads_to_state", f64::from(u8::from(same)), "yes");
    tell.measure("operations", number(&verified["operations"]), "operations");
    // An export proves itself without the directory.
    let export = out.join("audit.ledger");
    if export.exists() {
        std::fs::remove_file(&export)?;
    }
    let (_, exported) =
        programs.ask("ledger", &["audit", text(data)?, "--out", text(&export)?, "--json"])?;
    let hash = exported["chain_hash"].as_str().ok_or("an export without a hash")?.to_owned();
    let (proved, _) =
        programs.ask("ledger", &["prove", text(&export)?, "--hash", &hash, "--json"])?;
    // One bit, in its middle.
    let mut bytes = std::fs::read(&export)?;
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    std::fs::write(&export, &bytes)?;
    let (still, _) =
        programs.ask("ledger", &["prove", text(&export)?, "--hash", &hash, "--json"])?;
    std::fs::remove_file(&export)?;
    tell.measure("export_proved", f64::from(u8::from(proved)), "yes");
    tell.measure("changed_export_proved", f64::from(u8::from(still)), "yes");
    Ok(())
}

/// What the feed tells, second by second.
pub(crate) fn pictures(feed: &Path, out: &Path, tell: &Tell) -> Result<()> {
    let mut seconds: Vec<Second> = Vec::new();
    let mut begun = None;
    let mut last = (0, 0);
    for line in BufReader::new(File::open(feed)?).lines() {
        let change: Value = serde_json::from_str(&line?)?;
        let op: u64 = change["op"].as_str().unwrap_or("0").parse()?;
        let key = (op, change["index"].as_u64().unwrap_or(0));
        if key <= last {
            continue;
        }
        last = key;
        let nanoseconds: u64 = change["timestamp"].as_str().unwrap_or("0").parse()?;
        let begun = *begun.get_or_insert(nanoseconds);
        let tenth = usize::try_from(nanoseconds.saturating_sub(begun) / 100_000_000)?;
        if tenth >= seconds.len() {
            seconds.resize(tenth + 1, Second::default());
        }
        let at = &mut seconds[tenth];
        let is =
            |flag: &str| change["flags"].as_array().is_some_and(|it| it.contains(&flag.into()));
        match change["kind"].as_str() {
            Some("refusal") => at.refused += 1,
            Some("expiry") => at.released += 1,
            _ if is("pending") => at.reserved += 1,
            _ if is("void_pending") => at.released += 1,
            _ => at.posted += 1,
        }
    }
    let path = out.join("chaos.svg");
    std::fs::write(&path, picture::chaos(&seconds)?)?;
    tell.artefact(
        &path,
        "What happened in each tenth of a second: where nothing did, the server was dead",
    );
    Ok(())
}

/// Runs of the simulator from known seeds.
pub(crate) fn simulate(programs: &Programs, seeds: u32, out: &Path, tell: &Tell) -> Result<()> {
    let count = seeds.to_string();
    let traces = out.join("traces");
    let asked = ["--seeds", &count, "--profile", "device", "--out", text(&traces)?, "--json"];
    let (well, end) = programs.ask("ledger_sim", &asked)?;
    let failed = end["failures"].as_f64().unwrap_or(if well { 0.0 } else { 1.0 });
    tell.measure("simulated_failures", failed, "runs");
    tell.note(&format!("the simulator: {end}"));
    Ok(())
}
