//! What is done with bytes that anybody may have sent or changed. `cargo fuzz` calls these functions with what it thinks of, and `tests/garbage.rs` with some of it on a stable compiler.
//!
//! Each of them panics if a promise is broken: a decoder panics, or gives something that has another encoding; a log or a state is damaged and says it is sound.

use std::sync::{Arc, OnceLock};

use ledger::{
    NoPast, Node, NodeOptions, archive,
    archive::MemoryArchive,
    codec,
    disk::MemoryDisk,
    log::{self, Draft, Log, Mark},
    model::{Account, AccountFlags, Batch, Ledger, Reply, Transfer, TransferFlags},
    money::{Amount, Currency},
    snapshot,
    state::{Image, State},
};

const SEGMENT: u64 = 8192;
const ID: [u8; 16] = [0x5a; 16];

/// The first bytes as a number of this size, and the rest.
fn head<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
    let mut head = [0; N];
    let length = N.min(bytes.len());
    head[..length].copy_from_slice(&bytes[..length]);
    (head, &bytes[length..])
}

/// Changes a file as bytes say: eight at a time are a place and what is to stand there, or where it is to end.
fn edit(file: &mut Vec<u8>, edits: &[u8]) {
    for edit in edits.chunks_exact(8) {
        let place = usize::from(u16::from_le_bytes([edit[0], edit[1]]));
        if file.is_empty() {
            return;
        }
        let at = place % file.len();
        match edit[2] % 8 {
            7 => file.truncate(at),
            6 => {
                let to = usize::from(u16::from_le_bytes([edit[3], edit[4]])) % file.len();
                let piece: Vec<u8> =
                    file[at..].iter().take(usize::from(edit[5])).copied().collect();
                for (to, from) in file[to..].iter_mut().zip(piece) {
                    *to = from;
                }
            }
            length => {
                for (to, from) in file[at..].iter_mut().zip(&edit[3..=3 + usize::from(length) % 5])
                {
                    *to = *from;
                }
            }
        }
    }
}

/// A ledger with accounts, open pending transfers and a closed account.
fn state() -> State {
    let mut state = State::new();
    let mut apply = |batch: Batch| {
        let timestamp = state.next_timestamp(1_000_000_000, &batch);
        state.apply(&NoPast, state.op() + 1, timestamp, &batch).expect("a sound batch");
    };
    let ledger = |id, code, exponent| Ledger {
        id,
        currency: Currency::new(code, exponent).expect("a currency"),
    };
    apply(Batch::Ledgers(vec![ledger(1, "EUR", 2), ledger(2, "JPY", 0)]));
    let account =
        |id: u128, ledger, flags| Account { id, ledger, code: 1, flags, ..Account::default() };
    apply(Batch::Accounts(vec![
        account(1, 1, AccountFlags::NONE),
        account(2, 1, AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS),
        account(3, 1, AccountFlags::CLOSED),
        account(4, 2, AccountFlags::NONE),
        account(5, 2, AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS),
    ]));
    apply(Batch::Transfers(vec![
        transfer(1, 1, 2, 500, TransferFlags::NONE, 0),
        transfer(2, 2, 1, 100, TransferFlags::PENDING, 5),
        transfer(3, 1, 2, 100, TransferFlags::PENDING | TransferFlags::CLOSING_DEBIT, 0),
    ]));
    state
}

fn transfer(
    id: u128,
    debit: u128,
    credit: u128,
    amount: u128,
    flags: TransferFlags,
    timeout: u32,
) -> Transfer {
    Transfer {
        id,
        debit_account_id: debit,
        credit_account_id: credit,
        amount: Amount::new(amount).expect("small"),
        ledger: 1,
        code: 1,
        flags,
        timeout,
        ..Transfer::default()
    }
}

/// What a sound state can do stays sound.
fn go_on(mut state: State, batch: &Batch) {
    let others = [
        Batch::Tick,
        Batch::Transfers(vec![
            transfer(0xfeed, 1, 2, 1, TransferFlags::NONE, 0),
            transfer(0xfeee, 2, 1, 1, TransferFlags::PENDING, 1),
            Transfer {
                id: 0xfeef,
                pending_id: 2,
                flags: TransferFlags::POST_PENDING,
                ..Transfer::default()
            },
            Transfer {
                id: 0xfef0,
                pending_id: 3,
                flags: TransferFlags::VOID_PENDING,
                ..Transfer::default()
            },
            Transfer {
                id: 0xfef1,
                amount: Amount::ZERO,
                ..transfer(0xfef1, 1, 2, 0, TransferFlags::BALANCING_DEBIT, 0)
            },
        ]),
    ];
    for batch in std::iter::once(batch).chain(&others) {
        let timestamp =
            state.next_timestamp(state.timestamp().saturating_add(6_000_000_000), batch);
        // Nothing happened if it is refused: the end of time, or of the numbers.
        if let Ok(reply) = state.apply(&NoPast, state.op().saturating_add(1), timestamp, batch) {
            let mut bytes = Vec::new();
            codec::encode_reply(&reply, &mut bytes);
            let count = batch.len() as u32;
            assert_eq!(
                codec::decode_reply(batch.kind(), count, &bytes).expect("its own answer"),
                reply
            );
        }
        state.check().expect("what was sound stays so");
    }
}

