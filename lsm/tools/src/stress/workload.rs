//! What each operation does, and what it leaves behind.

use lsm::{
    Batch, Compression, Db, Durability, Keyspace, KeyspaceOptions, Layout, Options, ReadMode,
};

use super::{Failure, Plan};
use crate::{random::Random, record::mix};

/// A key, by its place in key order. Slot `s` belongs to thread `s % threads`.
pub type Slot = u64;

/// Number of an operation among those of its thread, from 1; 0 stands for "nothing yet".
pub type Number = u64;

/// In which keyspaces a slot lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// In both, always written by one batch: both must show the same version.
    Both,
    /// With separated values.
    Separated,
    /// With values in the tables.
    Leveled,
}

/// The database under test.
#[derive(Debug)]
pub struct Subject {
    /// The database.
    pub db: Db,
    /// Its keyspaces: with separated values, and with values in the tables.
    pub keyspaces: [Keyspace; 2],
}

impl Subject {
    /// Opens it, with settings that follow from the seed and the round and are small enough that flushes, compactions and
    /// collections happen all the time.
    ///
    /// # Errors
    /// Whatever opening fails with.
    pub fn open(plan: &Plan, round: u64, read_only: bool) -> Result<Self, Failure> {
        let mut random = Random::new(&[plan.seed, 1, round]);
        let options = Options::default()
            .segment_bytes(random.of(&[64 << 10, 256 << 10, 1 << 20]))
            .write_buffer_bytes(random.of(&[48 << 10, 200 << 10, 1 << 20]))
            .cache_bytes(random.of(&[64 << 10, 4 << 20]))
            .max_immutable_memtables(random.of(&[1, 2, 4]))
            .compaction_threads(random.of(&[1, 2]))
            .mapped_log(!random.one_in(3))
            .read_mode(random.of(&[ReadMode::Mapped, ReadMode::Positioned]))
            .space_target(random.of(&[1.1, 1.35, 2.0]))
            .read_only(read_only);
        let db = Db::open(&plan.dir, options)?;
        let mut random = Random::new(&[plan.seed, 2]);
        let mut settings = |layout| KeyspaceOptions {
            layout,
            compression: random.of(&[Compression::None, Compression::Lz4]),
            value_compression: random.of(&[Compression::None, Compression::Lz4]),
            block_bytes: random.of(&[256, 1024, 4096]),
            filter_bits_per_key: random.of(&[0.0, 10.0]),
            level0_tables: random.of(&[1, 2, 4]),
            level1_bytes: random.of(&[16 << 10, 128 << 10]),
            level_ratio: random.of(&[2, 4, 10]),
            table_bytes: random.of(&[16 << 10, 64 << 10]),
        };
        let options = [settings(Layout::Separated { from: 64 }), settings(Layout::Leveled)];
        let [first, second] = options;
        let keyspaces = [db.keyspace("separated", first)?, db.keyspace("leveled", second)?];
        Ok(Self { db, keyspaces })
    }

    /// Does a thread's operation.
    ///
    /// # Errors
    /// Whatever the write fails with.
    pub fn apply(
        &self,
        plan: &Plan,
        thread: u64,
        number: Number,
        durability: Durability,
    ) -> Result<(), Failure> {
        let slots = slots_of(plan, thread, number);
        if let [slot] = slots[..]
            && let Some(keyspace) = match home(slot) {
                Home::Both => None,
                Home::Separated => Some(&self.keyspaces[0]),
                Home::Leveled => Some(&self.keyspaces[1]),
            }
        {
            return Ok(match value(plan, slot, number) {
                Some(value) => keyspace.put_with(&key(slot), &value, durability),
                None => keyspace.delete_with(&key(slot), durability),
            }?);
        }
        let mut batch = Batch::new();
        for slot in slots {
            for (index, keyspace) in self.keyspaces.iter().enumerate() {
                if !lives_in(slot, index) {
                    continue;
                }
                match value(plan, slot, number) {
                    Some(value) => batch.put(keyspace, &key(slot), &value),
                    None => batch.delete(keyspace, &key(slot)),
                }?;
            }
        }
        Ok(self.db.write(batch, durability)?)
    }
}

/// Where a slot lives.
#[must_use]
pub const fn home(slot: Slot) -> Home {
    match mix(slot) % 4 {
        0 => Home::Both,
        1 | 2 => Home::Separated,
        _ => Home::Leveled,
    }
}

