//! Variables, registers, functions, prototypes, files and sections.

use std::fmt::{self, Display, Formatter};

use super::{list, pragma};
use crate::ptx::ast::{
    Attribute, Function, FunctionDirective, FunctionKind, Initializer, Prototype, RegisterNames,
    Registers, Section, SourceFile, Variable,
};

impl Display for RegisterNames<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        self.count.map_or(Ok(()), |count| write!(f, "<{count}>"))
    }
}

impl Display for Registers<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(".reg ")?;
        if let Some(width) = self.vector {
            write!(f, "{width} ")?;
        }
        write!(f, "{} ", self.ty)?;
        list(f, &self.names)?;
        f.write_str(";")
    }
}

impl Display for Attribute {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Attribute::Managed => f.write_str(".managed"),
            Attribute::Unified(a, b) => write!(f, ".unified({a}, {b})"),
        }
    }
}

fn attributes(f: &mut Formatter<'_>, attributes: &[Attribute]) -> fmt::Result {
    if attributes.is_empty() {
        return Ok(());
    }
    f.write_str(".attribute(")?;
    list(f, attributes)?;
    f.write_str(") ")
}

/// Without a `;` after it.
impl Display for Variable<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(linkage) = self.linkage {
            write!(f, "{linkage} ")?;
        }
        write!(f, "{}", self.space)?;
        match self.bank {
            Some(bank) => write!(f, "[{bank}] ")?,
            None => f.write_str(" ")?,
        }
        attributes(f, &self.attributes)?;
        if let Some(align) = self.align {
            write!(f, ".align {align} ")?;
        }
        if let Some(width) = self.vector {
            write!(f, "{width} ")?;
        }
        write!(f, "{} ", self.ty)?;
        if let Some(pointer) = self.pointer {
            f.write_str(".ptr ")?;
            if let Some(space) = pointer.space {
                write!(f, "{space} ")?;
            }
            if let Some(align) = pointer.align {
                write!(f, ".align {align} ")?;
            }
        }
        f.write_str(self.name)?;
        if let Some(count) = self.count {
            write!(f, "<{count}>")?;
        }
        for extent in &self.dims {
            match extent {
                Some(extent) => write!(f, "[{extent}]")?,
                None => f.write_str("[]")?,
            }
        }
        self.init.as_ref().map_or(Ok(()), |init| write!(f, " = {init}"))
    }
}

impl Display for Initializer<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Initializer::Value(value) => write!(f, "{value}"),
            Initializer::Field(name, value) => write!(f, "{name} = {value}"),
            Initializer::List(values) => {
                f.write_str("{")?;
                list(f, values)?;
                f.write_str("}")
            }
        }
    }
}

/// `(a, b)`; nothing for none.
fn parameters(f: &mut Formatter<'_>, parameters: &[Variable<'_>]) -> fmt::Result {
    f.write_str("(")?;
    list(f, parameters)?;
    f.write_str(")")
}

impl Display for FunctionDirective<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut extents =
            |name: &str, it: &[u32; 3]| write!(f, ".{name} {}, {}, {}", it[0], it[1], it[2]);
        match self {
            FunctionDirective::MaxThreads(it) => extents("maxntid", it),
            FunctionDirective::RequiredThreads(it) => extents("reqntid", it),
            FunctionDirective::RequiredCluster(it) => extents("reqnctapercluster", it),
            FunctionDirective::MinBlocksPerSm(it) => write!(f, ".minnctapersm {it}"),
            FunctionDirective::MaxBlocksPerSm(it) => write!(f, ".maxnctapersm {it}"),
            FunctionDirective::MaxRegisters(it) => write!(f, ".maxnreg {it}"),
            FunctionDirective::MaxClusterRank(it) => write!(f, ".maxclusterrank {it}"),
            FunctionDirective::ExplicitCluster => f.write_str(".explicitcluster"),
            FunctionDirective::BlocksAreClusters => f.write_str(".blocksareclusters"),
            FunctionDirective::NoReturn => f.write_str(".noreturn"),
            FunctionDirective::AbiPreserve(it) => write!(f, ".abi_preserve {it}"),
            FunctionDirective::AbiPreserveControl(it) => write!(f, ".abi_preserve_control {it}"),
            FunctionDirective::Pragma(strings) => pragma(f, strings),
        }
    }
}

impl Display for Function<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(linkage) = self.linkage {
            write!(f, "{linkage} ")?;
        }
        f.write_str(if self.kind == FunctionKind::Entry { ".entry " } else { ".func " })?;
        attributes(f, &self.attributes)?;
        if !self.returns.is_empty() {
            parameters(f, &self.returns)?;
            f.write_str(" ")?;
        }
        f.write_str(self.name)?;
        parameters(f, &self.params)?;
        for directive in &self.directives {
            write!(f, "\n{directive}")?;
        }
        match &self.body {
            None => f.write_str(";"),
            Some(statements) => {
                f.write_str("\n{\n")?;
                super::statement::block(f, statements, 1)?;
                f.write_str("}")
            }
        }
    }
}

impl Display for Prototype<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: .callprototype ", self.name)?;
        if !self.returns.is_empty() {
            parameters(f, &self.returns)?;
            f.write_str(" ")?;
        }
        f.write_str("_ ")?;
        parameters(f, &self.params)?;
        for directive in &self.directives {
            write!(f, " {directive}")?;
        }
        f.write_str(";")
    }
}

impl Display for SourceFile<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, ".file {} \"{}\"", self.index, self.path)?;
        self.stamp.map_or(Ok(()), |(changed, size)| write!(f, ", {changed}, {size}"))
    }
}

impl Display for Section<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, ".section .{}\n{{\n{}\n}}", self.name, self.body)
    }
}
