//! Webhooks end to end: who hears of what, and what is made of receivers that fail.

mod receiver;

use reqwest::Method;
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

use crate::client::{Answer, Bank, fresh_key, usd};
use crate::customers::{Person, register};
use crate::on_both_shapes;
use crate::stage::Stage;
use receiver::Receiver;

on_both_shapes! {
    each_customer_hears_of_their_own_and_of_nothing_else,
    a_recipient_hears_nothing_of_what_never_reached_them,
    an_operator_hears_of_everybody,
    only_what_the_filter_names_is_sent,
    what_failed_is_sent_again_under_its_id,
    a_receiver_that_hangs_holds_up_nobody_else,
    a_redirect_is_not_followed,
    a_new_secret_signs_beside_the_old_one,
    a_request_under_one_key_has_one_effect_and_one_answer,
    a_disabled_webhook_hears_nothing_until_it_is_enabled,
    what_is_wrong_with_a_webhook_is_told,
    an_erased_customer_has_no_webhooks,
}

async fn hook(bank: &Bank, url: &str, event_types: Value) -> Answer {
    let body = json!({"url": url, "eventTypes": event_types});
    bank.post("/v1/webhooks", &[], body).await.expect(201)
}

async fn hook_for_all(bank: &Bank, url: &str) -> Answer {
    hook(bank, url, json!(["*"])).await
}

fn secret(answer: &Answer) -> &str {
    answer.body["secret"].as_str().unwrap_or_else(|| panic!("no secret in {answer:?}"))
}

async fn deliveries(bank: &Bank, webhook: &str) -> Vec<Value> {
    let answer = bank.get(&format!("/v1/webhooks/{webhook}/deliveries")).await.expect(200);
    answer.body["items"].as_array().expect("a list").clone()
}

async fn send(bank: &Bank, method: Method, path: &str, body: Option<Value>) -> Answer {
    bank.call(method, path, &[], body.map(|body| body.to_string())).await.expect("the bank answers")
}

/// Somebody with an account and a receiver.
struct Listener {
    id: Uuid,
    bank: Bank,
    account: String,
    receiver: Receiver,
    secret: String,
}

async fn listener(bank: &Bank) -> Listener {
    let (id, receiver) = (Uuid::now_v7(), Receiver::start().await);
    let customer = bank.as_customer(id);
    let made = hook_for_all(&customer, &receiver.url).await;
    let account = bank.open_for(&id.to_string(), "USD", 0).await;
    receiver.has_heard(vec!["AccountOpened"]).await;
    Listener { id, bank: customer, account, receiver, secret: secret(&made).to_owned() }
}

async fn each_customer_hears_of_their_own_and_of_nothing_else(stage: Stage) {
    let bank = stage.bank();
    let (ada, bob, mallory) = (listener(bank).await, listener(bank).await, listener(bank).await);
    bank.deposit(&ada.account, 100).await.expect(200);
    assert_eq!(ada.bank.transfer(&ada.account, &bob.account, 40).await.state(), "completed");

    let told = ada
        .receiver
        .has_heard(vec![
            "AccountOpened",
            "AccountDeposited",
            "MoneyTransferCreated",
            "AccountDebited",
            "DebitRecorded",
            "CreditRecorded",
        ])
        .await;
    let heard = bob.receiver.has_heard(vec!["AccountOpened", "AccountCredited", "CreditRecorded"]).await;
    mallory.receiver.has_heard(vec!["AccountOpened"]).await;

    for (hooks, listener, other) in [(told, &ada, &bob), (heard, &bob, &ada)] {
        for hook in hooks {
            assert!(hook.is_signed_with(&listener.secret), "{hook:?}");
            assert!(!hook.is_signed_with(&other.secret), "{hook:?}");
            assert!(!hook.text().contains(&other.id.to_string()), "it names somebody else: {hook:?}");
            let body = &hook.body;
            assert_eq!(body["specversion"], "1.0");
            assert!(body["sequence"].as_str().is_some_and(|sequence| sequence.parse::<u64>().is_ok()));
            assert!(body["data"].is_object() && body["time"].is_string(), "{body}");
            let source = body["source"].as_str().unwrap_or_default();
            assert!(["/bank/accounts", "/bank/transfers"].contains(&source), "{body}");
        }
    }
    stage.end().await;
}

