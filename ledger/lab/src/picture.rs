//! The picture of the chaos.

use plotters::prelude::*;

use crate::Result;

/// What happened within a tenth of a second.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Second {
    pub(crate) posted: u32,
    pub(crate) reserved: u32,
    pub(crate) released: u32,
    pub(crate) refused: u32,
}

/// One kind of change: its name, its colour, and how many there were.
type Kind = (&'static str, RGBColor, fn(&Second) -> u32);

const KINDS: [Kind; 4] = [
    ("posted", RGBColor(31, 119, 180), |it| it.posted),
    ("reserved", RGBColor(44, 160, 44), |it| it.reserved),
    ("released", RGBColor(148, 103, 189), |it| it.released),
    ("refused", RGBColor(214, 39, 40), |it| it.refused),
];

/// Stacked bars over time, as SVG.
pub(crate) fn chaos(tenths: &[Second]) -> Result<String> {
    let highest =
        tenths.iter().map(|it| KINDS.iter().map(|kind| kind.2(it)).sum::<u32>()).max().unwrap_or(0);
    if highest == 0 {
        return Err("nothing happened".into());
    }
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, (960, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let end = tenths.len() as f64 / 10.0;
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .caption("A ledger's server, killed again and again", ("sans-serif", 18))
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(0.0..end, 0.0..f64::from(highest) * 1.1)?;
    chart.configure_mesh().x_desc("seconds").y_desc("changes in 0.1 s").disable_x_mesh().draw()?;
    let mut below = vec![0_u32; tenths.len()];
    for (name, colour, count) in KINDS {
        let bars = tenths.iter().zip(&mut below).enumerate().map(|(at, (tenth, below))| {
            let low = *below;
            *below += count(tenth);
            let left = at as f64 / 10.0;
            Rectangle::new(
                [(left, f64::from(low)), (left + 0.1, f64::from(*below))],
                colour.filled(),
            )
        });
        chart
            .draw_series(bars.collect::<Vec<_>>())?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.filled()));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .position(SeriesLabelPosition::UpperRight)
        .draw()?;
    area.present()?;
    drop(chart);
    drop(area);
    Ok(svg)
}
