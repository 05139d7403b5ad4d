//! Whether what a command names is there: recipes, packages and their binaries, labs, scripts, files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::page::{Command, Page};
use crate::{Error, Result, environment, registry};

/// What the workspace has.
#[derive(Clone, Debug)]
pub struct Known {
    root: std::path::PathBuf,
    recipes: BTreeSet<String>,
    labs: BTreeSet<String>,
    modules: BTreeSet<String>,
    /// The names of binaries by package.
    packages: BTreeMap<String, BTreeSet<String>>,
}

impl Known {
    /// Reads the justfile, the registry of labs, and what cargo says of the workspace.
    ///
    /// # Errors
    /// [`Error::Io`] if something cannot be read, or cargo cannot be asked.
    pub fn of(root: &Path) -> Result<Self> {
        let justfile = root.join("justfile");
        let text = fs::read_to_string(&justfile).map_err(|error| Error::io(&justfile, error))?;
        let labs = registry::labs()?;
        Ok(Self {
            root: root.to_owned(),
            recipes: text.lines().filter_map(recipe).map(str::to_owned).collect(),
            labs: labs.iter().map(|lab| lab.id.clone()).collect(),
            modules: labs.iter().map(|lab| lab.module.clone()).collect(),
            packages: packages(root)?,
        })
    }

    /// What the pages name and is not there, a sentence each.
    #[must_use]
    pub fn strangers(&self, pages: &[Page]) -> Vec<String> {
        let mut strangers = Vec::new();
        for page in pages {
            let path = page.path.display();
            for block in &page.blocks {
                let line = block.line;
                if let Some(within) = &block.within
                    && !self.root.join(within).is_dir()
                {
                    strangers.push(format!("{path}:{line}: no directory {}", within.display()));
                }
                let found = block
                    .commands
                    .iter()
                    .filter_map(|command: &Command| self.stranger(&command.text));
                strangers.extend(found.map(|what| format!("{path}:{line}: {what}")));
            }
            let named = page.named.iter().filter_map(|text| self.stranger(text));
            strangers.extend(named.map(|what| format!("{path}: {what}")));
        }
        strangers
    }

    /// What a command names and is not there.
    fn stranger(&self, text: &str) -> Option<String> {
        let words: Vec<&str> =
            text.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
        // Variables before it.
        let begin = words.iter().position(|word| !word.contains('='))?;
        match words[begin..] {
            ["just", recipe, ref rest @ ..] => self.just(recipe, rest),
            ["cargo", "labs", "run", lab, ..] => self.lab(lab),
            ["cargo", "course", bin, ..] => {
                let there = self.packages.values().any(|binaries| binaries.contains(bin));
                (!there).then(|| format!("no binary {bin}"))
            }
            ["cargo", "run" | "build" | "test" | "doc", ref rest @ ..] => self.cargo(rest),
            [program, ..] if program.contains('/') => {
                let built = program.strip_prefix("target/release/");
                let there = match built {
                    Some(name) => self.packages.values().any(|binaries| binaries.contains(name)),
                    None => self.root.join(program).exists(),
                };
                (!there).then(|| format!("no program {program}"))
            }
            _ => None,
        }
    }

    fn just(&self, recipe: &str, rest: &[&str]) -> Option<String> {
        if !self.recipes.contains(recipe) {
            return Some(format!("no recipe `{recipe}` in the justfile"));
        }
        match (recipe, rest) {
            ("lab", [lab, ..]) => self.lab(lab),
            ("module", [module, ..]) => (is_name(module) && !self.modules.contains(*module))
                .then(|| format!("no module {module}")),
            _ => None,
        }
    }

    fn lab(&self, lab: &str) -> Option<String> {
        (is_name(lab) && !self.labs.contains(lab)).then(|| format!("no ready lab {lab}"))
    }

    fn cargo(&self, words: &[&str]) -> Option<String> {
        let value = |flags: [&str; 2]| {
            let at = words.iter().position(|word| flags.contains(word))?;
            words.get(at + 1).filter(|value| is_name(value))
        };
        let package = value(["-p", "--package"])?;
        let Some(binaries) = self.packages.get(*package) else {
            return Some(format!("no package {package}"));
        };
        let bin = value(["--bin", "--bin"])?;
        (!binaries.contains(*bin)).then(|| format!("no binary {bin} in {package}"))
    }
}

/// Placeholders like `CRATE` and `M-N` are for the reader to fill in.
fn is_name(word: &str) -> bool {
    !word.chars().all(|c| c.is_ascii_uppercase() || c == '-') || word.len() == 1
}

/// The name of a recipe that begins on a line of a justfile.
fn recipe(line: &str) -> Option<&str> {
    let (head, rest) = line.split_once(':')?;
    let begins = line.starts_with(|c: char| c.is_ascii_lowercase());
    (begins && !rest.starts_with('=')).then(|| head.split_whitespace().next())?
}

fn packages(root: &Path) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let failed = |error| Error::io(Path::new(&cargo), error);
    let output = environment::command(&cargo)
        .current_dir(root)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .output()
        .map_err(failed)?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let all = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let binaries = |package: &serde_json::Value| {
        let targets = package["targets"].as_array().map_or(&[][..], Vec::as_slice);
        let is_binary = |target: &&serde_json::Value| target["kind"][0] == "bin";
        targets.iter().filter(is_binary).map(|target| text(&target["name"])).collect()
    };
    Ok(all.iter().map(|package| (text(&package["name"]), binaries(package))).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::super::page::parse;
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        let known = Known::of(&gates::workspace_root()).unwrap();
        let text = "`just labs`, `just nonsense 3`, `just lab 1-3`, `just lab 7-7`, `just lab M-N`, `just module 9`\n\
                    `cargo run -p nobody`, `cargo run --release -p labs --bin labs`, `cargo run -p labs --bin nothing`, `cargo course doctor -- --json`, `cargo course quack`, `scripts/nowhere.sh`\n\
                    ```console\n$ target/release/labs list\n$ target/release/nonesuch\n$ VARIABLE=1 just nothing  # just comment\n$ ls\n```\n";
        let strangers = known.strangers(&[parse(Path::new("page.md"), text).unwrap()]);
        assert_eq!(
            strangers,
            [
                "page.md:3: no program target/release/nonesuch",
                "page.md:3: no recipe `nothing` in the justfile",
                "page.md: no recipe `nonsense` in the justfile",
                "page.md: no ready lab 7-7",
                "page.md: no module 9",
                "page.md: no package nobody",
                "page.md: no binary nothing in labs",
                "page.md: no binary quack",
                "page.md: no program scripts/nowhere.sh",
            ]
        );
    }

    #[test]
    fn recipes_are_told_from_other_lines() {
        assert_eq!(recipe("lab id:"), Some("lab"));
        assert_eq!(recipe("fresh rounds=\"10\" crate=\"\":"), Some("fresh"));
        assert_eq!(recipe("features := `paste`"), None);
        assert_eq!(recipe("    cargo run: x"), None);
        assert_eq!(recipe("# a comment: x"), None);
    }
}
