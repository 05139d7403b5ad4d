//! Modules from files, and messages that show the place.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use softcuda::ptx;
use softcuda::{Kernel, LaunchError, LoadError, Module};

use crate::error::{Error, Result, is_refusal};

/// A PTX file.
#[derive(Debug)]
pub struct Source {
    /// Its path; `-` is standard input.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Reads a file, or standard input.
    pub fn read(path: &Path) -> Result<Self> {
        let mut bytes = Vec::new();
        // One more than the parser takes, so that it says what is wrong with it.
        let most = ptx::limits::MAX_TEXT_BYTES as u64 + 1;
        let read = if path.as_os_str() == "-" {
            std::io::stdin().lock().take(most).read_to_end(&mut bytes)
        } else {
            std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
        };
        read.map_err(|error| Error::io(path, error))?;
        // Cubins and fat binaries begin so.
        if bytes.starts_with(b"\x7fELF") {
            let what =
                format!("{}: machine code (a cubin), not PTX: compile with -ptx", path.display());
            return Err(Error::Source(what));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Error::Source(format!("{}: not text: byte {at} is no UTF-8", path.display()))
        })?;
        Ok(Self { path: path.to_owned(), text })
    }

    /// The module.
    pub fn load(&self) -> Result<Module> {
        Module::load(&self.text).map_err(|error| self.wrong(&error))
    }

    /// The syntax tree.
    pub fn parse(&self) -> Result<ptx::Module<'_>> {
        ptx::parse(&self.text).map_err(|error| self.wrong(&error.into()))
    }

    /// The kernel of this name, or the only one.
    pub fn kernel(&self, name: Option<&str>) -> Result<Kernel> {
        let module = self.load()?;
        let names: Vec<&str> = module.kernels().collect();
        let name = match (name, &names[..]) {
            (Some(name), _) => name,
            (None, [only]) => only,
            (None, []) => {
                let none = format!("{}: no kernel (`.entry`)", self.path.display());
                return Err(Error::Source(none));
            }
            (None, many) => {
                return Err(Error::Usage(format!(
                    "{}: which kernel? --kernel {}",
                    self.path.display(),
                    many.join(", --kernel ")
                )));
            }
        };
        module.kernel(name).map_err(|error| self.wrong(&error))
    }

    fn wrong(&self, error: &LoadError) -> Error {
        let file = self.path.display().to_string();
        Error::Source(match error {
            LoadError::Ptx(error) => error.in_file(&file).to_string(),
            LoadError::Unsupported { line, opcode, why } => {
                self.at(*line, opcode, &format!("`{opcode}` is not supported{why}"))
            }
            LoadError::Operand { line, opcode, why } => {
                self.at(*line, opcode, &format!("`{opcode}`: {why}"))
            }
            LoadError::Module { line, what } => self.at(*line, "", what),
            LoadError::NoKernel { .. } => {
                return Error::Usage(format!("{file}: {error}"));
            }
        })
    }

    /// A message about a line, shown as a compiler does, with a caret under the part.
    pub fn at(&self, line: u32, part: &str, message: &str) -> String {
        let file = self.path.display();
        let text = self.text.lines().nth((line as usize).wrapping_sub(1)).unwrap_or("");
        let column = if part.is_empty() { None } else { text.find(part) }
            .unwrap_or_else(|| text.len() - text.trim_start().len());
        let shown: String =
            text.chars().take(120).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let caret = text[..column].chars().count();
        let column = column + 1;
        format!("{file}:{line}:{column}: {message}\n{line:5} | {shown}\n      | {:caret$}^", "")
    }

    /// What a launch ended with.
    pub fn launch_error(&self, error: &LaunchError) -> Error {
        let shown = match error {
            LaunchError::Fault { place, fault } => {
                let mut shown = self.at(place.line, &place.opcode, &fault.to_string());
                shown += &format!("\n      = {place}");
                shown
            }
            LaunchError::StepLimit { places, .. } | LaunchError::Deadlock { places, .. } => {
                match places.first() {
                    Some(place) => self.at(place.line, &place.opcode, &error.to_string()),
                    None => error.to_string(),
                }
            }
            _ => error.to_string(),
        };
        Error::Launch { shown, refused: is_refusal(error) }
    }
}
