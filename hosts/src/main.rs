//! The one binary of Groundwork.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Faster than the system's, and its memory comes in huge pages, which hashes of passwords need most.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    hosts::cli::main()
}
