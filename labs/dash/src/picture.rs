//! Panels as an SVG: small plots in two columns.

use std::fmt::Write as _;

use crate::history::{PanelView, View};
use crate::panels::{Dashboard, Panel, Unit};
use crate::series::Millis;

const WIDTH: usize = 440;
const HEIGHT: usize = 190;
/// Room of a panel for its title and its lines' names.
const TOP: usize = 40;
const BOTTOM: usize = 34;
const COLUMNS: usize = 2;
const COLORS: [&str; 8] =
    ["#14507a", "#b34700", "#1c6b34", "#8a1f6a", "#6b5200", "#4b3fb0", "#00636b", "#8f2d2d"];

/// A picture of what panels have shown.
#[must_use]
pub fn panels(dashboard: &Dashboard, view: &View) -> String {
    let rows = dashboard.panels.len().div_ceil(COLUMNS);
    let (width, height) = (WIDTH * COLUMNS, HEIGHT * rows);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <title>{}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
        escape(&dashboard.title)
    );
    for (at, (panel, shown)) in dashboard.panels.iter().zip(&view.panels).enumerate() {
        one(&mut svg, (at % COLUMNS * WIDTH, at / COLUMNS * HEIGHT), panel, shown, &view.times);
    }
    svg.push_str("</svg>\n");
    svg
}

// Writing to a string cannot fail.
fn one(
    svg: &mut String,
    (x, y): (usize, usize),
    panel: &Panel,
    shown: &PanelView,
    times: &[Millis],
) {
    let values = shown.lines.iter().flat_map(|line| &line.values).flatten();
    let most = values.copied().fold(0.0_f64, f64::max);
    let top = if most > 0.0 { most * 1.1 } else { 1.0 };
    let (first, last) = (times.first().copied().unwrap_or(0), times.last().copied().unwrap_or(0));
    let span = (last - first).max(1) as f64;
    let (left, inner) = (x as f64 + 12.0, WIDTH as f64 - 24.0);
    let (ceiling, depth) = ((y + TOP) as f64, (HEIGHT - TOP - BOTTOM) as f64);
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{}\" font-weight=\"600\" font-size=\"14\">{}</text><text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#57626c\">max {}</text>\n\
         <rect x=\"{left}\" y=\"{ceiling}\" width=\"{inner}\" height=\"{depth}\" fill=\"none\" stroke=\"#d5dbe1\"/>",
        y + 24,
        escape(&panel.title),
        left + inner,
        y + 24,
        escape(&figure(most, panel.unit)),
    );
    let mut name_at = left;
    for (line, color) in shown.lines.iter().zip(COLORS.iter().cycle()) {
        for run in runs(times, &line.values) {
            let points: Vec<String> = run
                .iter()
                .map(|&(at, value)| {
                    let across = left + (at - first) as f64 / span * inner;
                    format!("{across:.1},{:.1}", ceiling + depth * (1.0 - value / top))
                })
                .collect();
            let _ = writeln!(
                svg,
                "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"1.6\" points=\"{}\"/>",
                points.join(" ")
            );
        }
        // What has no room any more is in the snapshot.
        if name_at < left + inner - 60.0 {
            let _ = writeln!(
                svg,
                "<text x=\"{name_at:.0}\" y=\"{}\" fill=\"{color}\">{}</text>",
                y + HEIGHT - 16,
                escape(&line.name)
            );
        }
        name_at += 7.0 * line.name.chars().count() as f64 + 14.0;
    }
}

/// Stretches without gaps.
fn runs(times: &[Millis], values: &[Option<f64>]) -> Vec<Vec<(Millis, f64)>> {
    let mut all = vec![Vec::new()];
    for (at, value) in times.iter().zip(values) {
        match (value, all.last_mut()) {
            (Some(value), Some(run)) => run.push((*at, *value)),
            _ => all.push(Vec::new()),
        }
    }
    all.retain(|run| !run.is_empty());
    all
}

/// A number with its unit, for people.
#[must_use]
pub fn figure(value: f64, unit: Unit) -> String {
    let short = |value: f64| {
        if value >= 100.0 || value.fract() == 0.0 {
            format!("{value:.0}")
        } else {
            format!("{value:.2}")
        }
    };
    match unit {
        Unit::PerSecond => format!("{}/s", short(value)),
        Unit::BytesPerSecond => format!("{} kB/s", short(value / 1e3)),
        Unit::Seconds => format!("{} ms", short(value * 1e3)),
        Unit::Count | Unit::Bool => short(value),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
mod tests {
    use super::*;
    use crate::history::LineView;

    #[test]
    fn gaps_are_gaps_and_names_are_escaped() {
        let dashboard = Dashboard::built_in().unwrap();
        let lines =
            vec![LineView { name: "<a & b>".into(), values: vec![Some(1.0), None, Some(2.0)] }];
        let panels_of = dashboard.panels.iter().map(|it| PanelView {
            id: it.id.clone(),
            lines: lines.clone(),
            left_out: 0,
        });
        let view = View { times: vec![0, 1_000, 2_000], panels: panels_of.collect() };
        let svg = panels(&dashboard, &view);
        assert_eq!(svg.matches("<polyline").count(), 2 * dashboard.panels.len());
        assert!(svg.contains("&lt;a &amp; b&gt;") && !svg.contains("<a &"));
        assert!(!svg.contains("NaN"));
        // Nothing at all is a picture too.
        let nothing = View { times: vec![], panels: vec![] };
        assert!(panels(&dashboard, &nothing).ends_with("</svg>\n"));
    }

    #[test]
    fn figures() {
        assert_eq!(figure(0.0123, Unit::Seconds), "12.30 ms");
        assert_eq!(figure(1_234.5, Unit::PerSecond), "1234/s");
        assert_eq!(figure(2_500.0, Unit::BytesPerSecond), "2.50 kB/s");
        assert_eq!(figure(3.0, Unit::Count), "3");
    }
}
