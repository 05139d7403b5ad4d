//! All entries in the order of their timestamps, wherever they are.

use std::ops::{ControlFlow, RangeInclusive};

use crate::{Node, Result, model::Entry, state::Generation};

impl Node {
    /// Shows entries one by one, those of one account or all, until `visit` breaks or the span of time ends.
    pub(super) fn timeline(
        &self,
        account: Option<u128>,
        timestamps: RangeInclusive<u64>,
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        let (first, last) = (*timestamps.start(), *timestamps.end());
        if first > last {
            return Ok(());
        }
        let state = self.state();
        let generations: Vec<&Generation> =
            state.frozen().iter().map(|frozen| &**frozen).chain([state.active()]).collect();
        // What is in memory may be in the archive as well: it is read from there only up to the oldest generation here.
        let in_memory = generations.iter().find_map(|generation| generation.first_timestamp());
        let archived = match in_memory {
            Some(begins) => (begins > first).then(|| first..=last.min(begins - 1)),
            None => Some(first..=last),
        };

        let mut broken = false;
        let mut seen = |entry: Entry| {
            let flow = visit(entry);
            broken = flow.is_break();
            flow
        };
        if !newest_first && let Some(span) = archived.clone() {
            self.archive().scan(account, span, false, &mut seen)?;
            if broken {
                return Ok(());
            }
        }
        let order: Vec<&Generation> =
            if newest_first { generations.into_iter().rev().collect() } else { generations };
        for generation in order {
            let within: Vec<&Entry> = match account {
                Some(id) => {
                    let mut entries: Vec<&Entry> = generation
                        .of_account(id)
                        .skip_while(|entry| entry.timestamp() > last)
                        .take_while(|entry| entry.timestamp() >= first)
                        .collect();
                    if !newest_first {
                        entries.reverse();
                    }
                    entries
                }
                None => {
                    let entries = generation.entries();
                    let begins = entries.partition_point(|entry| entry.timestamp() < first);
                    let ends = entries.partition_point(|entry| entry.timestamp() <= last);
                    let span = &entries[begins..ends];
                    if newest_first { span.iter().rev().collect() } else { span.iter().collect() }
                }
            };
            for entry in within {
                if visit(entry.clone()).is_break() {
                    return Ok(());
                }
            }
        }
        if newest_first && let Some(span) = archived {
            self.archive().scan(account, span, true, visit)?;
        }
        Ok(())
    }
}
