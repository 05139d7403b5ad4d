//! Takes arbitrary bytes for a container file. Values and blocks of it are the same, and nothing takes more memory than there are bytes, or than allowed.
#![no_main]

use avro_compat::Tape;
use avro_compat::container::{Reader, ReaderOptions};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut options = ReaderOptions { max_block_bytes: 1 << 20, ..ReaderOptions::default() };
    options.resolve.max_empty = 1000;
    let Ok(values) = Reader::with_options(bytes, &options) else { return };
    let values: Result<Vec<_>, _> = values.collect();
    let Ok(mut blocks) = Reader::with_options(bytes, &options) else {
        panic!("it was read before")
    };
    let mut objects = 0;
    let mut failed = None;
    'file: loop {
        match blocks.next_block() {
            Ok(Some(mut block)) => {
                let mut tape = Tape::new();
                loop {
                    match block.next_ref(&mut tape) {
                        Ok(Some(_)) => objects += 1,
                        Ok(None) => break,
                        Err(error) => {
                            failed = Some(error);
                            break 'file;
                        }
                    }
                }
            }
            Ok(None) => break,
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    assert_eq!(values.map(|it| it.len()), failed.map_or(Ok(objects), Err));
});
