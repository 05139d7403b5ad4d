//! Witnesses for programs.

use super::{Outcome, Witness};
use crate::json::{Layout, Writer};

impl Witness {
    /// The witness as JSON:
    ///
    /// ```json
    /// {"datum": {"size": 0}, "hex": "00", "pointer": "/size", "error": "byte 0 ..."}
    /// {"datum": {"at": 1000000}, "hex": "80897a", "pointer": "/at", "before": "1970-01-01T00:00:01Z", "after": "1970-01-01T00:16:40Z"}
    /// ```
    ///
    /// An error whose datum fails for another reason first has a `cause` besides.
    pub fn to_json(&self, layout: Layout) -> String {
        Writer::written(layout, |out| self.write_json(out))
    }

    /// Writes the witness into JSON that has begun, as a value.
    pub fn write_json(&self, out: &mut Writer) {
        out.begin_object();
        out.name("datum");
        out.raw(&self.json);
        out.member("hex", &self.hex());
        out.member("pointer", &self.pointer);
        match &self.outcome {
            Outcome::Fails { error, cause } => {
                out.member("error", &error.to_string());
                if let Some(cause) = cause {
                    out.member("cause", &cause.to_string());
                }
            }
            Outcome::Changes { before, after } => {
                out.member("before", before);
                out.member("after", after);
            }
        }
        out.end_object();
    }
}