/// The recipient's account refuses; the sender hears of it, the recipient does not.
async fn a_recipient_hears_nothing_of_what_never_reached_them(stage: Stage) {
    let bank = stage.bank();
    let (ada, bob) = (listener(bank).await, listener(bank).await);
    bank.deposit(&ada.account, 100).await.expect(200);
    let reason = json!({"reason": "an operator's own words"});
    bank.post(&format!("/v1/accounts/{}/freeze", bob.account), &[], reason).await.expect(200);

    assert_eq!(ada.bank.transfer(&ada.account, &bob.account, 40).await.state(), "failed");
    // And somebody tries to take what is Ada's.
    assert_eq!(bob.bank.transfer(&ada.account, &bob.account, 1).await.reason(), "account-not-found");

    let expected = vec![
        "AccountOpened",
        "AccountDeposited",
        "MoneyTransferCreated",
        "AccountDebited",
        "DebitRecorded",
        "CreditRejectionRecorded",
        "AccountDebitReversed",
        "MoneyTransferFailed",
    ];
    ada.receiver.has_heard(expected).await;
    let tried = ["MoneyTransferCreated", "MoneyTransferFailed"];
    let heard = bob.receiver.has_heard([&["AccountOpened", "AccountFrozen"], &tried[..]].concat()).await;
    assert!(heard.iter().all(|hook| !hook.text().contains("own words")), "{heard:?}");
    stage.end().await;
}

async fn an_operator_hears_of_everybody(stage: Stage) {
    let (bank, receiver) = (stage.bank(), Receiver::start().await);
    let made = hook(bank, &receiver.url, json!(["AccountOpened", "CustomerRegistered"])).await;
    let account = bank.open_for("somebody", "USD", 0).await;
    let person = Person::new("Ada");
    register(bank, &person).await;

    eventually(|| async {
        let hooks = receiver.hooks();
        let opened = hooks.iter().any(|hook| hook.body["subject"] == account.as_str());
        let registered = hooks.iter().any(|hook| hook.event_type() == "CustomerRegistered");
        if opened && registered { Ok(()) } else { Err(receiver.types()) }
    })
    .await;

    let hooks = receiver.hooks();
    assert!(hooks.iter().all(|hook| hook.is_signed_with(secret(&made))));
    assert!(hooks.iter().all(|hook| !hook.text().contains(&person.email)), "what is personal is sealed");
    send(bank, Method::DELETE, &format!("/v1/webhooks/{}", made.id()), None).await.expect(204);
    stage.end().await;
}

async fn only_what_the_filter_names_is_sent(stage: Stage) {
    let (bank, receiver, id) = (stage.bank(), Receiver::start().await, Uuid::now_v7());
    let customer = bank.as_customer(id);
    let made = hook(&customer, &receiver.url, json!(["AccountDeposited"])).await;
    let account = bank.open_for(&id.to_string(), "USD", 0).await;
    bank.deposit(&account, 1).await.expect(200);
    bank.withdraw(&account, 1).await.expect(200);
    receiver.has_heard(vec!["AccountDeposited"]).await;

    let path = format!("/v1/webhooks/{}", made.id());
    let changed =
        send(&customer, Method::PATCH, &path, Some(json!({"eventTypes": ["AccountWithdrawn"]}))).await;
    assert_eq!(changed.expect(200).body["eventTypes"], json!(["AccountWithdrawn"]));
    bank.deposit(&account, 1).await.expect(200);
    bank.withdraw(&account, 1).await.expect(200);

    receiver.has_heard(vec!["AccountDeposited", "AccountWithdrawn"]).await;
    stage.end().await;
}

