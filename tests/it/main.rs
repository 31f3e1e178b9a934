//! Acceptance tests: black-box suites against started hosts, and the rules of the source tree.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod architecture;
