//! Tests of the room as a whole, over a small file system in memory.
mod bench;
mod damage;
mod files;
mod memory;
mod mutation;
#[cfg(not(miri))]
mod pages;
mod records;
mod recovery;
mod recycling;
mod writing;