async fn what_failed_is_sent_again_under_its_id(stage: Stage) {
    let ada = listener(stage.bank()).await;
    let webhook = ada.bank.get("/v1/webhooks").await.expect(200).body["items"][0]["id"].clone();
    let webhook = webhook.as_str().expect("an id");
    ada.receiver.answer_next(&[500, 302, 404]);
    stage.bank().deposit(&ada.account, 1).await.expect(200);

    let hooks = ada.receiver.has_got(5).await;

    assert!(hooks[1..].iter().all(|hook| hook.id == hooks[1].id && hook.body == hooks[1].body), "{hooks:?}");
    assert!(hooks.iter().all(|hook| hook.is_signed_with(&ada.secret)));
    let delivered = eventually(|| async {
        let newest = deliveries(&ada.bank, webhook).await.remove(0);
        if newest["state"] == "delivered" { Ok(newest) } else { Err(newest) }
    })
    .await;
    assert_eq!((&delivered["id"], &delivered["attempts"]), (&json!(hooks[1].id), &json!(4)));
    assert_eq!((&delivered["lastStatus"], delivered.get("nextTryAt")), (&json!(204), None));

    // Once more, because its owner wants it.
    let path = format!("/v1/webhooks/{webhook}/deliveries/{}/redeliver", hooks[1].id);
    ada.bank.post(&path, &[], json!({})).await.expect(202);
    assert_eq!(ada.receiver.has_got(6).await[5].id, hooks[1].id);
    stage.end().await;
}

async fn a_receiver_that_hangs_holds_up_nobody_else(stage: Stage) {
    let (bank, slow) = (stage.bank(), Receiver::start().await);
    let ada = listener(bank).await;
    let webhook = hook_for_all(&ada.bank, &slow.hanging_url()).await.id();
    for _ in 0..20 {
        bank.deposit(&ada.account, 1).await.expect(200);
    }

    ada.receiver.has_got(21).await;

    let waiting = deliveries(&ada.bank, &webhook).await;
    assert!(waiting.iter().all(|delivery| delivery["state"] == "waiting"), "{waiting:?}");
    eventually(|| async {
        let found = deliveries(&ada.bank, &webhook).await;
        let timed_out = found.iter().any(|delivery| delivery["lastError"] == "timeout");
        if timed_out { Ok(()) } else { Err(found) }
    })
    .await;
    send(&ada.bank, Method::DELETE, &format!("/v1/webhooks/{webhook}"), None).await.expect(204);
    stage.end().await;
}

async fn a_redirect_is_not_followed(stage: Stage) {
    let (ada, elsewhere) = (listener(stage.bank()).await, Receiver::start().await);
    ada.receiver.redirect_next(&elsewhere.url);
    stage.bank().deposit(&ada.account, 1).await.expect(200);

    // The same is tried again where it belongs.
    let hooks = ada.receiver.has_got(3).await;

    assert_eq!(hooks[1].id, hooks[2].id);
    assert!(elsewhere.hooks().is_empty());
    stage.end().await;
}

async fn a_new_secret_signs_beside_the_old_one(stage: Stage) {
    let (bank, receiver) = (stage.bank().as_customer(Uuid::now_v7()), Receiver::start().await);
    let made = hook_for_all(&bank, &receiver.url).await;
    let path = format!("/v1/webhooks/{}", made.id());
    let shown = bank.get(&path).await.expect(200);
    assert!(shown.body.get("secret").is_none(), "it is shown once: {shown:?}");

    let rotated =
        bank.post(&format!("{path}/rotate-secret"), &[("if-match", "\"1\"")], json!({})).await.expect(200);
    let again = bank.post(&format!("{path}/rotate-secret"), &[("if-match", "\"1\"")], json!({})).await;
    again.expect_problem(412, "version-mismatch");
    assert!(rotated.body["oldSecretSignsUntil"].is_string(), "{rotated:?}");
    bank.post(&format!("{path}/test"), &[], json!({})).await.expect(202);

    let hooks = receiver.has_heard(vec!["WebhookTested"]).await;
    assert!(hooks[0].is_signed_with(secret(&rotated)) && hooks[0].is_signed_with(secret(&made)));
    stage.end().await;
}

