//! Dictionary-encoded text columns of a batch, and what is worked out once for each of their values.

use anyhow::{Context, Result, ensure};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, RecordBatch, StringArray};

/// A text column with 32-bit codes and no nulls.
pub struct Texts<'a> {
    codes: &'a [i32],
    dictionary: &'a StringArray,
}

impl<'a> Texts<'a> {
    pub fn of(batch: &'a RecordBatch, name: &str) -> Result<Self> {
        let column = batch
            .column_by_name(name)
            .with_context(|| format!("column {name} is missing"))?;
        let typed = column
            .as_dictionary_opt::<Int32Type>()
            .and_then(|coded| Some((coded, coded.values().as_string_opt::<i32>()?)));
        let (coded, dictionary) = typed.with_context(|| {
            let found = column.data_type();
            format!("column {name} is {found}, not text coded by 32-bit integers")
        })?;
        ensure!(coded.logical_null_count() == 0, "column {name} has nulls");
        Ok(Texts {
            codes: coded.keys().values(),
            dictionary,
        })
    }

    pub fn code(&self, row: usize) -> usize {
        self.codes[row] as usize
    }

    pub fn text(&self, row: usize) -> &'a str {
        self.dictionary.value(self.code(row))
    }
}

/// One result for each value of a dictionary, kept as long as batches come with that dictionary.
pub struct Remembered<T> {
    dictionary: Option<StringArray>,
    results: Vec<Option<T>>,
}

impl<T> Remembered<T> {
    pub fn new() -> Self {
        Remembered {
            dictionary: None,
            results: Vec::new(),
        }
    }

    /// Says which dictionary the codes to come are of; whether it is another than before.
    ///
    /// One dictionary is told from another by its address, which no other has while it is held.
    pub fn turn_to(&mut self, texts: &Texts) -> bool {
        let new = texts.dictionary;
        let same = self.dictionary.as_ref().is_some_and(|old| {
            old.len() == new.len() && old.offsets().inner().ptr_eq(new.offsets().inner())
        });
        if !same {
            self.dictionary = Some(new.clone());
            self.results.clear();
            self.results.resize_with(new.len(), || None);
        }
        !same
    }

    pub fn get(&mut self, code: usize, work_out: impl FnOnce() -> T) -> &T {
        self.results[code].get_or_insert_with(work_out)
    }
}
