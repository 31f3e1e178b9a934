//! The read model of cars.

use application::{
    cars::CarReads,
    ports::ReadModels as _,
    search::{Search, SearchOptions},
};
use domain::{
    cars::{CarEvent, CarId, UnavailabilityId, events::CarStatus, unavailability::CauseKind},
    kernel::{OrganizationId, TimeSlot, Timestamp, UserId},
};
use projections::cars::CarTables;
use store::consumers::{Standing, State};

use crate::support::{BOTH, Fixture};

fn org(text: &str) -> OrganizationId {
    OrganizationId::parse(text).expect("valid")
}

fn mine() -> OrganizationId {
    org("org_aaaaaaaaaa")
}

fn owner() -> UserId {
    UserId::parse("user_aaaaaaaaaa").expect("valid")
}

fn car(number: u32) -> CarId {
    CarId::parse(&format!("car_{number:010}")).expect("valid")
}

fn unavailability(number: u32) -> UnavailabilityId {
    UnavailabilityId::parse(&format!("unavail_{number:010}")).expect("valid")
}

fn hour(hour: i64) -> Timestamp {
    Timestamp::new(time::macros::datetime!(2030-01-01 0:00 UTC) + time::Duration::hours(hour))
}

fn search(sort: Option<&str>, limit: i64, offset: i64) -> Search {
    let options = SearchOptions {
        sort: sort.map(Into::into),
        limit: Some(limit),
        offset: Some(offset),
        ..SearchOptions::default()
    };
    options.parse().expect("valid")
}

fn registered(organization: &OrganizationId, year: i32, number: &str) -> Vec<CarEvent> {
    let organization_id = organization.clone();
    vec![
        CarEvent::Created {
            organization_id: organization_id.clone(),
            status: CarStatus::Unregistered,
        },
        CarEvent::ManufacturerChanged {
            organization_id: organization_id.clone(),
            make: "Honda".into(),
            model: "Civic".into(),
            year,
        },
        CarEvent::OwnershipChanged {
            organization_id: organization_id.clone(),
            owner: owner(),
            managers: vec![owner()],
        },
        CarEvent::RegistrationChanged {
            organization_id,
            jurisdiction: "New Zealand".into(),
            number: number.into(),
            status: CarStatus::Registered,
        },
    ]
}

fn taken(number: u32, from: i64, to: i64) -> CarEvent {
    CarEvent::UnavailabilitySlotAdded {
        organization_id: mine(),
        unavailability_id: unavailability(number),
        from: hour(from),
        to: hour(to),
        caused_by_reason: CauseKind::Reservation,
        caused_by_reference: Some("booking_1".into()),
    }
}

async fn ids(reads: &CarTables, search: &Search) -> Vec<String> {
    let found = reads.cars(&mine(), search).await.expect("answers");
    found.rows.into_iter().map(|car| car.id).collect()
}

#[tokio::test]
async fn a_car_is_shown_as_its_events_made_it_and_to_its_organization_only() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let reads = CarTables::new(fixture.db.clone());
        let id = car(1);
        fixture.happened(id.as_str(), 0, &registered(&mine(), 2020, "ABC 1")).await;
        let (view, version) = reads.car(&mine(), &id).await.expect("answers").expect("is there");
        assert_eq!(version, 4);
        assert_eq!(view.status, "Registered");
        assert_eq!(view.managers.len(), 1);
        assert_eq!(view.owner.expect("owned").id, owner().as_str());
        let made = view.manufacturer.expect("made");
        assert_eq!((made.make.as_str(), made.model.as_str(), made.year), ("Honda", "Civic", 2020));
        let plate = view.plate.expect("has one");
        assert_eq!((plate.jurisdiction.as_str(), plate.number.as_str()), ("New Zealand", "ABC 1"));
        let other = reads.car(&org("org_bbbbbbbbbb"), &id).await.expect("answers");
        assert_eq!(other, None, "{on:?}");
        fixture.end().await;
    }
}

