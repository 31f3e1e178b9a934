//! Every released form of every event stays readable, and today's forms stay as they are.
//!
//! A file `golden/<aggregate>.<event>.v<version>.json` is never edited: a changed event gets a new
//! version, an upcaster and a file of its own.

use std::{collections::BTreeMap, fs, path::PathBuf};

use domain::catalog;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn every_event_of_today_has_a_sample_that_is_written_back_byte_for_byte() {
    for contract in catalog::ALL {
        for event in contract.events {
            let (aggregate, name, version) = (event.aggregate, event.name, event.version);
            let path = folder().join(format!("{aggregate}.{name}.v{version}.json"));
            let sample = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{} is missing: {error}", path.display()));
            let sample = sample.trim_end();
            let (renamed, renewed, payload) = (contract.renew)(name, version, sample)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!((renamed, renewed, payload.as_str()), (name, version, sample));
            let members: BTreeMap<String, serde_json::Value> =
                serde_json::from_str(sample).expect("an object");
            assert_eq!(members.len(), event.fields.len(), "{} shows all fields", path.display());
        }
    }
}

#[test]
fn every_sample_ever_released_can_be_read() {
    for entry in fs::read_dir(folder()).expect("the folder of samples") {
        let path = entry.expect("a file").path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        let parts: Vec<&str> = stem.split('.').collect();
        let [aggregate, name, version] = parts.as_slice() else {
            panic!("{stem} is not <aggregate>.<event>.v<version>")
        };
        let version = version.trim_start_matches('v').parse().expect("a version");
        let contract = catalog::ALL
            .iter()
            .find(|contract| contract.aggregate == *aggregate)
            .unwrap_or_else(|| panic!("{stem}: nothing knows this aggregate"));
        let sample = fs::read_to_string(&path).expect("readable");
        (contract.renew)(name, version, sample.trim_end())
            .unwrap_or_else(|error| panic!("{stem}: {error}"));
    }
}

#[test]
fn events_that_nothing_declares_are_refused() {
    for contract in catalog::ALL {
        assert!((contract.renew)("never_heard_of", 1, "{}").is_err());
        for event in contract.events {
            assert!((contract.renew)(event.name, 999, "{}").is_err());
            // Where everything is sealed, nothing has to be there.
            let needs_nothing = event.sealed.len() == event.fields.len();
            assert!(needs_nothing || (contract.renew)(event.name, event.version, "[]").is_err());
        }
    }
}
