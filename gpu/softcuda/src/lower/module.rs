//! Modules and their kernels.

use super::error::LoadError;
use super::kernel::lower;
use crate::count::Statistics;
use crate::machine::launch::{Linked, check, launch};
use crate::machine::program::Program;
use crate::machine::{Arg, Device, Dim, LaunchError, LaunchOptions};
use crate::memory::{Memory, MemoryError, Owner, Region};
use crate::ptx;
use crate::ptx::ast::{Item, Linkage, Space, Type};
use crate::ptx::resolve::{DatumValue, Symbol};
use std::sync::{Arc, Mutex, PoisonError};

/// A value in a variable.
#[derive(Debug)]
enum Init {
    Bytes(Vec<u8>),
    /// Address of another variable, or of shared memory.
    Variable {
        number: u32,
        addend: i64,
        size: u8,
        mask: Option<u64>,
    },
}

/// A variable in global or constant memory.
#[derive(Debug)]
struct Variable {
    name: String,
    size: u64,
    owner: Owner,
    /// Whether it lies in device memory.
    placed: bool,
    init: Vec<(u64, Init)>,
}

/// A module's variables on one device.
#[derive(Debug)]
struct Instance {
    memory: Memory,
    addresses: Vec<u64>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        for &address in self.addresses.iter().filter(|&&address| address != 0) {
            // A variable that the host has freed is gone already.
            let _ = self.memory.free(address);
        }
    }
}

#[derive(Debug)]
struct Inner {
    programs: Vec<Program>,
    variables: Vec<Variable>,
    files: Vec<(u32, String)>,
    instances: Mutex<Vec<Arc<Instance>>>,
}

/// A PTX module, lowered and ready to launch kernels. Clones are handles to the same module.
///
/// Its variables are placed on a device when it is first used there; they are freed with the module.
#[derive(Clone, Debug)]
pub struct Module(Arc<Inner>);

impl Module {
    /// Parses, checks and lowers a PTX text.
    ///
    /// # Errors
    /// The first thing that is wrong or not supported, with its line.
    pub fn load(text: &str) -> Result<Self, LoadError> {
        let module = ptx::parse(text)?;
        let program = ptx::resolve(&module)?;
        let mut variables = Vec::new();
        for global in &program.globals {
            variables.push(variable(&program, global)?);
        }
        let mut programs = Vec::new();
        for callable in &program.functions {
            if let Some(body) = program.kernel(callable.name) {
                programs.push(lower(&program, body)?);
            }
        }
        let files = module.items.iter().filter_map(|item| match item {
            Item::File(file) => Some((file.index, file.path.to_owned())),
            _ => None,
        });
        let files = files.collect();
        Ok(Self(Arc::new(Inner { programs, variables, files, instances: Mutex::default() })))
    }

    /// The names of its kernels, in the order of the text.
    pub fn kernels(&self) -> impl Iterator<Item = &str> {
        self.0.programs.iter().map(|program| program.name.as_str())
    }

