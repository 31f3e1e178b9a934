//! The text fields of a multipart form (RFC 7578). Files are not fields and are passed over.

use super::pairs::Pairs;

/// More parts than this make a form malformed.
const MOST: usize = 100;

/// The text fields in order; `None` if the form is not well-formed.
#[must_use]
pub fn fields(content_type: &str, body: &[u8]) -> Option<Pairs<'static>> {
    let boundary = parameter(content_type, "boundary")?;
    if boundary.is_empty() || boundary.len() > 70 {
        return None;
    }
    let delimiter = format!("\r\n--{boundary}");
    let first = &delimiter.as_bytes()[2..];
    let mut rest = match body.strip_prefix(first) {
        Some(rest) => rest,
        None => &body[find(body, delimiter.as_bytes())? + delimiter.len()..],
    };
    let mut pairs = Pairs::default();
    for _ in 0..MOST {
        if rest.starts_with(b"--") {
            return Some(pairs);
        }
        rest = &rest[find(rest, b"\r\n")? + 2..];
        let end = find(rest, delimiter.as_bytes())?;
        let part = &rest[..end];
        // A part without headers begins with the empty line.
        let (head, content) = if let Some(content) = part.strip_prefix(b"\r\n") {
            (&[][..], content)
        } else {
            let at = find(part, b"\r\n\r\n")?;
            (&part[..at], &part[at + 4..])
        };
        if let Some(name) = field_name(std::str::from_utf8(head).ok()?) {
            pairs.push(name, std::str::from_utf8(content).ok()?.to_owned());
        }
        rest = &rest[end + delimiter.len()..];
    }
    None
}

/// The name of a part that is no file.
fn field_name(head: &str) -> Option<String> {
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    if parameter(disposition, "filename").is_some() {
        return None;
    }
    parameter(disposition, "name")
}

/// A parameter of a header value, for example `boundary`.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
        name.trim().eq_ignore_ascii_case(wanted).then(|| bare.to_owned())
    })
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=xyz";

    #[test]
    fn reads_fields_and_passes_over_files() {
        let body = "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n\
            --xyz\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.png\"\r\n\r\n\x01\r\n\
            --xyz\r\nContent-Disposition: form-data; name=b\r\n\r\ntw\r\no\r\n--xyz--\r\n";
        let fields = fields(TYPE, body.as_bytes()).expect("well-formed");
        assert_eq!(fields.iter().collect::<Vec<_>>(), [("a", "one"), ("b", "tw\r\no")]);
    }

    #[test]
    fn a_form_without_end_is_malformed() {
        for body in ["", "--xyz", "--xyz\r\n\r\nabc", "no boundary at all", "--xyz\r\n--xyz\r\n"] {
            assert_eq!(fields(TYPE, body.as_bytes()), None, "{body:?}");
        }
        assert_eq!(fields("multipart/form-data", b"--xyz--"), None);
    }
}
