//! RabbitMQ, against a real broker at `AMQP_URL`.

mod announcing;
mod proxy;
mod support;
