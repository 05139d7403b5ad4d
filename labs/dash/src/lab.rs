//! Lab M1: our servers under load for a while, and what the panels have shown of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::board::{Board, BoardOptions, Watch};
use crate::demo::{Demo, DemoOptions};
use crate::history::{LineView, PanelView, View};
use crate::panels::{Dashboard, Panel};
use crate::picture::{self, figure};
use crate::{Error, Result};

/// How long it goes on beyond its time if a panel has no data yet.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it scrapes.
const EVERY: Duration = Duration::from_secs(1);

/// Runs the lab, and tells what it does as the course runner reads it: a JSON object each.
///
/// # Errors
/// [`Error::Demo`], [`Error::File`].
pub fn run(out: &Path, time: Duration, mut tell: impl FnMut(Value)) -> Result<()> {
    std::fs::create_dir_all(out).map_err(|error| Error::File { path: out.into(), error })?;
    let progress = |done: u64, what: &str| json!({"event": "progress", "done": done, "total": time.as_secs(), "what": what});
    tell(progress(0, "starting servers"));
    let demo = Demo::start(&DemoOptions::anywhere())?;
    let options = BoardOptions { every: EVERY, ..BoardOptions::default() };
    let board = Arc::new(Board::new(Dashboard::built_in()?, demo.targets(), options));
    let watch = Watch::start(Arc::clone(&board))?;
    let begun = Instant::now();
    loop {
        std::thread::sleep(EVERY);
        let (elapsed, dark) = (begun.elapsed(), dark(&board.since(0)).len());
        tell(progress(elapsed.min(time).as_secs(), "scraping"));
        if elapsed >= time && (dark == 0 || elapsed >= time + PATIENCE) {
            break;
        }
    }
    drop(watch);
    let (view, targets) = (board.since(0), board.targets());
    drop(demo);

    let snapshot = json!({"history": view, "targets": targets});
    tell(write(
        out,
        "snapshot.json",
        "What the panels have shown, in numbers",
        &format!("{snapshot:#}\n"),
    )?);
    let picture = picture::panels(board.dashboard(), &view);
    tell(write(out, "panels.svg", "What the panels have shown", &picture)?);
    tell(table(board.dashboard(), &view));
    for event in measures(&view, targets.iter().filter(|it| it.up != Some(true)).count()) {
        tell(event);
    }
    let samples: usize = targets.iter().map(|it| it.samples).sum();
    tell(json!({"event": "note", "text": format!(
        "{} scrapes of {} targets, {samples} samples each time; rates are means over a minute, or over what there was of it",
        view.times.len(), targets.len()
    )}));
    Ok(())
}

fn write(out: &Path, name: &str, title: &str, text: &str) -> Result<Value> {
    let path: PathBuf = out.join(name);
    match std::fs::write(&path, text) {
        Ok(()) => Ok(json!({"event": "artefact", "path": path, "title": title})),
        Err(error) => Err(Error::File { path, error }),
    }
}

/// Panels without a value.
fn dark(view: &View) -> Vec<&str> {
    let has =
        |panel: &PanelView| panel.lines.iter().any(|line| line.values.iter().any(Option::is_some));
    view.panels.iter().filter(|panel| !has(panel)).map(|panel| panel.id.as_str()).collect()
}

fn last(line: &LineView) -> Option<f64> {
    line.values.iter().rev().find_map(|it| *it)
}

/// The lines of a panel.
fn lines<'v>(view: &'v View, id: &str) -> impl Iterator<Item = &'v LineView> {
    view.panels.iter().filter(move |it| it.id == id).flat_map(|it| &it.lines)
}

fn measures(view: &View, down: usize) -> Vec<Value> {
    let sum = |id: &str| lines(view, id).filter_map(last).sum::<f64>();
    let named = |id: &str, name: &str| {
        let values =
            lines(view, id).filter(|line| line.name.contains(name)).flat_map(|line| &line.values);
        values.flatten().copied().fold(0.0_f64, f64::max)
    };
    let dark = dark(view).len();
    let all = [
        ("panels_with_data", (view.panels.len() - dark) as f64, "panels"),
        ("panels_without_data", dark as f64, "panels"),
        ("targets_down", down as f64, "targets"),
        ("scrapes", view.times.len() as f64, "scrapes"),
        ("producer_tps", sum("producer-tps"), "1/s"),
        ("max_consumer_lag", named("consumer-lag", ""), "messages"),
        ("under_replicated", sum("under-replicated"), "partitions"),
        ("max_flush_rate", named("lsm-bytes", "flush"), "B/s"),
        ("registry_requests", sum("registry-requests"), "1/s"),
        ("ledger_transfers", sum("ledger-transfers"), "1/s"),
        ("ledger_commit_p99", named("ledger-latency", "p99"), "s"),
    ];
    all.into_iter()
        .map(
            |(id, value, unit)| json!({"event": "measure", "id": id, "value": value, "unit": unit}),
        )
        .collect()
}

fn table(dashboard: &Dashboard, view: &View) -> Value {
    let row = |panel: &Panel, line: &LineView| {
        let values: Vec<f64> = line.values.iter().flatten().copied().collect();
        let show =
            |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |it| figure(it, panel.unit));
        let (least, most) =
            (values.iter().copied().reduce(f64::min), values.iter().copied().reduce(f64::max));
        json!([panel.title, line.name, show(least), show(most), show(last(line))])
    };
    let rows: Vec<Value> = dashboard
        .panels
        .iter()
        .zip(&view.panels)
        .flat_map(|(panel, shown)| shown.lines.iter().map(move |line| row(panel, line)))
        .collect();
    json!({"event": "table", "title": "What the panels have shown", "columns": ["panel", "line", "least", "most", "last"], "rows": rows})
}
