//! The one binary of Groundwork.

use std::process::ExitCode;

fn main() -> ExitCode {
    hosts::cli::main()
}
