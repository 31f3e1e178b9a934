//! What the manual for operators says is there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use acceptance::binary::Environment;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn manual(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The names of metrics in a text, without what the form of histograms adds.
fn metrics(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let words = text.split(|letter| !is_part(letter));
    let ours = words.filter(|word| word.starts_with("groundwork_"));
    let plain = |word: &str| {
        let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
        histogram.unwrap_or(word).to_owned()
    };
    ours.map(plain).collect()
}

/// The text of every macro that measures, below a folder.
fn measured(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            measured(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for macro_name in ["counter!(", "gauge!(", "histogram!("] {
                for (_, after) in text.match_indices(macro_name).map(|(at, _)| text.split_at(at)) {
                    found.push_str(after.split('"').nth(1).unwrap_or_default());
                    found.push('\n');
                }
            }
        }
    }
}

#[test]
fn every_metric_is_explained_and_there() {
    let mut source = String::new();
    for folder in ["hosts/src", "infrastructure/store/src", "infrastructure/adapters/src"] {
        measured(&root().join(folder), &mut source);
    }
    assert_eq!(metrics(&manual("docs/operations.md")), metrics(&source));
}

#[test]
fn every_command_that_operators_are_told_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = BTreeSet::new();
    for text in [manual("docs/operations.md"), manual("README.md")] {
        for after in text.split("groundwork ops ").skip(1) {
            let is_word = |word: &str| word.bytes().all(|letter| letter.is_ascii_lowercase());
            let mut words = vec!["ops".to_owned()];
            for word in after.lines().next().unwrap_or_default().split_whitespace().take(2) {
                let name = word.trim_end_matches(|letter: char| !letter.is_ascii_alphabetic());
                if name.is_empty() || !is_word(name) {
                    break;
                }
                words.push(name.to_owned());
                if name != word {
                    break;
                }
            }
            told.insert(words);
        }
    }
    assert!(told.len() > 15, "{told:?}");
    for words in told {
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        arguments.push("--help");
        let shown = Environment::embedded(folder.path()).run(&arguments);
        assert!(shown.is_ok(), "{words:?}: {shown:?}");
    }
}

/// What a command says beside its answer, and whether it went well.
fn printing_into(output: impl Into<Stdio>, arguments: &[&str]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Environment::embedded(folder.path()).command(arguments);
    let printed = command.stdout(output).output().unwrap();
    (printed.status.success(), String::from_utf8(printed.stderr).unwrap())
}

#[test]
fn who_has_read_enough_ends_a_command_in_peace() {
    for arguments in [["ops", "events"].as_slice(), &["ops", "projections", "list"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(printing_into(writer, arguments), (true, String::new()));
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (is_well, why) = printing_into(full, &["ops", "events"]);
    assert!(!is_well && why.starts_with("The answer can't be printed: "), "{why}");
}
