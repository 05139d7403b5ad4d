//! NumPy's files (NEP 1), of one array of numbers.

use super::element::Element;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Type and data of a file; an error says what is wrong.
pub fn read(bytes: &[u8]) -> Result<(Element, &[u8]), String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("does not begin as a .npy file does")?;
    let (&[major, _], rest) = rest.split_first_chunk::<2>().ok_or("ends within its head")?;
    let (len, rest) = match major {
        1 => {
            let (len, rest) = rest.split_first_chunk::<2>().ok_or("ends within its head")?;
            (usize::from(u16::from_le_bytes(*len)), rest)
        }
        2 | 3 => {
            let (len, rest) = rest.split_first_chunk::<4>().ok_or("ends within its head")?;
            (u32::from_le_bytes(*len) as usize, rest)
        }
        other => return Err(format!("is of version {other}; 1 to 3 are known")),
    };
    let (head, data) = rest.split_at_checked(len).ok_or("ends within its head")?;
    let head = std::str::from_utf8(head).map_err(|_| "has a head that is no text")?;
    let descr = field(head, "descr").ok_or("has no `descr` in its head")?;
    let descr = descr.trim_matches(['\'', '"']);
    let element = Element::of_numpy(descr)
        .ok_or_else(|| format!("holds `{descr}`; integers and floats, little-endian, are known"))?;
    let shape = field(head, "shape").ok_or("has no `shape` in its head")?;
    let shape = shape.trim_start_matches('(').trim_end_matches(')');
    let count = shape
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .try_fold(1_usize, |product, part| {
            part.parse::<usize>().ok().and_then(|n| product.checked_mul(n))
        });
    let count = count.ok_or_else(|| format!("has a shape that is none: ({shape})"))?;
    let wanted = count.checked_mul(element.size()).ok_or("has too large a shape")?;
    if data.len() != wanted {
        return Err(format!("has {} bytes of data; its shape needs {wanted}", data.len()));
    }
    Ok((element, data))
}

/// The value of a key of the head: up to the comma outside brackets.
fn field<'h>(head: &'h str, key: &str) -> Option<&'h str> {
    let at = [format!("'{key}'"), format!("\"{key}\"")];
    let start = at.iter().find_map(|key| head.find(key.as_str()).map(|at| at + key.len()))?;
    let value = head[start..].trim_start().strip_prefix(':')?.trim_start();
    let mut depth = 0;
    let end = value.find(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0 && matches!(c, ',' | '}')
    });
    Some(value[..end?].trim())
}

/// A file of one dimension.
pub fn write(element: Element, data: &[u8]) -> Vec<u8> {
    let count = data.len() / element.size();
    let mut head = format!(
        "{{'descr': '{}', 'fortran_order': False, 'shape': ({count},), }}",
        element.numpy()
    );
    // The data begins at a multiple of 64.
    let before = MAGIC.len() + 4;
    while !(before + head.len() + 1).is_multiple_of(64) {
        head.push(' ');
    }
    head.push('\n');
    let mut file = MAGIC.to_vec();
    file.extend([1, 0]);
    file.extend((head.len() as u16).to_le_bytes());
    file.extend(head.as_bytes());
    file.extend(data);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let data = [1, 2, 3, 4, 5, 6, 7, 8];
        for element in [Element::F32, Element::U8, Element::F16, Element::I64] {
            let file = write(element, &data);
            assert_eq!(file.len() % 64, 8);
            assert_eq!(read(&file), Ok((element, &data[..])));
        }
    }

    /// Every prefix of a file, and every file with a byte changed, is read or refused.
    #[test]
    fn broken_files_are_refused() {
        let file = write(Element::F32, &[0; 16]);
        for len in 0..file.len() {
            assert!(read(&file[..len]).is_err(), "{len}");
        }
        for at in 0..file.len() {
            for byte in [0, b'(', b',', b'9', 0xff] {
                let mut file = file.clone();
                file[at] = byte;
                let _ = read(&file);
            }
        }
        assert!(read(&[&write(Element::F32, &[0; 4])[..], &[0]].concat()).is_err());
    }
}
