//! Memory is bounded, and nobody can tell what is in it.

use ledger::{NodeOptions, model::Code};

use crate::world::{NOW, World, options, pending, send, transfer};

#[test]
fn no_more_than_two_generations_are_in_memory() {
    for background in [false, true] {
        let (_, mut node) = World::begin(NodeOptions { background, ..options() });
        for round in 0..100_u128 {
            let batch: Vec<_> = (0..7).map(|n| transfer(1 + round * 7 + n, 2, 3, 1)).collect();
            send(&mut node, NOW, &batch).unwrap();
            let kept: usize =
                node.state().frozen().iter().map(|frozen| frozen.len()).sum::<usize>()
                    + node.state().active().len();
            assert!(node.state().frozen().len() <= 1 && kept <= 2 * (50 + 7), "{kept} entries");
        }
        for id in 1..=700 {
            assert_eq!(node.entry(id).unwrap().unwrap().id(), Some(id));
        }
        assert_eq!(node.entry(701).unwrap(), None);
    }
}

#[test]
fn answers_do_not_depend_on_where_entries_are() {
    let work = |generation_entries| {
        let (_, mut node) = World::begin(NodeOptions { generation_entries, ..options() });
        let mut answers = Vec::new();
        for round in 0..60_u128 {
            let old = round.saturating_sub(40);
            let batch = [
                transfer(1000 + round, 2, 3, 7),
                pending(2000 + round, 3, 4, 20, 0),
                // Long ago: the same again, and other content.
                transfer(1000 + old, 2, 3, 7),
                transfer(1000 + old, 2, 3, 8),
                // Cannot be paid, now and later.
                transfer(3000 + round / 2, 1, 2, 1_000),
                ledger::model::Transfer {
                    id: 4000 + round,
                    pending_id: 2000 + old,
                    flags: ledger::model::TransferFlags::POST_PENDING,
                    ..ledger::model::Transfer::default()
                },
            ];
            answers.extend(send(&mut node, NOW, &batch).unwrap());
        }
        (answers, node.state().digest())
    };
    let all_in_memory = work(1_000_000);
    assert!(all_in_memory.0.iter().any(|answer| answer.code == Code::PendingTransferAlreadyPosted));
    assert!(all_in_memory.0.iter().any(|answer| answer.code == Code::ExceedsCredits));
    for generation_entries in [1, 13, 50] {
        assert_eq!(work(generation_entries), all_in_memory, "{generation_entries}");
    }
}

#[test]
fn segments_are_made_ahead_and_used_one_after_another() {
    let (world, mut node) =
        World::begin(NodeOptions { background: true, generation_entries: 500, ..options() });
    for round in 0..100_u128 {
        let batch: Vec<_> = (0..50).map(|n| transfer(1 + round * 50 + n, 2, 3, 1)).collect();
        send(&mut node, NOW, &batch).unwrap();
    }
    let (tail, digest) = (node.tail(), node.state().digest());
    assert_eq!(node.log().verify().unwrap(), tail);
    drop(node);
    // 5,000 transfers of 128 bytes in segments of 64 KiB; one that was made ahead may be left.
    let names = ledger::disk::Disk::names(&world.disk).unwrap();
    assert!(names.iter().filter(|name| name.starts_with("log-0")).count() >= 10, "{names:?}");
    let (node, _) = world.open();
    assert_eq!((node.tail(), node.state().digest()), (tail, digest));
}
