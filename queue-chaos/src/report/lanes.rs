//! Bars of faults, one beside the other in time, in as many lanes as it takes.

use std::fmt::Write;

use super::escape::{Escaped, short};
use super::picture::{Frame, Size};

const LANE: f64 = 19.0;
const BAR: f64 = 14.0;

/// How wide a letter is, in the mean.
const LETTER: f64 = 6.1;

/// A bar, or a point.
#[derive(Debug)]
pub(super) struct Item {
    pub begin: u64,
    pub end: u64,
    pub label: String,
    pub title: String,
    pub class: String,
    pub point: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Label {
    Within,
    After,
    Before,
    None,
}

#[derive(Debug)]
struct Placed {
    item: Item,
    lane: usize,
    x0: f64,
    x1: f64,
    label: Label,
}

/// Items in lanes.
#[derive(Debug)]
pub(super) struct Lanes {
    placed: Vec<Placed>,
    lanes: usize,
}

/// How wide a text is, about: the page knows better, but nobody can ask it.
pub(super) fn text_width(text: &str) -> f64 {
    let width = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' => 3.3,
        'f' | 'r' | 't' | ' ' | '-' | '(' | ')' | '/' => 4.3,
        'm' | 'w' | 'M' | 'W' => 9.8,
        '\u{1100}'..'\u{2000}' | '\u{2e80}'.. => 11.5,
        _ => 6.6,
    };
    text.chars().map(width).sum()
}

impl Lanes {
    /// Gives each item the first lane that has room for it and its label. When there are too many, those that are left have no label and share lanes.
    pub(super) fn of(items: Vec<Item>, frame: &Frame, size: Size) -> Self {
        let most = if size == Size::Wide { 10 } else { 14 };
        let mut taken: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut placed = Vec::with_capacity(items.len());
        for mut item in items {
            let (x0, x1) = (frame.x(item.begin), frame.x(item.end));
            let (x0, x1) = if item.point { (x0 - 5.0, x0 + 5.0) } else { (x0, x1.max(x0 + 3.0)) };
            // What fits on neither side is cut.
            let room = (frame.right - x1).max(x0 - 2.0) - 6.0;
            if text_width(&item.label) > room && text_width(&item.label) + 8.0 > x1 - x0 {
                item.label = short(&item.label, (room / LETTER) as usize);
            }
            let text = text_width(&item.label);
            let (label, from, to) = if !item.point && text + 8.0 <= x1 - x0 {
                (Label::Within, x0, x1)
            } else if x1 + text + 6.0 <= frame.right {
                (Label::After, x0, x1 + text + 6.0)
            } else if x0 - text - 6.0 >= 2.0 {
                (Label::Before, x0 - text - 6.0, x1)
            } else {
                (Label::None, x0, x1)
            };
            let free = |lane: &Vec<(f64, f64)>, from: f64, to: f64| {
                lane.iter().all(|(begin, end)| to + 4.0 <= *begin || from >= *end + 4.0)
            };
            let mut lane = taken.iter().position(|lane| free(lane, from, to));
            if lane.is_none() && taken.len() < most {
                taken.push(Vec::new());
                lane = Some(taken.len() - 1);
            }
            let (lane, label, from, to) = match lane {
                Some(lane) => (lane, label, from, to),
                None => {
                    let lane = taken.iter().position(|lane| free(lane, x0, x1));
                    (lane.unwrap_or(most - 1), Label::None, x0, x1)
                }
            };
            taken[lane].push((from, to));
            placed.push(Placed { item, lane, x0, x1, label });
        }
        Self { placed, lanes: taken.len() }
    }

    pub(super) fn height(&self) -> f64 {
        self.lanes as f64 * LANE + if self.lanes > 0 { 6.0 } else { 0.0 }
    }

    pub(super) fn draw(&self, out: &mut String, top: f64) {
        for Placed { item, lane, x0, x1, label } in &self.placed {
            let y = top + *lane as f64 * LANE;
            let middle = y + BAR / 2.0;
            let _ = write!(out, "<g><title>{}</title>", Escaped(&item.title));
            if item.point {
                let x = (x0 + x1) / 2.0;
                let _ = write!(
                    out,
                    "<path class=\"{}\" d=\"M{x:.1} {:.1}l5 5l-5 5l-5 -5z\"/>",
                    item.class,
                    middle - 5.0
                );
            } else {
                let _ = write!(
                    out,
                    "<rect class=\"{}\" x=\"{x0:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"3\"/>",
                    item.class,
                    x1 - x0
                );
            }
            let (x, class, anchor) = match label {
                Label::Within => (x0 + 5.0, "in", "start"),
                Label::After => (x1 + 4.0, "label", "start"),
                Label::Before => (x0 - 4.0, "label", "end"),
                Label::None => {
                    out.push_str("</g>");
                    continue;
                }
            };
            // Lines of marks pass behind labels.
            let wide = text_width(&item.label) + 2.0;
            let behind = match label {
                Label::After => Some(x - 1.0),
                Label::Before => Some(x - wide + 1.0),
                Label::Within | Label::None => None,
            };
            if let Some(left) = behind {
                let _ = write!(
                    out,
                    "<rect class=\"bg\" x=\"{left:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{BAR}\"/>"
                );
            }
            let _ = write!(
                out,
                "<text class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text></g>",
                middle + 4.0,
                Escaped(&item.label)
            );
        }
    }
}
