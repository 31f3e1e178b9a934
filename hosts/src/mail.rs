//! Getting e-mails to people, as the settings say.

use std::sync::Arc;

use adapters::mail::{
    Nowhere,
    files::MailFiles,
    mailgun::{Mailgun, MailgunProofs},
    smtp::Smtp,
    templates::Templates,
};
use application::ports::{Clock, EmailProvider, MailTemplates, WebhookProofs};

use crate::{
    cli::Stop,
    config::{MailSettings, MailWay, Settings},
    http::route::Side,
    roles::Roles,
};

/// Everything about e-mails that the settings decide.
pub struct Mails {
    /// What they say.
    pub templates: Arc<dyn MailTemplates>,
    /// Gets them to people.
    pub provider: Arc<dyn EmailProvider>,
    /// Whether reports about them are the provider's.
    pub proofs: Arc<dyn WebhookProofs>,
    /// Where they are, in development.
    pub files: Option<MailFiles>,
}

impl Mails {
    /// What the roles of a process need.
    ///
    /// # Errors
    /// A sentence that says what is missing or can't be used.
    pub fn new(settings: &Settings, roles: &Roles, clock: &Arc<dyn Clock>) -> Result<Self, Stop> {
        let mail = &settings.mail;
        let templates = Templates::new(mail.product.clone(), mail.templates.as_deref());
        let templates =
            templates.map_err(|error| Stop(format!("The e-mails can't be written: {error}")))?;
        let (provider, files) = provider(mail, roles, clock)?;
        #[cfg(feature = "testing-only")]
        let provider = Arc::new(adapters::mail::testing::Pretended::new(provider));
        Ok(Self {
            templates: Arc::new(templates),
            provider,
            proofs: Arc::new(MailgunProofs::new(mail.webhook_key.as_ref())),
            files: files.filter(|_| settings.is_development()),
        })
    }
}

type Way = (Arc<dyn EmailProvider>, Option<MailFiles>);

fn provider(mail: &MailSettings, roles: &Roles, clock: &Arc<dyn Clock>) -> Result<Way, Stop> {
    // Whoever sends none needs no provider.
    let sends = roles.api.serves(Side::Commands);
    match &mail.way {
        None if sends => Err(Stop(
            "Nobody is set up to send e-mails: production needs SMTP_URL or MAILGUN_API_KEY, or \
             GROUNDWORK_MAIL_DELIVERY=files to keep them in a folder."
                .to_owned(),
        )),
        Some(MailWay::Files(folder)) if sends => {
            let files = MailFiles::open(folder.clone(), clock.clone()).map_err(|error| {
                Stop::because(&format!("The folder {} can't be used", folder.display()), error)
            })?;
            Ok((Arc::new(files.clone()), Some(files)))
        }
        // Testing builds reach nobody outside.
        Some(MailWay::Smtp(url)) if sends && !cfg!(feature = "testing-only") => {
            let smtp = Smtp::new(url, clock.clone()).map_err(|error| Stop(format!("{error}.")))?;
            Ok((Arc::new(smtp), None))
        }
        Some(MailWay::Mailgun(account)) if sends && !cfg!(feature = "testing-only") => {
            let mailgun = Mailgun::new(account.clone())
                .map_err(|error| Stop::because("Mailgun can't be used", error))?;
            Ok((Arc::new(mailgun), None))
        }
        _ => Ok((Arc::new(Nowhere), None)),
    }
}
