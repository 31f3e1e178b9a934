//! Whether a notification is from whom it says.

use domain::kernel::{ErrorKind, Timestamp};

use crate::{
    App, Call, Error, Result,
    ports::{Audited, Proof},
};

/// A third party that notifies us, with a proof of its own.
pub(super) struct Sender {
    /// What it is called.
    pub name: &'static str,
    /// The code of the audit of a bad proof.
    pub audit: &'static str,
    /// What the audit says.
    pub template: &'static str,
}

impl Sender {
    /// Lets only its own notifications pass: those with a good proof that came by HTTPS. Bad proofs
    /// are audited, but not each one of a flood.
    pub async fn check(
        &self,
        app: &App,
        call: &Call,
        judge: impl FnOnce(Timestamp) -> Proof + Send,
    ) -> Result<()> {
        if !call.secure && !cfg!(feature = "testing-only") {
            return Err(self.refused());
        }
        match judge(app.clock.now()) {
            Proof::Good => Ok(()),
            Proof::Bad { counted } => {
                if !counted {
                    let (code, template) = (self.audit, self.template);
                    let audit = Audited { code, against: None, template, arguments: &[] };
                    app.recorder.audit(call, audit).await?;
                }
                Err(self.refused())
            }
        }
    }

    fn refused(&self) -> Error {
        let why = format!("This notification has no valid proof of {}", self.name);
        Error::refused(ErrorKind::Unauthenticated, "unauthenticated", why)
    }
}