/// Whether a slot lives in the keyspace with this index in [`Subject::keyspaces`].
#[must_use]
pub const fn lives_in(slot: Slot, keyspace: usize) -> bool {
    match home(slot) {
        Home::Both => true,
        Home::Separated => keyspace == 0,
        Home::Leveled => keyspace == 1,
    }
}

/// A slot's key: of different lengths, in the order of the slots.
#[must_use]
pub fn key(slot: Slot) -> Vec<u8> {
    let mut key = slot.to_be_bytes()[2..].to_vec();
    key.resize(6 + usize::try_from(mix(slot) % 24).unwrap_or(0), b'k');
    key
}

/// How durable a thread's operation is, while nobody kills the process.
#[must_use]
pub fn durability(plan: &Plan, thread: u64, number: Number) -> Durability {
    match Random::new(&[plan.seed, 9, thread, number]).below(64) {
        0 => Durability::Sync,
        1..12 => Durability::None,
        _ => Durability::Buffered,
    }
}

/// The slots that a thread's operation writes, in ascending order, each once.
#[must_use]
pub fn slots_of(plan: &Plan, thread: u64, number: Number) -> Vec<Slot> {
    let mut random = Random::new(&[plan.seed, 3, thread, number]);
    let count = if random.one_in(4) { 1 + random.below(7) } else { 1 };
    let mut slots: Vec<Slot> =
        (0..count).map(|_| random.below(plan.slots) * plan.threads + thread).collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// Whether a thread's operation writes a slot.
#[must_use]
pub fn writes(plan: &Plan, slot: Slot, number: Number) -> bool {
    number > 0 && slots_of(plan, slot % plan.threads, number).contains(&slot)
}

/// What a slot holds after the operation `number` has written it: `None` if it deleted it, or is 0.
#[must_use]
pub fn value(plan: &Plan, slot: Slot, number: Number) -> Option<Vec<u8>> {
    let mut random = Random::new(&[plan.seed, 4, slot, number]);
    if number == 0 || random.one_in(6) {
        return None;
    }
    let len = match random.below(32) {
        0 => 4096 + random.below(16 << 10),
        // Header and one random word: enough to tell from any other, too short to be separated.
        1..8 => 24,
        _ => 24 + random.below(300),
    };
    let mut value = Vec::with_capacity(usize::try_from(len).unwrap_or(16) + 8);
    value.extend_from_slice(&slot.to_le_bytes());
    value.extend_from_slice(&number.to_le_bytes());
    while (value.len() as u64) < len {
        // Every second word repeats, so that there is something to compress.
        let word = if value.len() % 16 == 0 { random.bits() } else { slot };
        value.extend_from_slice(&word.to_le_bytes());
    }
    value.truncate(usize::try_from(len).unwrap_or(16));
    Some(value)
}

/// The version that a value says it is: the number of the operation that wrote it.
///
/// # Errors
/// A value that no operation wrote to this slot.
pub fn version(plan: &Plan, slot: Slot, found: &[u8]) -> Result<Number, Failure> {
    let number =
        found.get(8..16).and_then(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?)));
    match number {
        Some(number)
            if value(plan, slot, number).as_deref() == Some(found)
                && writes(plan, slot, number) =>
        {
            Ok(number)
        }
        _ => Err(Failure::Mismatch(format!(
            "slot {slot} holds {} bytes that no operation wrote there: {}",
            found.len(),
            found[..found.len().min(32)].escape_ascii()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            seed: 5,
            threads: 3,
            slots: 100,
            duration: std::time::Duration::ZERO,
            dir: std::path::PathBuf::new(),
        }
    }

    #[test]
    fn keys_are_in_the_order_of_the_slots() {
        let keys: Vec<_> = (0..5000).map(key).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn values_say_who_wrote_them_and_nothing_else_passes() {
        let plan = plan();
        let mut deleted = 0;
        for number in 1..2000 {
            for slot in slots_of(&plan, 1, number) {
                assert_eq!(slot % 3, 1);
                let Some(mut bytes) = value(&plan, slot, number) else {
                    deleted += 1;
                    continue;
                };
                assert_eq!(version(&plan, slot, &bytes).unwrap(), number);
                assert!(version(&plan, slot + 3, &bytes).is_err());
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
                assert!(version(&plan, slot, &bytes).is_err());
            }
        }
        assert!(deleted > 100, "{deleted}");
        assert_eq!(value(&plan, 1, 0), None);
    }
}
