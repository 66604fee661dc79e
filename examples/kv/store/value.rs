//! What a key holds: a string, or a collection.

use super::{Hash, List, Record, Set, SortedSet};

/// What an entry of the table holds, its key included. Two words: the block of a string, or a
/// collection in a box of its own, because strings are what there is most of.
#[derive(Debug)]
pub(super) enum Body {
    Text(Record),
    Collection(Box<Collection>),
}

const _: () = assert!(size_of::<Body>() == size_of::<Record>());

/// A key and its collection.
#[derive(Debug)]
pub(super) struct Collection {
    key: Box<[u8]>,
    pub(super) data: Data,
}

/// A collection of any type. None that is stored is empty.
#[derive(Debug)]
pub(crate) enum Data {
    List(List),
    Hash(Hash),
    Set(Set),
    SortedSet(SortedSet),
}

/// A type of collection.
pub(crate) trait Kind: Sized {
    /// One that is empty. The seed is for those that hash.
    fn empty(seed: u64) -> Self;
    /// How many elements it has.
    fn len(&self) -> usize;
    /// An estimate of the memory in use in bytes; costs nothing to tell.
    fn used_bytes(&self) -> usize;
    /// It, as a collection of any type.
    fn wrap(self) -> Data;
    /// The collection, if it is of this type.
    fn of(data: &Data) -> Option<&Self>;
    /// The collection, if it is of this type.
    fn of_mut(data: &mut Data) -> Option<&mut Self>;
}

/// What is left of a [`Kind`] once a type knows how to be made and measured.
macro_rules! variant {
    ($variant:ident) => {
        fn wrap(self) -> $crate::store::Data {
            $crate::store::Data::$variant(self)
        }

        fn of(data: &$crate::store::Data) -> Option<&Self> {
            match data {
                $crate::store::Data::$variant(data) => Some(data),
                _ => None,
            }
        }

        fn of_mut(data: &mut $crate::store::Data) -> Option<&mut Self> {
            match data {
                $crate::store::Data::$variant(data) => Some(data),
                _ => None,
            }
        }
    };
}
pub(super) use variant;

impl Data {
    fn used_bytes(&self) -> usize {
        match self {
            Self::List(list) => list.used_bytes(),
            Self::Hash(hash) => hash.used_bytes(),
            Self::Set(set) => set.used_bytes(),
            Self::SortedSet(set) => set.used_bytes(),
        }
    }
}

impl Body {
    /// A key with a collection.
    pub(super) fn collection(key: &[u8], data: Data) -> Self {
        Self::Collection(Box::new(Collection { key: key.into(), data }))
    }

    /// The key.
    pub(super) fn key(&self) -> &[u8] {
        match self {
            Self::Text(record) => record.key(),
            Self::Collection(collection) => &collection.key,
        }
    }

    /// The same value under another key.
    pub(super) fn renamed(self, key: &[u8]) -> Self {
        match self {
            Self::Text(record) => Self::Text(Record::new(key, record.value())),
            Self::Collection(mut collection) => {
                collection.key = key.into();
                Self::Collection(collection)
            }
        }
    }

    /// The string, if it is one.
    pub(super) fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Text(record) => Some(record.value()),
            Self::Collection(_) => None,
        }
    }

    /// Bytes of key and value.
    pub(super) fn used_bytes(&self) -> usize {
        match self {
            Self::Text(record) => record.payload_len(),
            Self::Collection(collection) => {
                size_of::<Collection>() + collection.key.len() + collection.data.used_bytes()
            }
        }
    }

    /// Whether it is what is never stored.
    #[cfg(test)]
    pub(super) fn is_empty_collection(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Collection(collection) => match &collection.data {
                Data::List(list) => list.len() == 0,
                Data::Hash(hash) => hash.len() == 0,
                Data::Set(set) => set.len() == 0,
                Data::SortedSet(set) => set.len() == 0,
            },
        }
    }

    /// What `TYPE` calls it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Collection(collection) => match collection.data {
                Data::List(_) => "list",
                Data::Hash(_) => "hash",
                Data::Set(_) => "set",
                Data::SortedSet(_) => "zset",
            },
        }
    }
}
