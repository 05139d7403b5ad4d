//! Bars in groups.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::{Fault, colour};

/// Bars of which each bears its number; with more, the numbers would overlap.
const NUMBERED: usize = 20;

/// Above the bars, for the legend.
const ROOM: f64 = 1.35;

/// Draws groups of bars.
pub(super) fn draw(
    canvas: &mut ChartBuilder<'_, '_, SVGBackend<'_>>,
    y: &str,
    groups: &[String],
    series: &[(String, Vec<f64>)],
) -> Result<(), Fault> {
    let values = series.iter().flat_map(|(_, values)| values).copied();
    let top = values.filter(|value| value.is_finite()).fold(1e-9, f64::max) * ROOM;
    let mut chart = canvas.build_cartesian_2d(Groups::new(groups), 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .max_light_lines(1)
        .x_labels(groups.len())
        .y_desc(y)
        .draw()?;
    let width = 0.8 / series.len().max(1) as f64;
    for (index, (name, values)) in series.iter().enumerate() {
        let fill = colour(index).filled();
        let left = |group: usize| group as f64 + 0.1 + width * index as f64;
        let bars = || values.iter().enumerate().filter(|(_, value)| value.is_finite());
        chart
            .draw_series(bars().map(|(group, value)| {
                Rectangle::new([(left(group), 0.0), (left(group) + width * 0.94, *value)], fill)
            }))?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], fill));
        if groups.len() * series.len() <= NUMBERED {
            chart.draw_series(bars().map(|(group, value)| {
                Text::new(
                    format!("{value:.2}"),
                    (left(group) + width * 0.1, value + top * 0.035),
                    ("sans-serif", 13),
                )
            }))?;
        }
    }
    if series.len() > 1 {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .border_style(BLACK.mix(0.3))
            .background_style(WHITE.mix(0.8))
            .draw()?;
    }
    Ok(())
}

/// An axis with a unit of width for each group, and its name in the middle of that.
struct Groups {
    names: Vec<String>,
    axis: RangedCoordf64,
}

impl Groups {
    fn new(names: &[String]) -> Self {
        Self { names: names.to_vec(), axis: (0.0..names.len().max(1) as f64).into() }
    }
}

impl Ranged for Groups {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.axis.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        (0..self.names.len()).map(|group| group as f64 + 0.5).collect()
    }

    fn range(&self) -> Range<f64> {
        self.axis.range()
    }
}

impl ValueFormatter<f64> for Groups {
    fn format(value: &f64) -> String {
        value.to_string()
    }

    fn format_ext(&self, value: &f64) -> String {
        self.names.get(*value as usize).cloned().unwrap_or_default()
    }
}
