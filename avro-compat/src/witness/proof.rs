//! Making witnesses, and proving them.

use super::smallest::Smallest;
use super::way::{Along, Ways};
use super::{Outcome, Unproven, Witness, change};
use crate::check::{Finding, FindingKind, Report, Severity, Step};
use crate::encode::Encoder;
use crate::error::{DecodeError, DecodeProblem, Error};
use crate::resolve::{ResolveOptions, Resolver};
use crate::schema::Schema;
use crate::value::{MOST_DEPTH, Value};

/// What all witnesses of a report have in common.
pub(super) struct Prover<'r> {
    report: &'r Report,
    smallest: Smallest<'r>,
    ways: Ways<'r>,
    encoder: Encoder,
    /// From the writer's schema to itself, and to the reader's.
    readers: Result<(Resolver, Resolver), Unproven>,
}

impl<'r> Prover<'r> {
    pub(super) fn new(report: &'r Report) -> Self {
        let writer = report.writer();
        let smallest = Smallest::of(writer);
        let ways = Ways::of(report.pairs().all, writer, &smallest);
        let readers =
            resolver(writer, writer).and_then(|it| Ok((it, resolver(report.reader(), writer)?)));
        Self { report, smallest, ways, encoder: Encoder::new(writer), readers }
    }

    pub(super) fn witness(&self, finding: Finding<'r>) -> Result<Witness, Unproven> {
        match finding.kind() {
            FindingKind::Java(_) | FindingKind::JavaThrows => return Err(Unproven::Java),
            FindingKind::Undecided => return Err(Unproven::Undecided),
            FindingKind::Branch => return Err(Unproven::NotAboutData),
            _ if finding.severity() < Severity::Hazard => return Err(Unproven::NotAboutData),
            _ => {}
        }
        let (reader, writer) = (finding.reader_node(), finding.writer_node());
        let missing = change::missing_symbol(reader, writer);
        let part = match change::telling(finding.kind(), reader, writer, missing) {
            Some(value) => value,
            None => self.smallest.value(finding.writer_type())?,
        };
        let Along { datum, pointer, steps } =
            self.ways.along(finding.pair(), part.clone(), &self.smallest)?;

        let (decoder, resolver) = self.readers.as_ref().map_err(Clone::clone)?;
        let bytes = self.encoder.encode(&datum).map_err(|it| unexpected(&[], it))?;
        match decoder.decode(&bytes) {
            Ok(again) if again == datum => {}
            Ok(_) => return Err(contradicted(&bytes, "the writer's schema reads it as another")),
            Err(error) => return Err(unexpected(&bytes, error)),
        }
        let read = resolver.decode(&bytes);
        let outcome = match finding.severity() {
            Severity::Error => self.fails(finding, &part, &bytes, read)?,
            _ => self.changes(finding, &part, &bytes, &steps, read)?,
        };
        let json = datum.to_json(self.report.writer()).map_err(|it| unexpected(&bytes, it))?;
        Ok(Witness { datum, json, bytes, pointer, outcome })
    }

    fn fails(
        &self,
        finding: Finding<'r>,
        part: &Value,
        bytes: &[u8],
        read: crate::Result<Value>,
    ) -> Result<Outcome, Unproven> {
        let error = unreadable(bytes, read)?;
        let pointer = |schema: &Schema, ty| schema.json(schema[ty].origin()).pointer();
        let reader = pointer(self.report.reader(), finding.reader_type());
        let writer = pointer(self.report.writer(), finding.writer_type());
        let is_own =
            error.reader_pointer() == Some(&reader) && error.writer_pointer() == Some(&writer);
        let cause = match is_own {
            true => None,
            false => {
                let (alone, read) = self.alone(finding, part)?;
                Some(unreadable(&alone, read)?)
            }
        };
        Ok(Outcome::Fails { error, cause })
    }

    fn changes(
        &self,
        finding: Finding<'r>,
        part: &Value,
        bytes: &[u8],
        steps: &[Step],
        read: crate::Result<Value>,
    ) -> Result<Outcome, Unproven> {
        let found = match read {
            Ok(whole) => {
                follow(whole, steps).ok_or_else(|| contradicted(bytes, "it lost a part"))?
            }
            // Something else keeps the datum from being read.
            Err(_) => {
                let (alone, read) = self.alone(finding, part)?;
                read.map_err(|it| unexpected(&alone, it))?
            }
        };
        let before = change::text(self.report.writer(), finding.writer_type(), part);
        let after = change::text(self.report.reader(), finding.reader_type(), &found);
        if before == after {
            return Err(contradicted(bytes, &format!("{before} is read as what it is")));
        }
        Ok(Outcome::Changes { before, after })
    }

    /// The part in question, written and read by itself.
    fn alone(
        &self,
        finding: Finding<'r>,
        part: &Value,
    ) -> Result<(Vec<u8>, crate::Result<Value>), Unproven> {
        let reader = self.report.reader().at(finding.reader_type());
        let writer = self.report.writer().at(finding.writer_type());
        let bytes = Encoder::new(&writer).encode(part).map_err(|it| unexpected(&[], it))?;
        let read = resolver(&reader, &writer)?.decode(&bytes);
        Ok((bytes, read))
    }
}

/// A resolver that is made even if nothing can be read, and whose limits no datum of ours meets: it has been made small, and defaults are.
fn resolver(reader: &Schema, writer: &Schema) -> Result<Resolver, Unproven> {
    let options = ResolveOptions {
        hopeless: true,
        max_depth: MOST_DEPTH,
        max_empty: u64::MAX,
        ..ResolveOptions::default()
    };
    Resolver::with_options(reader, writer, &options).map_err(|it| match it {
        Error::Resolve(error) => error.into(),
        other => unexpected(&[], other),
    })
}

/// Why the schemas do not let it be read: nothing else counts.
fn unreadable(bytes: &[u8], read: crate::Result<Value>) -> Result<DecodeError, Unproven> {
    match read {
        Err(Error::Decode(error)) if matches!(error.problem(), DecodeProblem::Unreadable(_)) => {
            Ok(error)
        }
        Err(error) => Err(unexpected(bytes, error)),
        Ok(_) => Err(contradicted(bytes, "it was read")),
    }
}

/// The part of a reader's value at the end of a way.
fn follow(mut value: Value, steps: &[Step]) -> Option<Value> {
    for step in steps {
        value = match (step, value) {
            (Step::Field { reader, .. }, Value::Record(mut fields)) => {
                std::mem::take(fields.get_mut(*reader as usize)?)
            }
            (Step::Items, Value::Array(items)) => items.into_iter().next()?,
            (Step::Values, Value::Map(entries)) => entries.into_iter().next()?.1,
            (Step::ReaderBranch(branch), Value::Union(found, inside)) if found == *branch => {
                *inside
            }
            (Step::WriterBranch(_) | Step::Root, value) => value,
            _ => return None,
        };
    }
    Some(value)
}

fn contradicted(bytes: &[u8], reason: &str) -> Unproven {
    let hex = bytes.iter().map(|it| format!("{it:02x}")).collect();
    Unproven::Contradicted { hex, reason: reason.to_owned() }
}

fn unexpected(bytes: &[u8], error: impl std::fmt::Display) -> Unproven {
    contradicted(bytes, &error.to_string())
}
