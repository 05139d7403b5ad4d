//! How fast PTX files are parsed and their names bound, and whether their disassembly says the same:
//! `cargo run --release -p softcuda --example ptx_speed -- *.ptx`.

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use std::hint::black_box;
use std::time::Instant;

use softcuda::ptx::{Error, Module, parse, validate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path)?;
        if let Err(error) = parse(&text).and_then(|module| measure(&path, &text, &module)) {
            println!("{}", error.in_file(&path));
        }
    }
    Ok(())
}

fn measure(path: &str, text: &str, module: &Module<'_>) -> Result<(), Error> {
    validate(module)?;
    let same = parse(&module.to_string()).as_ref() == Ok(module);
    let rounds = 4_000_000 / text.len().max(1) + 1;
    let speed = |work: &dyn Fn() -> bool| {
        let start = Instant::now();
        for _ in 0..rounds {
            black_box(work());
        }
        (text.len() * rounds) as f64 / 1e6 / start.elapsed().as_secs_f64()
    };
    let parsed = speed(&|| parse(black_box(text)).is_ok());
    let bound = speed(&|| validate(black_box(module)).is_ok());
    let disassembly = if same { "same" } else { "DIFFERS" };
    let bytes = text.len();
    println!(
        "{path}: {bytes} bytes, parsed {parsed:.0} MB/s, bound {bound:.0} MB/s, disassembly {disassembly}"
    );
    Ok(())
}
