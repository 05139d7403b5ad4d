//! Streams, events, callbacks, contexts, devices.

use crate::begin;
use cust::context::{CacheConfig, CurrentContext, ResourceLimit};
use cust::device::{Device, DeviceAttribute};
use cust::event::{Event, EventFlags};
use cust::memory::DeviceBuffer;
use cust::stream::{Stream, StreamFlags, StreamWaitEventFlags};
use std::error::Error;
use std::sync::mpsc::channel;

#[test]
fn order_between_streams() -> Result<(), Box<dyn Error>> {
    let _context = begin();
    let first = Stream::new(StreamFlags::NON_BLOCKING, None)?;
    let second = Stream::new(StreamFlags::NON_BLOCKING, (-3).into())?;
    assert_eq!(second.get_priority()?, -3);
    let (sender, receiver) = channel();
    let told = sender.clone();
    first.add_callback(Box::new(move || told.send(1).unwrap()))?;
    let event = Event::new(EventFlags::DISABLE_TIMING)?;
    event.record(&first)?;
    second.wait_event(event, StreamWaitEventFlags::DEFAULT)?;
    second.add_callback(Box::new(move || sender.send(2).unwrap()))?;
    second.synchronize()?;
    assert_eq!(receiver.iter().take(2).collect::<Vec<_>>(), [1, 2]);
    Ok(())
}

#[test]
fn contexts_and_devices() -> Result<(), Box<dyn Error>> {
    let context = begin();
    let device = Device::get_device(0)?;
    assert_eq!(Device::num_devices()?, 1);
    assert_eq!(device.name()?, "softcuda (sm_80)");
    assert_eq!(device.get_attribute(DeviceAttribute::WarpSize)?, 32);
    assert_eq!(device.get_attribute(DeviceAttribute::ComputeCapabilityMajor)?, 8);
    assert_eq!(device.total_memory()?, 4 << 30);
    assert_eq!(CurrentContext::get_device()?, device);
    CurrentContext::set_cache_config(CacheConfig::PreferShared)?;
    assert_eq!(CurrentContext::get_cache_config()?, CacheConfig::PreferShared);
    CurrentContext::set_resource_limit(ResourceLimit::StackSize, 2048)?;
    assert_eq!(CurrentContext::get_resource_limit(ResourceLimit::StackSize)?, 2048);
    assert!(CurrentContext::get_stream_priority_range().is_ok());
    assert!(context.get_api_version()?.major() >= 3);
    assert_eq!(cust::CudaApiVersion::get()?.major(), 13);
    Ok(())
}

#[test]
fn a_context_on_another_thread() -> Result<(), Box<dyn Error>> {
    let context = begin();
    let buffer = DeviceBuffer::from_slice(&[1_u32, 2, 3])?;
    let raw = buffer.as_device_ptr().as_raw();
    let there = context.clone();
    std::thread::spawn(move || {
        CurrentContext::set_current(&there).unwrap();
        let pointer = cust::memory::DevicePointer::<u32>::from_raw(raw);
        // SAFETY: the buffer of the thread that waits.
        let slice = unsafe { cust::memory::DeviceSlice::from_raw_parts(pointer, 3) };
        assert_eq!(slice.as_host_vec().unwrap(), [1, 2, 3]);
    })
    .join()
    .unwrap();
    Ok(())
}
