//! Names to numbers: every operand is bound to a register, variable, label or function, and what the grammar cannot say is checked.

mod body;
mod call;
mod initializer;
mod names;
mod operand;
mod program;
mod special;

use std::collections::HashMap;

use super::ast::{Function, Item, Module, Space, Variable};
use super::{Error, ErrorKind, Position};
use names::{Names, Slot};
pub use program::{
    Base, Binding, Body, BranchTargetsId, CallTargetsId, Callable, Datum, DatumValue, FunctionId,
    Global, GlobalId, Label, LabelId, LocalVariable, Program, PrototypeId, Register, RegisterId,
    Scope, ScopeId, Selector, Step, Symbol, Value, VariableId,
};
pub use special::SpecialRegister;

/// Checks a module and binds its names.
///
/// What is checked: every name is declared, registers and variables before they are used, labels anywhere in a block around; no name
/// is declared twice in a block, and declarations of one function or variable agree; guards and `!%p` are predicates; `bra` takes a
/// label, `brx.idx` a list of labels, `call` a function or a register and as many arguments as the function has; initialisers fit
/// their variables and have values. Types of other operands are the business of the instructions.
///
/// Linear in the module, but for the names of ranges: a range `%r<N>` is never written out.
///
/// # Errors
/// The first thing that is wrong, functions in their order.
pub fn resolve<'m, 'a>(module: &'m Module<'a>) -> Result<Program<'m, 'a>, Error> {
    let mut resolver = Resolver {
        module,
        names: Names::new(),
        program: Program {
            module,
            functions: Vec::new(),
            globals: Vec::new(),
            symbols: HashMap::new(),
        },
    };
    resolver.declare()?;
    resolver.aliases()?;
    resolver.initializers()?;
    resolver.bodies()?;
    Ok(resolver.program)
}

/// Checks a module: [`resolve`] without its result.
///
/// # Errors
/// As for [`resolve`].
pub fn validate(module: &Module<'_>) -> Result<(), Error> {
    resolve(module).map(drop)
}

struct Resolver<'m, 'a> {
    module: &'m Module<'a>,
    names: Names<'m, 'a>,
    program: Program<'m, 'a>,
}

impl<'m, 'a> Resolver<'m, 'a> {
    fn error(&self, position: Position, kind: ErrorKind) -> Error {
        Error::at(self.module.source, position, kind)
    }

    /// Where a name stands: known from where its text lies, or else `near`.
    fn place(&self, name: &str, near: Position) -> Position {
        Position::of(self.module.source, name).unwrap_or(near)
    }

    fn duplicate(&self, name: &str, position: Position, first: Position) -> Error {
        self.error(position, ErrorKind::Duplicate { name: name.into(), first: first.line })
    }

    fn undeclared(&self, name: &str, near: Position, hint: &'static str) -> Error {
        self.error(self.place(name, near), ErrorKind::Undeclared { name: name.into(), hint })
    }

