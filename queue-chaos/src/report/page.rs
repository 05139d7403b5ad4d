//! The page.

use std::fmt::{Display, Write};

use super::axis::{clock, date, grouped, si, time};
use super::escape::{Escaped, short};
use super::picture::{Size, draw};
use super::{FaultState, Recovery, Report};
use crate::check::{Anomaly, Verdict};

/// Rows of a table of faults, and of a table of anomalies.
const MOST_ROWS: usize = 200;

const PAGE_STYLE: &str = "\
:root{color-scheme:light dark;--bg:#fff;--fg:#1f2328;--dim:#57606a;--line:#d8dee4;--soft:#f6f8fa;--ok:#1a7f37;--bad:#cf222e;--warn:#9a6700}\
@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#f0f6fc;--dim:#9198a1;--line:#30363d;--soft:#151b23;--ok:#3fb950;--bad:#f85149;--warn:#d29922}}\
*{box-sizing:border-box}\
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif}\
main{max-width:1000px;margin:0 auto;padding:20px 20px 48px}\
h1{font-size:24px;line-height:1.25;margin:6px 0 2px;overflow-wrap:anywhere}h2{font-size:17px;margin:30px 0 8px}\
p{margin:6px 0}.dim{color:var(--dim)}\
.verdict{display:inline-block;font-weight:700;font-size:13px;letter-spacing:.04em;padding:2px 10px;border-radius:12px;color:var(--bg)}\
.verdict.ok{background:var(--ok)}.verdict.anomaly{background:var(--bad)}.verdict.unknown{background:var(--warn)}\
.numbers{display:flex;flex-wrap:wrap;gap:8px;margin:16px 0;padding:0;list-style:none}\
.numbers li{flex:1 1 118px;background:var(--soft);border:1px solid var(--line);border-radius:8px;padding:8px 12px}\
.numbers b{display:block;font-size:19px;font-weight:600;font-variant-numeric:tabular-nums}.numbers span{color:var(--dim);font-size:12.5px}\
.scroll{overflow-x:auto}\
table{border-collapse:collapse;width:100%;font-size:13.5px}\
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}\
th{color:var(--dim);font-weight:600;white-space:nowrap}td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}th.n{text-align:right}\
td.what{overflow-wrap:anywhere;min-width:180px}\
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}\
pre{background:var(--soft);border:1px solid var(--line);border-radius:8px;padding:10px 12px;overflow-x:auto;margin:8px 0}\
td code{white-space:nowrap}summary{cursor:pointer;color:var(--dim)}\
.warn{border-left:3px solid var(--warn);padding-left:10px}.bad{color:var(--bad)}\
svg.qc{display:block;width:100%;height:auto;margin:4px 0}.narrow{display:none}\
@media (max-width:640px){main{padding:14px 12px 36px}h1{font-size:20px}.wide{display:none}.narrow{display:block}}\
@media print{details>*{display:block}}";

pub(super) fn page(report: &Report<'_>) -> String {
    let mut out = String::with_capacity(1 << 17);
    let name = report.run.map_or("A run without a name", |run| run.name.as_str());
    let verdict = report.judgement.verdict;
    let word = verdict.as_str();
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\"><head><meta charset=\"utf-8\"/>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/><title>{}: {word}</title>\
         <style>{PAGE_STYLE}</style></head>\n<body><main>\n\
         <div class=\"verdict {word}\">{}</div><h1>{}</h1>\n",
        Escaped(name),
        word.to_uppercase(),
        Escaped(name)
    );
    about(&mut out, report);
    numbers(&mut out, report);
    unknowns(&mut out, report);
    anomalies(&mut out, report);
    out.push_str("<h2>What happened</h2>\n");
    for (size, class) in [(Size::Wide, "wide"), (Size::Narrow, "narrow")] {
        let _ = write!(out, "<div class=\"{class}\">");
        out.push_str(&draw(report.timeline, &report.judgement.anomalies, size));
        out.push_str("</div>");
        out.push('\n');
    }
    if report.timeline.samples == 0 {
        out.push_str(
            "<p class=\"dim\">The history has no samples: rates, times and lag are counted from what producers and consumers did. Nothing is known of replicas.</p>\n",
        );
    }
    faults(&mut out, report);
    counts(&mut out, report);
    again(&mut out, report);
    out.push_str("</main></body></html>\n");
    out
}

