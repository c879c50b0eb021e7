//! Columns read JSON values. A value of another kind than a column's is an error, and so are an
//! unknown member, one that comes twice, and one that is missing though required.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::columns::{Column, Kind, Member, Texts};

/// A map with more entries than these is not expected: each key is looked for among those before.
const MOST_ENTRIES: usize = 64;

impl<'de> DeserializeSeed<'de> for &mut Column {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Column {
    type Value = ();

    fn expecting(&self, told: &mut fmt::Formatter) -> fmt::Result {
        told.write_str("a value of the column's kind")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let expected = match &mut self.kind {
            Kind::Text(texts) => texts.add(text),
            Kind::Unkept(None) => true,
            Kind::Unkept(Some(allowed)) => allowed.iter().any(|each| each == text),
            Kind::Embedded { content, longest } => {
                let mut json = serde_json::Deserializer::from_str(text);
                text.len() <= *longest
                    && content
                        .deserialize(&mut json)
                        .and_then(|()| json.end())
                        .is_ok()
            }
            _ => false,
        };
        self.done(expected)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        let expected = match &mut self.kind {
            Kind::Integer { values, least } if value >= *least => {
                values.push(value);
                true
            }
            _ => false,
        };
        self.done(expected)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.visit_i64(i64::try_from(value).map_err(E::custom)?)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        let Kind::Boolean(values) = &mut self.kind else {
            return unexpected();
        };
        values.push(value);
        self.done(true)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if !self.nullable {
            return unexpected();
        }
        self.add_null();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut given: A) -> Result<(), A::Error> {
        let Kind::List { ends, items } = &mut self.kind else {
            return unexpected();
        };
        while given.next_element_seed(&mut **items)?.is_some() {}
        ends.add(items.len());
        self.done(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut given: A) -> Result<(), A::Error> {
        let rows = self.len();
        match &mut self.kind {
            Kind::Object(members) => {
                while let Some(place) = given.next_key_seed(Name(members))? {
                    let column = &mut members[place].column;
                    if column.len() > rows {
                        return unexpected();
                    }
                    given.next_value_seed(column)?;
                }
                for member in members.iter_mut().filter(|each| each.column.len() == rows) {
                    if member.required {
                        return unexpected();
                    }
                    member.column.add_null();
                }
            }
            Kind::Map { ends, keys, values } => {
                let first = keys.len();
                while given.next_key_seed(Key { keys, first })?.is_some() {
                    given.next_value_seed(&mut **values)?;
                }
                ends.add(keys.len());
            }
            _ => return unexpected(),
        }
        self.done(true)
    }
}

impl Column {
    fn done<E: Error>(&mut self, expected: bool) -> Result<(), E> {
        if !expected {
            return unexpected();
        }
        self.added();
        Ok(())
    }
}

fn unexpected<T, E: Error>() -> Result<T, E> {
    Err(E::custom("not expected"))
}

/// Finds the member that a key names.
struct Name<'a>(&'a [Member]);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<usize, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = usize;

    fn expecting(&self, told: &mut fmt::Formatter) -> fmt::Result {
        told.write_str("a known key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<usize, E> {
        let found = self.0.iter().position(|each| each.name == key);
        found.map_or_else(unexpected, Ok)
    }
}

/// Adds a key of a map whose keys begin at `first`.
struct Key<'a> {
    keys: &'a mut Texts,
    first: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<(), D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, told: &mut fmt::Formatter) -> fmt::Result {
        told.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        let many = self.keys.len() - self.first == MOST_ENTRIES;
        if many || self.keys.has_since(self.first, key) || !self.keys.add(key) {
            return unexpected();
        }
        Ok(())
    }
}
