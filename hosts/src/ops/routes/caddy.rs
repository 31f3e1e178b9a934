//! The routes as a Caddyfile: the same division as `groundwork gateway` makes.

use std::fmt::Write;

use super::methods;
use crate::http::route::{Route, Side, Verb};

const HEAD: &str = r"# Made by `groundwork ops routes --format caddy`; a test compares it with the routes of the binary.
# COMMANDS_UPSTREAMS and QUERIES_UPSTREAMS name hosts with ports, separated by spaces. SITE is what to
# listen on: `:5001`, or a public name such as `api.example.com`, for which Caddy gets certificates.
{
	admin off
}

(behind) {
	lb_policy round_robin
	# Another host is tried if one can't be reached, or fails a GET.
	lb_try_duration 3s
	fail_duration 2s
	health_uri /health/ready
	health_interval 2s
	health_timeout 2s
	transport http {
		dial_timeout 2s
		# Beyond what a host takes before it gives up by itself.
		response_header_timeout 46s
		# Hosts close idle connections after 75 s.
		keepalive 37s
		compression off
	}
}

{$SITE::5001} {
	# Each host tells of itself, to whoever can reach it past this proxy.
	handle /metrics {
		error 404
	}
";

const TAIL: &str = r#"
	@commands not method GET HEAD OPTIONS
	handle @commands {
		reverse_proxy {$COMMANDS_UPSTREAMS} {
			import behind
		}
	}

	# Unknown paths, too: every host knows all routes, and tells what is wrong.
	handle {
		reverse_proxy {$QUERIES_UPSTREAMS} {
			import behind
		}
	}

	handle_errors {
		header Content-Type application/problem+json
		header Retry-After 1
		respond `{"title":"{err.status_text}","status":{err.status_code},"detail":"No host could answer","code":"gateway"}`
	}
}
"#;

/// A complete Caddyfile. Methods divide all routes but those that are declared to be elsewhere.
pub fn file(routes: &[&Route]) -> String {
    let mut text = HEAD.to_owned();
    for (number, route) in routes.iter().filter(|route| is_elsewhere(route)).enumerate() {
        let upstreams = if route.side == Side::Commands { "COMMANDS" } else { "QUERIES" };
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "\n\t# {name}\n\t@elsewhere{number} {{\n\t\tmethod {methods}\n\t\tpath_regexp \
             {pattern}\n\t}}\n\thandle @elsewhere{number} {{\n\t\treverse_proxy \
             {{${upstreams}_UPSTREAMS}} {{\n\t\t\timport behind\n\t\t}}\n\t}}\n",
            name = route.name,
            methods = methods(route.verb).join(" "),
            pattern = pattern(route.path),
        );
    }
    text + TAIL
}

/// Whether the method says another side than the declaration.
fn is_elsewhere(route: &Route) -> bool {
    match route.side {
        Side::Commands => route.verb == Verb::Get,
        Side::Queries => route.verb != Verb::Get,
        Side::Every => false,
    }
}

/// A path as a regular expression: literals in any case, with or without a slash at the end.
fn pattern(path: &str) -> String {
    let segment = |segment: &str| match segment.strip_prefix('{') {
        Some(name) if name.starts_with('*') => ".+".to_owned(),
        Some(_) => "[^/]+".to_owned(),
        None => segment.replace('.', r"\."),
    };
    let segments: Vec<_> = path.split('/').map(segment).collect();
    format!("(?i)^{}/?$", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ops::routes::{Format, printed},
        routes::cars,
    };

    #[test]
    fn the_committed_file_is_what_the_routes_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Caddyfile");
        let committed = std::fs::read_to_string(path).expect("it is there");
        let made = printed(Format::Caddy);
        assert_eq!(committed, made, "`groundwork ops routes --format caddy > hosts/Caddyfile`");
    }

    #[test]
    fn what_is_elsewhere_comes_before_the_rule() {
        let here = cars::ROUTES.first().copied().expect("a route").on(Side::Queries);
        let text = file(&[&here]);
        let (before, after) = text.split_once("@commands not").expect("the rule");
        assert!(before.contains("method POST\n\t\tpath_regexp (?i)^/cars/?$"), "{text}");
        assert!(before.contains("reverse_proxy {$QUERIES_UPSTREAMS}"), "{text}");
        assert!(!after.contains("elsewhere"), "{text}");
        assert!(!file(&cars::ROUTES.iter().collect::<Vec<_>>()).contains("@elsewhere"));
    }

    #[test]
    fn paths_become_patterns() {
        assert_eq!(pattern("/cars/{id}/offline"), "(?i)^/cars/[^/]+/offline/?$");
        assert_eq!(pattern("/a.b/{*rest}"), r"(?i)^/a\.b/.+/?$");
    }
}