/// A batch: the kind and the count, and its events.
pub fn batch(bytes: &[u8]) {
    let (kind, rest) = head::<2>(bytes);
    let (count, body) = head::<2>(rest);
    let (kind, count) = (u16::from_le_bytes(kind), u16::from_le_bytes(count));
    for kind in [kind, kind % 6] {
        if let Ok(batch) = codec::decode(kind, count.into(), body) {
            let mut again = Vec::new();
            codec::encode(&batch, &mut again);
            assert_eq!((batch.kind(), batch.len(), &again[..]), (kind, count.into(), body));
            go_on(state(), &batch);
        }
    }
}

/// A sound batch, changed.
pub fn edited_batch(bytes: &[u8]) {
    let (which, edits) = head::<1>(bytes);
    let sound = [
        Batch::Transfers(vec![
            transfer(10, 1, 2, 7, TransferFlags::LINKED, 0),
            transfer(11, 2, 1, 7, TransferFlags::PENDING, 1),
            transfer(2, 0, 0, 0, TransferFlags::POST_PENDING, 0),
        ]),
        Batch::Accounts(vec![Account { id: 9, ledger: 1, code: 3, ..Account::default() }; 3]),
        Batch::Ledgers(vec![
            Ledger {
                id: 3,
                currency: Currency::new("USD", 2).expect("a currency")
            };
            2
        ]),
        transactions(),
    ];
    let batch = &sound[usize::from(which[0]) % sound.len()];
    let mut body = Vec::new();
    codec::encode(batch, &mut body);
    edit(&mut body, edits);
    let mut whole = batch.kind().to_le_bytes().to_vec();
    whole.extend_from_slice(&(batch.len() as u16).to_le_bytes());
    whole.extend_from_slice(&body);
    self::batch(&whole);
}

fn transactions() -> Batch {
    use ledger::{
        model::{Exchange, Leg, Metadata, Posting, Side, Transaction, Value},
        money::{Rate, Rounding},
    };
    let amount = |units| Amount::new(units).expect("small");
    let leg = |account_id, side, units| Leg { account_id, side, amount: amount(units) };
    let transaction = |id, posting| Transaction {
        id,
        posting,
        user_data_128: 1,
        user_data_64: 2,
        user_data_32: 3,
        code: 4,
        linked: false,
        metadata: Metadata::new(vec![
            ("a".to_owned(), Value::Text("text".to_owned())),
            ("b".to_owned(), Value::Integer(-1)),
            ("c".to_owned(), Value::Bool(true)),
            ("d".to_owned(), Value::Time(5)),
        ])
        .expect("within its bounds"),
        timestamp: 0,
    };
    let exchange = Exchange {
        source: 1,
        source_liquidity: 2,
        target_liquidity: 4,
        target: 5,
        residue: 4,
        amount: amount(100),
        rate: Rate { numerator: 163_525, denominator: 1000 },
        rounding: Rounding::HalfEven,
    };
    Batch::Transactions(vec![
        transaction(
            20,
            Posting::Legs(vec![
                leg(1, Side::Debit, 5),
                leg(2, Side::Credit, 3),
                leg(2, Side::Credit, 2),
            ]),
        ),
        transaction(21, Posting::Exchange(exchange)),
    ])
}

/// Answers: the kind and the count, and what they say.
pub fn reply(bytes: &[u8]) {
    let (kind, rest) = head::<2>(bytes);
    let (count, body) = head::<2>(rest);
    let count = u16::from_le_bytes(count);
    for kind in [u16::from_le_bytes(kind), u16::from_le_bytes(kind) % 6] {
        if let Ok(reply) = codec::decode_reply(kind, count.into(), body) {
            let mut again = Vec::new();
            codec::encode_reply(&reply, &mut again);
            // A tick's answer says nothing.
            assert!(again == body || matches!(reply, Reply::Tick));
        }
    }
}

/// An image of a state: sound, and changed.
pub fn image(bytes: &[u8]) {
    static SOUND: OnceLock<Vec<u8>> = OnceLock::new();
    let sound = SOUND.get_or_init(|| {
        let mut bytes = Vec::new();
        state().image().encode(&mut bytes).expect("a vector takes everything");
        bytes
    });
    let mut edited = sound.clone();
    edit(&mut edited, bytes);
    for bytes in [bytes, &edited] {
        let mut input = bytes;
        let Ok(image) = Image::decode(&mut input) else { continue };
        let mut again = Vec::new();
        image.encode(&mut again).expect("a vector takes everything");
        assert_eq!(again, bytes[..bytes.len() - input.len()]);
        let digest = image.digest();
        if let Ok(state) = State::from_image(image) {
            assert_eq!(state.digest(), digest);
            go_on(state, &Batch::Tick);
        }
    }
}

