//! From method and path to the endpoint.

use std::borrow::Cow;

use actix_web::http::Method;
use matchit::Router;
use percent_encoding::percent_decode_str;

use super::{
    binding::Parameters,
    page::Page,
    route::{Route, Verb},
    shape::Members,
    xml::Outline,
};

/// Everything that can be asked for.
#[derive(Debug, Default)]
pub struct Table {
    router: Router<usize>,
    patterns: Vec<(String, Node)>,
}

#[derive(Debug)]
enum Node {
    Page(Page),
    Endpoints(Vec<Endpoint>),
}

/// A route with what was derived from it once.
#[derive(Debug)]
pub struct Endpoint {
    /// The route.
    pub route: &'static Route,
    /// What its input wants.
    pub members: Members,
    /// How its answer is written as XML; `None` for nothing or bytes.
    pub outline: Option<Outline>,
    /// What usages call it: the name of its request, as the documentation has it, in lower case.
    pub recorded_as: String,
    parameters: Vec<&'static str>,
}

/// What a request asks for.
#[derive(Debug)]
pub enum Matched<'t, 'p> {
    /// A page.
    Page(&'t Page),
    /// An endpoint, with the path's values as they were sent.
    Endpoint(&'t Endpoint, Raw<'p>),
    /// The path is known with other methods.
    WrongMethod(Cow<'static, str>),
    /// Nothing.
    Unknown,
}

/// The values of a path before they are decoded.
pub type Raw<'p> = Vec<(&'static str, &'p str)>;

/// Two routes that can't be told apart.
#[derive(Debug, thiserror::Error)]
#[error("route {0} is declared twice or contradicts another")]
pub struct Ambiguous(String);

impl Table {
    /// Indexes routes and pages.
    ///
    /// # Errors
    /// [`Ambiguous`] if two of them answer the same method and path.
    pub fn new(
        routes: impl IntoIterator<Item = &'static Route>,
        pages: Vec<Page>,
    ) -> Result<Self, Ambiguous> {
        let mut table = Self::default();
        for route in routes {
            table.add(route)?;
        }
        for page in pages {
            let pattern = normalized(&page.path);
            table.insert(pattern, Node::Page(page))?;
        }
        Ok(table)
    }

    fn add(&mut self, route: &'static Route) -> Result<(), Ambiguous> {
        let pattern = normalized(route.path);
        let endpoint = Endpoint::new(route);
        let known = self.patterns.iter_mut().find(|(known, _)| *known == pattern);
        match known.map(|(_, node)| node) {
            None => self.insert(pattern, Node::Endpoints(vec![endpoint])),
            Some(Node::Endpoints(known)) if known.iter().all(|k| k.route.verb != route.verb) => {
                known.push(endpoint);
                Ok(())
            }
            Some(_) => Err(Ambiguous(route.path.to_owned())),
        }
    }

    fn insert(&mut self, pattern: String, node: Node) -> Result<(), Ambiguous> {
        self.router
            .insert(pattern.clone(), self.patterns.len())
            .map_err(|_| Ambiguous(pattern.clone()))?;
        self.patterns.push((pattern, node));
        Ok(())
    }

    /// Finds what a request asks for. Literals match in any case, with or without a slash at the
    /// end; values keep their case.
    #[must_use]
    pub fn find<'t, 'p>(&'t self, method: &Method, path: &'p str) -> Matched<'t, 'p> {
        let path = match path.strip_suffix('/') {
            Some(bare) if !bare.is_empty() => bare,
            _ => path,
        };
        let folded = if path.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(path.to_ascii_lowercase())
        } else {
            Cow::Borrowed(path)
        };
        let Ok(found) = self.router.at(&folded) else { return Matched::Unknown };
        let get = method == Method::GET || method == Method::HEAD;
        match self.patterns.get(*found.value).map(|(_, node)| node) {
            Some(Node::Page(page)) if get => Matched::Page(page),
            Some(Node::Page(_)) => Matched::WrongMethod("GET, HEAD".into()),
            Some(Node::Endpoints(endpoints)) => {
                let Some(endpoint) = endpoints.iter().find(|e| answers(e.route.verb, method))
                else {
                    return Matched::WrongMethod(allowed(endpoints));
                };
                let start = folded.as_ptr().addr();
                // Folding keeps lengths, so a value lies at the same place in the original.
                let original = |value: &str| {
                    let at = value.as_ptr().addr() - start;
                    path.get(at..at + value.len()).unwrap_or_default()
                };
                let values = found.params.iter().map(|(_, value)| original(value));
                Matched::Endpoint(
                    endpoint,
                    endpoint.parameters.iter().copied().zip(values).collect(),
                )
            }
            None => Matched::Unknown,
        }
    }
}

impl Endpoint {
    fn new(route: &'static Route) -> Self {
        let parameters = segments(route.path).filter_map(name).collect();
        let input = (route.input)();
        Self {
            route,
            members: Members::of(&input),
            recorded_as: format!("{}request", input.name.to_lowercase()),
            outline: route.output.map(|describe| Outline::of(&describe())),
            parameters,
        }
    }
}

/// Decodes the values of a path; `None` if one is not UTF-8.
#[must_use]
pub fn decoded<'p>(raw: &Raw<'p>) -> Option<Parameters<'p>> {
    raw.iter()
        .map(|(name, value)| Some((*name, percent_decode_str(value).decode_utf8().ok()?)))
        .collect()
}

