//! Cars.

use application::cars::{
    delete::DeleteCar,
    queries::{GetCar, SearchAvailableCars, SearchCars},
    register::RegisterCar,
    schedule_maintenance::ScheduleCarMaintenance,
    take_offline::TakeCarOffline,
};

use crate::http::route::{Route, delete, get, post, put};

/// Everything about cars.
pub const ROUTES: &[Route] = &[
    post::<RegisterCar>("/cars").created("/cars/{car.id}"),
    get::<SearchCars>("/cars"),
    get::<SearchAvailableCars>("/cars/available"),
    get::<GetCar>("/cars/{id}"),
    delete::<DeleteCar>("/cars/{id}"),
    put::<ScheduleCarMaintenance>("/cars/{id}/maintain"),
    put::<TakeCarOffline>("/cars/{id}/offline"),
    #[cfg(feature = "testing-only")]
    get::<application::cars::queries::SearchCarUnavailabilities>("/cars/{id}/unavailabilities"),
];
