//! `groundwork ops events`: the catalogue of events, for `docs/events.md`.

use std::fmt::Write;

use domain::{
    catalog::{self, Contract},
    kernel::{EventSpec, Visibility},
};

/// The catalogue as Markdown.
#[must_use]
pub fn catalogue() -> String {
    let mut text = String::from(
        "# Events\n\n\
         What happens in the product, as it is stored and published. Printed by\n\
         `groundwork ops events` from the declarations in `domain/`; samples are in\n\
         `domain/tests/golden/`. A *public* event is part of the contract with other subdomains and\n\
         outside consumers; a *private* one may change with a new version.\n",
    );
    for contract in catalog::ALL {
        aggregate(&mut text, contract);
    }
    text
}

// Writing to a string can't fail, so its results are dropped in this file.

fn aggregate(text: &mut String, contract: &Contract) {
    let context = contract.events.first().map_or("", |event| event.context);
    let _ = writeln!(text, "\n## {} ({context})", contract.aggregate);
    for spec in contract.events {
        event(text, spec);
    }
    for upcaster in contract.upcasters {
        let ((from, old), (to, new)) = (upcaster.from, upcaster.to);
        let _ = writeln!(text, "\n`{from}` v{old} is read as `{to}` v{new}.");
    }
}

fn event(text: &mut String, spec: &EventSpec) {
    let visibility = match spec.visibility {
        Visibility::Public => "public",
        Visibility::Private => "private",
    };
    let EventSpec { context, name, version, .. } = spec;
    let _ = writeln!(text, "\n### {name} v{version}\n\n{}\n", spec.doc.trim());
    let _ = writeln!(text, "*{visibility}*, routing key `{context}.{name}.v{version}`\n");
    let _ = writeln!(text, "| member | type |\n|---|---|");
    for (field, kind) in spec.fields {
        let _ = writeln!(text, "| `{}` | `{kind}` |", camel(field));
    }
}

/// The member's name on the wire.
fn camel(field: &str) -> String {
    let mut words = field.split('_');
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        text.push_str(&first.to_ascii_uppercase());
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_catalogue_is_the_one_of_this_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/events.md");
        let committed = std::fs::read_to_string(path).unwrap();
        assert!(
            committed == catalogue(),
            "run `cargo run -q -- ops events > docs/events.md` and review the difference"
        );
    }

    #[test]
    fn members_are_named_as_on_the_wire() {
        assert_eq!(camel("caused_by_reason"), "causedByReason");
        assert_eq!(camel("make"), "make");
    }
}
