//! What people see, and what is recorded of it.

use std::borrow::Cow;
use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use comfy_table::Table;
use queue_chaos::check::Verdict;
use queue_chaos::report::{Header, Recording};

use crate::exit::Result;

/// Columns of the recording, and of a terminal that does not say how many it has.
const WIDTH: usize = 110;
const HEIGHT: u32 = 32;
/// Narrower ones are written to as if they were so wide.
const NARROWEST: usize = 20;
/// Back to the beginning of the line, and nothing in it.
const CLEAR: &str = "\r\x1b[K";

/// How a line stands out from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Not.
    Plain,
    /// Something is done to the cluster.
    Deed,
    /// A verdict, or what it is founded on: as far as the first colon.
    Judged(Verdict),
}

impl Tone {
    /// Its colour, and how much of the text has it.
    fn of(self, text: &str) -> Option<(&'static str, usize)> {
        let head = text.find(':').unwrap_or(text.len());
        match self {
            Self::Plain => None,
            Self::Deed => Some(("\x1b[33m", text.len())),
            Self::Judged(Verdict::Ok) => Some(("\x1b[1;32m", head)),
            Self::Judged(Verdict::Anomaly) => Some(("\x1b[1;31m", head)),
            Self::Judged(Verdict::Unknown) => Some(("\x1b[1;33m", head)),
        }
    }

    fn paint(self, text: &str) -> Cow<'_, str> {
        match self.of(text) {
            Some((colour, head)) => {
                let (head, rest) = text.split_at(head);
                Cow::Owned(format!("{colour}{head}\x1b[0m{rest}"))
            }
            None => Cow::Borrowed(text),
        }
    }
}

/// Lines that stay and one that changes, on standard error and in a recording.
///
/// Where standard error is no terminal, lines are as long as they are and without colours, and the one that changes is in the recording only.
pub struct Screen {
    terminal: bool,
    colours: bool,
    silent: bool,
    recording: Option<Recording<File>>,
    /// Whether the last line is one that changes.
    open: bool,
}

impl Screen {
    /// Shows to people; and records, if asked.
    pub fn new(recording: Option<(&Path, &str)>, silent: bool) -> Result<Self> {
        let recording = match recording {
            Some((path, title)) => {
                Some(Recording::create(path, &Header::new(WIDTH as u32, HEIGHT).title(title))?)
            }
            None => None,
        };
        let terminal = std::io::stderr().is_terminal();
        // See no-color.org.
        let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
        Ok(Self { terminal, colours, silent, recording, open: false })
    }

    /// A line that stays, as it is: what is to be copied from the terminal has no breaks of ours in it.
    pub fn line(&mut self, text: &str) -> Result<()> {
        self.stay(&[Cow::Borrowed(text)], Tone::Plain, &[Cow::Borrowed(text)])
    }

    /// Text that stays, over as many lines as it needs.
    pub fn text(&mut self, text: &str, tone: Tone) -> Result<()> {
        let shown = match self.terminal {
            true => wrapped(text, width()),
            false => vec![Cow::Borrowed(text)],
        };
        self.stay(&shown, tone, &wrapped(text, WIDTH))
    }

    fn stay(
        &mut self,
        shown: &[Cow<'_, str>],
        tone: Tone,
        recorded: &[Cow<'_, str>],
    ) -> Result<()> {
        let clear = if self.open { CLEAR } else { "" };
        self.open = false;
        // The tone is that of the first line: what has one is short, or has it at its head.
        let tones = || std::iter::once(tone).chain(std::iter::repeat(Tone::Plain));
        if let Some(recording) = &mut self.recording {
            let lines: String =
                recorded.iter().zip(tones()).map(|(it, tone)| tone.paint(it) + "\n").collect();
            recording.output(&format!("{clear}{lines}"))?;
        }
        if !self.silent {
            let clear = if self.terminal { clear } else { "" };
            let lines: String = shown
                .iter()
                .zip(tones())
                .map(|(it, tone)| if self.colours { tone } else { Tone::Plain }.paint(it) + "\n")
                .collect();
            let _ = std::io::stderr().write_all(format!("{clear}{lines}").as_bytes());
        }
        Ok(())
    }

    /// The line that changes. What has no room on one line is cut off: more than one cannot be taken back.
    pub fn status(&mut self, text: &str) -> Result<()> {
        if let Some(recording) = &mut self.recording {
            recording.output(&format!("{CLEAR}{}", cut(text, WIDTH)))?;
        }
        if self.terminal && !self.silent {
            let mut out = std::io::stderr();
            let line = format!("{CLEAR}{}", cut(text, width()));
            let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
        }
        self.open = true;
        Ok(())
    }

    /// The end of the line that changes.
    pub fn close(&mut self) -> Result<()> {
        if self.open { self.stay(&[], Tone::Plain, &[]) } else { Ok(()) }
    }

    /// The end of the recording.
    pub fn finish(mut self) -> Result<()> {
        self.close()?;
        if let Some(recording) = self.recording {
            recording.finish()?;
        }
        Ok(())
    }
}

/// Columns of the terminal. It is asked each time: people change it while a run goes on.
fn width() -> usize {
    let width = Table::new().use_stderr().width().map_or(WIDTH, usize::from);
    width.max(NARROWEST)
}

/// As much of it as one line has room for, with a column to spare: at the last one, terminals differ. Of columns, which stand two spaces apart, whole ones.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.char_indices().nth(width - 1).is_none() {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(width - 2).map_or(0, |(at, _)| at);
    let room = &text[..end];
    match room.rfind("  ").filter(|at| *at > end / 2) {
        Some(at) => Cow::Owned(format!("{} \u{2026}", room[..at].trim_end())),
        None => Cow::Owned(format!("{room}\u{2026}")),
    }
}

/// Broken between words, with what follows the first line set in.
fn wrapped(text: &str, width: usize) -> Vec<Cow<'_, str>> {
    let options = textwrap::Options::new(width.saturating_sub(1))
        .subsequent_indent("    ")
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_for_a_line() {
        assert_eq!(cut("0123456789", 11), "0123456789");
        assert_eq!(cut("0123456789", 10), "01234567\u{2026}");
        assert_eq!(cut("\u{e9}\u{e9}\u{e9}\u{e9}", 4), "\u{e9}\u{e9}\u{2026}");
        assert_eq!(
            cut("lag 3  under-replicated 1  [kill 2]", 32),
            "lag 3  under-replicated 1 \u{2026}"
        );
        let text = "  message 0/1 was acknowledged, and is not there";
        assert_eq!(wrapped(text, 32), ["  message 0/1 was acknowledged,", "    and is not there"]);
        assert_eq!(wrapped("short", 32), ["short"]);
        assert_eq!(wrapped("", 32), [""]);
        assert!(wrapped(&"x".repeat(100), 32).iter().all(|line| line.len() < 32));
    }

    #[test]
    fn colours_are_of_the_head_alone() {
        assert_eq!(Tone::Plain.paint("ok: 1"), "ok: 1");
        assert_eq!(Tone::Judged(Verdict::Ok).paint("ok: 1 sent"), "\x1b[1;32mok\x1b[0m: 1 sent");
        assert_eq!(Tone::Judged(Verdict::Anomaly).paint("lost"), "\x1b[1;31mlost\x1b[0m");
        assert_eq!(Tone::Deed.paint("kill 1"), "\x1b[33mkill 1\x1b[0m");
    }
}
