//! Histograms, merging and sorting.

/// `bins[k]` and how often `k` is among the keys, modulo 2^32; keys beyond the bins are left out.
pub fn histogram(keys: &[u32], bins: &[u32]) -> Vec<u32> {
    let mut out = bins.to_vec();
    for &key in keys {
        if let Some(bin) = out.get_mut(key as usize) {
            *bin = bin.wrapping_add(1);
        }
    }
    out
}

/// The elements of two ascending slices in ascending order; of equal ones those of `a` first.
pub fn merge(a: &[i32], b: &[i32]) -> Vec<i32> {
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::with_capacity(a.len() + b.len());
    while out.len() < a.len() + b.len() {
        if j == b.len() || (i < a.len() && a[i] <= b[j]) {
            out.push(a[i]);
            i += 1;
        } else {
            out.push(b[j]);
            j += 1;
        }
    }
    out
}

/// Keys with their values in ascending order of keys; equal keys keep their order.
pub fn radix_sort(keys: &[u32], values: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut pairs: Vec<(u32, u32)> = keys.iter().copied().zip(values.iter().copied()).collect();
    pairs.sort_by_key(|pair| pair.0);
    pairs.into_iter().unzip()
}
