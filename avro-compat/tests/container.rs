//! Container files: what is written is read, what others wrote is read, what is damaged is refused.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod generate;

use avro_compat::container::{Codec, Reader, ReaderOptions, Writer, WriterOptions};
use avro_compat::{ContainerError, Encoder, Error, Schema, Tape, Value};
use generate::data::{Dice, same, value};
use proptest::prelude::*;

fn codecs() -> Vec<Codec> {
    ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"]
        .iter()
        .filter_map(|it| Codec::parse(it).ok())
        .collect()
}

fn container_error<T>(result: avro_compat::Result<T>) -> ContainerError {
    match result {
        Err(Error::Container(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was read"),
    }
}

/// Blocks of two strings.
fn strings(codec: Codec) -> Vec<u8> {
    let schema = Schema::parse(r#""string""#).unwrap();
    let options = WriterOptions {
        codec,
        metadata: vec![("who".into(), b"me".to_vec())],
        sync: Some(*b"0123456789abcdef"),
        block_bytes: 10,
    };
    let mut writer = Writer::with_options(Vec::new(), &schema, &options).unwrap();
    for at in 0..10 {
        writer.append(&Value::String(format!("item {at}"))).unwrap();
    }
    writer.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(model in generate::schema(), seed in any::<u64>(), count in 0..40_usize, block in 0..300_usize) {
        let schema = Schema::parse(&model.text()).unwrap();
        let mut dice = Dice(seed);
        let values: Vec<_> = (0..count).filter_map(|_| value(&schema, schema.root(), &mut dice, 8)).collect();
        for codec in codecs() {
            let options = WriterOptions { codec, block_bytes: block, ..WriterOptions::default() };
            let mut writer = Writer::with_options(Vec::new(), &schema, &options).unwrap();
            values.iter().for_each(|it| writer.append(it).unwrap());
            let file = writer.finish().unwrap();
            let mut reader = Reader::new(&file[..]).unwrap();
            prop_assert_eq!(reader.writer_schema(), &schema);
            prop_assert_eq!(reader.codec().as_str(), codec.as_str());
            let found: Vec<_> = reader.by_ref().collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(found.len(), values.len());
            prop_assert!(found.iter().zip(&values).all(|(one, other)| same(one, other)));
            // Block by block, without copies.
            let mut reader = Reader::new(&file[..]).unwrap();
            let mut found = Vec::new();
            while let Some(mut block) = reader.next_block().unwrap() {
                let mut tape = Tape::new();
                while let Some(value) = block.next_ref(&mut tape).unwrap() {
                    found.push(value.to_value());
                }
            }
            prop_assert!(found.len() == values.len() && found.iter().zip(&values).all(|(one, other)| same(one, other)));
        }
    }

    /// Damage is found, or changes a value: it never panics, and a file that is cut off is never taken for whole.
    #[test]
    fn damaged_files_are_refused(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        for codec in codecs() {
            let whole = strings(codec);
            let mut file = whole.clone();
            let at = at.index(file.len());
            if cut {
                file.truncate(at);
            } else {
                file[at] = byte;
            }
            let read: Result<Vec<_>, _> = Reader::new(&file[..]).and_then(Iterator::collect);
            if let Ok(values) = read {
                // Cut between blocks, or a byte of the metadata, or of a string.
                prop_assert!(values.len() <= 10);
                prop_assert!(!cut || file[file.len() - 16..] == *b"0123456789abcdef");
            }
        }
    }
}

/// What `/vectors/README.md` says is in the files.
fn event(i: i64) -> Value {
    let null = || Value::Union(0, Box::new(Value::Null));
    let some = |branch, it| Value::Union(branch, Box::new(it));
    let labels = vec![
        ("a".to_owned(), null()),
        ("b".to_owned(), some(1, Value::Bytes(vec![0xFF, 0]))),
        ("c".to_owned(), some(2, Value::Int(i as i32))),
    ];
    let next = Value::Record(vec![
        Value::Long(i),
        Value::String(String::new()),
        Value::Float(0.0),
        Value::Enum(0),
        null(),
        Value::Array(Vec::new()),
        Value::Map(Vec::new()),
        Value::Fixed(b"abc".to_vec()),
        null(),
    ]);
    Value::Record(vec![
        Value::Long(if i % 2 == 0 { i.pow(8) } else { -i.pow(8) }),
        Value::String(format!("user-{i:05}")),
        Value::Float(i as f32 / 4.0),
        Value::Enum((i % 3) as u32),
        if i % 2 == 1 { null() } else { some(1, Value::String(format!("n\u{f6}te {i}"))) },
        Value::Array((0..i % 5).map(Value::Long).collect()),
        Value::Map(if i % 3 == 0 { labels } else { Vec::new() }),
        Value::Fixed(vec![i as u8, 0, 255]),
        if i % 4 == 0 { some(1, next) } else { null() },
    ])
}

#[test]
fn files_that_fastavro_wrote_are_read() {
    for codec in codecs() {
        let path = format!(
            "{}/tests/vectors/files/events-{}.avro",
            env!("CARGO_MANIFEST_DIR"),
            codec.as_str()
        );
        let mut reader = Reader::new(std::fs::File::open(&path).unwrap()).unwrap();
        assert!(reader.metadata().any(|it| it == ("made.by", b"fastavro")));
        let values: Vec<_> = reader.by_ref().collect::<Result<_, _>>().unwrap();
        assert_eq!(values, (0..60).map(event).collect::<Vec<_>>(), "{path}");
        // What they encode to, we encode to.
        let schema = reader.writer_schema().clone();
        let file = std::fs::read(&path).unwrap();
        if codec == Codec::Null {
            let mut reader = Reader::new(&file[..]).unwrap();
            let encoder = Encoder::new(&schema);
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            while let Some(block) = reader.next_block().unwrap() {
                theirs.extend_from_slice(block.bytes());
            }
            // They write strings of maps and arrays in one block each, as we do.
            values.iter().for_each(|it| encoder.encode_to(it, &mut ours).unwrap());
            assert_eq!(ours, theirs);
        }
    }
}

#[test]
fn a_reader_s_schema_is_applied() {
    let file = strings(Codec::Null);
    let reader = Schema::parse(r#"["null", "bytes"]"#).unwrap();
    let first = Reader::with_schema(&file[..], &reader).unwrap().next().unwrap().unwrap();
    assert_eq!(first, Value::Union(1, Box::new(Value::Bytes(b"item 0".to_vec()))));
    let wrong = Schema::parse(r#""int""#).unwrap();
    assert!(matches!(Reader::with_schema(&file[..], &wrong).err(), Some(Error::Resolve(_))));
}

#[test]
fn a_wrong_sync_marker_is_an_error_that_says_where() {
    let mut file = strings(Codec::Null);
    let last = file.len() - 1;
    file[last] ^= 1;
    let mut reader = Reader::new(&file[..]).unwrap();
    let read: Vec<_> = reader.by_ref().collect();
    assert_eq!(read.len(), 9, "eight objects and an error");
    let error = container_error(read.into_iter().collect::<avro_compat::Result<Vec<_>>>());
    assert_eq!(error, ContainerError::Sync { offset: file.len() as u64 - 16 });
    assert!(error.to_string().contains("sync marker"));
    assert!(reader.next().is_none(), "after an error there is nothing more");
}

#[test]
fn files_that_are_none_say_why() {
    let error = |bytes: &[u8]| container_error(Reader::new(bytes));
    assert!(matches!(error(b""), ContainerError::Truncated { offset: 0, .. }));
    assert!(matches!(error(b"PAR1...."), ContainerError::Magic { found: [b'P', ..] }));
    assert!(matches!(error(b"Obj\x01\x00"), ContainerError::Truncated { .. }));
    assert!(matches!(error(b"Obj\x01\x000123456789abcdef"), ContainerError::NoSchema));
    // Lengths of gigabytes, of which there is nothing.
    let gigabyte = b"Obj\x01\x02\x80\x80\x80\x80\x08";
    assert!(matches!(error(gigabyte), ContainerError::TooLarge { .. }));
    assert!(matches!(error(b"Obj\x01\x02\x01"), ContainerError::Number { found: -1, .. }));

    let mut unknown = b"Obj\x01\x04\x16avro.schema\x0c\"null\"\x14avro.codec\x06lzo\x00".to_vec();
    unknown.extend(b"0123456789abcdef");
    let ContainerError::Codec { name, feature: None } = error(&unknown) else { panic!() };
    assert_eq!(name, "lzo");
}

#[test]
fn blocks_of_wrong_counts_and_sizes_are_refused() {
    let header = |schema: &str| {
        let schema = Schema::parse(schema).unwrap();
        let options = WriterOptions { sync: Some([7; 16]), ..WriterOptions::default() };
        Writer::with_options(Vec::new(), &schema, &options).unwrap().finish().unwrap()
    };
    let block = |schema: &str, block: &[u8]| {
        let file = [&header(schema)[..], block, &[7; 16]].concat();
        Reader::new(&file[..]).unwrap().collect::<avro_compat::Result<Vec<_>>>()
    };
    assert_eq!(block(r#""int""#, &[4, 4, 2, 4]).unwrap(), [Value::Int(1), Value::Int(2)]);
    // One object fewer, and one more, than there are.
    assert!(matches!(
        container_error(block(r#""int""#, &[2, 4, 2, 4])),
        ContainerError::Excess { count: 1, .. }
    ));
    assert!(matches!(
        container_error(block(r#""int""#, &[6, 4, 2, 4])),
        ContainerError::Object { object: 2, .. }
    ));
    // A gigabyte that is not there, and a negative size.
    let gigabyte = [2, 0x80, 0x80, 0x80, 0x80, 0x08];
    assert!(matches!(
        container_error(block(r#""bytes""#, &gigabyte)),
        ContainerError::TooLarge { .. }
    ));
    let less = [2, 0x80, 0x80, 0x80, 0x40];
    assert!(matches!(
        container_error(block(r#""bytes""#, &less)),
        ContainerError::Truncated { .. }
    ));
    assert!(matches!(container_error(block(r#""int""#, &[2, 1])), ContainerError::Number { .. }));
    // Objects without bytes: some, and more than anybody has.
    assert_eq!(block(r#""null""#, &[8, 0]).unwrap().len(), 4);
    let many = [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0];
    assert!(matches!(container_error(block(r#""null""#, &many)), ContainerError::Number { .. }));
}

/// A few kilobytes that would become a gigabyte.
#[test]
fn blocks_that_grow_beyond_the_limit_are_refused() {
    let schema = Schema::parse(r#""bytes""#).unwrap();
    for codec in codecs().into_iter().filter(|it| *it != Codec::Null) {
        let mut writer = Writer::new(Vec::new(), &schema, codec).unwrap();
        writer.append(&Value::Bytes(vec![0; 4 << 20])).unwrap();
        let file = writer.finish().unwrap();
        assert!(file.len() < 1 << 20);
        let options = ReaderOptions { max_block_bytes: 1 << 20, ..ReaderOptions::default() };
        let read = Reader::with_options(&file[..], &options).unwrap().next().unwrap();
        let error = container_error(read);
        let refused =
            matches!(error, ContainerError::TooLarge { .. } | ContainerError::Compressed { .. });
        assert!(refused, "{codec:?}: {error}");
        assert!(Reader::new(&file[..]).unwrap().next().unwrap().is_ok());
    }
}

#[test]
fn properties_of_avro_are_reserved() {
    let schema = Schema::parse(r#""int""#).unwrap();
    let metadata = vec![("avro.mine".to_owned(), Vec::new())];
    let options = WriterOptions { metadata, ..WriterOptions::default() };
    let error = container_error(Writer::with_options(Vec::new(), &schema, &options));
    assert_eq!(error, ContainerError::Reserved { name: "avro.mine".into() });
    let file = strings(Codec::Null);
    let reader = Reader::new(&file[..]).unwrap();
    let names: Vec<_> = reader.metadata().map(|it| it.0).collect();
    assert_eq!(names, ["avro.schema", "avro.codec", "who"]);
}
