//! Recordings as moving pictures.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;

use super::escape::Escaped;
use super::terminal::{Look, Row, Terminal};
use crate::{Error, Result};

const LETTER: f64 = 8.4;
const LINE: f64 = 19.0;
const EDGE: f64 = 14.0;

/// Changes within so many seconds are one.
const FRAME: f64 = 0.1;

/// No more frames than that: those that come faster are one.
const MOST_FRAMES: usize = 1_000;

/// For how long the last frame stands before it begins again.
const LAST: f64 = 4.0;

/// Times are counted in so many parts of the whole: at ten minutes, milliseconds.
const WHOLE: u64 = 1_000_000;

/// The largest screen.
const MOST_COLUMNS: usize = 400;
const MOST_ROWS: usize = 200;

const COLOURS: [&str; 16] = [
    "#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4",
    "#6e7681", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f6fc",
];

#[derive(Deserialize)]
struct Head {
    version: u8,
    width: usize,
    height: usize,
    #[serde(default)]
    idle_time_limit: Option<f64>,
    #[serde(default)]
    title: Option<String>,
}

/// A row that stands on the screen from one time to another.
struct Stands {
    row: usize,
    content: Row,
    from: f64,
    until: f64,
}

/// Makes a moving picture of a [`Recording`](super::Recording), for pages that show no other: an SVG that plays by itself, again and again. Pauses are as short as the recording's
/// `idle_time_limit`, or 2 s. It moves by CSS alone: no script. What cannot move pictures shows the last frame, and so does who has asked for less motion.
///
/// It knows as much of a terminal as progress lines and coloured tables need: carriage return, line feed, cursor movements, erasing, 16 colours. Letters are one column wide. The
/// name is for messages. The last line may be cut short, as a killed run leaves it.
///
/// # Errors
/// [`Error::History`] with the line that is not one of a recording of version 2, or a screen of more than 400 columns or 200 rows.
pub fn to_svg(recording: &str, name: &str) -> Result<String> {
    let wrong = |line: usize, what: String| Error::History {
        path: name.into(),
        line: line as u64 + 1,
        what,
    };
    let mut lines = recording.lines().enumerate().filter(|(_, line)| !line.is_empty()).peekable();
    let Some((_, first)) = lines.next() else {
        return Err(wrong(0, "it is empty: no recording of a terminal".into()));
    };
    let head: Head = serde_json::from_str(first)
        .map_err(|e| wrong(0, format!("no header of a recording of a terminal: {e}")))?;
    if head.version != 2 {
        return Err(wrong(0, format!("version {} of the format: only 2 is known", head.version)));
    }
    if !(1..=MOST_COLUMNS).contains(&head.width) || !(1..=MOST_ROWS).contains(&head.height) {
        let (width, height) = (head.width, head.height);
        let what = format!(
            "a screen of {width} columns and {height} rows: {MOST_COLUMNS} and {MOST_ROWS} are the most"
        );
        return Err(wrong(0, what));
    }
    let idle = head.idle_time_limit.filter(|limit| *limit > 0.0).unwrap_or(2.0);
    let mut events = Vec::new();
    // The time in the recording, and in the picture.
    let (mut recorded, mut shown) = (0.0f64, 0.0f64);
    while let Some((number, line)) = lines.next() {
        let event: (f64, String, String) = match serde_json::from_str(line) {
            Ok(event) => event,
            Err(_) if lines.peek().is_none() => break,
            Err(e) => return Err(wrong(number, format!("no event of a recording: {e}"))),
        };
        shown += (event.0 - recorded).clamp(0.0, idle);
        recorded = recorded.max(event.0);
        if event.1 == "o" {
            events.push((shown, event.2));
        }
    }
    let frame = FRAME.max(shown / MOST_FRAMES as f64);
    let end = shown + LAST;
    let stands = stands(&head, &events, frame, end);
    Ok(picture(&head, &stands, end))
}

/// What stands where, and for how long.
fn stands(head: &Head, events: &[(f64, String)], frame: f64, end: f64) -> Vec<Stands> {
    let mut terminal = Terminal::new(head.width, head.height);
    let mut stands = Vec::new();
    let mut rows: Vec<(f64, Row)> = vec![(0.0, Row::new()); head.height];
    let mut index = 0;
    while index < events.len() {
        let at = events[index].0;
        while let Some((_, text)) = events.get(index).filter(|(time, _)| *time < at + frame) {
            terminal.write(text);
            index += 1;
        }
        for (row, (now, (since, content))) in terminal.rows().iter().zip(&mut rows).enumerate() {
            if now != content {
                let content = std::mem::replace(content, now.clone());
                stands.push(Stands { row, content, from: *since, until: at });
                *since = at;
            }
        }
    }
    for (row, (from, content)) in rows.into_iter().enumerate() {
        stands.push(Stands { row, content, from, until: end });
    }
    let blank = |content: &Row| content.iter().all(|(c, look)| *c == ' ' && look.behind.is_none());
    stands.retain(|stands| !blank(&stands.content) && stands.until > stands.from);
    stands
}

