//! A module and its items.

use super::Parser;
use crate::ptx::ast::{
    FunctionKind, Item, Linkage, Literal, Module, Section, SourceFile, Space, Target,
};
use crate::ptx::{Error, ErrorKind};

impl<'a> Parser<'a> {
    pub(super) fn module(&mut self) -> Result<Module<'a>, Error> {
        if self.lexer.peek_dotted() != Some("version") {
            return Err(self.lexer.expected("`.version`, which begins a module"));
        }
        self.lexer.dotted();
        let version = self.version()?;
        let mut module = Module {
            source: self.lexer.text(),
            version,
            target: Target::default(),
            address_size: None,
            items: Vec::new(),
        };
        if self.lexer.peek_dotted() != Some("target") {
            return Err(self.lexer.expected("`.target`, which follows `.version`"));
        }
        while !self.lexer.at_end() {
            self.item(&mut module)?;
        }
        Ok(module)
    }

    /// `9.0`, which is not a float: 7.10 comes after 7.9.
    fn version(&mut self) -> Result<(u32, u32), Error> {
        const EXPECTED: &str = "a version, like `8.0`";
        let (start, error) = (self.lexer.clone(), self.lexer.expected(EXPECTED));
        if !matches!(self.lexer.number()?, Some(Literal::Double(_))) {
            return Err(error);
        }
        let length = self.lexer.offset() - start.offset();
        let text = start.text().get(start.offset()..start.offset() + length).unwrap_or("");
        // Blanks and comments may follow.
        let end = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let parts = text.get(..end).and_then(|text| text.split_once('.'));
        let numbers =
            parts.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        numbers.ok_or(error)
    }

    fn item(&mut self, module: &mut Module<'a>) -> Result<(), Error> {
        if self.lexer.eat_text("@@") {
            module.items.push(self.dwarf().map(Item::Dwarf)?);
            return Ok(());
        }
        if self.lexer.eat(b';') {
            return Ok(());
        }
        let position = self.lexer.position();
        let Some(word) = self.lexer.peek_dotted() else {
            let error = self.lexer.expected("a directive, like `.entry` or `.global`");
            let label = self.lexer.word().filter(|_| self.lexer.eat(b':')).ok_or(error)?;
            module.items.push(Item::Label(label));
            return Ok(());
        };
        match word {
            "version" => return Err(self.lexer.error(position, ErrorKind::Repeated(".version"))),
            "target" => {
                self.lexer.dotted();
                self.target(&mut module.target)?;
            }
            "address_size" => {
                self.lexer.dotted();
                if module.address_size.is_some() {
                    return Err(self.lexer.error(position, ErrorKind::Repeated(".address_size")));
                }
                module.address_size = Some(self.address_size()?);
            }
            "alias" => {
                self.lexer.dotted();
                let name = self.name("the alias")?;
                self.expect(b',', "`,` after the alias")?;
                let of = self.name("the function that the alias names")?;
                self.expect(b';', "`;`")?;
                module.items.push(Item::Alias { position, name, of });
            }
            "pragma" => {
                self.lexer.dotted();
                module.items.push(Item::Pragma(self.strings()?));
            }
            "file" => {
                self.lexer.dotted();
                module.items.push(Item::File(self.file()?));
            }
            "section" => {
                self.lexer.dotted();
                module.items.push(Item::Section(self.section()?));
            }
            _ => self.declaration(module)?,
        }
        Ok(())
    }

    /// A function or variable, with its linkage.
    fn declaration(&mut self, module: &mut Module<'a>) -> Result<(), Error> {
        let mut linkage = None;
        loop {
            let position = self.lexer.position();
            let Some(word) = self.lexer.peek_dotted() else {
                return Err(self.lexer.expected("`.entry`, `.func` or a state space"));
            };
            if let Some(found) = Linkage::from_word(word) {
                self.lexer.dotted();
                if linkage.replace(found).is_some() {
                    let kind = ErrorKind::Syntax {
                        expected: "one linkage",
                        found: format!("`.{word}`, a second one"),
                    };
                    return Err(self.lexer.error(position, kind));
                }
                continue;
            }
            let kind = match word {
                "entry" => FunctionKind::Entry,
                "func" => FunctionKind::Func,
                _ if Space::from_word(word).is_some() || matches!(word, "align" | "attribute") => {
                    return self
                        .variables(linkage, |it| module.items.push(Item::Variable(Box::new(it))));
                }
                _ => return Err(self.unknown(position, "directive", &format!(".{word}"), "")),
            };
            self.lexer.dotted();
            let function = self.function(linkage, kind)?;
            module.items.push(Item::Function(Box::new(function)));
            return Ok(());
        }
    }

    fn target(&mut self, target: &mut Target<'a>) -> Result<(), Error> {
        loop {
            target.0.push(self.name("a target, like `sm_80`")?);
            if !self.lexer.eat(b',') {
                return Ok(());
            }
        }
    }

    fn address_size(&mut self) -> Result<u32, Error> {
        let position = self.lexer.position();
        match self.count("the address size")? {
            size @ (32 | 64) => Ok(size),
            size => Err(self.range(position, "the address size", "32 or 64", size.to_string())),
        }
    }

    /// What follows `.file`.
    pub(super) fn file(&mut self) -> Result<SourceFile<'a>, Error> {
        let index = self.count("the file's index")?;
        let path =
            self.lexer.string().ok_or_else(|| self.lexer.expected("the file's path, a string"))?;
        let mut stamp = None;
        if self.lexer.eat(b',') {
            let changed = self.integer()?;
            self.expect(b',', "`,` and the file's size")?;
            stamp = Some((changed, self.integer()?));
        }
        Ok(SourceFile { index, path, stamp })
    }

    /// What follows `.section`.
    pub(super) fn section(&mut self) -> Result<Section<'a>, Error> {
        let name = match self.lexer.dotted() {
            Some(name) => name,
            None => return Err(self.lexer.expected("the section's name, like `.debug_info`")),
        };
        self.expect(b'{', "`{` after the section's name")?;
        let body = self.lexer.up_to_brace();
        self.expect(b'}', "`}` at the end of the section")?;
        Ok(Section { name, body })
    }

    /// What follows `@@`.
    pub(super) fn dwarf(&mut self) -> Result<&'a str, Error> {
        if !self.lexer.eat_bare_text("DWARF") && !self.lexer.eat_bare_text("dwarf") {
            return Err(self.lexer.expected("`DWARF` after `@@`"));
        }
        Ok(self.lexer.rest_of_line())
    }
}
