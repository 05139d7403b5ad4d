//! Lab 1-4: schemas that change.

use std::time::Duration;

use super::{Lab, between, binary};
use crate::check::{Check, Must};

/// The lab.
pub(super) fn lab() -> Lab {
    const MESSAGES: u32 = 1_000;
    /// Of the lab's script.
    const COMMANDS: f64 = 16.0;
    let messages = f64::from(MESSAGES);
    let count = |id, what, must| Check::new(id, what, "messages", Must::Equal(must));
    Lab {
        id: "1-4".into(),
        title: "Schema evolution (Avro)".into(),
        module: "1".into(),
        objective: "A schema gets a second version in a registry; consumers of both versions read messages of both; a rename is refused, with \
                    a message that it could not read, and an alias makes it safe."
            .into(),
        command: binary("lab-avro", &["--messages", &MESSAGES.to_string(), "--out", "out/lab/1-4", "--json"]),
        artefacts: ["commands.sh", "transcript.txt", "rename.json", "tweets-v1.avro", "tweets-v2.avro"]
            .map(str::to_owned)
            .to_vec(),
        checks: vec![
            Check::new(
                "curl_commands_as_expected",
                "curl commands that the registry answered as it must",
                "commands",
                Must::Equal(COMMANDS),
            ),
            count("messages_read_by_v1", "of v1 and v2 in turns, read with v1: the new field is left out", messages),
            count("messages_read_by_v2", "the same read with v2: what is not there is the default", messages),
            Check::new(
                "records_of_files_read",
                "of a container file of either version, read with the other",
                "records",
                Must::Equal(2.0 * messages),
            ),
            Check::new("rename_status", "HTTP status of a rename without alias", "status", Must::Equal(409.0)),
            count("messages_read_by_the_rename", "of v1 and v2, read with it nevertheless", 0.0),
            Check::new("rename_errors", "reasons that the checker has", "errors", Must::Equal(1.0)),
            Check::new(
                "rename_errors_without_witness",
                "of these without a datum that was written and could not be read",
                "errors",
                Must::Equal(0.0),
            ),
            between("rename_fixes", "edits of the schema that it suggests, each checked again", "fixes", 1.0, 100.0),
            count("messages_read_through_the_alias", "of v1 and v2, read with the alias", messages),
            count("renamed_messages_read_by_v1", "of the third version, read with v1: consumers go first", 0.0),
        ],
        time_limit: Duration::from_secs(5 * 60),
        rivals: None,
    }
}
