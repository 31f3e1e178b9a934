//! Registers a car.

use domain::{
    cars::{Car, CarId, LicensePlate, Manufacturer},
    kernel::roles::Feature,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::CarAnswer;
use crate::{
    App, Call, Policy, Result, UseCase,
    error::FieldError,
    input::{Field, parse_all, text},
};

/// Puts a new car on the books of an organization; the caller owns and manages it.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterCar {
    /// `Honda` or `Toyota`.
    #[schema(required)]
    pub make: Option<String>,
    /// `Civic` or `Surf`.
    #[schema(required)]
    pub model: Option<String>,
    /// The model year, 1917 to next year.
    #[schema(required)]
    pub year: Option<i32>,
    /// `New Zealand` or `Australia`.
    #[schema(required)]
    pub jurisdiction: Option<String>,
    /// 1 to 15 letters, digits or spaces; not unique.
    #[schema(required)]
    pub number_plate: Option<String>,
    /// The organization; the caller's default one if absent.
    pub organization_id: Option<String>,
}

impl UseCase for RegisterCar {
    const NAME: &'static str = "cars.register";
    const POLICY: Policy = Policy::member().with(Feature::TenantPaidTrial);
    type Output = CarAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<CarAnswer> {
        let this_year = app.clock.now().get().year();
        let (make, model, year, jurisdiction, number) = parse_all((
            text("make", self.make.as_deref(), Manufacturer::is_name),
            text("model", self.model.as_deref(), Manufacturer::is_name),
            year(self.year, this_year),
            text("jurisdiction", self.jurisdiction.as_deref(), LicensePlate::is_jurisdiction),
            text("numberPlate", self.number_plate.as_deref(), LicensePlate::is_number),
        ))?;
        let manufacturer = Manufacturer::new(make, model, year, this_year)?;
        let plate = LicensePlate::new(jurisdiction, number)?;
        let organization = call.tenant()?;
        let id = CarId::new(app.ids.token());
        let events = Car::register(organization, &call.caller.id, manufacturer, plate);
        app.usage(
            call,
            "Car Registered",
            &[
                ("ResourceId", json!(id)),
                ("TenantId", json!(organization)),
                ("Make", json!(make)),
                ("Model", json!(model)),
                ("Year", json!(year)),
            ],
        )?;
        let car = app.cars.create(call, id.as_str(), events).await?;
        Ok(CarAnswer::from(&car))
    }
}

fn year(year: Option<i32>, this_year: i32) -> Field<i32> {
    year.filter(|year| (1900..=this_year + 1).contains(year)).ok_or_else(|| FieldError {
        reason: format!("The year must be between 1900 and {}", this_year + 1),
        rule: "InclusiveBetweenValidator",
        value: year.map(Value::from),
    })
}
