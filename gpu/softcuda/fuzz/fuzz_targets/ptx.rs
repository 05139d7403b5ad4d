//! Takes arbitrary text for PTX. What is taken must be shown so that it is taken again as the same; what is refused must be refused at a
//! place of the text; and binding its names must be safe.
#![no_main]

use softcuda::ptx::{parse, validate};

libfuzzer_sys::fuzz_target!(|text: &str| {
    match parse(text) {
        Ok(module) => {
            let shown = module.to_string();
            assert_eq!(parse(&shown).as_ref(), Ok(&module), "{shown}");
            if let Err(error) = validate(&module) {
                let _ = error.in_file("fuzz").to_string();
            }
        }
        Err(error) => {
            assert!((1..=text.split('\n').count()).contains(&(error.line as usize)), "{error}");
            let _ = error.in_file("fuzz").to_string();
        }
    }
});
