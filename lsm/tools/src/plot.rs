//! Plots as SVG files.

use std::path::Path;

use plotters::{coord::Shift, prelude::*};

use crate::Result;

/// A named line.
pub type Line = (String, Vec<(f64, f64)>);

const SIZE: (u32, u32) = (760, 420);
const PALETTE: [RGBColor; 5] = [
    RGBColor(37, 99, 235),
    RGBColor(220, 38, 38),
    RGBColor(22, 163, 74),
    RGBColor(202, 138, 4),
    RGBColor(124, 58, 237),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Room for a title and for the labels of both axes.
fn framed<'p, 'a>(area: &'p Area<'a>, title: &str) -> ChartBuilder<'p, 'p, SVGBackend<'a>> {
    let mut chart = ChartBuilder::on(area);
    chart.caption(title, ("sans-serif", 20)).margin(12).x_label_area_size(40).y_label_area_size(64);
    chart
}

/// Draws lines over a common axis, from zero up.
///
/// # Errors
/// When the file cannot be written.
pub fn lines(path: &Path, title: &str, x: &str, y: &str, lines: &[Line]) -> Result<()> {
    let points = || lines.iter().flat_map(|(_, points)| points.iter());
    let right = points().map(|point| point.0).fold(1e-9, f64::max);
    let top = points().map(|point| point.1).fold(1e-9, f64::max) * 1.1;
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = framed(&area, title).build_cartesian_2d(0.0..right, 0.0..top)?;
    chart.configure_mesh().x_desc(x).y_desc(y).draw()?;
    for (index, (name, points)) in lines.iter().enumerate() {
        let colour = PALETTE[index % PALETTE.len()];
        chart
            .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    if lines.len() > 1 {
        chart
            .configure_series_labels()
            .border_style(BLACK.mix(0.3))
            .background_style(WHITE.mix(0.8))
            .draw()?;
    }
    area.present()?;
    Ok(())
}

/// Draws a histogram: each bar from one edge to the next on a logarithmic axis, as high as its share of all.
///
/// # Errors
/// When the file cannot be written.
pub fn histogram(path: &Path, title: &str, x: &str, bars: &[((f64, f64), f64)]) -> Result<()> {
    let top = bars.iter().map(|bar| bar.1).fold(1e-9, f64::max) * 1.1;
    let left = bars.first().map_or(0.1, |bar| bar.0.0).max(1e-3);
    let right = bars.last().map_or(1.0, |bar| bar.0.1).max(left * 10.0);
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = framed(&area, title).build_cartesian_2d((left..right).log_scale(), 0.0..top)?;
    chart.configure_mesh().x_desc(x).y_desc("% of all").draw()?;
    chart.draw_series(bars.iter().map(|((from, to), share)| {
        Rectangle::new([(*from, 0.0), (*to, *share)], PALETTE[0].mix(0.8).filled())
    }))?;
    area.present()?;
    Ok(())
}

/// Draws a bar for each named value.
///
/// # Errors
/// When the file cannot be written.
pub fn bars(path: &Path, title: &str, y: &str, bars: &[(String, f64)]) -> Result<()> {
    let top = bars.iter().map(|bar| bar.1).fold(1e-9, f64::max) * 1.15;
    #[allow(clippy::cast_precision_loss)] // a handful of bars
    let count = bars.len() as f64;
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = framed(&area, title).build_cartesian_2d(0.0..count, 0.0..top)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let name = |x: &f64| bars.get(*x as usize).map_or_else(String::new, |bar| bar.0.clone());
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(bars.len())
        .x_label_offset(SIZE.0 as i32 / (2 * bars.len().max(1) as i32) - 20)
        .x_label_formatter(&name)
        .y_desc(y)
        .draw()?;
    #[allow(clippy::cast_precision_loss)]
    chart.draw_series(bars.iter().enumerate().map(|(index, (_, value))| {
        let (left, right) = (index as f64 + 0.15, index as f64 + 0.85);
        Rectangle::new([(left, 0.0), (right, *value)], PALETTE[index % PALETTE.len()].filled())
    }))?;
    #[allow(clippy::cast_precision_loss)]
    chart.draw_series(bars.iter().enumerate().map(|(index, (_, value))| {
        Text::new(
            format!("{value:.2}"),
            (index as f64 + 0.4, value + top * 0.04),
            ("sans-serif", 15),
        )
    }))?;
    area.present()?;
    Ok(())
}
