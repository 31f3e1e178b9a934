//! The rules of a car, each provoked.

use super::*;
use crate::{
    cars::unavailability::CauseKind,
    kernel::{IdToken, testing::given},
};

fn organization() -> OrganizationId {
    OrganizationId::parse("org_aaaaaaaaaa").expect("valid")
}

fn owner() -> UserId {
    UserId::parse("user_owner00000").expect("valid")
}

fn slot_id(name: &str) -> UnavailabilityId {
    UnavailabilityId::new(IdToken::new(format!("{name:0<10}")).expect("valid"))
}

fn now() -> Timestamp {
    Timestamp::parse("2026-06-01T12:00:00Z").expect("valid")
}

/// So many hours from now.
fn hours(from: i64, to: i64) -> TimeSlot {
    TimeSlot::new(now().plus(Duration::hours(from)), now().plus(Duration::hours(to)))
        .expect("not empty")
}

fn registered() -> Vec<CarEvent> {
    let manufacturer = Manufacturer::new("Honda", "Civic", 2020, 2026).expect("known");
    let plate = LicensePlate::new("New Zealand", "ABC 123").expect("known");
    Car::register(&organization(), &owner(), manufacturer, plate)
}

fn added(name: &str, slot: TimeSlot, kind: CauseKind) -> CarEvent {
    CarEvent::UnavailabilitySlotAdded {
        organization_id: organization(),
        unavailability_id: slot_id(name),
        from: slot.from(),
        to: slot.to(),
        caused_by_reason: kind,
        caused_by_reference: None,
    }
}

fn with(event: CarEvent) -> Vec<CarEvent> {
    let mut events = registered();
    events.push(event);
    events
}

#[test]
fn registration_leaves_it_owned_managed_and_registered() {
    let car = given::<Car>(registered()).state();
    assert_eq!(car.status(), CarStatus::Registered);
    assert_eq!(car.owner(), Some(&owner()));
    assert_eq!(car.managers(), [owner()]);
    assert_eq!(car.tenant(), Some(&organization()));
    assert_eq!(car.manufacturer().map(Manufacturer::year), Some(2020));
    assert_eq!(car.plate().map(LicensePlate::number), Some("ABC 123"));
}

#[test]
fn its_owner_deletes_it() {
    given::<Car>(registered())
        .when(|car| car.delete(&owner()))
        .then([CarEvent::Deleted { deleted_by_id: owner(), is_tombstone: true }]);
}

#[test]
fn nobody_else_deletes_it() {
    let other = UserId::parse("user_other00000").expect("valid");
    given::<Car>(registered()).when(|car| car.delete(&other)).then_error(&CarError::NotOwner);
}

#[test]
fn a_deleted_car_stays_deleted() {
    let gone = CarEvent::Deleted { deleted_by_id: owner(), is_tombstone: true };
    assert!(given::<Car>(with(gone)).state().is_deleted());
}

#[test]
fn maintenance_takes_the_slot() {
    given::<Car>(registered())
        .when(|car| car.schedule_maintenance(slot_id("a"), hours(25, 26), now()))
        .then([added("a", hours(25, 26), CauseKind::Maintenance)]);
}

#[test]
fn maintenance_needs_more_than_a_day_of_notice() {
    given::<Car>(registered())
        .when(|car| car.schedule_maintenance(slot_id("a"), hours(24, 26), now()))
        .then_error(&CarError::NoticeTooShort);
}

#[test]
fn going_offline_takes_the_slot() {
    given::<Car>(registered())
        .when(|car| car.take_offline(slot_id("a"), hours(1, 2), now()))
        .then([added("a", hours(1, 2), CauseKind::Offline)]);
}

#[test]
fn going_offline_must_lie_ahead() {
    given::<Car>(registered())
        .when(|car| car.take_offline(slot_id("a"), hours(0, 2), now()))
        .then_error(&CarError::StartsInPast);
}

#[test]
fn any_intersection_is_refused_whatever_the_cause() {
    for taken in [hours(30, 32), hours(29, 31), hours(31, 40), hours(20, 40), hours(30, 31)] {
        given::<Car>(with(added("a", taken, CauseKind::Offline)))
            .when(|car| car.schedule_maintenance(slot_id("b"), hours(30, 32), now()))
            .then_error(&CarError::NotAvailable);
        given::<Car>(with(added("a", taken, CauseKind::Offline)))
            .when(|car| car.take_offline(slot_id("b"), hours(30, 32), now()))
            .then_error(&CarError::NotAvailable);
    }
}

#[test]
fn touching_ends_are_no_intersection() {
    given::<Car>(with(added("a", hours(30, 32), CauseKind::Maintenance)))
        .when(|car| car.take_offline(slot_id("b"), hours(32, 33), now()))
        .then([added("b", hours(32, 33), CauseKind::Offline)]);
}

#[test]
fn a_removed_slot_is_free_again() {
    let mut events = with(added("a", hours(30, 32), CauseKind::Maintenance));
    events.push(CarEvent::UnavailabilitySlotRemoved {
        organization_id: organization(),
        unavailability_id: slot_id("a"),
    });
    given::<Car>(events)
        .when(|car| car.take_offline(slot_id("b"), hours(30, 32), now()))
        .then([added("b", hours(30, 32), CauseKind::Offline)]);
}

#[test]
fn an_unregistered_car_can_not_be_unavailable() {
    let created =
        CarEvent::Created { organization_id: organization(), status: CarStatus::Unregistered };
    given::<Car>([created])
        .when(|car| car.take_offline(slot_id("a"), hours(1, 2), now()))
        .then_error(&CarError::NotRegistered);
}

#[test]
fn a_reservation_takes_the_slot_under_its_reference() {
    given::<Car>(registered())
        .when(|car| car.reserve(slot_id("a"), hours(1, 2), "booking_1", now()))
        .then([CarEvent::UnavailabilitySlotAdded {
            organization_id: organization(),
            unavailability_id: slot_id("a"),
            from: hours(1, 2).from(),
            to: hours(1, 2).to(),
            caused_by_reason: CauseKind::Reservation,
            caused_by_reference: Some("booking_1".to_owned()),
        }]);
}

#[test]
fn a_reservation_must_lie_ahead_and_name_its_reference() {
    given::<Car>(registered())
        .when(|car| car.reserve(slot_id("a"), hours(-1, 2), "booking_1", now()))
        .then_error(&CarError::StartsInPast);
    given::<Car>(registered())
        .when(|car| car.reserve(slot_id("a"), hours(1, 2), "", now()))
        .then_error(&CarError::ReferenceRequired);
}

#[test]
fn only_exactly_the_same_slot_is_released() {
    let car = given::<Car>(with(added("a", hours(30, 32), CauseKind::Reservation))).state();
    assert_eq!(car.release(hours(30, 31)), []);
    assert_eq!(
        car.release(hours(30, 32)),
        [CarEvent::UnavailabilitySlotRemoved {
            organization_id: organization(),
            unavailability_id: slot_id("a"),
        }]
    );
}