fn about(out: &mut String, report: &Report<'_>) {
    let found = report.judgement.found.iter();
    let found: Vec<String> =
        found.map(|(kind, count)| format!("{} × {}", grouped(*count), kind.as_str())).collect();
    let verdict = match report.judgement.verdict {
        Verdict::Ok => "All that was to be seen was seen, and nothing is wrong.".into(),
        Verdict::Anomaly if found.is_empty() => "Something is wrong.".into(),
        Verdict::Anomaly => format!("Something is wrong: {}.", found.join(", ")),
        Verdict::Unknown => {
            String::from("Nothing is known to be wrong, but not all that was to be seen was seen.")
        }
    };
    let _ = writeln!(out, "<p>{}</p>", Escaped(verdict));
    let mut parts = Vec::new();
    if let Some(run) = report.run {
        parts.push(format!("cluster {}", Escaped(&run.cluster)));
        for topic in run.topics.iter().take(5) {
            let (partitions, replicas) = (topic.partitions, topic.replicas);
            let name = short(&topic.name, 60);
            parts.push(format!("{}: {partitions} × {replicas}", Escaped(name)));
        }
        parts.push(date(run.started));
        parts.push(format!("seed {}", run.seed));
    }
    parts.push(format!("{} long", time(report.timeline.end as f64)));
    let _ = writeln!(out, "<p class=\"dim\">{}</p>", parts.join(" · "));
    if !report.timeline.complete {
        out.push_str(
            "<p class=\"warn\">The history has no last line: the run was cut short.</p>\n",
        );
    }
}

fn numbers(out: &mut String, report: &Report<'_>) {
    let counts = &report.judgement.counts;
    let largest = super::summary::Largest::of(report.timeline);
    let mut numbers = vec![
        (grouped(counts.sent), "sent"),
        (grouped(counts.acked), "acknowledged"),
        (grouped(counts.distinct), "different ones read"),
        (largest.lag.map_or("–".into(), |lag| si(lag as f64)), "largest lag, messages"),
        (largest.lag_seconds.map_or("–".into(), |s| time(s * 1e6)), "largest lag, time"),
        (largest.p99.map_or("–".into(), |micros| time(micros as f64)), "worst p99"),
    ];
    if let Some(under_replicated) = largest.under_replicated {
        numbers.push((under_replicated.to_string(), "most under-replicated"));
        numbers.push((time(report.timeline.under_replicated_for as f64), "under-replicated for"));
    }
    out.push_str("<ul class=\"numbers\">");
    for (number, name) in numbers {
        let _ = write!(out, "<li><b>{number}</b><span>{name}</span></li>");
    }
    out.push_str("</ul>\n");
}

fn unknowns(out: &mut String, report: &Report<'_>) {
    if report.judgement.unknowns.is_empty() {
        return;
    }
    out.push_str("<h2>What is not known</h2>\n<ul>");
    for unknown in report.judgement.unknowns.iter().take(MOST_ROWS) {
        let _ = write!(out, "<li>{}</li>", Escaped(unknown));
    }
    out.push_str("</ul>\n");
}

