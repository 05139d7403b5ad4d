//! A module, its items, and the statements of a body.

use super::{Function, FunctionKind, Instruction, Prototype, Registers, Variable};
use crate::ptx::Position;

/// A PTX text.
///
/// Two modules are equal if they say the same, wherever it stands in their texts.
#[derive(Debug, Clone)]
pub struct Module<'a> {
    /// What it was parsed from; empty if it was not.
    pub source: &'a str,
    /// `.version`: major and minor.
    pub version: (u32, u32),
    /// `.target`.
    pub target: Target<'a>,
    /// `.address_size` in bits: 32 or 64.
    pub address_size: Option<u32>,
    /// What the module declares, in order.
    pub items: Vec<Item<'a>>,
}

impl PartialEq for Module<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.version, &self.target, self.address_size, &self.items)
            == (other.version, &other.target, other.address_size, &other.items)
    }
}

impl Eq for Module<'_> {}

impl<'a> Module<'a> {
    /// The functions and kernels: declarations and definitions, in order.
    pub fn functions(&self) -> impl Iterator<Item = &Function<'a>> {
        self.items.iter().filter_map(|item| match item {
            Item::Function(function) => Some(&**function),
            _ => None,
        })
    }

    /// The kernels that have a body.
    pub fn kernels(&self) -> impl Iterator<Item = &Function<'a>> {
        self.functions().filter(|it| it.kind == FunctionKind::Entry && it.body.is_some())
    }

    /// The variables outside functions, in order.
    pub fn variables(&self) -> impl Iterator<Item = &Variable<'a>> {
        self.items.iter().filter_map(|item| match item {
            Item::Variable(variable) => Some(&**variable),
            _ => None,
        })
    }

    /// The function or kernel of this name: its definition, or else a declaration. Linear.
    pub fn function(&self, name: &str) -> Option<&Function<'a>> {
        let mut declared = None;
        for function in self.functions().filter(|it| it.name == name) {
            if function.body.is_some() {
                return Some(function);
            }
            declared.get_or_insert(function);
        }
        declared
    }

    /// The path that `.file` gives to an index of `.loc`. Linear.
    pub fn file(&self, index: u32) -> Option<&'a str> {
        self.items.iter().find_map(|item| match item {
            Item::File(file) if file.index == index => Some(file.path),
            _ => None,
        })
    }
}

impl Module<'_> {
    /// The string that `.loc ... function_name label+offset` points to: the bytes of `.b8` in `.section .debug_str` from the label on, up
    /// to a zero. Linear in the section.
    pub fn info_string(&self, label: &str, offset: i64) -> Option<String> {
        let body = self.items.iter().find_map(|item| match item {
            Item::Section(section) if section.name == "debug_str" => Some(section.body),
            _ => None,
        })?;
        let bytes = |data: &str| -> Vec<u8> {
            // Labels and comments aside, lines of `.b8 95, 90`.
            let lines = data.lines().map(|line| {
                line.split("//").next().unwrap_or("").rsplit(':').next().unwrap_or("").trim()
            });
            let numbers =
                lines.filter(|line| !line.is_empty()).map_while(|line| line.strip_prefix(".b8"));
            numbers.flat_map(|it| it.split(',')).map_while(|it| it.trim().parse().ok()).collect()
        };
        let start = if label == ".debug_str" {
            0
        } else {
            let mut found = body.match_indices(label);
            let (at, _) = found.find(|(at, _)| {
                let rest = body.get(at + label.len()..).unwrap_or("");
                rest.trim_start().starts_with(':')
                    && !body[..*at].ends_with(crate::ptx::lexer::is_word_char)
            })?;
            at + body.get(at..)?.find(':')? + 1
        };
        let bytes = bytes(body.get(start..)?);
        let bytes = bytes.get(usize::try_from(offset).ok()?..)?;
        let end = bytes.iter().position(|&byte| byte == 0)?;
        String::from_utf8(bytes.get(..end)?.to_vec()).ok()
    }
}

/// `.target sm_80, texmode_independent`: the words in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target<'a>(pub Vec<&'a str>);

impl Target<'_> {
    /// The architecture's number: 80 of `sm_80`, 90 of `sm_90a`.
    pub fn architecture(&self) -> Option<u32> {
        self.0.iter().find_map(|word| {
            let digits = word.strip_prefix("sm_").or_else(|| word.strip_prefix("compute_"))?;
            digits.trim_end_matches(|c: char| c.is_ascii_lowercase()).parse().ok()
        })
    }
}

/// What stands in a module outside functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    /// A variable.
    Variable(Box<Variable<'a>>),
    /// A kernel or function.
    Function(Box<Function<'a>>),
    /// `.alias name, of;`
    Alias {
        /// Where it stands.
        position: Position,
        /// The new name.
        name: &'a str,
        /// The function that it names.
        of: &'a str,
    },
    /// `.pragma "...";`
    Pragma(Vec<&'a str>),
    /// `.file`
    File(SourceFile<'a>),
    /// `.section`
    Section(Section<'a>),
    /// `name:` between sections, as LLVM writes it for their ends.
    Label(&'a str),
    /// `@@DWARF` and what follows on its line.
    Dwarf(&'a str),
}

/// `.file 1 "kernel.cu", 1339013327, 64118`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile<'a> {
    /// The index that `.loc` uses.
    pub index: u32,
    /// The path, with escapes as written.
    pub path: &'a str,
    /// When it was changed last, and its size in bytes.
    pub stamp: Option<(u64, u64)>,
}

/// `.section .debug_str { ... }`: debug information, kept as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'a> {
    /// Its name, without the dot.
    pub name: &'a str,
    /// What stands in the braces.
    pub body: &'a str,
}

/// A line of a source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceLine {
    /// The file's index, as `.file` gives it.
    pub file: u32,
    /// The line, from 1; 0 if the compiler knows none.
    pub line: u32,
    /// The column, from 1; 0 if the compiler knows none.
    pub column: u32,
}

/// `.loc 1 9 3, function_name label+4, inlined_at 1 21 3`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loc<'a> {
    /// The line.
    pub at: SourceLine,
    /// Where the function's name stands in `.debug_str`, with an offset in bytes, and the line that it is inlined at.
    pub inlined: Option<Box<(&'a str, i64, SourceLine)>>,
}

/// What stands in a function's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement<'a> {
    /// An instruction.
    Instruction(Instruction<'a>),
    /// `name:`
    Label(Position, &'a str),
    /// `.reg`
    Registers(Registers<'a>),
    /// A variable.
    Variable(Box<Variable<'a>>),
    /// `{ ... }`
    Block(Vec<Statement<'a>>),
    /// `.loc`
    Loc(Loc<'a>),
    /// `.pragma "...";`
    Pragma(Vec<&'a str>),
    /// `name: .branchtargets a, b<4>;`
    BranchTargets {
        /// Where it stands.
        position: Position,
        /// Its name.
        name: &'a str,
        /// The labels; `N<5>` is `N0` to `N4`.
        labels: Vec<(&'a str, Option<u32>)>,
    },
    /// `name: .calltargets a, b;`
    CallTargets {
        /// Where it stands.
        position: Position,
        /// Its name.
        name: &'a str,
        /// The functions.
        functions: Vec<&'a str>,
    },
    /// `name: .callprototype ...;`
    Prototype(Box<Prototype<'a>>),
    /// `.file`
    File(SourceFile<'a>),
    /// `.section`
    Section(Section<'a>),
    /// `@@DWARF` and what follows on its line.
    Dwarf(&'a str),
}
