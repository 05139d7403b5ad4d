//! How a schema's text is laid out: what fits on a line is on one, and nothing but blanks changes.

use avro_compat::json::{Json, Kind};

/// How long lines are, in characters, if they can be.
const WIDTH: usize = 100;

/// What a text says, laid out; it ends with a line feed. Strings and numbers stay as they are spelt.
pub fn layout(root: Json<'_>) -> String {
    enum Step<'a> {
        Value(Json<'a>, Trail),
        Text(&'static str),
        Line,
        Outwards,
        Name(Json<'a>),
    }
    let mut out = Line::default();
    let mut open = vec![Step::Value(root, Trail(0))];
    while let Some(step) = open.pop() {
        match step {
            Step::Text(text) => out.push(text),
            Step::Line => out.line(),
            Step::Outwards => {
                out.depth -= 1;
                out.line();
            }
            Step::Name(name) => {
                out.push(name.text());
                out.push(": ");
            }
            Step::Value(value, trail) => {
                let room = WIDTH.saturating_sub(out.column + trail.0);
                if let Some(line) = one_line(value, room) {
                    out.push(&line);
                    continue;
                }
                let first = open.len();
                let (begin, end) = match value.kind() {
                    Kind::Array => ("[", "]"),
                    Kind::Object => ("{", "}"),
                    _ => {
                        out.push(value.text());
                        continue;
                    }
                };
                out.push(begin);
                out.depth += 1;
                let members = value.members().map(|(name, value)| (Some(name), value));
                let elements = value.elements().map(|value| (None, value));
                let count = value.members().count() + value.elements().count();
                for (at, (name, inside)) in members.chain(elements).enumerate() {
                    open.push(Step::Line);
                    open.extend(name.map(Step::Name));
                    let more = at + 1 < count;
                    open.push(Step::Value(inside, Trail(usize::from(more))));
                    if more {
                        open.push(Step::Text(","));
                    }
                }
                open.extend([Step::Outwards, Step::Text(end)]);
                open[first..].reverse();
            }
        }
    }
    out.text.push('\n');
    out.text
}

/// How many characters come behind a value, on its line.
struct Trail(usize);

#[derive(Default)]
struct Line {
    text: String,
    depth: usize,
    /// How many characters the line has.
    column: usize,
}

impl Line {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.chars().count();
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth));
        self.column = 2 * self.depth;
    }
}

/// A value on one line, if it is no longer than that, and scalars anyway. What is too long is not looked at to its end: O(room).
fn one_line(value: Json<'_>, room: usize) -> Option<String> {
    enum Step<'a> {
        Value(Json<'a>),
        Text(&'a str),
    }
    if !matches!(value.kind(), Kind::Array | Kind::Object) {
        return Some(value.text().to_owned());
    }
    let mut line = String::new();
    let mut length = 0;
    let mut open = vec![Step::Value(value)];
    while let Some(step) = open.pop() {
        let text = match step {
            Step::Text(text) => text,
            Step::Value(value) => {
                let first = open.len();
                let (begin, end) = match value.kind() {
                    Kind::Array => ("[", "]"),
                    Kind::Object => ("{", "}"),
                    _ => {
                        open.push(Step::Text(value.text()));
                        continue;
                    }
                };
                // No more parts than there is room for are taken.
                let members = value.members().take(room + 1);
                for (at, (name, inside)) in members.enumerate() {
                    open.extend((at > 0).then_some(Step::Text(", ")));
                    open.extend([Step::Text(name.text()), Step::Text(": "), Step::Value(inside)]);
                }
                for (at, inside) in value.elements().take(room + 1).enumerate() {
                    open.extend((at > 0).then_some(Step::Text(", ")));
                    open.push(Step::Value(inside));
                }
                open.push(Step::Text(end));
                open[first..].reverse();
                begin
            }
        };
        length += text.chars().count();
        if length > room {
            return None;
        }
        line.push_str(text);
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use avro_compat::json::{Document, Reading};

    use super::layout;

    fn laid_out(text: &str) -> String {
        layout(Document::read(text, &Reading::default()).unwrap().root())
    }

    #[test]
    fn what_fits_is_on_one_line() {
        assert_eq!(
            laid_out(r#"{"type":"array","items":"int"}"#),
            "{\"type\": \"array\", \"items\": \"int\"}\n"
        );
        assert_eq!(laid_out("[ ]"), "[]\n");
        assert_eq!(laid_out("  \"int\""), "\"int\"\n");
    }

    #[test]
    fn what_does_not_is_on_several() {
        let doc = "d".repeat(90);
        let text = format!(
            r#"{{"type":"fixed","name":"F","size":1e0,"doc":"{doc}","x":[],"y":["\u0041"]}}"#
        );
        let expected = format!(
            "{{\n  \"type\": \"fixed\",\n  \"name\": \"F\",\n  \"size\": 1e0,\n  \"doc\": \"{doc}\",\n  \"x\": [],\n  \"y\": [\"\\u0041\"]\n}}\n"
        );
        assert_eq!(laid_out(&text), expected);
        assert_eq!(laid_out(&expected), expected);
    }

    #[test]
    fn lines_are_as_long_as_they_may_be() {
        // The comma counts, too.
        let member = |length: usize| format!("[\"{}\"]", "e".repeat(length - 4));
        let lines = |text: &str| laid_out(&format!("[{text},{}]", member(98))).lines().count();
        assert_eq!(lines(&member(97)), 4);
        assert_eq!(lines(&member(98)), 6);
    }

    #[test]
    fn depth_is_no_matter() {
        let deep = "[".repeat(500) + &"]".repeat(500);
        assert_eq!(laid_out(&laid_out(&deep)), laid_out(&deep));
    }
}