fn picture(head: &Head, stands: &[Stands], end: f64) -> String {
    let width = head.width as f64 * LETTER + 2.0 * EDGE;
    let height = head.height as f64 * LINE + 2.0 * EDGE;
    let title = head.title.as_deref().unwrap_or("A terminal");
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{}\">\
         <style>text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#e6edf3;white-space:pre}}",
        Escaped(title)
    );
    for (number, colour) in COLOURS.iter().enumerate() {
        let _ = write!(out, ".c{number}{{fill:{colour}}}");
    }
    // Those that stand for the same time stand together, and are shown by one animation: a screen that scrolls changes all of its rows at once.
    let mut groups: BTreeMap<(u64, u64), Vec<&Stands>> = BTreeMap::new();
    let share = |at: f64| (at / end * WHOLE as f64).round() as u64;
    for it in stands {
        groups.entry((share(it.from), share(it.until))).or_default().push(it);
    }
    let _ = writeln!(
        out,
        ".b{{font-weight:700}}.d{{fill-opacity:.65}}.h{{visibility:hidden}}.t{{animation:{end:.3}s step-end infinite}}\
         @media(prefers-reduced-motion:reduce){{.t{{animation:none!important}}}}"
    );
    let mut shown = String::new();
    for (number, ((from, until), group)) in groups.into_iter().enumerate() {
        let last = until >= WHOLE;
        if from == 0 && last {
            shown.push_str("<g>");
        } else {
            keyframes(&mut out, number, from, until);
            let hidden = if last { "" } else { " h" };
            let _ = write!(shown, "<g class=\"t{hidden}\" style=\"animation-name:k{number}\">");
        }
        group.into_iter().for_each(|it| draw(&mut shown, it));
        shown.push_str("</g>\n");
    }
    // The frame has a line around it: on a dark page one would not see where it ends.
    let _ = writeln!(
        out,
        "</style><rect x=\".5\" y=\".5\" width=\"{:.0}\" height=\"{:.0}\" rx=\"8\" fill=\"#0d1117\" stroke=\"#3d444d\"/>",
        width.round() - 1.0,
        height.round() - 1.0
    );
    out + &shown + "</svg>\n"
}

/// That something is shown from one share of the time to another, and not before and after.
fn keyframes(out: &mut String, number: usize, from: u64, until: u64) {
    let _ = write!(out, "@keyframes k{number}{{");
    let mut frame = |at: u64, value: &str| {
        let _ = write!(out, "{}%{{visibility:{value}}}", at as f64 * 100.0 / WHOLE as f64);
    };
    if from > 0 {
        frame(0, "hidden");
    }
    frame(from, "visible");
    if until < WHOLE {
        frame(until, "hidden");
    }
    out.push_str("}\n");
}

/// Pieces of one look, each at its place: fonts of other widths stay in their columns.
fn draw(out: &mut String, stands: &Stands) {
    let top = EDGE + stands.row as f64 * LINE;
    let mut column = 0;
    for piece in stands.content.chunk_by(|a, b| a.1 == b.1) {
        let (x, wide) = (EDGE + column as f64 * LETTER, piece.len() as f64 * LETTER);
        column += piece.len();
        let Look { colour, behind, bold, dim } = piece[0].1;
        if let Some(behind) = behind {
            let _ = write!(
                out,
                "<rect class=\"c{behind}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{LINE}\"/>"
            );
        }
        let text: String = piece.iter().map(|(c, _)| *c).collect();
        if text.trim().is_empty() {
            continue;
        }
        let mut classes = Vec::new();
        classes.extend(colour.map(|colour| format!("c{colour}")));
        classes.extend(bold.then(|| "b".to_owned()));
        classes.extend(dim.then(|| "d".to_owned()));
        let class = match classes.is_empty() {
            true => String::new(),
            false => format!(" class=\"{}\"", classes.join(" ")),
        };
        let _ = write!(
            out,
            "<text{class} xml:space=\"preserve\" x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{wide:.1}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>",
            top + 14.0,
            Escaped(text)
        );
    }
}
