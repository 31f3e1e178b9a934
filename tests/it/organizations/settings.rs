//! What organizations are set to.

use acceptance::{Deployment, TestApp, on_every_deployment};
use application::organizations::settings::{self, TenantSetting};
use domain::{
    kernel::{ErrorKind, OrganizationId},
    organizations::{OrganizationEvent, SettingType},
};
use serde_json::json;

use super::{events, found, founder, happened, maintenance, path, recorded};

on_every_deployment!(
    there_are_none_unless_a_file_says_so,
    they_are_changed_and_read_back,
    what_is_gone_or_unknown_has_none,
);

async fn there_are_none_unless_a_file_says_so(app: &TestApp) {
    let ann = founder(app).await;
    let request = app.get(&path(&ann.organization, "/settings")).by(&ann);
    let expected = json!({
        "organization": {
            "id": ann.organization, "name": "Acme", "createdById": ann.user,
            "ownership": "shared", "settings": {},
        },
        "settings": {},
    });
    assert_eq!(request.send().await.expect(200).json(), expected);
    assert!(!events(app, &ann.organization).await.contains(&"setting_created".to_owned()));
}

const FILE: &str = "Colour = \"red\"\nKey = \"a-secret-of-tenants\"\nSeats = 5\nTrial = true\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_organization_gets_those_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenants.toml");
    std::fs::write(&file, FILE).unwrap();
    for deployment in [Deployment::Sqlite, Deployment::Postgres] {
        let app = TestApp::start_with(deployment, |environment| {
            environment
                .with("GROUNDWORK_TENANT_SETTINGS", &file.display().to_string())
                .with("GROUNDWORK_TENANT_SETTINGS_ENCRYPTED", "Key")
        })
        .await;
        let ann = founder(&app).await;
        let own = domain::kernel::OrganizationId::parse(&ann.user.twin("org")).unwrap();
        let settings = json!({
            "Colour": "red", "Key": "a-secret-of-tenants", "Seats": "5", "Trial": "true",
        });
        for id in [&ann.organization, &own] {
            let shown = app.get(&path(id, "/settings")).by(&ann).send().await.expect(200).json();
            assert_eq!(shown["settings"], settings);
            assert_eq!(shown["organization"]["settings"], settings);
            let created = recorded(&app, id).await;
            assert_eq!(created[0].0, "created");
            assert!(created[1..5].iter().all(|(name, _)| name == "setting_created"));
            let seats = json!({
                "name": "Seats", "stringValue": "5", "valueType": "number", "isEncrypted": false,
            });
            assert!(created.iter().any(|(_, payload)| *payload == seats), "{created:?}");
        }
        let kept = app.log().kept().await;
        assert!(kept.contains("Colour") && !kept.contains("a-secret-of-tenants"), "{kept}");
        app.finish().await;
    }
}

fn setting(name: &str, value: &str, kind: SettingType) -> TenantSetting {
    TenantSetting { name: name.into(), value: value.into(), kind, is_encrypted: false }
}

fn secret(value: &str) -> TenantSetting {
    TenantSetting { is_encrypted: true, ..setting("Key", value, SettingType::String) }
}

async fn they_are_changed_and_read_back(app: &TestApp) {
    let ann = founder(app).await;
    let id = &ann.organization;
    let (ports, call) = (app.ports(), maintenance());
    let red = setting("Colour", "red", SettingType::String);
    let first = [red.clone(), secret("a-first-secret")];
    settings::change(ports, &call, id, &first).await.unwrap();
    assert!(settings::get(ports, &call, id).await.unwrap() == first);
    let before = recorded(app, id).await;
    assert_eq!(before.iter().filter(|(name, _)| name == "setting_created").count(), 2);
    // What is the same is no event, encrypted or not.
    settings::change(ports, &call, id, &first).await.unwrap();
    assert_eq!(recorded(app, id).await, before);

    let seats = setting("Seats", "5", SettingType::Number);
    let changed = [secret("a-second-secret"), seats.clone()];
    settings::change(ports, &call, id, &changed).await.unwrap();
    let now = settings::get(ports, &call, id).await.unwrap();
    assert!(now == [red, secret("a-second-secret"), seats], "in the order of their names");
    let happened = recorded(app, id).await.split_off(before.len());
    let names: Vec<&str> = happened.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["setting_updated", "setting_created"]);
    let updated = &happened[0].1;
    let created = before.iter().find(|(_, payload)| payload["name"] == "Key").unwrap();
    assert_eq!(updated["from"], created.1["stringValue"]);
    let shown =
        json!([updated["name"], updated["fromType"], updated["toType"], updated["isEncrypted"]]);
    assert_eq!(shown, json!(["Key", "string", "string", true]));
    let kept = app.log().kept().await;
    assert!(!kept.contains("-secret"), "{kept}");

    let number = TenantSetting { kind: SettingType::Number, ..secret("5") };
    for refused in [number, setting("Trial", "maybe", SettingType::Boolean)] {
        let refusal = settings::change(ports, &call, id, &[refused]).await.unwrap_err();
        assert_eq!(refusal.kind(), Some(ErrorKind::Rule));
    }
}

async fn what_is_gone_or_unknown_has_none(app: &TestApp) {
    let ann = founder(app).await;
    let unknown = OrganizationId::parse("org_aaaaaaaaaaaaaaaaaaaaaa").unwrap();
    let gone = found(app, &ann).await;
    let deleted = OrganizationEvent::Deleted { deleted_by_id: ann.user.clone() };
    happened(app, &app.ports().organizations, gone.as_str(), vec![deleted]).await;
    for (id, kind) in [(unknown, ErrorKind::NotFound), (gone, ErrorKind::Deleted)] {
        let (ports, call) = (app.ports(), maintenance());
        let read = settings::get(ports, &call, &id).await.map(|_| ()).unwrap_err();
        let changed = settings::change(ports, &call, &id, &[secret("a")]).await.unwrap_err();
        assert_eq!((read.kind(), changed.kind()), (Some(kind), Some(kind)));
    }
}
