//! Columns that grow by a value at a time, and become Arrow arrays.
//!
//! A value that comes to an error half-way may leave columns of different lengths; `truncate` makes
//! them whole again.

use std::mem::{replace, take};
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Int64Array, ListArray, NullArray, StringArray, StructArray,
};
use arrow_buffer::{Buffer, NullBuffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::Field;

pub struct Column {
    pub kind: Kind,
    /// Whether a value may be null; one that is missing is null too.
    pub nullable: bool,
    /// As long as the column.
    nulls: NullBufferBuilder,
}

pub enum Kind {
    Text(Texts),
    /// Any text, or one of some; it is not kept.
    Unkept(Option<Vec<String>>),
    /// A text that is JSON: what it holds is the value.
    Embedded {
        content: Box<Column>,
        longest: usize,
    },
    Integer {
        values: Vec<i64>,
        least: i64,
    },
    Boolean(Vec<bool>),
    /// An object with these members and no others.
    Object(Vec<Member>),
    /// Arrays of any length.
    List {
        ends: Ends,
        items: Box<Column>,
    },
    /// Objects with any keys.
    Map {
        ends: Ends,
        keys: Texts,
        values: Box<Column>,
    },
}

pub struct Member {
    pub name: String,
    pub required: bool,
    pub column: Column,
}

impl Column {
    pub fn new(kind: Kind) -> Self {
        Column {
            kind,
            nullable: false,
            nulls: NullBufferBuilder::new(0),
        }
    }

    pub fn len(&self) -> usize {
        self.nulls.len()
    }

    /// Says that a value has been added to the kind.
    pub fn added(&mut self) {
        self.nulls.append_non_null();
    }

    pub fn add_null(&mut self) {
        match &mut self.kind {
            Kind::Text(texts) => texts.close(),
            Kind::Unkept(_) => {}
            Kind::Embedded { content, .. } => content.add_null(),
            Kind::Integer { values, .. } => values.push(0),
            Kind::Boolean(values) => values.push(false),
            Kind::Object(members) => members.iter_mut().for_each(|each| each.column.add_null()),
            Kind::List { ends, items } => ends.add(items.len()),
            Kind::Map { ends, keys, .. } => ends.add(keys.len()),
        }
        self.nulls.append_null();
    }

    /// Drops all values after the first `rows`.
    pub fn truncate(&mut self, rows: usize) {
        match &mut self.kind {
            Kind::Text(texts) => texts.truncate(rows),
            Kind::Unkept(_) => {}
            Kind::Embedded { content, .. } => content.truncate(rows),
            Kind::Integer { values, .. } => values.truncate(rows),
            Kind::Boolean(values) => values.truncate(rows),
            Kind::Object(members) => members
                .iter_mut()
                .for_each(|each| each.column.truncate(rows)),
            Kind::List { ends, items } => items.truncate(ends.truncate(rows)),
            Kind::Map { ends, keys, values } => {
                let entries = ends.truncate(rows);
                keys.truncate(entries);
                values.truncate(entries);
            }
        }
        self.nulls.truncate(rows);
    }

    /// The values, of which none are left here. In place of what is not kept there are nulls.
    pub fn finish(&mut self) -> ArrayRef {
        let rows = self.len();
        let nulls = self.nulls.finish();
        match &mut self.kind {
            Kind::Text(texts) => Arc::new(texts.finish(nulls)),
            Kind::Unkept(_) => Arc::new(NullArray::new(rows)),
            Kind::Embedded { content, .. } => content.finish(),
            Kind::Integer { values, .. } => Arc::new(Int64Array::new(take(values).into(), nulls)),
            Kind::Boolean(values) => Arc::new(BooleanArray::new(take(values).into(), nulls)),
            Kind::Object(members) => {
                let columns = members
                    .iter_mut()
                    .map(|each| (&*each.name, each.column.finish()));
                Arc::new(struct_of(rows, columns.collect(), nulls))
            }
            Kind::List { ends, items } => Arc::new(list_of(ends, items.finish(), nulls)),
            Kind::Map { ends, keys, values } => {
                let entries = keys.len();
                let keys: ArrayRef = Arc::new(keys.finish(None));
                let columns = vec![("key", keys), ("value", values.finish())];
                let entries = struct_of(entries, columns, None);
                Arc::new(list_of(ends, Arc::new(entries), nulls))
            }
        }
    }
}

/// An array of so many objects.
pub fn struct_of(
    rows: usize,
    columns: Vec<(&str, ArrayRef)>,
    nulls: Option<NullBuffer>,
) -> StructArray {
    let (fields, arrays): (Vec<_>, Vec<_>) = columns
        .into_iter()
        .map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array))
        .unzip();
    StructArray::try_new_with_length(fields.into(), arrays, nulls, rows)
        .expect("columns have one length")
}

fn list_of(ends: &mut Ends, items: ArrayRef, nulls: Option<NullBuffer>) -> ListArray {
    let field = Field::new_list_field(items.data_type().clone(), true);
    ListArray::new(Arc::new(field), ends.finish(), items, nulls)
}

/// Where each of a column's values ends in another buffer, the first of all beginning at 0.
pub struct Ends(Vec<i32>);

impl Ends {
    pub fn new() -> Self {
        Ends(vec![0])
    }

    /// Adds a value that ends here. All that a batch holds is less than its own 2 GiB.
    pub fn add(&mut self, end: usize) {
        self.0.push(end as i32);
    }

    pub fn len(&self) -> usize {
        self.0.len() - 1
    }

    /// Drops all values after the first `rows`; gives where the last one ends.
    pub fn truncate(&mut self, rows: usize) -> usize {
        self.0.truncate(rows + 1);
        self.0[self.0.len() - 1] as usize
    }

    pub fn finish(&mut self) -> OffsetBuffer<i32> {
        OffsetBuffer::new(ScalarBuffer::from(replace(&mut self.0, vec![0])))
    }
}

pub struct Texts {
    bytes: Vec<u8>,
    ends: Ends,
    /// In characters.
    longest: usize,
}

impl Texts {
    pub fn new(longest: usize) -> Self {
        Texts {
            bytes: Vec::new(),
            ends: Ends::new(),
            longest,
        }
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds a text, unless it is too long; whether it is added.
    pub fn add(&mut self, text: &str) -> bool {
        if text.len() > self.longest && text.chars().count() > self.longest {
            return false;
        }
        self.bytes.extend_from_slice(text.as_bytes());
        self.close();
        true
    }

    /// Whether one of the texts from a place on is this one.
    pub fn has_since(&self, place: usize, text: &str) -> bool {
        let ends = &self.ends.0[place..];
        let same =
            |pair: &[i32]| &self.bytes[pair[0] as usize..pair[1] as usize] == text.as_bytes();
        ends.windows(2).any(same)
    }

    pub fn close(&mut self) {
        self.ends.add(self.bytes.len());
    }

    pub fn truncate(&mut self, rows: usize) {
        self.bytes.truncate(self.ends.truncate(rows));
    }

    pub fn finish(&mut self, nulls: Option<NullBuffer>) -> StringArray {
        let bytes = Buffer::from_vec(take(&mut self.bytes));
        StringArray::new(self.ends.finish(), bytes, nulls)
    }
}
