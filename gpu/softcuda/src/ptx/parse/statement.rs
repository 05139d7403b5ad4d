//! The statements of a body.

use super::Parser;
use crate::ptx::ast::{Guard, Instruction, Linkage, Loc, Opcode, SourceLine, Space, Statement};
use crate::ptx::{Error, Position};

impl<'a> Parser<'a> {
    /// The statements up to `}`, with it.
    pub(super) fn block(&mut self) -> Result<Vec<Statement<'a>>, Error> {
        self.nested(|it| {
            let mut statements = Vec::new();
            while !it.lexer.eat(b'}') {
                it.statement(&mut statements)?;
            }
            Ok(statements)
        })
    }

    fn statement(&mut self, into: &mut Vec<Statement<'a>>) -> Result<(), Error> {
        match self.lexer.peek() {
            b'.' => self.directive(into),
            b'{' => {
                self.lexer.eat(b'{');
                into.push(Statement::Block(self.block()?));
                Ok(())
            }
            b'@' if self.lexer.peek_at(1) == b'@' => {
                self.lexer.eat_text("@@");
                into.push(Statement::Dwarf(self.dwarf()?));
                Ok(())
            }
            b'@' => {
                self.lexer.eat(b'@');
                let negated = self.lexer.eat(b'!');
                let name = self.name("a predicate after `@`")?;
                let guard = Some(Guard { name, negated });
                let position = self.lexer.position();
                let base = self
                    .lexer
                    .bare_word()
                    .ok_or_else(|| self.lexer.expected("an instruction after the guard"))?;
                self.instruction(into, position, base, guard)
            }
            b';' => {
                self.lexer.eat(b';');
                Ok(())
            }
            _ => {
                let position = self.lexer.position();
                let word = self
                    .lexer
                    .bare_word()
                    .ok_or_else(|| self.lexer.expected("a statement or `}`"))?;
                self.labelled_or_instruction(into, position, word)
            }
        }
    }

    #[inline]
    fn labelled_or_instruction(
        &mut self,
        into: &mut Vec<Statement<'a>>,
        position: Position,
        word: &'a str,
    ) -> Result<(), Error> {
        if self.lexer.peek() == b'.' || (self.lexer.peek() == b':' && self.lexer.peek_at(1) == b':')
        {
            return self.instruction(into, position, word, None);
        }
        self.lexer.end_word();
        if !self.lexer.eat(b':') {
            let text = self.lexer.spaced_opcode(word);
            return self.operands_of(into, position, Opcode::with_base(text, word.len()), None);
        }
        match self.lexer.peek_dotted() {
            Some("branchtargets") => {
                self.lexer.dotted();
                let mut labels = Vec::new();
                loop {
                    let label = self.name("a label")?;
                    let mut count = None;
                    if self.lexer.eat(b'<') {
                        count = Some(self.count("the number of labels")?);
                        self.expect(b'>', "`>`")?;
                    }
                    labels.push((label, count));
                    if !self.lexer.eat(b',') {
                        break;
                    }
                }
                self.expect(b';', "`,` or `;` after the label")?;
                into.push(Statement::BranchTargets { position, name: word, labels });
            }
            Some("calltargets") => {
                self.lexer.dotted();
                let mut functions = Vec::new();
                loop {
                    functions.push(self.name("a function's name")?);
                    if !self.lexer.eat(b',') {
                        break;
                    }
                }
                self.expect(b';', "`,` or `;` after the function's name")?;
                into.push(Statement::CallTargets { position, name: word, functions });
            }
            Some("callprototype") => {
                self.lexer.dotted();
                let prototype = self.prototype(position, word)?;
                into.push(Statement::Prototype(Box::new(prototype)));
            }
            _ => into.push(Statement::Label(position, word)),
        }
        Ok(())
    }

    #[inline]
    fn instruction(
        &mut self,
        into: &mut Vec<Statement<'a>>,
        position: Position,
        base: &'a str,
        guard: Option<Guard<'a>>,
    ) -> Result<(), Error> {
        let text = self.lexer.opcode(base);
        self.operands_of(into, position, Opcode::with_base(text, base.len()), guard)
    }

    #[inline]
    fn operands_of(
        &mut self,
        into: &mut Vec<Statement<'a>>,
        position: Position,
        opcode: Opcode<'a>,
        guard: Option<Guard<'a>>,
    ) -> Result<(), Error> {
        let is_call = opcode.base() == "call";
        let mut operands = Vec::new();
        if !self.lexer.eat(b';') {
            loop {
                operands.push(self.operand(is_call)?);
                if !self.lexer.eat(b',') {
                    break;
                }
            }
            self.expect(b';', "`,` or `;` after the operand")?;
        }
        into.push(Statement::Instruction(Instruction {
            position,
            loc: self.loc,
            guard,
            opcode,
            operands,
        }));
        Ok(())
    }

    fn directive(&mut self, into: &mut Vec<Statement<'a>>) -> Result<(), Error> {
        let position = self.lexer.position();
        let word = self.lexer.peek_dotted().ok_or_else(|| self.lexer.expected("a directive"))?;
        match word {
            "reg" => {
                self.lexer.dotted();
                into.push(Statement::Registers(self.registers()?));
            }
            "loc" => {
                self.lexer.dotted();
                let loc = self.loc_directive()?;
                self.loc = Some(loc.at);
                into.push(Statement::Loc(loc));
            }
            "pragma" => {
                self.lexer.dotted();
                into.push(Statement::Pragma(self.strings()?));
            }
            "file" => {
                self.lexer.dotted();
                into.push(Statement::File(self.file()?));
            }
            "section" => {
                self.lexer.dotted();
                into.push(Statement::Section(self.section()?));
            }
            "extern" | "visible" | "weak" | "common" => {
                let linkage = Linkage::from_word(word);
                self.lexer.dotted();
                self.memory_space()?;
                self.variables(linkage, |it| into.push(Statement::Variable(Box::new(it))))?;
            }
            "local" | "shared" | "param" | "global" | "const" | "tex" => {
                self.variables(None, |it| into.push(Statement::Variable(Box::new(it))))?;
            }
            "branchtargets" | "calltargets" | "callprototype" => {
                let hint = ": it needs a label before it";
                return Err(self.unknown(position, "directive", &format!(".{word}"), hint));
            }
            _ => {
                return Err(self.unknown(
                    position,
                    "directive",
                    &format!(".{word}"),
                    " in a function's body",
                ));
            }
        }
        Ok(())
    }

    /// That a space of memory stands here, which begins a variable's declaration.
    fn memory_space(&self) -> Result<(), Error> {
        let space = self.lexer.peek_dotted().and_then(Space::from_word);
        match space.filter(|space| *space != Space::Reg) {
            Some(_) => Ok(()),
            None => Err(self.lexer.expected("a space of memory, like `.shared`")),
        }
    }

    /// What follows `.loc`.
    fn loc_directive(&mut self) -> Result<Loc<'a>, Error> {
        let at = self.source_line()?;
        if !self.lexer.eat(b',') {
            return Ok(Loc { at, inlined: None });
        }
        if self.lexer.word() != Some("function_name") {
            return Err(self.lexer.expected("`function_name`"));
        }
        let name = self
            .lexer
            .section_label()
            .ok_or_else(|| self.lexer.expected("a label of a debug section"))?;
        let mut offset = 0;
        if self.lexer.eat(b'+') {
            offset = self.integer()? as i64;
        }
        self.expect(b',', "`,` and `inlined_at`")?;
        if self.lexer.word() != Some("inlined_at") {
            return Err(self.lexer.expected("`inlined_at`"));
        }
        let caller = self.source_line()?;
        Ok(Loc { at, inlined: Some(Box::new((name, offset, caller))) })
    }

    fn source_line(&mut self) -> Result<SourceLine, Error> {
        Ok(SourceLine {
            file: self.count("the file's index")?,
            line: self.count("the line")?,
            column: self.count("the column")?,
        })
    }
}
