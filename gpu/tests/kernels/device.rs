//! Buffers, views, streams, events and what is recorded.

use crate::data::{gpu, put, room};
use gpu_kernels::{
    DeviceBuffer, Error, Event, Gpu, Reduction, Scan, Stream, VecAdd, View, ViewMut, reduce_sum,
    scan, vec_add,
};

#[test]
fn buffers_hold_what_they_are_given() {
    let gpu = gpu();
    assert_eq!(put(&[1_u8, 2, 3]).to_vec().unwrap(), [1, 2, 3]);
    assert_eq!(put(&[-1_i64, i64::MAX]).to_vec().unwrap(), [-1, i64::MAX]);
    assert_eq!(DeviceBuffer::<u64>::zeroed(&gpu, 3).unwrap().to_vec().unwrap(), [0; 3]);
    assert_eq!(room::<u32>(2).to_vec().unwrap(), [u32::MAX; 2]);
    assert!(room::<f32>(2).to_vec().unwrap().iter().all(|x| x.is_nan()));
    let empty = put::<f32>(&[]);
    assert!(empty.is_empty() && empty.to_vec().unwrap().is_empty());
    let mut buffer = put(&[1_i32, 2, 3]);
    assert_eq!(buffer.copy_from(&[1, 2]), Err(Error::CopyLength { from: 2, to: 3 }));
    buffer.copy_from(&[7, 8, 9]).unwrap();
    let copy = buffer.try_clone(&gpu).unwrap();
    buffer.set_zero(&gpu).unwrap();
    assert_eq!(copy.to_vec().unwrap(), [7, 8, 9]);
    assert_eq!(buffer.to_vec().unwrap(), [0; 3]);
    let (free, total) = gpu.memory().unwrap();
    assert!(0 < free && free <= total);
}

#[test]
fn views_are_bounded() {
    let gpu = gpu();
    let buffer = put(&[0_u32, 1, 2, 3, 4]);
    let get = |view: View<'_, u32>| view.to_vec(&gpu).unwrap();
    assert_eq!(get(buffer.slice(1..3).unwrap()), [1, 2]);
    assert_eq!(get(buffer.slice(2..=3).unwrap().slice(1..).unwrap()), [3]);
    assert_eq!(get(buffer.slice(5..).unwrap()), [0; 0]);
    let (left, right) = buffer.view().split_at(2).unwrap();
    assert_eq!((get(left), get(right)), (vec![0, 1], vec![2, 3, 4]));
    assert_eq!(buffer.slice(3..6).unwrap_err(), Error::OutOfBounds { start: 3, end: 6, len: 5 });
    #[expect(clippy::reversed_empty_ranges, reason = "what is refused")]
    let reversed = buffer.slice(3..2).unwrap_err();
    assert_eq!(reversed, Error::OutOfBounds { start: 3, end: 2, len: 5 });
    assert!(buffer.slice(usize::MAX..=usize::MAX).is_err());
    assert!(buffer.view().split_at(6).is_err());
}

#[test]
fn addresses_go_out_and_come_in() {
    let gpu = gpu();
    let buffer = put(&[1.0_f32, 2.0, 3.0]);
    let address = buffer.into_raw();
    // SAFETY: what was taken out is put back, once.
    let mut buffer = unsafe { DeviceBuffer::<f32>::from_raw(&gpu, address, 3) };
    assert_eq!(buffer.as_raw(), address);
    let sum = put(&[1.0_f32; 3]);
    // SAFETY: the buffers outlive the views, and are not used meanwhile.
    let (a, c) = unsafe {
        (
            View::<f32>::from_raw(&gpu, sum.as_raw(), 3),
            ViewMut::<f32>::from_raw(&gpu, buffer.as_raw(), 3),
        )
    };
    vec_add(&gpu, VecAdd::Scalar, a, &sum, c).unwrap();
    assert_eq!(buffer.to_vec().unwrap(), [2.0; 3]);
    let mut view = buffer.view_mut();
    vec_add(&gpu, VecAdd::Scalar, &sum, &sum, &mut view).unwrap();
    assert_eq!(view.as_view().to_vec(&gpu).unwrap(), [2.0; 3]);
}

