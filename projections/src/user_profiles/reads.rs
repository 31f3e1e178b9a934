//! Queries of user profiles.

use application::{
    Result,
    user_profiles::{AddressView, OwnProfile, PersonNameView, UserProfileReads, UserProfileView},
};
use async_trait::async_trait;
use domain::kernel::UserId;
use store::db::{Db, DbError, Row, Value};

const PROFILES: &str = "SELECT id, user_id, classification, first_name, last_name, display_name, \
     email_address, phone_number, timezone, locale, line1, line2, line3, city, state, \
     country_code, zip, default_organization_id, version FROM rm_user_profiles_v1 WHERE id IN";

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
        let one = format!("{PROFILES} ($1)");
        let row = self.db.fetch_one(&one, &[user.twin("profile").into()]).await?;
        Ok(row.map(|row| own(&row)).transpose()?)
    }

    async fn of_users(&self, users: &[UserId]) -> Result<Vec<UserProfileView>> {
        if users.is_empty() {
            return Ok(vec![]);
        }
        let places: Vec<String> = (1..=users.len()).map(|place| format!("${place}")).collect();
        let some = format!("{PROFILES} ({})", places.join(", "));
        let ids: Vec<Value> = users.iter().map(|user| user.twin("profile").into()).collect();
        let rows = self.db.fetch(&some, &ids).await?;
        let profiles = rows.iter().map(|row| own(row).map(|own| own.profile));
        Ok(profiles.collect::<Result<_, _>>()?)
    }
}

fn own(row: &Row) -> Result<OwnProfile, DbError> {
    Ok(OwnProfile {
        profile: UserProfileView {
            id: row.text("id")?,
            user_id: row.text("user_id")?,
            classification: row.text("classification")?,
            display_name: row.text("display_name")?,
            name: PersonNameView {
                first_name: row.text("first_name")?,
                last_name: row.opt_text("last_name")?,
            },
            email_address: row.opt_text("email_address")?,
            phone_number: row.opt_text("phone_number")?,
            timezone: row.text("timezone")?,
            locale: row.text("locale")?,
            address: AddressView {
                line1: row.opt_text("line1")?,
                line2: row.opt_text("line2")?,
                line3: row.opt_text("line3")?,
                city: row.opt_text("city")?,
                state: row.opt_text("state")?,
                country_code: row.text("country_code")?,
                zip: row.opt_text("zip")?,
            },
        },
        default_organization_id: row.opt_text("default_organization_id")?,
        version: row.count("version")?,
    })
}
