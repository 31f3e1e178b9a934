//! End users.

use application::end_users::{
    assign_roles::AssignPlatformRoles,
    change_default::ChangeDefaultOrganization,
    inspect::GetUserPrivate,
    invitations::{
        invite::InviteGuest, resend::ResendGuestInvitation, verify::VerifyGuestInvitation,
    },
    list_memberships::ListMembershipsForCaller,
    unassign_roles::UnassignPlatformRoles,
};

use crate::http::route::{Route, get, post, put};

/// Everything about end users.
pub const ROUTES: &[Route] = &[
    get::<GetUserPrivate>("/users/{id}").undocumented(),
    post::<AssignPlatformRoles>("/users/{id}/roles"),
    put::<UnassignPlatformRoles>("/users/{id}/roles"),
    post::<InviteGuest>("/invitations"),
    post::<ResendGuestInvitation>("/invitations/{token}/resend").guarded(),
    get::<VerifyGuestInvitation>("/invitations/{token}/verify").guarded(),
    put::<ChangeDefaultOrganization>("/memberships/me/default"),
    get::<ListMembershipsForCaller>("/memberships/me"),
];
