//! Rooflines as pictures (feature `plot`).

use super::gpu::Gpu;
use super::roofline::Point;
use plotters::prelude::*;
use std::error::Error;

/// Why a picture could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// There is nothing to draw.
    #[error("no kernel has floating-point operations and bytes of DRAM: there is no point to draw")]
    Empty,
    /// The drawing library failed.
    #[error("cannot draw the roofline: {0}")]
    Draw(String),
}

/// A kernel in a picture.
#[derive(Clone, Copy, Debug)]
pub struct Plotted<'p> {
    /// What to call it.
    pub name: &'p str,
    /// Its place.
    pub point: &'p Point,
    /// Predicted seconds without the launch, if there is a prediction: how high the point stands. Else it stands at its roof.
    pub seconds: Option<f64>,
}

/// A roofline of one GPU as SVG: FLOP a second over FLOP a byte of DRAM, both logarithmic; the roofs of DRAM and the second cache, those of the
/// units that the kernels use, and each kernel a point. Kernels without floating-point work or bytes have none.
///
/// # Errors
/// When no kernel has a point.
pub fn roofline(gpu: &Gpu, kernels: &[Plotted<'_>]) -> Result<String, PlotError> {
    let place = |it: &Plotted<'_>| {
        let x = it.point.dram_intensity.filter(|&x| x > 0.0)?;
        let roof = it.point.attainable;
        let y = it.seconds.filter(|&s| s > 0.0).map_or(roof, |s| it.point.flops as f64 / s);
        Some((x, y))
    };
    let points: Vec<_> =
        kernels.iter().filter_map(|it| Some((it.name, place(it)?, it.point))).collect();
    if points.is_empty() {
        return Err(PlotError::Empty);
    }
    let mut svg = String::new();
    draw(gpu, &points, &mut svg).map_err(|error| PlotError::Draw(error.to_string()))?;
    Ok(svg)
}

type Place<'p> = (&'p str, (f64, f64), &'p Point);

fn draw(gpu: &Gpu, points: &[Place<'_>], svg: &mut String) -> Result<(), Box<dyn Error>> {
    let peaks: Vec<f64> = points.iter().map(|(_, _, point)| point.peak).collect();
    let peak = peaks.iter().copied().fold(gpu.single_flops, f64::max);
    let ridge = peak / gpu.dram_bandwidth;
    let xs = points.iter().map(|(_, (x, _), _)| *x);
    let ys = points.iter().map(|(_, (_, y), _)| *y);
    let left = xs.clone().fold(ridge / 1e3, f64::min) / 2.0;
    let right = xs.fold(ridge * 8.0, f64::max) * 4.0;
    let low = ys.fold(left * gpu.dram_bandwidth, f64::min) / 2.0;
    let root = SVGBackend::with_string(svg, (900, 560)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(format!("{}: roofline (predicted)", gpu.name), ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(84)
        .build_cartesian_2d((left..right).log_scale(), (low..peak * 3.0).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("FLOP a byte of DRAM")
        .y_desc("FLOP a second")
        .y_label_formatter(&|y| format!("{y:.0e}"))
        .x_label_formatter(&|x| format!("{x}"))
        .draw()?;
    let roofs = [
        ("DRAM", gpu.dram_bandwidth, BLACK),
        ("L2 (if all of it came from there)", gpu.l2_bandwidth, RGBColor(150, 150, 150)),
    ];
    for (name, bandwidth, colour) in roofs {
        let line = [left, peak / bandwidth].map(|x| (x, x * bandwidth));
        if line[1].0 > line[0].0 {
            chart.draw_series(LineSeries::new(line, colour.stroke_width(2)))?;
            let text = format!("{name} {:.2} TB/s", bandwidth / 1e12);
            let at = (left * 2.0, left * 2.0 * bandwidth * 0.6);
            chart.draw_series([Text::new(
                text,
                at,
                ("sans-serif", 13).into_font().color(&colour),
            )])?;
        }
    }
    let mut drawn: Vec<f64> = Vec::new();
    for (_, _, point) in points {
        if drawn.contains(&point.peak) {
            continue;
        }
        drawn.push(point.peak);
        let line = [point.peak / gpu.dram_bandwidth, right].map(|x| (x, point.peak));
        chart.draw_series(LineSeries::new(line, BLACK.stroke_width(2)))?;
        let text = format!("{} {:.1} TFLOP/s", point.units.name(), point.peak / 1e12);
        let at = (ridge * 1.5, point.peak * 1.45);
        chart.draw_series([Text::new(text, at, ("sans-serif", 13).into_font().color(&BLACK))])?;
    }
    for (number, (name, at, _)) in points.iter().enumerate() {
        let colour = Palette99::pick(number).to_rgba();
        chart.draw_series([Circle::new(*at, 5, colour.filled())])?;
        let text = EmptyElement::at(*at)
            + Text::new((*name).to_owned(), (8, -6), ("sans-serif", 13).into_font().color(&colour));
        chart.draw_series([text])?;
    }
    root.present()?;
    Ok(())
}
