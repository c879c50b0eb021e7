//! Standard output, in large blocks.

use std::fmt::Arguments;
use std::io::{BufWriter, Result, Stdout, Write, stdout};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// As much as a pipe takes at once by default.
const BLOCK: usize = 1 << 16;

static LINES: LazyLock<Mutex<BufWriter<Stdout>>> =
    LazyLock::new(|| Mutex::new(BufWriter::with_capacity(BLOCK, stdout())));

/// Appends a line.
pub fn write(line: Arguments) {
    let mut lines = lines();
    check(lines.write_fmt(line).and_then(|()| lines.write_all(b"\n")));
}

/// Passes on all lines so far.
pub fn flush() {
    check(lines().flush());
}

fn lines() -> MutexGuard<'static, BufWriter<Stdout>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the program where nobody takes its lines, as `println!` would.
fn check(written: Result<()>) {
    if let Err(error) = written {
        eprintln!("standard output: {error}");
        std::process::exit(1);
    }
}
