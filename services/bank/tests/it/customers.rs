//! Who somebody is: registering, signing in, staying signed in, payees, and being forgotten.

use std::collections::BTreeSet;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

use crate::client::{Answer, Bank, fresh_key};
use crate::leaks::{MAIL_DOMAIN, PASSWORD, SURNAME};
use crate::on_every_stage;
use crate::stage::Stage;

on_every_stage! {
    a_customer_registers_signs_in_and_opens_an_account,
    a_registration_is_carried_out_once,
    of_many_registrations_with_one_address_one_succeeds,
    a_refresh_token_is_good_once_and_ends_its_session_when_it_comes_again,
    of_many_uses_of_one_refresh_token_at_most_one_succeeds,
    a_session_ends_when_its_customer_signs_out,
    wrong_passwords_are_counted,
    a_profile_is_changed_field_by_field,
    what_was_done_under_a_key_is_answered_again_whatever_changed_since,
    a_changed_password_ends_the_other_sessions,
    payees_are_found_by_address_saved_and_removed,
    who_asks_to_be_forgotten_is_no_customer_any_more,
    an_operator_forgets_a_customer,
    wrong_input_is_told_and_changes_nothing,
}

/// Somebody whom no other test knows.
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) name: String,
}

impl Person {
    pub(crate) fn new(name: &str) -> Self {
        let email = format!("{}.{}@{MAIL_DOMAIN}", name.to_lowercase(), Uuid::now_v7().simple());
        Self { email, name: format!("{name} {SURNAME}") }
    }

    fn registration(&self) -> Value {
        json!({"email": self.email, "name": self.name, "password": PASSWORD})
    }
}

/// A person who has registered and signed in.
pub(crate) struct Customer {
    pub(crate) id: Uuid,
    pub(crate) bank: Bank,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
}

pub(crate) async fn register(bank: &Bank, person: &Person) -> Customer {
    let stranger = bank.with_token(None);
    stranger.post("/v1/customers", &[], person.registration()).await.expect(201);
    signed_in(bank, &sign_in(&stranger, &person.email, PASSWORD).await.expect(201))
}

fn signed_in(bank: &Bank, session: &Answer) -> Customer {
    let text = |field: &str| session.body[field].as_str().expect("a text").to_owned();
    Customer {
        id: text("customerId").parse().expect("a UUID"),
        bank: bank.with_token(Some(&text("accessToken"))),
        token: text("accessToken"),
        refresh_token: text("refreshToken"),
    }
}

async fn sign_in(bank: &Bank, email: &str, password: &str) -> Answer {
    bank.with_token(None).post("/v1/sessions", &[], json!({"email": email, "password": password})).await
}

async fn refresh(bank: &Bank, token: &str) -> Answer {
    bank.with_token(None).post("/v1/sessions/refresh", &[], json!({"refreshToken": token})).await
}

