//! Where the broker is, and what its refusals mean.

use application::ports::BusError;
use lapin::{
    Error, ErrorKind,
    protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError},
    uri::AMQPUri,
};

use crate::secret::Secret;

/// In seconds. Both sides give a peer up after twice this time without a sign of it.
const HEARTBEAT: u16 = 5;
/// The longest prefix; names have at most 255 bytes.
const PREFIX: usize = 100;

/// The parsed URL. Like the secret that it comes from it is never printed.
pub(super) struct Address(AMQPUri);

impl Address {
    /// Of the settings, checked as far as that is possible without a broker.
    pub fn of(url: &Secret, prefix: &str) -> Result<Self, BusError> {
        if prefix.len() > PREFIX {
            return Err(BusError::Misconfigured(format!(
                "The prefix of RabbitMQ's queues is too long: give it at most {PREFIX} bytes."
            )));
        }
        // The parser's own message repeats the URL with the password.
        let mut uri: AMQPUri = url.expose().parse().map_err(|_| {
            BusError::Misconfigured(
                "AMQP_URL can't be read: give it the form amqp://user:password@host:port/vhost, \
                 percent-encoded, with %2f as the default vhost."
                    .to_owned(),
            )
        })?;
        uri.query.heartbeat = uri.query.heartbeat.or(Some(HEARTBEAT));
        Ok(Self(uri))
    }
    pub fn uri(&self) -> AMQPUri {
        self.0.clone()
    }
    /// Nothing answers there.
    pub fn unreachable(&self, why: &dyn std::fmt::Display) -> BusError {
        let (host, port) = (&self.0.authority.host, self.0.authority.port);
        BusError::Unavailable(format!(
            "RabbitMQ does not answer at {host}:{port} ({why}): start it, or correct AMQP_URL."
        ))
    }
    /// One sentence that says what to do; holds no password.
    pub fn explain(&self, error: &Error) -> BusError {
        let user = &self.0.authority.userinfo.username;
        let vhost = &self.0.vhost;
        match error.kind() {
            ErrorKind::ProtocolError(protocol) => {
                let text = protocol.get_message();
                match protocol.kind() {
                    AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => {
                        BusError::Misconfigured(format!(
                            "RabbitMQ does not let {user} use the vhost {vhost}: add it \
                             (rabbitmqctl add_vhost) and its permissions, or correct AMQP_URL."
                        ))
                    }
                    // The broker says it of the whole connection, lapin calls it a soft error.
                    AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)
                        if text.as_str().contains("Login was refused")
                            || text.as_str().contains("login refused") =>
                    {
                        BusError::Misconfigured(format!(
                            "RabbitMQ refuses the password of {user}, or does not know that user: \
                             correct AMQP_URL."
                        ))
                    }
                    AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => {
                        BusError::Misconfigured(format!(
                            "RabbitMQ does not let {user} do what is needed: let it configure, \
                             write and read (rabbitmqctl set_permissions). It said: {text}"
                        ))
                    }
                    AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED) => {
                        BusError::Misconfigured(format!(
                            "RabbitMQ has a queue or exchange of the same name with other \
                             settings: delete it, or choose another prefix. After an upgrade from \
                             RabbitMQ 3 to 4 that is so of every queue of events, which lose \
                             nothing by it (docs/operations.md, Upgrade RabbitMQ). It said: {text}"
                        ))
                    }
                    _ => BusError::Unavailable(format!("RabbitMQ ended it: {text}")),
                }
            }
            ErrorKind::IOError(error) => self.unreachable(error),
            ErrorKind::MissingHeartbeatError => self.unreachable(&"no heartbeat"),
            _ => BusError::Unavailable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_can_not_be_read_is_not_repeated() {
        for url in ["http://guest:hunter2@127.0.0.1", "amqp//guest:hunter2@x", ""] {
            let Err(error) = Address::of(&Secret::new(url), "") else { panic!("{url} was read") };
            assert!(matches!(error, BusError::Misconfigured(_)));
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_long_prefix_is_refused() {
        let url = Secret::new("amqp://guest:guest@127.0.0.1:5672/%2f");
        assert!(Address::of(&url, &"x".repeat(100)).is_ok());
        assert!(Address::of(&url, &"x".repeat(101)).is_err());
    }
}
