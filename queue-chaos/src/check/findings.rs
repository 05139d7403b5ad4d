//! What was found so far.

use std::collections::BTreeMap;

use super::{Anomaly, AnomalyKind};

#[derive(Debug)]
pub(super) struct Findings {
    keep: usize,
    pub found: BTreeMap<AnomalyKind, u64>,
    pub not_promised: BTreeMap<AnomalyKind, u64>,
    kept: BTreeMap<AnomalyKind, Vec<Anomaly>>,
}

impl Findings {
    pub fn new(keep: usize) -> Self {
        let (found, not_promised, kept) = Default::default();
        Self { keep, found, not_promised, kept }
    }

    /// Counts an anomaly. Its evidence is gathered only if it is kept.
    pub fn add(&mut self, kind: AnomalyKind, promised: bool, evidence: impl FnOnce() -> Anomaly) {
        *self.found.entry(kind).or_default() += 1;
        if !promised {
            *self.not_promised.entry(kind).or_default() += 1;
        }
        let kept = self.kept.entry(kind).or_default();
        if kept.len() < self.keep {
            kept.push(Anomaly { kind, promised, ..evidence() });
        }
    }

    pub fn kept(self) -> Vec<Anomaly> {
        self.kept.into_values().flatten().collect()
    }
}

/// An anomaly without anything but its sentence.
pub(super) fn anomaly(what: String) -> Anomaly {
    Anomaly {
        // Both are set by `Findings::add`.
        kind: AnomalyKind::Corrupt,
        promised: true,
        what,
        partition: None,
        messages: Vec::new(),
        consumer: None,
        offsets: Vec::new(),
        times: Vec::new(),
    }
}

impl Anomaly {
    /// The same, about these offsets.
    pub(super) fn with_offsets(self, offsets: Vec<u64>) -> Self {
        Self { offsets, ..self }
    }

    /// The same, about these messages.
    pub(super) fn with_messages(self, messages: Vec<crate::id::MessageId>) -> Self {
        Self { messages, ..self }
    }
}
