//! PostgreSQL answers every query of people and organizations by indexes, however many there are.

use std::time::Duration;

use application::{
    end_users::EndUserReads,
    identities::api_keys::ApiKeyReads,
    organizations::OrganizationReads,
    search::{Search, SearchOptions},
    subscriptions::{Reference, SubscriptionReads},
    user_profiles::UserProfileReads,
};
use domain::kernel::{OrganizationId, Timestamp, UserId};
use projections::{
    api_keys::ApiKeyTables, end_users::EndUserTables, organizations::OrganizationTables,
    subscriptions::SubscriptionTables, user_profiles::UserProfileTables,
};
use sqlx::{PgPool, Row as _, postgres::PgPoolOptions};
use store::db::Db;

use crate::support::{Fixture, On};

/// A hundred thousand users, ten thousand in each organization; each with ten keys, a role, a profile
/// and a subscription. Every fifth is a guest or was erased.
const FILL: &[(&str, &str)] = &[
    (
        "rm_end_users_v3",
        "SELECT 'user_' || id, 'enabled', 'registered', 'person', '[]', 1 FROM numbers",
    ),
    (
        "rm_end_user_roles_v3",
        "SELECT id || ' role', 'user_' || id, 'platform_standard', n FROM numbers",
    ),
    (
        "rm_memberships_v3",
        "SELECT 'mship_' || id, 'user_' || id, 'org_' || lpad((n / 10000)::text, 10, '0'), \
         'shared', true, false, false, true, false, '[]', n FROM numbers",
    ),
    ("rm_guests_v3", "SELECT 'user_' || id, id || '@company.com' FROM numbers WHERE n % 5 = 0"),
    (
        "rm_user_profiles_v3",
        "SELECT 'profile_' || id, 'user_' || id, 'person', 'Ann', NULL, 'Ann', NULL, NULL, \
         'Etc/UTC', 'en', NULL, NULL, NULL, NULL, NULL, 'USA', NULL, NULL, 1 FROM numbers",
    ),
    ("rm_erased_profiles_v3", "SELECT 'profile_' || id, n FROM numbers WHERE n % 5 = 1"),
    (
        "rm_organizations_v2",
        "SELECT 'org_' || id, 'Acme', 'shared', 'user_' || id, 'user_' || id, NULL, 1 FROM numbers",
    ),
    (
        "rm_subscriptions_v1",
        "SELECT 'billsub_' || id, 'org_' || id, 'user_' || id, 'provider' || n % 10, '{}', \
         'buyer' || n, 'subscription' || n, 1, n FROM numbers",
    ),
    (
        "rm_api_keys_v1",
        "SELECT 'apikey_' || id, 'user_' || lpad((n / 10)::text, 10, '0'), 'token' || n, NULL, \
         NULL, NULL, n FROM numbers",
    ),
    ("api_key_uses", "SELECT 'apikey_' || id, now() FROM numbers"),
];
const NUMBERS: &str = "WITH numbers AS (SELECT n, lpad(n::text, 10, '0') AS id \
     FROM generate_series(0, 99999) n)";
const SCANS: &str = "SELECT relname::text AS name, seq_scan, coalesce(idx_scan, 0) AS idx_scan \
     FROM pg_stat_user_tables WHERE relname LIKE 'rm_%' OR relname = 'api_key_uses'";

/// A connection of its own, whose doings are counted once it is closed.
async fn connected(pool: &PgPool, name: &str) -> PgPool {
    let options = pool.connect_options().as_ref().clone().application_name(name);
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await;
    pool.expect("connects")
}

async fn closed(pool: &PgPool, name: &str) {
    let open = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name = $1";
    until("it is closed", async || {
        sqlx::query(open).bind(name).fetch_optional(pool).await.expect("told").is_none()
    })
    .await;
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), wait).await.is_ok(), "never: {what}");
}

