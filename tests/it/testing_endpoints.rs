//! Endpoints of testing builds.

use acceptance::{Answer, Deployment, people::Grants, run};
use domain::kernel::{
    UserId,
    roles::{Feature, Role},
};
use reqwest::Method;
use serde_json::{Value, json};

#[test]
fn callers_are_who_they_prove_to_be() {
    run(Deployment::Sqlite, async |app| {
        let path = "/testingonly/authn/hmac/get";
        let signed = app.get(path).header("X-HMAC-Signature", &app.hmac.sign(b"{}"));
        assert_eq!(caller(&signed.send().await.expect(200)), UserId::MAINTENANCE);
        let _ = app.get(path).send().await.problem(401);
        let _ = app.get(path).header("X-HMAC-Signature", "sha256=00").send().await.problem(401);

        let path = "/testingonly/authn/interhost/get";
        let owner = app.owner();
        let signature = app.inter_host.sign(b"{}");
        let signed = || app.get(path).header("X-InterHost-Signature", &signature);
        assert_eq!(caller(&signed().send().await.expect(200)), UserId::ANONYMOUS);
        assert_eq!(caller(&signed().by(&owner).send().await.expect(200)), owner.user.as_str());
        let _ = app.get(path).by(&owner).send().await.problem(401);
        let wrong = app.get(path).header("X-InterHost-Signature", &app.hmac.sign(b"{}"));
        let _ = wrong.send().await.problem(401);

        let path = "/testingonly/authn/token/get";
        assert_eq!(caller(&app.get(path).by(&owner).send().await.expect(200)), owner.user.as_str());
        let _ = app.get(path).send().await.problem(401);
        let _ = app.get(path).bearer("wrong").send().await.problem(401);
    });
}

#[test]
fn roles_and_features_decide() {
    run(Deployment::Sqlite, async |app| {
        let holding = |role, feature| {
            let organization = app.organization();
            let grants = Grants::exactly(role, feature, &organization);
            app.person(app.user(), organization, grants)
        };
        let standard = Some(Role::PlatformStandard);
        let (basic, trial) = (Some(Feature::PlatformBasic), Some(Feature::PlatformPaidTrial));
        for (path, who, status) in [
            ("role", holding(standard, basic), 200),
            ("role", holding(Some(Role::PlatformOperations), trial), 200),
            ("role", holding(standard, None), 403),
            ("role", holding(None, basic), 403),
            ("feature", holding(standard, trial), 200),
            ("feature", holding(standard, Some(Feature::PlatformPaid3)), 200),
            ("feature", holding(standard, basic), 403),
            ("feature", holding(None, trial), 403),
            ("none", holding(None, None), 200),
        ] {
            let answer = app.get(&format!("/testingonly/authz/{path}/get")).by(&who).send().await;
            assert_eq!(answer.status.as_u16(), status, "{answer} {:?}", who.grants);
        }
        for path in ["role", "feature"] {
            let path = format!("/testingonly/authz/{path}/get");
            let _ = app.get(&path).send().await.problem(401);
        }
        let path = "/testingonly/authz/none/get";
        assert_eq!(caller(&app.get(path).send().await.expect(200)), UserId::ANONYMOUS);
        for method in [Method::GET, Method::POST] {
            let request = app.request(method, "/testingonly/security/none");
            assert_eq!(request.send().await.expect(200).text(), "{}");
        }
    });
}

#[test]
fn every_format_makes_the_round_trip() {
    run(Deployment::Sqlite, async |app| {
        let path = "/testingonly/formats/roundtrip";
        let echoed = async |body: Value| app.post(path).json(&body).send().await.expect(200).text();
        assert_eq!(echoed(json!({})).await, "{}");
        let sent = json!({
            "time": "2026-01-02T05:04:05.1200+02:00",
            "string": "a text",
            "integer": 9,
            "enum": "TWENTYONE",
            "double": 9.99,
            "custom": { "time": 1_767_323_045, "enum": "oneHundredAndOne", "unknown": 1 },
        });
        assert_eq!(
            echoed(sent).await,
            "{\"custom\":{\"enum\":\"oneHundredAndOne\",\"time\":\"2026-01-02T03:04:05Z\"},\
             \"double\":9.99,\"enum\":\"twentyOne\",\"integer\":9,\"string\":\"a text\",\
             \"time\":\"2026-01-02T03:04:05.12Z\"}"
        );
        for wrong in [json!({ "enum": 1 }), json!({ "enum": "two" }), json!({ "integer": "a" })] {
            let _ = app.post(path).json(&wrong).send().await.problem(400);
        }
        let body = json!({ "enum": "twentyOne", "time": "2026-01-02T03:04:05.1234567Z" });
        let xml = app.post(path).header("accept", "application/xml").json(&body).send().await;
        let xml = xml.expect(200).text();
        assert!(xml.contains("<FormatsTestingOnlyResponse "), "{xml}");
        assert!(xml.contains("<Enum>TwentyOne</Enum>"), "{xml}");
        assert!(xml.contains("<Time>2026-01-02T03:04:05.1234567Z</Time>"), "{xml}");
    });
}

