//! No bytes make [`Description::decode`] ask for memory out of proportion to their number.

use hash_ring::{Algorithm, Description, KeyHash, Part, Run, Value, Weight};

use crate::allocator::peak;

/// What decoding asked for at most, for each byte given.
fn ratio(bytes: &[u8]) -> usize {
    let (_, most) = peak(|| Description::decode(bytes));
    most.saturating_sub(4096) / bytes.len()
}

/// Of the smallest things that each part can be made of, as many as there can be: of one kind after the other.
fn crowded() -> Vec<Description> {
    let bare = |nodes: u32| {
        let nodes = (0..nodes).map(|node| (format!("{node:x}"), Weight::ONE));
        Description::new(Algorithm::Ring, KeyHash::Md5, nodes).unwrap()
    };
    let parameters = (0..2_000).fold(bare(0), |description, at| {
        description.with_parameter(format!("{at:x}"), Value::Text(String::new())).unwrap()
    });
    let many = 20_000;
    let empty = |part| bare(many).with_part(part).unwrap();
    let one = |part| bare(1).with_part(part).unwrap();
    let run = |at| Run { length: 1, owner: (at % 2 == 0).then_some(0) };
    vec![
        parameters,
        bare(many),
        empty(Part::Tokens(vec![vec![]; many as usize])),
        empty(Part::Paths(vec![vec![]; many as usize])),
        one(Part::Tokens(vec![(0..u64::from(many)).collect()])),
        one(Part::Buckets(vec![Some(0); many as usize])),
        one(Part::Removed((0..many).rev().collect())),
        one(Part::Slots((0..many).map(run).collect())),
        one(Part::Paths(vec![vec![String::new(); many as usize]])),
    ]
}

#[test]
fn in_proportion() {
    for description in crowded() {
        let mut bytes = description.encode();
        let whole = ratio(&bytes);
        assert!(whole <= 20, "{whole} times {} bytes", bytes.len());
        // Each place in turn made the largest number: wherever a count stands, it is one of them.
        let head = bytes.len().min(200);
        for at in (0..head).chain(bytes.len() - 8..bytes.len() - 3) {
            let before = bytes[at..].first_chunk::<4>().copied().unwrap();
            for number in [[255; 4], [255, 255, 15, 0], [0, 0, 1, 0]] {
                bytes[at..at + 4].copy_from_slice(&number);
                let edited = ratio(&bytes);
                assert!(edited <= 20, "{edited} times {} bytes, byte {at}", bytes.len());
            }
            bytes[at..at + 4].copy_from_slice(&before);
        }
    }
}
