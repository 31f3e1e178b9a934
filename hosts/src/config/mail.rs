//! The part about e-mails.

use std::path::PathBuf;

use adapters::{
    mail::{mailgun::Account, templates::Product},
    secret::Secret,
};
use application::ports::Mailbox;
use domain::kernel::EmailAddress;

use super::{
    Mode,
    settings::{is_web_url, public_url},
    source::Values,
};

/// How e-mails get to people.
#[derive(Clone)]
pub enum MailWay {
    /// As files in a folder.
    Files(PathBuf),
    /// Through a mail server.
    Smtp(Secret),
    /// Through Mailgun.
    Mailgun(Account),
    /// They don't.
    Nowhere,
}

/// What e-mails say, and how they get to people.
#[derive(Clone)]
pub struct MailSettings {
    /// What every e-mail may say of the product.
    pub product: Product,
    /// The owner's own templates.
    pub templates: Option<PathBuf>,
    /// `None` if nothing was said where something must be: in production.
    pub way: Option<MailWay>,
    /// What Mailgun signs its notifications with.
    pub webhook_key: Option<Secret>,
}

/// What Mailgun signs with in testing builds.
const TESTING_KEY: &str = "asecret";

pub(super) fn build(values: &Values, mode: Mode, wrong: &mut Vec<String>) -> MailSettings {
    let text = |name| values.text(name).unwrap_or_default().to_owned();
    let address = text("GROUNDWORK_MAIL_SENDER");
    if EmailAddress::parse(&address).is_err() {
        wrong.push(format!("GROUNDWORK_MAIL_SENDER must be an e-mail address, not '{address}'."));
    }
    let website = public_url(values, "GROUNDWORK_WEBSITE_URL", mode, wrong);
    let sender = Mailbox { address, name: text("GROUNDWORK_MAIL_SENDER_NAME") };
    if sender.name.trim().is_empty() {
        wrong.push("GROUNDWORK_MAIL_SENDER_NAME must not be blank.".to_owned());
    }
    let key = values.text("MAILGUN_WEBHOOK_KEY");
    let key = key.or(cfg!(feature = "testing-only").then_some(TESTING_KEY));
    MailSettings {
        product: Product { name: text("GROUNDWORK_PRODUCT"), sender, website },
        templates: values.text("GROUNDWORK_MAIL_TEMPLATES").map(PathBuf::from),
        way: way(values, mode, wrong),
        webhook_key: key.map(Secret::new),
    }
}

fn way(values: &Values, mode: Mode, wrong: &mut Vec<String>) -> Option<MailWay> {
    let (smtp, mailgun) = (values.text("SMTP_URL"), values.text("MAILGUN_API_KEY"));
    let said = values.text("GROUNDWORK_MAIL_DELIVERY");
    let said = said.or(match (smtp, mailgun, mode) {
        (Some(_), Some(_), _) => {
            wrong.push(
                "SMTP_URL and MAILGUN_API_KEY are both set: GROUNDWORK_MAIL_DELIVERY must say \
                 which one to use."
                    .to_owned(),
            );
            None
        }
        (Some(_), None, _) => Some("smtp"),
        (None, Some(_), _) => Some("mailgun"),
        (None, None, Mode::Development) => Some("files"),
        (None, None, Mode::Production) => None,
    });
    match said? {
        "smtp" => {
            if smtp.is_none() {
                wrong.push("SMTP_URL is missing: GROUNDWORK_MAIL_DELIVERY asks for it.".to_owned());
            }
            smtp.map(|url| MailWay::Smtp(Secret::new(url)))
        }
        "mailgun" => account(values, wrong).map(MailWay::Mailgun),
        "none" => {
            if mode == Mode::Production {
                wrong.push("GROUNDWORK_MAIL_DELIVERY must not be none in production.".to_owned());
            }
            Some(MailWay::Nowhere)
        }
        _ => Some(MailWay::Files(folder(values))),
    }
}

fn folder(values: &Values) -> PathBuf {
    values.text("GROUNDWORK_MAIL_FOLDER").map_or_else(
        || PathBuf::from(values.text("GROUNDWORK_DATA").unwrap_or_default()).join("mail"),
        PathBuf::from,
    )
}

fn account(values: &Values, wrong: &mut Vec<String>) -> Option<Account> {
    let mut need = |name: &str| {
        let text = values.text(name);
        if text.is_none() {
            wrong.push(format!("{name} is missing: sending through Mailgun needs it."));
        }
        text.map(str::to_owned)
    };
    let (api_key, domain) = (need("MAILGUN_API_KEY"), need("MAILGUN_DOMAIN"));
    let base_url = values.text("MAILGUN_BASE_URL").unwrap_or_default().to_owned();
    if !is_web_url(&base_url) {
        wrong.push(format!(
            "MAILGUN_BASE_URL must be an http:// or https:// URL, not '{base_url}'."
        ));
    }
    Some(Account { base_url, domain: domain?, api_key: Secret::new(api_key?) })
}