#[test]
fn streams_in_order_and_events_between_them() {
    let gpu = gpu();
    let (one, two) = (Stream::new(&gpu).unwrap(), Stream::new(&gpu).unwrap());
    let (on_one, on_two) = (gpu.on(&one).unwrap(), gpu.on(&two).unwrap());
    let x = put(&vec![1.0_f32; 10_000]);
    let (mut y, mut z) = (room(10_000), room(10_000));
    let (begin, event) = (Event::new(&gpu).unwrap(), Event::new(&gpu).unwrap());
    begin.record(&on_one).unwrap();
    vec_add(&on_one, VecAdd::Float4, &x, &x, &mut y).unwrap();
    event.record(&on_one).unwrap();
    two.wait_for(&event).unwrap();
    vec_add(&on_two, VecAdd::GridStride, &x, &y, &mut z).unwrap();
    two.synchronize().unwrap();
    assert!(two.is_done().unwrap() && one.is_done().unwrap());
    assert_eq!(z.to_vec().unwrap(), vec![3.0; 10_000]);
    event.synchronize().unwrap();
    assert!(event.milliseconds_since(&begin).unwrap() >= 0.0);
}

#[test]
fn scratch_is_kept_and_given_back() {
    let gpu = gpu();
    let gpu = gpu.on(&Stream::new(&gpu).unwrap()).unwrap();
    assert_eq!(gpu.scratch_bytes(), 0);
    let x = put(&vec![1.0_f32; 5000]);
    reduce_sum(&gpu, Reduction::Sequential, &x).unwrap();
    let held = gpu.scratch_bytes();
    assert!(held > 0);
    reduce_sum(&gpu, Reduction::Sequential, &x).unwrap();
    assert_eq!(gpu.scratch_bytes(), held);
    gpu.release_scratch().unwrap();
    assert_eq!(gpu.scratch_bytes(), 0);
}

#[test]
fn launches_are_recorded() {
    let gpu = gpu();
    let x = put(&vec![1_u32; 2000]);
    let ((), launches) =
        gpu.record(|gpu| scan(gpu, Scan::KoggeStone, &x, &mut room(2000))).unwrap();
    let names: Vec<_> = launches.iter().map(|launch| launch.kernel).collect();
    assert_eq!(names, ["scan_kogge_stone_u32", "scan_kogge_stone_u32", "scan_add_offsets_u32"]);
    assert_eq!((launches[0].grid, launches[0].block), ([4, 1, 1], [512, 1, 1]));
    assert_eq!(launches[0].file, "scan.ptx");
    if gpu.is_emulated() {
        let statistics = launches[0].statistics.as_ref().unwrap();
        assert_eq!((&statistics.kernel[..], statistics.blocks), ("scan_kogge_stone_u32", 4));
        assert!(statistics.totals().global_sectors >= 2 * 2000 * 4 / 32);
        assert_eq!(launches[0].milliseconds, None);
    } else {
        assert!(launches[0].milliseconds.is_some() && launches[0].statistics.is_none());
    }
    let ((), none) =
        gpu.record(|gpu| vec_add(gpu, VecAdd::Scalar, &put(&[]), &put(&[]), &mut room(0))).unwrap();
    assert!(none.is_empty());
}

#[test]
fn other_ptx_behind_the_same_functions() {
    let gpu = Gpu::isolated(0).unwrap();
    assert!(gpu.replace("nothing.ptx", "").is_err());
    gpu.replace("vec_add.ptx", ".version 7.0\n.target sm_80\n.address_size 64\n  oops;\n").unwrap();
    let mut x = DeviceBuffer::<f32>::zeroed(&gpu, 4).unwrap();
    let y = x.try_clone(&gpu).unwrap();
    let error = vec_add(&gpu, VecAdd::Scalar, &y, &y, &mut x).unwrap_err();
    let Error::Module { file, name, log } = &error else { panic!("{error}") };
    assert_eq!((&file[..], &name[..]), ("vec_add.ptx", "CUDA_ERROR_INVALID_PTX"));
    assert!(log.contains('4'), "the log names the line: {log}");
    // The next try is with the same text; what was loaded is not replaced any more.
    gpu.replace("vec_add.ptx", include_str!("../../kernels/vec_add.ptx")).unwrap();
    vec_add(&gpu, VecAdd::Scalar, &y, &y, &mut x).unwrap();
    assert!(gpu.replace("vec_add.ptx", "").is_err());
}
