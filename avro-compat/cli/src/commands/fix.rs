//! Edits of a new schema that make it read old data.

use std::fmt::Write as _;
use std::path::PathBuf;

use avro_compat::check::{Direction, Profile};
use avro_compat::fix::{Repaired, repair};
use avro_compat::json::{Layout, Writer};
use clap::Args;

use crate::error::Result;
use crate::exit::{Verdict, print, remark};
use crate::input::{Parsing, Text, one_standard_input};
use crate::output::{ColourChoice, Comparison, Findings, Telling, unified};
use crate::replace::replace;

const EXAMPLES: &str = "\
Examples:
  avro-compat fix old.avsc new.avsc                  shows the edits
  avro-compat fix old.avsc new.avsc | patch -p1      makes them
  avro-compat fix old.avsc new.avsc --write          the same

The edit that is most likely meant is made for each error; `check` tells what else would do. Which default is right, or whether a field
has been renamed, no schema says: look at what is shown.

Exit codes: 0 the edited schema reads old data; 1 errors are left; 2 wrong arguments or invalid input";

/// Edits a new schema so that it reads old data: shows the edits, or makes them
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Fix {
    /// The schema that data were written with
    pub old: PathBuf,
    /// The schema that is edited
    pub new: PathBuf,
    /// Writes the edited schema into its file
    #[arg(long)]
    pub write: bool,
    /// Prints one JSON object instead of text
    #[arg(long, conflicts_with = "write")]
    pub json: bool,
    /// How many edits are made at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub most: usize,
    /// Takes what other programs take: comments, unchecked defaults, uses before definitions, names outside of ASCII
    #[arg(long)]
    pub lenient: bool,
}

impl Fix {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        one_standard_input([&self.old, &self.new])?;
        let parser = Parsing { with: Vec::new(), lenient: self.lenient }.parser()?;
        let old = parser.read(&self.old)?;
        let text = Text::read(&self.new)?;
        let new = parser.parse(&text)?;
        let repaired = repair(&new, &old, self.most);
        if self.json {
            print(&self.to_json(&repaired))?;
        } else {
            self.tell(&text, &repaired)?;
        }
        if self.write && !repaired.fixes.is_empty() {
            replace(&self.new, repaired.schema.text())?;
            remark(&format!("{} is written", text.name));
        }
        Ok(Verdict::failed_if(!repaired.report.is_compatible()))
    }

    fn tell(&self, text: &Text, repaired: &Repaired) -> Result<()> {
        let mut out = String::new();
        for fix in &repaired.fixes {
            let _ = writeln!(out, "fix: {fix}");
            for (severity, message) in &fix.adds {
                let _ = writeln!(out, "     then {severity}: {message}");
            }
        }
        if !repaired.fixes.is_empty() {
            out.push('\n');
            out.push_str(&unified(&text.name, &text.text, repaired.schema.text()));
            out.push('\n');
        }
        print(&out)?;
        // What is left is told as by a check of the edited schema.
        let mut findings = Findings::new(None, Profile::Spec);
        findings.comparisons.push(Comparison {
            subject: None,
            reader: format!("{} (edited)", text.name),
            writer: self.old.display().to_string(),
            direction: Direction::Backward,
            report: repaired.report.clone(),
        });
        Telling::plain(ColourChoice::Auto).tell(&findings)?;
        Ok(())
    }

    fn to_json(&self, repaired: &Repaired) -> String {
        let mut out = Writer::new(Layout::Indented);
        out.begin_object();
        out.name("compatible");
        out.boolean(repaired.report.is_compatible());
        out.name("fixes");
        out.begin_array();
        repaired.fixes.iter().for_each(|it| it.write_json(&mut out));
        out.end_array();
        out.member("text", repaired.schema.text());
        out.name("left");
        repaired.report.write_json(&mut out);
        out.end_object();
        out.finish() + "\n"
    }
}
