//! Buffers, boxes, page-locked and unified memory, variables.

use crate::{begin, vec_add};
use cust::launch;
use cust::memory::{
    AsyncCopyDestination, CopyDestination, DeviceBox, DeviceBuffer, LockedBuffer, UnifiedBox,
    UnifiedBuffer, mem_get_info,
};
use cust::module::Module;
use cust::stream::{Stream, StreamFlags};
use std::error::Error;

#[test]
fn buffers_and_boxes() -> Result<(), Box<dyn Error>> {
    let _context = begin();
    let mut buffer = DeviceBuffer::from_slice(&[1_u64, 2, 3, 4, 5])?;
    buffer.copy_from(&[5, 4, 3, 2, 1])?;
    let (front, back) = (buffer.index(..2), buffer.index(2..));
    assert_eq!((front.as_host_vec()?, back.as_host_vec()?), (vec![5, 4], vec![3, 2, 1]));
    buffer.set_zero()?;
    assert_eq!(buffer.as_host_vec()?, [0; 5]);
    buffer.set_8(0x11)?;
    assert_eq!(buffer.as_host_vec()?, [0x1111_1111_1111_1111; 5]);
    buffer.index(1..3).set_32(7)?;
    assert_eq!(buffer.as_host_vec()?[1..4], [0x7_0000_0007, 0x7_0000_0007, 0x1111_1111_1111_1111]);
    let mut one = DeviceBox::new(&3.5_f64)?;
    assert_eq!(one.as_host_value()?, 3.5);
    one.copy_from(&4.5)?;
    assert_eq!(one.as_host_value()?, 4.5);
    assert_eq!(DeviceBuffer::<u32>::zeroed(3)?.as_host_vec()?, [0; 3]);
    let (free, total) = mem_get_info()?;
    assert!(free < total && total == 4 << 30);
    Ok(())
}

#[test]
fn copies_that_do_not_wait() -> Result<(), Box<dyn Error>> {
    let _context = begin();
    let stream = Stream::new(StreamFlags::NON_BLOCKING, None)?;
    let from = LockedBuffer::new(&9_u32, 1000)?;
    let mut to = LockedBuffer::new(&0_u32, 1000)?;
    let mut device = DeviceBuffer::<u32>::zeroed(1000)?;
    // SAFETY: the buffers live until the stream is done.
    unsafe {
        device.async_copy_from(&from, &stream)?;
        device.async_copy_to(&mut to, &stream)?;
    }
    stream.synchronize()?;
    assert!(to.iter().all(|&x| x == 9));
    // SAFETY: it is used on the stream that it is of.
    let pooled = unsafe { DeviceBuffer::<u32>::uninitialized_async(10, &stream)? };
    pooled.drop_async(&stream)?;
    stream.synchronize()?;
    Ok(())
}

#[test]
fn unified_memory() -> Result<(), Box<dyn Error>> {
    let _context = begin();
    let module = vec_add();
    let kernel = module.get_function("vec_add_scalar")?;
    let stream = Stream::new(StreamFlags::NON_BLOCKING, None)?;
    let mut a = UnifiedBuffer::new(&1.5_f32, 100)?;
    let mut b = UnifiedBuffer::from_slice(&[2.0_f32; 100])?;
    let mut c = UnifiedBuffer::new(&0.0_f32, 100)?;
    a[99] = 10.0;
    // SAFETY: the kernel's arguments; the host waits before it reads.
    unsafe {
        launch!(kernel<<<1, 128, 0, stream>>>(
            a.as_unified_ptr(),
            b.as_unified_ptr(),
            c.as_unified_ptr(),
            100_i64
        ))?;
    }
    stream.synchronize()?;
    assert_eq!((c[0], c[98], c[99]), (3.5, 3.5, 12.0));
    let mut one = UnifiedBox::new(5_u8)?;
    *one += 1;
    assert_eq!(*one, 6);
    Ok(())
}

#[test]
fn variables_of_a_module() -> Result<(), Box<dyn Error>> {
    let _context = begin();
    let text = "
        .version 7.0
        .target sm_80
        .address_size 64
        .global .align 4 .u32 counter = 3;
        .visible .entry count() {
            .reg .b32 %r;
            atom.global.add.u32 %r, [counter], 1;
            ret;
        }";
    let module = Module::from_ptx(text, &[])?;
    let mut counter = module.get_global::<u32>(c"counter")?;
    let mut value = 0;
    counter.copy_to(&mut value)?;
    assert_eq!(value, 3);
    counter.copy_from(&100)?;
    let kernel = module.get_function("count")?;
    let stream = Stream::new(StreamFlags::DEFAULT, None)?;
    // SAFETY: the kernel has no arguments.
    unsafe { launch!(kernel<<<(2, 2, 2), (4, 4, 4), 0, stream>>>())? };
    stream.synchronize()?;
    counter.copy_to(&mut value)?;
    assert_eq!(value, 612);
    Ok(())
}
