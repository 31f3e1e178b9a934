//! `groundwork ops routes`: who serves what, for people and for proxies.

mod caddy;

use std::fmt::Write;

use clap::ValueEnum;

use crate::{
    http::route::{Route, Verb},
    routes,
};

/// How routes are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people.
    #[default]
    Table,
    /// A Caddyfile (Caddy 2) that does what `groundwork gateway` does.
    Caddy,
}

/// The routes of this binary.
#[must_use]
pub fn printed(format: Format) -> String {
    let routes: Vec<&Route> = routes::ALL.iter().flat_map(|(_, list)| list.iter()).collect();
    match format {
        Format::Table => table(&routes),
        Format::Caddy => caddy::file(&shipped(routes)),
    }
}

/// What a proxy has to know of. Builds that have more are never behind one.
fn shipped(routes: Vec<&Route>) -> Vec<&Route> {
    #[cfg(feature = "testing-only")]
    let routes =
        routes.into_iter().filter(|route| !route.path.starts_with("/testingonly")).collect();
    routes
}

fn table(routes: &[&Route]) -> String {
    let widest = routes.iter().map(|route| route.path.len()).max().unwrap_or_default();
    let mut text = String::new();
    for route in routes {
        let (method, side) = (methods(route.verb).join(","), route.side.name());
        // Writing to a string can't fail.
        let _ = writeln!(text, "{method:<10} {:<widest$}  {side:<9} {}", route.path, route.name);
    }
    text
}

fn methods(verb: Verb) -> &'static [&'static str] {
    match verb {
        Verb::Get => &["GET", "HEAD"],
        Verb::Post => &["POST"],
        Verb::PutPatch => &["PUT", "PATCH"],
        Verb::Delete => &["DELETE"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_its_line() {
        let text = printed(Format::Table);
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let lines: Vec<_> = text.lines().map(words).collect();
        for expected in [
            ["POST", "/cars", "commands", "cars.register"],
            ["GET,HEAD", "/cars/{id}", "queries", "cars.get"],
            ["PUT,PATCH", "/cars/{id}/offline", "commands", "cars.take_offline"],
            ["GET,HEAD", "/health", "every", "health.check"],
        ] {
            assert!(lines.iter().any(|line| *line == expected), "{expected:?}\n{text}");
        }
    }
}
