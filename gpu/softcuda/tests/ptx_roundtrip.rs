//! A tree as text is parsed to the same tree; damaged texts are refused or taken, never a panic.

mod ptx_tree;

use proptest::prelude::*;
use softcuda::ptx::{parse, validate};

const REAL: &[&str] = &[
    include_str!("ptx/atomics.ptx"),
    include_str!("ptx/calls.ptx"),
    include_str!("ptx/cluster.ptx"),
    include_str!("ptx/debug.ptx"),
    include_str!("ptx/tensor.ptx"),
    include_str!("ptx/by_hand.ptx"),
];

proptest! {
    #[test]
    fn trees_come_back(module in ptx_tree::module()) {
        let text = module.to_string();
        match parse(&text) {
            Ok(again) => prop_assert_eq!(&again, &module, "{}", text),
            Err(error) => prop_assert!(false, "{}\n{}", error.in_file("tree"), text),
        }
        // Its names mean little, but asking must be safe.
        let _ = validate(&module);
    }

    #[test]
    fn damaged_texts_are_refused_or_taken(
        which in 0..REAL.len(),
        from in any::<prop::sample::Index>(),
        length in 0usize..40,
        to in any::<prop::sample::Index>(),
        new in prop::option::of("[ -~\n]{0,6}"),
    ) {
        let real = REAL[which];
        let start = real.floor_char_boundary(from.index(real.len()));
        let end = real.floor_char_boundary((start + length).min(real.len()));
        // Another part of the text, or anything, in the place of a part.
        let place = real.floor_char_boundary(to.index(real.len()));
        let other = &real[place..real.floor_char_boundary((place + length).min(real.len()))];
        let text = [&real[..start], new.as_deref().unwrap_or(other), &real[end..]].concat();
        check(&text);
        check(&text[..text.floor_char_boundary(start + 7).min(text.len())]);
    }

    #[test]
    fn any_text_is_refused_or_taken(text in "(\\.version 8.0 \\.target sm_80 )?[%@.,;:{}()\\[\\]<>|_a-z0-9 \\n\"/*+!-]{0,200}") {
        check(&text);
    }
}

fn check(text: &str) {
    match parse(text) {
        Ok(module) => {
            let shown = module.to_string();
            assert_eq!(parse(&shown).as_ref(), Ok(&module), "{shown}");
            if let Err(error) = validate(&module) {
                assert!(error.line >= 1 && !error.to_string().is_empty());
            }
        }
        Err(error) => {
            let lines = text.split('\n').count();
            assert!((1..=lines).contains(&(error.line as usize)), "{error}");
            assert!(!error.in_file("k.ptx").to_string().is_empty());
        }
    }
}

#[test]
fn real_texts_come_back_and_are_valid() {
    for text in REAL {
        let module = parse(text).unwrap_or_else(|error| panic!("{}", error.in_file("real")));
        validate(&module).unwrap_or_else(|error| panic!("{}", error.in_file("real")));
        assert!(module.kernels().count() > 0);
        let shown = module.to_string();
        assert_eq!(parse(&shown).as_ref(), Ok(&module));
        // The disassembly is a fixed point.
        assert_eq!(parse(&shown).map(|it| it.to_string()).as_ref(), Ok(&shown));
    }
}
