//! Finding cars: lists, availability, unavailabilities.

use acceptance::{Person, TestApp, on_every_deployment};
use serde_json::{Value, json};

on_every_deployment!(
    a_list_holds_every_car_of_the_organization,
    pages_are_cut_after_sorting,
    only_the_fields_that_are_named_are_filled,
    every_bad_option_is_reported,
    a_car_is_available_when_no_period_intersects,
    availability_pages_count_what_is_left,
    unavailabilities_need_a_tenant_but_no_proof,
);

async fn a_list_holds_every_car_of_the_organization(app: &TestApp) {
    let (owner, stranger) = (app.owner(), app.owner());
    let first = app.register_car(&owner).await;
    let second = app.register_car(&app.colleague(&owner)).await;
    app.register_car(&stranger).await;
    let answer = app.get("/cars").by(&owner).send().await.expect(200).json();
    assert_eq!(ids(&answer).len(), 2);
    assert!(ids(&answer).contains(&first) && ids(&answer).contains(&second));
    let metadata = json!({"filter": {"fields": []}, "limit": 100, "offset": -1, "total": 2});
    assert_eq!(answer["metadata"], metadata);
    let one = app.get(&format!("/cars/{first}")).by(&owner).send().await.expect(200).json();
    let listed = answer["cars"].as_array().unwrap().iter().find(|car| car["id"] == *first);
    assert_eq!(listed.unwrap(), &one["car"]);
}

async fn pages_are_cut_after_sorting(app: &TestApp) {
    let owner = app.owner();
    let mut registered = vec![];
    for _ in 0..5 {
        registered.push(app.register_car(&owner).await);
    }
    registered.sort();
    let page = |query: &str| {
        let path = format!("/cars?{query}");
        let (app, owner) = (app, owner.clone());
        async move { app.get(&path).by(&owner).send().await.expect(200).json() }
    };
    assert_eq!(ids(&page("sort=id").await), registered);
    assert_eq!(ids(&page("sort=%2BId&limit=2").await), registered[..2]);
    assert_eq!(ids(&page("sort=+id&limit=2&offset=2").await), registered[2..4]);
    assert_eq!(ids(&page("sort=id&offset=4").await), registered[4..]);
    assert_eq!(ids(&page("sort=id&offset=5").await), [""; 0]);
    let answer = page("sort=-ID&limit=3&filter=id,plate.number").await;
    registered.reverse();
    assert_eq!(ids(&answer), registered[..3]);
    let sort = json!({"by": "ID", "direction": "descending"});
    let fields = json!({"fields": ["id", "plate.number"]});
    let metadata = json!({"filter": fields, "limit": 3, "offset": -1, "sort": sort, "total": 5});
    assert_eq!(answer["metadata"], metadata);
    assert_eq!(ids(&page("sort=nothing_known").await).len(), 5);
    assert_eq!(ids(&page("sort=lastPersistedAtUtc").await).len(), 5);
    assert_eq!(page("limit=0").await["metadata"]["limit"], 100);
    assert_eq!(page("limit=1000&offset=1000").await["metadata"]["total"], 5);
}

async fn only_the_fields_that_are_named_are_filled(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    app.take_offline(&owner, &id, 30, 40).await;
    let list = |path: String, member: &'static str| {
        let (app, owner) = (app, owner.clone());
        async move { app.get(&path).by(&owner).send().await.expect(200).json()[member].take() }
    };
    let all = list("/cars".to_owned(), "cars").await[0].take();
    let (made, plate) = (&all["manufacturer"], &all["plate"]);
    for (filter, filled) in [
        ("status", json!({"id": id, "status": "Registered"})),
        ("ID;Plate", json!({"id": id, "plate": plate})),
        ("manufacturer.YEAR", json!({"id": id, "manufacturer": {"year": made["year"]}})),
        ("manufacturer.make,manufacturer", json!({"id": id, "manufacturer": made})),
        ("managers.id,colour", json!({"id": id, "managers": all["managers"]})),
        // Names that only the read model has.
        ("manufactureMake", json!({"id": id, "manufacturer": {"make": made["make"]}})),
        ("VehicleOwnerId", json!({"id": id, "owner": all["owner"]})),
        // What no car has, and what no answer shows.
        ("colour,plate.colour,status.x", json!({"id": id})),
        ("LastPersistedAtUtc", json!({"id": id})),
    ] {
        let cars = list(format!("/cars?filter={filter}"), "cars").await;
        assert_eq!(cars, json!([filled]), "{filter}");
    }
    let path = format!("/cars/available?toUtc={}&filter=status", app.hours(30));
    assert_eq!(list(path, "cars").await, json!([{"id": id, "status": "Registered"}]));
    let path = format!("/cars/{id}/unavailabilities?filter=CAUSEDBY");
    let unavailabilities = list(path, "unavailabilities").await;
    let offline = unavailabilities[0].as_object().unwrap();
    let names: Vec<&str> = offline.keys().map(String::as_str).collect();
    assert_eq!(names, ["causedByReason", "id"]);
    let request = app.get("/cars?filter=plate.number,status").by(&owner);
    let xml = request.header("accept", "application/xml").send().await.expect(200).text();
    let expected = format!(
        "<Cars><Car><Id>{id}</Id><Plate><Number>{}</Number></Plate><Status>Registered</Status>\
         </Car></Cars>",
        plate["number"].as_str().unwrap()
    );
    assert!(xml.contains(&expected), "{xml}");
}

