//! Values, bounds, and how results compare with them.

use crate::float::Float;

/// What should come out: a value for each element, and a bound of its error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    /// The values.
    pub values: Vec<f64>,
    /// How far each may be off.
    pub bounds: Vec<f64>,
}

/// How a result compares with what was expected.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Comparison {
    /// The greatest error, measured in bounds: 1 is the most that is allowed.
    pub worst: f64,
    /// `‖out - ref‖ / ‖ref‖`, Euclidean; 0 where both are 0.
    pub relative: f64,
    /// The greatest error.
    pub absolute: f64,
}

/// A result that is further off than its bound, or of another length.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Mismatch {
    /// An element is off.
    #[error("element {index} is {found}, expected {expected}: off by {error:e}, the bound is {bound:e}", error = (found - expected).abs())]
    Element {
        /// Its index.
        index: usize,
        /// What it is.
        found: f64,
        /// What it should be.
        expected: f64,
        /// How far it may be off.
        bound: f64,
    },
    /// There are more or fewer elements.
    #[error("{found} elements, expected {expected}")]
    Length {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
}

impl Expected {
    /// Compares.
    ///
    /// # Errors
    /// The first element that is further off than its bound; NaN is, unless NaN is expected.
    pub fn check<T: Float>(&self, found: &[T]) -> Result<Comparison, Mismatch> {
        if found.len() != self.values.len() {
            return Err(Mismatch::Length { found: found.len(), expected: self.values.len() });
        }
        let mut comparison = Comparison::default();
        let (mut of_error, mut of_values) = (0.0, 0.0);
        for (index, (found, (&expected, &bound))) in
            found.iter().zip(self.values.iter().zip(&self.bounds)).enumerate()
        {
            let found = found.to_f64();
            if found == expected || (found.is_nan() && expected.is_nan()) {
                of_values += if expected.is_finite() { expected * expected } else { 0.0 };
                continue;
            }
            let error = (found - expected).abs();
            if error.is_nan() || error > bound {
                return Err(Mismatch::Element { index, found, expected, bound });
            }
            comparison.worst = comparison.worst.max(error / bound);
            comparison.absolute = comparison.absolute.max(error);
            of_error += error * error;
            of_values += expected * expected;
        }
        comparison.relative = if of_error == 0.0 { 0.0 } else { (of_error / of_values).sqrt() };
        Ok(comparison)
    }

    /// The greatest relative error of the norm, `‖out - ref‖ / ‖ref‖`, that the bounds allow. Elements that are no finite numbers do not count.
    pub fn relative_bound(&self) -> f64 {
        let pairs = self.values.iter().zip(&self.bounds).filter(|(value, _)| value.is_finite());
        let sums =
            pairs.fold((0.0, 0.0), |(v, b), (value, bound)| (v + value * value, b + bound * bound));
        if sums.1 == 0.0 { 0.0 } else { (sums.1 / sums.0).sqrt() }
    }
}
