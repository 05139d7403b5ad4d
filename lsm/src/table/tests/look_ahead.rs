//! The hook hears of pointers before the cursor gets to them.

use std::sync::{Arc, Mutex};

use super::model::{open, plain_keys, write};
use crate::table::{Pointer, PointerHook, ReadMode, TableCursor, TableOptions, TableValue};

#[derive(Clone, Default)]
struct Heard {
    near: Arc<Mutex<Vec<u32>>>,
    upcoming: Arc<Mutex<Vec<u32>>>,
}

impl PointerHook for Heard {
    fn near(&mut self, pointer: Pointer) {
        self.near.lock().unwrap().push(pointer.offset);
    }

    fn hears_of_intervals(&self) -> bool {
        true
    }

    fn upcoming(&mut self, pointers: &[Pointer]) {
        self.upcoming.lock().unwrap().extend(pointers.iter().map(|pointer| pointer.offset));
    }
}

#[test]
fn the_hook_hears_of_every_pointer_before_the_cursor_gets_there() {
    let model = plain_keys(1000);
    let (file, _) = write(&model, TableOptions::default());
    let table = open(&file, None, ReadMode::Mapped).unwrap();
    for forward in [true, false] {
        let heard = Heard::default();
        let mut cursor = TableCursor::with_hook(Arc::clone(&table), heard.clone());
        if forward { cursor.seek_to_first() } else { cursor.seek_to_last() }.unwrap();
        let count = |heard: &Mutex<Vec<u32>>| heard.lock().unwrap().len();
        assert!(count(&heard.upcoming) <= 16, "a single seek decodes a single interval");
        let mut passed = 0;
        while cursor.valid() {
            let TableValue::Pointer { offset, .. } = cursor.value() else { panic!() };
            assert!(heard.near.lock().unwrap().contains(&offset));
            assert!(heard.upcoming.lock().unwrap().contains(&offset));
            passed += 1;
            let (near, upcoming) = (count(&heard.near), count(&heard.upcoming));
            assert!(near <= passed + 16 && upcoming <= passed + 32);
            // Once it is seen to go on, it is an interval ahead.
            if (40..=980).contains(&passed) {
                assert!(near > passed && upcoming >= passed + 8, "{near} {upcoming}");
            }
            if forward { cursor.next() } else { cursor.prev() }.unwrap();
        }
        assert_eq!(count(&heard.near), 1000, "each is heard of once");
        assert_eq!(count(&heard.upcoming), 1000, "each is heard of once");
    }
}

/// A cursor that turns round hears of what lies the other way, wherever it turns.
#[test]
fn the_hook_hears_of_pointers_after_a_turn() {
    let model = plain_keys(200);
    let (file, _) = write(&model, TableOptions::default());
    let table = open(&file, None, ReadMode::Mapped).unwrap();
    for steps in 0..100 {
        let heard = Heard::default();
        let mut cursor = TableCursor::with_hook(Arc::clone(&table), heard.clone());
        cursor.seek_to_first().unwrap();
        (0..steps).for_each(|_| cursor.next().unwrap());
        let mut back = 0;
        while cursor.valid() {
            let TableValue::Pointer { offset, .. } = cursor.value() else { panic!() };
            assert!(heard.near.lock().unwrap().contains(&offset));
            cursor.prev().unwrap();
            back += 1;
        }
        assert_eq!(back, steps + 1);
    }
}
