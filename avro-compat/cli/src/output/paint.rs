//! Colours, where they are wanted.

use std::io::IsTerminal as _;

use anstyle::{AnsiColor, Style};
use avro_compat::check::{Part, Severity};
use clap::ValueEnum;

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColourChoice {
    /// If it goes to a terminal, and NO_COLOR is not set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColourChoice {
    /// For standard output.
    pub fn paint(self) -> Paint {
        Paint { colour: self.decide(std::io::stdout().is_terminal()) }
    }

    /// For standard error.
    pub fn paint_errors(self) -> Paint {
        Paint { colour: self.decide(std::io::stderr().is_terminal()) }
    }

    fn decide(self, terminal: bool) -> bool {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
        match self {
            Self::Auto => terminal && !refused,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Puts colours around parts of a text, or does not.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    colour: bool,
}

impl Paint {
    /// A part of a report.
    pub fn part(&self, part: Part, text: &str) -> String {
        self.with(
            match part {
                Part::Head(severity) | Part::Caret(severity) => severity_style(severity).bold(),
                Part::Message => Style::new().bold(),
                Part::Frame => AnsiColor::Blue.on_default().bold(),
                _ => Style::new(),
            },
            text,
        )
    }

    /// Something that is as it should be.
    pub fn good(&self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default().bold(), text)
    }

    /// Something that is not.
    pub fn bad(&self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// What a remark is about.
    pub fn label(&self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    fn with(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

fn severity_style(severity: Severity) -> Style {
    let colour = match severity {
        Severity::Error => AnsiColor::Red,
        Severity::Hazard => AnsiColor::Yellow,
        Severity::Warning => AnsiColor::Cyan,
    };
    colour.on_default()
}
