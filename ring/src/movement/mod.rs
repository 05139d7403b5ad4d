//! What moves when a placement changes, and the moving of it.

mod migration;
mod plan;
mod volume;

pub use migration::{Limits, Migration, MoveId, MoveState, Progress, Route};
pub use plan::{Move, NodeChange, Peer, Plan, plan};
pub use volume::{Density, NodeVolume, Volume};