fn answers(verb: Verb, method: &Method) -> bool {
    match verb {
        Verb::Get => method == Method::GET || method == Method::HEAD,
        Verb::Post => method == Method::POST,
        Verb::PutPatch => method == Method::PUT || method == Method::PATCH,
        Verb::Delete => method == Method::DELETE,
    }
}

fn allowed(endpoints: &[Endpoint]) -> Cow<'static, str> {
    let methods = |verb| match verb {
        Verb::Get => "GET, HEAD",
        Verb::Post => "POST",
        Verb::PutPatch => "PUT, PATCH",
        Verb::Delete => "DELETE",
    };
    let all: Vec<_> = endpoints.iter().map(|endpoint| methods(endpoint.route.verb)).collect();
    all.join(", ").into()
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
}

/// The name of a parameter's segment.
fn name(segment: &str) -> Option<&str> {
    Some(segment.strip_prefix('{')?.strip_suffix('}')?.trim_start_matches('*'))
}

/// Literals in lower case and parameters named by place, so that two routes may name the same
/// segment differently.
fn normalized(path: &str) -> String {
    let place = |(at, segment): (usize, &str)| match name(segment) {
        Some(_) if segment.starts_with("{*") => format!("{{*p{at}}}"),
        Some(_) => format!("{{p{at}}}"),
        None => segment.to_ascii_lowercase(),
    };
    segments(path).enumerate().map(place).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::cars;

    fn table() -> Table {
        let page = Page::new("/docs/{*rest}", async |_| actix_web::HttpResponse::Ok().finish());
        Table::new(cars::ROUTES, vec![page]).expect("unambiguous")
    }

    fn found(method: &Method, path: &str) -> (String, Vec<(&'static str, String)>) {
        match table().find(method, path) {
            Matched::Endpoint(endpoint, raw) => {
                let values = decoded(&raw).expect("UTF-8");
                let values = values.into_iter().map(|(n, v)| (n, v.into_owned())).collect();
                (endpoint.route.name.to_owned(), values)
            }
            Matched::Page(_) => ("page".to_owned(), vec![]),
            Matched::WrongMethod(allow) => (allow.into_owned(), vec![]),
            Matched::Unknown => ("unknown".to_owned(), vec![]),
        }
    }

    #[test]
    fn literals_fold_case_and_values_keep_it() {
        let id = vec![("id", "car_AbCdEfGhIj".to_owned())];
        assert_eq!(found(&Method::GET, "/CARS/car_AbCdEfGhIj/"), ("cars.get".to_owned(), id));
        let id = vec![("id", "ä/B".to_owned())];
        let put = found(&Method::PATCH, "/cars/%C3%A4%2FB/Offline");
        assert_eq!(put, ("cars.take_offline".to_owned(), id));
    }

    #[test]
    fn literals_win_over_parameters() {
        assert_eq!(found(&Method::GET, "/cars/available").0, "cars.search_available");
        assert_eq!(found(&Method::HEAD, "/cars").0, "cars.search");
    }

    #[test]
    fn tells_unknown_paths_from_wrong_methods() {
        assert_eq!(found(&Method::GET, "/nope").0, "unknown");
        assert_eq!(found(&Method::GET, "/").0, "unknown");
        assert_eq!(found(&Method::PUT, "/cars").0, "POST, GET, HEAD");
        assert_eq!(found(&Method::POST, "/cars/x").0, "GET, HEAD, DELETE");
        assert_eq!(found(&Method::GET, "/Docs/index.html").0, "page");
        assert_eq!(found(&Method::POST, "/docs/index.html").0, "GET, HEAD");
    }

    #[test]
    fn a_value_that_is_no_utf_8_is_noticed() {
        let table = table();
        let Matched::Endpoint(_, raw) = table.find(&Method::GET, "/cars/%ff") else {
            panic!("known path")
        };
        assert_eq!(decoded(&raw), None);
    }

    #[test]
    fn the_same_route_twice_is_refused() {
        assert!(Table::new(cars::ROUTES.iter().chain(cars::ROUTES), vec![]).is_err());
    }
}
