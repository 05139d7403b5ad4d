//! A stretch of what happened, in memory.

use super::{index::Index, seed::Seed};
use crate::model::{Entry, Resolution, TransferFlags};
use std::collections::HashMap;

/// No link, no slot.
const NONE: u32 = u32::MAX;

/// Entries that follow each other in time, found by id and by account.
///
/// The state writes into one, the *active* one; frozen ones never change, and are given to the archive.
#[derive(Debug)]
pub struct Generation {
    entries: Vec<Entry>,
    /// From an event's id to its entry.
    index: Index,
    /// From a pending transfer's id to how it ended, if it ended here.
    resolutions: HashMap<u128, (Resolution, u64), Seed>,
    /// The accounts that are touched here, in the order in which they first were.
    touched: Vec<Touched>,
    touched_index: Index,
    links: Vec<Link>,
    seed: Seed,
}

/// An account that some entry touches.
#[derive(Debug, Clone, Copy)]
struct Touched {
    id: u128,
    /// Where the state has it.
    account: u32,
    /// The newest of its links.
    head: u32,
}

/// That an entry touches an account, and the account's link before.
#[derive(Debug, Clone, Copy)]
struct Link {
    entry: u32,
    touched: u32,
    previous: u32,
}

/// For each account's place in the state where the active generation has it in `touched`. What it says counts only if that names the account:
/// so nothing needs to be cleared when a new generation begins.
pub(super) type Slots = Vec<u32>;

impl Generation {
    pub(super) fn new(entries: usize, seed: Seed) -> Self {
        Self {
            entries: Vec::with_capacity(entries),
            index: Index::with_capacity(entries),
            resolutions: HashMap::with_hasher(seed),
            touched: Vec::new(),
            touched_index: Index::with_capacity(0),
            links: Vec::with_capacity(entries.saturating_mul(2)),
            seed,
        }
    }

    /// An empty one with the room of this one: fresh memory would cost a page fault for every dozen entries.
    pub(super) fn emptied(mut self) -> Self {
        self.entries.clear();
        self.index.clear();
        self.resolutions.clear();
        self.touched.clear();
        self.touched_index.clear();
        self.links.clear();
        self
    }

    /// All of it, in the order of time.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of an event's id.
    #[must_use]
    pub fn find(&self, id: u128) -> Option<&Entry> {
        self.find_tagged(self.seed.tag(id), id)
    }

    #[inline(always)]
    pub(super) fn find_tagged(&self, tag: u32, id: u128) -> Option<&Entry> {
        let place = self.index.find(tag, |place| self.entries[place as usize].id() == Some(id))?;
        Some(&self.entries[place as usize])
    }

    /// How a pending transfer ended and when, if it ended here.
    #[must_use]
    pub fn resolution(&self, pending_id: u128) -> Option<(Resolution, u64)> {
        self.resolutions.get(&pending_id).copied()
    }

    /// The entries that touch an account, each once, newest first. It follows links: the cost is that of what it gives.
    pub fn of_account(&self, id: u128) -> impl Iterator<Item = &Entry> + '_ {
        let touched =
            self.touched_index.find(self.seed.tag(id), |at| self.touched[at as usize].id == id);
        let mut at = touched.map_or(NONE, |at| self.touched[at as usize].head);
        std::iter::from_fn(move || {
            let link = self.links.get(at as usize)?;
            at = link.previous;
            self.entries.get(link.entry as usize)
        })
    }

    /// When the first entry happened.
    #[must_use]
    pub fn first_timestamp(&self) -> Option<u64> {
        self.entries.first().map(Entry::timestamp)
    }

    /// When the last entry happened.
    #[must_use]
    pub fn last_timestamp(&self) -> Option<u64> {
        self.entries.last().map(Entry::timestamp)
    }

    /// How many entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether so many more have places.
    pub(super) fn has_room(&self, more: usize) -> bool {
        // Each has up to 133 links, and links have numbers below `NONE`.
        self.links.len().saturating_add(more.saturating_mul(133)) < NONE as usize
    }

    /// Adds an entry with an id that is not here. `tag` is that id's.
    #[inline(always)]
    pub(super) fn push_identified(&mut self, tag: u32, entry: Entry) {
        self.index.insert(tag, self.entries.len() as u32);
        self.entries.push(entry);
    }

    /// Adds an entry without an id.
    pub(super) fn push_anonymous(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    pub(super) fn resolve(&mut self, pending_id: u128, how: Resolution, timestamp: u64) {
        self.resolutions.insert(pending_id, (how, timestamp));
    }

    /// Says that the last entry touches an account, which has this id and place.
    #[inline(always)]
    pub(super) fn link(&mut self, slots: &mut Slots, account: u32, id: u128) {
        let entry = (self.entries.len() as u32).wrapping_sub(1);
        let at = self.slot(slots, account, id);
        let Some(touched) = self.touched.get_mut(at as usize) else { return };
        let previous = touched.head;
        if self.links.get(previous as usize).is_some_and(|link| link.entry == entry) {
            return;
        }
        touched.head = self.links.len() as u32;
        self.links.push(Link { entry, touched: at, previous });
    }

    /// Where an account is in `touched`.
    #[inline(always)]
    fn slot(&mut self, slots: &mut Slots, account: u32, id: u128) -> u32 {
        if let Some(at) = slots.get(account as usize)
            && let Some(touched) = self.touched.get(*at as usize)
            && touched.account == account
        {
            return *at;
        }
        self.first_touch(slots, account, id)
    }

    #[cold]
    fn first_touch(&mut self, slots: &mut Slots, account: u32, id: u128) -> u32 {
        let at = self.touched.len() as u32;
        self.touched.push(Touched { id, account, head: NONE });
        self.touched_index.insert(self.seed.tag(id), at);
        if slots.len() <= account as usize {
            slots.resize(account as usize + 1, NONE);
        }
        slots[account as usize] = at;
        at
    }

    /// Takes back the entries behind the first so many.
    pub(super) fn truncate(&mut self, keep: usize) {
        while self.entries.len() > keep
            && let Some(entry) = self.entries.pop()
        {
            let place = self.entries.len() as u32;
            if let Some(id) = entry.id() {
                self.index.remove(self.seed.tag(id), place);
            }
            if let Entry::Transfer(posted) = &entry
                && posted
                    .transfer
                    .flags
                    .intersects(TransferFlags::POST_PENDING | TransferFlags::VOID_PENDING)
            {
                self.resolutions.remove(&posted.transfer.pending_id);
            }
            while let Some(link) = self.links.pop_if(|link| link.entry == place) {
                if let Some(touched) = self.touched.get_mut(link.touched as usize) {
                    touched.head = link.previous;
                }
            }
        }
    }
}
