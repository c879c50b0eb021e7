//! The columns for a JSON schema: the part of it in which `dauexp/ingest/rustreader.py` says what a
//! line is expected to look like.
//!
//! An object has `properties` and no others, or `additionalProperties` of one kind. A text may have
//! an `enum` or a `contentSchema`, by which the text itself is read. What is `writeOnly` is checked
//! and not kept.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::columns::{Column, Ends, Kind, Member, Texts};

impl Column {
    /// No rows yet, for values of a schema.
    pub fn of(schema: &Value) -> Result<Self> {
        column(schema, schema)
    }
}

fn column(schema: &Value, whole: &Value) -> Result<Column> {
    if let Some(place) = schema["$ref"].as_str() {
        let referred = whole.pointer(place.trim_start_matches('#'));
        return column(referred.with_context(|| format!("no {place}"))?, whole);
    }
    if let Some([one, null]) = schema["anyOf"].as_array().map(Vec::as_slice)
        && null["type"] == "null"
    {
        let mut nullable = column(one, whole)?;
        nullable.nullable = true;
        return Ok(nullable);
    }
    let kind = match schema["type"].as_str() {
        Some("string") => text(schema, whole)?,
        Some("integer") => Kind::Integer {
            values: Vec::new(),
            least: schema["minimum"].as_i64().unwrap_or(i64::MIN),
        },
        Some("boolean") => Kind::Boolean(Vec::new()),
        Some("array") => Kind::List {
            ends: Ends::new(),
            items: Box::new(column(&schema["items"], whole)?),
        },
        Some("object") if schema["properties"].is_object() => object(schema, whole)?,
        Some("object") if schema["additionalProperties"].is_object() => Kind::Map {
            ends: Ends::new(),
            keys: Texts::new(limit(&schema["propertyNames"])),
            values: Box::new(column(&schema["additionalProperties"], whole)?),
        },
        _ => bail!("a form cannot have {schema}"),
    };
    Ok(Column::new(kind))
}

fn text(schema: &Value, whole: &Value) -> Result<Kind> {
    let longest = limit(schema);
    Ok(if schema["contentSchema"].is_object() {
        let content = Box::new(column(&schema["contentSchema"], whole)?);
        Kind::Embedded { content, longest }
    } else if schema["writeOnly"] == true {
        Kind::Unkept(None)
    } else if let Some(allowed) = schema["enum"].as_array() {
        let texts = allowed.iter().map(|each| each.as_str().map(str::to_owned));
        Kind::Unkept(Some(
            texts.collect::<Option<_>>().context("no text in enum")?,
        ))
    } else {
        Kind::Text(Texts::new(longest))
    })
}

fn object(schema: &Value, whole: &Value) -> Result<Kind> {
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    let properties = schema["properties"].as_object().context("properties")?;
    let members = properties.iter().map(|(name, member)| {
        Ok(Member {
            name: name.clone(),
            required: required.iter().any(|each| each == name),
            column: column(member, whole)?,
        })
    });
    Ok(Kind::Object(members.collect::<Result<_>>()?))
}

/// The most characters that a text may have.
fn limit(schema: &Value) -> usize {
    let limit = schema["maxLength"].as_u64();
    limit.map_or(usize::MAX, |most| most as usize)
}
