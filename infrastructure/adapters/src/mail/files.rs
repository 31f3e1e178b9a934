//! E-mails as files in a folder: for development, where nobody has a mail server.

use std::{
    fmt::Write as _,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use application::{
    Error, Result,
    ports::{Clock, EmailContent, EmailProvider, Mailbox, OutgoingEmail},
};
use async_trait::async_trait;
use time::macros::format_description;

use super::{one_line, receipt_of};

/// What the name of every file ends in.
const ENDING: &str = ".eml";

/// Writes each e-mail to a file of its own, which nobody else can read: it may let whoever reads it
/// sign in. Nothing in it is encoded, so that its links can be copied.
#[derive(Clone)]
pub struct MailFiles {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
}

/// An e-mail as it is in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiledMail {
    /// The name of the file.
    pub file: String,
    /// When it was written, UTC.
    pub date: String,
    /// Who gets it.
    pub to: String,
    /// One line.
    pub subject: String,
    /// What it says, without HTML where the sender made such a text.
    pub text: String,
}

impl MailFiles {
    /// In this folder, which is made if it is missing.
    ///
    /// # Errors
    /// If it can't be.
    pub fn open(folder: PathBuf, clock: Arc<dyn Clock>) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self { folder, clock })
    }

    /// Where they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The newest, up to `limit`, the newest first.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn newest(&self, limit: usize) -> io::Result<Vec<FiledMail>> {
        let mut names = vec![];
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(ENDING) {
                names.push(name);
            }
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        names.truncate(limit);
        // One that was deleted meanwhile is not there.
        let read =
            |name: String| Some(read(&fs::read_to_string(self.folder.join(&name)).ok()?, name));
        Ok(names.into_iter().filter_map(read).collect())
    }

    fn file(&self, email: &OutgoingEmail) -> io::Result<String> {
        let now = self.clock.now();
        let form =
            format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:6]Z");
        let time = now.get().format(form).map_err(io::Error::other)?;
        let receipt = receipt_of(email);
        let path = self.folder.join(format!("{time}_{receipt}{ENDING}"));
        // Whoever lists the folder sees whole e-mails only.
        // The same message may be sent twice at once.
        let partial = self.folder.join(format!(".{time}_{receipt}_{}", email.attempt));
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&partial)?;
        file.write_all(written(email, &now.to_string(), &receipt).as_bytes())?;
        fs::rename(partial, path)?;
        Ok(receipt)
    }
}

fn written(email: &OutgoingEmail, date: &str, receipt: &str) -> String {
    let mut text = String::new();
    let mut header = |name: &str, value: &str| {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{name}: {}", one_line(value));
    };
    header("Date", date);
    header("From", &shown(&email.from));
    header("To", &shown(&email.to));
    let boundary = format!("part_{receipt}");
    let (subject, parts) = match &email.content {
        EmailContent::Html { subject, html, text } => {
            let text = text.as_deref().map(|text| ("plain", text.to_owned()));
            (subject.clone(), text.into_iter().chain([("html", html.clone())]).collect::<Vec<_>>())
        }
        EmailContent::Templated { template_id, subject, substitutions } => {
            let lines = substitutions.iter().map(|(name, value)| format!("{name}: {value}\n"));
            let text = format!("Template {template_id}\n\n{}", lines.collect::<String>());
            (subject.clone().unwrap_or_default(), vec![("plain", text)])
        }
    };
    header("Subject", &subject);
    header("Keywords", &email.tags.join(", "));
    header("MIME-Version", "1.0");
    header("Content-Type", &format!("multipart/alternative; boundary=\"{boundary}\""));
    text.push('\n');
    for (kind, part) in parts {
        let _ = write!(
            text,
            "--{boundary}\nContent-Type: text/{kind}; charset=utf-8\n\
             Content-Transfer-Encoding: 8bit\n\n{}\n\n",
            part.trim_end()
        );
    }
    let _ = writeln!(text, "--{boundary}--");
    text
}

fn shown(mailbox: &Mailbox) -> String {
    format!("{} <{}>", mailbox.name, mailbox.address)
}

/// Reads what [`written`] wrote.
fn read(text: &str, file: String) -> FiledMail {
    let (headers, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let header = |name: &str| {
        let line = headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_default().to_owned()
    };
    let part = body.split_once("\n\n").map_or("", |(_, part)| part);
    let end = part.find("\n\n--part_").unwrap_or(part.len());
    FiledMail {
        date: header("Date"),
        to: header("To"),
        subject: header("Subject"),
        text: part.get(..end).unwrap_or_default().to_owned(),
        file,
    }
}

#[async_trait]
impl EmailProvider for MailFiles {
    async fn send(&self, email: &OutgoingEmail) -> Result<String> {
        let (files, email) = (self.clone(), email.clone());
        let written = tokio::task::spawn_blocking(move || files.file(&email)).await;
        written.map_err(Error::unexpected)?.map_err(Error::unexpected)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::{clock::SystemClock, mail::samples};

    #[tokio::test]
    async fn a_file_is_private_and_reads_as_it_was_sent() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("data/mail");
        let files = MailFiles::open(folder.clone(), Arc::new(SystemClock)).unwrap();
        let receipt = files.send(&samples::email()).await.unwrap();
        assert_eq!(receipt, "receipt_0123456789abcdef0123456789abcdef");
        let found = files.newest(10).unwrap();
        let [mail] = found.as_slice() else { panic!("{found:?}") };
        assert!(mail.file.ends_with(&format!("_{receipt}.eml")), "{}", mail.file);
        assert_eq!(mail.to, "Ann O’Neil <ann@example.com>");
        assert_eq!(mail.subject, "Wëlcome");
        assert_eq!(mail.text, "Hello\n\nhttp://x/y?token=a%2Bb&c=1");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join(&mail.file))), (0o700, 0o600));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn nobody_adds_headers_through_a_name() {
        let root = tempfile::tempdir().unwrap();
        let files = MailFiles::open(root.path().into(), Arc::new(SystemClock)).unwrap();
        let mut email = samples::email();
        email.to.name = "Ann\r\nBcc: all@example.com".into();
        files.send(&email).await.unwrap();
        let file = files.newest(1).unwrap()[0].file.clone();
        let text = fs::read_to_string(root.path().join(file)).unwrap();
        assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
    }

    #[tokio::test]
    async fn the_newest_come_first_and_not_all_of_them() {
        let root = tempfile::tempdir().unwrap();
        let files = MailFiles::open(root.path().into(), Arc::new(SystemClock)).unwrap();
        for subject in ["1", "2", "3"] {
            let mut email = samples::email();
            email.content = EmailContent::Templated {
                template_id: "a".into(),
                subject: Some(subject.into()),
                substitutions: [("name".to_owned(), "Ann".to_owned())].into(),
            };
            files.send(&email).await.unwrap();
        }
        let found = files.newest(2).unwrap();
        let subjects: Vec<_> = found.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(subjects, ["3", "2"]);
        assert_eq!(found[0].text, "Template a\n\nname: Ann");
    }
}
