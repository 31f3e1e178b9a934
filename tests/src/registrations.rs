//! People who register, and what became of them.

use application::{
    App, Call, Caller, Committed, Loaded,
    end_users::{
        grants,
        register::{NewPerson, PersonRegistration, register_person},
    },
};
use domain::{
    end_users::EndUser,
    kernel::{EmailAddress, PersonName, UserId},
};
use serde_json::Value;

use crate::{Person, TestApp, people::Grants};

/// Somebody who wants to register as Ann Miller.
#[must_use]
pub fn ann(email: &str) -> NewPerson {
    NewPerson {
        email: EmailAddress::parse(email).expect("an address"),
        invitation: None,
        name: PersonName::new("Ann", Some("Miller")).expect("a name"),
        timezone: Some("Pacific/Auckland".to_owned()),
        locale: Some("en-NZ".to_owned()),
        country_code: Some("NZ".to_owned()),
        terms_accepted: true,
    }
}

/// Registers somebody, whoever proved that it is somebody; the id, and whether it is a new one.
pub async fn register(app: &App, person: NewPerson) -> (UserId, bool) {
    for _ in 0..100 {
        let call = Call::new(Caller::anonymous(), app.ids.event_id().to_string());
        let made = register_person(app, &call, person.clone()).await.expect("registered");
        let PersonRegistration { user, staged } = made;
        let id = UserId::parse(&user.id).expect("an id");
        let Some(staged) = staged else { return (id, false) };
        if let Committed::Done = app.commit(&call, vec![staged]).await.expect("committed") {
            return (id, true);
        }
    }
    panic!("somebody else is always faster");
}

impl TestApp {
    /// Registers somebody, and waits until everything that follows is done.
    pub async fn registered(&self, person: NewPerson) -> Person {
        let (user, _) = register(self.ports(), person).await;
        self.settle().await;
        self.signed_in(&user).await
    }

    /// Somebody who registered, with a token of what it may do now.
    pub async fn signed_in(&self, user: &UserId) -> Person {
        let call = Call::new(Caller::maintenance(), "a test".to_owned());
        let known = self.ports().end_users.load(&call, user.as_str()).await;
        let Loaded { state, version, .. } = known.expect("the user is known");
        let (roles, features) = grants(&state, usize::MAX);
        let default = state.default_membership().expect("a default organization");
        let grants = Grants { roles, features, version: Some(version) };
        self.person(user.clone(), default.organization.clone(), grants)
    }

    /// A user, as its events made it.
    pub async fn end_user(&self, user: &UserId) -> EndUser {
        let call = Call::new(Caller::maintenance(), "a test".to_owned());
        let known = self.ports().end_users.load(&call, user.as_str()).await;
        known.expect("the user is known").state
    }

    /// A user with its memberships, as other hosts see it.
    pub async fn inspected(&self, user: &UserId) -> Value {
        let request = self.get(&format!("/users/{user}"));
        let answer = request.header("x-interhost-signature", &self.inter_host.sign(b"{}"));
        answer.send().await.expect(200).json()["user"].clone()
    }

    /// The profile of somebody, as it sees it.
    pub async fn profile(&self, person: &Person) -> Value {
        let answer = self.get("/profiles/me").by(person).send().await.expect(200);
        answer.json()["profile"].clone()
    }
}
