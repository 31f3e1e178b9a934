//! How members of large organizations are found.

use application::{
    end_users::EndUserReads,
    ports::{Append, EventLog as _, NewEvent, ReadModels as _, StreamAppend, StreamId},
    search::SearchOptions,
};
use domain::{
    end_users::{EndUserEvent, MembershipId, Ownership},
    kernel::{
        Event as _, OrganizationId, UserId,
        roles::{Feature, Role},
    },
};
use projections::end_users::{EndUserTables, pages_of_members};
use store::db::{Db, Value};

use crate::support::{BOTH, Fixture};

/// Who belongs to the large organization; half as many belong to another one.
const MEMBERS: usize = 10_000;

fn organization(letter: &str) -> OrganizationId {
    OrganizationId::parse(&format!("org_{}", letter.repeat(10))).expect("valid")
}

/// The member of a number joins; every hundredth owns it.
fn joined(number: usize, at: &OrganizationId) -> StreamAppend {
    // Ids come in another order than members do.
    let shuffled = (number * 7_919) % 1_000_003;
    let owner = if number.is_multiple_of(100) { vec![Role::TenantOwner] } else { vec![] };
    let event = EndUserEvent::MembershipAdded {
        membership_id: MembershipId::parse(&format!("mship_{shuffled:010}")).expect("valid"),
        organization_id: at.clone(),
        ownership: Ownership::Shared,
        is_default: number.is_multiple_of(3),
        roles: owner.into_iter().chain([Role::TenantMember]).collect(),
        features: vec![Feature::TenantBasic],
    };
    let event = NewEvent {
        id: uuid::Uuid::nil(),
        name: event.name().into(),
        version: event.version(),
        payload: serde_json::to_string(&event).expect("JSON"),
        sealed: None,
    };
    let user = UserId::parse(&format!("user_{number:010}")).expect("valid");
    StreamAppend {
        stream: StreamId::new("end_user", user.as_str()),
        expected: 0,
        events: vec![event],
    }
}

/// Waits until queries know that they all joined.
async fn join(fixture: &Fixture, streams: impl IntoIterator<Item = StreamAppend>) {
    let streams: Vec<_> = streams.into_iter().collect();
    let mut position = 0;
    for some in streams.chunks(1_000) {
        let append = Append { streams: some.to_vec(), ..Append::default() };
        position = fixture.log.append(append).await.expect("appended").position;
    }
    let limit = std::time::Duration::from_mins(1);
    assert!(fixture.progress.reached(&["end_users"], position, limit).await);
}

/// How an engine would find the first page.
async fn plan(db: &Db, statement: &str) -> String {
    let (explain, column) = match db {
        Db::Postgres { .. } => ("EXPLAIN", "QUERY PLAN"),
        Db::Sqlite { .. } => ("EXPLAIN QUERY PLAN", "detail"),
    };
    let values: [Value; 3] = [organization("a").as_str().into(), 100_i64.into(), 0_i64.into()];
    let rows = db.fetch(&format!("{explain} {statement}"), &values).await.expect("a plan");
    let lines = rows.iter().map(|row| row.text(column).expect("text"));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_index_serves_every_order_of_ten_thousand_members() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let (large, other) = (organization("a"), organization("b"));
        join(&fixture, (0..MEMBERS).map(|number| joined(number, &large))).await;
        join(&fixture, (MEMBERS..MEMBERS * 3 / 2).map(|number| joined(number, &other))).await;
        fixture.db.execute("ANALYZE", &[]).await.expect("counted");
        for (order, statement) in pages_of_members() {
            let plan = plan(&fixture.db, &statement).await;
            let sorts = ["Sort", "USE TEMP B-TREE"].iter().any(|sort| plan.contains(sort));
            assert!(!sorts, "{on:?} sorts all of them by {order}:\n{plan}");
        }
        fixture.end().await;
    }
}

/// What the indexes are for is right, too: both directions, and equal ones by their ids.
#[tokio::test]
async fn members_are_listed_in_every_order() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let at = organization("a");
        join(&fixture, (0..6).map(|number| joined(number, &at))).await;
        let reads = EndUserTables::new(fixture.db.clone());
        for (sort, expected) in [
            ("LastPersistedAtUtc", [0, 1, 2, 3, 4, 5]),
            ("-LastPersistedAtUtc", [5, 4, 3, 2, 1, 0]),
            ("Id", [0, 1, 2, 3, 4, 5]),
            ("UserId", [0, 1, 2, 3, 4, 5]),
            ("-UserId", [5, 4, 3, 2, 1, 0]),
            ("IsDefault", [1, 2, 4, 5, 0, 3]),
            ("-IsDefault", [3, 0, 5, 4, 2, 1]),
            ("IsOwner", [1, 2, 3, 4, 5, 0]),
            ("-IsOwner", [0, 5, 4, 3, 2, 1]),
        ] {
            let options = SearchOptions { sort: Some(sort.into()), ..SearchOptions::default() };
            let search = options.parse().expect("valid");
            let found = reads.members(&at, &search).await.expect("read");
            let users = found.rows.iter().map(|member| member.membership.user_id.clone());
            let expected = expected.map(|number: usize| format!("user_{number:010}"));
            assert_eq!(users.collect::<Vec<_>>(), expected, "{on:?} by {sort}");
        }
        fixture.end().await;
    }
}
