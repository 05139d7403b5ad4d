//! The Rust of the ledger's gRPC interface, made from `ledger/v1/ledger.proto` without protoc.
//!
//! What is made is committed, at [`COMMITTED`], so that nobody who builds the server builds this. After a change of the `.proto`:
//! `cargo run -p ledger_proto`. The test of this crate fails until that is done.

use std::path::PathBuf;

/// Where the Rust stands, from this crate's directory.
pub const COMMITTED: &str = "../src/grpc/v1.rs";

const FIRST: &str =
    "// Made by `cargo run -p ledger_proto` from proto/ledger/v1/ledger.proto: change that.\n";

/// The path of [`COMMITTED`].
#[must_use]
pub fn committed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(COMMITTED)
}

/// Makes it.
///
/// # Errors
///
/// What is wrong with the `.proto`, and where; what the disk says.
pub fn make() -> Result<String, Box<dyn std::error::Error>> {
    let set = protox::compile(["ledger/v1/ledger.proto"], [env!("CARGO_MANIFEST_DIR")])?;
    let dir = tempfile::tempdir()?;
    tonic_prost_build::configure()
        // A client brings its own transport, the server has one.
        .build_transport(false)
        .codec_path("crate::grpc::codec::Codec")
        .btree_map(".")
        .emit_rerun_if_changed(false)
        .out_dir(dir.path())
        .compile_fds(set)?;
    let made = std::fs::read_to_string(dir.path().join("ledger.v1.rs"))?;
    Ok(format!("{FIRST}{made}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
mod tests {
    #[test]
    fn what_is_committed_is_what_the_proto_makes() {
        let (made, found) =
            (super::make().unwrap(), std::fs::read_to_string(super::committed()).unwrap());
        // Not assert_eq: 3,000 lines twice help nobody.
        assert!(
            made == found,
            "src/grpc/v1.rs is not what the .proto makes: cargo run -p ledger_proto"
        );
    }
}
