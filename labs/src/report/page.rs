//! The report as one page that needs nothing but a browser.

use std::fmt::Write as _;
use std::path::Path;

use gates::report::figure;

use super::Results;
use crate::check::{Judged, Verdict};
use crate::execution::{Artefact, LabResult, Reading};
use crate::protocol::{Cell, Table};

const STYLE: &str = include_str!("page.css");

/// The largest plot that is put into the page; a larger one is linked.
const MAX_PLOT: u64 = 4 << 20;

/// The page. Plots are read from their files and become part of it (as images, so that no script in them runs and no two
/// of them share names); other artefacts are linked.
#[must_use]
pub fn page(results: &Results) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Course report</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>Course report</h1>\n"
    );
    let class = if results.counts().1 == 0 { "pass" } else { "fail" };
    let summary = escape(&results.summary());
    let environment = escape(&results.environment.summary());
    // Writing to a String cannot fail; the results are dropped for that reason here and below.
    let _ =
        writeln!(html, "<p class=\"{class}\">{summary}</p>\n<p class=\"dim\">{environment}</p>");
    for lab in &results.labs {
        section(&mut html, lab);
    }
    html + "</body>\n</html>\n"
}

fn section(html: &mut String, lab: &LabResult) {
    let _ = writeln!(
        html,
        "<h2 id=\"lab-{0}\">Lab {0}: {1}</h2>\n<p>{2}</p>\n<p class=\"dim\"><code>{3}</code> {4}, {5} s</p>",
        escape(&lab.id),
        escape(&lab.title),
        escape(&lab.objective),
        escape(&lab.command),
        escape(&lab.outcome.end.to_string()),
        figure(lab.outcome.seconds),
    );
    html.push_str("<h3>Acceptance</h3>\n<table>\n<tr><th>check</th><th>measured</th><th>required</th><th>verdict</th></tr>\n");
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
        let _ = write!(html, "<th>{}</th>", escape(column));
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

fn escape(text: &str) -> String {
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
