//! Types that buffers hold.

use half::f16;

mod sealed {
    pub trait Sealed {}
}

/// What a [`DeviceBuffer`](crate::DeviceBuffer) can hold: numbers that have the same bytes on the device, any bytes being a value.
pub trait Element: sealed::Sealed + Copy + Default + Send + Sync + 'static {
    /// Its name in C.
    const C_NAME: &'static str;
}

macro_rules! elements {
    ($($t:ty = $name:literal),*) => {$(
        impl sealed::Sealed for $t {}
        impl Element for $t {
            const C_NAME: &'static str = $name;
        }
    )*};
}

elements!(
    f32 = "float",
    f16 = "__half",
    u32 = "unsigned",
    i32 = "int",
    u64 = "unsigned long long",
    i64 = "long long",
    u8 = "unsigned char"
);

/// The bytes of elements, as they lie in memory.
pub(crate) fn bytes_of<T: Element>(data: &[T]) -> &[u8] {
    // SAFETY: elements are numbers without padding, so all bytes of the slice are initialised; the length is that of the slice.
    unsafe { std::slice::from_raw_parts(data.as_ptr().cast(), size_of_val(data)) }
}

/// The bytes of elements, to be written.
pub(crate) fn bytes_of_mut<T: Element>(data: &mut [T]) -> &mut [u8] {
    // SAFETY: as in `bytes_of`; and any bytes are a value of the element.
    unsafe { std::slice::from_raw_parts_mut(data.as_mut_ptr().cast(), size_of_val(data)) }
}
