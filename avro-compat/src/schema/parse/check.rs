//! What can be checked only when all types are known.

use super::Builder;
use crate::error::{ParseError, Problem};
use crate::schema::Type;
use crate::schema::default::Checker;

impl Builder<'_> {
    /// Checks the defaults of all fields.
    pub(super) fn check(&self) -> Result<(), ParseError> {
        if !self.options.check_defaults {
            return Ok(());
        }
        // Linear in the text, whatever is in it.
        let bytes: u64 = self.sources.iter().map(|it| it.document.text().len() as u64).sum();
        let steps = bytes.saturating_mul(20).saturating_add(1_000_000);
        let mut checker = Checker::new(&self.nodes, self.options.max_default_values, steps);
        for node in &self.nodes {
            let Type::Record(record) = &node.ty else { continue };
            for field in &record.fields {
                let Some(default) = field.default() else { continue };
                if let Err(mismatch) = checker.check(field.ty, default) {
                    let mismatch = mismatch.describe(default);
                    let field = field.name.to_string();
                    let problem = Problem::Default { field, mismatch };
                    return Err(self.error_in(node.origin.source as usize, problem, default));
                }
            }
        }
        Ok(())
    }

    /// Checks again that unions have no branch twice, now that names stand for what they mean.
    pub(super) fn check_unions(&self) -> Result<(), ParseError> {
        for node in &self.nodes {
            if let Type::Union(union) = &node.ty
                && let Some((at, problem)) = self.repeated_branch(&union.branches)
            {
                let json = self.json(node.origin);
                let branch = json.elements().nth(at).unwrap_or(json);
                return Err(self.error_in(node.origin.source as usize, problem, branch));
            }
        }
        Ok(())
    }
}
