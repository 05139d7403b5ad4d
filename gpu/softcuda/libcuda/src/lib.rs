//! `libcuda.so.1` without a GPU: [`softcuda_driver`] as a shared library.
//!
//! `cargo build --release -p softcuda-libcuda` leaves `libcuda.so` in the target directory, and beside it `libcuda.so.1`, the name that
//! programs ask for. Any program that loads the driver by this name runs on softcuda, unmodified:
//!
//! ```sh
//! LD_LIBRARY_PATH=$PWD/target/release python3 program.py
//! ```
//!
//! The same settings hold as for [`softcuda_driver`]: on a machine with a GPU the library hands over to the system's driver unless
//! `SOFTCUDA=force`.

// Its functions are exported by their names in C.
pub use softcuda_driver as driver;
