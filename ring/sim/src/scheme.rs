//! How keys find nodes: the library's algorithms, and what people do without one.

use std::fmt;
use std::str::FromStr;

use hash_ring::Algorithm;

use crate::Error;

/// A way to place keys on nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// The hash modulo the number of nodes, as an index into their list: the bad example.
    Modulo,
    /// An algorithm of the library.
    Of(Algorithm),
}

impl Scheme {
    /// The one to begin with.
    pub const RING: Self = Self::Of(Algorithm::Ring);

    /// All of them, the bad example last.
    pub fn all() -> Vec<Self> {
        Algorithm::ALL.into_iter().map(Self::Of).chain([Self::Modulo]).collect()
    }

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Modulo => "modulo",
            Self::Of(algorithm) => algorithm.name(),
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What `--algo` chooses: any number of schemes, each once, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schemes(pub Vec<Scheme>);

impl FromStr for Schemes {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let all = Scheme::all();
        if text == "all" {
            return Ok(Self(all));
        }
        let mut chosen: Vec<Scheme> = Vec::new();
        for name in text.split(',') {
            let known = all.iter().find(|scheme| scheme.name() == name);
            let scheme = known.ok_or_else(|| Error::UnknownAlgorithm {
                asked: name.to_owned(),
                known: all.iter().map(|scheme| scheme.name()).collect::<Vec<_>>().join(", "),
            })?;
            if !chosen.contains(scheme) {
                chosen.push(*scheme);
            }
        }
        Ok(Self(chosen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for scheme in Scheme::all() {
            assert_eq!(scheme.name().parse::<Schemes>().unwrap().0, [scheme]);
        }
        assert_eq!("all".parse::<Schemes>().unwrap().0, Scheme::all());
        let several: Schemes = "jump,modulo,jump".parse().unwrap();
        assert_eq!(several.0, [Scheme::Of(Algorithm::Jump), Scheme::Modulo]);
        for unknown in ["", "rings", "ring,", "ALL", "ring,all"] {
            let why = unknown.parse::<Schemes>().unwrap_err().to_string();
            assert!(why.contains("is no algorithm; known: all, or any of ring, jump"), "{why}");
        }
    }
}
