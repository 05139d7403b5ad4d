//! temporary
use crate::{Past, Result, log::Mark, model::Entry};
use std::ops::{ControlFlow, RangeInclusive};
/// x
pub trait Archive: Past + Send + Sync {
    /// x
    fn through(&self) -> Result<Option<Mark>>;
    /// x
    fn store(&self, entries: &[Entry], mark: Mark) -> Result<()>;
    /// x
    fn scan(
        &self,
        account: Option<u128>,
        timestamps: RangeInclusive<u64>,
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()>;
}
/// x
#[derive(Default)]
pub struct MemoryArchive(std::sync::Mutex<(Vec<Entry>, Option<Mark>)>);
impl MemoryArchive {
    /// x
    pub fn new() -> Self {
        Self::default()
    }
}
impl Past for MemoryArchive {
    fn entry(&self, id: u128) -> Result<Option<Entry>> {
        Ok(self.0.lock().unwrap().0.iter().find(|e| e.id() == Some(id)).cloned())
    }
    fn resolution(&self, p: u128) -> Result<Option<(crate::model::Resolution, u64)>> {
        use crate::model::*;
        Ok(self.0.lock().unwrap().0.iter().find_map(|e| match e {
            Entry::Expiry { timestamp, pending_id, .. } if *pending_id == p => {
                Some((Resolution::Expired, *timestamp))
            }
            Entry::Transfer(t) if t.transfer.pending_id == p => Some((
                if t.transfer.flags.contains(TransferFlags::POST_PENDING) {
                    Resolution::Posted
                } else {
                    Resolution::Voided
                },
                t.transfer.timestamp,
            )),
            _ => None,
        }))
    }
}
impl Archive for MemoryArchive {
    fn through(&self) -> Result<Option<Mark>> {
        Ok(self.0.lock().unwrap().1)
    }
    fn store(&self, entries: &[Entry], mark: Mark) -> Result<()> {
        let mut i = self.0.lock().unwrap();
        let t = i.1.map_or(0, |m| m.timestamp);
        i.0.extend(entries.iter().filter(|e| e.timestamp() > t).cloned());
        if i.1.is_none_or(|m| m.op < mark.op) {
            i.1 = Some(mark);
        }
        Ok(())
    }
    fn scan(
        &self,
        account: Option<u128>,
        ts: RangeInclusive<u64>,
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        let i = self.0.lock().unwrap();
        let mut v: Vec<_> =
            i.0.iter()
                .filter(|e| {
                    ts.contains(&e.timestamp())
                        && account.is_none_or(|a| e.touched().any(|(x, _)| x == a))
                })
                .cloned()
                .collect();
        if newest_first {
            v.reverse();
        }
        for e in v {
            if visit(e).is_break() {
                break;
            }
        }
        Ok(())
    }
}
