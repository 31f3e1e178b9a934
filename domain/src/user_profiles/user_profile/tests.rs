//! The rules of a user profile, each provoked.

use super::*;
use crate::kernel::testing::given;

fn user() -> UserId {
    UserId::parse("user_ann0000000").expect("valid")
}

fn other() -> UserId {
    UserId::parse("user_other00000").expect("valid")
}

fn organization(text: &str) -> OrganizationId {
    OrganizationId::parse(text).expect("valid")
}

fn new(classification: Classification) -> NewProfile {
    let email = EmailAddress::parse("ann@company.com").expect("valid");
    NewProfile {
        user: user(),
        classification,
        name: PersonName::new("Ann", Some("Miller")).expect("valid"),
        email: (classification == Classification::Person).then_some(email),
        timezone: time_zone::DEFAULT.to_owned(),
        locale: locale::DEFAULT.to_owned(),
        country_code: "USA".to_owned(),
        default_organization: None,
    }
}

fn created(classification: Classification) -> Vec<UserProfileEvent> {
    UserProfile::create(new(classification)).expect("valid")
}

fn person() -> Vec<UserProfileEvent> {
    created(Classification::Person)
}

#[test]
fn a_person_begins_with_names_and_an_address() {
    assert_eq!(
        person(),
        [
            UserProfileEvent::Created {
                user_id: user(),
                r#type: Classification::Person,
                first_name: "Ann".into(),
                last_name: Some("Miller".into()),
                display_name: "Ann".into(),
            },
            UserProfileEvent::EmailAddressChanged {
                user_id: user(),
                email_address: EmailAddress::parse("ann@company.com").expect("valid"),
            },
        ]
    );
    let profile = given::<UserProfile>(person()).state();
    assert_eq!(profile.subject("profile_ann0000000").as_deref(), Some("user_ann0000000"));
    assert_eq!((profile.timezone(), profile.locale()), ("US/Pacific", "en-US"));
    assert_eq!(profile.address(), &Address::default());
}

#[test]
fn a_machine_has_one_name_and_no_address() {
    let profile = given::<UserProfile>(created(Classification::Machine)).state();
    assert_eq!((profile.name().last(), profile.email()), (None, None));
}

#[test]
fn what_is_not_as_usual_is_told() {
    let far = NewProfile {
        timezone: "Pacific/Auckland".into(),
        locale: "mi-NZ".into(),
        country_code: "NZL".into(),
        default_organization: Some(organization("org_aaaaaaaaaa")),
        ..new(Classification::Person)
    };
    let events = UserProfile::create(far).expect("valid");
    assert_eq!(events.len(), 6);
    let profile = given::<UserProfile>(events).state();
    assert_eq!((profile.timezone(), profile.locale()), ("Pacific/Auckland", "mi-NZ"));
    assert_eq!(profile.address().country_code, "NZL");
    assert_eq!(profile.default_organization(), Some(&organization("org_aaaaaaaaaa")));
}

#[test]
fn a_person_needs_an_address() {
    let without = NewProfile { email: None, ..new(Classification::Person) };
    assert_eq!(UserProfile::create(without), Err(UserProfileError::EmailRequired));
}

#[test]
fn only_what_differs_is_changed() {
    let same = Details {
        first_name: Some("Ann".into()),
        last_name: Some("Miller".into()),
        display_name: Some("Ann".into()),
        phone: None,
        timezone: Some("US/Pacific".into()),
        locale: Some("en-US".into()),
    };
    given::<UserProfile>(person()).when(|it| it.change_details(&user(), same)).then([]);
}

#[test]
fn the_half_of_a_name_that_is_missing_stays() {
    let first = Details { first_name: Some("Bea".into()), ..Details::default() };
    given::<UserProfile>(person()).when(|it| it.change_details(&user(), first)).then([
        UserProfileEvent::NameChanged {
            user_id: user(),
            first_name: "Bea".into(),
            last_name: Some("Miller".into()),
        },
    ]);
}

#[test]
fn every_detail_has_its_own_event() {
    let details = Details {
        first_name: None,
        last_name: None,
        display_name: Some("Annie".into()),
        phone: Some("+6498876986".into()),
        timezone: Some("UTC".into()),
        locale: Some("de".into()),
    };
    given::<UserProfile>(person()).when(|it| it.change_details(&user(), details)).then([
        UserProfileEvent::DisplayNameChanged { user_id: user(), display_name: "Annie".into() },
        UserProfileEvent::PhoneNumberChanged { user_id: user(), number: "+6498876986".into() },
        UserProfileEvent::TimezoneChanged { user_id: user(), timezone: "UTC".into() },
        UserProfileEvent::LocaleChanged { user_id: user(), locale: "de".into() },
    ]);
}

#[test]
fn a_machine_has_no_phone() {
    let phone = Details { phone: Some("+6498876986".into()), ..Details::default() };
    given::<UserProfile>(created(Classification::Machine))
        .when(|it| it.change_details(&user(), phone))
        .then_error(&UserProfileError::PhoneOfMachine);
}

#[test]
fn nobody_else_changes_it() {
    given::<UserProfile>(person())
        .when(|it| it.change_details(&other(), Details::default()))
        .then_error(&UserProfileError::NotOwner);
    given::<UserProfile>(person())
        .when(|it| it.change_address(&other(), Address::default()))
        .then_error(&UserProfileError::NotOwner);
}

#[test]
fn an_address_is_changed_as_a_whole() {
    let address = Address { city: Some("Auckland".into()), ..Address::default() };
    let changed = UserProfileEvent::ContactAddressChanged {
        user_id: user(),
        country_code: "USA".into(),
        line1: None,
        line2: None,
        line3: None,
        city: Some("Auckland".into()),
        state: None,
        zip: None,
    };
    given::<UserProfile>(person())
        .when(|it| it.change_address(&user(), address.clone()))
        .then([changed.clone()]);
    let moved = person().into_iter().chain([changed]);
    given::<UserProfile>(moved).when(|it| it.change_address(&user(), address)).then([]);
}

#[test]
fn the_default_organization_follows() {
    let (a, b) = (organization("org_aaaaaaaaaa"), organization("org_bbbbbbbbbb"));
    let to = |from: Option<&OrganizationId>, to: &OrganizationId| {
        UserProfileEvent::DefaultOrganizationChanged {
            from_organization_id: from.cloned(),
            to_organization_id: to.clone(),
        }
    };
    let profile = given::<UserProfile>(person().into_iter().chain([to(None, &a)])).state();
    assert_eq!(profile.change_default_organization(&a), []);
    assert_eq!(profile.change_default_organization(&b), [to(Some(&a), &b)]);
}
