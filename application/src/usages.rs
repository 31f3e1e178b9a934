//! Usages: what customers use, for whoever wants to know.

use serde_json::Value;

use crate::{App, Call, Result};

impl App {
    /// Tells what the call used.
    ///
    /// # Errors
    /// Unexpected, if it can't be JSON.
    pub fn usage(
        &self,
        call: &Call,
        event: &'static str,
        properties: &[(&'static str, Value)],
    ) -> Result<()> {
        self.recorder.usage(call, event, properties);
        Ok(())
    }
}
