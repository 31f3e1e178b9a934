use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<Settings, InvalidSettings> {
    let given = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::read(given.collect())
}

fn valid(settings: Result<Settings, InvalidSettings>) -> Settings {
    settings.unwrap_or_else(|error| panic!("{error}"))
}

fn wrong(pairs: &[(&str, &str)]) -> Vec<String> {
    read(pairs).err().expect("refused").0
}

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn production() -> Vec<(&'static str, &'static str)> {
    vec![
        ("GROUNDWORK_MODE", "production"),
        ("GROUNDWORK_MASTER_KEY", KEY),
        ("GROUNDWORK_HMAC_SECRET", "a long secret of ours"),
        ("GROUNDWORK_INTER_HOST_SECRET", "another long secret"),
        ("GROUNDWORK_BASE_URL", "https://api.example.com"),
        ("GROUNDWORK_WEBSITE_URL", "https://www.example.com"),
    ]
}

#[test]
fn nothing_said_is_a_valid_development() {
    let settings = valid(read(&[]));
    assert!(settings.is_development());
    assert!(matches!(&settings.storage, Storage::Embedded { folder } if folder.ends_with("data")));
    assert_eq!(
        settings.http,
        HttpSettings { workers: 2, reveal_failures: true, ..HttpSettings::default() }
    );
}

#[test]
fn operators_are_named_by_their_addresses() {
    let named = |settings: Settings| -> Vec<String> {
        settings.operators.iter().map(ToString::to_string).collect()
    };
    assert_eq!(named(valid(read(&[]))), ["operator@company.com"]);
    assert!(named(valid(read(&production()))).is_empty(), "production has none of its own");
    let list = valid(read(&[("GROUNDWORK_OPERATORS", "Ann@Company.com; bea@company.com,c@d.e")]));
    assert_eq!(named(list), ["ann@company.com", "bea@company.com", "c@d.e"]);
    let sentences = wrong(&[("GROUNDWORK_OPERATORS", "ann@company.com,nobody")]);
    assert!(sentences[0].contains("'nobody'"), "{sentences:?}");
}

#[test]
fn what_organizations_are_set_to_is_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tenants.toml");
    let with = |text: &str, encrypted: &str| {
        std::fs::write(&path, text).unwrap();
        let path = path.display().to_string();
        let names = ("GROUNDWORK_TENANT_SETTINGS_ENCRYPTED", encrypted);
        read(&[("GROUNDWORK_TENANT_SETTINGS", &path), names])
    };
    let settings = valid(with("Colour = 'red'\nKey = 'abc'\nSeats = 5", "Key")).tenant_settings;
    let found: Vec<_> =
        settings.iter().map(|one| (&*one.name, &*one.value, one.is_encrypted)).collect();
    assert_eq!(found, [("Colour", "red", false), ("Key", "abc", true), ("Seats", "5", false)]);
    assert!(valid(read(&[])).tenant_settings.is_empty());
    for (text, encrypted, part) in [
        ("a = tellnobody", "", "not valid TOML"),
        ("a = [1]", "", "'a'"),
        ("a = 1", "a", "'a', which is no text"),
        ("a = 'x'", "b", "'b', which GROUNDWORK_TENANT_SETTINGS does not have"),
    ] {
        let sentences = with(text, encrypted).err().expect("refused").0.join(" ");
        assert!(sentences.contains(part) && !sentences.contains("tellnobody"), "{sentences}");
    }
    let missing = wrong(&[("GROUNDWORK_TENANT_SETTINGS", "/nowhere.toml")]);
    assert!(missing[0].contains("/nowhere.toml"), "{missing:?}");
}

#[test]
fn every_default_fits_its_own_bounds() {
    for spec in specs::ALL {
        assert!(spec.default.is_none_or(|value| spec.fits(value)), "{}", spec.name);
    }
}

#[test]
fn a_provider_of_usages_needs_its_account() {
    assert!(matches!(valid(read(&[])).usages, UsageWay::Nobody));
    let userpilot = ("GROUNDWORK_USAGES", "userpilot");
    let sentences = wrong(&[userpilot]);
    assert!(sentences[0].starts_with("USERPILOT_API_KEY is missing"), "{sentences:?}");
    let settings = valid(read(&[userpilot, ("USERPILOT_API_KEY", "akey")]));
    assert!(matches!(settings.usages, UsageWay::UserPilot(_)));
    let mixpanel = ("GROUNDWORK_USAGES", "mixpanel");
    assert_eq!(wrong(&[mixpanel]).len(), 2, "both are told");
    let (token, id) = (("MIXPANEL_PROJECT_TOKEN", "atoken"), ("MIXPANEL_PROJECT_ID", "7"));
    let settings = valid(read(&[mixpanel, token, id]));
    assert!(matches!(settings.usages, UsageWay::Mixpanel(_)));
    let sentences = wrong(&[mixpanel, token, ("MIXPANEL_PROJECT_ID", "7/8")]);
    assert!(sentences[0].contains("'7/8'"), "{sentences:?}");
}

