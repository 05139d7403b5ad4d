//! Text that was written in Windows' code page and read as if it were the Macintosh's: `AmÈlie`.

use encoding_rs::{MACINTOSH, WINDOWS_1252};

/// What it was before, if every character of it can have come about in that way and any of them is not ASCII; otherwise nothing.
pub(super) fn mended(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let (bytes, _, unmappable) = MACINTOSH.encode(text);
    if unmappable {
        return None;
    }
    let (before, broken) = WINDOWS_1252.decode_without_bom_handling(&bytes);
    // Bytes that the code page gives no character become control characters: then it was something else.
    let good = !broken && !before.chars().any(char::is_control) && before != text;
    good.then(|| before.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_the_set() {
        for (found, meant) in [
            ("LÈon", Some("Léon")),
            ("DÈj‡ Vu", Some("Déjà Vu")),
            ("Per qualche dollaro in pi˘", Some("Per qualche dollaro in più")),
            ("The Naked Gun 2Ω: The Smell of Fear", Some("The Naked Gun 2½: The Smell of Fear")),
            ("Die F‰lscher", Some("Die Fälscher")),
            // Neither is of the Macintosh, or neither is changed.
            ("Alien³", None),
            ("Ri¢hie Ri¢h", None),
            ("Heat", None),
            ("東京物語", None),
        ] {
            assert_eq!(mended(found).as_deref(), meant, "{found}");
        }
    }
}
