//! The operations of all shards that are under way.

use greenroom_core::runtime::{NetRequest, OpId};

/// An operation under way.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) owner: Owner,
    pub(super) node: u16,
    /// What it is to do. What a send takes is not there while it is sent.
    pub(super) request: NetRequest,
    /// How often a connect has knocked.
    pub(super) knocks: u32,
    /// A cancel is on its way.
    pub(super) given_up: bool,
}

/// Whose an operation is, and which of his.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Owner {
    pub(super) shard: u32,
    pub(super) op: OpId,
}

/// Operations by number. A number says where its operation is, and is not used again; none is 0.
#[derive(Default, Debug)]
pub(super) struct UnderWay {
    entries: Vec<Entry>,
    /// Entries without an operation, the one that is used next last.
    spare: Vec<u32>,
    /// How many there were so far.
    count: u64,
    /// By shard and by the place that an operation has there, which entry is that of the last one.
    by_op: Vec<Vec<u32>>,
}

#[derive(Debug)]
struct Entry {
    /// The number of the operation that is or was the last here.
    number: u64,
    operation: Option<Operation>,
}

/// Bits of a number that say which entry it is: more operations than that are never under way at
/// once, for they would not find room in memory.
const ENTRY_BITS: u32 = 28;

const fn entry_of(number: u64) -> usize {
    (number & ((1 << ENTRY_BITS) - 1)) as usize
}

impl UnderWay {
    /// Takes one of a node in; returns its number.
    #[inline(always)]
    pub(super) fn insert(&mut self, owner: Owner, node: u16, request: NetRequest) -> u64 {
        let Owner { shard, op } = owner;
        let entry = self.spare.pop().unwrap_or_else(|| {
            self.entries.push(Entry { number: 0, operation: None });
            (self.entries.len() - 1) as u32
        });
        assert!(entry < 1 << ENTRY_BITS, "too many operations under way");
        self.count += 1;
        let number = self.count << ENTRY_BITS | u64::from(entry);
        let vacant = &mut self.entries[entry as usize];
        vacant.number = number;
        vacant.operation = Some(Operation { owner, node, request, knocks: 0, given_up: false });
        let (shard, place) = (shard as usize, op.place() as usize);
        match self.by_op.get_mut(shard).and_then(|places| places.get_mut(place)) {
            Some(noted) => *noted = entry,
            None => self.make_place(shard, place, entry),
        }
        number
    }

    #[cold]
    fn make_place(&mut self, shard: usize, place: usize, entry: u32) {
        if self.by_op.len() <= shard {
            self.by_op.resize_with(shard + 1, Vec::new);
        }
        let places = &mut self.by_op[shard];
        if places.len() <= place {
            places.resize(place + 1, 0);
        }
        places[place] = entry;
    }

    /// The number of an operation that is under way.
    pub(super) fn find(&self, owner: Owner) -> Option<u64> {
        let places = self.by_op.get(owner.shard as usize)?;
        let entry = &self.entries[*places.get(owner.op.place() as usize)? as usize];
        let is_his = entry.operation.as_ref().is_some_and(|operation| operation.owner == owner);
        is_his.then_some(entry.number)
    }

    #[inline]
    pub(super) fn get(&self, number: u64) -> Option<&Operation> {
        let entry = self.entries.get(entry_of(number))?;
        if entry.number == number { entry.operation.as_ref() } else { None }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Operation> {
        let entry = self.entries.get_mut(entry_of(number))?;
        if entry.number == number { entry.operation.as_mut() } else { None }
    }

    /// Ends one, if it is under way. Returns whose it was.
    #[inline]
    pub(super) fn end(&mut self, number: u64) -> Option<Owner> {
        let owner = self.get(number)?.owner;
        self.entries[entry_of(number)].operation = None;
        self.spare.push(entry_of(number) as u32);
        Some(owner)
    }

    /// Ends all of a node.
    pub(super) fn end_all(&mut self, node: u16) {
        let of_node = |operation: &&Operation| operation.node == node;
        let ended =
            self.entries.iter().filter(|it| it.operation.as_ref().is_some_and(|it| of_node(&it)));
        let ended: Vec<u64> = ended.map(|entry| entry.number).collect();
        for number in ended {
            self.end(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use greenroom_core::runtime::SocketId;

    use super::*;

    fn insert(under_way: &mut UnderWay, shard: u32, word: u64) -> u64 {
        let owner = Owner { shard, op: OpId::from_word(word) };
        under_way.insert(owner, shard as u16, NetRequest::Close { socket: SocketId(word) })
    }

    #[test]
    fn a_number_names_one_operation_and_no_later_one() {
        let mut under_way = UnderWay::default();
        let first = insert(&mut under_way, 0, 5);
        let owner = under_way.get(first).unwrap().owner;
        assert_eq!(under_way.find(owner), Some(first));
        assert_eq!(under_way.end(first), Some(owner));
        assert_eq!((under_way.end(first), under_way.find(owner)), (None, None));
        let second = insert(&mut under_way, 1, 5);
        assert_eq!(entry_of(first), entry_of(second), "the place is used again");
        assert!(under_way.get(first).is_none() && under_way.get_mut(first).is_none());
        assert_eq!(under_way.find(owner), None, "another shard's");
        assert_eq!(under_way.find(Owner { shard: 1, op: owner.op }), Some(second));
    }

    #[test]
    fn a_node_loses_its_own() {
        let mut under_way = UnderWay::default();
        let numbers: Vec<u64> =
            (0..10).map(|word| insert(&mut under_way, word as u32 % 2, word)).collect();
        under_way.end_all(1);
        let left = numbers.iter().map(|&number| under_way.get(number).is_some());
        assert!(left.eq((0..10).map(|word| word % 2 == 0)));
    }
}