    /// The kernel of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn kernel(&self, name: &str) -> Result<Kernel, LoadError> {
        match self.0.programs.iter().position(|program| program.name == name) {
            Some(number) => Ok(Kernel { module: self.clone(), number }),
            None => Err(LoadError::NoKernel {
                name: name.to_owned(),
                has: self.kernels().map(str::to_owned).collect(),
            }),
        }
    }

    /// Address and size of a variable in global or constant memory; `None` if the module has none of this name.
    ///
    /// # Errors
    /// When the device has no room for the module's variables.
    pub fn variable(&self, device: &Device, name: &str) -> Result<Option<(u64, u64)>, MemoryError> {
        let Some(number) = self.0.variables.iter().position(|v| v.placed && v.name == name) else {
            return Ok(None);
        };
        let instance = self.instance(device.memory())?;
        Ok(Some((instance.addresses[number], self.0.variables[number].size)))
    }

    /// The module's variables on a device.
    fn instance(&self, memory: &Memory) -> Result<Arc<Instance>, MemoryError> {
        let mut instances = self.0.instances.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = instances.iter().find(|instance| instance.memory.same(memory)) {
            return Ok(known.clone());
        }
        let mut instance = Instance { memory: memory.clone(), addresses: Vec::new() };
        for variable in &self.0.variables {
            let address =
                if variable.placed { memory.alloc_for(variable.size, variable.owner)? } else { 0 };
            instance.addresses.push(address);
        }
        for (variable, &address) in self.0.variables.iter().zip(&instance.addresses) {
            for (offset, init) in &variable.init {
                match init {
                    Init::Bytes(bytes) => memory.write(address + offset, bytes)?,
                    Init::Variable { number, addend, size, mask } => {
                        let value =
                            instance.addresses[*number as usize].wrapping_add_signed(*addend);
                        let value = match mask {
                            Some(mask) => (value & mask) >> mask.trailing_zeros().min(63),
                            None => value,
                        };
                        memory
                            .write(address + offset, &value.to_le_bytes()[..usize::from(*size)])?;
                    }
                }
            }
        }
        let instance = Arc::new(instance);
        instances.push(instance.clone());
        Ok(instance)
    }
}

fn variable(
    program: &ptx::Program<'_, '_>,
    global: &ptx::resolve::Global<'_, '_>,
) -> Result<Variable, LoadError> {
    let declared = global.variable;
    let placed = matches!(declared.space, Space::Global | Space::Const);
    let wrong = |what: String| LoadError::Module { line: declared.position.line, what };
    if placed && declared.linkage == Some(Linkage::Extern) {
        return Err(wrong(format!("`{}` is declared `.extern` and defined nowhere", global.name)));
    }
    let size = u64::from(declared.ty.bytes());
    let mut init = Vec::new();
    for datum in global.init.iter().filter(|_| placed) {
        let value = match &datum.value {
            DatumValue::Literal(literal) => {
                let bits = literal_bits(*literal, declared.ty);
                Init::Bytes(bits.to_le_bytes()[..size.min(8) as usize].to_vec())
            }
            DatumValue::Address { symbol: Symbol::Global(id), offset, mask, .. }
                if matches!(
                    program.globals[id.index()].variable.space,
                    Space::Global | Space::Const
                ) =>
            {
                Init::Variable {
                    number: id.0,
                    addend: *offset,
                    size: size.min(8) as u8,
                    mask: *mask,
                }
            }
            _ => {
                return Err(wrong(format!(
                    "`{}` is initialised by what is not supported",
                    global.name
                )));
            }
        };
        init.push((datum.offset, value));
    }
    Ok(Variable {
        name: global.name.to_owned(),
        size: declared.bytes().unwrap_or(0),
        owner: if declared.space == Space::Const { Owner::Constant } else { Owner::Variable },
        placed,
        init,
    })
}

fn literal_bits(literal: ptx::ast::Literal, ty: Type) -> u64 {
    use crate::machine::lane::Kind;
    let kind = match ty {
        Type::F32 => Kind::F32,
        Type::F64 => Kind::F64,
        _ => Kind::U64,
    };
    super::emit::literal_bits(literal, kind)
}

/// A parameter of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Bytes from the first parameter.
    pub offset: u32,
    /// Its bytes.
    pub size: u32,
}

/// A kernel of a module.
#[derive(Clone, Debug)]
pub struct Kernel {
    module: Module,
    number: usize,
}

impl Kernel {
    pub(super) fn files(&self) -> &[(u32, String)] {
        &self.module.0.files
    }

    pub(crate) fn program(&self) -> &Program {
        &self.module.0.programs[self.number]
    }

    /// File and line of the source that an instruction comes from, where the text has `.loc`.
    pub(crate) fn source(&self, pc: u32) -> Option<(String, u32)> {
        let (number, line) = self.program().places.get(pc as usize)?.source?;
        let found = self.module.0.files.iter().find(|(index, _)| *index == number);
        let file = found.map_or_else(|| format!("file {number}"), |(_, name)| name.clone());
        Some((file, line))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.program().name
    }

