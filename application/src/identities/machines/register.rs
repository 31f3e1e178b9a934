//! Registers a machine, with a key that it calls with.

use domain::kernel::{Timestamp, UserId, country, person_name::is_name, time_zone::is_time_zone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    App, Call, Committed, Error, Policy, Result, UseCase,
    end_users::register_machine::{NewMachine, register_machine},
    identities::api_keys::{draw, expiry},
    input::{Field, RawDate, check, parse_all, text},
    repository::ATTEMPTS,
    wire_time::WireTime,
};

/// Registers a machine, for whoever calls
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterMachine {
    /// What it is called, 1 to 100 characters.
    #[schema(required)]
    pub name: Option<String>,
    /// A name of the IANA database.
    pub timezone: Option<String>,
    /// As ISO 3166-1 has it.
    pub country_code: Option<String>,
    /// When its key ends, UTC, an hour from now at least; never if absent.
    pub api_key_expires_on_utc: Option<RawDate>,
}

/// A machine that was registered. It has no `Debug`: it holds a secret.
#[derive(Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MachineCredential)]
pub struct MachineCredentialView {
    /// `user_…`
    pub id: String,
    /// The whole key, 74 characters. Nobody can see it again.
    pub api_key: String,
    /// Who registered it.
    pub created_by_id: String,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When its key ends, UTC; never if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_on_utc: Option<WireTime>,
}

/// The answer of [`RegisterMachine`].
#[derive(Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct RegisterMachineAnswer {
    /// The machine.
    pub machine: MachineCredentialView,
}

impl UseCase for RegisterMachine {
    const NAME: &'static str = "machines.register";
    const POLICY: Policy = Policy::anonymous();
    type Output = RegisterMachineAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<RegisterMachineAnswer> {
        let now = app.clock.now();
        let (machine, expires_on) = self.wanted(now)?;
        for _ in 0..ATTEMPTS {
            let user = UserId::new(app.ids.token());
            let mut parts = register_machine(app, call, &user, &machine).await?;
            let drawn = draw(app, &user, &machine.name, expires_on, now)?;
            parts.push(drawn.staged);
            if let Committed::Done = app.commit(call, parts).await? {
                let machine = MachineCredentialView {
                    id: user.to_string(),
                    api_key: drawn.text,
                    created_by_id: call.caller.id.to_string(),
                    description: Some(machine.name),
                    expires_on_utc: expires_on.map(WireTime::from),
                };
                return Ok(RegisterMachineAnswer { machine });
            }
        }
        Err(Error::conflict())
    }
}

impl RegisterMachine {
    fn wanted(self, now: Timestamp) -> Result<(NewMachine, Option<Timestamp>)> {
        let (name, (), (), expires_on) = parse_all((
            text("name", self.name.as_deref(), is_name),
            known("timezone", self.timezone.as_deref(), is_time_zone),
            known("countryCode", self.country_code.as_deref(), |code| {
                country::alpha3(code).is_some()
            }),
            expiry("apiKeyExpiresOnUtc", self.api_key_expires_on_utc.as_ref(), now),
        ))?;
        let machine = NewMachine {
            name: name.to_owned(),
            timezone: self.timezone,
            country_code: self.country_code,
        };
        Ok((machine, expires_on))
    }
}

/// A code that may be left out.
fn known(member: &str, value: Option<&str>, is_known: impl Fn(&str) -> bool) -> Field<()> {
    let Some(value) = value else { return Ok(()) };
    let reason = format!("The {member} is not known");
    check("ValidatorValidator", is_known(value), &reason, Value::from(value))
}
