//! Who may depend on whom. The table of rooms in the README, as a test.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// A room: its crate, its folder, the rooms and the outside crates that it may depend on or not,
/// and what its source must not say.
struct Room {
    name: &'static str,
    folder: &'static str,
    may: &'static [&'static str],
    never: &'static [&'static str],
    unsaid: &'static [&'static str],
}

const HTTP: &str = "actix-web";
const ROOMS: &[Room] = &[
    Room {
        name: "domain",
        folder: "domain/src",
        may: &[],
        never: &["tokio", "sqlx", "cqrs-es", "utoipa", "async-trait", "reqwest", HTTP],
        unsaid: &["async fn", ".await", "std::env", "std::fs", "std::net", "Uuid::new"],
    },
    Room {
        name: "application",
        folder: "application/src",
        may: &["domain"],
        never: &["sqlx", "cqrs-es", "reqwest", "config", HTTP],
        unsaid: &["std::env", "std::fs", "std::net", "tokio::spawn"],
    },
    Room {
        name: "store",
        folder: "infrastructure/store/src",
        may: &["domain", "application"],
        never: &["reqwest", "lapin", "config", HTTP],
        unsaid: &["std::env"],
    },
    Room {
        name: "adapters",
        folder: "infrastructure/adapters/src",
        may: &["domain", "application"],
        never: &["sqlx", "config", HTTP],
        unsaid: &["std::env"],
    },
    Room {
        name: "projections",
        folder: "projections/src",
        may: &["domain", "application", "store"],
        never: &["reqwest", "lapin", "config", HTTP],
        unsaid: &["std::env", "Repository<", "EventLog"],
    },
    Room {
        name: "hosts",
        folder: "hosts/src",
        may: &["domain", "application", "store", "adapters", "projections"],
        never: &["sqlx", "cqrs-es"],
        unsaid: &["sqlx::", "SELECT ", "INSERT INTO"],
    },
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust file below a folder, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The part of a file that ships: without its tests and comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn rooms_depend_only_on_what_they_may() {
    let metadata =
        MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap();
    let rooms: BTreeSet<_> = ROOMS.iter().map(|room| room.name).collect();
    for room in ROOMS {
        let package = metadata.packages.iter().find(|package| *package.name == room.name).unwrap();
        let wrong: Vec<_> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal)
            .map(|dependency| dependency.name.as_str())
            .filter(|name| {
                rooms.contains(name) && !room.may.contains(name) || room.never.contains(name)
            })
            .collect();
        assert!(wrong.is_empty(), "{} must not depend on {wrong:?}", room.name);
    }
}

#[test]
fn rooms_do_not_reach_past_their_ports() {
    for room in ROOMS {
        for (path, text) in sources(&root().join(room.folder)) {
            for (line, unsaid) in
                code(&text).flat_map(|line| room.unsaid.iter().map(move |word| (line, word)))
            {
                assert!(!line.contains(unsaid), "{}: `{unsaid}` in {line}", path.display());
            }
        }
    }
}

/// Of another subdomain, only ids and events may be named.
#[test]
fn subdomains_keep_to_themselves() {
    let domain = root().join("domain/src");
    let subdomains: Vec<String> = fs::read_dir(&domain)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && !path.ends_with("kernel"))
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert!(subdomains.contains(&"cars".to_owned()));
    for own in &subdomains {
        for (path, text) in sources(&domain.join(own)) {
            for line in code(&text) {
                for other in subdomains.iter().filter(|other| *other != own) {
                    let Some((_, names)) = line.split_once(&format!("crate::{other}::")) else {
                        continue;
                    };
                    let name = names.trim_end_matches([';', ',', '}', ' ']);
                    let public = name.starts_with("events::") || name.ends_with("Id");
                    assert!(public, "{}: {line}", path.display());
                }
            }
        }
    }
}

#[test]
fn files_are_short_and_named_for_intent() {
    for folder in ROOMS.iter().map(|room| room.folder).chain(["tests"]) {
        for (path, text) in sources(&root().join(folder)) {
            let lines = text.lines().count();
            assert!(lines <= 400, "{} has {lines} lines: split it", path.display());
            assert!(!path.ends_with("mod.rs"), "{}: name it after its folder", path.display());
        }
    }
}

/// Both engines know every migration, under the same name.
#[test]
fn migrations_come_in_pairs() {
    let names = |engine: &str| -> BTreeSet<_> {
        fs::read_dir(root().join("migrations").join(engine))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect()
    };
    assert_eq!(names("postgres"), names("sqlite"));
}