    /// The module that it is of.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Its parameters, in order.
    pub fn parameters(&self) -> Vec<Parameter> {
        let params = self.program().params.iter();
        params.map(|p| Parameter { name: p.name.clone(), offset: p.offset, size: p.size }).collect()
    }

    /// Bytes of shared memory that its code declares.
    pub fn shared_bytes(&self) -> u32 {
        self.program().shared
    }

    /// Bytes of local memory a thread, with what the calls it makes need.
    pub fn local_bytes(&self) -> u32 {
        self.program().local
    }

    /// Threads of a block that it was compiled for (`.maxntid`, `.reqntid`), if it says so.
    pub fn max_threads(&self) -> Option<u32> {
        self.program().threads.map(|([x, y, z], _)| x.saturating_mul(y).saturating_mul(z))
    }

    /// Registers a thread that it was compiled for (`.maxnreg`), if it says so.
    pub fn max_registers(&self) -> Option<u32> {
        self.program().max_registers
    }

    /// Registers of 32 bits a thread that its values take when those that are not alive at once share them: an estimate of what an
    /// assembler would need, which schedules and folds otherwise.
    pub fn registers_estimated(&self) -> u32 {
        self.program().pressure
    }

    /// Blocks of this shape that the device holds at once: the most that a cooperative launch may have.
    pub fn max_resident_blocks(&self, device: &Device, threads: u32, shared: u32) -> u64 {
        let shared = self.program().shared.saturating_add(shared);
        crate::machine::device::most_resident(device.limits(), threads, shared)
    }

    /// Whether the device takes such a launch: all that [`launch_with`](Self::launch_with) refuses before a thread runs, but for
    /// variables of the module that find no room.
    ///
    /// # Errors
    /// As [`launch_with`](Self::launch_with), of a launch that is refused.
    pub fn check(
        &self,
        device: &Device,
        grid: impl Into<Dim>,
        block: impl Into<Dim>,
        args: &[Arg],
        options: &LaunchOptions<'_>,
    ) -> Result<(), LaunchError> {
        check(self.program(), device.limits(), grid.into(), block.into(), args, options).map(drop)
    }

    /// Launches it with dynamic shared memory and waits until all blocks are done.
    ///
    /// # Errors
    /// When the launch is refused, or a thread goes wrong. What was written until then stays written.
    pub fn launch(
        &self,
        device: &Device,
        grid: impl Into<Dim>,
        block: impl Into<Dim>,
        shared: u32,
        args: &[Arg],
    ) -> Result<Statistics, LaunchError> {
        self.launch_with(
            device,
            grid,
            block,
            args,
            &LaunchOptions { shared, ..LaunchOptions::default() },
        )
    }

    /// As [`launch`](Self::launch), with all options.
    ///
    /// # Errors
    /// As [`launch`](Self::launch).
    pub fn launch_with(
        &self,
        device: &Device,
        grid: impl Into<Dim>,
        block: impl Into<Dim>,
        args: &[Arg],
        options: &LaunchOptions<'_>,
    ) -> Result<Statistics, LaunchError> {
        self.run(device, grid.into(), block.into(), args, options, false)
    }

    /// As [`launch_with`](Self::launch_with). `tracked`: an observer remembers what is written.
    pub(crate) fn run(
        &self,
        device: &Device,
        grid: Dim,
        block: Dim,
        args: &[Arg],
        options: &LaunchOptions<'_>,
        tracked: bool,
    ) -> Result<Statistics, LaunchError> {
        let instance = self.module.instance(device.memory())?;
        let linked = Linked {
            program: self.program(),
            variables: &instance.addresses,
            files: &self.module.0.files,
        };
        if !tracked {
            device.memory().space().regions().iter().for_each(Region::write_unseen);
        }
        launch(&linked, device, grid, block, args, options)
    }
}
