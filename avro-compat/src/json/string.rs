//! Strings out of their escapes.

use std::borrow::Cow;

/// A string that the reader has found to be right, without its escapes.
pub(super) fn decode(raw: &str) -> Cow<'_, str> {
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        decoded.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let (character, used) = match escape.as_bytes().first() {
            Some(b'b') => ('\u{8}', 1),
            Some(b'f') => ('\u{C}', 1),
            Some(b'n') => ('\n', 1),
            Some(b'r') => ('\r', 1),
            Some(b't') => ('\t', 1),
            Some(b'u') => unicode(escape),
            Some(it) if it.is_ascii() => (char::from(*it), 1),
            // Cannot be: the reader takes none but the above. What stands there is then taken as it is.
            _ => ('\\', 0),
        };
        decoded.push(character);
        rest = &escape[used..];
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// The character of `u0041`, or of `uD834\uDD1E`, and how many bytes it took.
fn unicode(escape: &str) -> (char, usize) {
    let unit = |at: usize| {
        escape.get(at..at + 4).and_then(|it| u32::from_str_radix(it, 16).ok()).unwrap_or(0xFFFD)
    };
    let first = unit(1);
    match char::from_u32(first) {
        Some(character) => (character, 5),
        None => (pair(first, unit(7)).unwrap_or(char::REPLACEMENT_CHARACTER), 11),
    }
}

/// The character that two surrogates are.
pub(super) fn pair(high: u32, low: u32) -> Option<char> {
    if !(0xD800..0xDC00).contains(&high) || !(0xDC00..0xE000).contains(&low) {
        return None;
    }
    char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
}
