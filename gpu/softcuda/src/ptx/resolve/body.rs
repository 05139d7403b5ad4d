//! A function's body: blocks, declarations, labels.

use super::call::check_call;
use super::{
    Binding, Body, BranchTargetsId, CallTargetsId, Label, LabelId, LocalVariable, PrototypeId,
    Register, RegisterId, Resolver, Scope, ScopeId, Slot, Step, Symbol, VariableId,
};
use crate::ptx::ast::{
    Function, Instruction, Loc, Registers, Space, Statement, Type, Variable, VectorWidth,
};
use crate::ptx::limits::MAX_RANGE_TARGETS;
use crate::ptx::{Error, ErrorKind, Position};

/// A body in the making.
pub(super) struct Draft<'m, 'a> {
    pub body: Body<'m, 'a>,
    /// The block here.
    pub scope: ScopeId,
    /// What the last `.loc` said.
    loc: Option<&'m Loc<'a>>,
    /// How many scopes of names are around the function's first.
    outside: usize,
    /// How many labels the ranges in lists have named.
    listed: u64,
}

impl<'m, 'a> Resolver<'m, 'a> {
    pub(super) fn body(&mut self, function: &'m Function<'a>) -> Result<Body<'m, 'a>, Error> {
        let body = Body {
            function,
            returns: Vec::new(),
            params: Vec::new(),
            registers: Vec::new(),
            variables: Vec::new(),
            labels: Vec::new(),
            branch_targets: Vec::new(),
            call_targets: Vec::new(),
            prototypes: Vec::new(),
            scopes: vec![Scope { parent: None, steps: 0..0 }],
            steps: Vec::new(),
        };
        let mut draft =
            Draft { body, scope: ScopeId(0), loc: None, outside: self.names.depth(), listed: 0 };
        self.names.enter();
        for variable in &function.returns {
            let binding = self.parameter(&mut draft, variable)?;
            draft.body.returns.push(binding);
        }
        for variable in &function.params {
            let binding = self.parameter(&mut draft, variable)?;
            draft.body.params.push(binding);
        }
        let statements = function.body.as_deref().unwrap_or(&[]);
        self.block(&mut draft, statements)?;
        self.leave()?;
        draft.body.scopes[0].steps = 0..draft.body.steps.len();
        Ok(draft.body)
    }

    fn leave(&mut self) -> Result<(), Error> {
        self.names.leave().map_err(|clash| self.duplicate(clash.name, clash.position, clash.first))
    }

    fn parameter(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        variable: &'m Variable<'a>,
    ) -> Result<Binding, Error> {
        self.check_name(variable.name, variable.position)?;
        if variable.space == Space::Reg {
            let id = draft.add_register(variable.name, variable.ty, variable.vector, draft.scope);
            self.bind(variable.name, variable.position, Slot::Register(id))?;
            return Ok(Binding::Register(id));
        }
        if variable.space != Space::Param {
            let kind = ErrorKind::Kind {
                expected: "a parameter in `.param` or `.reg`",
                name: variable.name.into(),
                found: format!("in `{}`", variable.space),
            };
            return Err(self.error(variable.position, kind));
        }
        self.check_sizes(variable)?;
        let id = draft.add_variable(variable, variable.name, draft.scope);
        self.bind(variable.name, variable.position, Slot::Symbol(Symbol::Variable(id)))?;
        Ok(Binding::Variable(id))
    }

