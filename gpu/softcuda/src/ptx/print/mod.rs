//! PTX as text, from the syntax tree: a disassembly that is parsed to an equal tree.

mod declaration;
mod expression;
mod statement;

use std::fmt::{self, Display, Formatter};

use super::ast::{Item, Module};

/// Writes things with `, ` between them.
fn list<T: Display>(f: &mut Formatter<'_>, things: impl IntoIterator<Item = T>) -> fmt::Result {
    for (index, thing) in things.into_iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{thing}")?;
    }
    Ok(())
}

/// Shows a thing by a function.
struct Show<F>(F);

impl<F: Fn(&mut Formatter<'_>) -> fmt::Result> Display for Show<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0(f)
    }
}

/// `.pragma "a", "b";`
fn pragma(f: &mut Formatter<'_>, strings: &[&str]) -> fmt::Result {
    f.write_str(".pragma ")?;
    list(
        f,
        strings.iter().map(|string| Show(move |f: &mut Formatter<'_>| write!(f, "\"{string}\""))),
    )?;
    f.write_str(";")
}

impl Display for Module<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, ".version {}.{}", self.version.0, self.version.1)?;
        f.write_str(".target ")?;
        list(f, &self.target.0)?;
        writeln!(f)?;
        if let Some(bits) = self.address_size {
            writeln!(f, ".address_size {bits}")?;
        }
        for item in &self.items {
            match item {
                Item::Variable(variable) => writeln!(f, "{variable};")?,
                Item::Function(function) => writeln!(f, "\n{function}")?,
                Item::Alias { name, of, .. } => writeln!(f, ".alias {name}, {of};")?,
                Item::Pragma(strings) => {
                    pragma(f, strings)?;
                    writeln!(f)?;
                }
                Item::File(file) => writeln!(f, "{file}")?,
                Item::Section(section) => writeln!(f, "{section}")?,
                Item::Label(name) => writeln!(f, "{name}:")?,
                Item::Dwarf(line) => writeln!(f, "@@DWARF {line}")?,
            }
        }
        Ok(())
    }
}
