//! Use cases of testing builds.
