//! Queries of user profiles.

use application::{
    Result,
    user_profiles::{AddressView, OwnProfile, PersonNameView, UserProfileReads, UserProfileView},
};
use async_trait::async_trait;
use domain::kernel::{UserId, country, locale, time_zone};
use store::db::{Db, DbError, Row, Value};

const PROFILES: &str = "SELECT p.id, p.user_id, p.classification, p.first_name, p.last_name, \
     p.display_name, p.email_address, p.phone_number, p.timezone, p.locale, p.line1, p.line2, \
     p.line3, p.city, p.state, p.country_code, p.zip, p.default_organization_id, p.version, \
     (SELECT x.position FROM rm_erased_profiles_v3 x WHERE x.id = p.id) AS erased_at \
     FROM rm_user_profiles_v3 p WHERE p.id";

// All ids in one value, so that any number of them is one statement to prepare.
const AMONG_POSTGRES: &str = "= ANY (ARRAY(SELECT jsonb_array_elements_text($1)))";
const AMONG_SQLITE: &str = "IN (SELECT value FROM json_each($1))";

/// Answers from the table of [`super::USER_PROFILES`].
#[derive(Clone, Debug)]
pub struct UserProfileTables {
    db: Db,
}

impl UserProfileTables {
    /// Over the database of read models.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl UserProfileReads for UserProfileTables {
    async fn of_user(&self, user: &UserId) -> Result<Option<OwnProfile>> {
        let one = format!("{PROFILES} = $1");
        let row = self.db.fetch_one(&one, &[user.twin("profile").into()]).await?;
        Ok(row.map(|row| own(&row)).transpose()?)
    }

    async fn of_users(&self, users: &[UserId]) -> Result<Vec<UserProfileView>> {
        if users.is_empty() {
            return Ok(vec![]);
        }
        let among = match self.db {
            Db::Postgres { .. } => AMONG_POSTGRES,
            Db::Sqlite { .. } => AMONG_SQLITE,
        };
        let ids: Vec<String> = users.iter().map(|user| user.twin("profile")).collect();
        let ids = Value::Json(serde_json::json!(ids).to_string());
        let rows = self.db.fetch(&format!("{PROFILES} {among}"), &[ids]).await?;
        let profiles = rows.iter().map(|row| own(row).map(|own| own.profile));
        Ok(profiles.collect::<Result<_, _>>()?)
    }
}

fn own(row: &Row) -> Result<OwnProfile, DbError> {
    let erased = row.opt_int("erased_at")?.is_some();
    // Nothing says who an erased user was.
    let personal = |column| if erased { Ok(None) } else { row.opt_text(column) };
    Ok(OwnProfile {
        profile: UserProfileView {
            id: row.text("id")?,
            user_id: row.text("user_id")?,
            classification: row.text("classification")?,
            display_name: personal("display_name")?.unwrap_or_default(),
            name: PersonNameView {
                first_name: personal("first_name")?.unwrap_or_default(),
                last_name: personal("last_name")?,
            },
            email_address: personal("email_address")?,
            phone_number: personal("phone_number")?,
            timezone: personal("timezone")?.unwrap_or_else(|| time_zone::DEFAULT.to_owned()),
            locale: personal("locale")?.unwrap_or_else(|| locale::DEFAULT.to_owned()),
            address: AddressView {
                line1: personal("line1")?,
                line2: personal("line2")?,
                line3: personal("line3")?,
                city: personal("city")?,
                state: personal("state")?,
                country_code: personal("country_code")?
                    .unwrap_or_else(|| country::DEFAULT.to_owned()),
                zip: personal("zip")?,
            },
        },
        default_organization_id: row.opt_text("default_organization_id")?,
        version: row.count("version")?,
    })
}
