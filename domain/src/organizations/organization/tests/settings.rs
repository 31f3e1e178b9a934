//! What an organization is set to.

use super::*;
use crate::organizations::SettingType;

fn setting(value: &str, kind: SettingType) -> Setting {
    Setting { value: value.into(), kind, is_encrypted: false }
}

fn text(value: &str) -> Setting {
    setting(value, SettingType::String)
}

fn encrypted(value: &str) -> Setting {
    Setting { is_encrypted: true, ..text(value) }
}

/// It is set to this colour.
fn coloured(colour: &Setting) -> Vec<OrganizationEvent> {
    let new = NewOrganization::shared(&ann(), "Acme", "test")
        .with_settings(vec![("Colour".into(), colour.clone())]);
    Organization::create(new)
}

fn change(name: &str, to: &Setting) -> impl FnOnce(&Organization) -> Decided {
    let settings = BTreeMap::from([(name.to_owned(), to.clone())]);
    move |it| it.change_settings(settings)
}

type Decided = Result<Vec<OrganizationEvent>, OrganizationError>;

fn created(name: &str, setting: &Setting) -> OrganizationEvent {
    OrganizationEvent::SettingCreated {
        name: name.into(),
        string_value: setting.value.clone(),
        value_type: setting.kind,
        is_encrypted: setting.is_encrypted,
    }
}

fn updated(from: &Setting, to: &Setting) -> OrganizationEvent {
    OrganizationEvent::SettingUpdated {
        name: "Colour".into(),
        from: from.value.clone(),
        from_type: from.kind,
        to: to.value.clone(),
        to_type: to.kind,
        is_encrypted: to.is_encrypted,
    }
}

#[test]
fn it_begins_with_settings() {
    let organization = given::<Organization>(coloured(&text("red"))).state();
    assert_eq!(organization.settings().get("Colour"), Some(&text("red")));
}

#[test]
fn settings_change_and_come() {
    let (red, three) = (text("red"), setting("3", SettingType::Number));
    given::<Organization>(coloured(&red))
        .when(change("Colour", &three))
        .then([updated(&red, &three)]);
    given::<Organization>(coloured(&red))
        .when(change("Seats", &three))
        .then([created("Seats", &three)]);
    let changed = coloured(&red).into_iter().chain([updated(&red, &three)]);
    let organization = given::<Organization>(changed).state();
    assert_eq!(organization.settings().get("Colour"), Some(&three));
}

#[test]
fn a_setting_becomes_and_stops_being_a_secret() {
    for (from, to) in [(text("red"), encrypted("xyz")), (encrypted("xyz"), text("red"))] {
        given::<Organization>(coloured(&from))
            .when(change("Colour", &to))
            .then([updated(&from, &to)]);
    }
}

#[test]
fn what_is_the_same_is_skipped() {
    for same in [text("red"), encrypted("xyz")] {
        given::<Organization>(coloured(&same)).when(change("Colour", &same)).then([]);
    }
    // The text of a number is no number.
    let (text, number) = (text("3"), setting("3", SettingType::Number));
    given::<Organization>(coloured(&text))
        .when(change("Colour", &number))
        .then([updated(&text, &number)]);
}

#[test]
fn only_texts_are_secrets() {
    for kind in [SettingType::Number, SettingType::Boolean] {
        let secret = Setting { is_encrypted: true, ..setting("xyz", kind) };
        given::<Organization>(coloured(&text("red")))
            .when(change("Colour", &secret))
            .then_error(&OrganizationError::SettingNotText);
    }
}

#[test]
fn values_are_of_their_type() {
    for (value, kind) in [("-1.5", SettingType::Number), ("true", SettingType::Boolean)] {
        let fitting = setting(value, kind);
        given::<Organization>(shared())
            .when(change("It", &fitting))
            .then([created("It", &fitting)]);
    }
    for (value, kind) in [
        ("many", SettingType::Number),
        ("", SettingType::Number),
        ("NaN", SettingType::Number),
        ("yes", SettingType::Boolean),
    ] {
        given::<Organization>(shared())
            .when(change("It", &setting(value, kind)))
            .then_error(&OrganizationError::SettingMistyped);
    }
}
