//! Lines over a common axis.

use plotters::prelude::*;

use super::{Fault, Line, colour};

/// Draws lines, over as much of the axes as they take.
pub(super) fn draw(
    canvas: &mut ChartBuilder<'_, '_, SVGBackend<'_>>,
    x: &str,
    y: &str,
    logarithmic: bool,
    lines: &[Line],
) -> Result<(), Fault> {
    let place = |&(x, y): &(f64, f64)| match logarithmic {
        true => (x > 0.0 && y > 0.0).then(|| (x.log2(), y.log2())),
        false => Some((x, y)),
    };
    let lines: Vec<Line> = lines
        .iter()
        .map(|(name, points)| (name.clone(), points.iter().filter_map(place).collect()))
        .collect();
    let across = extent(&lines, |point| point.0, if logarithmic { 0.05 } else { 0.0 });
    let up = extent(&lines, |point| point.1, if logarithmic { 0.3 } else { 0.1 });
    let label = |value: &f64| {
        let value = if logarithmic { value.exp2() } else { *value };
        short(value)
    };
    let mut chart = canvas.build_cartesian_2d(across, up)?;
    chart
        .configure_mesh()
        .x_labels(14)
        .y_labels(14)
        .max_light_lines(1)
        .x_desc(x)
        .y_desc(y)
        .x_label_formatter(&label)
        .y_label_formatter(&label)
        .draw()?;
    for (index, (name, points)) in lines.iter().enumerate() {
        let stroke = colour(index).stroke_width(2);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), stroke))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], stroke));
    }
    if lines.len() > 1 {
        chart
            .configure_series_labels()
            .position(if logarithmic {
                SeriesLabelPosition::UpperRight
            } else {
                SeriesLabelPosition::LowerRight
            })
            .border_style(BLACK.mix(0.3))
            .background_style(WHITE.mix(0.8))
            .draw()?;
    }
    Ok(())
}

/// From the least coordinate to the greatest, and somewhat beyond; never empty.
fn extent(
    lines: &[Line],
    coordinate: impl Fn(&(f64, f64)) -> f64,
    beyond: f64,
) -> std::ops::Range<f64> {
    let all = || lines.iter().flat_map(|line| &line.1).map(&coordinate);
    let (low, high) =
        (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    if !(low.is_finite() && high.is_finite()) {
        return 0.0..1.0;
    }
    let margin = (high - low) * beyond;
    if high > low { low - margin..high + margin } else { low - 1.0..high + 1.0 }
}

/// A number beside an axis: `4096`, `0.25`, `2M`.
fn short(value: f64) -> String {
    let size = value.abs();
    let (scaled, unit) = match size {
        1e9.. => (value / 1e9, "G"),
        1e6.. => (value / 1e6, "M"),
        1e4.. => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match scaled.abs() {
        0.0 => 0,
        100.0.. => 0,
        1.0.. => 2,
        _ => 3,
    };
    let text = format!("{scaled:.digits$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beside_an_axis() {
        let cases = [
            (4096.0, "4096"),
            (0.25, "0.25"),
            (2e6, "2M"),
            (1.5e6, "1.5M"),
            (20_000.0, "20k"),
            (0.0, "0"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
        assert_eq!(short(100.0), "100");
    }
}