#[test]
fn searches_tell_what_they_were_asked() {
    run(Deployment::Sqlite, async |app| {
        let answer = app.get("/testingonly/statuses/search").send().await.expect(200);
        let expected = json!({
            "messages": ["amessage"],
            "metadata": { "limit": 0, "offset": 0, "total": 0 },
        });
        assert_eq!(answer.json(), expected);
        let path = "/testingonly/general/search/a/Value4/b/4/c/avalue4";
        let answer = app.get(path).send().await.expect(200).json();
        assert_eq!(
            answer["items"],
            json!([{ "id": "anid1" }, { "id": "anid2" }, { "id": "anid3" }])
        );
        let metadata =
            json!({ "filter": { "fields": [] }, "limit": 100, "offset": -1, "total": 3 });
        assert_eq!(answer["metadata"], metadata);
        let asked = format!("{path}?limit=2&offset=1&sort=-AProperty&filter=AProperty&embed=any");
        let answer = app.get(&asked).send().await.expect(200).json();
        assert_eq!(answer["items"].as_array().map(Vec::len), Some(3));
        let metadata = json!({
            "filter": { "fields": ["AProperty"] },
            "limit": 2,
            "offset": 1,
            "sort": { "by": "AProperty", "direction": "descending" },
            "total": 3,
        });
        assert_eq!(answer["metadata"], metadata);
        let failed = app.get(&format!("{path}?limit=1001&sort=*")).send().await.failed_rules();
        assert_eq!(failed, ["InclusiveBetweenValidator", "RegularExpressionValidator"]);
    });
}

#[test]
fn refusals_and_faults_have_their_form() {
    run(Deployment::Sqlite, async |app| {
        let problem = app.get("/testingonly/errors/error").send().await.problem(409);
        assert_eq!(
            (&problem["title"], &problem["detail"]),
            (&json!("Conflict"), &json!("unexplained"))
        );
        let path = "/testingonly/errors/throws";
        let problem = app.get(path).send().await.problem(500);
        assert_eq!(problem["title"], "An unexpected error occurred");
        assert_eq!(problem["detail"], "amessage");
        assert_eq!(problem["instance"], format!("{}{path}", app.url));
        assert!(problem["exception"].is_string(), "{problem}");
    });
}

#[test]
fn every_failing_rule_is_reported() {
    run(Deployment::Sqlite, async |app| {
        let answer = app.get("/testingonly/validations/unvalidated?id=1").send().await.expect(200);
        assert_eq!(answer.json(), json!({ "message": "amessage1" }));
        let path = "/testingonly/validations/validated/anid";
        let missing = json!([
            { "rule": "NotEmptyValidator", "reason": "'Required Field' must not be empty." },
        ]);
        let invalid = |field: &str| {
            let reason = format!("The {field} was either invalid or missing");
            json!({ "rule": "RegularExpressionValidator", "reason": reason, "value": "invalid" })
        };
        let both = json!([invalid("RequiredField"), invalid("OptionalField1")]);
        let problem = app.get(path).send().await.problem(400);
        assert_eq!(problem["errors"], missing);
        assert_eq!(problem["detail"], missing[0]["reason"]);
        assert_eq!(problem["instance"], format!("{}{path}", app.url));
        let wrong = format!("{path}?requiredField=invalid&optionalfield=invalid");
        let problem = app.get(&wrong).send().await.problem(400);
        assert_eq!((&problem["errors"], &problem["detail"]), (&both, &both[0]["reason"]));
        let answer = app.get(&format!("{path}?RequiredField=12")).send().await.expect(200);
        assert_eq!(answer.json(), json!({ "message": "amessage12" }));
        assert_eq!(app.post(path).json(&json!({})).send().await.problem(400)["errors"], missing);
        let answer = app.post(path).json(&json!({ "requiredField": "9" })).send().await.expect(201);
        assert_eq!(answer.header("location"), "alocation");
        let _ = app.get("/testingonly/validations/validated").send().await.problem(404);
    });
}

