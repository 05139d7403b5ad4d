//! Kernels, functions and prototypes (PTX ISA, sections 11.2 to 11.4 and 11.7).

use super::{Attribute, Linkage, Statement, Variable};
use crate::ptx::Position;

/// Whether the host or the device calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FunctionKind {
    /// `.entry`: a kernel.
    Entry,
    /// `.func`: a device function.
    Func,
}

/// A kernel or device function: a declaration without, a definition with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function<'a> {
    /// Where its name stands.
    pub position: Position,
    /// Who sees it.
    pub linkage: Option<Linkage>,
    /// Kernel or function.
    pub kind: FunctionKind,
    /// `.attribute(...)`.
    pub attributes: Vec<Attribute>,
    /// Its results; a kernel has none.
    pub returns: Vec<Variable<'a>>,
    /// Its name.
    pub name: &'a str,
    /// Its parameters.
    pub params: Vec<Variable<'a>>,
    /// What stands between the parameters and the body.
    pub directives: Vec<FunctionDirective<'a>>,
    /// The body of a definition.
    pub body: Option<Vec<Statement<'a>>>,
}

/// A directive about a function. Extents that are not given are 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionDirective<'a> {
    /// `.maxntid`: the largest block.
    MaxThreads([u32; 3]),
    /// `.reqntid`: the block's extents.
    RequiredThreads([u32; 3]),
    /// `.minnctapersm`: at least so many blocks on a multiprocessor.
    MinBlocksPerSm(u32),
    /// `.maxnctapersm`: at most so many (deprecated).
    MaxBlocksPerSm(u32),
    /// `.maxnreg`: at most so many registers a thread.
    MaxRegisters(u32),
    /// `.reqnctapercluster`: the cluster's extents.
    RequiredCluster([u32; 3]),
    /// `.maxclusterrank`: at most so many blocks a cluster.
    MaxClusterRank(u32),
    /// `.explicitcluster`: the launch must give the cluster.
    ExplicitCluster,
    /// `.blocksareclusters`: the launch's grid counts clusters.
    BlocksAreClusters,
    /// `.noreturn`.
    NoReturn,
    /// `.abi_preserve`.
    AbiPreserve(u32),
    /// `.abi_preserve_control`.
    AbiPreserveControl(u32),
    /// `.pragma "...";`
    Pragma(Vec<&'a str>),
}

/// `name: .callprototype (results) _ (parameters);`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prototype<'a> {
    /// Where it stands.
    pub position: Position,
    /// Its name.
    pub name: &'a str,
    /// The results.
    pub returns: Vec<Variable<'a>>,
    /// The parameters.
    pub params: Vec<Variable<'a>>,
    /// `.noreturn`, `.abi_preserve`.
    pub directives: Vec<FunctionDirective<'a>>,
}

impl Function<'_> {
    /// The extents that `.reqntid`, or else `.maxntid`, gives, and whether they are required.
    pub fn threads(&self) -> Option<([u32; 3], bool)> {
        let required = self.directives.iter().find_map(|directive| match directive {
            FunctionDirective::RequiredThreads(extents) => Some((*extents, true)),
            _ => None,
        });
        required.or_else(|| {
            self.directives.iter().find_map(|directive| match directive {
                FunctionDirective::MaxThreads(extents) => Some((*extents, false)),
                _ => None,
            })
        })
    }
}