#[cfg(not(feature = "testing-only"))]
#[test]
fn chargebee_needs_its_account_and_plans() {
    assert!(matches!(valid(read(&[])).billing.way, billing::BillingWay::Simple));
    let chargebee = ("GROUNDWORK_BILLING", "chargebee");
    let sentences = wrong(&[chargebee]);
    for (sentence, part) in sentences.iter().zip([
        "CHARGEBEE_STANDARD_PLANS, CHARGEBEE_PROFESSIONAL_PLANS and CHARGEBEE_ENTERPRISE_PLANS are",
        "CHARGEBEE_API_KEY is missing",
        "CHARGEBEE_PRODUCT_FAMILY is missing",
        "CHARGEBEE_STARTING_PLAN is missing",
        "CHARGEBEE_SITE is missing",
    ]) {
        assert!(sentence.starts_with(part), "{sentences:?}");
    }
    assert_eq!(sentences.len(), 5, "{sentences:?}");
    let account = [
        chargebee,
        ("CHARGEBEE_API_KEY", "tellnobody"),
        ("CHARGEBEE_PRODUCT_FAMILY", "afamily"),
        ("CHARGEBEE_STARTING_PLAN", "atrial"),
        ("CHARGEBEE_STANDARD_PLANS", "atrial; big,"),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&account[..], more].concat();
    let settings = valid(read(&with(&[("CHARGEBEE_SITE", "a-site")])));
    let billing::BillingWay::Chargebee(there) = settings.billing.way else {
        panic!("not Chargebee")
    };
    assert_eq!(there.base_url, "https://a-site.chargebee.com/api/v2");
    assert_eq!(settings.billing.plans.standard, ["atrial", "big"]);
    for (more, part) in [
        (("CHARGEBEE_SITE", "a.site/"), "not 'a.site/'"),
        (("CHARGEBEE_BASE_URL", "ftp://asite"), "not 'ftp://asite'"),
    ] {
        let sentences = wrong(&with(&[more]));
        assert!(sentences.len() == 1 && sentences[0].contains(part), "{sentences:?}");
    }
    let site = ("CHARGEBEE_SITE", "asite");
    let sentences = wrong(&with(&[site, ("CHARGEBEE_WEBHOOK_PASSWORD", "tellnobody")]));
    assert_eq!(sentences, ["CHARGEBEE_WEBHOOK_PASSWORD needs CHARGEBEE_WEBHOOK_USER."]);
}

#[test]
fn production_with_its_own_secrets_starts() {
    let settings = valid(read(&production()));
    assert_eq!(settings.mode, Mode::Production);
    assert_eq!(settings.telemetry.format, LogFormat::Json);
    assert!(!settings.http.reveal_failures);
}

#[test]
fn production_names_every_missing_or_well_known_secret() {
    let secrets =
        ["GROUNDWORK_MASTER_KEY", "GROUNDWORK_HMAC_SECRET", "GROUNDWORK_INTER_HOST_SECRET"];
    let sentences = wrong(&[("GROUNDWORK_MODE", "production")]);
    for name in secrets {
        assert!(sentences.iter().any(|text| text.contains(name)), "{name}: {sentences:?}");
        for value in ["", specs::DEVELOPMENT_SECRET, specs::DEVELOPMENT_MASTER_KEY] {
            let mut pairs = production();
            pairs.retain(|(other, _)| *other != name);
            pairs.push((name, value));
            assert!(wrong(&pairs).iter().any(|text| text.contains(name)), "{name} = {value}");
        }
    }
}

#[test]
fn production_names_every_missing_public_url() {
    for name in ["GROUNDWORK_BASE_URL", "GROUNDWORK_WEBSITE_URL"] {
        let mut pairs = production();
        pairs.retain(|(other, _)| *other != name);
        let missing = format!("{name} is missing: production has a public URL of its own.");
        assert_eq!(wrong(&pairs), [missing]);
    }
}

#[test]
fn e_mails_come_from_somebody_with_a_name() {
    let sentences = wrong(&[("GROUNDWORK_MAIL_SENDER_NAME", " ")]);
    assert_eq!(sentences, ["GROUNDWORK_MAIL_SENDER_NAME must not be blank."]);
}

#[test]
fn no_sentence_holds_a_secret() {
    let sentences = wrong(&[
        ("GROUNDWORK_MODE", "production"),
        ("GROUNDWORK_MASTER_KEY", "tellnobody"),
        ("GROUNDWORK_HMAC_SECRET", "tellnobody"),
        ("DATABASE_URL", "mysql://user:tellnobody@host/db"),
    ]);
    assert!(sentences.len() >= 4);
    assert!(sentences.iter().all(|text| !text.contains("tellnobody")), "{sentences:?}");
}

