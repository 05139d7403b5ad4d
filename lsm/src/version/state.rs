//! What the manifest's edits add up to: the structure on disk, without open files.

use std::collections::BTreeMap;

use super::edit::{CreateKeyspace, Edit, MAX_LEVELS, ReplayPosition, TableMeta};
use crate::{Error, KeyspaceId, SegmentId, SequenceNumber, entry::MAX_NUMBER};

/// One keyspace in the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeyspaceState {
    pub(crate) name: String,
    pub(crate) options: String,
    /// Its writes up to this sequence number are in tables.
    pub(crate) flushed: SequenceNumber,
    /// Tables by level, in the order in which they were added.
    pub(crate) levels: Vec<Vec<TableMeta>>,
}

/// The whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) database_id: u64,
    pub(crate) next_file: u64,
    pub(crate) last_sequence: SequenceNumber,
    pub(crate) replay: ReplayPosition,
    pub(crate) keyspaces: BTreeMap<KeyspaceId, KeyspaceState>,
    pub(crate) segment_ends: BTreeMap<SegmentId, u32>,
    pub(crate) clean_close: bool,
    /// The highest keyspace number ever used: log and manifest may still speak of a dropped keyspace, so that no other
    /// may get its number.
    pub(crate) last_keyspace: u32,
}

impl State {
    /// Applies an edit, or says why it cannot follow.
    pub(crate) fn apply(&mut self, edit: &Edit) -> Result<(), String> {
        let numbers =
            [edit.next_file, edit.last_sequence, edit.replay.map(|replay| replay.sequence)];
        if let Some(number) = numbers.into_iter().flatten().find(|number| *number > MAX_NUMBER) {
            return Err(format!(
                "a file or commit has the number {number}, and none comes that far"
            ));
        }
        self.clean_close = edit.clean_close;
        if let Some(id) = edit.database_id {
            self.database_id = id;
        }
        self.next_file = self.next_file.max(edit.next_file.unwrap_or(0));
        self.last_sequence = self.last_sequence.max(edit.last_sequence.unwrap_or(0));
        for create in &edit.create {
            if self.keyspaces.contains_key(&create.id) {
                return Err(format!("keyspace {} is created twice", create.id.0));
            }
            let keyspace = KeyspaceState {
                name: create.name.clone(),
                options: create.options.clone(),
                ..KeyspaceState::default()
            };
            self.last_keyspace = self.last_keyspace.max(create.id.0);
            self.keyspaces.insert(create.id, keyspace);
        }
        for (id, level, table) in &edit.remove {
            let tables = self.levels(*id)?.get_mut(*level);
            let found = tables.and_then(|tables| {
                let index = tables.iter().position(|candidate| candidate.id == *table)?;
                Some(tables.remove(index))
            });
            if found.is_none() {
                return Err(format!(
                    "table {} is removed from level {level}, where it is not",
                    table.0
                ));
            }
        }
        for (id, level, table) in &edit.add {
            if table.smallest_key > table.largest_key || *level >= MAX_LEVELS {
                return Err(format!("table {} has an impossible key range or level", table.id.0));
            }
            let levels = self.levels(*id)?;
            if levels.len() <= *level {
                levels.resize_with(level + 1, Vec::new);
            }
            levels[*level].push(table.clone());
        }
        for (id, sequence) in &edit.flushed {
            let keyspace = self.keyspaces.get_mut(id).ok_or_else(|| no_keyspace(*id))?;
            keyspace.flushed = keyspace.flushed.max(*sequence);
        }
        for id in &edit.drop {
            self.keyspaces.remove(id).ok_or_else(|| no_keyspace(*id))?;
        }
        self.segment_ends.extend(edit.segment_ends.iter());
        if let Some(replay) = edit.replay {
            self.replay = replay;
        }
        // A segment may be sealed after replay has left it behind.
        self.segment_ends.retain(|segment, _| segment.0 >= self.replay.segment);
        Ok(())
    }

    /// The number of the next keyspace that is created.
    pub(crate) fn next_keyspace(&self) -> Result<KeyspaceId, Error> {
        self.last_keyspace.checked_add(1).map(KeyspaceId).ok_or_else(|| Error::InvalidOption {
            option: "keyspace",
            found: "all 2^32 numbers of keyspaces were used in this database; make a new one"
                .to_owned(),
        })
    }

    fn levels(&mut self, id: KeyspaceId) -> Result<&mut Vec<Vec<TableMeta>>, String> {
        self.keyspaces
            .get_mut(&id)
            .map(|keyspace| &mut keyspace.levels)
            .ok_or_else(|| no_keyspace(id))
    }

    /// Whether a manifest of one would be the same as that of the other, but for the next file's number: an open database is
    /// ahead of its manifest there.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let described = |state: &Self| Self { next_file: 0, ..state.clone() }.describe();
        described(self) == described(other)
    }

    /// The payload of one edit from nothing to this state.
    pub(crate) fn describe(&self) -> Vec<u8> {
        let mut edit = Edit {
            database_id: Some(self.database_id),
            next_file: Some(self.next_file),
            last_sequence: Some(self.last_sequence),
            replay: Some(self.replay),
            segment_ends: self.segment_ends.clone(),
            clean_close: self.clean_close,
            ..Edit::default()
        };
        for (id, keyspace) in &self.keyspaces {
            edit.create.push(CreateKeyspace {
                id: *id,
                name: keyspace.name.clone(),
                options: keyspace.options.clone(),
            });
            edit.flushed.push((*id, keyspace.flushed));
            for (level, tables) in keyspace.levels.iter().enumerate() {
                edit.add.extend(tables.iter().map(|table| (*id, level, table.clone())));
            }
        }
        let last_live = self.keyspaces.last_key_value().map_or(0, |(id, _)| id.0);
        if last_live < self.last_keyspace {
            // The last number was a dropped keyspace's: created and dropped again, so that it stays used.
            let id = KeyspaceId(self.last_keyspace);
            edit.create.push(CreateKeyspace { id, name: String::new(), options: String::new() });
            edit.drop.push(id);
        }
        let mut payload = Vec::new();
        edit.encode(&mut payload);
        payload
    }
}

fn no_keyspace(id: KeyspaceId) -> String {
    format!("keyspace {} is changed and does not exist", id.0)
}
