//! Parallelism of instructions.

use crate::host::Host;
use crate::{args, run};

/// The kernels of the occupancy sweep have as many chains as their names say.
#[test]
fn chains_are_counted() {
    let host = Host::new();
    let n = 512_i64;
    let out = host.room::<f32>(n as usize);
    for chains in [1_u32, 2, 4, 8] {
        let shape = (4.into(), 128.into());
        let name = format!("fma_ilp{chains}");
        let args = args![out, 0.5_f32, 1.0_f32, 1000_i32, n];
        let profile = run(&host, "occupancy", &name, shape, args);
        let ilp = &profile.ilp;
        assert_eq!((ilp.warps, ilp.blocks, ilp.truncated), (16, 4, false));
        let wanted = f64::from(chains);
        // Of its 8003 and some: additions before and after the loop.
        let arithmetic = ilp.of_arithmetic().unwrap();
        assert!((arithmetic / wanted - 1.0).abs() < 0.01, "{name}: {arithmetic}");
        // The loop counts, compares and branches beside its 32 FMAs.
        let all = ilp.all().unwrap();
        assert!((all / (wanted * 35.0 / 32.0) - 1.0).abs() < 0.02, "{name}: {all}");
    }
}
