//! What ends what an action has begun.

use std::time::Duration;

use super::{Action, Target};

impl Action {
    /// Whom it is for, if it is for nodes.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        match self {
            Self::Stop(to)
            | Self::Start(to)
            | Self::Kill(to)
            | Self::Pause(to)
            | Self::Resume(to)
            | Self::Restart(to)
            | Self::Wipe(to)
            | Self::Net { to, .. }
            | Self::Heal(to)
            | Self::FillDisk(to)
            | Self::FreeDisk(to)
            | Self::ReadOnlyDisk(to)
            | Self::WritableDisk(to)
            | Self::TearTail { of: to, .. }
            | Self::RoundTrip { of: to, .. } => Some(*to),
            Self::RollingRestart
            | Self::AddNode
            | Self::Reassign
            | Self::BeginReassign
            | Self::ElectPreferred
            | Self::ProduceErrors { .. }
            | Self::MoveLeader { .. }
            | Self::Forget
            | Self::KillClient(_)
            | Self::StartClient(_)
            | Self::Mark(_) => None,
        }
    }

    /// The same for others. One that is not for nodes stays as it is.
    #[must_use]
    pub fn with_target(&self, target: Target) -> Self {
        let mut action = self.clone();
        match &mut action {
            Self::Stop(to)
            | Self::Start(to)
            | Self::Kill(to)
            | Self::Pause(to)
            | Self::Resume(to)
            | Self::Restart(to)
            | Self::Wipe(to)
            | Self::Net { to, .. }
            | Self::Heal(to)
            | Self::FillDisk(to)
            | Self::FreeDisk(to)
            | Self::ReadOnlyDisk(to)
            | Self::WritableDisk(to)
            | Self::TearTail { of: to, .. }
            | Self::RoundTrip { of: to, .. } => *to = target,
            _ => {}
        }
        action
    }

    /// What ends it: `start` ends `stop` and `kill`, `resume` ends `pause`, `heal` ends `net`, `free-disk` ends `fill-disk`, `writable-disk` ends
    /// `read-only-disk`, `start-client` ends `kill-client`, `round-trip N 0s` ends `round-trip`. None for what is over when it is done, and for what ends something itself.
    #[must_use]
    pub fn inverse(&self) -> Option<Self> {
        match self {
            Self::Stop(to) | Self::Kill(to) => Some(Self::Start(*to)),
            Self::Pause(to) => Some(Self::Resume(*to)),
            Self::Net { to, .. } => Some(Self::Heal(*to)),
            Self::FillDisk(to) => Some(Self::FreeDisk(*to)),
            Self::ReadOnlyDisk(to) => Some(Self::WritableDisk(*to)),
            Self::KillClient(client) => Some(Self::StartClient(*client)),
            Self::RoundTrip { of, delay } if !delay.is_zero() => {
                Some(Self::RoundTrip { of: *of, delay: Duration::ZERO })
            }
            _ => None,
        }
    }

    /// Whether it ends what such a one has begun, if both are for the same nodes.
    #[must_use]
    pub fn ends(&self, begun: &Self) -> bool {
        match (begun.inverse(), self.target()) {
            (Some(inverse), Some(target)) => inverse.with_target(target) == *self,
            (Some(inverse), None) => inverse == *self,
            _ => false,
        }
    }
}
