//! Text that people give.

use domain::text::{Actor, CustomerId, Memo, Title};

use crate::fixtures::*;

#[test]
fn a_title_has_1_to_100_characters() {
    assert!("ü".repeat(100).parse::<Title>().is_ok());
    for wrong in [String::new(), "t".repeat(101), "two\nlines".to_owned(), "nul\0".to_owned()] {
        let error = wrong.parse::<Title>().expect_err("not a title");
        assert_eq!(error.to_string(), "a title has 1 to 100 characters, none of them a control character");
    }
}

#[test]
fn a_memo_has_1_to_200_characters() {
    assert!("m".repeat(200).parse::<Memo>().is_ok());
    assert!("m".repeat(201).parse::<Memo>().is_err());
    assert!("".parse::<Memo>().is_err());
    assert!("tab\t".parse::<Memo>().is_err());
}

#[test]
fn a_customer_id_is_an_identifier() {
    for right in ["alice", "A.l-i_c3", "018f4f5e-36f3-7d0c-9c5b-1f6a8a7e52d1", &"c".repeat(64)] {
        assert_eq!(right.parse::<CustomerId>().expect("a customer id").as_str(), right);
    }
    for wrong in ["", "a b", "operator:olga", "ümit", &"c".repeat(65)] {
        assert!(wrong.parse::<CustomerId>().is_err(), "{wrong}");
    }
}

#[test]
fn json_is_checked_too() {
    assert_eq!(serde_json::from_str::<Title>("\"Household\"").expect("a title"), title());
    assert_eq!(serde_json::to_string(&title()).expect("a title serializes"), "\"Household\"");
    assert!(serde_json::from_str::<Title>("\"\"").is_err());
    assert!(serde_json::from_str::<CustomerId>("\"a b\"").is_err());
}

#[test]
fn a_customer_acts_for_themselves_and_an_operator_for_everybody() {
    assert!(Actor::from(alice()).may_act_for(&alice()));
    assert!(!actor("mallory").may_act_for(&alice()));
    assert!(actor("operator:olga").may_act_for(&alice()));
    assert!(!actor("operator").is_operator());
}

#[test]
fn an_operator_is_known_by_a_name_and_a_customer_by_an_id() {
    let olga = Actor::operator("olga").expect("an operator");
    assert_eq!((olga.as_str(), olga.operator_name()), ("operator:olga", Some("olga")));
    for wrong in ["", "two\nlines", &"n".repeat(92)] {
        assert!(Actor::operator(wrong).is_err(), "{wrong}");
    }
    let id = "018f4f5e-36f3-7d0c-9c5b-1f6a8a7e52d1";
    let customer = CustomerId::from(id.parse::<uuid::Uuid>().expect("a UUID"));
    assert_eq!(customer, id.parse().expect("a customer id"));
    assert_eq!(Actor::from(customer).operator_name(), None);
}
