//! API keys.

mod reads;
mod tables;

use application::{identities::api_keys::API_KEYS as NAME, ports::Recorded};
use domain::identities::ApiKeyEvent;
use store::projections::{Changes, ProjectError, Projection};

pub use reads::ApiKeyTables;
use tables::API_KEYS as TABLE;

/// The read model of API keys.
pub const API_KEYS: Projection = Projection {
    name: NAME,
    version: tables::VERSION,
    tables: &[&TABLE],
    handles: &[
        ("api_key", "created"),
        ("api_key", "parameters_changed"),
        ("api_key", "expired"),
        ("api_key", "revoked"),
        ("api_key", "deleted"),
        ERASED,
    ],
    project,
};

/// Somebody is erased: aggregate type and event.
const ERASED: (&str, &str) = ("end_user", "erased");

fn project(recorded: &Recorded, changes: &mut Changes) -> Result<(), ProjectError> {
    let id = recorded.stream.id.as_str();
    if recorded.stream.kind == ERASED.0 {
        let erased = recorded.name == ERASED.1;
        return if erased { changes.delete_where(&TABLE, "user_id", id) } else { Ok(()) };
    }
    let position = ("position", recorded.position.into());
    match recorded.decode::<ApiKeyEvent>()? {
        ApiKeyEvent::Created { user_id, key_token, key_hash: _ } => changes.upsert(
            &TABLE,
            id,
            [("user_id", user_id.as_str().into()), ("token", key_token.into()), position],
        ),
        ApiKeyEvent::ParametersChanged { expires_on, description } => {
            let description = Some(description).filter(|text| !text.is_empty());
            changes.set(
                &TABLE,
                id,
                [
                    ("description", description.into()),
                    ("expires_at", tables::time(expires_on)),
                    position,
                ],
            )
        }
        ApiKeyEvent::Expired { user_id: _, expired_on } => {
            changes.set(&TABLE, id, [("expires_at", expired_on.into()), position])
        }
        ApiKeyEvent::Revoked { user_id: _, revoked_on } => {
            changes.set(&TABLE, id, [("revoked_at", revoked_on.into()), position])
        }
        ApiKeyEvent::Deleted { deleted_by_id: _, is_tombstone: _ } => {
            changes.delete(&TABLE, id);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::Event;

    use super::*;

    #[test]
    fn every_event_of_an_api_key_is_handled() {
        let known: Vec<_> = ApiKeyEvent::CATALOG.iter().map(|e| (e.aggregate, e.name)).collect();
        assert_eq!(API_KEYS.handles.get(..known.len()), Some(known.as_slice()));
    }
}