async fn send(
    bank: &Bank,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Answer {
    let body = body.map(|body| body.to_string());
    bank.call(method, path, headers, body).await.expect("the bank answers")
}

async fn change(customer: &Customer, body: Value) -> Answer {
    send(&customer.bank, Method::PATCH, "/v1/customers/me", &[], Some(body)).await
}

async fn erase(bank: &Bank, path: &str) -> Answer {
    send(bank, Method::DELETE, path, &[], None).await
}

async fn payees(customer: &Customer) -> Vec<Value> {
    let answer = customer.bank.get("/v1/customers/me/payees").await.expect(200);
    answer.body["items"].as_array().expect("items").clone()
}

/// What is found under an address. The view may lag, so it waits for so many accounts.
pub(crate) async fn found(customer: &Customer, email: &str, number: usize) -> Vec<Value> {
    eventually(|| async {
        let body = json!({"email": email});
        let answer = customer.bank.post("/v1/customers/me/payees/find", &[], body).await.expect(200);
        let items = answer.body["items"].as_array().expect("items").clone();
        if items.len() == number { Ok(items) } else { Err(answer) }
    })
    .await
}

async fn a_customer_registers_signs_in_and_opens_an_account(stage: Stage) {
    let ada = Person::new("Ada");
    let customer = register(stage.bank(), &ada).await;

    let profile = customer.bank.get("/v1/customers/me").await.expect(200);
    assert_eq!((profile.id(), profile.version()), (customer.id.to_string(), 1));
    assert_eq!((&profile.body["email"], &profile.body["name"]), (&ada.email.into(), &ada.name.into()));
    assert_eq!(profile.header("etag"), "\"1\"");

    let body = json!({"title": "Daily", "currency": "USD", "initialBalance": 100});
    let account = customer.bank.post("/v1/accounts", &[], body).await.expect(201).id();
    let document = customer.bank.balance_becomes(&account, 100).await;
    assert_eq!(document.body["customerId"], customer.id.to_string());
    stage.end().await;
}

async fn a_registration_is_carried_out_once(stage: Stage) {
    let bank = stage.bank().with_token(None);
    let (ada, key) = (Person::new("Ada"), fresh_key());
    let headers = [("idempotency-key", key.as_str())];
    let first = bank.post("/v1/customers", &headers, ada.registration()).await.expect(201);

    let again = bank.post("/v1/customers", &headers, ada.registration()).await.expect(201);
    assert_eq!((again.id(), again.header("idempotent-replayed")), (first.id(), "true"));

    let other = json!({"email": ada.email, "name": "Somebody Else", "password": PASSWORD});
    bank.post("/v1/customers", &headers, other).await.expect_problem(422, "idempotency-key-reused");
    let guessed = json!({"email": ada.email, "name": ada.name, "password": "incorrect horse"});
    bank.post("/v1/customers", &headers, guessed).await.expect_problem(422, "idempotency-key-reused");
    // Strangers choose the same key by chance; their addresses tell them apart.
    let elsewhere = bank.post("/v1/customers", &headers, Person::new("Ada").registration()).await.expect(201);
    assert_ne!(elsewhere.id(), first.id());

    let shouted = json!({"email": ada.email.to_uppercase(), "name": "Ada", "password": PASSWORD});
    bank.post("/v1/customers", &[], shouted).await.expect_problem(409, "email-taken");
    stage.end().await;
}

async fn of_many_registrations_with_one_address_one_succeeds(stage: Stage) {
    let bank = stage.bank().with_token(None);
    let ada = Person::new("Ada");
    let (bank, ada) = (&bank, &ada);

    let answers = join_all((0..8).map(|_| bank.post("/v1/customers", &[], ada.registration()))).await;

    let ids: Vec<_> = answers.iter().filter(|answer| answer.status == 201).map(Answer::id).collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    for refused in answers.into_iter().filter(|answer| answer.status != 201) {
        refused.expect_problem(409, "email-taken");
    }
    let session = sign_in(bank, &ada.email, PASSWORD).await.expect(201);
    assert_eq!(session.body["customerId"], ids[0].as_str());

    // Under one key all of them are the same registration.
    let (charles, key) = (Person::new("Charles"), fresh_key());
    let (charles, headers) = (&charles, [("idempotency-key", key.as_str())]);
    let same = join_all((0..8).map(|_| bank.post("/v1/customers", &headers, charles.registration()))).await;
    let (told, accepted): (Vec<_>, Vec<_>) = same.into_iter().partition(|answer| answer.status == 409);
    assert!(told.iter().all(|answer| answer.code() == "idempotency-key-in-use"), "{told:?}");
    let ids: BTreeSet<_> = accepted.into_iter().map(|answer| answer.expect(201).id()).collect();
    assert_eq!(ids.len(), 1);
    stage.end().await;
}

async fn a_refresh_token_is_good_once_and_ends_its_session_when_it_comes_again(stage: Stage) {
    let customer = register(stage.bank(), &Person::new("Ada")).await;

    let next = signed_in(stage.bank(), &refresh(stage.bank(), &customer.refresh_token).await.expect(201));
    assert_eq!(next.id, customer.id);
    assert_ne!(next.refresh_token, customer.refresh_token);
    next.bank.get("/v1/customers/me").await.expect(200);

    // Whoever comes with the old one stole it, or was stolen from: nobody goes on with this session.
    refresh(stage.bank(), &customer.refresh_token).await.expect_problem(401, "refresh-refused");
    refresh(stage.bank(), &next.refresh_token).await.expect_problem(401, "refresh-refused");
    refresh(stage.bank(), "never issued").await.expect_problem(401, "refresh-refused");
    stage.end().await;
}

async fn of_many_uses_of_one_refresh_token_at_most_one_succeeds(stage: Stage) {
    let customer = register(stage.bank(), &Person::new("Ada")).await;

    let answers = join_all((0..8).map(|_| refresh(stage.bank(), &customer.refresh_token))).await;

    let good: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(good.len(), 1, "{answers:?}");
    // The others were reuse, so that the session has ended for the one that got through, too.
    let next = signed_in(stage.bank(), good[0]);
    refresh(stage.bank(), &next.refresh_token).await.expect_problem(401, "refresh-refused");
    stage.end().await;
}

async fn a_session_ends_when_its_customer_signs_out(stage: Stage) {
    let ada = Person::new("Ada");
    let customer = register(stage.bank(), &ada).await;
    let elsewhere = signed_in(stage.bank(), &sign_in(stage.bank(), &ada.email, PASSWORD).await.expect(201));

    for _ in 0..2 {
        erase(&customer.bank, "/v1/sessions/current").await.expect(204);
    }

    refresh(stage.bank(), &customer.refresh_token).await.expect_problem(401, "refresh-refused");
    refresh(stage.bank(), &elsewhere.refresh_token).await.expect(201);
    stage.end().await;
}

async fn wrong_passwords_are_counted(stage: Stage) {
    let ada = Person::new("Ada");
    register(stage.bank(), &ada).await;
    let unknown = sign_in(stage.bank(), &Person::new("Nobody").email, PASSWORD).await;
    unknown.expect_problem(401, "wrong-credentials");
    let wrong = || sign_in(stage.bank(), &ada.email, "incorrect horse");

    // A right one in between starts the count again.
    for _ in 0..9 {
        wrong().await.expect_problem(401, "wrong-credentials");
    }
    sign_in(stage.bank(), &ada.email, PASSWORD).await.expect(201);

    // All at once is no way around it.
    let answers = join_all((0..16).map(|_| wrong())).await;
    let counted = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(counted, 10, "{answers:?}");
    let locked = sign_in(stage.bank(), &ada.email, PASSWORD).await.expect_problem(429, "too-many-attempts");
    let seconds: u64 = locked.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{locked:?}");
    stage.end().await;
}

async fn a_profile_is_changed_field_by_field(stage: Stage) {
    let (ada, moved, other) = (Person::new("Ada"), Person::new("Ada"), Person::new("Other"));
    let customer = register(stage.bank(), &ada).await;
    register(stage.bank(), &other).await;

    let changed = change(&customer, json!({"name": "Ada Lovelace"})).await.expect(200);
    assert_eq!(changed.version(), 2);
    change(&customer, json!({"email": other.email})).await.expect_problem(409, "email-taken");
    change(&customer, json!({"email": moved.email})).await.expect(200);

    let profile = customer.bank.get("/v1/customers/me").await.expect(200);
    assert_eq!(profile.body["name"], "Ada Lovelace");
    assert_eq!(profile.body["email"], moved.email.as_str());
    sign_in(stage.bank(), &moved.email, PASSWORD).await.expect(201);
    sign_in(stage.bank(), &ada.email, PASSWORD).await.expect_problem(401, "wrong-credentials");
    // The old address is free again.
    register(stage.bank(), &ada).await;

    let path = "/v1/customers/me";
    let stale = [("if-match", "\"1\"")];
    let body = || Some(json!({"name": "Augusta"}));
    let refused = send(&customer.bank, Method::PATCH, path, &stale, body()).await;
    refused.expect_problem(412, "version-mismatch");
    let current = format!("\"{}\"", profile.version());
    send(&customer.bank, Method::PATCH, path, &[("if-match", &current)], body()).await.expect(200);

    // Two changes at once lose neither.
    let at_once = Person::new("Ada");
    let (named, reached) = tokio::join!(
        change(&customer, json!({"name": "Both"})),
        change(&customer, json!({"email": at_once.email})),
    );
    named.expect(200);
    reached.expect(200);
    let profile = customer.bank.get(path).await.expect(200);
    assert_eq!((&profile.body["name"], &profile.body["email"]), (&"Both".into(), &at_once.email.into()));
    stage.end().await;
}

async fn what_was_done_under_a_key_is_answered_again_whatever_changed_since(stage: Stage) {
    let (ada, charles) = (Person::new("Ada"), Person::new("Charles"));
    let stranger = stage.bank().with_token(None);
    let registered = fresh_key();
    let registration = async || {
        let headers = [("idempotency-key", registered.as_str())];
        stranger.post("/v1/customers", &headers, ada.registration()).await.expect(201)
    };
    let first = registration().await;
    let customer = signed_in(stage.bank(), &sign_in(&stranger, &ada.email, PASSWORD).await.expect(201));
    let other = register(stage.bank(), &charles).await;
    let account = stage.bank().open_for(&other.id.to_string(), "USD", 0).await;
    found(&customer, &charles.email, 1).await;
    let payee_key = fresh_key();
    let save = async || {
        let (headers, body) =
            ([("idempotency-key", payee_key.as_str())], json!({"accountId": account, "name": "C"}));
        customer.bank.post("/v1/customers/me/payees", &headers, body).await.expect(201)
    };
    let saved = save().await;
    let (moved, profile_key) = (Person::new("Ada"), fresh_key());
    let move_to = async || {
        let (headers, body) = ([("idempotency-key", profile_key.as_str())], json!({"email": moved.email}));
        send(&customer.bank, Method::PATCH, "/v1/customers/me", &headers, Some(body)).await.expect(200)
    };
    let changed = move_to().await;

    // The address is somebody else's by now, as is the new one, and the account is closed.
    let last = Person::new("Ada");
    change(&customer, json!({"email": last.email})).await.expect(200);
    register(stage.bank(), &ada).await;
    register(stage.bank(), &moved).await;
    stage.bank().change(&account, "close").await.expect(200);
    found(&customer, &charles.email, 0).await;

    for (again, before) in [(registration().await, first), (save().await, saved), (move_to().await, changed)]
    {
        assert_eq!((&again.body, again.header("idempotent-replayed")), (&before.body, "true"));
    }
    let profile = customer.bank.get("/v1/customers/me").await.expect(200);
    assert_eq!(profile.body["email"], last.email.as_str());
    stage.end().await;
}

async fn a_changed_password_ends_the_other_sessions(stage: Stage) {
    let ada = Person::new("Ada");
    let customer = register(stage.bank(), &ada).await;
    let other = signed_in(stage.bank(), &sign_in(stage.bank(), &ada.email, PASSWORD).await.expect(201));
    let path = "/v1/customers/me/password";
    let body = |current: &str| Some(json!({"currentPassword": current, "newPassword": "another horse"}));

    let refused = send(&customer.bank, Method::PUT, path, &[], body("incorrect horse")).await;
    refused.expect_problem(403, "wrong-password");
    send(&customer.bank, Method::PUT, path, &[], body(PASSWORD)).await.expect(204);

    refresh(stage.bank(), &other.refresh_token).await.expect_problem(401, "refresh-refused");
    refresh(stage.bank(), &customer.refresh_token).await.expect(201);
    sign_in(stage.bank(), &ada.email, PASSWORD).await.expect_problem(401, "wrong-credentials");
    sign_in(stage.bank(), &ada.email, "another horse").await.expect(201);
    stage.end().await;
}

async fn payees_are_found_by_address_saved_and_removed(stage: Stage) {
    let (ada, charles) = (Person::new("Ada"), Person::new("Charles"));
    let (payer, payee) = (register(stage.bank(), &ada).await, register(stage.bank(), &charles).await);
    let own = stage.bank().open_for(&payer.id.to_string(), "USD", 50).await;
    let account = stage.bank().open_for(&payee.id.to_string(), "USD", 0).await;
    let closed = stage.bank().open_for(&payee.id.to_string(), "EUR", 0).await;
    stage.bank().change(&closed, "close").await.expect(200);

    let accounts = found(&payer, &charles.email.to_uppercase(), 1).await;
    assert_eq!(accounts, [json!({"accountId": account, "currency": "USD"})]);
    // Neither nobody nor oneself is found.
    assert!(found(&payer, &Person::new("Nobody").email, 0).await.is_empty());
    assert!(found(&payer, &ada.email, 0).await.is_empty());

    let save = |account: &str| {
        let body = json!({"accountId": account, "name": "Mr Babbage"});
        let bank = payer.bank.clone();
        async move { bank.post("/v1/customers/me/payees", &[], body).await }
    };
    let saved = save(&account).await.expect(201);
    let payee_id = saved.body["payeeId"].as_str().expect("an id").to_owned();
    assert_eq!(saved.header("location"), format!("/v1/customers/me/payees/{payee_id}"));
    save(&account).await.expect_problem(409, "payee-already-saved");
    // What is one's own is no payee; the view learns of it in its time.
    eventually(|| async {
        let answer = save(&own).await;
        if answer.code() == "own-account" { Ok(()) } else { Err(answer) }
    })
    .await;
    save(&closed).await.expect_problem(404, "account-not-found");
    save(&Uuid::now_v7().to_string()).await.expect_problem(404, "account-not-found");

    let list = payees(&payer).await;
    assert_eq!((list.len(), &list[0]["id"]), (1, &payee_id.as_str().into()));
    assert_eq!((&list[0]["accountId"], &list[0]["name"]), (&account.as_str().into(), &"Mr Babbage".into()));
    assert_eq!(payer.bank.transfer(&own, &account, 20).await.state(), "completed");

    let path = format!("/v1/customers/me/payees/{payee_id}");
    // Nobody else's payee can be removed.
    erase(&payee.bank, &path).await.expect_problem(404, "payee-not-found");
    erase(&payer.bank, &path).await.expect(200);
    erase(&payer.bank, &path).await.expect_problem(404, "payee-not-found");
    assert!(payees(&payer).await.is_empty());
    stage.end().await;
}

async fn who_asks_to_be_forgotten_is_no_customer_any_more(stage: Stage) {
    let (ada, charles) = (Person::new("Ada"), Person::new("Charles"));
    let (customer, other) = (register(stage.bank(), &ada).await, register(stage.bank(), &charles).await);
    let account = stage.bank().open_for(&customer.id.to_string(), "USD", 70).await;
    let target = stage.bank().open_for(&other.id.to_string(), "USD", 0).await;
    assert_eq!(customer.bank.transfer(&account, &target, 30).await.state(), "completed");
    found(&other, &ada.email, 1).await;

    let key = fresh_key();
    let headers = [("idempotency-key", key.as_str())];
    let forget = || send(&customer.bank, Method::DELETE, "/v1/customers/me", &headers, None);
    forget().await.expect(200);

    assert_eq!(forget().await.expect(200).header("idempotent-replayed"), "true");
    erase(&customer.bank, "/v1/customers/me").await.expect_problem(404, "customer-not-found");
    customer.bank.get("/v1/customers/me").await.expect_problem(404, "customer-not-found");
    sign_in(stage.bank(), &ada.email, PASSWORD).await.expect_problem(401, "wrong-credentials");
    refresh(stage.bank(), &customer.refresh_token).await.expect_problem(401, "refresh-refused");
    assert!(found(&other, &ada.email, 0).await.is_empty());
    // The money is where it was.
    stage.bank().balance_becomes(&account, 40).await;
    stage.bank().balance_becomes(&target, 30).await;
    // And the address may begin anew, as somebody else.
    let anew = register(stage.bank(), &ada).await;
    assert_ne!(anew.id, customer.id);
    stage.end().await;
}

async fn an_operator_forgets_a_customer(stage: Stage) {
    let ada = Person::new("Ada");
    let customer = register(stage.bank(), &ada).await;
    let path = format!("/v1/customers/{}", customer.id);

    erase(&customer.bank, &path).await.expect_problem(403, "forbidden");
    erase(stage.bank(), &path).await.expect(200);

    customer.bank.get("/v1/customers/me").await.expect_problem(404, "customer-not-found");
    erase(stage.bank(), &path).await.expect_problem(404, "customer-not-found");
    // An operator is no customer.
    stage.bank().get("/v1/customers/me").await.expect_problem(404, "customer-not-found");
    stage.end().await;
}

async fn wrong_input_is_told_and_changes_nothing(stage: Stage) {
    let stranger = stage.bank().with_token(None);
    let ada = Person::new("Ada");
    for (field, value) in [
        ("email", json!("no address")),
        ("email", json!(7)),
        ("name", json!("")),
        ("name", json!("line\nbreak")),
        ("password", json!("short")),
        ("password", json!("p".repeat(201))),
        ("age", json!(36)),
    ] {
        let mut body = ada.registration();
        body[field] = value;
        let told = stranger.post("/v1/customers", &[], body).await.expect_problem(422, "invalid-body");
        assert_eq!(told.body["pointer"], format!("/{field}"), "{told:?}");
    }
    sign_in(&stranger, &ada.email, PASSWORD).await.expect_problem(401, "wrong-credentials");

    let customer = register(stage.bank(), &ada).await;
    let before = customer.bank.get("/v1/customers/me").await.expect(200);
    change(&customer, json!({})).await.expect_problem(422, "invalid-body");
    change(&customer, json!({"email": "no address"})).await.expect_problem(422, "invalid-body");
    let path = "/v1/customers/me/payees/no-uuid";
    erase(&customer.bank, path).await.expect_problem(400, "invalid-path");
    let after = customer.bank.get("/v1/customers/me").await.expect(200);
    assert_eq!(after.body, before.body);
    stage.end().await;
}
