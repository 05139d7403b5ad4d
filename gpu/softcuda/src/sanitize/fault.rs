//! What stops a launch, as a finding.

use super::collect::within;
use super::finding::{Bytes, Finding, Kind, Level, Place};
use crate::lower::Kernel;
use crate::machine::{Fault, LaunchError, Near, ThreadPlace, WarpPlace};
use crate::memory::{Nearest, Regions, Space};

/// The finding of an error; `None` for launches that were refused.
pub(super) fn finding(kernel: &Kernel, regions: &Regions, error: &LaunchError) -> Option<Finding> {
    let new = |kind, place: Option<&ThreadPlace>, notes| Finding {
        kind,
        level: Level::Error,
        kernel: kernel.name().to_owned(),
        place: place.map(|place| Place {
            block: place.block,
            thread: Some(place.thread),
            opcode: place.opcode.clone(),
            line: place.line,
            source: place.source.clone(),
        }),
        other: None,
        bytes: None,
        notes,
        count: 1,
    };
    let list = |places: &[WarpPlace]| {
        let lines = kernel.program().places.iter().map(|place| place.line);
        let lines: Vec<u32> = lines.collect();
        let one = |place: &WarpPlace| {
            let pc = lines.iter().position(|&line| line == place.line);
            match pc.and_then(|pc| kernel.source(pc as u32)) {
                Some((file, line)) => format!("{place}, {file}:{line}"),
                None => place.to_string(),
            }
        };
        places.iter().map(one).collect()
    };
    match error {
        LaunchError::Fault { place, fault } => {
            let (kind, bytes, note) = match *fault {
                Fault::OutOfBounds { space, address, size, near } => {
                    let freed = |offset: i64, len: u64| (0..len as i64).contains(&offset);
                    let kind = match near {
                        Near::Global(Nearest::Freed { offset, len, .. }) if freed(offset, len) => {
                            Kind::UseAfterFree
                        }
                        _ => Kind::OutOfBounds,
                    };
                    (kind, Some((space, address, size)), near.to_string())
                }
                Fault::Misaligned { space, address, size, align } => {
                    let note = format!("the address must be a multiple of {align}");
                    (Kind::Misaligned, Some((space, address, size)), note)
                }
                Fault::ReadOnly { address, size } => {
                    (Kind::ReadOnly, Some((Space::Const, address, size)), fault.to_string())
                }
                Fault::NotMember { .. } => (Kind::MemberMask, None, fault.to_string()),
                Fault::Barrier { .. } => (Kind::InvalidBarrier, None, fault.to_string()),
                Fault::Trap
                | Fault::Assertion { .. }
                | Fault::BranchIndex { .. }
                | Fault::Misuse(_) => (Kind::Trap, None, fault.to_string()),
            };
            let mut finding = new(kind, Some(place), vec![note]);
            finding.bytes = bytes.map(|(space, address, size)| Bytes {
                space,
                address,
                size,
                within: within(kernel, regions, space, address),
            });
            Some(finding)
        }
        LaunchError::Deadlock { places, .. } => Some(new(Kind::Deadlock, None, list(places))),
        LaunchError::StepLimit { places, .. } => Some(new(Kind::StepLimit, None, list(places))),
        _ => None,
    }
}
