//! Says what this machine has for the course, what it lacks, and how to get that on this system.
//!
//! Nothing is installed and nothing is changed, but for a file of a few kilobytes in the work tree's `out/`, which is written, synced and removed to learn what a sync
//! costs. Programs that are asked for their version have a time limit each, so that one that hangs does not stop the rest.
//!
//! | room | what is in it |
//! |---|---|
//! | [`finding`] | what was looked for, and what was found |
//! | [`place`] | the machine that is looked at; tests look at one that they have made up |
//! | [`system`] | which system it is, and how its packages are installed |
//! | [`hardware`] | processor, memory, and the disk, with what a sync costs |
//! | [`programs`] | compilers, interpreters, servers, browsers |
//! | [`broker`] | what Kafka there is |
//! | [`gpu`] | a real GPU, or softcuda |
//! | [`devbox`] | the dev container: whether it is built from what the scripts install |
//! | [`show`] | all of it as a table, as JSON, and as the course runner's events |
//!
//! ```
//! let place = doctor::place::Place::here(std::env::temp_dir());
//! let found = doctor::examine(&place)?;
//! println!("{} of {} things are there", found.there(), found.findings.len());
//! # Ok::<(), doctor::Error>(())
//! ```

pub mod broker;
pub mod devbox;
pub mod finding;
pub mod gpu;
pub mod hardware;
pub mod place;
pub mod programs;
pub mod show;
pub mod system;

use std::path::PathBuf;

use self::{finding::Examination, place::Place, system::System};

/// Why a machine could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk could not be tried.
    #[error("cannot write to {}, which is where labs leave their files: {source}", path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Looks at everything. Takes a second or two, most of it for syncs and for programs that say their versions.
///
/// # Errors
///
/// [`Error::Disk`] if nothing can be written where labs write. Whatever else is not there is a finding.
pub fn examine(place: &Place) -> Result<Examination, Error> {
    let system = System::of(place);
    let (hardware, disk) = hardware::examine(place)?;
    let mut findings = hardware;
    findings.extend(programs::required(place, &system));
    findings.extend(broker::examine(place, &system));
    findings.extend(gpu::examine(place));
    findings.extend(programs::optional(place, &system));
    Ok(Examination { format: 1, system: system.name, disk, findings })
}