#[test]
fn fields_come_from_body_query_and_path() {
    run(Deployment::Sqlite, async |app| {
        let everything = json!({
            "a_camel_enum": "value1", "a_camel_int": 1, "a_camel_string": "avalue1",
            "anEnumProperty": "value2", "anEnumQueryProperty": "value3",
            "anEnumRouteProperty": "value4",
            "anIntProperty": 2, "anIntQueryProperty": 3, "anIntRouteProperty": 4,
            "aStringProperty": "avalue2", "aStringQueryProperty": "avalue3",
            "aStringRouteProperty": "avalue4",
        });
        let own = "a_camel_enum=Value1&a_camel_int=1&a_camel_string=avalue1";
        let other = "ACamelEnumProperty=Value1&acamelintproperty=1&aCamelStringProperty=avalue1";
        let plain = "anenumproperty=Value2&anintproperty=2&astringproperty=avalue2";
        let query = "anenumqueryproperty=Value3&anintqueryproperty=3&astringqueryproperty=avalue3";
        for named in [own, other] {
            let path = "/testingonly/general/get/a/Value4/b/4/c/avalue4";
            let asked = format!("{path}?{named}&{plain}&{query}");
            assert_eq!(app.get(&asked).send().await.expect(200).json(), everything, "{named}");
        }
        let body = json!({
            "a_camel_enum": "value1", "a_camel_int": 1, "a_camel_string": "avalue1",
            "anEnumProperty": "VALUE2", "anIntProperty": 2, "aStringProperty": "avalue2",
            "aStringRouteProperty": "the path wins",
        });
        let path = format!("/testingonly/general/post/a/Value4/b/4/c/avalue4?{query}");
        let answer = app.post(&path).json(&body).send().await.expect(201);
        assert_eq!(answer.header("location"), "alocation");
        assert_eq!(answer.json(), everything);
        for wrong in ["a/Value5/b/4/c/x", "a/Value1/b/four/c/x", "a/1/b/4/c/x"] {
            let _ = app.get(&format!("/testingonly/general/get/{wrong}")).send().await.problem(400);
        }
        for query in ["anarray=a&anarray=b&anarray=c", "anarray[]=a&anarray[]=b&anarray[]=c"] {
            let path = format!("/testingonly/general/get/array?{query}");
            assert_eq!(app.get(&path).send().await.expect(200).text(), r#"{"message":"a, b, c"}"#);
        }
    });
}

#[test]
fn bodies_may_be_empty_or_forms() {
    run(Deployment::Sqlite, async |app| {
        let path = "/testingonly/general/body/empty";
        assert_eq!(message(&app.post(path).send().await.expect(201)), "amessage");
        let path = "/testingonly/general/body/empty/required";
        let _ = app.post(path).json(&json!({})).send().await.problem(400);
        let answer = app.post(path).json(&json!({ "requiredField": "" })).send().await.expect(201);
        assert_eq!(message(&answer), "amessage");
        let path = "/testingonly/general/body/avalue/99/route";
        assert_eq!(message(&app.post(path).send().await.expect(201)), "amessageavalue99");
        let form = "application/x-www-form-urlencoded";
        let request = app.post("/testingonly/openapi/anid/urlencoded");
        let answer = request.body(form, "requiredField=avalue").send().await.expect(201);
        assert_eq!(message(&answer), "amessageavalue");
        let parts = "--b\r\nContent-Disposition: form-data; name=\"requiredField\"\r\n\r\navalue\r\n\
             --b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\
             Content-Type: text/plain\r\n\r\nbytes\r\n--b--\r\n";
        let request = app.post("/testingonly/openapi/anid/form-data");
        let answer =
            request.body("multipart/form-data; boundary=b", parts).send().await.expect(201);
        assert_eq!(message(&answer), "amessageavalue");
    });
}

#[test]
fn redirects_and_streams() {
    run(Deployment::Sqlite, async |app| {
        for result in ["error", "redirect", "noredirect", "other"] {
            let get = app.get(&format!("/testingonly/redirect/get?result={result}")).send().await;
            let body = json!({ "result": result });
            let post = app.post("/testingonly/redirect/post").json(&body).send().await;
            for answer in [get, post] {
                match result {
                    "error" => assert_eq!(answer.problem(400)["detail"], "anerror"),
                    "redirect" => {
                        let answer = answer.expect(302);
                        assert_eq!((answer.header("location"), answer.body.len()), ("aurl", 0));
                    }
                    "noredirect" => {
                        let answer = answer.expect(200);
                        assert_eq!(
                            (answer.header("location"), message(&answer)),
                            ("", "amessage".into())
                        );
                    }
                    _ => drop(answer.problem(500)),
                }
            }
        }
        let answer = app.get("/testingonly/download").send().await.expect(200);
        assert_eq!(
            (answer.text().as_str(), answer.header("content-type")),
            ("adownload", "acontenttype")
        );
    });
}

#[test]
fn samples_answer_as_they_are_documented() {
    run(Deployment::Sqlite, async |app| {
        let path = "/testingonly/openapi/anid";
        let body = json!({ "requiredField": "avalue" });
        let get = app.get(&format!("{path}?RequiredField=avalue")).send().await.expect(200);
        let post = app.post(path).json(&body).send().await.expect(201);
        let put = app.put(path).json(&body).send().await.expect(202);
        let patched = app.request(Method::PATCH, path).json(&body).send().await.expect(202);
        for answer in [get, post, put, patched] {
            assert_eq!(
                answer.text(),
                "{\"aRequiredField\":\"\",\"message\":\"amessageavalue\",\
                 \"anAnnotatedRequiredField\":\"avalue\",\"anInitializedField\":\"avalue\",\
                 \"aValueTypeField\":false}"
            );
        }
    });
}

fn caller(answer: &Answer) -> String {
    answer.json()["callerId"].as_str().unwrap_or_default().to_owned()
}

fn message(answer: &Answer) -> String {
    answer.json()["message"].as_str().unwrap_or_default().to_owned()
}
