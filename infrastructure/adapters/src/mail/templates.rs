//! The texts of e-mails: built in, each replaceable by a file of the owner.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use application::{
    Error, Result,
    emails::Mail,
    ports::{Letter, MailTemplates, Mailbox},
};
use minijinja::{Environment, UndefinedBehavior, Value};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::one_line;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),*]
    };
}

/// Three of each mail.
const BUILT_IN: &[(&str, &str)] = built_in![
    "confirm_registration.subject.txt",
    "confirm_registration.html",
    "confirm_registration.txt",
    "registration_reattempt.subject.txt",
    "registration_reattempt.html",
    "registration_reattempt.txt",
    "reset_password.subject.txt",
    "reset_password.html",
    "reset_password.txt",
    "invitation.subject.txt",
    "invitation.html",
    "invitation.txt",
    "reset_unknown.subject.txt",
    "reset_unknown.html",
    "reset_unknown.txt",
];

/// What a value in a query must not hold as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What every e-mail may say of the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// What it is called.
    pub name: String,
    /// Who writes for it.
    pub sender: Mailbox,
    /// Base URL of its website, without a slash at the end.
    pub website: String,
}

/// Why the owner's templates can't be used, as a sentence.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder or a file in it.
    #[error("{} can't be read: {source}.", .path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that would replace nothing.
    #[error("{name} is the name of no template; {known} are.")]
    Unknown {
        /// Its name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A text that can't be filled.
    #[error("The template {name} can't be used: {why}.")]
    Broken {
        /// Its name.
        name: String,
        /// What and where.
        why: String,
    },
}

/// Templates in the language of Jinja. HTML escapes what it is filled with.
pub struct Templates {
    environment: Environment<'static>,
    product: Product,
}

impl Templates {
    /// The built-in ones, with those of a folder in their place. Each is tried.
    ///
    /// # Errors
    /// [`TemplateError`], which names the file.
    pub fn new(product: Product, folder: Option<&Path>) -> Result<Self, TemplateError> {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(minijinja::default_auto_escape_callback);
        for (name, text) in BUILT_IN {
            environment.add_template(name, text).map_err(|error| broken(name, &error))?;
        }
        for (name, text) in folder.map(owned).transpose()?.unwrap_or_default() {
            environment
                .add_template_owned(name.clone(), text)
                .map_err(|error| broken(&name, &error))?;
        }
        let templates = Self { environment, product };
        for mail in Mail::samples() {
            check(&mail, &templates.fill(&mail)?)?;
        }
        Ok(templates)
    }

    fn fill(&self, mail: &Mail) -> Result<Letter, TemplateError> {
        let values = self.values(mail);
        let fill = |ending: &str| {
            let name = format!("{}.{ending}", mail.name());
            let template = self.environment.get_template(&name);
            let filled = template.and_then(|template| template.render(values.clone()));
            filled.map_err(|error| broken(&name, &error))
        };
        Ok(Letter {
            from: self.product.sender.clone(),
            subject: one_line(&fill("subject.txt")?),
            html: fill("html")?,
            text: fill("txt")?,
        })
    }

    fn values(&self, mail: &Mail) -> BTreeMap<&'static str, Value> {
        let mut values = BTreeMap::from([
            ("product", Value::from(self.product.name.as_str())),
            ("website", web(&self.product.website)),
            ("name", Value::from(one_line(mail.display_name()))),
            ("email", Value::from(mail.to().as_str())),
        ]);
        if let Some(inviter) = mail.inviter() {
            values.insert("inviter", Value::from(one_line(inviter)));
        }
        if let (Some(page), Some(token)) = (mail.page(), mail.token()) {
            let token = utf8_percent_encode(token, ENCODED);
            values.insert("link", web(&format!("{}{page}?token={token}", self.product.website)));
        }
        values
    }
}

/// A URL that reads the same in HTML: percent-encoded instead of escaped.
fn web(url: &str) -> Value {
    let encoded: String = url
        .chars()
        .map(|c| match c {
            '<' => "%3C".to_owned(),
            '>' => "%3E".to_owned(),
            '"' => "%22".to_owned(),
            '\'' => "%27".to_owned(),
            '&' => "%26".to_owned(),
            other => other.to_string(),
        })
        .collect();
    Value::from_safe_string(encoded)
}

/// Refuses what nobody would send.
fn check(mail: &Mail, letter: &Letter) -> Result<(), TemplateError> {
    for (ending, text) in [("subject.txt", &letter.subject), ("html", &letter.html)] {
        if text.trim().is_empty() {
            let name = format!("{}.{ending}", mail.name());
            return Err(TemplateError::Broken { name, why: "it is empty".to_owned() });
        }
    }
    Ok(())
}

