use super::written::Written;
use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

fn memory() -> Memory {
    AddressSpace::new().add_device(1 << 20)
}

#[test]
fn an_address_is_never_given_twice() {
    let memory = memory();
    let first = memory.alloc(100).unwrap();
    memory.free(first).unwrap();
    let second = memory.alloc(100).unwrap();
    assert_ne!(first, second);
    assert_eq!(first % 256, 0);
    assert_eq!(second % 256, 0);
    let error = memory.read(first + 4, &mut [0; 4]).unwrap_err();
    assert_eq!(
        error,
        MemoryError::OutOfBounds {
            address: first + 4,
            len: 4,
            near: Nearest::Freed { id: 0, base: first, len: 100, offset: 4 }
        }
    );
    assert!(matches!(memory.free(first), Err(MemoryError::NotAllocated { .. })));
}

#[test]
fn the_limit_holds_and_comes_back() {
    let memory = memory();
    assert!(matches!(memory.alloc((1 << 20) + 1), Err(MemoryError::OutOfMemory { .. })));
    assert!(matches!(memory.alloc(u64::MAX), Err(MemoryError::OutOfMemory { .. })));
    let all = memory.alloc(1 << 20).unwrap();
    assert!(memory.alloc(1).is_err());
    memory.free(all).unwrap();
    assert_eq!(memory.free_and_total(), (1 << 20, 1 << 20));
}

#[test]
fn a_range_past_the_end_names_what_is_near() {
    let memory = memory();
    let a = memory.alloc(16).unwrap();
    let error = memory.write(a + 12, &[0; 8]).unwrap_err();
    assert!(error.to_string().contains("12 bytes into allocation 0"), "{error}");
    assert!(memory.write(a + 16, &[]).is_ok());
    let error = memory.read(a + 20, &mut [0]).unwrap_err();
    assert!(error.to_string().contains("4 bytes past the end of allocation 0"), "{error}");
    assert!(memory.write(u64::MAX, &[0; 8]).is_err());
}

#[test]
fn devices_of_one_space_reach_each_other() {
    let space = AddressSpace::new();
    let (one, two) = (space.add_device(4096), space.add_device(4096));
    let (a, b) = (one.alloc(64).unwrap(), two.alloc(64).unwrap());
    one.write(a, &[7; 64]).unwrap();
    one.copy(b, a, 64).unwrap();
    let mut out = [0; 64];
    two.read(b, &mut out).unwrap();
    assert_eq!(out, [7; 64]);
}

#[test]
fn memory_of_the_host_has_its_own_address() {
    let memory = memory();
    let mut bytes = vec![1_u8; 32];
    let at = std::ptr::NonNull::new(bytes.as_mut_ptr()).unwrap();
    // SAFETY: `bytes` outlives the mapping and no launch runs.
    let address = unsafe { memory.map(at, 32) }.unwrap();
    assert_eq!(address, at.as_ptr() as u64);
    // SAFETY: as above.
    assert!(unsafe { memory.map(at, 8) }.is_err());
    memory.fill(address + 1, &[2, 3], 4).unwrap();
    memory.free(address).unwrap();
    assert_eq!(&bytes[..10], [1, 2, 3, 2, 3, 2, 3, 2, 3, 1]);
}

#[test]
fn windows_tell_their_space() {
    assert_eq!(Space::of(SHARED_BASE), Space::Shared);
    assert_eq!(Space::of(SHARED_BASE + (1 << 32) - 1), Space::Shared);
    assert_eq!(Space::of(SHARED_BASE - 1), Space::Global);
    assert_eq!(Space::of(LOCAL_BASE + 12), Space::Local);
    assert_eq!(Space::of(PARAM_BASE), Space::Param);
    assert_eq!(Space::of(memory().alloc(1).unwrap()), Space::Global);
}

proptest! {
    /// Random allocations, frees, writes, fills and copies against a map of vectors.
    #[test]
    fn agrees_with_a_map_of_vectors(
        steps in prop::collection::vec((0..5_u8, any::<u16>(), any::<u16>(), 0..300_u64), 1..80),
    ) {
        let memory = memory();
        let mut model: HashMap<u64, Vec<u8>> = HashMap::new();
        let pick = |model: &HashMap<u64, Vec<u8>>, n: u16| {
            let mut keys: Vec<_> = model.keys().copied().collect();
            keys.sort_unstable();
            (!keys.is_empty()).then(|| keys[n as usize % keys.len()])
        };
        for (what, a, b, len) in steps {
            let base = pick(&model, a);
            match (what, base) {
                (0, _) | (_, None) => {
                    model.insert(memory.alloc(len).unwrap(), vec![0; len as usize]);
                }
                (1, Some(base)) => {
                    memory.free(base).unwrap();
                    model.remove(&base);
                }
                (2, Some(base)) => {
                    let bytes = model.get_mut(&base).unwrap();
                    let offset = u64::from(b) % 64;
                    let data: Vec<u8> = (0..len).map(|i| (i as u8) ^ (b as u8)).collect();
                    let fits = data.is_empty() || offset + len <= bytes.len() as u64;
                    prop_assert_eq!(memory.write(base + offset, &data).is_ok(), fits);
                    if fits && !data.is_empty() {
                        bytes[offset as usize..][..data.len()].copy_from_slice(&data);
                    }
                }
                (3, Some(base)) => {
                    let bytes = model.get_mut(&base).unwrap();
                    let n = bytes.len() as u64 / 4;
                    let value = u32::from(b) * 0x10001;
                    memory.fill(base, &value.to_le_bytes(), n).unwrap();
                    for chunk in bytes.as_chunks_mut::<4>().0 {
                        *chunk = value.to_le_bytes();
                    }
                }
                (_, Some(base)) => {
                    let Some(to) = pick(&model, b) else { continue };
                    let n = model[&base].len().min(model[&to].len());
                    memory.copy(to, base, n as u64).unwrap();
                    let bytes = model[&base][..n].to_vec();
                    model.get_mut(&to).unwrap()[..n].copy_from_slice(&bytes);
                }
            }
        }
        for (base, bytes) in model {
            let mut out = vec![0; bytes.len()];
            memory.read(base, &mut out).unwrap();
            prop_assert_eq!(out, bytes);
        }
    }
}

proptest! {
    /// Words of bits against a list of bytes.
    #[test]
    fn what_is_written_is_known_to_the_byte(
        writes in prop::collection::vec((0_u64..700, 0_u64..300), 0..6),
        asked in (0_u64..700, 0_u64..300),
        copy in (0_u64..300, 0_u64..300, 0_u64..300),
    ) {
        let (written, other) = (Written::new(1000).unwrap(), Written::new(1000).unwrap());
        let mut model = [false; 1000];
        for &(start, len) in &writes {
            written.set(start, len);
            model[start as usize..][..len as usize].fill(true);
        }
        let first = |model: &[bool], (start, len): (u64, u64)| {
            (start..start + len).find(|&byte| !model[byte as usize])
        };
        prop_assert_eq!(written.first_unset(asked.0, asked.1), first(&model, asked));
        let (to, from, len) = copy;
        other.set(0, 500);
        other.copy(to, &written, from, len);
        let mut copied = [false; 1000];
        copied[..500].fill(true);
        copied[to as usize..][..len as usize]
            .copy_from_slice(&model[from as usize..][..len as usize]);
        prop_assert_eq!(other.first_unset(asked.0, asked.1), first(&copied, asked));
    }
}