/// The begin of a table.
fn head(out: &mut String, columns: &[(&str, bool)]) {
    out.push_str("<div class=\"scroll\"><table><thead><tr>");
    for (name, number) in columns {
        let class = if *number { " class=\"n\"" } else { "" };
        let _ = write!(out, "<th{class}>{name}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
}

fn tail(out: &mut String, omitted: usize) {
    out.push_str("</tbody></table></div>\n");
    if omitted > 0 {
        let _ = writeln!(out, "<p class=\"dim\">… and {} more.</p>", grouped(omitted as u64));
    }
}

fn anomalies(out: &mut String, report: &Report<'_>) {
    let judgement = report.judgement;
    if judgement.found.is_empty() && judgement.anomalies.is_empty() {
        return;
    }
    out.push_str("<h2>What is wrong</h2>\n");
    let columns = [("anomaly", false), ("found", true), ("the guarantee that it breaks", false)];
    head(out, &columns);
    for (kind, count) in &judgement.found {
        let not_promised = match judgement.not_promised.get(kind) {
            Some(not) if not == count => "<br/><span class=\"dim\">not promised here</span>".into(),
            Some(not) => {
                format!(
                    "<br/><span class=\"dim\">{} of them not promised here</span>",
                    grouped(*not)
                )
            }
            None => String::new(),
        };
        let _ = writeln!(
            out,
            "<tr><td class=\"bad\"><code>{}</code></td><td class=\"n\">{}</td><td>{}{not_promised}</td></tr>",
            Escaped(kind.as_str()),
            grouped(*count),
            Escaped(kind.guarantee())
        );
    }
    tail(out, 0);
    out.push_str("<p class=\"dim\">The first of each:</p>\n");
    head(out, &[("anomaly", false), ("evidence", false), ("where", false), ("when", false)]);
    for anomaly in judgement.anomalies.iter().take(MOST_ROWS) {
        let _ = writeln!(
            out,
            "<tr><td class=\"bad\"><code>{}</code></td><td class=\"what\">{}</td><td>{}</td><td>{}</td></tr>",
            Escaped(anomaly.kind.as_str()),
            Escaped(&anomaly.what),
            Escaped(place(report, anomaly)),
            list(anomaly.times.iter().map(|at| moment(report, *at)))
        );
    }
    tail(out, judgement.anomalies.len().saturating_sub(MOST_ROWS));
}

/// A time of the run, as the picture's axis writes it.
fn moment(report: &Report<'_>, at: u64) -> String {
    clock(at as f64 / 1e6, report.timeline.end as f64 / 1e6)
}

/// A few of a list.
fn list<T: Display>(all: impl ExactSizeIterator<Item = T>) -> String {
    let more = all.len().saturating_sub(6);
    let mut shown: Vec<String> = all.take(6).map(|item| item.to_string()).collect();
    if more > 0 {
        shown.push(format!("… {more} more"));
    }
    shown.join(", ")
}

fn place(report: &Report<'_>, anomaly: &Anomaly) -> String {
    let mut parts = Vec::new();
    if let Some(partition) = anomaly.partition {
        let row = report.run.and_then(|run| {
            let (topic, number) = run.partitions.get(partition.0 as usize)?;
            Some(format!("{}/{number}", short(&run.topics.get(*topic as usize)?.name, 60)))
        });
        parts.push(row.unwrap_or_else(|| partition.to_string()));
    }
    if !anomaly.offsets.is_empty() {
        let many = if anomaly.offsets.len() == 1 { "offset" } else { "offsets" };
        parts.push(format!("{many} {}", list(anomaly.offsets.iter())));
    }
    parts.extend(anomaly.consumer.map(|consumer| consumer.to_string()));
    parts.join(", ")
}

fn faults(out: &mut String, report: &Report<'_>) {
    let timeline = report.timeline;
    if timeline.faults.is_empty() && timeline.omitted == 0 {
        return;
    }
    out.push_str("<h2>What was done, and how long all took to be as before</h2>\n");
    head(out, &[("at", true), ("action", false), ("for", true), ("recovered", false)]);
    let recoveries = timeline.recoveries();
    for (fault, recovery) in timeline.faults.iter().zip(recoveries).take(MOST_ROWS) {
        let lasted = match fault.end {
            Some(end) => time(end.saturating_sub(fault.begin) as f64),
            None => "to the end".into(),
        };
        let state = match &fault.state {
            FaultState::Done => String::new(),
            FaultState::Failed(why) => {
                format!("<br/><span class=\"bad\">not done: {}</span>", Escaped(why))
            }
            FaultState::Unknown(why) => {
                format!(
                    "<br/><span class=\"bad\">not known whether it was done: {}</span>",
                    Escaped(why)
                )
            }
        };
        let _ = writeln!(
            out,
            "<tr><td class=\"n\">{}</td><td class=\"what\"><code>{}</code>{state}</td><td class=\"n\">{lasted}</td><td>{}</td></tr>",
            moment(report, fault.begin),
            Escaped(&fault.what),
            recovered(recovery)
        );
    }
    tail(out, timeline.faults.len().saturating_sub(MOST_ROWS) + timeline.omitted as usize);
    let exact =
        if timeline.samples > 0 { "a second, as samples are" } else { "a tenth of a second" };
    let _ = writeln!(
        out,
        "<p class=\"dim\">Recovered: so long after the end of the fault at least 90 % as many messages a second as before it were acknowledged again, with a lag no \
         more than 10 % larger. Exact to about {exact}.</p>"
    );
}

fn recovered(recovery: Recovery) -> String {
    match recovery {
        Recovery::After(0) => "at once".into(),
        Recovery::After(micros) => format!("after {}", time(micros as f64)),
        Recovery::Disturbed => "another fault was there".into(),
        Recovery::NotSeen => "not before the end".into(),
        Recovery::NotOver => "it did not end".into(),
        Recovery::NotDone => "–".into(),
        Recovery::NoComparison => "nothing before it to compare with".into(),
    }
}

fn counts(out: &mut String, report: &Report<'_>) {
    let counts = &report.judgement.counts;
    out.push_str("<h2>Counts</h2>\n");
    head(out, &[("messages", false), ("", true)]);
    for (name, count) in [
        ("handed to producers", counts.sent),
        ("acknowledged", counts.acked),
        ("refused", counts.failed),
        ("of which nobody knows", counts.unknown),
        ("of these read", counts.unknown_read),
        ("records read, those that were delivered again included", counts.read),
        ("different messages read", counts.distinct),
        ("records that a group got again, which at-least-once permits", counts.redelivered),
        ("events in the history", counts.events),
    ] {
        let _ = writeln!(out, "<tr><td>{name}</td><td class=\"n\">{}</td></tr>", grouped(count));
    }
    tail(out, 0);
}

fn again(out: &mut String, report: &Report<'_>) {
    out.push_str("<h2>Do it again</h2>\n");
    match (&report.replay, report.run) {
        (Some(command), _) => {
            let _ = writeln!(out, "<pre>{}</pre>", Escaped(command));
        }
        (None, Some(run)) => {
            let _ = writeln!(
                out,
                "<p>Random choices came from the seed <code>{}</code>.</p>",
                run.seed
            );
        }
        (None, None) => out.push_str("<p>The history does not say what was run.</p>\n"),
    }
    if let Some(plan) = &report.plan {
        let _ = writeln!(
            out,
            "<details><summary>The plan</summary><pre>{}</pre></details>",
            Escaped(plan)
        );
    }
}