    /// Declares what stands outside functions.
    fn declare(&mut self) -> Result<(), Error> {
        let module = self.module;
        self.names.enter();
        for item in &module.items {
            match item {
                Item::Function(function) => self.declare_function(function)?,
                Item::Variable(variable) => self.declare_global(variable)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn declare_function(&mut self, function: &'m Function<'a>) -> Result<(), Error> {
        self.check_name(function.name, function.position)?;
        match self.names.exact_here(function.name) {
            None => {
                let id = FunctionId(self.program.functions.len() as u32);
                self.program.functions.push(Callable {
                    name: function.name,
                    declaration: function,
                    alias_of: None,
                    body: None,
                });
                self.bind_global(function.name, function.position, Symbol::Function(id))
            }
            Some((Slot::Symbol(Symbol::Function(id)), first)) => {
                let known = &mut self.program.functions[id.index()];
                if !same_signature(known.declaration, function) {
                    let kind =
                        ErrorKind::Disagrees { name: function.name.into(), first: first.line };
                    return Err(self.error(function.position, kind));
                }
                match (known.declaration.body.is_some(), function.body.is_some()) {
                    (true, true) => Err(self.duplicate(function.name, function.position, first)),
                    (false, true) => {
                        known.declaration = function;
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
            Some((_, first)) => Err(self.duplicate(function.name, function.position, first)),
        }
    }

    fn declare_global(&mut self, variable: &'m Variable<'a>) -> Result<(), Error> {
        self.check_name(variable.name, variable.position)?;
        if matches!(variable.space, Space::Reg | Space::Local | Space::Param) {
            let kind = ErrorKind::Kind {
                expected: "a variable in `.global`, `.const`, `.shared` or `.tex` outside functions",
                name: variable.name.into(),
                found: format!("in `{}`", variable.space),
            };
            return Err(self.error(variable.position, kind));
        }
        self.check_sizes(variable)?;
        if variable.count.is_some() {
            return self.declare_family(variable, Slot::GlobalFamily(variable));
        }
        match self.names.exact_here(variable.name) {
            None => {
                let id = self.add_global(variable, variable.name);
                self.bind_global(variable.name, variable.position, Symbol::Global(id))
            }
            Some((Slot::Symbol(Symbol::Global(id)), first)) => {
                let known = &mut self.program.globals[id.index()];
                let declared = |it: &Variable<'_>| it.linkage == Some(super::ast::Linkage::Extern);
                match (declared(known.variable), declared(variable)) {
                    (false, false) => Err(self.duplicate(variable.name, variable.position, first)),
                    _ if !same_variable(known.variable, variable) => {
                        let kind =
                            ErrorKind::Disagrees { name: variable.name.into(), first: first.line };
                        Err(self.error(variable.position, kind))
                    }
                    (true, false) => {
                        known.variable = variable;
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
            Some((_, first)) => Err(self.duplicate(variable.name, variable.position, first)),
        }
    }

    fn add_global(&mut self, variable: &'m Variable<'a>, name: &'a str) -> GlobalId {
        let id = GlobalId(self.program.globals.len() as u32);
        self.program.globals.push(Global { name, variable, init: Vec::new() });
        id
    }

    fn bind_global(
        &mut self,
        name: &'a str,
        position: Position,
        symbol: Symbol,
    ) -> Result<(), Error> {
        self.program.symbols.insert(name, symbol);
        self.bind(name, position, Slot::Symbol(symbol))
    }

    /// Binds a name in the scope here.
    fn bind(&mut self, name: &'a str, position: Position, slot: Slot<'m, 'a>) -> Result<(), Error> {
        self.names.bind(name, position, slot).map_err(|first| self.duplicate(name, position, first))
    }

    /// Binds the names that `%x<N>` stands for.
    fn declare_family(
        &mut self,
        variable: &'m Variable<'a>,
        slot: Slot<'m, 'a>,
    ) -> Result<(), Error> {
        let (name, position) = (variable.name, variable.position);
        if !variable.dims.is_empty() || variable.init.is_some() {
            let kind =
                ErrorKind::Constant("a range of names can be neither an array nor initialised");
            return Err(self.error(position, kind));
        }
        let count = variable.count.unwrap_or(0);
        self.names
            .bind_family(name, position, count, slot)
            .map_err(|first| self.duplicate(name, position, first))
    }

    /// No name of PTX itself may be declared.
    fn check_name(&self, name: &str, position: Position) -> Result<(), Error> {
        if SpecialRegister::named(name).is_some() || name == "WARP_SZ" {
            return Err(self.error(position, ErrorKind::Reserved(name.into())));
        }
        Ok(())
    }

    fn check_sizes(&self, variable: &Variable<'_>) -> Result<(), Error> {
        if variable.ty == super::ast::Type::Pred {
            let kind = ErrorKind::Kind {
                expected: "a type that memory holds",
                name: variable.name.into(),
                found: "a predicate, which only registers hold".into(),
            };
            return Err(self.error(variable.position, kind));
        }
        if variable.bytes().is_none_or(|bytes| bytes > i64::MAX as u64) {
            let kind = ErrorKind::Range {
                what: "the size of a variable in bytes",
                range: "below 2^63",
                found: format!("`{}`", variable.name),
            };
            return Err(self.error(variable.position, kind));
        }
        Ok(())
    }

    fn aliases(&mut self) -> Result<(), Error> {
        for item in &self.module.items {
            let Item::Alias { position, name, of } = item else { continue };
            let target = match self.program.symbols.get(of).copied() {
                Some(Symbol::Function(id)) if self.is_definition(id) => id,
                _ => {
                    return Err(self.undeclared(
                        of,
                        *position,
                        " as a function with a body, which an alias needs",
                    ));
                }
            };
            match self.program.symbols.get(name).copied() {
                Some(Symbol::Function(id)) if !self.is_definition(id) => {
                    self.program.functions[id.index()].alias_of = Some(target);
                }
                Some(_) => return Err(self.duplicate(name, *position, Position::default())),
                None => {
                    let id = FunctionId(self.program.functions.len() as u32);
                    let declaration = self.program.functions[target.index()].declaration;
                    self.program.functions.push(Callable {
                        name,
                        declaration,
                        alias_of: Some(target),
                        body: None,
                    });
                    self.bind_global(name, *position, Symbol::Function(id))?;
                }
            }
        }
        Ok(())
    }

    fn is_definition(&self, id: FunctionId) -> bool {
        let callable = &self.program.functions[id.index()];
        callable.alias_of.is_none() && callable.declaration.body.is_some()
    }

    fn bodies(&mut self) -> Result<(), Error> {
        for index in 0..self.program.functions.len() {
            let function = self.program.functions[index].declaration;
            if self.is_definition(FunctionId(index as u32)) {
                self.program.functions[index].body = Some(self.body(function)?);
            }
        }
        self.names.leave().map_err(|clash| self.duplicate(clash.name, clash.position, clash.first))
    }
}

/// Whether two declarations of a function have the same parameters and results; names may differ.
fn same_signature(a: &Function<'_>, b: &Function<'_>) -> bool {
    let same = |a: &[Variable<'_>], b: &[Variable<'_>]| {
        a.len() == b.len()
            && a.iter().zip(b).all(|(a, b)| a.space == b.space && same_variable(a, b))
    };
    a.kind == b.kind && same(&a.returns, &b.returns) && same(&a.params, &b.params)
}

/// Whether two declarations of a variable agree; an extent may be left open in one.
fn same_variable(a: &Variable<'_>, b: &Variable<'_>) -> bool {
    let extents = a.dims.len() == b.dims.len()
        && a.dims.iter().zip(&b.dims).all(|(a, b)| a == b || a.is_none() || b.is_none());
    // `.b32` in a declaration goes with `.u32` in the definition.
    a.space == b.space && a.element_bytes() == b.element_bytes() && extents
}
