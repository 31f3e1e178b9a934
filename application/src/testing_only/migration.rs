//! An aggregate whose first event was written in another form once: proves that history stays
//! readable.

use domain::kernel::{Aggregate, Evolve, OrganizationId, Upcaster};
use serde::{Deserialize, Serialize};
use serde_json::Value;

domain::events! {
    /// What happens to an aggregate of testing builds.
    pub enum TestingOnlyEvent in "testing" for "testing_only" {
        /// Something happened; `message1` of the first form is `message3` now.
        private HappenedV2 = "happened_v2" v 1 { message2: String, message3: String },
    } upcasters MIGRATIONS
}

const MIGRATIONS: &[Upcaster] =
    &[Upcaster { from: ("happened", 1), to: ("happened_v2", 1), upcast: renamed }];

fn renamed(mut old: Value) -> Value {
    if let Some(members) = old.as_object_mut() {
        let renamed = members.remove("message1");
        members.insert("message2".into(), "amessage2".into());
        members.extend(renamed.map(|value| ("message3".to_owned(), value)));
    }
    old
}

/// Remembers what happened last.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct TestingOnly {
    /// The last `message2`.
    pub message2: String,
    /// The last `message3`.
    pub message3: String,
}

impl Evolve for TestingOnly {
    const TYPE: &'static str = "testing_only";
    type Event = TestingOnlyEvent;
    fn evolve(&mut self, event: &TestingOnlyEvent) {
        match event {
            TestingOnlyEvent::HappenedV2 { message2, message3 } => {
                self.message2.clone_from(message2);
                self.message3.clone_from(message3);
            }
        }
    }
}

impl Aggregate for TestingOnly {
    const STATE_VERSION: u32 = 1;
    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }
    fn is_deleted(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::{DecodeError, Event};

    use super::*;

    #[test]
    fn the_first_form_reads_as_the_second() {
        let read = TestingOnlyEvent::decode("happened", 1, r#"{"message1":"amessage1"}"#);
        let expected = TestingOnlyEvent::HappenedV2 {
            message2: "amessage2".into(),
            message3: "amessage1".into(),
        };
        assert_eq!(read.expect("readable"), expected);
        let written = serde_json::to_string(&expected).expect("JSON");
        assert_eq!(TestingOnlyEvent::decode("happened_v2", 1, &written).expect("own"), expected);
        let corrupt = TestingOnlyEvent::decode("happened", 1, "{}");
        assert!(matches!(corrupt, Err(DecodeError::Corrupt { .. })), "{corrupt:?}");
    }
}