/// An entry of the archive, a block of them, a piece of an account's timestamps.
pub fn entry(bytes: &[u8]) {
    let (timestamp, bytes) = head::<8>(bytes);
    let timestamp = u64::from_le_bytes(timestamp);
    if let Ok(entry) = archive::decode_entry(timestamp, bytes) {
        let mut again = Vec::new();
        archive::encode_entry(&entry, &mut again);
        assert_eq!(archive::decode_entry(timestamp, &again), Ok(entry));
    }
    archive::fuzz::block(timestamp, bytes);
    archive::fuzz::piece(timestamp, bytes);
}

/// Files of a log, and what is in it.
struct Sound {
    files: Vec<(String, Vec<u8>)>,
    bodies: Vec<Vec<u8>>,
    tail: Mark,
    export: Vec<u8>,
}

fn sound() -> &'static Sound {
    static SOUND: OnceLock<Sound> = OnceLock::new();
    SOUND.get_or_init(|| {
        use ledger::disk::Disk;
        let disk = MemoryDisk::new();
        let mut log = Log::create(Arc::new(disk.clone()), ID, SEGMENT).expect("a log");
        let mut bodies: Vec<Vec<u8>> = Vec::new();
        for lengths in [&[100_usize, 0, 700][..], &[1500, 1500], &[64, 63, 65], &[3000, 900], &[10]]
        {
            let group: Vec<Vec<u8>> =
                lengths.iter().map(|length| vec![*length as u8; *length]).collect();
            let first = bodies.len() as u64 + 1;
            let drafts: Vec<Draft<'_>> = (first..)
                .zip(&group)
                .map(|(op, body)| Draft { timestamp: op * 10, kind: 3, count: 1, body })
                .collect();
            log.append(&drafts).expect("there is room");
            log.sync().expect("nothing fails");
            bodies.extend(group);
        }
        let mut export = Vec::new();
        log::export(&log, 2..=log.tail().op, &mut export).expect("nothing fails");
        let names = disk.names().expect("nothing fails");
        let files = names.into_iter().map(|name| {
            let bytes = disk.bytes(&name).expect("it is there");
            (name, bytes)
        });
        Sound { files: files.collect(), bodies, tail: log.tail(), export }
    })
}

/// Makes the checksums of headers right, and of bodies as far as they are there.
fn reseal(file: &mut [u8], header: fn(&[u8]) -> bool, step: usize) {
    let mut at = 0;
    while at + 128 <= file.len() {
        if header(&file[at..]) {
            let length =
                u32::from_le_bytes([file[at + 52], file[at + 53], file[at + 54], file[at + 55]]);
            if let Some(body) = file.get(at + 128..).and_then(|rest| rest.get(..length as usize)) {
                let crc = crc32c::crc32c(body).to_le_bytes();
                file[at + 12..at + 16].copy_from_slice(&crc);
            }
            let crc =
                crc32c::crc32c_append(crc32c::crc32c(&file[at..at + 8]), &file[at + 12..at + 128]);
            file[at + 8..at + 12].copy_from_slice(&crc.to_le_bytes());
        }
        at += step;
    }
}

/// The same of what a segment, an export or a snapshot begins with: `length` bytes, the checksum at 12.
fn reseal_begin(file: &mut [u8], length: usize) {
    if let Some(begin) = file.get_mut(..length) {
        let crc = crc32c::crc32c_append(crc32c::crc32c(&begin[..12]), &begin[16..]);
        begin[12..16].copy_from_slice(&crc.to_le_bytes());
    }
}

