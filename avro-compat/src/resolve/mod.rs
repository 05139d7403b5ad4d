//! What a writer wrote, as a reader wants it.

pub(crate) mod branch;
