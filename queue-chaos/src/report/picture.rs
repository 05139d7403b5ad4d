//! The picture of a timeline: panels over one time axis, drawn as SVG by hand.

use std::fmt::Write;

use super::axis::{clock, si, time, time_ticks};
use super::escape::{Escaped, short};
use super::lanes::{Item, Lanes};
use super::panel::{Panel, Scale, Series, Style};
use super::timeline::{Point, Timeline};
use super::{FaultSpan, FaultState};
use crate::check::Anomaly;
use crate::schedule::Action;

/// How wide a picture is, and how much is written on its axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// For screens.
    Wide,
    /// For phones.
    Narrow,
}

/// Colours and fonts: dark where the viewer's system is.
pub(super) const STYLE: &str = "\
svg.qc{background:#fff}.qc .bg{fill:#fff}.qc text{font:11px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif;fill:#57606a}\
.qc .name{font-weight:600;fill:#1f2328}.qc .label{fill:#1f2328}.qc .in{fill:#fff}\
.qc .grid{stroke:#d8dee4;stroke-width:1}.qc .base{stroke:#8c959f;stroke-width:1}\
.qc .line{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}.qc .area{stroke:none;fill-opacity:.16}\
.qc .s0{stroke:#8250df}.qc .s1{stroke:#0969da}.qc .s2{stroke:#1a7f37}.qc .s3{stroke:#bc4c00}.qc .s4{stroke:#cf222e}\
.qc .a0{fill:#8250df}.qc .a1{fill:#0969da}.qc .a2{fill:#1a7f37}.qc .a3{fill:#bc4c00}.qc .a4{fill:#cf222e}\
.qc .node{fill:#bc4c00}.qc .net{fill:#0969da}.qc .disk{fill:#8250df}.qc .other{fill:#6e7781}.qc .bad{fill:#cf222e}\
.qc .band{fill-opacity:.08}.qc .failed{fill-opacity:.25}.qc .open{fill-opacity:.7}\
.qc .mark{stroke:#6e7781;stroke-width:1;stroke-dasharray:2 3}.qc .wrong{stroke:#cf222e;stroke-width:1.2;stroke-dasharray:4 3}\
.qc .hover{fill:#1f2328;fill-opacity:0}.qc .hover:hover{fill-opacity:.07}\
@media (prefers-color-scheme:dark){\
svg.qc{background:#0d1117}.qc .bg{fill:#0d1117}.qc text{fill:#9198a1}.qc .name,.qc .label{fill:#f0f6fc}.qc .in{fill:#0d1117}\
.qc .grid{stroke:#30363d}.qc .base{stroke:#656c76}\
.qc .s0{stroke:#ab7df8}.qc .s1{stroke:#4493f8}.qc .s2{stroke:#3fb950}.qc .s3{stroke:#f0883e}.qc .s4{stroke:#f85149}\
.qc .a0{fill:#ab7df8}.qc .a1{fill:#4493f8}.qc .a2{fill:#3fb950}.qc .a3{fill:#f0883e}.qc .a4{fill:#f85149}\
.qc .node{fill:#f0883e}.qc .net{fill:#4493f8}.qc .disk{fill:#ab7df8}.qc .other{fill:#9198a1}.qc .bad{fill:#f85149}\
.qc .band{fill-opacity:.13}.qc .failed{fill-opacity:.3}\
.qc .mark{stroke:#9198a1}.qc .wrong{stroke:#f85149}.qc .hover{fill:#f0f6fc}}";

/// Columns that tell numbers when a pointer rests on them.
const HOVER_WIDE: usize = 220;
const HOVER_NARROW: usize = 90;

pub(super) struct Frame {
    pub width: f64,
    pub left: f64,
    pub right: f64,
    /// Microseconds.
    pub end: f64,
}

impl Frame {
    pub(super) fn x(&self, at: u64) -> f64 {
        let x = self.left + at as f64 / self.end * (self.right - self.left);
        x.clamp(self.left, self.right)
    }
}

/// A picture that stands alone.
pub(super) fn stand_alone(timeline: &Timeline, anomalies: &[Anomaly]) -> String {
    let picture = draw(timeline, anomalies, Size::Wide);
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{picture}")
}

