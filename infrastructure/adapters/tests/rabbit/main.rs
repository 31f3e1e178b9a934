//! RabbitMQ, against a real broker at `AMQP_URL`.

mod announcing;
mod network;
mod proxy;
mod refusing;
mod sharing;
mod support;
mod working;
