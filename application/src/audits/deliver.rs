//! Keeps an audit that its queue delivers.

use domain::{
    audits::{Audit, AuditId, NewAudit},
    kernel::{ErrorKind, IdToken, OrganizationId},
};
use serde::Deserialize;

use super::AuditMessage;
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    work::{DeliverMessageResponse, malformed, number_of, read},
};

/// Keeps an audit; delivering the same message again keeps no second one
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct DeliverAudit {
    /// JSON text of the queued message.
    #[schema(required)]
    pub message: Option<String>,
}

impl UseCase for DeliverAudit {
    const NAME: &'static str = "audits.deliver";
    const POLICY: Policy = Policy::internal();
    type Output = DeliverMessageResponse;

    async fn run(self, app: &App, call: &Call) -> Result<DeliverMessageResponse> {
        let (envelope, message) = read::<AuditMessage>(self.message.as_deref())?;
        let code = message.audit_code.filter(|code| !code.trim().is_empty());
        let code = code.ok_or_else(|| malformed("The audit has no AuditCode"))?;
        let organization = envelope.tenant_id.as_deref().map(OrganizationId::parse).transpose()?;
        let number = envelope.message_id.as_deref().and_then(number_of);
        let id = AuditId::new(number.map_or_else(|| app.ids.token(), IdToken::from_bits));
        let events = Audit::create(NewAudit {
            against_id: message.against_id,
            audit_code: code,
            message_template: message.message_template.unwrap_or_default(),
            template_arguments: message.arguments.unwrap_or_default(),
            organization_id: organization,
            host_region: app.region.to_string(),
        });
        match app.audits.create(call, id.as_str(), events).await {
            Ok(_) => {}
            // Its id is the message's: it was delivered before.
            Err(error) if error.kind() == Some(ErrorKind::Exists) => {
                app.audits.load(call, id.as_str()).await.map_err(|_| Error::conflict())?;
            }
            Err(error) => return Err(error),
        }
        Ok(DeliverMessageResponse::SENT)
    }
}