async fn fill(pool: &PgPool) {
    for (table, rows) in FILL {
        until("the table is there", async || {
            let found = sqlx::query("SELECT to_regclass($1) IS NOT NULL").bind(table);
            found.fetch_one(pool).await.expect("told").get(0)
        })
        .await;
        let own = connected(pool, "filling").await;
        let statement = format!("{NUMBERS} INSERT INTO {table} {rows}");
        sqlx::query(&statement).execute(&own).await.expect("filled");
        own.close().await;
    }
    let own = connected(pool, "filling").await;
    sqlx::query("VACUUM ANALYZE").execute(&own).await.expect("done");
    own.close().await;
    closed(pool, "filling").await;
}

/// Of each table with a row: scans from end to end, and scans of indexes.
async fn scans(pool: &PgPool) -> Vec<(String, i64, i64)> {
    let rows = sqlx::query(SCANS).fetch_all(pool).await.expect("told");
    rows.iter().map(|row| (row.get("name"), row.get("seq_scan"), row.get("idx_scan"))).collect()
}

fn search(sort: Option<&str>) -> Search {
    let options = SearchOptions { sort: sort.map(str::to_owned), ..SearchOptions::default() };
    options.parse().expect("valid")
}

fn user(number: u32) -> UserId {
    UserId::parse(&format!("user_{number:010}")).expect("valid")
}

async fn ask(db: &Db) {
    let organization = OrganizationId::parse("org_0000000007").expect("valid");
    let users = EndUserTables::new(db.clone());
    let ann = user(70_005);
    let (found, _) = users.user(&ann).await.expect("read").expect("there");
    assert_eq!(found.memberships.len(), 1);
    for sort in [None, Some("-UserId"), Some("-IsOwner"), Some("Id")] {
        let members = users.members(&organization, &search(sort)).await.expect("read");
        assert_eq!(members.total, 10_000);
    }
    let profiles = UserProfileTables::new(db.clone());
    assert!(profiles.of_user(&ann).await.expect("read").is_some());
    let page: Vec<UserId> = (70_000..70_100).map(user).collect();
    assert_eq!(profiles.of_users(&page).await.expect("read").len(), 100);
    let organizations = OrganizationTables::new(db.clone());
    assert!(organizations.organization(&organization).await.expect("read").is_some());
    let subscriptions = SubscriptionTables::new(db.clone());
    assert!(subscriptions.of_organization(&organization).await.expect("read").is_some());
    for (which, reference) in
        [(Reference::Buyer, "buyer70005"), (Reference::Subscription, "subscription70005")]
    {
        let found = subscriptions.of_reference("provider5", which, reference).await;
        assert!(found.expect("read").is_some());
    }
    let sold = subscriptions.at_provider("provider5", &search(None)).await.expect("read");
    assert_eq!(sold.total, 10_000);
    let keys = ApiKeyTables::new(db.clone());
    let owner = user(7_000);
    for sort in [None, Some("-LastUsedOnUtc")] {
        assert_eq!(keys.keys(&owner, &search(sort)).await.expect("read").total, 10);
    }
    assert_eq!(keys.unexpired(&owner, Timestamp::MIN).await.expect("read").len(), 10);
}

#[tokio::test]
async fn no_table_is_read_from_end_to_end() {
    let fixture = Fixture::start(On::Postgres).await;
    let Db::Postgres { pool, .. } = &fixture.db else { unreachable!("it is PostgreSQL") };
    fill(pool).await;
    let before = scans(pool).await;
    let own = connected(pool, "asking").await;
    ask(&Db::over(own.clone())).await;
    own.close().await;
    closed(pool, "asking").await;
    let mut used = 0;
    for (name, whole, by_index) in scans(pool).await {
        let known = before.iter().find(|(known, _, _)| *known == name).expect("it was there");
        assert_eq!(whole, known.1, "{name} was read from end to end");
        used += usize::from(by_index > known.2);
    }
    assert_eq!(used, FILL.len(), "every table was asked");
    fixture.end().await;
}
