//! RabbitMQ, against a real broker at `AMQP_URL`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failure here is a failed test"
)]

mod announcing;
mod network;
mod proxy;
mod refusing;
mod sharing;
mod support;
mod working;
