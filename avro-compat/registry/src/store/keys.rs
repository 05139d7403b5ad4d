//! Keys of records.

use super::records::damaged;
use crate::error::Result;
use crate::model::{Context, SchemaId, Subject};

pub(super) fn context(context: &Context) -> Vec<u8> {
    context.as_str().into()
}

pub(super) fn schema(context: &Context, id: SchemaId) -> Vec<u8> {
    let mut key = self::context(context);
    key.push(0);
    key.extend(id.0.to_be_bytes());
    key
}

pub(super) fn scope(scope: &Subject) -> Vec<u8> {
    let mut key = context(scope.context());
    key.push(0);
    key.extend(scope.name().as_bytes());
    key
}

pub(super) fn version(subject: &Subject, version: u32) -> Vec<u8> {
    let mut key = scope(subject);
    key.push(0);
    key.extend(version.to_be_bytes());
    key
}

pub(super) fn read_context(key: &[u8]) -> Result<Context> {
    text(key).map(Context::new).ok_or_else(|| damaged("contexts", key, "it is no context"))
}

pub(super) fn read_schema(key: &[u8]) -> Result<(Context, SchemaId)> {
    let parts = || {
        let (context, id) = numbered(key)?;
        Some((Context::new(text(context)?), SchemaId(id)))
    };
    parts().ok_or_else(|| damaged("schemas", key, "its key is no context and id"))
}

pub(super) fn read_version(key: &[u8]) -> Result<(Subject, u32)> {
    let parts = || {
        let (scope, version) = numbered(key)?;
        Some((subject(scope)?, version))
    };
    parts().ok_or_else(|| damaged("versions", key, "its key is no subject and version"))
}

pub(super) fn read_scope(keyspace: &str, key: &[u8]) -> Result<Subject> {
    subject(key).ok_or_else(|| damaged(keyspace, key, "its key is no subject"))
}

fn numbered(key: &[u8]) -> Option<(&[u8], u32)> {
    let (rest, number) = key.split_last_chunk::<4>()?;
    let (0, name) = rest.split_last()? else { return None };
    Some((name, u32::from_be_bytes(*number)))
}

fn subject(key: &[u8]) -> Option<Subject> {
    let at = key.iter().position(|it| *it == 0)?;
    let name = text(key.get(at + 1..)?)?;
    Some(Subject::new(Context::new(text(key.get(..at)?)?), name))
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|it| !it.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for text in ["a", ":.ctx:a:b", "ü", ":.ctx:", ""] {
            let subject = Subject::parse(text);
            let context = subject.context().clone();
            assert_eq!(read_scope("x", &scope(&subject)).unwrap(), subject);
            for number in [1, 0x0001_0000, i32::MAX.unsigned_abs()] {
                assert_eq!(
                    read_version(&version(&subject, number)).unwrap(),
                    (subject.clone(), number)
                );
                let id = SchemaId(number);
                assert_eq!(read_schema(&schema(&context, id)).unwrap(), (context.clone(), id));
            }
            assert_eq!(read_context(&self::context(&context)).unwrap(), context);
        }
        assert!(read_version(b"a").is_err() && read_version(b".\0a\0\0\0\0").is_err());
        assert!(read_schema(b"\0\0\0\x01").is_err() && read_context(b"\xff").is_err());
    }
}
