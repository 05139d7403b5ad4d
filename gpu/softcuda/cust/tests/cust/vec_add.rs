//! The first program of every book.

use crate::{PTX, begin, vec_add};
use cust::event::{Event, EventFlags, EventStatus};
use cust::function::{BlockSize, FunctionAttribute, GridSize};
use cust::launch;
use cust::memory::{CopyDestination, DeviceBuffer};
use cust::module::Module;
use cust::stream::{Stream, StreamFlags};
use std::error::Error;

#[test]
fn vec_add_on_a_stream() -> Result<(), Box<dyn Error>> {
    let _context = begin();
    let module = vec_add();
    let stream = Stream::new(StreamFlags::NON_BLOCKING, None)?;
    let n = 10_000_usize;
    let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
    let b: Vec<f32> = (0..n).map(|i| (n - i) as f32).collect();
    let a = DeviceBuffer::from_slice(&a)?;
    let b = DeviceBuffer::from_slice(&b)?;
    let c = DeviceBuffer::from_slice(&vec![f32::NAN; n])?;
    for name in ["vec_add_scalar", "vec_add_float4", "vec_add_grid_stride"] {
        let kernel = module.get_function(name)?;
        let (_, block) = kernel.suggested_launch_configuration(0, 0.into())?;
        let grid = (n as u32).div_ceil(block);
        let (start, end) = (Event::new(EventFlags::DEFAULT)?, Event::new(EventFlags::DEFAULT)?);
        start.record(&stream)?;
        // SAFETY: the kernel's arguments, of as many elements as it is told.
        unsafe {
            launch!(kernel<<<grid, block, 0, stream>>>(
                a.as_device_ptr(),
                b.as_device_ptr(),
                c.as_device_ptr(),
                n as i64
            ))?;
        }
        end.record(&stream)?;
        end.synchronize()?;
        assert_eq!(end.query()?, EventStatus::Ready);
        assert!(end.elapsed_time_f32(&start)? >= 0.0);
        assert_eq!(c.as_host_vec()?, vec![n as f32; n]);
        let mut out = vec![0.0_f32; n];
        c.copy_to(&mut out)?;
        assert!(out.iter().all(|&x| x == n as f32));
    }
    Ok(())
}

#[test]
fn shapes_and_figures_of_a_kernel() -> Result<(), Box<dyn Error>> {
    let _context = begin();
    let module = vec_add();
    let mut kernel = module.get_function("vec_add_scalar")?;
    assert_eq!(kernel.get_attribute(FunctionAttribute::SharedMemorySizeBytes)?, 0);
    assert_eq!(kernel.get_attribute(FunctionAttribute::PtxVersion)?, 80);
    let blocks = kernel.max_active_blocks_per_multiprocessor(BlockSize::x(256), 0)?;
    assert_eq!(blocks, 8);
    let room =
        kernel.available_dynamic_shared_memory_per_block(GridSize::x(2), BlockSize::x(64))?;
    assert!(room > 0);
    kernel.set_cache_config(cust::context::CacheConfig::PreferL1)?;
    Ok(())
}

#[test]
fn from_a_file_and_from_the_linker() -> Result<(), Box<dyn Error>> {
    let _context = begin();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../kernels/vec_add.ptx");
    Module::from_file(path)?.get_function("vec_add_scalar")?;
    let mut linker = cust::link::Linker::new()?;
    linker.add_ptx(PTX)?;
    let image = linker.complete()?;
    assert!(!image.is_empty());
    Ok(())
}
