//! Who is a customer, and whom they pay.

use domain::Aggregate;
use domain::customer::{
    Customer, CustomerCommand, CustomerEvent, CustomerRefusal, CustomerStatus, EmailAddress, MAX_PAYEES,
    PersonName, Sealed,
};
use domain::ids::PayeeId;
use uuid::Uuid;

use crate::fixtures::*;
use crate::given::given;

fn sealed(text: &str) -> Sealed {
    text.parse().expect("a sealed text")
}

fn payee_id(number: u128) -> PayeeId {
    PayeeId(Uuid::from_u128(number))
}

fn registered() -> CustomerEvent {
    CustomerEvent::CustomerRegistered { customer_id: alice(), profile: sealed("profile"), at: noon() }
}

fn saved(number: u128) -> CustomerEvent {
    let account_id = Uuid::from_u128(number).into();
    CustomerEvent::PayeeSaved { payee_id: payee_id(number), account_id, name: sealed("name"), at: at(1) }
}

fn save(number: u128, name: &str) -> CustomerCommand {
    CustomerCommand::SavePayee {
        actor: actor(name),
        payee_id: payee_id(number),
        account_id: Uuid::from_u128(number).into(),
        name: sealed("name"),
        now: at(1),
    }
}

fn remove(number: u128, name: &str) -> CustomerCommand {
    CustomerCommand::RemovePayee { actor: actor(name), payee_id: payee_id(number), now: at(2) }
}

fn request_erasure(name: &str) -> CustomerCommand {
    CustomerCommand::RequestErasure { actor: actor(name), now: at(3) }
}

fn change_profile(name: &str) -> CustomerCommand {
    CustomerCommand::ChangeProfile { actor: actor(name), profile: sealed("other"), now: at(2) }
}

fn record_erasure() -> CustomerCommand {
    CustomerCommand::RecordErasure { now: at(4) }
}

fn erasure_requested() -> CustomerEvent {
    CustomerEvent::ErasureRequested { at: at(3) }
}

fn erased() -> CustomerEvent {
    CustomerEvent::CustomerErased { at: at(4) }
}

#[test]
fn somebody_registers_once() {
    let register =
        CustomerCommand::Register { customer_id: alice(), profile: sealed("profile"), now: noon() };
    given::<Customer>([]).when(register.clone()).then([registered()]);
    for past in [vec![registered()], vec![registered(), erasure_requested(), erased()]] {
        given::<Customer>(past).when(register.clone()).then_refused(CustomerRefusal::AlreadyRegistered);
    }
}

#[test]
fn a_registration_that_was_given_up_cannot_be_made_good() {
    let give_up = || CustomerCommand::GiveUpClaim { now: at(1) };
    let abandoned = || CustomerEvent::RegistrationAbandoned { at: at(1) };
    given::<Customer>([]).when(give_up()).then([abandoned()]);
    given::<Customer>([abandoned()]).when(give_up()).then_nothing();

    let register =
        CustomerCommand::Register { customer_id: alice(), profile: sealed("profile"), now: noon() };
    given::<Customer>([abandoned()]).when(register).then_refused(CustomerRefusal::RegistrationAbandoned);
    let commands = [change_profile("alice"), save(1, "alice"), request_erasure("alice"), record_erasure()];
    for command in commands {
        given::<Customer>([abandoned()]).when(command).then_refused(CustomerRefusal::CustomerNotFound);
    }
    let state = given::<Customer>([abandoned()]).state();
    assert_eq!((state.known(), state.deadline(), state.is_abandoned()), (None, None, true));
}

#[test]
fn a_claim_of_a_customer_that_lapses_moves_nothing_but_the_version() {
    let give_up = || CustomerCommand::GiveUpClaim { now: at(1) };
    let lapsed = CustomerEvent::AddressClaimLapsed { at: at(1) };
    given::<Customer>([registered()]).when(give_up()).then([lapsed.clone()]);
    let before = given::<Customer>([registered(), saved(1)]).state();
    assert_eq!(given::<Customer>([registered(), saved(1), lapsed]).state(), before);
    for past in [vec![registered(), erasure_requested()], vec![registered(), erasure_requested(), erased()]] {
        given::<Customer>(past).when(give_up()).then_nothing();
    }
}

#[test]
fn a_profile_changes_as_a_whole() {
    let changed = CustomerEvent::CustomerProfileChanged { profile: sealed("other"), at: at(2) };
    given::<Customer>([registered()]).when(change_profile("alice")).then([changed.clone()]);
    let customer = given::<Customer>([registered(), changed]).state();
    assert_eq!(customer.active().expect("a customer").profile, sealed("other"));
}

