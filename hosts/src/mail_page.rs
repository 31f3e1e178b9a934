//! The e-mails that were written to files, for whoever develops without a mail server.

use std::fmt::Write as _;

use actix_web::{HttpResponse, http::header, web};
use adapters::mail::files::{FiledMail, MailFiles};

use crate::http::page::Page;

/// Where it is.
pub const PATH: &str = "/_mail";
/// So many are shown.
const SHOWN: usize = 100;
/// Nothing in an e-mail does anything here.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// Lists the newest e-mails with their links.
#[must_use]
pub fn page(files: MailFiles) -> Page {
    Page::new(PATH, move |_| {
        let files = files.clone();
        async move {
            let folder = files.folder().display().to_string();
            match web::block(move || files.newest(SHOWN)).await {
                Ok(Ok(mails)) => HttpResponse::Ok()
                    .content_type("text/html; charset=utf-8")
                    .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
                    .insert_header((header::CACHE_CONTROL, "no-store"))
                    .insert_header((header::REFERRER_POLICY, "no-referrer"))
                    .body(listed(&folder, &mails)),
                _ => HttpResponse::InternalServerError().body("The e-mails can't be read"),
            }
        }
    })
}

fn listed(folder: &str, mails: &[FiledMail]) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>E-mails</title>\n\
         <style>body {{ font-family: sans-serif; max-width: 50em; margin: 2em auto }} \
         pre {{ white-space: pre-wrap }} article {{ border-top: 1px solid }}</style></head>\n\
         <body><h1>E-mails</h1>\n<p>The newest first, of {}. Nobody got them.</p>\n",
        escaped(folder)
    );
    for mail in mails {
        // Writing to a string can't fail.
        let _ = write!(
            html,
            "<article>\n<h2>{}</h2>\n<p>To {}, {}, {}</p>\n<pre>{}</pre>\n",
            escaped(&mail.subject),
            escaped(&mail.to),
            escaped(&mail.date),
            escaped(&mail.file),
            escaped(&mail.text)
        );
        for link in links(&mail.text) {
            let link = escaped(link);
            let _ = writeln!(html, "<p><a href=\"{link}\">{link}</a></p>");
        }
        html.push_str("</article>\n");
    }
    html.push_str("</body></html>\n");
    html
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>');
    let words = text.split(ends).map(|word| word.trim_end_matches(['.', ',']));
    words.filter(|word| word.starts_with("https://") || word.starts_with("http://"))
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_shown_as_text_with_its_links() {
        let mail = FiledMail {
            file: "a.eml".into(),
            date: "2026".into(),
            to: "<script>alert(1)</script> <a@b.c>".into(),
            subject: "\"Hello\"".into(),
            text: "Open http://x/y?token=a&b=c. Or <a href=\"https://z\">".into(),
        };
        let html = listed("./data/mail", &[mail]);
        assert!(!html.contains("<script>"), "{html}");
        assert!(html.contains("<a href=\"http://x/y?token=a&amp;b=c\">"), "{html}");
        assert!(html.contains("<a href=\"https://z\">"), "{html}");
    }
}