async fn a_request_under_one_key_has_one_effect_and_one_answer(stage: Stage) {
    let (bank, receiver) = (stage.bank().as_customer(Uuid::now_v7()), Receiver::start().await);
    let (key, body) = (fresh_key(), json!({"url": receiver.url}));
    let headers = [("idempotency-key", key.as_str())];
    let first = bank.post("/v1/webhooks", &headers, body.clone()).await.expect(201);
    let again = bank.post("/v1/webhooks", &headers, body).await.expect(201);
    assert_eq!((again.body.clone(), again.header("idempotent-replayed")), (first.body.clone(), "true"));
    assert_eq!((first.header("location"), first.header("etag")), (again.header("location"), "\"1\""));
    assert_eq!(first.header("etag"), again.header("etag"));
    let other = bank.post("/v1/webhooks", &headers, json!({"url": "http://127.0.0.1:9/"})).await;
    other.expect_problem(422, "idempotency-key-reused");
    let listed = bank.get("/v1/webhooks").await.expect(200);
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(1));

    let path = format!("/v1/webhooks/{}", first.id());
    for verb in ["test", "rotate-secret"] {
        let path = format!("{path}/{verb}");
        let first = bank.post(&path, &headers, json!({})).await;
        let again = bank.post(&path, &headers, json!({})).await;
        assert_eq!((first.status, &first.body), (again.status, &again.body));
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
    receiver.has_heard(vec!["WebhookTested"]).await;
    let sent = deliveries(&bank, &first.id()).await;
    assert_eq!(sent.len(), 1);
    stage.end().await;
}

async fn a_disabled_webhook_hears_nothing_until_it_is_enabled(stage: Stage) {
    let (bank, ada) = (stage.bank(), listener(stage.bank()).await);
    let listed = ada.bank.get("/v1/webhooks").await.expect(200);
    let path = format!("/v1/webhooks/{}", listed.body["items"][0]["id"].as_str().expect("an id"));
    ada.receiver.answer_next(&[410]);
    bank.deposit(&ada.account, 1).await.expect(200);
    eventually(|| async {
        let shown = ada.bank.get(&path).await.expect(200);
        let is_gone = shown.body["enabled"] == false && shown.body["disabledReason"] == "gone";
        if is_gone { Ok(()) } else { Err(shown) }
    })
    .await;
    bank.withdraw(&ada.account, 1).await.expect(200);
    ada.bank.post(&format!("{path}/test"), &[], json!({})).await.expect_problem(409, "webhook-disabled");
    // Whatever happened meanwhile has been read.
    let other = listener(bank).await;
    bank.deposit(&other.account, 1).await.expect(200);
    other.receiver.has_got(2).await;

    let enabled = send(&ada.bank, Method::PATCH, &path, Some(json!({"enabled": true}))).await.expect(200);

    assert!(enabled.body["enabled"] == true && enabled.body.get("disabledReason").is_none(), "{enabled:?}");
    // What was under way then comes again.
    let hooks = ada.receiver.has_got(3).await;
    assert_eq!(hooks[1].id, hooks[2].id);
    bank.deposit(&ada.account, 1).await.expect(200);
    ada.receiver.has_got(4).await;
    stage.end().await;
}

async fn what_is_wrong_with_a_webhook_is_told(stage: Stage) {
    let bank = stage.bank().as_customer(Uuid::now_v7());
    for (body, pointer) in [
        (json!({"url": "ftp://example.org"}), "/url"),
        (json!({"url": "https://user:pw@example.org"}), "/url"),
        (json!({"url": "not an address"}), "/url"),
        (json!({"url": "https://example.org", "eventTypes": []}), "/eventTypes"),
        (json!({"url": "https://example.org", "eventTypes": ["Nothing"]}), "/eventTypes"),
        (json!({"url": "https://example.org", "eventTypes": ["*", "AccountOpened"]}), "/eventTypes"),
        (json!({"url": "https://example.org", "secret": "mine"}), "/secret"),
    ] {
        let refused = bank.post("/v1/webhooks", &[], body.clone()).await.expect_problem(422, "invalid-body");
        assert_eq!(refused.body["pointer"], pointer, "{body}");
    }
    assert_eq!(bank.get("/v1/webhooks").await.expect(200).body["items"], json!([]));

    let made = hook(&bank, "https://hooks.invalid/", json!(["AccountClosed"])).await;
    let path = format!("/v1/webhooks/{}", made.id());
    let stale = [("if-match", "\"7\"")];
    let changed = bank.call(Method::PATCH, &path, &stale, Some("{}".to_owned())).await.expect("an answer");
    changed.expect_problem(412, "version-mismatch");
    let cursor = bank.get(&format!("{path}/deliveries?cursor=abc")).await;
    cursor.expect_problem(400, "invalid-cursor");
    let unknown = format!("{path}/deliveries/{}/redeliver", Uuid::now_v7());
    bank.post(&unknown, &[], json!({})).await.expect_problem(404, "delivery-not-found");
    stage.end().await;
}

