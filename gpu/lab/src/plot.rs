//! Lines over sizes, as SVG.

use plotters::coord::combinators::LogCoord;
use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::Result;

/// An axis.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// What it shows.
    pub name: &'static str,
    /// Whether it is logarithmic.
    pub log: bool,
}

/// A line: points from left to right.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

const COLOURS: [RGBColor; 4] =
    [RGBColor(31, 119, 180), RGBColor(214, 39, 40), RGBColor(44, 160, 44), RGBColor(148, 103, 189)];

/// Draws lines; marks the highest point if `mark` says so. The x axis is logarithmic or not as it says, and so is y.
///
/// # Errors
/// If there is no point, or the picture cannot be drawn.
pub fn lines(title: &str, axes: [Axis; 2], lines: &[Line], mark: bool) -> Result<String> {
    let points = || lines.iter().flat_map(|line| &line.points).copied();
    let least = |of: fn((f64, f64)) -> f64| points().map(of).min_by(f64::total_cmp);
    let most = |of: fn((f64, f64)) -> f64| points().map(of).max_by(f64::total_cmp);
    let (Some(left), Some(right)) = (least(|it| it.0), most(|it| it.0)) else {
        return Err(format!("{title}: there is nothing to draw").into());
    };
    let (bottom, top) = (least(|it| it.1).unwrap_or(0.0), most(|it| it.1).unwrap_or(1.0));
    let xs = (left * 0.9)..(right * 1.1);
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, (860, 480)).into_drawing_area();
    area.fill(&WHITE)?;
    let highest = points().max_by(|a, b| a.1.total_cmp(&b.1)).filter(|_| mark);
    if axes[1].log {
        let ys: LogCoord<f64> = ((bottom.max(1e-9) * 0.8)..(top * 1.3)).log_scale().into();
        draw(&area, title, axes, lines, highest, xs, ys)?;
    } else {
        let ys: RangedCoordf64 = (0.0..top * 1.15).into();
        draw(&area, title, axes, lines, highest, xs, ys)?;
    }
    area.present()?;
    drop(area);
    Ok(svg)
}

/// Between which powers lines stand: of two on a short axis.
fn base(range: &std::ops::Range<f64>) -> f64 {
    if range.end / range.start < 100.0 { 2.0 } else { 10.0 }
}

fn draw<'a, Y>(
    area: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
    title: &str,
    [x, y]: [Axis; 2],
    lines: &[Line],
    highest: Option<(f64, f64)>,
    xs: std::ops::Range<f64>,
    ys: Y,
) -> Result<()>
where
    Y: Ranged<ValueType = f64> + plotters::coord::ranged1d::ValueFormatter<f64> + 'static,
{
    let label = |it: &f64| match *it {
        it if it >= 1e9 => format!("{:.0}G", it / 1e9),
        it if it >= 1e6 => format!("{:.0}M", it / 1e6),
        it if it >= 1e4 => format!("{:.0}k", it / 1e3),
        it if it >= 10.0 => format!("{it:.0}"),
        it if it >= 1e-3 || it <= 0.0 => {
            format!("{it:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        it => format!("{it:.0e}"),
    };
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(xs.clone().log_scale().base(base(&xs)), ys)?;
    chart
        .configure_mesh()
        .x_desc(x.name)
        .y_desc(y.name)
        .x_label_formatter(&label)
        .y_label_formatter(&label)
        .light_line_style(WHITE)
        .draw()?;
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        chart
            .draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)))?
            .label(&line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart.draw_series(line.points.iter().map(|&at| Circle::new(at, 3, colour.filled())))?;
    }
    if let Some(at) = highest {
        chart.draw_series([Circle::new(at, 8, BLACK.stroke_width(2))])?;
        let best = Text::new(format!("best: {:.0}", at.1), (-24, -26), ("sans-serif", 13));
        chart.draw_series([EmptyElement::at(at) + best])?;
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}
