//! Organizations.

use application::{
    end_users::members::ListMembersForOrganization,
    organizations::{
        assign_roles::AssignRolesToOrganization, change_details::ChangeOrganization,
        create::CreateOrganization, delete::DeleteOrganization, inspect::GetOrganization,
        invite_member::InviteMemberToOrganization,
        un_invite_member::UnInviteMemberFromOrganization,
        unassign_roles::UnassignRolesFromOrganization,
    },
};

use crate::http::route::{Route, delete, delete_with_answer, get, post, put};

/// Everything about organizations.
pub const ROUTES: &[Route] = &[
    post::<CreateOrganization>("/organizations"),
    get::<GetOrganization>("/organizations/{id}"),
    put::<ChangeOrganization>("/organizations/{id}"),
    delete::<DeleteOrganization>("/organizations/{id}"),
    get::<ListMembersForOrganization>("/organizations/{id}/members"),
    post::<InviteMemberToOrganization>("/organizations/{id}/members"),
    delete_with_answer::<UnInviteMemberFromOrganization>("/organizations/{id}/members/{userId}"),
    put::<AssignRolesToOrganization>("/organizations/{id}/roles/assign"),
    put::<UnassignRolesFromOrganization>("/organizations/{id}/roles/unassign"),
    #[cfg(feature = "testing-only")]
    get::<application::organizations::inspect_settings::GetOrganizationSettings>(
        "/organizations/{id}/settings",
    ),
];
