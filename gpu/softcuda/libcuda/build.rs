//! Gives the library the name that programs ask for: as its soname, and as a link beside it.

use std::env::var_os;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libcuda.so.1");
    // Cargo has no step after linking; the link may be there before what it points to. OUT_DIR is target/profile/build/package/out.
    let Some(out) = var_os("OUT_DIR").map(PathBuf::from) else {
        return;
    };
    if let Some(profile) = out.ancestors().nth(3) {
        let link = profile.join("libcuda.so.1");
        let _ = std::fs::remove_file(&link);
        #[cfg(unix)]
        if let Err(error) = std::os::unix::fs::symlink("libcuda.so", &link) {
            println!("cargo::warning={}: {error}", link.display());
        }
    }
}
