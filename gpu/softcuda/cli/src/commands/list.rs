//! The kernels of a module.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::error::Result;
use crate::exit::{Verdict, print, print_json};
use crate::source::Source;
use crate::table::{dash, table};

/// Lists the kernels of a module
#[derive(Debug, Args)]
pub struct List {
    /// The PTX file; - is standard input
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let source = Source::read(&self.file)?;
        let module = source.load()?;
        let mut rows = Vec::new();
        let mut values = Vec::new();
        for name in module.kernels() {
            let Ok(kernel) = module.kernel(name) else { continue };
            let parameters = kernel.parameters();
            let sizes: Vec<String> = parameters.iter().map(|it| it.size.to_string()).collect();
            let listed: Vec<_> = parameters
                .iter()
                .map(|it| json!({ "name": it.name, "offset": it.offset, "bytes": it.size }))
                .collect();
            values.push(json!({
                "kernel": name,
                "parameters": listed,
                "shared_bytes": kernel.shared_bytes(),
                "local_bytes": kernel.local_bytes(),
                "max_threads": kernel.max_threads(),
                "registers_estimated": kernel.registers_estimated(),
                "instructions": kernel.listing().len(),
            }));
            rows.push(vec![
                name.to_owned(),
                sizes.join(" "),
                kernel.shared_bytes().to_string(),
                kernel.local_bytes().to_string(),
                kernel.max_threads().map_or_else(dash, |n| n.to_string()),
                format!("~{}", kernel.registers_estimated()),
            ]);
        }
        if self.json {
            print_json(&values)?;
        } else {
            let head = ["kernel", "parameters (bytes)", "shared", "local", "threads", "registers"];
            print(&table(&head, 2, rows))?;
        }
        Ok(Verdict::Passed)
    }
}
