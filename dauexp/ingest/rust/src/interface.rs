//! What the library offers to C, and so to Python's ctypes. All that is unsafe is here.
//!
//! A function gives null, or a text that says what went wrong, which `dauexp_forget` frees. No panic
//! passes the border.

use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, anyhow};
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use arrow_array::{Array, BinaryArray, make_array};

use crate::lines::Reader;

/// Makes a reader for lines of the form that a JSON schema of so many bytes tells.
///
/// # Safety
/// `schema` points to `length` bytes, `reader` to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dauexp_reader(
    schema: *const u8,
    length: usize,
    reader: *mut *mut Mutex<Reader>,
) -> *mut c_char {
    told(|| {
        let schema = unsafe { std::slice::from_raw_parts(schema, length) };
        let made = Reader::new(&serde_json::from_slice(schema)?)?;
        unsafe { reader.write(Box::into_raw(Box::new(Mutex::new(made)))) };
        Ok(())
    })
}

/// Reads a binary array of lines, which is moved in, and moves out what was read.
///
/// # Safety
/// `reader` comes from `dauexp_reader`; `array` and `schema` hold an exported array, `read` and
/// `read_schema` are places for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dauexp_read(
    reader: *const Mutex<Reader>,
    array: *mut FFI_ArrowArray,
    schema: *mut FFI_ArrowSchema,
    read: *mut FFI_ArrowArray,
    read_schema: *mut FFI_ArrowSchema,
) -> *mut c_char {
    told(|| {
        let (array, schema) = unsafe {
            (
                FFI_ArrowArray::from_raw(array),
                FFI_ArrowSchema::from_raw(schema),
            )
        };
        let lines = make_array(unsafe { from_ffi(array, &schema) }?);
        let lines = lines
            .as_any()
            .downcast_ref::<BinaryArray>()
            .context("no binary array")?;
        let reader = unsafe { &*reader };
        let rows = reader
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .read(lines);
        let (rows, schema) = to_ffi(&rows.to_data())?;
        unsafe {
            read.write(rows);
            read_schema.write(schema);
        }
        Ok(())
    })
}

/// Frees a reader.
///
/// # Safety
/// `reader` comes from `dauexp_reader`, and nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dauexp_close(reader: *mut Mutex<Reader>) {
    drop(unsafe { Box::from_raw(reader) });
}

/// Frees a text.
///
/// # Safety
/// `text` comes from a function here, and nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dauexp_forget(text: *mut c_char) {
    drop(unsafe { CString::from_raw(text) });
}

fn told(work: impl FnOnce() -> Result<()>) -> *mut c_char {
    let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(anyhow!("it panicked")));
    let Err(error) = done else {
        return null_mut();
    };
    let text = CString::new(format!("{error:#}").replace('\0', " "));
    text.unwrap_or_default().into_raw()
}
