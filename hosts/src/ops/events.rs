//! `groundwork ops events`: the catalogue of events, for `docs/events.md`.

use std::fmt::Write;

use domain::{
    catalog::{self, Contract},
    kernel::{EventSpec, Visibility, event::wire_name},
};

/// The catalogue as Markdown.
#[must_use]
pub fn catalogue() -> String {
    let mut text = String::from(
        "# Events\n\n\
         What happens in the product, as it is stored and published. Printed by\n\
         `groundwork ops events` from the declarations in `domain/`; samples are in\n\
         `domain/tests/golden/`. A *public* event is part of the contract with other subdomains and\n\
         outside consumers; a *private* one may change with a new version. A *sealed* member is\n\
         encrypted for the person that it is about, and left out of what is published.\n",
    );
    for contract in catalog::ALL {
        aggregate(&mut text, contract);
    }
    text.push_str(
        "\n## Integration events\n\n\
         What other systems are told, on the exchange `integration_events`: the form of the message\n\
         is that of `domain_events`, and its `messageId` is `integration_events_` and the id of the\n\
         event that it was translated from, in hex. It may come more than once, with the same id.\n\
         Without a broker, and where no queue is bound, nobody is told.\n",
    );
    for spec in catalog::INTEGRATION.iter().copied().flatten() {
        event(&mut text, spec);
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
        let sealed = if spec.sealed.contains(field) { ", sealed" } else { "" };
        let _ = writeln!(text, "| `{}` | `{kind}`{sealed} |", wire_name(field));
    }
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
}
