//! How evenly something lies on nodes.

/// Loads in relation to what each should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Balance {
    /// The greatest load / its due.
    pub most: f64,
    /// The least load / its due.
    pub least: f64,
    /// Standard deviation of load / due.
    pub deviation: f64,
}

impl Balance {
    /// Of loads and the weights by which they are due; nothing if there is no load, or no node.
    pub fn of(loads: &[f64], weights: &[f64]) -> Option<Self> {
        let (load, weight) = (loads.iter().sum::<f64>(), weights.iter().sum::<f64>());
        if !(load > 0.0 && weight > 0.0) {
            return None;
        }
        let ratios = || loads.iter().zip(weights).map(|(l, w)| l / w * weight / load);
        let mean = ratios().sum::<f64>() / loads.len() as f64;
        let variance = ratios().map(|r| (r - mean).powi(2)).sum::<f64>() / loads.len() as f64;
        Some(Self {
            most: ratios().fold(0.0, f64::max),
            least: ratios().fold(f64::INFINITY, f64::min),
            deviation: variance.sqrt(),
        })
    }

    /// Of loads that should be equal.
    pub fn even(loads: &[f64]) -> Option<Self> {
        Self::of(loads, &vec![1.0; loads.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_to_what_is_due() {
        let even = Balance::even(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!((even.most, even.least), (1.5, 0.5));
        assert!((even.deviation - (1.0_f64 / 6.0).sqrt()).abs() < 1e-12);
        let weighted = Balance::of(&[10.0, 20.0, 40.0], &[1.0, 2.0, 4.0]).unwrap();
        assert!((weighted.most - 1.0).abs() < 1e-12 && weighted.deviation < 1e-12);
        assert_eq!(Balance::even(&[]), None);
        assert_eq!(Balance::even(&[0.0]), None);
    }
}