    fn block(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        statements: &'m [Statement<'a>],
    ) -> Result<(), Error> {
        let around = draft.scope;
        let first = draft.body.steps.len();
        draft.scope = ScopeId(draft.body.scopes.len() as u32);
        draft.body.scopes.push(Scope { parent: Some(around), steps: first..first });
        self.names.enter();
        self.labels(draft, statements)?;
        for statement in statements {
            self.statement(draft, statement)?;
        }
        self.leave()?;
        draft.body.scopes[draft.scope.index()].steps.end = draft.body.steps.len();
        draft.scope = around;
        Ok(())
    }

    /// Binds the labels of a block, which may be used before them.
    fn labels(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        statements: &'m [Statement<'a>],
    ) -> Result<(), Error> {
        for statement in statements {
            let (name, position, symbol) = match statement {
                Statement::Label(position, name) => {
                    let id = LabelId(draft.body.labels.len() as u32);
                    draft.body.labels.push(Label { name, step: 0, scope: draft.scope });
                    (*name, *position, Symbol::Label(id))
                }
                Statement::BranchTargets { name, position, .. } => {
                    let id = BranchTargetsId(draft.body.branch_targets.len() as u32);
                    draft.body.branch_targets.push(Vec::new());
                    (*name, *position, Symbol::BranchTargets(id))
                }
                Statement::CallTargets { name, position, .. } => {
                    let id = CallTargetsId(draft.body.call_targets.len() as u32);
                    draft.body.call_targets.push(Vec::new());
                    (*name, *position, Symbol::CallTargets(id))
                }
                Statement::Prototype(prototype) => {
                    let id = PrototypeId(draft.body.prototypes.len() as u32);
                    draft.body.prototypes.push(prototype);
                    (prototype.name, prototype.position, Symbol::Prototype(id))
                }
                _ => continue,
            };
            self.check_name(name, position)?;
            self.bind(name, position, Slot::Symbol(symbol))?;
        }
        Ok(())
    }

    fn statement(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        statement: &'m Statement<'a>,
    ) -> Result<(), Error> {
        match statement {
            Statement::Instruction(instruction) => self.step(draft, instruction),
            Statement::Label(_, name) => {
                if let Some((Slot::Symbol(Symbol::Label(id)), _)) = self.names.exact_here(name) {
                    draft.body.labels[id.index()].step = draft.body.steps.len();
                }
                Ok(())
            }
            Statement::Registers(registers) => self.registers(draft, registers),
            Statement::Variable(variable) => self.local(draft, variable),
            Statement::Block(statements) => self.block(draft, statements),
            Statement::Loc(loc) => {
                draft.loc = Some(loc);
                Ok(())
            }
            Statement::BranchTargets { name, labels, position } => {
                self.branch_targets(draft, name, labels, *position)
            }
            Statement::CallTargets { name, functions, position } => {
                let Some((Slot::Symbol(Symbol::CallTargets(id)), _)) = self.names.exact_here(name)
                else {
                    return Ok(());
                };
                for function in functions {
                    let Some((Slot::Symbol(Symbol::Function(target)), _)) =
                        self.names.find(function)
                    else {
                        return Err(self.undeclared(function, *position, " as a function"));
                    };
                    draft.body.call_targets[id.index()].push(target);
                }
                Ok(())
            }
            Statement::Prototype(_)
            | Statement::Pragma(_)
            | Statement::File(_)
            | Statement::Section(_)
            | Statement::Dwarf(_) => Ok(()),
        }
    }

    fn branch_targets(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        list: &str,
        labels: &[(&'a str, Option<u32>)],
        position: Position,
    ) -> Result<(), Error> {
        let Some((Slot::Symbol(Symbol::BranchTargets(id)), _)) = self.names.exact_here(list) else {
            return Ok(());
        };
        let find = |it: &Self, name: &str| match it.names.find(name) {
            Some((Slot::Symbol(Symbol::Label(label)), _)) => Some(label),
            _ => None,
        };
        for &(name, count) in labels {
            if count.is_none() {
                let label = find(self, name)
                    .ok_or_else(|| self.undeclared(name, position, " as a label"))?;
                draft.body.branch_targets[id.index()].push(label);
                continue;
            }
            // Ends at the first label that does not exist; but many lists may name the same labels.
            for number in 0..count.unwrap_or(0) {
                let label = find(self, &format!("{name}{number}")).ok_or_else(|| {
                    self.undeclared(name, position, " as labels with all these numbers")
                })?;
                draft.listed += 1;
                if draft.listed > MAX_RANGE_TARGETS {
                    let kind = ErrorKind::Limit {
                        what: "too many labels in ranges",
                        limit: MAX_RANGE_TARGETS,
                    };
                    return Err(self.error(position, kind));
                }
                draft.body.branch_targets[id.index()].push(label);
            }
        }
        Ok(())
    }

    fn registers(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        registers: &'m Registers<'a>,
    ) -> Result<(), Error> {
        for names in &registers.names {
            self.check_name(names.name, names.position)?;
            match names.count {
                None => {
                    let id =
                        draft.add_register(names.name, registers.ty, registers.vector, draft.scope);
                    self.bind(names.name, names.position, Slot::Register(id))?;
                }
                Some(count) => {
                    let slot = Slot::RegisterFamily(registers);
                    self.names
                        .bind_family(names.name, names.position, count, slot)
                        .map_err(|first| self.duplicate(names.name, names.position, first))?;
                }
            }
        }
        Ok(())
    }

    fn local(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        variable: &'m Variable<'a>,
    ) -> Result<(), Error> {
        self.check_name(variable.name, variable.position)?;
        self.check_sizes(variable)?;
        if variable.count.is_some() {
            return self.declare_family(variable, Slot::VariableFamily(variable));
        }
        let id = draft.add_variable(variable, variable.name, draft.scope);
        draft.body.variables[id.index()].init = self.initializer(variable)?;
        self.bind(variable.name, variable.position, Slot::Symbol(Symbol::Variable(id)))
    }

    fn step(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        instruction: &'m Instruction<'a>,
    ) -> Result<(), Error> {
        let near = instruction.position;
        let mut guard = None;
        if let Some(given) = &instruction.guard {
            guard = Some((self.predicate(draft, given.name, near)?, given.negated));
        }
        let mut operands = Vec::with_capacity(instruction.operands.len());
        for operand in &instruction.operands {
            operands.push(self.operand(draft, operand, near)?);
        }
        check_call(self, &draft.body, instruction, &operands)?;
        let step = Step { instruction, loc: draft.loc, scope: draft.scope, guard, operands };
        draft.body.steps.push(step);
        Ok(())
    }

    /// What a name in the body is bound to; one of a range is bound now.
    pub(super) fn lookup(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        name: &'a str,
    ) -> Option<Result<RegisterId, Symbol>> {
        let (slot, depth) = self.names.find(name)?;
        let scope = |draft: &Draft<'m, 'a>| draft.scope_at(depth);
        let slot = match slot {
            Slot::Register(id) => return Some(Ok(id)),
            Slot::Symbol(symbol) => return Some(Err(symbol)),
            Slot::RegisterFamily(registers) => {
                let scope = scope(draft);
                Slot::Register(draft.add_register(name, registers.ty, registers.vector, scope))
            }
            Slot::VariableFamily(variable) => {
                let scope = scope(draft);
                Slot::Symbol(Symbol::Variable(draft.add_variable(variable, name, scope)))
            }
            Slot::GlobalFamily(variable) => {
                let symbol = Symbol::Global(self.add_global(variable, name));
                self.program.symbols.insert(name, symbol);
                Slot::Symbol(symbol)
            }
        };
        self.names.bind_member(name, depth, slot);
        match slot {
            Slot::Register(id) => Some(Ok(id)),
            Slot::Symbol(symbol) => Some(Err(symbol)),
            _ => None,
        }
    }

    /// A register of type `.pred`.
    pub(super) fn predicate(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        name: &'a str,
        near: Position,
    ) -> Result<RegisterId, Error> {
        let found = match self.lookup(draft, name) {
            None => return Err(self.undeclared(name, near, "")),
            Some(Ok(id)) => match draft.body.registers[id.index()].ty {
                Type::Pred => return Ok(id),
                ty => format!("a register of type `{ty}`"),
            },
            Some(Err(symbol)) => symbol.what().to_owned(),
        };
        let kind = ErrorKind::Kind { expected: "a predicate register", name: name.into(), found };
        Err(self.error(self.place(name, near), kind))
    }
}

impl<'m, 'a> Draft<'m, 'a> {
    fn add_register(
        &mut self,
        name: &'a str,
        ty: Type,
        vector: Option<VectorWidth>,
        scope: ScopeId,
    ) -> RegisterId {
        let id = RegisterId(self.body.registers.len() as u32);
        self.body.registers.push(Register { name, ty, vector, scope });
        id
    }

    fn add_variable(
        &mut self,
        variable: &'m Variable<'a>,
        name: &'a str,
        scope: ScopeId,
    ) -> VariableId {
        let id = VariableId(self.body.variables.len() as u32);
        self.body.variables.push(LocalVariable { name, variable, scope, init: Vec::new() });
        id
    }

    /// The block around this place that is so deep.
    fn scope_at(&self, depth: usize) -> ScopeId {
        let mut scope = self.scope;
        let mut up = self.depth().saturating_sub(depth);
        while up > 0 {
            let Some(parent) = self.body.scopes[scope.index()].parent else { break };
            scope = parent;
            up -= 1;
        }
        scope
    }

    /// How many scopes of names are around this place.
    fn depth(&self) -> usize {
        let mut depth = self.outside + 1;
        let mut scope = self.scope;
        while let Some(parent) = self.body.scopes[scope.index()].parent {
            scope = parent;
            depth += 1;
        }
        depth
    }
}

impl Symbol {
    /// What it is, for an error.
    pub(super) fn what(self) -> &'static str {
        match self {
            Symbol::Global(_) | Symbol::Variable(_) => "a variable",
            Symbol::Function(_) => "a function",
            Symbol::Label(_) => "a label",
            Symbol::BranchTargets(_) => "a list of labels",
            Symbol::CallTargets(_) => "a list of functions",
            Symbol::Prototype(_) => "a prototype",
        }
    }
}
