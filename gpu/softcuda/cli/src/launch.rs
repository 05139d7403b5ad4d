//! What a launch is told: the module, the kernel, its shape and its arguments.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::Args;
use softcuda::sanitize::{Checks, prepare};
use softcuda::{Arg, Device, Dim, Kernel, LaunchOptions, Statistics};

use crate::argument::{Element, Fill, SPELLING, Spec, npy};
use crate::error::{Error, Result};
use crate::source::Source;
use crate::table::count;

/// What a launch is told
#[derive(Debug, Args)]
pub struct LaunchArguments {
    /// The PTX file; - is standard input
    pub file: PathBuf,
    /// The kernel; may be left out where the module has one
    #[arg(long, value_name = "NAME")]
    pub kernel: Option<String>,
    /// Blocks: X, X,Y or X,Y,Z
    #[arg(long, value_name = "X[,Y[,Z]]", value_parser = dim)]
    pub grid: Dim,
    /// Threads of a block: X, X,Y or X,Y,Z
    #[arg(long, value_name = "X[,Y[,Z]]", value_parser = dim)]
    pub block: Dim,
    /// Bytes of dynamic shared memory
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    pub shared: u32,
    /// An argument of the kernel, in order
    #[arg(long = "arg", value_name = "SPEC", long_help = SPELLING, allow_hyphen_values = true)]
    pub args: Vec<Spec>,
    /// A variable of the module, before the launch: NAME=SPEC
    #[arg(long = "set", value_name = "NAME=SPEC", value_parser = setting)]
    pub variables: Vec<(String, Spec)>,
    /// Launch all blocks at once, for grid-wide barriers
    #[arg(long)]
    pub cooperative: bool,
    /// Bytes of device memory
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 30)]
    pub memory: u64,
    /// Threads of the host that run blocks; all cores by default
    #[arg(long, value_name = "N")]
    pub workers: Option<NonZero<usize>>,
    /// Warp instructions after which the launch is stopped
    #[arg(long, value_name = "N")]
    pub step_limit: Option<u64>,
    /// Write a buffer to a file afterwards, .npy or raw: the argument's position from 0
    #[arg(long, value_name = "ARG=FILE", value_parser = saving)]
    pub save: Vec<(usize, PathBuf)>,
    /// Elements of an out: buffer that are shown
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub show: usize,
}

fn dim(text: &str) -> std::result::Result<Dim, String> {
    let parts: std::result::Result<Vec<u32>, _> =
        text.split(',').map(|part| part.trim().parse::<u32>()).collect();
    match parts.as_deref() {
        Ok(&[x]) => Ok(Dim { x, y: 1, z: 1 }),
        Ok(&[x, y]) => Ok(Dim { x, y, z: 1 }),
        Ok(&[x, y, z]) => Ok(Dim { x, y, z }),
        _ => Err("one to three numbers, as in 16 or 4,4 or 2,2,2".to_owned()),
    }
}

fn setting(text: &str) -> std::result::Result<(String, Spec), String> {
    let (name, spec) = text.split_once('=').ok_or("NAME=SPEC, as in mask=buf:f32:25:random")?;
    Ok((name.to_owned(), spec.parse()?))
}

fn saving(text: &str) -> std::result::Result<(usize, PathBuf), String> {
    let (number, file) = text.split_once('=').ok_or("ARG=FILE, as in 2=out.npy")?;
    let number = number.parse().map_err(|why| format!("`{number}`: {why}"))?;
    if file.is_empty() {
        return Err("ARG=FILE, as in 2=out.npy".to_owned());
    }
    Ok((number, file.into()))
}

/// A buffer on the device.
#[derive(Debug)]
struct Buffer {
    argument: usize,
    element: Element,
    address: u64,
    bytes: u64,
    out: bool,
}

/// A launch that is ready.
#[derive(Debug)]
pub struct Prepared<'a> {
    arguments: &'a LaunchArguments,
    /// The text.
    pub source: Source,
    /// The kernel.
    pub kernel: Kernel,
    /// The device, with its buffers.
    pub device: Device,
    /// The arguments' bytes.
    pub args: Vec<Arg>,
    buffers: Vec<Buffer>,
    /// Whether the checks remember what was written.
    tracked: bool,
}

/// An out: buffer afterwards.
#[derive(Debug, serde::Serialize)]
pub struct Output {
    /// Position of the argument.
    pub argument: usize,
    /// Type of its elements.
    pub element: String,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Vec<serde_json::Value>,
}

impl LaunchArguments {
    /// Loads the module and fills the buffers, tracking what is written where the checks need it.
    pub fn prepare(&self, checks: Checks) -> Result<Prepared<'_>> {
        let source = Source::read(&self.file)?;
        let kernel = source.kernel(self.kernel.as_deref())?;
        let mut device = Device::new(self.memory);
        if let Some(workers) = self.workers {
            device = device.with_workers(workers);
        }
        prepare(&device, checks);
        let mut prepared = Prepared {
            arguments: self,
            source,
            kernel,
            device,
            args: Vec::new(),
            buffers: Vec::new(),
            tracked: checks.uninitialised,
        };
        for (number, spec) in self.args.iter().enumerate() {
            let arg = prepared.place(number, spec)?;
            prepared.args.push(arg);
        }
        for (name, spec) in &self.variables {
            prepared.set(name, spec)?;
        }
        for (number, _) in &self.save {
            if !prepared.buffers.iter().any(|buffer| buffer.argument == *number) {
                return Err(Error::Usage(format!(
                    "--save {number}=...: argument {number} is no buffer"
                )));
            }
        }
        Ok(prepared)
    }

    /// The options of the launch.
    pub fn options(&self) -> LaunchOptions<'_> {
        LaunchOptions {
            shared: self.shared,
            cooperative: self.cooperative,
            step_limit: self.step_limit,
            ..LaunchOptions::default()
        }
    }
}

