//! Values that borrow strings and bytes from the input, in one flat table.

use super::Value;

/// Where values are put that are decoded without copying: one flat table, which is used again for the next value, so that decoding
/// allocates nothing once it is large enough. 24 bytes a value.
#[derive(Clone, Debug, Default)]
pub struct Tape<'a> {
    /// The parts of each record, array and map stand together, and after those of all that is inside of it.
    pub(crate) items: Vec<Item<'a>>,
    /// The parts of those that are being read.
    pub(crate) stack: Vec<Item<'a>>,
    /// Strings that are not as the input has them.
    pub(crate) replaced: Vec<Box<str>>,
}

/// One value; parts by their place in the table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item<'a> {
    Null,
    Boolean(bool),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Bytes(&'a [u8]),
    String(&'a str),
    /// One of the tape's own strings.
    Replaced(u32),
    Fixed(&'a [u8]),
    Enum(u32),
    Record {
        start: u32,
        len: u32,
    },
    Array {
        start: u32,
        len: u32,
    },
    /// Keys and values in turn; `len` counts both.
    Map {
        start: u32,
        len: u32,
    },
    Union {
        branch: u32,
        at: u32,
    },
}

impl<'a> Tape<'a> {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same memory for values that borrow from other input.
    pub fn recycle<'b>(mut self) -> Tape<'b> {
        fn empty<'b>(mut items: Vec<Item<'_>>) -> Vec<Item<'b>> {
            items.clear();
            // Collecting in place keeps the allocation.
            items.into_iter().map(|_| Item::Null).collect()
        }
        self.replaced.clear();
        let replaced = self.replaced;
        Tape { items: empty(self.items), stack: empty(self.stack), replaced }
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.stack.clear();
        self.replaced.clear();
    }

    pub(crate) fn view(&self, item: Item<'a>) -> ValueRef<'_, 'a> {
        ValueRef::of(self, item)
    }
}

/// A value that borrows strings and bytes from the input (`'a`), and its parts from a [`Tape`] (`'t`). As [`Value`] in every other respect.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'t, 'a> {
    /// Of null.
    Null,
    /// Of boolean.
    Boolean(bool),
    /// Of int.
    Int(i32),
    /// Of long.
    Long(i64),
    /// Of float.
    Float(f32),
    /// Of double.
    Double(f64),
    /// Of bytes.
    Bytes(&'a [u8]),
    /// Of string.
    String(&'a str),
    /// Of string, if bytes were written that are no UTF-8: with U+FFFD in place of what is none, and therefore kept in the tape.
    Replaced(&'t str),
    /// Of a fixed.
    Fixed(&'a [u8]),
    /// Of an enum: the index of the symbol.
    Enum(u32),
    /// Of a record: the values of its fields.
    Record(Items<'t, 'a>),
    /// Of an array.
    Array(Items<'t, 'a>),
    /// Of a map.
    Map(Entries<'t, 'a>),
    /// Of a union: the index of the branch, and one item, the value of that.
    Union(u32, Items<'t, 'a>),
}

impl<'t, 'a> ValueRef<'t, 'a> {
    fn of(tape: &'t Tape<'a>, item: Item<'a>) -> Self {
        let items = |start: u32, len: u32| {
            let items = start as usize..start as usize + len as usize;
            Items { tape, items: tape.items.get(items).unwrap_or_default() }
        };
        match item {
            Item::Null => Self::Null,
            Item::Boolean(it) => Self::Boolean(it),
            Item::Int(it) => Self::Int(it),
            Item::Long(it) => Self::Long(it),
            Item::Float(it) => Self::Float(it),
            Item::Double(it) => Self::Double(it),
            Item::Bytes(it) => Self::Bytes(it),
            Item::String(it) => Self::String(it),
            Item::Replaced(at) => {
                Self::Replaced(tape.replaced.get(at as usize).map_or("", |it| it))
            }
            Item::Fixed(it) => Self::Fixed(it),
            Item::Enum(it) => Self::Enum(it),
            Item::Record { start, len } => Self::Record(items(start, len)),
            Item::Array { start, len } => Self::Array(items(start, len)),
            Item::Map { start, len } => Self::Map(Entries(items(start, len))),
            Item::Union { branch, at } => Self::Union(branch, items(at, 1)),
        }
    }

    /// The value inside of a union; of others, the value itself.
    pub fn flat(self) -> Self {
        match self {
            Self::Union(_, inside) => inside.get(0).unwrap_or(Self::Null),
            other => other,
        }
    }

    /// The text of a string.
    pub fn as_str(self) -> Option<&'t str> {
        match self.flat() {
            Self::String(it) => Some(it),
            Self::Replaced(it) => Some(it),
            _ => None,
        }
    }

    /// A copy that borrows nothing. It recurses, as deep as the value was allowed to be.
    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(it) => Value::Boolean(it),
            Self::Int(it) => Value::Int(it),
            Self::Long(it) => Value::Long(it),
            Self::Float(it) => Value::Float(it),
            Self::Double(it) => Value::Double(it),
            Self::Bytes(it) => Value::Bytes(it.to_vec()),
            Self::String(it) => Value::String(it.to_owned()),
            Self::Replaced(it) => Value::String(it.to_owned()),
            Self::Fixed(it) => Value::Fixed(it.to_vec()),
            Self::Enum(it) => Value::Enum(it),
            Self::Record(it) => Value::Record(it.iter().map(Self::to_value).collect()),
            Self::Array(it) => Value::Array(it.iter().map(Self::to_value).collect()),
            Self::Map(it) => {
                Value::Map(it.iter().map(|(key, it)| (key.to_owned(), it.to_value())).collect())
            }
            Self::Union(branch, _) => Value::Union(branch, Box::new(self.flat().to_value())),
        }
    }
}

/// The fields of a record or the items of an array.
#[derive(Clone, Copy, Debug)]
pub struct Items<'t, 'a> {
    tape: &'t Tape<'a>,
    items: &'t [Item<'a>],
}

impl<'t, 'a> Items<'t, 'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.items.len()
    }

    /// True if there are none.
    pub fn is_empty(self) -> bool {
        self.items.is_empty()
    }

    /// One of them.
    pub fn get(self, at: usize) -> Option<ValueRef<'t, 'a>> {
        self.items.get(at).map(|it| ValueRef::of(self.tape, *it))
    }

    /// All of them.
    pub fn iter(self) -> impl ExactSizeIterator<Item = ValueRef<'t, 'a>> {
        self.items.iter().map(move |it| ValueRef::of(self.tape, *it))
    }
}

/// The entries of a map, in the order of the input. Keys that are there twice are kept.
#[derive(Clone, Copy, Debug)]
pub struct Entries<'t, 'a>(Items<'t, 'a>);

impl<'t, 'a> Entries<'t, 'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.0.len() / 2
    }

    /// True if there are none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(self) -> impl ExactSizeIterator<Item = (&'t str, ValueRef<'t, 'a>)> {
        (0..self.len()).map(move |at| {
            let key = self.0.get(2 * at).and_then(ValueRef::as_str).unwrap_or_default();
            (key, self.0.get(2 * at + 1).unwrap_or(ValueRef::Null))
        })
    }

    /// The value of a key, the last if there are several. O(n).
    pub fn get(self, key: &str) -> Option<ValueRef<'t, 'a>> {
        self.iter().filter(|it| it.0 == key).last().map(|it| it.1)
    }
}
