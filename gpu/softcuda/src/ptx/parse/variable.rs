//! Declarations of registers, variables and parameters.

use super::Parser;
use crate::ptx::ast::{
    Attribute, Initializer, Linkage, Pointer, RegisterNames, Registers, Space, Type, Variable,
    VectorWidth,
};
use crate::ptx::{Error, ErrorKind, Position};

impl<'a> Parser<'a> {
    /// What follows `.reg`.
    pub(super) fn registers(&mut self) -> Result<Registers<'a>, Error> {
        let position = self.lexer.position();
        let (mut vector, mut ty) = (None, None);
        while self.lexer.peek() == b'.' {
            let position = self.lexer.position();
            let word = self.lexer.dotted().ok_or_else(|| self.lexer.expected("a type"))?;
            if let Some(width) = VectorWidth::from_word(word) {
                vector = Some(width);
            } else if word == "align" {
                self.alignment()?;
            } else {
                let found = self.type_named(position, word)?;
                self.only(position, ty.replace(found).is_some(), "one type", word)?;
            }
        }
        let Some(ty) = ty else { return Err(self.lexer.expected("a type, like `.b32`")) };
        let mut names = Vec::new();
        loop {
            let position = self.lexer.position();
            let name = self.name("a register's name")?;
            names.push(RegisterNames { position, name, count: self.name_count()? });
            if !self.lexer.eat(b',') {
                break;
            }
        }
        self.expect(b';', "`,` or `;` after the register's name")?;
        Ok(Registers { position, vector, ty, names })
    }

    /// The `<5>` after a name.
    fn name_count(&mut self) -> Result<Option<u32>, Error> {
        if !self.lexer.eat(b'<') {
            return Ok(None);
        }
        let count = self.count("the number of names")?;
        self.expect(b'>', "`>`")?;
        Ok(Some(count))
    }

    fn type_named(&self, position: Position, word: &str) -> Result<Type, Error> {
        Type::from_word(word).ok_or_else(|| self.unknown(position, "type", word, ""))
    }

    /// The variables that one statement declares: what follows the linkage, up to `;`.
    pub(super) fn variables(
        &mut self,
        linkage: Option<Linkage>,
        mut each: impl FnMut(Variable<'a>),
    ) -> Result<(), Error> {
        let kind = self.variable_kind(linkage)?;
        loop {
            let mut variable = self.declarator(kind.clone())?;
            if self.lexer.eat(b'=') {
                variable.init = Some(self.initializer()?);
            }
            each(variable);
            if !self.lexer.eat(b',') {
                break;
            }
        }
        self.expect(b';', "`,`, `=` or `;` after the variable")
    }

    /// `( ... )` of parameters; nothing if no `(` is here.
    pub(super) fn parameters(&mut self) -> Result<Vec<Variable<'a>>, Error> {
        let mut parameters = Vec::new();
        if !self.lexer.eat(b'(') || self.lexer.eat(b')') {
            return Ok(parameters);
        }
        loop {
            let kind = self.variable_kind(None)?;
            parameters.push(self.declarator(kind)?);
            if !self.lexer.eat(b',') {
                break;
            }
        }
        self.expect(b')', "`,` or `)` after the parameter")?;
        Ok(parameters)
    }

    /// Space, alignment, type and so on, in any order, without a name.
    fn variable_kind(&mut self, linkage: Option<Linkage>) -> Result<Variable<'a>, Error> {
        let position = self.lexer.position();
        let (mut space, mut ty) = (None, None);
        let mut variable = Variable {
            position,
            linkage,
            space: Space::Global,
            bank: None,
            attributes: Vec::new(),
            align: None,
            vector: None,
            ty: Type::B8,
            pointer: None,
            name: "",
            count: None,
            dims: Vec::new(),
            init: None,
        };
        while self.lexer.peek() == b'.' {
            let position = self.lexer.position();
            let word = self.lexer.dotted().ok_or_else(|| self.lexer.expected("a space or type"))?;
            if let Some(width) = VectorWidth::from_word(word) {
                variable.vector = Some(width);
            } else if let Some(found) = Type::from_word(word) {
                self.only(position, ty.replace(found).is_some(), "one type", word)?;
            } else if let Some(found) = Space::from_word(word) {
                // After `.ptr` it is the space pointed to.
                let slot = match &mut variable.pointer {
                    Some(pointer) => &mut pointer.space,
                    None => &mut space,
                };
                let second = slot.replace(found).is_some();
                self.only(position, second, "one state space", word)?;
                if word == "const" && self.lexer.eat(b'[') {
                    variable.bank = Some(self.count("the constant bank")?);
                    self.expect(b']', "`]`")?;
                }
            } else {
                match word {
                    "align" => {
                        let align = Some(self.alignment()?);
                        match &mut variable.pointer {
                            Some(pointer) => pointer.align = align,
                            None => variable.align = align,
                        }
                    }
                    "ptr" => variable.pointer = Some(Pointer { space: None, align: None }),
                    "attribute" => variable.attributes = self.attributes()?,
                    _ => return Err(self.unknown(position, "space, type or attribute", word, "")),
                }
            }
        }
        variable.space = space
            .ok_or_else(|| self.lexer.expected("a state space, like `.param` or `.global`"))?;
        variable.ty = ty.ok_or_else(|| self.lexer.expected("a type, like `.b32`"))?;
        Ok(variable)
    }

    /// Refuses `.word` if it is a second one.
    fn only(
        &self,
        position: Position,
        second: bool,
        expected: &'static str,
        word: &str,
    ) -> Result<(), Error> {
        if !second {
            return Ok(());
        }
        let found = format!("`.{word}`, a second one");
        Err(self.lexer.error(position, ErrorKind::Syntax { expected, found }))
    }

    /// The number after `.align`.
    fn alignment(&mut self) -> Result<u32, Error> {
        let position = self.lexer.position();
        let align = self.count("an alignment")?;
        if !align.is_power_of_two() {
            return Err(self.range(position, "an alignment", "a power of two", align.to_string()));
        }
        Ok(align)
    }

    /// `(.managed, .unified(1, 2))`
    pub(super) fn attributes(&mut self) -> Result<Vec<Attribute>, Error> {
        self.expect(b'(', "`(` after `.attribute`")?;
        let mut attributes = Vec::new();
        loop {
            let position = self.lexer.position();
            let word = self
                .lexer
                .dotted()
                .ok_or_else(|| self.lexer.expected("an attribute, like `.managed`"))?;
            attributes.push(match word {
                "managed" => Attribute::Managed,
                "unified" => {
                    self.expect(b'(', "`(`")?;
                    let first = self.integer()?;
                    self.expect(b',', "`,`")?;
                    let second = self.integer()?;
                    self.expect(b')', "`)`")?;
                    Attribute::Unified(first, second)
                }
                _ => return Err(self.unknown(position, "attribute", word, "")),
            });
            if !self.lexer.eat(b',') {
                break;
            }
        }
        self.expect(b')', "`,` or `)` after the attribute")?;
        Ok(attributes)
    }

    /// The name with its count or extents.
    fn declarator(&mut self, mut variable: Variable<'a>) -> Result<Variable<'a>, Error> {
        variable.position = self.lexer.position();
        variable.name = self.name("a variable's name")?;
        variable.count = self.name_count()?;
        while self.lexer.eat(b'[') {
            let extent = if self.lexer.peek() == b']' { None } else { Some(self.extent()?) };
            variable.dims.push(extent);
            self.expect(b']', "`]` after the extent")?;
        }
        Ok(variable)
    }

    fn extent(&mut self) -> Result<u64, Error> {
        let position = self.lexer.position();
        let extent = self.integer()?;
        if extent > i64::MAX as u64 {
            return Err(self.range(
                position,
                "an extent",
                "below 2^63",
                (extent as i64).to_string(),
            ));
        }
        Ok(extent)
    }

    fn initializer(&mut self) -> Result<Initializer<'a>, Error> {
        if !self.lexer.eat(b'{') {
            let value = self.expression()?;
            return match value {
                crate::ptx::ast::Expr::Name(name) if self.lexer.eat(b'=') => {
                    Ok(Initializer::Field(name, self.expression()?))
                }
                value => Ok(Initializer::Value(value)),
            };
        }
        self.nested(|it| {
            let mut list = Vec::new();
            while !it.lexer.eat(b'}') {
                list.push(it.initializer()?);
                if !it.lexer.eat(b',') {
                    it.expect(b'}', "`,` or `}` in the initialiser")?;
                    break;
                }
            }
            Ok(Initializer::List(list))
        })
    }
}
