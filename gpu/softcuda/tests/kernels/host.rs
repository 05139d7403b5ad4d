//! Buffers and launches, short.

use softcuda::sanitize::{Checks, launch, prepare};
use softcuda::{Arg, Device, Dim, Kernel, LaunchOptions, Module, Statistics};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

/// The module of a file of `gpu/kernels`, loaded once.
pub fn module(name: &str) -> Module {
    static LOADED: LazyLock<Mutex<HashMap<String, Module>>> = LazyLock::new(Mutex::default);
    let mut loaded = LOADED.lock().unwrap();
    let load = || {
        let path = format!("{}/../kernels/{name}.ptx", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        Module::load(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
    };
    loaded.entry(name.to_owned()).or_insert_with(load).clone()
}

pub trait Element: Copy + Default {
    fn bytes(self) -> Vec<u8>;
    fn of(bytes: &[u8]) -> Self;
}

macro_rules! elements {
    ($($t:ty),*) => {$(
        impl Element for $t {
            fn bytes(self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
            fn of(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().unwrap())
            }
        }
    )*};
}

elements!(u8, u16, i32, u32, u64, i64, f32, f64);

/// What every launch is checked for.
const CHECKS: Checks = Checks { global_races: true, ..Checks::ALL };

/// A device and its buffers.
pub struct Host(pub Device);

impl Host {
    pub fn new() -> Self {
        let device = Device::new(1 << 30);
        prepare(&device, CHECKS);
        Self(device)
    }

    /// A buffer that holds this.
    pub fn put<T: Element>(&self, data: &[T]) -> u64 {
        let bytes: Vec<u8> = data.iter().flat_map(|x| x.bytes()).collect();
        let address = self.0.memory().alloc(bytes.len() as u64).unwrap();
        self.0.memory().write(address, &bytes).unwrap();
        address
    }

    /// A buffer of so many elements that nobody has written.
    pub fn room<T: Element>(&self, n: usize) -> u64 {
        self.0.memory().alloc((n * size_of::<T>()) as u64).unwrap()
    }

    pub fn get<T: Element>(&self, address: u64, n: usize) -> Vec<T> {
        let mut bytes = vec![0; n * size_of::<T>()];
        let unwritten = self.0.memory().first_unwritten(address, bytes.len() as u64).unwrap();
        assert!(unwritten.is_none(), "{unwritten:x?} was never written");
        self.0.memory().read(address, &mut bytes).unwrap();
        bytes.chunks(size_of::<T>()).map(T::of).collect()
    }

    /// Sets a variable of a module.
    pub fn set<T: Element>(&self, module: &Module, name: &str, data: &[T]) {
        let (address, _) = module.variable(&self.0, name).unwrap().unwrap();
        let bytes: Vec<u8> = data.iter().flat_map(|x| x.bytes()).collect();
        self.0.memory().write(address, &bytes).unwrap();
    }

    /// Runs a kernel with all checks on.
    pub fn run(
        &self,
        kernel: &Kernel,
        grid: impl Into<Dim>,
        block: impl Into<Dim>,
        options: LaunchOptions<'_>,
        args: &[Arg],
    ) -> Statistics {
        let (grid, block) = (grid.into(), block.into());
        let report = launch(kernel, &self.0, grid, block, args, &options, CHECKS);
        assert!(report.is_clean(), "{} {grid} {block}:\n{report}", kernel.name());
        report.outcome.unwrap()
    }
}

/// `args![a, b, n as i64]`
#[macro_export]
macro_rules! args {
    ($($x:expr),* $(,)?) => { &[$(softcuda::Arg::from($x)),*] };
}

/// Options with dynamic shared memory.
pub fn shared(bytes: u32) -> LaunchOptions<'static> {
    LaunchOptions { shared: bytes, ..LaunchOptions::default() }
}

pub fn plain() -> LaunchOptions<'static> {
    LaunchOptions::default()
}

/// Numbers without order, the same every time (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In -1 .. 1.
    pub fn float(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    pub fn floats(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.float()).collect()
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

pub fn close(what: &str, found: &[f32], expected: &[f64], bound: impl Fn(usize) -> f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (&x, &y)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(x) - y).abs();
        assert!(
            error <= bound(i) + 1e-37,
            "{what}: element {i} is {x}, expected {y}: error {error}, bound {}",
            bound(i)
        );
    }
}

/// Unit roundoff of single precision.
pub const U: f64 = 1.0 / (1 << 24) as f64;

/// IEEE binary16, slowly and independently of the machine's.
pub mod half {
    /// The value of the bits.
    pub fn wide(bits: u16) -> f64 {
        let sign = if bits >> 15 != 0 { -1.0 } else { 1.0 };
        let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
        match exponent {
            0 => sign * fraction * 2.0_f64.powi(-24),
            31 if fraction == 0.0 => sign * f64::INFINITY,
            31 => f64::NAN,
            _ => sign * (1.0 + fraction / 1024.0) * 2.0_f64.powi(exponent - 15),
        }
    }

    /// The nearest, by looking at the neighbours; ties to even.
    pub fn of(value: f32) -> u16 {
        let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
        let value = f64::from(value.abs());
        let (mut low, mut high) = (0_u16, 0x7bff_u16);
        while high - low > 1 {
            let middle = (low + high) / 2;
            if wide(middle) <= value { low = middle } else { high = middle }
        }
        let (below, above) = (value - wide(low), wide(high) - value);
        let up = above < below || above == below && low & 1 == 1;
        sign | if up { high } else { low }
    }
}
