//! Read models that these tests ask nothing.

use application::{
    Result,
    search::{Found, Search},
};
use async_trait::async_trait;
use domain::kernel::{OrganizationId, UserId};

use super::Seen;

#[async_trait]
impl application::end_users::EndUserReads for Seen {
    async fn user(
        &self,
        _: &UserId,
    ) -> Result<Option<(application::end_users::EndUserWithMemberships, u64)>> {
        Ok(None)
    }
    async fn memberships(
        &self,
        _: &UserId,
    ) -> Result<Option<Vec<application::end_users::MembershipView>>> {
        Ok(None)
    }
    async fn members(
        &self,
        _: &OrganizationId,
        _: &Search,
    ) -> Result<Found<application::end_users::Member>> {
        Ok(Found { rows: application::search::Rows::default(), total: 0 })
    }
}

#[async_trait]
impl application::organizations::OrganizationReads for Seen {
    async fn organization(
        &self,
        _: &OrganizationId,
    ) -> Result<Option<(application::organizations::OrganizationView, u64)>> {
        Ok(None)
    }
}

#[async_trait]
impl application::user_profiles::UserProfileReads for Seen {
    async fn of_user(&self, _: &UserId) -> Result<Option<application::user_profiles::OwnProfile>> {
        Ok(None)
    }
    async fn of_users(
        &self,
        _: &[UserId],
    ) -> Result<Vec<application::user_profiles::UserProfileView>> {
        Ok(vec![])
    }
}
