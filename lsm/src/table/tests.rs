//! Tests of the room as a whole, over files in memory.

mod blocks;
mod damage;
mod look_ahead;
mod model;
mod reading;
mod versions;
mod writing;
