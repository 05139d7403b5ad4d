//! Images: what comes back, and what is refused.

use crate::desk::*;
use ledger::{
    Error,
    model::*,
    state::{Image, State},
};

fn encoded(image: &Image) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.encode(&mut bytes).unwrap();
    bytes
}

fn decoded(bytes: &[u8]) -> ledger::Result<Image> {
    Image::decode(&mut &bytes[..])
}

fn busy() -> Desk {
    let mut desk = Desk::new();
    desk.ok(vec![
        move_(1, 1, 3, 100),
        reserve(2, 1, 2, 10, 5),
        reserve(3, 3, 2, 20, 0),
        post(4, 3, 7),
    ]);
    desk.ok(vec![with(reserve(5, 1, 4, 0, 0), TransferFlags::CLOSING_CREDIT)]);
    desk.transaction(legs(6, &[debit(11, 5), credit(12, 5)]));
    desk
}

#[test]
fn an_image_comes_back() {
    let desk = busy();
    let image = desk.state.image();
    let bytes = encoded(&image);
    assert_eq!(image.digest(), *blake3::hash(&bytes).as_bytes());
    assert_eq!(image.digest(), desk.state.digest());
    let again = decoded(&bytes).unwrap();
    assert_eq!(again, image);
    assert_eq!((again.op(), again.timestamp()), (desk.state.op(), desk.state.timestamp()));
    let state = State::from_image(again).unwrap();
    assert_eq!(state.digest(), desk.state.digest());
    assert!(
        state.accounts().eq(desk.state.accounts())
            && state.ledgers().eq(desk.state.ledgers())
            && state.totals().eq(desk.state.totals())
    );
    assert_eq!(
        (state.pending_count(), state.next_due()),
        (desk.state.pending_count(), desk.state.next_due())
    );
    // What follows is left alone.
    let mut more = bytes.clone();
    more.push(7);
    let mut rest = &more[..];
    Image::decode(&mut rest).unwrap();
    assert_eq!(rest, [7]);
}

// 16 of op and timestamp, 4 counts, two ledgers of 120 bytes, accounts, places, pending transfers.
#[test]
fn the_layout() {
    let bytes = encoded(&busy().state.image());
    assert_eq!(bytes.len(), 16 + 16 + 2 * 120 + 12 * 128 + 4 + 2 * 128);
    assert_eq!(bytes[16..32], [2, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(bytes[32..45], [1, 0, 0, 0, 2, b'E', b'U', b'R', 0, 0, 0, 0, 0]);
}

// Whatever byte changes: it is refused, or it is another image with another digest that agrees with itself.
#[test]
fn a_damaged_image_is_refused_or_another() {
    let image = busy().state.image();
    let bytes = encoded(&image);
    let mut refused = 0;
    for at in 0..bytes.len() {
        for flip in [1, 0x80] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            match decoded(&bytes) {
                Ok(other) => {
                    assert_ne!(other.digest(), image.digest(), "byte {at}");
                    match State::from_image(other) {
                        Ok(_) => {}
                        Err(Error::Invariant(_)) => refused += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
                Err(Error::Corruption { offset, .. }) => {
                    assert!(offset <= bytes.len() as u64);
                    refused += 1;
                }
                Err(Error::Io { .. }) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(refused > bytes.len() / 2, "{refused} of {}", 2 * bytes.len());
}

#[test]
fn an_image_cut_short_is_an_error() {
    let bytes = encoded(&busy().state.image());
    for cut in 0..bytes.len() {
        assert!(matches!(decoded(&bytes[..cut]), Err(Error::Io { .. })), "{cut}");
    }
    // Counts without end allocate nothing.
    let mut endless = bytes[..16].to_vec();
    endless.extend_from_slice(&[0xff; 16]);
    assert!(decoded(&endless).is_err());
}

#[test]
fn digests_tell_operations_apart() {
    let mut desk = busy();
    let mut before = desk.state.digest();
    for _ in 0..3 {
        desk.tick();
        assert_ne!(desk.state.digest(), before);
        before = desk.state.digest();
    }
}

#[test]
fn pending_transfers_in_another_order_are_no_image() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, 5, 0), reserve(2, 1, 2, 5, 0)]);
    let mut bytes = Vec::new();
    desk.state.image().encode(&mut bytes).unwrap();
    let length = bytes.len();
    let (one, other) = bytes[length - 256..].split_at_mut(128);
    one.swap_with_slice(other);
    // The same money, and another digest than the state would have.
    let error = Image::decode(&mut bytes.as_slice()).unwrap_err();
    assert!(matches!(error, Error::Corruption { .. }), "{error}");
}

/// The encoding of a state with changes in it, as a state.
fn changed(desk: &Desk, change: impl Fn(&mut Vec<u8>)) -> ledger::Result<State> {
    let mut bytes = encoded(&desk.state.image());
    change(&mut bytes);
    State::from_image(decoded(&bytes)?)
}

#[test]
fn closed_accounts_of_which_nobody_knows_who_closed_them_are_no_state() {
    let mut desk = Desk::new();
    let close = |id, debit| with(reserve(id, debit, 2, 0, 0), TransferFlags::CLOSING_DEBIT);
    desk.ok(vec![close(1, 1), close(2, 4)]);
    assert!(changed(&desk, |_| {}).is_ok());
    // The place of the account that was created closed: 6 is the sixth. The two transfers are behind it, and 4 bytes are a place.
    let place = encoded(&desk.state.image()).len() - 2 * 128 - 4;
    let claim = |place_of: u8| {
        changed(&desk, |bytes| {
            assert_eq!(bytes[place..place + 4], [5, 0, 0, 0]);
            bytes[place] = place_of;
        })
    };
    // Account 1, which a pending transfer closed, as created closed: voiding would open it.
    assert!(matches!(claim(0), Err(Error::Invariant(_))));
    assert!(matches!(claim(1), Err(Error::Invariant(_))), "it is open");
    // Both pending transfers of the same account: voiding one would open what the other closed.
    let twice = changed(&desk, |bytes| {
        let second = bytes.len() - 128 + 16;
        bytes[second] = 1;
    });
    assert!(matches!(twice, Err(Error::Invariant(_))));
}
