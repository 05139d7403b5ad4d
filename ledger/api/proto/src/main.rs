//! Writes the Rust of the ledger's gRPC interface to where it is committed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    std::fs::write(ledger_proto::committed(), ledger_proto::make()?)?;
    Ok(())
}