async fn every_bad_option_is_reported(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    for path in
        ["/cars".to_owned(), "/cars/available".to_owned(), format!("/cars/{id}/unavailabilities")]
    {
        for (query, failures) in [
            ("limit=-1", 1),
            ("limit=1001", 1),
            ("offset=-2", 1),
            ("offset=1001", 1),
            ("sort=a%20b", 1),
            ("sort=*", 1),
            ("filter=!", 1),
            ("embed=a,b,c,d,e,f,g,h,i,j,k", 1),
            ("limit=5000&offset=5000&sort=!&filter=!&embed=!", 5),
        ] {
            let answer = app.get(&format!("{path}?{query}")).by(&owner).send().await;
            assert_eq!(answer.failed_rules().len(), failures, "{path} {query}");
        }
        for query in ["limit=many", "limit=1.5", "limit=99999999999999999999", "offset=--1"] {
            let _ = app.get(&format!("{path}?{query}")).by(&owner).send().await.problem(400);
        }
    }
}

/// A car is left out for any shared instant; touching ends share none.
async fn a_car_is_available_when_no_period_intersects(app: &TestApp) {
    let owner = app.owner();
    let (free, taken) = (app.register_car(&owner).await, app.register_car(&owner).await);
    app.take_offline(&owner, &taken, 30, 40).await;
    for (from, to, count) in [
        (Some(30), Some(40), 1),
        (Some(29), Some(31), 1),
        (Some(39), Some(41), 1),
        (Some(32), Some(33), 1),
        (Some(20), Some(50), 1),
        (Some(20), Some(30), 2),
        (Some(40), Some(50), 2),
        (Some(40), None, 2),
        (None, Some(30), 2),
        (Some(39), None, 1),
        (None, Some(31), 1),
        (None, None, 1),
    ] {
        let found = available(app, &owner, from, to).await;
        assert_eq!(found.len(), count, "{from:?} to {to:?}");
        assert!(found.contains(&free));
    }
    let query = format!("fromUtc={}&toUtc={}", app.hours(31), app.hours(30));
    let answer = app.get(&format!("/cars/available?{query}")).by(&owner).send().await;
    assert_eq!(answer.failed_rules(), ["GreaterThanValidator"]);
}

async fn availability_pages_count_what_is_left(app: &TestApp) {
    let owner = app.owner();
    for number in 0..4 {
        let id = app.register_car(&owner).await;
        if number == 0 {
            app.take_offline(&owner, &id, 30, 40).await;
        }
    }
    let query = format!("fromUtc={}&toUtc={}&limit=2&offset=1", app.hours(30), app.hours(31));
    let path = format!("/cars/available?{query}");
    let answer = app.get(&path).by(&owner).send().await.expect(200).json();
    assert_eq!(ids(&answer).len(), 2);
    let metadata = json!({"filter": {"fields": []}, "limit": 2, "offset": 1, "total": 3});
    assert_eq!(answer["metadata"], metadata);
}

async fn unavailabilities_need_a_tenant_but_no_proof(app: &TestApp) {
    let owner = app.owner();
    let id = app.register_car(&owner).await;
    app.take_offline(&owner, &id, 30, 40).await;
    let path = format!("/cars/{id}/unavailabilities");
    let _ = app.get(&path).send().await.problem(400);
    let named = format!("{path}?organizationId={}", owner.organization);
    let answer = app.get(&named).send().await.expect(200).json();
    assert_eq!(answer["unavailabilities"].as_array().unwrap().len(), 1);
    assert_eq!(answer["metadata"]["total"], 1);
    let stranger = app.owner();
    assert_eq!(app.unavailabilities(&stranger, &id).await, Vec::<Value>::new());
    assert_eq!(app.unavailabilities(&owner, "car_0123456789abcdef").await, Vec::<Value>::new());
    let bad = app.get("/cars/nonsense/unavailabilities").by(&owner).send().await;
    assert_eq!(bad.failed_rules(), ["PredicateValidator"]);
}

fn ids(answer: &Value) -> Vec<String> {
    let cars = answer["cars"].as_array().unwrap();
    cars.iter().map(|car| car["id"].as_str().unwrap().to_owned()).collect()
}

async fn available(app: &TestApp, by: &Person, from: Option<i64>, to: Option<i64>) -> Vec<String> {
    let bound = |name: &str, hours: Option<i64>| {
        hours.map_or(String::new(), |hours| format!("{name}={}&", app.hours(hours)))
    };
    let path = format!("/cars/available?{}{}", bound("fromUtc", from), bound("toUtc", to));
    ids(&app.get(&path).by(by).send().await.expect(200).json())
}
