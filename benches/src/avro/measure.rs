//! Rounds, and what came of them.

use std::collections::BTreeMap;
use std::fmt;

use super::case::Case;
use super::child::{self, Places};
use super::contestant::Contestant;
use super::{Result, floor, ours};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// The record is read through a reader's schema.
    Decode,
    /// The record is written.
    Encode,
    /// A pair of schemas is compiled.
    Compile,
    /// A pair of records of ten fields is checked.
    Check,
    /// A record of ten fields is parsed.
    Parse,
    /// A file of a codec is read.
    Read(&'static str),
    /// A file of a codec is written.
    Write(&'static str),
}

/// The codecs that all contestants have.
pub const CODECS: [&str; 3] = ["null", "deflate", "snappy"];

impl Work {
    /// All of it, in the order in which it is done.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Decode, Self::Encode, Self::Compile, Self::Check, Self::Parse];
        all.extend(CODECS.map(Self::Read));
        all.extend(CODECS.map(Self::Write));
        all
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, codec) = match self {
            Self::Decode => ("decode", None),
            Self::Encode => ("encode", None),
            Self::Compile => ("compile", None),
            Self::Check => ("check", None),
            Self::Parse => ("parse", None),
            Self::Read(codec) => ("read", Some(codec)),
            Self::Write(codec) => ("write", Some(codec)),
        };
        match codec {
            Some(codec) => f.pad(&format!("{name} {codec}")),
            None => f.pad(name),
        }
    }
}

/// Readings by contestant, one a round: nanoseconds, for each byte where files are read or written.
pub type Readings = BTreeMap<&'static str, Vec<f64>>;

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    /// By the work.
    pub readings: BTreeMap<Work, Readings>,
    /// Whom there is not, and why.
    pub absent: BTreeMap<&'static str, String>,
    /// Versions that were found out.
    pub versions: BTreeMap<&'static str, String>,
}

/// All contestants, by the work.
type Field = BTreeMap<Work, Vec<Contestant>>;

#[cfg(feature = "peer-avro")]
fn crates(field: &mut Field, _: &mut Outcomes, case: &'static Case) -> Result<()> {
    use super::rivals::{apache, fast};
    let mut add = |work, all: Vec<Contestant>| field.entry(work).or_default().extend(all);
    add(Work::Decode, apache::decode(case)?);
    add(Work::Decode, fast::decode(case)?);
    add(Work::Encode, vec![apache::encode(case)?]);
    add(Work::Parse, vec![apache::parse()]);
    for codec in CODECS {
        let file: &'static [u8] = ours::file(case, codec)?.leak();
        add(Work::Read(codec), vec![apache::read(case, file)]);
        add(Work::Write(codec), vec![apache::write(case, codec)?]);
    }
    Ok(())
}

#[cfg(not(feature = "peer-avro"))]
fn crates(_: &mut Field, outcomes: &mut Outcomes, _: &'static Case) -> Result<()> {
    let reason = "apache-avro was not built (--features peer-avro)";
    outcomes.absent.insert("apache-avro", reason.to_owned());
    Ok(())
}

fn children(
    field: &mut Field,
    outcomes: &mut Outcomes,
    case: &Case,
    places: &Places,
    progress: &impl Fn(&str),
) {
    progress("Java warms up");
    match child::java(places, case) {
        Ok(all) => field.entry(Work::Decode).or_default().extend(all),
        Err(reason) => {
            outcomes.absent.insert("java", reason.to_string());
        }
    }
    progress("Python starts");
    match child::python(places, case) {
        Ok((version, all)) => {
            outcomes.versions.insert("fastavro", version);
            // As the child is asked.
            let works = [Work::Decode].into_iter();
            let works = works.chain(CODECS.map(Work::Read)).chain(CODECS.map(Work::Write));
            for (work, one) in works.zip(all) {
                field.entry(work).or_default().push(one);
            }
        }
        Err(reason) => {
            outcomes.absent.insert("fastavro", reason.to_string());
        }
    }
}

/// Does the works that are chosen, in turns.
///
/// # Errors
/// A contestant's.
pub fn run(
    works: &[Work],
    rounds: usize,
    only: &[String],
    places: &Places,
    progress: impl Fn(&str),
) -> Result<Outcomes> {
    let mut outcomes = Outcomes::default();
    // Contestants borrow it until the process ends.
    let case: &'static Case = Box::leak(Box::new(Case::new()?));
    let mut field = Field::new();
    field.insert(Work::Decode, ours::decode(case)?);
    field.entry(Work::Decode).or_default().push(floor::contestant(&case.bytes));
    field.insert(Work::Encode, vec![ours::encode(case)]);
    field.insert(Work::Compile, vec![ours::compile(case)]);
    field.insert(Work::Check, vec![ours::check_pair()?]);
    field.insert(Work::Parse, vec![ours::parse()]);
    for codec in CODECS {
        let file: &'static [u8] = ours::file(case, codec)?.leak();
        field.insert(Work::Read(codec), ours::read(case, file));
        field.insert(Work::Write(codec), vec![ours::write(case, codec)]);
    }
    crates(&mut field, &mut outcomes, case)?;
    let needs = |work: &Work| works.contains(work);
    if works.iter().any(|it| matches!(it, Work::Decode | Work::Read(_) | Work::Write(_))) {
        children(&mut field, &mut outcomes, case, places, &progress);
    }
    for (work, all) in field.iter_mut().filter(|it| needs(it.0)) {
        progress(&work.to_string());
        all.retain(|one| only.is_empty() || only.iter().any(|it| one.name.contains(&**it)));
        let readings = outcomes.readings.entry(*work).or_default();
        for round in 0..rounds {
            for turn in 0..all.len() {
                let at = (turn + round) % all.len();
                let reading = (all[at].read)()?;
                readings.entry(all[at].name).or_default().push(reading);
            }
        }
    }
    drop(field);
    // It need not be there.
    let _ = std::fs::remove_dir_all(&places.temporary);
    Ok(outcomes)
}
