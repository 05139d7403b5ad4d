//! How fast PTX files are parsed: `cargo run --release -p softcuda --example ptx_speed -- *.ptx`.

use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path)?;
        let module = match softcuda::ptx::parse(&text) {
            Ok(module) => module,
            Err(error) => {
                println!("{}", error.in_file(&path));
                continue;
            }
        };
        let same = softcuda::ptx::parse(&module.to_string()).as_ref() == Ok(&module);
        let rounds = 20_000_000 / text.len().max(1) + 1;
        let start = Instant::now();
        for _ in 0..rounds {
            black_box(softcuda::ptx::parse(black_box(&text)).is_ok());
        }
        let megabytes = (text.len() * rounds) as f64 / 1e6;
        let speed = megabytes / start.elapsed().as_secs_f64();
        println!(
            "{path}: {} bytes, {speed:.0} MB/s, disassembly {}",
            text.len(),
            if same { "same" } else { "differs" }
        );
    }
    Ok(())
}
