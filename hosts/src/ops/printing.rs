//! What commands print. Whoever reads it may have seen enough (`| head`), which is no failure.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write as _},
};

use crate::cli::Stop;

/// Prints a line.
///
/// # Errors
/// If it can't be written, as on a full disk.
pub fn say(line: impl Display) -> Result<(), Stop> {
    write(format_args!("{line}\n"))
}

/// Prints text that has its ends of lines.
///
/// # Errors
/// As [`say`].
pub fn write(text: impl Display) -> Result<(), Stop> {
    let mut output = io::stdout().lock();
    match write!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Stop::because("The answer can't be printed", error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints a line beside the answer. If that fails, there is nowhere left to say so.
pub fn note(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
