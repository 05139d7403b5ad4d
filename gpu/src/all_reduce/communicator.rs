//! The devices that sum up together.

use super::AllReduce;
use crate::buffer::DeviceBuffer;
use crate::check::Check;
use crate::driver;
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::stream::{Event, Stream};
use crate::variant::Variant;
use crate::view::ViewMut;

/// Devices that sum up together, each with a stream and memory for what arrives.
///
/// One process drives all of them. Works with the devices of a machine, or with softcuda's (`SOFTCUDA_DEVICES`, or
/// [`configure_soft`](crate::configure_soft)).
#[derive(Debug)]
pub struct Communicator {
    pub(super) ranks: Vec<Rank>,
    reach: bool,
}

/// A device, its place being its number.
#[derive(Debug)]
pub(super) struct Rank {
    /// With its own stream.
    pub gpu: Gpu,
    /// What arrives.
    pub staging: DeviceBuffer<f32>,
    /// The last step is done.
    pub done: Event,
}

impl Communicator {
    /// The devices, in the order of the ring. Enables peer access where they have it.
    ///
    /// # Errors
    /// When there is none, two are in one context, or the driver refuses.
    pub fn new(gpus: &[Gpu]) -> Result<Self> {
        let refuse = |found: String, needs| Error::Invalid {
            function: AllReduce::FAMILY,
            what: "the devices",
            found,
            needs,
        };
        if gpus.is_empty() {
            return Err(refuse("none".to_owned(), "one device at least"));
        }
        let mut reach = true;
        for (i, gpu) in gpus.iter().enumerate() {
            for (j, peer) in gpus.iter().enumerate().filter(|&(j, _)| j != i) {
                if gpu.context().raw() == peer.context().raw() {
                    return Err(refuse(format!("{i} and {j} are the same"), "a context for each"));
                }
                let (mine, other) = (gpu.context().device(), peer.context().device());
                if mine != other && !driver::can_reach(mine, other)? {
                    reach = false;
                    continue;
                }
                gpu.context().enter()?;
                reach &= driver::enable_peer(peer.context().raw())?;
            }
        }
        let rank = |gpu: &Gpu| {
            let gpu = gpu.on(&Stream::new(gpu)?)?;
            let done = Event::new(&gpu)?;
            done.record(&gpu)?;
            Ok(Rank { staging: DeviceBuffer::zeroed(&gpu, 0)?, done, gpu })
        };
        Ok(Self { ranks: gpus.iter().map(rank).collect::<Result<_>>()?, reach })
    }

    /// Number of devices.
    pub fn size(&self) -> usize {
        self.ranks.len()
    }

    /// Leaves in each buffer the sum of all of them, element by element. Buffer r is on device r. Does not wait.
    ///
    /// The order of the additions depends on the variant and the number of devices, and is the same for all elements of a chunk: all devices get
    /// the same bits. Memory, kept: a chunk a device (ring, direct), a whole buffer a device (tree).
    ///
    /// # Errors
    /// When there is not a buffer for each device, of the same length and in its context, or devices cannot reach each other's memory for
    /// [`AllReduce::Direct`].
    pub fn all_reduce(
        &mut self,
        variant: AllReduce,
        buffers: &mut [DeviceBuffer<f32>],
    ) -> Result<()> {
        let (count, reach) = (self.size(), self.reach);
        let n = buffers.first().map_or(0, DeviceBuffer::len);
        let refuse = |what, found: String, needs| Error::Invalid {
            function: AllReduce::FAMILY,
            what,
            found,
            needs,
        };
        if buffers.len() != count {
            let found = format!("{} for {count} devices", buffers.len());
            return Err(refuse("the buffers", found, "a buffer for each device"));
        }
        if variant == AllReduce::Direct && !reach {
            let needs = "devices that reach each other's memory (CUDA's peer access)";
            return Err(refuse("the variant", variant.to_string(), needs));
        }
        for (rank, buffer) in self.ranks.iter().zip(buffers.iter()) {
            let check = Check::new(&rank.gpu, AllReduce::FAMILY);
            check.buffer("a buffer", &buffer.view(), n, || format!("as many as the first: {n}"))?;
        }
        if count == 1 || n == 0 {
            return Ok(());
        }
        self.prepare(if variant == AllReduce::Tree { n } else { n.div_ceil(count) })?;
        let mut views: Vec<ViewMut<'_, f32>> =
            buffers.iter_mut().map(DeviceBuffer::view_mut).collect();
        match variant {
            AllReduce::Ring => self.ring(&mut views, n),
            AllReduce::Tree => self.tree(&mut views, n),
            AllReduce::Direct => self.direct(&mut views, n),
        }
    }

    /// Waits for all devices.
    ///
    /// # Errors
    /// When something failed.
    pub fn synchronize(&self) -> Result<()> {
        self.ranks.iter().try_for_each(|rank| rank.gpu.synchronize())
    }

    /// Room for what arrives; and nobody begins before all have come here: others may still read what is about to be written.
    fn prepare(&mut self, room: usize) -> Result<()> {
        if self.ranks.iter().any(|rank| rank.staging.len() < room) {
            self.synchronize()?;
            for rank in &mut self.ranks {
                rank.staging = DeviceBuffer::zeroed(&rank.gpu, room)?;
            }
        }
        let begun: Vec<Event> = self
            .ranks
            .iter()
            .map(|rank| {
                let event = Event::new(&rank.gpu)?;
                event.record(&rank.gpu)?;
                Ok(event)
            })
            .collect::<Result<_>>()?;
        for rank in &self.ranks {
            for event in &begun {
                rank.wait(event)?;
            }
        }
        Ok(())
    }
}

impl Rank {
    /// What is asked from now on comes after the event.
    pub(super) fn wait(&self, event: &Event) -> Result<()> {
        self.gpu.wait_for(event)
    }

    /// The event of the last step, for those who wait for it; the step that comes has a new one.
    pub(super) fn take_done(&mut self) -> Result<Event> {
        Ok(std::mem::replace(&mut self.done, Event::new(&self.gpu)?))
    }

    /// What was asked so far is what others wait for.
    pub(super) fn finish(&self) -> Result<()> {
        self.done.record(&self.gpu)
    }
}
