//! What can go wrong.

/// Why something could not be done. Nothing was launched, unless it says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A call of the driver failed. An error of an earlier launch may be reported by any later call.
    #[error("{call}: {name} ({code}): {text}{}", after(detail))]
    Driver {
        /// The function of the driver.
        call: &'static str,
        /// Its result.
        code: u32,
        /// The result's name, such as `CUDA_ERROR_ILLEGAL_ADDRESS`.
        name: String,
        /// What the driver says about results of that name.
        text: String,
        /// What is known beyond it: for instance which thread of which kernel read where. Often empty.
        detail: String,
    },
    /// There are fewer devices.
    #[error("there is no device {ordinal}: {count} found")]
    NoDevice {
        /// The device asked for.
        ordinal: u32,
        /// How many there are.
        count: u32,
    },
    /// The device has no room.
    #[error(
        "out of memory: {bytes} bytes asked for, {free} of {total} free on {device}: free buffers, or ask for less"
    )]
    OutOfMemory {
        /// Bytes asked for.
        bytes: u64,
        /// Bytes free.
        free: u64,
        /// Bytes of the device.
        total: u64,
        /// Name of the device.
        device: String,
    },
    /// The driver did not take a module's PTX.
    #[error("{file} could not be loaded: {name}{}", after(log))]
    Module {
        /// The PTX file, or what stands for it.
        file: String,
        /// The driver's result.
        name: String,
        /// The compiler's log.
        log: String,
    },
    /// A buffer has not as many elements as the shape says.
    #[error("{function}: {argument} has {found} elements, needs {expected} ({why})")]
    Length {
        /// What was asked for.
        function: &'static str,
        /// The argument.
        argument: &'static str,
        /// Its elements.
        found: usize,
        /// What it should have.
        expected: usize,
        /// Where that number comes from.
        why: String,
    },
    /// A size is above what the kernels can count.
    #[error("{function}: {what} is {found}, the greatest is {most}")]
    TooLarge {
        /// What was asked for.
        function: &'static str,
        /// Which size.
        what: &'static str,
        /// What it is.
        found: u64,
        /// What it may be.
        most: u64,
    },
    /// More blocks than a grid may have along an axis.
    #[error("{kernel}: a grid of {blocks} blocks along {axis}, the limit is {most}: {limit}")]
    Grid {
        /// The kernel.
        kernel: &'static str,
        /// `x`, `y` or `z`.
        axis: char,
        /// Blocks along it.
        blocks: u64,
        /// What there may be.
        most: u64,
        /// The limit's name.
        limit: &'static str,
    },
    /// A block of threads that the kernel does not run with.
    #[error("{kernel}: a block of {found} threads: {needs}")]
    Block {
        /// The kernel.
        kernel: &'static str,
        /// Threads of the block.
        found: u32,
        /// What they have to be.
        needs: &'static str,
    },
    /// The address does not suit the kernel's wide accesses.
    #[error(
        "{kernel}: {argument} begins at 0x{address:x}, but must begin at a multiple of {needs} bytes: use a buffer of its own, or another variant"
    )]
    Misaligned {
        /// The kernel.
        kernel: &'static str,
        /// The argument.
        argument: &'static str,
        /// Its address.
        address: u64,
        /// What it must be a multiple of.
        needs: u64,
    },
    /// A range that does not lie in the buffer.
    #[error("{start}..{end} does not lie in a buffer of {len} elements")]
    OutOfBounds {
        /// First element.
        start: usize,
        /// After the last.
        end: usize,
        /// Elements of the buffer.
        len: usize,
    },
    /// Both sides of a copy must have the same length.
    #[error("a copy of {from} elements into {to}")]
    CopyLength {
        /// Elements of the source.
        from: usize,
        /// Elements of the target.
        to: usize,
    },
    /// The buffer, stream or event belongs to another context.
    #[error(
        "{what} belongs to another context ({found}) than the Gpu it is used with ({expected})"
    )]
    ForeignContext {
        /// The argument.
        what: &'static str,
        /// The context that it belongs to.
        found: String,
        /// The one it is used with.
        expected: String,
    },
    /// A value that is out of its range.
    #[error("{function}: {what} is {found}: {needs}")]
    Invalid {
        /// What was asked for.
        function: &'static str,
        /// The value's name.
        what: &'static str,
        /// What it is.
        found: String,
        /// What it has to be.
        needs: &'static str,
    },
    /// A matrix or graph whose arrays contradict each other.
    #[error("{what}: {why}")]
    Malformed {
        /// The format.
        what: &'static str,
        /// What is wrong, and where.
        why: String,
    },
    /// More blocks than can be on the device at once, in a launch whose blocks wait for each other.
    #[error(
        "{kernel}: a cooperative launch of {blocks} blocks, but {most} fit on the device at once"
    )]
    Cooperative {
        /// The kernel.
        kernel: &'static str,
        /// Blocks asked for.
        blocks: u64,
        /// What fits.
        most: u64,
    },
}

/// The result of everything that may fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn after(detail: &str) -> String {
    let detail = detail.trim();
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}
