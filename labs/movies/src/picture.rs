//! The picture of the latencies.

use std::time::Duration;

use movies_lab::measure::percentile;
use movies_lab::task::Kind;
use movies_lab::{Error, Result};
use plotters::coord::combinators::IntoLogRange as _;
use plotters::prelude::*;

use crate::report::Run;

/// A colour an engine, dark for tables and light for documents.
const COLOURS: [RGBColor; 5] = [
    RGBColor(30, 64, 175),
    RGBColor(96, 165, 250),
    RGBColor(154, 52, 18),
    RGBColor(251, 146, 60),
    RGBColor(22, 163, 74),
];

const SIZE: (u32, u32) = (1080, 520);

/// Bars of medians for each task and store over a logarithmic axis, each with a line up to the 95th percentile. On white, so that it is read in the light and in the dark.
///
/// # Errors
/// [`Error::Picture`].
pub(crate) fn latencies(run: &Run<'_>) -> Result<String> {
    draw(run).map_err(|error| Error::Picture(error.to_string()))
}

fn draw(run: &Run<'_>) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let us = |samples: &[Duration], percent| {
        percentile(samples, percent).map(|it| it.as_secs_f64() * 1e6)
    };
    let all = || run.measured.samples.iter().flatten();
    let least = all().filter_map(|it| us(&it.main, 50)).fold(f64::INFINITY, f64::min);
    let most = all().filter_map(|it| us(&it.main, 95)).fold(0.0, f64::max);
    if !least.is_finite() {
        return Err("there is nothing to draw".into());
    }
    // Whole decades, and room for the legend above.
    let (bottom, top) =
        (10_f64.powf((least * 0.9).log10().floor()), 10_f64.powf(most.log10().ceil() + 1.0));
    let kinds = Kind::ALL.len() as f64;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let caption = format!(
            "Eight queries over {} films: medians, and lines to the 95th percentile",
            run.movies
        );
        let mut chart = ChartBuilder::on(&area)
            .caption(caption, ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(72)
            .build_cartesian_2d(0.0..kinds, (bottom..top).log_scale())?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .max_light_lines(1)
            .y_desc("latency")
            .y_label_formatter(&|us| unit(*us))
            .draw()?;
        let width = 0.84 / run.stores.len().max(1) as f64;
        for (at, store) in run.stores.iter().enumerate() {
            let colour = COLOURS.get(at % COLOURS.len()).copied().unwrap_or(BLACK);
            let of = |kind: usize| run.measured.samples.get(kind).and_then(|stores| stores.get(at));
            let left = |kind: usize| kind as f64 + 0.08 + width * at as f64;
            let bars = (0..Kind::ALL.len()).filter_map(|kind| {
                let high = us(&of(kind)?.main, 50)?;
                Some(Rectangle::new(
                    [(left(kind), bottom), (left(kind) + width * 0.9, high)],
                    colour.filled(),
                ))
            });
            chart.draw_series(bars)?.label(store.name.as_str()).legend(move |(x, y)| {
                Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.filled())
            });
            let lines = (0..Kind::ALL.len()).filter_map(|kind| {
                let samples = &of(kind)?.main;
                let middle = left(kind) + width * 0.45;
                Some(PathElement::new(
                    vec![(middle, us(samples, 50)?), (middle, us(samples, 95)?)],
                    BLACK.stroke_width(1),
                ))
            });
            chart.draw_series(lines)?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .border_style(BLACK.mix(0.3))
            .background_style(WHITE.mix(0.8))
            .draw()?;
        let style = ("sans-serif", 14).into_font().color(&BLACK);
        for (at, kind) in Kind::ALL.iter().enumerate() {
            let (x, y) = chart.backend_coord(&(at as f64 + 0.5, bottom));
            let place = style.pos(plotters::style::text_anchor::Pos::new(
                plotters::style::text_anchor::HPos::Center,
                plotters::style::text_anchor::VPos::Top,
            ));
            area.draw(&Text::new(kind.name(), (x, y + 10), place))?;
        }
        area.present()?;
    }
    Ok(svg)
}

/// A power of ten of microseconds, as people say it.
fn unit(us: f64) -> String {
    match us {
        1e6.. => format!("{} s", us / 1e6),
        1e3.. => format!("{} ms", us / 1e3),
        _ => format!("{us} us"),
    }
}
