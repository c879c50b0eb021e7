//! Lines in, columns of those that are of the expected form out.

use std::sync::Arc;

use anyhow::Result;
use arrow_array::{Array, ArrayRef, BinaryArray, Int64Array, StructArray};
use serde::de::DeserializeSeed;
use serde_json::{Deserializer, Value};

use crate::columns::{Column, struct_of};

/// Reads lines of one form.
pub struct Reader {
    columns: Column,
}

impl Reader {
    pub fn new(schema: &Value) -> Result<Self> {
        let columns = Column::of(schema)?;
        Ok(Reader { columns })
    }

    /// A struct of two columns, with a row for each line of the expected form: `place`, its position
    /// among the lines, and `line`, what it says.
    pub fn read(&mut self, lines: &BinaryArray) -> StructArray {
        let mut places = Vec::with_capacity(lines.len());
        for (place, line) in lines.iter().enumerate() {
            if line.is_some_and(|line| self.take(line)) {
                places.push(place as i64);
            }
        }
        let rows = places.len();
        let places: ArrayRef = Arc::new(Int64Array::from(places));
        let columns = vec![("place", places), ("line", self.columns.finish())];
        struct_of(rows, columns, None)
    }

    /// Adds a line, if it is of the expected form; else nothing of it is left.
    fn take(&mut self, line: &[u8]) -> bool {
        let rows = self.columns.len();
        let taken = std::str::from_utf8(line).is_ok_and(|text| {
            let mut json = Deserializer::from_str(text);
            let read = self.columns.deserialize(&mut json);
            read.and_then(|()| json.end()).is_ok()
        });
        if !taken {
            self.columns.truncate(rows);
        }
        taken
    }
}