impl Prepared<'_> {
    fn memory(error: &softcuda::memory::MemoryError) -> Error {
        Error::Usage(format!("{error} (--memory sets how much there is)"))
    }

    fn place(&mut self, number: usize, spec: &Spec) -> Result<Arg> {
        Ok(match spec {
            Spec::Scalar(bytes) => Arg::bytes(bytes.clone()),
            Spec::Null => Arg::from(0_u64),
            Spec::Buffer { element, count, fill, out } => {
                let bytes = fill.bytes(*element, *count, self.arguments.memory)?;
                let memory = self.device.memory();
                let address =
                    memory.alloc(bytes.len() as u64).map_err(|error| Self::memory(&error))?;
                // What nobody has written stays so, for the checks to find.
                if *fill != Fill::Poison || !self.tracked {
                    memory.write(address, &bytes).map_err(|error| Self::memory(&error))?;
                }
                self.buffers.push(Buffer {
                    argument: number,
                    element: *element,
                    address,
                    bytes: bytes.len() as u64,
                    out: *out,
                });
                Arg::from(address)
            }
        })
    }

    fn set(&self, name: &str, spec: &Spec) -> Result<()> {
        let bytes = match spec {
            Spec::Scalar(bytes) => bytes.clone(),
            Spec::Null => vec![0; 8],
            Spec::Buffer { element, count, fill, .. } => {
                fill.bytes(*element, *count, self.arguments.memory)?
            }
        };
        let module = self.kernel.module();
        let found = module.variable(&self.device, name).map_err(|error| Self::memory(&error))?;
        let Some((address, size)) = found else {
            return Err(Error::Usage(format!("--set {name}: the module has no such variable")));
        };
        if bytes.len() as u64 > size {
            let what = format!("--set {name}: {} bytes, the variable has {size}", bytes.len());
            return Err(Error::Usage(what));
        }
        self.device.memory().write(address, &bytes).map_err(|error| Self::memory(&error))
    }

    /// Launches it.
    pub fn launch(&self) -> Result<Statistics> {
        let LaunchArguments { grid, block, .. } = self.arguments;
        self.kernel
            .launch_with(&self.device, *grid, *block, &self.args, &self.arguments.options())
            .map_err(|error| self.source.launch_error(&error))
    }

    fn read(&self, buffer: &Buffer) -> Result<Vec<u8>> {
        let mut bytes = vec![0; buffer.bytes as usize];
        self.device
            .memory()
            .read(buffer.address, &mut bytes)
            .map_err(|error| Self::memory(&error))?;
        Ok(bytes)
    }

    /// Writes what is to be saved, and tells what the out: buffers hold.
    pub fn outputs(&self) -> Result<Vec<Output>> {
        for (number, path) in &self.arguments.save {
            let found = self.buffers.iter().find(|buffer| buffer.argument == *number);
            if let Some(buffer) = found {
                save(path, buffer.element, &self.read(buffer)?)?;
            }
        }
        let mut outputs = Vec::new();
        for buffer in self.buffers.iter().filter(|buffer| buffer.out) {
            let bytes = self.read(buffer)?;
            let element = buffer.element;
            let first = bytes.chunks_exact(element.size()).take(self.arguments.show);
            outputs.push(Output {
                argument: buffer.argument,
                element: element.to_string(),
                count: bytes.len() as u64 / element.size() as u64,
                first: first.map(|bytes| element.json(bytes)).collect(),
            });
        }
        Ok(outputs)
    }

    /// A line that says what is launched.
    pub fn head(&self) -> String {
        let LaunchArguments { grid, block, shared, .. } = self.arguments;
        let threads = grid.count().and_then(|n| n.checked_mul(block.count()?));
        let threads = threads.map_or_else(String::new, |n| format!(", {} threads", count(n)));
        let dynamic = if *shared == 0 {
            String::new()
        } else {
            format!(", {shared} bytes of dynamic shared memory")
        };
        format!("{} grid {grid} block {block}{threads}{dynamic}\n", self.kernel.name())
    }
}

fn save(path: &Path, element: Element, bytes: &[u8]) -> Result<()> {
    let is_npy = path.extension().is_some_and(|it| it == "npy");
    let written = if is_npy {
        std::fs::write(path, npy(element, bytes))
    } else {
        std::fs::write(path, bytes)
    };
    written.map_err(|error| Error::io(path, error))
}

/// The outputs for people.
pub fn show(outputs: &[Output]) -> String {
    let mut text = String::new();
    for Output { argument, element, count, first } in outputs {
        let mut shown: Vec<String> = first
            .iter()
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        if (first.len() as u64) < *count {
            shown.push("...".to_owned());
        }
        text += &format!("argument {argument}, {element}[{count}]: {}\n", shown.join(", "));
    }
    text
}
