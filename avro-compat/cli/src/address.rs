//! What may stand in a URI (RFC 3986).

/// A part of an address's path, with everything in percent signs that would mean something else.
pub fn segment(text: &str) -> String {
    encode(text, |it| matches!(it, b'-' | b'.' | b'_' | b'~'))
}

/// A path or an address as a URI.
pub fn uri(name: &str) -> String {
    let is_address = name.starts_with("http://") || name.starts_with("https://");
    let name = if cfg!(windows) && !is_address { &name.replace('\\', "/") } else { name };
    encode(name, |it| match it {
        b':' | b'%' => is_address,
        other => matches!(other, b'-' | b'.' | b'_' | b'~' | b'/' | b'@'),
    })
}

fn encode(text: &str, stays: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || stays(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
