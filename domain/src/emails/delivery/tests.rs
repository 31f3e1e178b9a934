use super::*;
use crate::kernel::testing::given;

type Outcome = Result<Vec<EmailDeliveryEvent>, EmailDeliveryError>;

fn at(second: u8) -> Timestamp {
    Timestamp::parse(&format!("2026-01-01T00:00:{second:02}Z")).expect("valid")
}

fn created() -> EmailDeliveryEvent {
    EmailDeliveryEvent::Created {
        message_id: "m".into(),
        organization_id: None,
        host_region: "r".into(),
        when: at(0),
        mailbox: "digest".into(),
    }
}

fn attempted(second: u8) -> EmailDeliveryEvent {
    EmailDeliveryEvent::SendingAttempted { when: at(second) }
}

fn sent() -> EmailDeliveryEvent {
    EmailDeliveryEvent::SendingSucceeded { receipt_id: "r".into(), when: at(1) }
}

fn delivered() -> EmailDeliveryEvent {
    EmailDeliveryEvent::DeliveryConfirmed { receipt_id: "r".into(), when: at(2) }
}

fn failed() -> EmailDeliveryEvent {
    EmailDeliveryEvent::DeliveryFailureConfirmed {
        receipt_id: "r".into(),
        when: at(2),
        reason: "full".into(),
    }
}

#[test]
fn it_begins_with_a_try() {
    let new = NewEmailDelivery {
        message_id: "m".into(),
        organization_id: None,
        host_region: "r".into(),
        mailbox: "digest".into(),
        emails: vec![],
    };
    assert_eq!(EmailDelivery::begin(new, at(0)), [created(), attempted(0)]);
}

#[test]
fn tries_follow_each_other_and_end_with_success() {
    let now = at(5);
    let again = |delivery: &EmailDelivery| -> Outcome { Ok(delivery.attempt(now)) };
    let before = EmailDeliveryEvent::SendingFailed { when: at(1) };
    given([created(), attempted(0), before]).when(again).then([attempted(5)]);
    // The clock stands still, or went back.
    let later = EmailDeliveryEvent::SendingAttempted { when: at(9).plus(Duration::MICROSECOND) };
    given([created(), attempted(9)]).when(again).then([later]);
    given([created(), attempted(0), sent()]).when(again).then([]);
}

#[test]
fn only_a_try_has_an_outcome_and_success_is_final() {
    let succeed = |delivery: &EmailDelivery| delivery.succeed("r".into(), at(1));
    let fail = |delivery: &EmailDelivery| delivery.fail(at(1));
    given([created(), attempted(0)]).when(succeed).then([sent()]);
    given([created()]).when(succeed).then_error(&EmailDeliveryError::NotAttempted);
    given([created()]).when(fail).then_error(&EmailDeliveryError::NotAttempted);
    let done = [created(), attempted(0), sent()];
    given(done.clone()).when(succeed).then_error(&EmailDeliveryError::AlreadySent);
    given(done).when(fail).then_error(&EmailDeliveryError::AlreadySent);
}

#[test]
fn reports_are_about_what_was_sent_and_did_not_arrive() {
    let arrived = |delivery: &EmailDelivery| delivery.confirm_delivery(at(2));
    let lost = |delivery: &EmailDelivery| delivery.confirm_failure("full".into(), at(2));
    let tried = [created(), attempted(0)];
    given(tried.clone()).when(arrived).then_error(&EmailDeliveryError::NotSent);
    given(tried).when(lost).then_error(&EmailDeliveryError::NotSent);
    let on_its_way = [created(), attempted(0), sent()];
    given(on_its_way.clone()).when(arrived).then([delivered()]);
    given(on_its_way).when(lost).then([failed()]);
    let gone = [created(), attempted(0), sent(), failed()];
    given(gone.clone()).when(lost).then([]);
    given(gone).when(arrived).then([delivered()]);
    let there = [created(), attempted(0), sent(), failed(), delivered()];
    given(there.clone()).when(arrived).then_error(&EmailDeliveryError::AlreadyDelivered);
    given(there).when(lost).then_error(&EmailDeliveryError::AlreadyDelivered);
}

#[test]
fn what_it_says_is_encrypted_for_the_mailbox() {
    let mut delivery = EmailDelivery::default();
    assert_eq!(delivery.subject("x"), None);
    delivery.evolve(&created());
    assert_eq!(delivery.subject("x").as_deref(), Some("mailbox_digest"));
}
