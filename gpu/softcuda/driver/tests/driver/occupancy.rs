//! Occupancy by threads, blocks and shared memory.

use crate::support::{Session, fails, ok};
use softcuda_driver::*;

#[test]
fn resident_blocks() {
    let session = Session::new();
    let kernel = session.kernel("trapped");
    let blocks = |kernel, threads, shared| {
        let mut blocks = -1;
        ok!(cuOccupancyMaxActiveBlocksPerMultiprocessor(&mut blocks, kernel, threads, shared));
        blocks
    };
    assert_eq!(blocks(kernel, 1024, 0), 2);
    assert_eq!(blocks(kernel, 256, 0), 8);
    assert_eq!(blocks(kernel, 1, 0), 32);
    assert_eq!(blocks(kernel, 32, 82 << 10), 2);
    assert_eq!(blocks(kernel, 32, 1 << 40), 0);
    assert_eq!(blocks(session.kernel("bounded"), 128, 0), 0);
    for threads in [0, -1, 1025] {
        fails!(
            cuOccupancyMaxActiveBlocksPerMultiprocessor(&mut 0, kernel, threads, 0),
            CUDA_ERROR_INVALID_VALUE
        );
    }
    let mut bytes = 0;
    ok!(cuOccupancyAvailableDynamicSMemPerBlock(&mut bytes, session.kernel("sized"), 2, 64));
    assert_eq!(bytes, (82 << 10) - 1024);
    fails!(
        cuOccupancyAvailableDynamicSMemPerBlock(&mut bytes, kernel, 3, 1024),
        CUDA_ERROR_INVALID_VALUE
    );
}

unsafe extern "C" fn quarter_kilobyte_a_thread(threads: i32) -> usize {
    threads as usize * 256
}

#[test]
fn the_best_block() {
    let session = Session::new();
    let best = |kernel, shared, limit| {
        let (mut grid, mut block) = (0, 0);
        ok!(cuOccupancyMaxPotentialBlockSize(&mut grid, &mut block, kernel, shared, 0, limit));
        (grid, block)
    };
    let kernel = session.kernel("trapped");
    assert_eq!(best(kernel, None, 0), (216, 1024));
    assert_eq!(best(kernel, None, 500), (8 * 108, 256));
    assert_eq!(best(session.kernel("bounded"), None, 0), (108 * 32, 64));
    // 164 KiB are 656 threads: 640 of them in one block.
    assert_eq!(best(kernel, Some(quarter_kilobyte_a_thread), 0), (108, 640));
}
