//! Definitions of the forms of the table, made from their names: a form that has none fails the test. The families, which take
//! their modifiers in any combination, have tests of their own beside this directory.

mod convert;
mod exact;
mod float;
mod integer;

use crate::harness::apply;
use exact::{BF16, F16, F32, F64, Format};
use softcuda::lower::supported;

/// What a form must give.
#[derive(Clone, Debug)]
pub enum Expected {
    Bits(u64),
    /// Any NaN: the manual leaves its bits open.
    Nan(Format),
    /// A zero of either sign.
    Zero(Format),
    /// The value, and how far off the result may be.
    Near(Format, f64, f64),
    /// The lower and the upper half.
    Pair(Box<[Self; 2]>),
}

impl Expected {
    fn holds(&self, found: u64) -> bool {
        match self {
            Self::Bits(bits) => found == *bits,
            Self::Nan(f) => found & !f.mask() == 0 && f.is_nan(found),
            Self::Zero(f) => found & !f.sign(true) == 0,
            Self::Near(f, wanted, bound) => {
                let found = float::value(*f, found);
                found == *wanted
                    || (found - wanted).abs() <= *bound
                    || found.is_nan() && wanted.is_nan()
            }
            Self::Pair(halves) => halves[0].holds(found & 0xffff) && halves[1].holds(found >> 16),
        }
    }
}

/// What comes of operands.
type Rule = dyn Fn(&[u64]) -> Expected;

/// The types of a form's operands, values to try, and what comes of them.
pub struct Definition {
    result: String,
    operands: Vec<String>,
    values: Vec<Vec<u64>>,
    expected: Box<Rule>,
}

impl Definition {
    fn new(
        result: &str,
        operands: &[&str],
        values: Vec<Vec<u64>>,
        expected: impl Fn(&[u64]) -> Expected + 'static,
    ) -> Self {
        assert_eq!(operands.len(), values.len());
        let operands = operands.iter().map(|&it| it.to_owned()).collect();
        Self { result: result.to_owned(), operands, values, expected: Box::new(expected) }
    }

    /// The first operands of which something else comes, if there are any.
    fn check(&self, form: &str) -> Result<(), String> {
        let mut cases: Vec<Vec<u64>> = vec![Vec::new()];
        for list in &self.values {
            let longer = |case: &Vec<u64>| {
                list.iter().map(|&value| [&case[..], &[value]].concat()).collect::<Vec<_>>()
            };
            cases = cases.iter().flat_map(longer).collect();
        }
        let operands: Vec<&str> = self.operands.iter().map(String::as_str).collect();
        for (case, found) in cases.iter().zip(apply(form, &self.result, &operands, "", &cases)) {
            let wanted = (self.expected)(case);
            if !wanted.holds(found) {
                return Err(format!("{form} {case:x?}: {found:x}, expected {wanted:x?}"));
            }
        }
        Ok(())
    }
}

fn format(ty: &str) -> Option<Format> {
    Some(match ty.trim_end_matches("x2") {
        "f16" => F16,
        "bf16" => BF16,
        "f32" => F32,
        "f64" => F64,
        _ => return None,
    })
}

fn definition(form: &str) -> Option<Definition> {
    let words: Vec<&str> = form.split('.').collect();
    let ty = *words.last()?;
    if words[0] == "cvt" {
        return convert::definition(&words);
    }
    if words[0] != "slct"
        && let Some(format) = format(ty)
    {
        let words = words.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        return float::definition(float::Form { base: words[0].clone(), words, format }, ty);
    }
    integer::definition(&words)
}

/// Forms whose definition needs more than a result of operands: tests of their own run them (`conformance` sees to that).
fn apart(form: &str) -> bool {
    let words: Vec<&str> = form.split('.').collect();
    let carries = words.contains(&"cc") || matches!(words[0], "addc" | "subc" | "madc");
    carries
        || form.ends_with(".pred")
        || matches!(words[0], "lop3" | "prmt" | "fns")
        || form.contains(['{', ' '])
}

#[test]
fn every_form_is_as_defined() {
    let (mut undefined, mut wrong) = (Vec::new(), Vec::new());
    let mut seen = 0;
    for form in supported().iter().filter(|form| !apart(form)) {
        match definition(form) {
            Some(it) => {
                seen += 1;
                wrong.extend(it.check(form).err());
            }
            None => undefined.push(form.clone()),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 300, "{seen}");
    assert!(undefined.iter().all(|form| bare(form)), "no definition: {undefined:#?}");
}

/// Families that take one form only: they are written like any other.
fn bare(form: &str) -> bool {
    ["exit", "trap", "ret", "elect", "prefetchu", "discard", "applypriority", "activemask", "nop"]
        .contains(&form.split('.').next().unwrap())
}