fn broken(name: &str, error: &minijinja::Error) -> TemplateError {
    let line = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(" ({})", one_line(detail)));
    let why = format!("{}{}{line}", error.kind(), detail.unwrap_or_default());
    TemplateError::Broken { name: name.to_owned(), why }
}

/// The files of a folder, hidden ones aside.
fn owned(folder: &Path) -> Result<Vec<(String, String)>, TemplateError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| TemplateError::Unreadable { path, source }
    };
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if BUILT_IN.iter().all(|(known, _)| *known != name) {
            let known = BUILT_IN.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
            return Err(TemplateError::Unknown { name, known });
        }
        found.push((name, std::fs::read_to_string(&path).map_err(unreadable(&path))?));
    }
    Ok(found)
}

impl MailTemplates for Templates {
    fn write(&self, mail: &Mail) -> Result<Letter> {
        self.fill(mail).map_err(Error::unexpected)
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::EmailAddress;

    use super::*;

    fn product() -> Product {
        Product {
            name: "Cars & Co".into(),
            sender: Mailbox { address: "noreply@example.com".into(), name: "Support".into() },
            website: "https://example.com".into(),
        }
    }

    fn ann(name: &str) -> Mail {
        let to = EmailAddress::parse("ann@example.com").unwrap();
        Mail::ConfirmRegistration { to, name: name.into(), token: "a+b_c".into() }
    }

    #[test]
    fn a_link_carries_the_token_in_both_texts() {
        let letter = Templates::new(product(), None).unwrap().write(&ann("Ann")).unwrap();
        let link = "https://example.com/confirm-password-registration?token=a%2Bb_c";
        assert_eq!(letter.subject, "Welcome to Cars & Co");
        assert!(letter.text.contains(link), "{}", letter.text);
        assert!(letter.html.contains(&format!("href=\"{link}\"")), "{}", letter.html);
        assert!(letter.html.contains("Cars &amp; Co"), "{}", letter.html);
    }

    #[test]
    fn an_invitation_names_who_invites_and_leads_to_the_registration() {
        let to = EmailAddress::parse("ann@example.com").unwrap();
        let (inviter, token) = ("<i>Bob</i>".into(), "a+b_c".into());
        let mail = Mail::Invitation { to, name: "Ann".into(), inviter, token };
        let letter = Templates::new(product(), None).unwrap().write(&mail).unwrap();
        let link = "https://example.com/register?token=a%2Bb_c";
        assert_eq!(letter.subject, "Welcome to Cars & Co");
        assert!(letter.text.contains(link) && letter.html.contains(link), "{}", letter.html);
        assert!(letter.html.contains("&lt;i&gt;Bob"), "{}", letter.html);
    }

    #[test]
    fn what_people_call_themselves_is_no_html() {
        let templates = Templates::new(product(), None).unwrap();
        let letter = templates.write(&ann("<b>Ann</b>\r\nBcc: x")).unwrap();
        assert!(letter.html.contains("&lt;b&gt;Ann"), "{}", letter.html);
        assert!(letter.text.contains("<b>Ann</b>  Bcc: x"), "{}", letter.text);
    }

    #[test]
    fn an_owner_replaces_one_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("confirm_registration.subject.txt");
        std::fs::write(path, "{{ name }},\nwelcome\n").unwrap();
        std::fs::write(folder.path().join(".gitignore"), "*").unwrap();
        let templates = Templates::new(product(), Some(folder.path())).unwrap();
        let letter = templates.write(&ann("Ann")).unwrap();
        assert_eq!(letter.subject, "Ann, welcome");
        assert!(letter.text.contains("token="));
    }

    #[test]
    fn a_broken_one_is_refused_by_name() {
        for (name, text, why) in [
            ("reset_unknown.html", "{{ link }}", "undefined"),
            ("reset_unknown.html", "a\n{% if %}", "line 2"),
            ("reset.html", "fine", "no template"),
            ("reset_unknown.html", " \n", "it is empty"),
            ("reset_unknown.subject.txt", "", "it is empty"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(name), text).unwrap();
            let refused = Templates::new(product(), Some(folder.path())).err().unwrap();
            let refused = refused.to_string();
            assert!(refused.contains(name) && refused.contains(why), "{refused}");
            assert!(!refused.contains('\n'), "{refused}");
        }
        let missing = Templates::new(product(), Some(Path::new("/nowhere"))).err().unwrap();
        assert!(missing.to_string().contains("/nowhere"), "{missing}");
    }
}