#[tokio::test]
async fn a_deleted_car_takes_its_unavailabilities_with_it() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let reads = CarTables::new(fixture.db.clone());
        let id = car(1);
        fixture.happened(id.as_str(), 0, &registered(&mine(), 2020, "A")).await;
        fixture.happened(id.as_str(), 4, &[taken(1, 1, 2), taken(2, 3, 4)]).await;
        let all = search(None, 0, -1);
        let found = reads.unavailabilities(&mine(), &id, &all).await.expect("answers");
        assert_eq!(found.total, 2);
        assert_eq!(found.rows[0].caused_by_reason, "Reservation");
        assert_eq!(found.rows[0].caused_by_reference.as_deref(), Some("booking_1"));
        let removed = CarEvent::UnavailabilitySlotRemoved {
            organization_id: mine(),
            unavailability_id: unavailability(1),
        };
        fixture.happened(id.as_str(), 6, &[removed]).await;
        let found = reads.unavailabilities(&mine(), &id, &all).await.expect("answers");
        assert_eq!(found.rows.len(), 1);
        let deleted = CarEvent::Deleted { deleted_by_id: owner(), is_tombstone: true };
        fixture.happened(id.as_str(), 7, &[deleted]).await;
        assert_eq!(reads.car(&mine(), &id).await.expect("answers"), None);
        let found = reads.unavailabilities(&mine(), &id, &all).await.expect("answers");
        assert_eq!((found.total, found.rows.len()), (0, 0), "{on:?}");
        fixture.end().await;
    }
}

#[tokio::test]
async fn searches_sort_page_and_count_before_paging() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let reads = CarTables::new(fixture.db.clone());
        for (number, year) in [(1, 2003), (2, 2001), (3, 2002)] {
            let events = registered(&mine(), year, "A");
            fixture.happened(car(number).as_str(), 0, &events).await;
        }
        let foreign = registered(&org("org_bbbbbbbbbb"), 1990, "B");
        fixture.happened(car(9).as_str(), 0, &foreign).await;
        let [one, two, three] = [1, 2, 3].map(|number| car(number).as_str().to_owned());
        let by = |sort| search(Some(sort), 0, -1);
        assert_eq!(ids(&reads, &search(None, 0, -1)).await, [&*one, &*two, &*three]);
        assert_eq!(ids(&reads, &by("-lastpersistedatutc")).await, [&*three, &*two, &*one]);
        assert_eq!(ids(&reads, &by("manufacturer.year")).await, [&*two, &*three, &*one]);
        assert_eq!(ids(&reads, &by("-ID")).await, [&*three, &*two, &*one]);
        assert_eq!(ids(&reads, &by("colour")).await, [&*one, &*two, &*three]);
        let page = reads.cars(&mine(), &search(None, 1, 1)).await.expect("answers");
        assert_eq!((page.total, page.rows.len(), page.rows[0].id.as_str()), (3, 1, &*two));
        let beyond = reads.cars(&mine(), &search(None, 10, 3)).await.expect("answers");
        assert_eq!((beyond.total, beyond.rows.len()), (3, 0), "{on:?}");
        fixture.end().await;
    }
}

#[tokio::test]
async fn any_intersection_makes_a_car_unavailable() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let reads = CarTables::new(fixture.db.clone());
        fixture.happened(car(1).as_str(), 0, &registered(&mine(), 2020, "A")).await;
        fixture.happened(car(1).as_str(), 4, &[taken(1, 10, 20)]).await;
        // Never registered, so never available.
        fixture.happened(car(2).as_str(), 0, &registered(&mine(), 2020, "B")[..1]).await;
        for (from, to, available) in
            [(0, 10, 1_u32), (20, 30, 1), (0, 11, 0), (19, 30, 0), (12, 13, 0), (0, 30, 0)]
        {
            let during = TimeSlot::new(hour(from), hour(to)).expect("not empty");
            let all = search(None, 0, -1);
            let found = reads.available(&mine(), during, &all).await.expect("answers");
            assert_eq!(
                (found.total, found.rows.len()),
                (u64::from(available), available as usize),
                "{on:?} {from}-{to}"
            );
        }
        let ever = TimeSlot::new(Timestamp::MIN, Timestamp::MAX).expect("not empty");
        let found = reads.available(&mine(), ever, &search(None, 0, -1)).await.expect("answers");
        assert_eq!(found.total, 0);
        fixture.end().await;
    }
}

#[tokio::test]
async fn progress_tells_how_a_projection_stands() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        fixture.happened(car(1).as_str(), 0, &registered(&mine(), 2020, "ABC123")).await;
        assert!(fixture.progress.settled(std::time::Duration::from_secs(20)).await);
        let caught_up = |name| Standing { name, state: Some(State::Active), behind: 0 };
        let all = projections::ALL.iter().map(|one| caught_up(one.name)).collect();
        assert_eq!(fixture.progress.standings().await, Some(all));
        assert!(fixture.progress.is_ready().await);
        fixture.end().await;
    }
}
