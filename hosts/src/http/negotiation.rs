//! Whether an answer is written as JSON or XML; decided before the use case runs.

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// XML.
    Xml,
}

/// The first of the header `Accept`, the query's and the body's `format` that names a known form;
/// JSON if none of them is there, nothing if none is known.
#[must_use]
pub fn negotiate(accept: Option<&str>, query: Option<&str>, body: Option<&str>) -> Option<Format> {
    let accept = accept.filter(|accept| !accept.trim().is_empty());
    if accept.is_none() && query.is_none() && body.is_none() {
        return Some(Format::Json);
    }
    accept
        .and_then(by_accept)
        .or_else(|| query.and_then(by_name))
        .or_else(|| body.and_then(by_name))
}

/// JSON wins over XML when both are accepted, whatever their weights.
fn by_accept(accept: &str) -> Option<Format> {
    let is = |range: &str, known: &[&str]| known.iter().any(|k| k.eq_ignore_ascii_case(range));
    let ranges = || {
        accept
            .split(',')
            .filter(|range| !refused(range))
            .map(|range| range.split(';').next().unwrap_or_default().trim())
    };
    if ranges().any(|range| {
        is(range, &["*/*", "application/*", "application/json", "application/problem+json"])
    }) {
        return Some(Format::Json);
    }
    ranges()
        .any(|range| is(range, &["application/xml", "application/problem+xml"]))
        .then_some(Format::Xml)
}

/// A weight of zero means "not this".
fn refused(range: &str) -> bool {
    range.split(';').skip(1).any(|parameter| {
        let Some((name, weight)) = parameter.split_once('=') else { return false };
        name.trim().eq_ignore_ascii_case("q")
            && weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0)
    })
}

fn by_name(name: &str) -> Option<Format> {
    match name.trim() {
        name if name.eq_ignore_ascii_case("json") => Some(Format::Json),
        name if name.eq_ignore_ascii_case("xml") => Some(Format::Xml),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_form_wins() {
        let (json, xml) = (Some(Format::Json), Some(Format::Xml));
        for (accept, query, body, expected) in [
            (None, None, None, json),
            (Some(""), None, None, json),
            (Some("*/*"), Some("xml"), None, json),
            (Some("application/xml"), Some("json"), None, xml),
            (Some("text/html, application/xml;q=0.9, */*;q=0.8"), None, None, json),
            (Some("application/json;q=0, application/xml"), None, None, xml),
            (Some("text/plain"), Some("XML"), None, xml),
            (Some("text/plain"), None, Some("Json"), json),
            (None, Some("csv"), Some("xml"), xml),
            (Some("text/plain"), None, None, None),
            (None, Some("csv"), None, None),
        ] {
            assert_eq!(negotiate(accept, query, body), expected, "{accept:?} {query:?} {body:?}");
        }
    }
}