/// Draws it, with its colours.
pub(super) fn draw(timeline: &Timeline, anomalies: &[Anomaly], size: Size) -> String {
    let (width, left, right) = match size {
        Size::Wide => (960.0, 62.0, 944.0),
        Size::Narrow => (400.0, 50.0, 392.0),
    };
    // A point more than the end: what happens at the very end is within.
    let frame = Frame { width, left, right, end: (timeline.end.max(1) as f64) * 1.002 };
    let lanes = Lanes::of(items(timeline, anomalies), &frame, size);
    let panels = panels(timeline);
    let top = 8.0;
    let after_lanes = top + lanes.height();
    let bottom = panels.iter().fold(after_lanes, |y, panel| y + panel.height());
    let height = bottom + 26.0;
    let mut out = String::new();
    let name = timeline.run.as_ref().map_or("a run", |run| run.name.as_str());
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"qc\" viewBox=\"0 0 {width} {height:.0}\" width=\"{width}\" height=\"{height:.0}\" role=\"img\" \
         aria-label=\"Timeline of {}\">",
        Escaped(name)
    );
    let _ = write!(out, "<style>{STYLE}</style>");
    let first_plot = panels.first().map_or(bottom, |_| after_lanes + Panel::HEAD);
    time_axis(&mut out, &frame, size, first_plot, bottom);
    bands(&mut out, timeline, &frame, after_lanes, bottom);
    let mut y = after_lanes;
    for panel in &panels {
        panel.draw(&mut out, &frame, y);
        y += panel.height();
    }
    for (class, times) in [
        ("mark", timeline.marks.iter().map(|mark| mark.at).collect::<Vec<_>>()),
        ("wrong", anomalies.iter().filter_map(time_of).collect()),
    ] {
        for at in times {
            let x = frame.x(at);
            let _ = write!(
                out,
                "<path class=\"{class}\" d=\"M{x:.1} {:.1}V{bottom:.1}\"/>",
                top + 16.0
            );
        }
    }
    let columns = if size == Size::Wide { HOVER_WIDE } else { HOVER_NARROW };
    hover(&mut out, timeline, &frame, columns, after_lanes, bottom);
    lanes.draw(&mut out, top);
    out.push_str("</svg>");
    out
}

/// Where an anomaly stands on the time axis: at the last of its times, when it was seen.
fn time_of(anomaly: &Anomaly) -> Option<u64> {
    anomaly.times.iter().max().copied()
}

fn time_axis(out: &mut String, frame: &Frame, size: Size, top: f64, bottom: f64) {
    let seconds = frame.end / 1e6;
    let ticks = time_ticks(seconds, if size == Size::Wide { 12 } else { 5 });
    for tick in ticks {
        let x = frame.x((tick * 1e6) as u64);
        let _ = write!(out, "<path class=\"grid\" d=\"M{x:.1} {top:.1}V{bottom:.1}\"/>");
        let anchor = if x > frame.width - 24.0 { "end" } else { "middle" };
        let _ = write!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            bottom + 16.0,
            clock(tick, seconds)
        );
    }
}

fn class_of(fault: &FaultSpan) -> &'static str {
    match fault.what.parse::<Action>() {
        Ok(Action::Net { .. } | Action::Heal(_) | Action::RoundTrip { .. }) => "net",
        Ok(Action::FillDisk(_) | Action::FreeDisk(_) | Action::ReadOnlyDisk(_)) => "disk",
        Ok(Action::WritableDisk(_) | Action::TearTail { .. } | Action::Wipe(_)) => "disk",
        Ok(action) if action.target().is_some() => "node",
        Ok(Action::RollingRestart | Action::AddNode | Action::Forget) => "node",
        _ => "other",
    }
}

/// Faults behind the panels.
fn bands(out: &mut String, timeline: &Timeline, frame: &Frame, top: f64, bottom: f64) {
    for fault in &timeline.faults {
        if matches!(fault.state, FaultState::Failed(_)) {
            continue;
        }
        let (begin, end) = (frame.x(fault.begin), frame.x(fault.end.unwrap_or(u64::MAX)));
        let _ = write!(
            out,
            "<rect class=\"band {}\" x=\"{begin:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            class_of(fault),
            (end - begin).max(1.0),
            bottom - top
        );
    }
}

fn items(timeline: &Timeline, anomalies: &[Anomaly]) -> Vec<Item> {
    let end = timeline.end;
    let fault = |fault: &FaultSpan| {
        let until = fault.end.unwrap_or(end);
        let lasted = time(until.saturating_sub(fault.begin) as f64);
        let begin = time(fault.begin as f64);
        let (state, how) = match (&fault.state, fault.end) {
            (FaultState::Failed(why), _) => (" failed", format!("not done: {why}")),
            (FaultState::Unknown(why), _) => {
                (" open", format!("for {lasted}; not known whether it was done: {why}"))
            }
            (FaultState::Done, None) => ("", format!("for {lasted}, to the end")),
            (FaultState::Done, Some(_)) if fault.lasting => ("", format!("for {lasted}")),
            (FaultState::Done, Some(_)) => ("", format!("took {lasted}")),
        };
        let note = if matches!(fault.state, FaultState::Failed(_)) { " (not done)" } else { "" };
        Item {
            begin: fault.begin,
            end: until,
            label: format!("{}{note}", short(&fault.what, 44)),
            title: format!("{}\nat {begin}, {how}", fault.what),
            class: format!("{}{state}", class_of(fault)),
            point: matches!(fault.state, FaultState::Failed(_)),
        }
    };
    let point = |at: u64, label: String, title: String, class: &str| Item {
        begin: at,
        end: at,
        label,
        title,
        class: class.to_owned(),
        point: true,
    };
    let anomaly = |anomaly: &Anomaly| {
        let at = time_of(anomaly)?;
        let name = anomaly.kind.as_str();
        Some(point(at, name.to_owned(), format!("{name}\n{}", anomaly.what), "bad"))
    };
    let mark = |mark: &super::Mark| {
        let title = format!("{}\nat {}", mark.text, time(mark.at as f64));
        point(mark.at, short(&mark.text, 28), title, "other")
    };
    let mut items: Vec<Item> = anomalies.iter().filter_map(anomaly).collect();
    items.sort_by_key(|item| item.begin);
    let mut faults: Vec<Item> = timeline.faults.iter().map(fault).collect();
    faults.extend(timeline.marks.iter().map(mark));
    faults.sort_by_key(|item| item.begin);
    items.extend(faults);
    items
}

