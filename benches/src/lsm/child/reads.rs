//! Looking up, seeking and scanning; every answer is checked.

use super::work::Bench;
use crate::lsm::Result;
use crate::lsm::engine::{Direction, Engine};
use crate::random::Random;

impl<E: Engine> Bench<'_, E> {
    /// Looks up chosen records; returns how many answers were wrong.
    pub(super) fn lookups(
        &self,
        operations: u64,
        present: bool,
        mut choose: impl FnMut() -> u64,
    ) -> Result<u64> {
        let mut wrong = 0;
        for _ in 0..operations {
            let key = self.records.key(choose());
            wrong += u64::from(self.look_up(&key)? != present);
        }
        Ok(wrong)
    }

    /// Whether `key` is there with a value of its own.
    pub(super) fn look_up(&self, key: &[u8]) -> Result<bool> {
        let mut recognised = true;
        let found =
            self.engine.get(key, |value| recognised = self.records.recognise(key, value))?;
        if found && !recognised {
            return Err(format!("key {key:02x?} answered with a value of another key").into());
        }
        Ok(found)
    }

    pub(super) fn seeks(&self, operations: u64, length: usize, stream: u64) -> Result<u64> {
        let mut random = Random::new(self.records.seed ^ stream);
        let mut wrong = 0;
        for _ in 0..operations {
            let from = self.records.key(random.below(self.records.count));
            let mut before: Option<[u8; 16]> = None;
            let seen = self.engine.seek(&from, length, |key, value| {
                let key_now = key.try_into().ok();
                let ordered = match before {
                    None => key == from,
                    Some(before) => key > before.as_slice(),
                };
                wrong += u64::from(!ordered || !self.records.recognise(key, value));
                before = key_now;
            })?;
            wrong += u64::from(seen == 0);
        }
        Ok(wrong)
    }

    pub(super) fn scan(&self, direction: Direction) -> Result<u64> {
        let mut wrong = 0;
        let seen = self.engine.scan(direction, |key, value| {
            wrong += u64::from(!self.records.recognise(key, value));
        })?;
        Ok(wrong + seen.abs_diff(self.records.count))
    }
}
