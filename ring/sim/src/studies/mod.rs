//! What can be asked of placements: one study a file. A study computes and reports; showing is not its business.

pub mod movement;
pub mod warm_up;

use crate::progress::Progress;
use crate::scheme::Scheme;
use crate::settings::Settings;

/// What every study is given.
#[derive(Debug)]
pub struct Context<'a> {
    /// Which schemes are compared, in this order.
    pub schemes: &'a [Scheme],
    /// How placements are built.
    pub settings: &'a Settings,
    /// Who is told how far it has come.
    pub progress: &'a mut Progress,
}