fn panels(timeline: &Timeline) -> Vec<Panel> {
    fn series(
        timeline: &Timeline,
        name: &'static str,
        colour: u8,
        style: Style,
        of: impl Fn(&Point) -> Option<f64>,
    ) -> Series {
        let value = |point: &Point| of(point).map(|value| (point.at, value));
        Series { name, colour, style, points: timeline.points.iter().filter_map(value).collect() }
    }
    let one = |name, colour, style, of: fn(&Point) -> Option<f64>| {
        series(timeline, name, colour, style, of)
    };
    let mut panels = vec![
        Panel::new(
            "Messages a second",
            Scale::Linear,
            si,
            vec![
                one("sent", 0, Style::Line, |p| p.sent),
                one("read", 2, Style::Line, |p| p.read),
                one("acknowledged", 1, Style::Line, |p| p.acked),
            ],
        ),
        Panel::new(
            "Time to acknowledgement",
            Scale::Log,
            time,
            vec![
                one("p99", 3, Style::Line, |p| p.p99.map(|micros| micros as f64)),
                one("p50", 1, Style::Line, |p| p.p50.map(|micros| micros as f64)),
            ],
        ),
        Panel::new(
            "Lag, messages",
            Scale::Linear,
            si,
            vec![one("", 0, Style::Area, |p| p.lag.map(|lag| lag as f64))],
        ),
        Panel::new(
            "Lag, time",
            Scale::Linear,
            |seconds| if seconds > 0.0 { time(seconds * 1e6) } else { "0".into() },
            vec![one("", 0, Style::Area, |p| p.lag_seconds)],
        ),
        Panel::new(
            "Partitions",
            Scale::Counts,
            si,
            vec![
                one("without a leader", 4, Style::Step, |p| p.leaderless.map(f64::from)),
                one("under-replicated", 3, Style::Step, |p| p.under_replicated.map(f64::from)),
            ],
        ),
    ];
    panels.retain(|panel| !panel.is_empty());
    panels
}

/// Columns without colour that tell the numbers.
fn hover(
    out: &mut String,
    timeline: &Timeline,
    frame: &Frame,
    columns: usize,
    top: f64,
    bottom: f64,
) {
    let width = (frame.right - frame.left) / columns as f64;
    let mut points = timeline.points.iter().peekable();
    for column in 0..columns {
        let until = (column + 1) as f64 / columns as f64 * frame.end;
        let mut told = Point::default();
        while let Some(point) = points.next_if(|point| (point.at as f64) < until) {
            told.at = point.at;
            told.sent = point.sent.or(told.sent);
            told.acked = point.acked.or(told.acked);
            told.read = point.read.or(told.read);
            told.p50 = point.p50.or(told.p50);
            told.p99 = told.p99.max(point.p99);
            told.lag = told.lag.max(point.lag);
            told.lag_seconds = point.lag_seconds.or(told.lag_seconds);
            told.under_replicated = told.under_replicated.max(point.under_replicated);
        }
        let Some(title) = title(&told) else { continue };
        let _ = write!(
            out,
            "<rect class=\"hover\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\"><title>{}</title></rect>",
            frame.left + column as f64 * width,
            bottom - top,
            Escaped(title)
        );
    }
}

fn title(point: &Point) -> Option<String> {
    let mut lines = Vec::new();
    let rates = [("sent", point.sent), ("acknowledged", point.acked), ("read", point.read)];
    for (name, rate) in rates {
        lines.extend(rate.map(|rate| format!("{name} {}/s", si(rate))));
    }
    for (name, micros) in [("p50", point.p50), ("p99", point.p99)] {
        lines.extend(micros.map(|micros| format!("{name} {}", time(micros as f64))));
    }
    lines.extend(point.lag.map(|lag| format!("lag {}", si(lag as f64))));
    lines.extend(point.lag_seconds.map(|seconds| format!("lag {}", time(seconds * 1e6))));
    let under = point.under_replicated.filter(|partitions| *partitions > 0);
    lines.extend(under.map(|partitions| format!("under-replicated {partitions}")));
    (!lines.is_empty()).then(|| format!("at {}\n{}", time(point.at as f64), lines.join("\n")))
}
