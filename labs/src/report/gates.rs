//! The gates' part of the page: what was judged last, and what each measured before.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use gates::history::{self, Run};
pub use gates::judge::Judged;
use gates::judge::Verdict;
use gates::report::{self, figure};

use super::page::{day, escape};

/// The width and height of a plot, in pixels.
const PLOT: (f64, f64) = (120.0, 24.0);
/// How many runs a plot shows: the newest.
const RUNS: usize = 50;

/// What was judged last below `root`, and the history of it. Nothing, if nothing was ever judged or it cannot be read.
pub fn load(root: &Path) -> (Vec<Judged>, Vec<Run>) {
    let judged = report::load(&root.join("out/gates.json")).map(|judgement| judgement.gates);
    (judged.unwrap_or_default(), history::load(&history::path(root)).unwrap_or_default())
}

/// The section. Gates that were not measured and have no history are counted, not listed.
pub fn section(html: &mut String, judged: &[Judged], runs: &[Run]) {
    html.push_str("<section aria-labelledby=\"gates\">\n<h2 id=\"gates\">Gates</h2>\n");
    if judged.is_empty() {
        html.push_str("<p>Not measured on this machine: <code>just bench ring</code> takes a few minutes, and needs nothing. The thresholds stand in <code>benches/gates.toml</code>.</p>\n</section>\n");
        return;
    }
    let mut areas = BTreeMap::<&str, Vec<&Judged>>::new();
    for one in judged {
        areas.entry(one.gate.area()).or_default().push(one);
    }
    for (area, judged) in areas {
        let count = |verdict| judged.iter().filter(|one| one.verdict == verdict).count();
        let (passed, failed) = (count(Verdict::Pass), count(Verdict::Fail));
        let class = if failed > 0 { "fail" } else { "pass" };
        let _ = writeln!(
            html,
            "<details><summary><strong>{}</strong> <span class=\"{class}\">{passed} passed, {failed} failed</span>, {} others</summary>\n<table>\n\
             <tr><th scope=\"col\">gate</th><th scope=\"col\">measured</th><th scope=\"col\">required</th><th scope=\"col\">verdict</th><th scope=\"col\">before</th></tr>",
            escape(area),
            judged.len() - passed - failed
        );
        let mut silent = 0;
        for one in judged {
            let points = points(&one.gate.id, runs);
            if one.figures.is_empty() && points.is_empty() {
                silent += 1;
            } else {
                row(html, one, &points);
            }
        }
        html.push_str("</table>\n");
        if silent > 0 {
            let _ = writeln!(html, "<p class=\"dim\">{silent} more were never measured here.</p>");
        }
        html.push_str("</details>\n");
    }
    html.push_str("</section>\n");
}

fn row(html: &mut String, judged: &Judged, points: &[(u64, f64)]) {
    let class = match judged.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::TooNoisy | Verdict::NotMeasured(_) => "open",
    };
    let _ = writeln!(
        html,
        "<tr><td><code>{}</code><br><span class=\"dim\">{}</span></td><td>{}</td><td>{}</td><td class=\"{class}\">{}</td><td>{}</td></tr>",
        escape(&judged.gate.id),
        escape(&judged.gate.what),
        escape(&report::measured(judged)),
        escape(&report::threshold(judged)),
        escape(&judged.verdict.to_string()),
        plot(points, judged.gate.threshold)
    );
}

/// What a gate measured, oldest first.
fn points(id: &str, runs: &[Run]) -> Vec<(u64, f64)> {
    let mut points: Vec<_> =
        runs.iter().filter_map(|run| Some((run.measured_at, run.gates.get(id)?.value))).collect();
    points.sort_by_key(|(at, _)| *at);
    points.split_off(points.len().saturating_sub(RUNS))
}

/// A line through the runs, and a dashed one at the threshold.
fn plot(points: &[(u64, f64)], threshold: f64) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return String::new() };
    let values = || points.iter().map(|(_, value)| *value).chain([threshold]);
    let (low, high) =
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let room = if high > low { high - low } else { 1.0 };
    let (width, height) = PLOT;
    let y = |value: f64| height - 3.0 - (value - low) / room * (height - 6.0);
    let step = width / (points.len().max(2) - 1) as f64;
    let x = |at: usize| if points.len() == 1 { width / 2.0 } else { at as f64 * step };
    let line: Vec<String> = points
        .iter()
        .enumerate()
        .map(|(at, (_, value))| format!("{:.1},{:.1}", x(at), y(*value)))
        .collect();
    let dots: String = points
        .iter()
        .enumerate()
        .map(|(at, (_, value))| {
            format!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"1.6\"/>", x(at), y(*value))
        })
        .collect();
    let label = format!(
        "{} runs, {} to {}: from {} to {}",
        points.len(),
        day(first.0),
        day(last.0),
        figure(first.1),
        figure(last.1)
    );
    format!(
        "<svg class=\"history\" viewBox=\"-2 0 {} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{label}\"><title>{label}</title>\
         <line x1=\"0\" x2=\"{width}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><polyline points=\"{}\"/>{dots}</svg>",
        width + 4.0,
        line.join(" "),
        y = y(threshold)
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_shown_with_what_it_measured_before() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("out")).unwrap();
        let json = r#"{"environments":{},"gates":[
            {"id":"lsm.fill","what":"a <million>","unit":"inserts/s","kind":"ratio","comparison":">=","threshold":4.0,"rivals":["rocksdb"],"verdict":"pass","rounds":3,
             "figures":[{"rival":"rocksdb","value":5.5,"spread":0.1,"margin":1.5,"ours":1100000.0,"theirs":200000.0,"verdict":"pass"}]},
            {"id":"lsm.never","what":"x","unit":"s","kind":"absolute","comparison":"<","threshold":1.0,"verdict":"not measured: no measurement found","rounds":0,"figures":[]}]}"#;
        std::fs::write(root.path().join("out/gates.json"), json).unwrap();
        let line = |at: u64, value: f64| {
            format!(
                "{{\"file\":\"lsm.json\",\"measured_at\":{at},\"commit\":\"\",\"machine\":\"\",\"gates\":{{\"lsm.fill\":{{\"value\":{value},\"verdict\":\"pass\"}}}}}}\n"
            )
        };
        std::fs::write(
            history::path(root.path()),
            line(1_795_449_600, 5.0) + &line(1_795_536_000, 5.5),
        )
        .unwrap();
        let (judged, runs) = load(root.path());
        let mut html = String::new();
        section(&mut html, &judged, &runs);
        assert!(html.contains("5.5x rocksdb (1,100,000 : 200,000 inserts/s)"), "{html}");
        assert!(html.contains("a &lt;million&gt;") && html.contains("&gt;= 4x"), "{html}");
        assert!(
            html.contains("aria-label=\"2 runs, 2026-11-23 to 2026-11-24: from 5 to 5.5\""),
            "{html}"
        );
        assert!(html.contains("1 more were never measured here"), "{html}");
    }

    #[test]
    fn without_a_run_there_is_advice() {
        let (judged, runs) = load(Path::new("/nowhere"));
        let mut html = String::new();
        section(&mut html, &judged, &runs);
        assert!(html.contains("just bench ring"));
        assert_eq!(plot(&[], 1.0), "");
        assert!(plot(&[(0, 1.0)], 1.0).contains("1 runs"));
    }
}