/// The files of a sound log, changed; with the checksums that they have, or with the right ones.
pub fn log(bytes: &[u8]) {
    let ([mode, which], edits) = head::<2>(bytes);
    let sound = sound();
    let disk = MemoryDisk::new();
    let resealed = mode % 2 == 1;
    for (number, (name, bytes)) in sound.files.iter().enumerate() {
        let mut file = bytes.clone();
        if mode & 2 != 0 || number == usize::from(which) % sound.files.len() {
            edit(&mut file, edits);
        }
        if resealed {
            reseal(&mut file, |bytes| bytes.starts_with(b"LREC"), 64);
            reseal_begin(&mut file, 4096);
        }
        disk.set_bytes(name, file);
    }
    let disk: Arc<MemoryDisk> = Arc::new(disk);
    let Ok((mut log, tail)) = Log::open(disk.clone(), SEGMENT) else { return };
    let Ok(records) = log.read(1).and_then(|reader| reader.collect::<ledger::Result<Vec<_>>>())
    else {
        panic!("a log that was opened is read")
    };
    assert_eq!(records.len() as u64, tail.mark.op);
    if !resealed {
        // What is there is how it began.
        for (record, body) in records.iter().zip(&sound.bodies) {
            assert_eq!(&record.body, body);
        }
        assert!(records.len() <= sound.bodies.len());
    }
    let Some(timestamp) = tail.mark.timestamp.checked_add(1) else { return };
    let draft = Draft { timestamp, kind: 7, count: 0, body: b"more" };
    log.append(&[draft]).and_then(|_| log.sync()).expect("it goes on");
    let mark = log.verify().expect("it is sound");
    drop(log);
    let (log, tail) = Log::open(disk, SEGMENT).expect("it is opened again");
    assert_eq!((log.tail(), tail.trimmed), (mark, None));
}

/// Bytes as the only segment of a log.
pub fn segment(bytes: &[u8]) {
    let ([mode], bytes) = head::<1>(bytes);
    let mut file = bytes.to_vec();
    if mode % 2 == 1 {
        reseal(&mut file, |bytes| bytes.starts_with(b"LREC"), 64);
        reseal_begin(&mut file, 4096);
    }
    let disk = MemoryDisk::new();
    disk.set_bytes("log-00000000000000000001", file);
    if let Ok((log, _)) = Log::open(Arc::new(disk), SEGMENT) {
        log.verify().expect("a log that was opened is sound");
    }
}

/// An export, changed; with the checksums that it has, or with the right ones.
pub fn export(bytes: &[u8]) {
    let ([mode], edits) = head::<1>(bytes);
    let sound = sound();
    let mut file = sound.export.clone();
    edit(&mut file, edits);
    if mode % 2 == 1 {
        reseal(&mut file, |bytes| bytes.starts_with(b"LREC"), 4);
        reseal_begin(&mut file, 128);
    }
    let mut bodies = Vec::new();
    let mut visit = |record: &log::Record| bodies.push(record.body.clone());
    if log::verify_export(&mut file.as_slice(), &sound.tail.hash, &mut visit).is_ok() {
        assert!(sound.bodies.ends_with(&bodies), "what is proven is what was written");
    }
    let _ = log::verify_export(&mut &*edits, &sound.tail.hash, &mut |_| {});
}

/// A snapshot, changed; with the checksum that its header has, or with the right one.
pub fn snapshot(bytes: &[u8]) {
    const NAME: &str = "snapshot-00000000000000000005";
    static SOUND: OnceLock<Vec<u8>> = OnceLock::new();
    let sound = SOUND.get_or_init(|| {
        let (disk, state) = (MemoryDisk::new(), state());
        let mark = Mark { op: 5, timestamp: 50, hash: [3; 32] };
        let image = state.image();
        snapshot::write(&disk, mark, image.digest(), &mut |out| image.encode(out))
            .expect("nothing fails");
        disk.bytes(NAME).expect("it is there")
    });
    let ([mode], edits) = head::<1>(bytes);
    let mut edited = sound.clone();
    edit(&mut edited, edits);
    if mode % 2 == 1 {
        reseal_begin(&mut edited, 128);
    }
    for file in [edited, edits.to_vec()] {
        let disk = MemoryDisk::new();
        disk.set_bytes(NAME, file);
        let Ok(newest) = snapshot::newest(&disk) else { continue };
        if let Some(found) = newest.found {
            let _ = Image::decode(&mut found.into_body()).and_then(State::from_image);
        }
    }
}

/// A log that is sound, and whose records may be no batches: what a newer program, or nobody, has written.
pub fn node(bytes: &[u8]) {
    let disk = Arc::new(MemoryDisk::new());
    let mut log = Log::create(disk.clone(), ID, SEGMENT).expect("a log");
    let mut rest = bytes;
    let mut timestamp = 0_u64;
    while !rest.is_empty() {
        let ([kind, count, step, length], more) = head::<4>(rest);
        let (body, more) = more.split_at(more.len().min(usize::from(length)));
        timestamp += 1 + (u64::from(step) << (step % 48));
        let draft =
            Draft { timestamp, kind: u16::from(kind % 8), count: u32::from(count % 4), body };
        if log.append(&[draft]).is_err() {
            break;
        }
        rest = more;
    }
    log.sync().expect("nothing fails");
    drop(log);
    let options = NodeOptions {
        segment_bytes: SEGMENT,
        generation_entries: 3,
        background: false,
        ..NodeOptions::default()
    };
    if let Ok((node, _)) = Node::open(disk, Arc::new(MemoryArchive::new()), options) {
        node.state().check().expect("what was replayed is sound");
        node.changes(1, usize::MAX).expect("it is there");
    }
}