#[test]
fn bounds_and_forms_are_checked_in_a_sentence() {
    for (name, value) in [
        ("GROUNDWORK_MODE", "staging"),
        ("GROUNDWORK_HTTP_WORKERS", "0"),
        ("GROUNDWORK_HTTP_WORKERS", "many"),
        ("GROUNDWORK_TOKEN_LEEWAY_SECONDS", "301"),
        ("GROUNDWORK_HTTP_REQUIRE_HTTPS", "yes"),
        ("GROUNDWORK_HTTP_ADDRESSES", "localhost"),
        ("GROUNDWORK_BASE_URL", "localhost:5001"),
        ("GROUNDWORK_LOG_FORMAT", "xml"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"),
    ] {
        let sentences = wrong(&[(name, value)]);
        assert_eq!(sentences.len(), 1, "{name}");
        assert!(sentences[0].contains(name) && sentences[0].ends_with('.'), "{sentences:?}");
    }
}

#[test]
fn unknown_settings_are_refused() {
    assert_eq!(
        wrong(&[("GROUNDWORK_COLOUR", "red")]),
        ["GROUNDWORK_COLOUR is no setting of Groundwork."]
    );
}

#[test]
fn a_broker_needs_a_database_and_an_address() {
    let alone = wrong(&[("AMQP_URL", "amqp://localhost")]);
    assert!(alone.len() == 1 && alone[0].contains("DATABASE_URL"), "{alone:?}");
    let database = ("DATABASE_URL", "postgres://localhost/x");
    let web = wrong(&[("AMQP_URL", "http://localhost"), database]);
    assert!(web.len() == 1 && web[0].contains("amqp://"), "{web:?}");
    let prefix = ("GROUNDWORK_BUS_PREFIX", "a b");
    assert_eq!(wrong(&[("AMQP_URL", "amqp://localhost"), database, prefix]).len(), 1);
}

fn with_file(text: &str, pairs: &[(&str, &str)]) -> Result<Settings, InvalidSettings> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, text).unwrap();
    let mut pairs = pairs.to_vec();
    pairs.push(("GROUNDWORK_CONFIG", path.to_str().unwrap()));
    read(&pairs)
}

#[test]
fn the_environment_wins_over_the_file() {
    let text = "http_workers = 7\nhttp_max_body_kib = 5\nhttp_trust_proxy = true";
    let settings = valid(with_file(text, &[("GROUNDWORK_HTTP_WORKERS", "3")]));
    assert_eq!((settings.http.workers, settings.http.max_body), (3, 5 * 1024));
    assert!(settings.http.trust_proxy);
}

#[test]
fn a_file_with_unknown_or_malformed_keys_is_refused() {
    for (text, part) in [
        ("colour = 'red'", "'colour'"),
        ("[http]\nworkers = 2", "'http'"),
        ("http_workers = [1]", "'http_workers'"),
        ("http_workers = 0", "GROUNDWORK_HTTP_WORKERS"),
        ("hmac_secret = tellnobody", "not valid TOML"),
    ] {
        let sentences = with_file(text, &[]).err().expect("refused").0.join(" ");
        assert!(sentences.contains(part) && !sentences.contains("tellnobody"), "{sentences}");
    }
    assert!(wrong(&[("GROUNDWORK_CONFIG", "/nowhere.toml")])[0].contains("/nowhere.toml"));
}

#[test]
fn the_documentation_lists_exactly_these_settings() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
    let document = std::fs::read_to_string(path).unwrap();
    assert!(document.contains(&specs::table()), "replace the table by this:\n{}", specs::table());
}

#[test]
fn what_tells_by_its_time_takes_a_while_in_production() {
    let delay = |pairs: &[(&str, &str)]| valid(read(pairs)).identities.delay;
    let milliseconds = |least, most| (Duration::from_millis(least), Duration::from_millis(most));
    assert_eq!(delay(&[]), milliseconds(0, 0));
    let usual = if cfg!(feature = "testing-only") { (0, 0) } else { (1500, 4000) };
    assert_eq!(delay(&production()), milliseconds(usual.0, usual.1));
    let least = ("GROUNDWORK_SIGN_IN_DELAY_LEAST_MILLISECONDS", "5000");
    let most = ("GROUNDWORK_SIGN_IN_DELAY_MOST_MILLISECONDS", "6000");
    assert_eq!(delay(&[least]), milliseconds(5000, 5000));
    assert_eq!(delay(&[least, most]), milliseconds(5000, 6000));
    let sentences = wrong(&[least, (most.0, "4999")]);
    assert!(sentences.len() == 1 && sentences[0].contains("must not be more"), "{sentences:?}");
}

#[test]
fn production_hashes_passwords_at_a_cost() {
    let with = |memory, passes| {
        let cost =
            [("GROUNDWORK_PASSWORD_MEMORY_KIB", memory), ("GROUNDWORK_PASSWORD_PASSES", passes)];
        [&production()[..], &cost].concat()
    };
    for (memory, passes) in [("35840", "1"), ("7168", "5")] {
        valid(read(&with(memory, passes)));
    }
    let sentences = wrong(&with("7167", "5"));
    assert!(sentences.len() == 1 && sentences[0].contains("35840"), "{sentences:?}");
    valid(read(&with("7167", "5")[4..]));
    let sentences =
        wrong(&[("GROUNDWORK_PASSWORD_MEMORY_KIB", "8"), ("GROUNDWORK_PASSWORD_LANES", "2")]);
    assert!(sentences.len() == 1 && sentences[0].contains("8 or more for each"), "{sentences:?}");
}
