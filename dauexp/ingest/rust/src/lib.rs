//! The fast way of ingestion. Lines of an expected form are read into Arrow columns; every other
//! line is left to whoever asked, who has the exact way.
//!
//! What is expected is told by a JSON schema (see `form`), so that it is written down once, in
//! Python. Columns come and go by the Arrow C data interface, without a copy.

use mimalloc::MiMalloc;

mod columns;
mod form;
mod interface;
mod lines;
mod reading;

/// Columns grow and go with each batch; this keeps their memory at hand.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
