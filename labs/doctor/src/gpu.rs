//! A real GPU, or softcuda.

use crate::{
    finding::{Finding, State},
    place::Place,
};

/// What NVIDIA's own program says; without it, what the kernel shows.
#[must_use]
pub fn examine(place: &Place) -> Vec<Finding> {
    let query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"];
    let devices = place.says("nvidia-smi", &query);
    let devices: Vec<&str> = devices
        .iter()
        .flat_map(|said| said.lines())
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let state = if !devices.is_empty() {
        State::found(devices.join("; "))
    } else if place.path("/proc/driver/nvidia/version").exists() {
        State::found(
            "NVIDIA's kernel module is there, nvidia-smi is not: how many GPUs is not known",
        )
    } else {
        State::Missing {
            without: "module 3 runs on softcuda: results are checked, bytes counted, times predicted, and no time is measured".to_owned(),
            get: "a machine with an NVIDIA GPU and its driver".to_owned(),
        }
    };
    let soft = State::found("softcuda: runs the same PTX on the processor");
    vec![
        Finding { name: "GPU", purpose: "times in module 3", required: false, state },
        Finding {
            name: "GPU, emulated",
            purpose: "everything else in module 3",
            required: true,
            state: soft,
        },
    ]
}
