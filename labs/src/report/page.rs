//! The report as one page that needs nothing but a browser.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use ::gates::history::Run;
use ::gates::report::figure;

use super::{Kept, gates};
use crate::check::{Judged, Verdict};
use crate::execution::{Artefact, Reading};
use crate::protocol::{Cell, Table};

const STYLE: &str = include_str!("page.css");

/// The largest plot that is put into the page; a larger one is linked.
const MAX_PLOT: u64 = 4 << 20;

/// The page. Plots are read from their files and become part of it (as images, so that no script in them runs and no two
/// of them share names); other artefacts are linked.
pub fn page(kept: &[Kept], judged: &[gates::Judged], history: &[Run]) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Course report</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#labs\">to the labs</a>\n<header>\n<h1>Course report</h1>\n"
    );
    let sum = kept
        .iter()
        .map(|kept| kept.lab.counts())
        .fold((0, 0, 0), |sum, lab| (sum.0 + lab.0, sum.1 + lab.1, sum.2 + lab.2));
    let class = if sum.1 == 0 { "pass" } else { "fail" };
    let colour = if sum.1 == 0 { "green" } else { "not green" };
    // Writing to a String cannot fail; the results are dropped for that reason here and below.
    let _ = writeln!(
        html,
        "<p class=\"{class}\">{colour}: {} checks passed, {} failed, {} not measured, in the last runs of {} labs</p>\n</header>\n<main>",
        sum.0,
        sum.1,
        sum.2,
        kept.len()
    );
    overview(&mut html, kept);
    gates::section(&mut html, judged, history);
    for kept in kept {
        section(&mut html, kept);
    }
    html + "</main>\n</body>\n</html>\n"
}

/// A line a lab, with the way to it.
fn overview(html: &mut String, kept: &[Kept]) {
    html.push_str(
        "<nav aria-labelledby=\"labs\">\n<h2 id=\"labs\">Labs</h2>\n<table>\n<tr><th scope=\"col\">module</th><th scope=\"col\">lab</th><th scope=\"col\">passed</th>\
         <th scope=\"col\">failed</th><th scope=\"col\">not measured</th><th scope=\"col\">run</th></tr>\n",
    );
    for Kept { environment, lab, .. } in kept {
        let (passed, failed, open) = lab.counts();
        let class = if failed > 0 { "fail" } else { "pass" };
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td><a href=\"#lab-{1}\">{1} {2}</a></td><td class=\"number {class}\">{passed}</td><td class=\"number\">{failed}</td><td class=\"number\">{open}</td><td>{3}</td></tr>",
            escape(&lab.module),
            escape(&lab.id),
            escape(&lab.title),
            day(environment.measured_at),
        );
    }
    html.push_str("</table>\n</nav>\n");
}

fn section(html: &mut String, Kept { environment, lab, .. }: &Kept) {
    let _ = writeln!(
        html,
        "<section aria-labelledby=\"lab-{0}\">\n<h2 id=\"lab-{0}\">Lab {0}: {1}</h2>\n<p>{2}</p>\n<p class=\"dim\"><code>{3}</code> {4}, {5} s, on {6}; {7}</p>",
        escape(&lab.id),
        escape(&lab.title),
        escape(&lab.objective),
        escape(&lab.command),
        escape(&lab.outcome.end.to_string()),
        figure(lab.outcome.seconds),
        day(environment.measured_at),
        escape(&environment.summary()),
    );
    html.push_str("<h3>Acceptance</h3>\n<table>\n<tr><th scope=\"col\">check</th><th scope=\"col\">measured</th><th scope=\"col\">required</th><th scope=\"col\">verdict</th></tr>\n");
    for judged in &lab.checks {
        acceptance_row(html, judged);
    }
    html.push_str("</table>\n");
    for artefact in &lab.outcome.artefacts {
        plot_or_link(html, artefact);
    }
    for table in &lab.outcome.tables {
        data_table(html, table);
    }
    if !lab.outcome.readings.is_empty() {
        html.push_str("<h3>All measures</h3>\n<table>\n");
        for (id, reading) in &lab.outcome.readings {
            let (value, unit) = match reading {
                Reading::Measured { value, unit } => (figure(*value), escape(unit)),
                Reading::NotMeasured { reason } => ("not measured".to_owned(), escape(reason)),
            };
            let _ = writeln!(
                html,
                "<tr><td>{}</td><td class=\"number\">{value}</td><td>{unit}</td></tr>",
                escape(id)
            );
        }
        html.push_str("</table>\n");
    }
    for note in &lab.outcome.notes {
        let _ = writeln!(html, "<p>{}</p>", escape(note));
    }
    html.push_str("</section>\n");
}