async fn an_erased_customer_has_no_webhooks(stage: Stage) {
    let (bank, receiver) = (stage.bank(), Receiver::start().await);
    let ada = register(bank, &Person::new("Ada")).await;
    hook_for_all(&ada.bank, &receiver.url).await;
    send(&ada.bank, Method::DELETE, "/v1/customers/me", None).await.expect(200);

    // The access token is good for minutes more.
    eventually(|| async {
        let left = ada.bank.get("/v1/webhooks").await.expect(200);
        if left.body["items"] == json!([]) { Ok(()) } else { Err(left) }
    })
    .await;
    let body = json!({"url": receiver.url});
    ada.bank.post("/v1/webhooks", &[], body).await.expect_problem(404, "customer-not-found");
    stage.end().await;
}

/// As it is unless somebody says otherwise: this machine and its network are out of bounds.
#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_refused_by_default() {
    let stage = Stage::embedded_with(|set| set.set("webhooks.allow_private_addresses", "false")).await;
    let (bank, receiver) = (stage.bank().as_customer(Uuid::now_v7()), Receiver::start().await);
    let made = hook_for_all(&bank, &receiver.url).await;
    bank.post(&format!("/v1/webhooks/{}/test", made.id()), &[], json!({})).await.expect(202);

    eventually(|| async {
        let found = deliveries(&bank, &made.id()).await;
        let refused = found[0]["lastError"] == "address-refused" && found[0]["state"] == "waiting";
        if refused { Ok(()) } else { Err(found) }
    })
    .await;

    assert!(receiver.hooks().is_empty());
    stage.end().await;
}

/// An http:// address is none, unless somebody says otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn a_plain_address_is_refused_by_default() {
    let stage = Stage::embedded_with(|set| set.set("webhooks.allow_http", "false")).await;
    let bank = stage.bank().as_customer(Uuid::now_v7());
    let refused = bank.post("/v1/webhooks", &[], json!({"url": "http://example.org/"})).await;
    assert_eq!(refused.expect_problem(422, "invalid-body").body["pointer"], "/url");
    stage.end().await;
}

/// A process that dies after the receiver has answered, and before that is written down.
#[cfg(feature = "distributed")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_after_sending_sends_again_under_the_same_id() {
    use crate::stage::processes::Processes;
    use crate::stage::verified;

    let mut processes = Processes::start(&[]).await;
    processes.kill("webhooks");
    processes.kill("api-gateway");
    processes.start_missing(&[("webhooks", webhooks::AFTER_POST)]);
    let (receiver, id) = (Receiver::start().await, Uuid::now_v7());
    let bank = processes.bank();
    hook(&bank.as_customer(id), &receiver.url, json!(["AccountDeposited"])).await;
    let account = bank.open_for(&id.to_string(), "USD", 0).await;
    bank.post(&format!("/v1/accounts/{account}/deposits"), &[], usd(5)).await.expect(200);
    eventually(|| {
        let ended = processes.process("webhooks").as_mut().and_then(|service| service.ended());
        std::future::ready(ended.map(drop).ok_or("it still runs"))
    })
    .await;
    assert_eq!(receiver.hooks().len(), 1);

    processes.kill("webhooks");
    processes.start_missing(&[]);

    let hooks = receiver.has_got(2).await;
    assert_eq!((&hooks[0].id, &hooks[0].body), (&hooks[1].id, &hooks[1].body));
    let sources = processes.sources().await;
    verified(&sources).await;
    sources.close().await;
}
