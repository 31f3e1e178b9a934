//! User profiles.

use application::user_profiles::{
    change_address::ChangeProfileContactAddress, change_details::ChangeProfile,
    inspect_own::GetProfileForCaller,
};

use crate::http::route::{Route, get, put};

/// Everything about user profiles.
pub const ROUTES: &[Route] = &[
    get::<GetProfileForCaller>("/profiles/me"),
    put::<ChangeProfile>("/profiles/{userId}"),
    put::<ChangeProfileContactAddress>("/profiles/{userId}/contact"),
];