/// A day, by the seconds since 1970.
pub(crate) fn day(seconds: u64) -> String {
    let at = UNIX_EPOCH + Duration::from_secs(seconds.min(253_402_300_799));
    let text = humantime::format_rfc3339_seconds(at).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

fn acceptance_row(html: &mut String, judged: &Judged) {
    let class = match judged.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::NotMeasured(_) => "open",
    };
    let _ = writeln!(
        html,
        "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"{class}\">{}</td></tr>",
        escape(&judged.what),
        escape(&judged.measured_text()),
        escape(&judged.required),
        escape(&judged.verdict.to_string())
    );
}

fn data_table(html: &mut String, table: &Table) {
    let _ = writeln!(html, "<h3>{}</h3>\n<table>", escape(&table.title));
    html.push_str("<tr>");
    for column in &table.columns {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escape(column));
    }
    html.push_str("</tr>\n");
    for row in &table.rows {
        html.push_str("<tr>");
        for cell in row {
            let class = if matches!(cell, Cell::Number(_)) { " class=\"number\"" } else { "" };
            let _ = write!(html, "<td{class}>{}</td>", escape(&cell.to_string()));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>\n");
}

fn plot_or_link(html: &mut String, artefact: &Artefact) {
    let title = escape(&artefact.title);
    if let Some(plot) = plot(&artefact.path) {
        let _ = writeln!(
            html,
            "<figure><img alt=\"{title}\" src=\"data:image/svg+xml,{plot}\"><figcaption>{title}</figcaption></figure>"
        );
    } else {
        let href = escape(&link(&artefact.path));
        let _ = writeln!(html, "<p><a href=\"{href}\">{title}</a></p>");
    }
}

/// The text of an SVG file for a `data:` address, or nothing if it is not one, or too large.
fn plot(path: &Path) -> Option<String> {
    let is_svg = path.extension().is_some_and(|extension| extension == "svg");
    let fits = std::fs::metadata(path).is_ok_and(|meta| meta.len() <= MAX_PLOT);
    if !is_svg || !fits {
        return None;
    }
    Some(percent_encode(&std::fs::read(path).ok()?))
}

/// From `out/report/` to a file of a lab, which is in `out/lab/ID/`; the page can be moved together with `out/`.
fn link(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    let out = parts.windows(2).rposition(|pair| pair[0] == "out" && pair[1] == "lab");
    let below = out.and_then(|out| parts.get(out + 1..)).unwrap_or(&parts);
    let encoded: Vec<_> = below.iter().map(|part| percent_encode(part.as_bytes())).collect();
    format!("../{}", encoded.join("/"))
}

fn percent_encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-_.~ /:=,;()".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn nothing_from_a_lab_becomes_markup() {
        assert_eq!(escape("<b a=\"1\" b='2'>&"), "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;");
        assert_eq!(percent_encode(b"<svg a=\"#1\">%"), "%3Csvg a=%22%231%22%3E%25");
    }

    #[test]
    fn links_go_from_the_report_to_the_lab() {
        let path: PathBuf =
            ["/", "home", "out", "lab", "work", "out", "lab", "1-3", "a b.csv"].iter().collect();
        assert_eq!(link(&path), "../lab/1-3/a b.csv");
    }
}