#[test]
fn a_payee_is_saved_once_and_removed_once() {
    given::<Customer>([registered()]).when(save(1, "alice")).then([saved(1)]);
    given::<Customer>([registered(), saved(1)])
        .when(save(1, "alice"))
        .then_refused(CustomerRefusal::PayeeAlreadySaved);
    let removed = CustomerEvent::PayeeRemoved { payee_id: payee_id(1), at: at(2) };
    given::<Customer>([registered(), saved(1)]).when(remove(1, "alice")).then([removed.clone()]);
    given::<Customer>([registered(), saved(1), removed])
        .when(remove(1, "alice"))
        .then_refused(CustomerRefusal::PayeeNotFound);
}

#[test]
fn payees_are_bounded() {
    let full = || [registered()].into_iter().chain((1..=MAX_PAYEES as u128).map(saved));
    given::<Customer>(full())
        .when(save(MAX_PAYEES as u128 + 1, "alice"))
        .then_refused(CustomerRefusal::TooManyPayees);
    let last_fits = full().take(MAX_PAYEES);
    given::<Customer>(last_fits).when(save(MAX_PAYEES as u128, "alice")).then([saved(MAX_PAYEES as u128)]);
}

#[test]
fn to_an_outsider_a_customer_is_not_there_and_an_erased_one_is_there_for_nobody() {
    let commands = |name| [change_profile(name), save(2, name), remove(1, name), request_erasure(name)];
    for command in commands("mallory") {
        given::<Customer>([registered(), saved(1)])
            .when(command)
            .then_refused(CustomerRefusal::CustomerNotFound);
    }
    for past in [
        vec![],
        vec![registered(), erasure_requested()],
        vec![registered(), saved(1), erasure_requested(), erased()],
    ] {
        for command in commands("alice").into_iter().chain(commands("operator:olga")) {
            given::<Customer>(past.clone()).when(command).then_refused(CustomerRefusal::CustomerNotFound);
        }
    }
}

#[test]
fn an_erasure_is_due_from_the_request_until_the_key_is_destroyed() {
    given::<Customer>([registered()]).when(request_erasure("alice")).then([erasure_requested()]);
    given::<Customer>([registered()]).when(request_erasure("operator:olga")).then([erasure_requested()]);
    let erasing = [registered(), erasure_requested()];
    assert_eq!(given::<Customer>(erasing.clone()).state().deadline(), Some(at(3)));
    given::<Customer>(erasing).when(record_erasure()).then([erased()]);

    let gone = [registered(), saved(1), erasure_requested(), erased()];
    given::<Customer>(gone.clone()).when(record_erasure()).then_nothing();
    let gone = given::<Customer>(gone).state();
    assert_eq!((gone.deadline(), gone.active()), (None, None));
    let gone = gone.known().expect("still known to have been a customer");
    assert_eq!((gone.status, gone.payees.len()), (CustomerStatus::Erased, 0));
}

#[test]
fn an_erasure_that_nobody_asked_for_is_not_recorded() {
    for past in [vec![], vec![registered()]] {
        given::<Customer>(past).when(record_erasure()).then_refused(CustomerRefusal::CustomerNotFound);
    }
}

#[test]
fn an_email_address_is_a_name_and_a_domain() {
    let long = format!("{}@example.org", "a".repeat(64));
    for right in ["ada@example.org", "a.b+c@x-y.example", "A@localhost", &long] {
        assert_eq!(right.parse::<EmailAddress>().expect("an address").as_str(), right);
    }
    let too_long = format!("{}@example.org", "a".repeat(65));
    let much_too_long = format!("a@{}", ["b".repeat(63).as_str(); 4].join("."));
    for wrong in [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@exa mple.org",
        "ada lovelace@example.org",
        "ada@-example.org",
        "ada@example..org",
        "ädä@example.org",
        "ada@example.org\n",
        &too_long,
        &much_too_long,
    ] {
        let error = wrong.parse::<EmailAddress>().expect_err(wrong);
        assert!(error.to_string().starts_with("an e-mail address is NAME@DOMAIN"), "{error}");
    }
    let shouted = "ADA@Example.Org".parse::<EmailAddress>().expect("an address");
    assert_eq!(shouted.folded(), "ada@example.org");
}

#[test]
fn a_name_is_printable_and_has_no_space_around_it() {
    assert!("Ada Lovelace, née Byron".parse::<PersonName>().is_ok());
    for wrong in ["", " Ada", "Ada ", "Ada\n", &"n".repeat(101)] {
        assert!(wrong.parse::<PersonName>().is_err(), "{wrong:?}");
    }
}

#[test]
fn nothing_personal_is_in_a_debug_text() {
    let email = "ada@example.org".parse::<EmailAddress>().expect("an address");
    let name = "Ada".parse::<PersonName>().expect("a name");
    let text = format!("{email:?} {name:?} {:?}", registered());
    assert!(!text.contains("example") && !text.contains("Ada") && !text.contains("profile\""), "{text}");
}
