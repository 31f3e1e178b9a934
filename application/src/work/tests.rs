use std::sync::Mutex;

use domain::kernel::{IdToken, OrganizationId, UserId};

use super::*;
use crate::{Caller, audits::AuditMessage, ports::Consumed};

/// Ids that count.
#[derive(Default)]
struct Counting(Mutex<u128>);

impl Ids for Counting {
    fn token(&self) -> IdToken {
        IdToken::from_bits(0)
    }
    fn event_id(&self) -> Uuid {
        let mut last = self.0.lock().expect("whole");
        *last += 1;
        Uuid::from_u128(*last)
    }
}

fn message() -> AuditMessage {
    AuditMessage { audit_code: Some("a.code".into()), ..AuditMessage::default() }
}

fn enqueue(call: &Call, ids: &Counting) {
    call.enqueue(|own| compose(call, &message(), "aregion", ids, own)).expect("JSON");
}

fn ids_of(call: &Call) -> Vec<String> {
    call.work().into_iter().map(|message| message.id).collect()
}

/// A call of a reaction to one event.
fn reacting(consumer: &str) -> Call {
    let mut call = Call::new(Caller::maintenance(), "acall".into());
    call.causation = Some("019b0000-0000-7000-8000-000000000001".into());
    let consumer = consumer.to_owned();
    call.consume(Consumed { consumer, part: 0, from: 0, to: 1, settles: None });
    call
}

#[test]
fn a_message_says_what_caused_it() {
    let mut call = Call::new(Caller::maintenance(), "acall".into());
    enqueue(&call, &Counting::default());
    call.tenant = OrganizationId::parse("org_aaaaaaaaaa").ok();
    enqueue(&call, &Counting::default());
    let bodies: Vec<String> = call.work().into_iter().map(|message| message.body).collect();
    let first = "{\"MessageId\":\"audits_00000000000000000000000000000001\",\"CallId\":\"acall\",\
         \"CallerId\":\"xxx_maintenance00000000001\",\"OriginHostRegion\":\"aregion\",\
         \"AuditCode\":\"a.code\"}";
    assert_eq!(bodies[0], first);
    assert!(bodies[1].contains("\"TenantId\":\"org_aaaaaaaaaa\""), "{}", bodies[1]);
    let (envelope, read) = read::<AuditMessage>(Some(&bodies[0])).expect("readable");
    assert_eq!(read, message());
    assert_eq!(envelope.caller_id.as_deref(), Some(UserId::MAINTENANCE));
}

#[test]
fn what_reacts_again_enqueues_the_same_ids() {
    let none = Counting::default();
    let (once, again, other) = (reacting("mailer"), reacting("mailer"), reacting("auditor"));
    for call in [&once, &again, &other] {
        enqueue(call, &none);
        enqueue(call, &none);
    }
    assert_eq!(ids_of(&once), ids_of(&again));
    assert_ne!(ids_of(&once)[0], ids_of(&once)[1], "each message of a call has its own");
    assert_ne!(ids_of(&once)[0], ids_of(&other)[0], "each reaction has its own");
    assert!(ids_of(&once).iter().all(|id| is_message_id(id)));
    once.committed(&Appended { position: 1 }, None, &[]);
    assert!(ids_of(&once).is_empty(), "the append has it");
    enqueue(&once, &none);
    assert!(!ids_of(&again).contains(&ids_of(&once)[0]), "numbers go on after an append");
}

#[test]
fn without_a_cause_ids_are_new() {
    let ids = Counting::default();
    let call = Call::new(Caller::anonymous(), "acall".into());
    enqueue(&call, &ids);
    enqueue(&call, &ids);
    assert_ne!(ids_of(&call)[0], ids_of(&call)[1]);
}

#[test]
fn ids_of_messages_have_one_form() {
    let hex = "0123456789abcdef0123456789abcdef";
    for good in ["audits", "tenant-provisionings", "a_b", &"q".repeat(100)] {
        assert!(is_message_id(&format!("{good}_{hex}")), "{good}");
    }
    for bad in [
        hex.to_owned(),
        format!("_{hex}"),
        format!("a_{hex}"),
        format!("{}_{hex}", "q".repeat(101)),
        format!("aüdits_{hex}"),
        format!("audits_{}", &hex[1..]),
        format!("audits_{}", hex.to_uppercase()),
        format!("audits{hex}"),
    ] {
        assert!(!is_message_id(&bad), "{bad}");
    }
    assert_eq!(number_of(&format!("audits_{:032x}", 77)), Some(77));
}

#[test]
fn messages_are_read_whatever_their_case_and_refused_without_being_repeated() {
    let text = r#"{"messageid":"m","AUDITCODE":"c","Arguments":["x"]}"#;
    let (envelope, read_message) = read::<AuditMessage>(Some(text)).expect("readable");
    assert_eq!(envelope.message_id.as_deref(), Some("m"));
    assert_eq!(read_message.audit_code.as_deref(), Some("c"));
    for empty in [None, Some(""), Some(" ")] {
        assert!(matches!(read::<AuditMessage>(empty), Err(Error::Validation(_))));
    }
    for bad in ["secret", "[]", r#"{"Arguments":"secret"}"#] {
        let error = read::<AuditMessage>(Some(bad)).expect_err("malformed");
        assert_eq!(error.kind(), Some(ErrorKind::Rule));
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
