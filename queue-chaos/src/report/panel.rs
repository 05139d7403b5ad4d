//! A panel of a picture: a name, a legend, an axis, lines.

use std::fmt::Write;

use super::axis::ticks;
use super::lanes::text_width;
use super::picture::Frame;

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A line from point to point.
    Line,
    /// The same, with colour under it.
    Area,
    /// Each value holds until the next.
    Step,
}

/// How values become heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// From 0.
    Linear,
    /// From 0, in whole numbers.
    Counts,
    /// By powers of ten.
    Log,
}

/// Values over time.
#[derive(Debug)]
pub(super) struct Series {
    pub name: &'static str,
    /// A number of the colours of [`STYLE`](super::picture::STYLE).
    pub colour: u8,
    pub style: Style,
    pub points: Vec<(u64, f64)>,
}

/// Some series over one axis of values.
#[derive(Debug)]
pub(super) struct Panel {
    name: &'static str,
    scale: Scale,
    written: fn(f64) -> String,
    series: Vec<Series>,
    ticks: Vec<f64>,
}

impl Panel {
    /// Height of the line with name and legend.
    pub(super) const HEAD: f64 = 22.0;
    const PLOT: f64 = 88.0;
    const FOOT: f64 = 10.0;

    pub(super) fn new(
        name: &'static str,
        scale: Scale,
        written: fn(f64) -> String,
        mut series: Vec<Series>,
    ) -> Self {
        series.retain(|series| !series.points.is_empty());
        // Of what is counted, the good news are not drawn, but of the last.
        let last = series.len().saturating_sub(1);
        let mut index = 0;
        series.retain(|series| {
            index += 1;
            scale != Scale::Counts
                || index > last
                || series.points.iter().any(|(_, value)| *value > 0.0)
        });
        let all = || series.iter().flat_map(|series| &series.points).map(|(_, value)| *value);
        let largest = all().fold(0.0, f64::max);
        let ticks = match scale {
            Scale::Linear => ticks(largest, 4),
            Scale::Counts => {
                ticks(largest.max(1.0), 4).into_iter().filter(|t| t.fract() == 0.0).collect()
            }
            Scale::Log => {
                decades(all().filter(|value| *value > 0.0).fold(largest, f64::min), largest)
            }
        };
        Self { name, scale, written, series, ticks }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    pub(super) fn height(&self) -> f64 {
        let plot = if self.scale == Scale::Counts { 56.0 } else { Self::PLOT };
        Self::HEAD + plot + Self::FOOT
    }

    pub(super) fn draw(&self, out: &mut String, frame: &Frame, top: f64) {
        let plot_top = top + Self::HEAD;
        let plot_bottom = top + self.height() - Self::FOOT;
        self.legend(out, frame, top + 15.0);
        let [low, high] =
            [self.ticks.first(), self.ticks.last()].map(|tick| tick.copied().unwrap_or(0.0));
        let y = |value: f64| {
            let share = match self.scale {
                Scale::Log => (value.max(low).log10() - low.log10()) / (high.log10() - low.log10()),
                Scale::Linear | Scale::Counts => (value - low) / (high - low),
            };
            plot_bottom - share.clamp(0.0, 1.0) * (plot_bottom - plot_top)
        };
        for (index, tick) in self.ticks.iter().enumerate() {
            let class = if index == 0 { "base" } else { "grid" };
            let (left, right, at) = (frame.left, frame.right, y(*tick));
            let _ = write!(out, "<path class=\"{class}\" d=\"M{left:.1} {at:.1}H{right:.1}\"/>");
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left - 6.0,
                at + 3.5,
                (self.written)(*tick)
            );
        }
        for series in &self.series {
            let (line, area) = path(series, frame, y, plot_bottom);
            let colour = series.colour;
            if series.style != Style::Line {
                let _ = write!(out, "<path class=\"area a{colour}\" d=\"{area}\"/>");
            }
            let _ = write!(out, "<path class=\"line s{colour}\" d=\"{line}\"/>");
        }
    }

    fn legend(&self, out: &mut String, frame: &Frame, y: f64) {
        let _ = write!(
            out,
            "<text class=\"name\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
            frame.left, self.name
        );
        let mut x = frame.right;
        for series in self.series.iter().rev().filter(|series| !series.name.is_empty()) {
            // Set from the right: where letters are wider than thought, nothing leaves the picture.
            let _ = write!(
                out,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\">{}</text>",
                series.name
            );
            x -= text_width(series.name) + 20.0;
            let _ = write!(
                out,
                "<path class=\"line s{}\" d=\"M{x:.1} {:.1}h13\"/>",
                series.colour,
                y - 3.5
            );
            x -= 12.0;
        }
    }
}

/// Powers of ten around values; within one or two of them also 2 and 5 times as much.
fn decades(least: f64, largest: f64) -> Vec<f64> {
    let low = least.max(1.0).log10().floor() as i32;
    let high = (largest.max(1.0).log10().ceil() as i32).max(low + 1);
    // A tick every so many decades, that there are five at most.
    let every = ((high - low) as usize).div_ceil(4);
    let high = low + (((high - low) as usize).div_ceil(every) * every) as i32;
    (low..=high).step_by(every).map(|power| 10f64.powi(power)).collect()
}

/// The path of a series and that of the area under it. Where points are missing for long, there is a gap.
fn path(series: &Series, frame: &Frame, y: impl Fn(f64) -> f64, bottom: f64) -> (String, String) {
    let mut gaps: Vec<u64> = series.points.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    gaps.sort_unstable();
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(0);
    let (mut line, mut area) = (String::new(), String::new());
    let mut before: Option<(u64, f64)> = None;
    for (at, value) in &series.points {
        let (x, y) = (frame.x(*at), y(*value));
        let joined = before.filter(|(last, _)| at - last <= usual.saturating_mul(4));
        match joined {
            Some((_, y_before)) if series.style == Style::Step => {
                if (y - y_before).abs() > 0.01 {
                    let _ = write!(line, "H{x:.1}V{y:.1}");
                    let _ = write!(area, "H{x:.1}V{y:.1}");
                } else {
                    let _ = write!(line, "H{x:.1}");
                    let _ = write!(area, "H{x:.1}");
                }
            }
            Some(_) => {
                let _ = write!(line, "L{x:.1} {y:.1}");
                let _ = write!(area, "L{x:.1} {y:.1}");
            }
            None => {
                if let Some((last, _)) = before {
                    let _ = write!(line, "h.1");
                    let _ = write!(area, "L{:.1} {bottom:.1}z", frame.x(last));
                }
                let _ = write!(line, "M{x:.1} {y:.1}");
                let _ = write!(area, "M{x:.1} {bottom:.1}L{x:.1} {y:.1}");
            }
        }
        before = Some((*at, y));
    }
    if let Some((last, _)) = before {
        let _ = write!(line, "h.1");
        let _ = write!(area, "L{:.1} {bottom:.1}z", frame.x(last));
    }
    (line, area)
}
