//! Plots as SVG files.

mod bars;
mod lines;

use std::path::{Path, PathBuf};

use plotters::prelude::*;

use crate::{Error, Result};

/// A plot, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Its file's name without `.svg`.
    pub name: &'static str,
    /// What it shows.
    pub title: String,
    /// What the vertical axis counts.
    pub y: &'static str,
    /// What is drawn.
    pub shape: Shape,
}

/// A named series of points.
pub type Line = (String, Vec<(f64, f64)>);

/// What is drawn.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Lines.
    Lines {
        /// What the horizontal axis counts.
        x: &'static str,
        /// Both axes logarithmic, to base 2; points with a coordinate of 0 are left out.
        logarithmic: bool,
        /// The lines.
        lines: Vec<Line>,
    },
    /// Bars in groups.
    Bars {
        /// The groups, from left to right.
        groups: Vec<String>,
        /// The bars of each group, from left to right: a name, and a value for each group, NaN for no bar.
        series: Vec<(String, Vec<f64>)>,
    },
}

const SIZE: (u32, u32) = (960, 480);

/// Colours that can be told apart, dark enough for white paper: as many as there are schemes, and one more.
const PALETTE: [RGBColor; 14] = [
    RGBColor(37, 99, 235),
    RGBColor(220, 38, 38),
    RGBColor(22, 163, 74),
    RGBColor(202, 138, 4),
    RGBColor(124, 58, 237),
    RGBColor(8, 145, 178),
    RGBColor(219, 39, 119),
    RGBColor(101, 163, 13),
    RGBColor(120, 53, 15),
    RGBColor(71, 85, 105),
    RGBColor(13, 148, 136),
    RGBColor(234, 88, 12),
    RGBColor(15, 23, 42),
    RGBColor(248, 113, 113),
];

fn colour(index: usize) -> RGBColor {
    PALETTE[index % PALETTE.len()]
}

/// Draws plots into a directory, which is made if need be; returns their files in the same order.
///
/// # Errors
/// [`Error::Io`], [`Error::Plot`].
pub fn draw(directory: &Path, plots: &[Plot]) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(directory).map_err(|error| Error::io(directory, error))?;
    let draw = |plot: &Plot| {
        let path = directory.join(plot.name).with_extension("svg");
        let svg =
            svg(plot).map_err(|why| Error::Plot { path: path.clone(), why: why.to_string() })?;
        std::fs::write(&path, svg).map_err(|error| Error::io(&path, error))?;
        Ok(path)
    };
    plots.iter().map(draw).collect()
}

/// Why a plot could not be drawn.
type Fault = Box<dyn std::error::Error>;

/// The text of a plot.
fn svg(plot: &Plot) -> std::result::Result<String, Fault> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut canvas = ChartBuilder::on(&area);
        canvas
            .caption(&plot.title, ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(64);
        match &plot.shape {
            Shape::Lines { x, logarithmic, lines } => {
                lines::draw(&mut canvas, x, plot.y, *logarithmic, lines)?;
            }
            Shape::Bars { groups, series } => bars::draw(&mut canvas, plot.y, groups, series)?,
        }
        area.present()?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(shape: Shape) -> Plot {
        Plot { name: "p", title: "Title".to_owned(), y: "y", shape }
    }

    #[test]
    fn every_shape_is_drawn() {
        let line = |name: &str| (name.to_owned(), vec![(1.0, 3.0), (2.0, 0.0), (4096.0, 0.1)]);
        for logarithmic in [false, true] {
            let lines = vec![line("first"), line("second")];
            let svg = svg(&plot(Shape::Lines { x: "x", logarithmic, lines })).unwrap();
            assert!(svg.ends_with("</svg>\n") && svg.contains("second"), "{svg}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            assert_eq!(logarithmic, svg.contains("1024"));
        }
        let series =
            vec![("one".to_owned(), vec![1.0, f64::NAN]), ("two".to_owned(), vec![2.0, 3.0])];
        let groups = vec!["left".to_owned(), "right".to_owned()];
        let svg = svg(&plot(Shape::Bars { groups, series })).unwrap();
        assert!(svg.contains("left") && svg.contains("two") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn nothing_to_draw_is_no_fault() {
        for logarithmic in [false, true] {
            svg(&plot(Shape::Lines { x: "x", logarithmic, lines: Vec::new() })).unwrap();
        }
        svg(&plot(Shape::Bars { groups: Vec::new(), series: Vec::new() })).unwrap();
    }
}
