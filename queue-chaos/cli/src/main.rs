//! The command line of `queue-chaos`.
fn main() {}
