//! Kernels, functions and prototypes.

use super::Parser;
use crate::ptx::ast::{Function, FunctionDirective, FunctionKind, Linkage, Prototype};
use crate::ptx::{Error, Position};

impl<'a> Parser<'a> {
    /// What follows `.entry` or `.func`.
    pub(super) fn function(
        &mut self,
        linkage: Option<Linkage>,
        kind: FunctionKind,
    ) -> Result<Function<'a>, Error> {
        let mut attributes = Vec::new();
        let mut directives = Vec::new();
        // `.noreturn` may also stand here, as older compilers wrote it.
        while let Some(word) = self.lexer.peek_dotted() {
            let position = self.lexer.position();
            self.lexer.dotted();
            match word {
                "attribute" => attributes = self.attributes()?,
                _ => directives.push(self.function_directive(position, word)?),
            }
        }
        let returns = self.parameters()?;
        let position = self.lexer.position();
        let name = self.name("the function's name")?;
        let params = self.parameters()?;
        while let Some(word) = self.lexer.peek_dotted() {
            let position = self.lexer.position();
            self.lexer.dotted();
            directives.push(self.function_directive(position, word)?);
        }
        let body = match self.lexer.peek() {
            b'{' => {
                self.lexer.eat(b'{');
                // A `.loc` holds inside its function.
                self.loc = None;
                Some(self.block()?)
            }
            b';' => {
                self.lexer.eat(b';');
                None
            }
            _ => return Err(self.lexer.expected("the function's body `{` or `;`")),
        };
        Ok(Function {
            position,
            linkage,
            kind,
            attributes,
            returns,
            name,
            params,
            directives,
            body,
        })
    }

    fn function_directive(
        &mut self,
        position: Position,
        word: &'a str,
    ) -> Result<FunctionDirective<'a>, Error> {
        Ok(match word {
            "maxntid" => FunctionDirective::MaxThreads(self.extents("an extent of a block")?),
            "reqntid" => FunctionDirective::RequiredThreads(self.extents("an extent of a block")?),
            "minnctapersm" => FunctionDirective::MinBlocksPerSm(self.count("a number of blocks")?),
            "maxnctapersm" => FunctionDirective::MaxBlocksPerSm(self.count("a number of blocks")?),
            "maxnreg" => FunctionDirective::MaxRegisters(self.count("a number of registers")?),
            "reqnctapercluster" => {
                FunctionDirective::RequiredCluster(self.extents("an extent of a cluster")?)
            }
            "maxclusterrank" => {
                FunctionDirective::MaxClusterRank(self.count("a number of blocks")?)
            }
            "explicitcluster" => FunctionDirective::ExplicitCluster,
            "blocksareclusters" => FunctionDirective::BlocksAreClusters,
            "noreturn" => FunctionDirective::NoReturn,
            "abi_preserve" => FunctionDirective::AbiPreserve(self.count("a number of registers")?),
            "abi_preserve_control" => {
                FunctionDirective::AbiPreserveControl(self.count("a number of registers")?)
            }
            "pragma" => FunctionDirective::Pragma(self.strings()?),
            _ => {
                return Err(self.unknown(
                    position,
                    "directive of a function",
                    &format!(".{word}"),
                    "",
                ));
            }
        })
    }

    /// What follows `name: .callprototype`.
    pub(super) fn prototype(
        &mut self,
        position: Position,
        name: &'a str,
    ) -> Result<Prototype<'a>, Error> {
        let returns = self.parameters()?;
        // The `_` stands for the function; a name is taken, too.
        self.name("`_`")?;
        let params = self.parameters()?;
        let mut directives = Vec::new();
        while let Some(word) = self.lexer.peek_dotted() {
            let position = self.lexer.position();
            self.lexer.dotted();
            directives.push(self.function_directive(position, word)?);
        }
        self.expect(b';', "`;` after the prototype")?;
        Ok(Prototype { position, name, returns, params, directives })
    }
}
