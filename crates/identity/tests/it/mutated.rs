//! Random damage to a right token. A failure prints its seed and the smallest damage.

use identity::{TokenError, TokenVerifier};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::forge::{issued, now, rules, signing_keys};

#[derive(Debug, Clone)]
enum Damage {
    Replace(usize, u8),
    Insert(usize, u8),
    Remove(usize),
    Swap(usize, usize),
    Cut(usize),
    Double(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    // The letters of a token, so that most damage is found by the signature and not by base64.
    let letter = prop_oneof![3 => proptest::sample::select(b"ABCDwxyz0189-_.".to_vec()), 1 => 0..128_u8];
    let at = 0..1_000_usize;
    prop_oneof![
        (at.clone(), letter.clone()).prop_map(|(at, letter)| Damage::Replace(at, letter)),
        (at.clone(), letter).prop_map(|(at, letter)| Damage::Insert(at, letter)),
        at.clone().prop_map(Damage::Remove),
        (at.clone(), at.clone()).prop_map(|(a, b)| Damage::Swap(a, b)),
        at.clone().prop_map(Damage::Cut),
        at.prop_map(Damage::Double),
    ]
}

fn apply(token: &mut Vec<u8>, damage: &Damage) {
    if token.is_empty() {
        return;
    }
    let length = token.len();
    match *damage {
        Damage::Replace(at, letter) => token[at % length] = letter,
        Damage::Insert(at, letter) => token.insert(at % length, letter),
        Damage::Remove(at) => drop(token.remove(at % length)),
        Damage::Swap(a, b) => token.swap(a % length, b % length),
        Damage::Cut(at) => token.truncate(at % length),
        Damage::Double(at) => token.extend_from_within(at % length..),
    }
}

/// A new seed for each run, unless `PROPTEST_RNG_SEED` asks for one again.
#[expect(clippy::print_stdout, reason = "shown with a test that fails")]
fn config() -> ProptestConfig {
    let default = ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() };
    let rng_seed = match default.rng_seed {
        RngSeed::Random => RngSeed::Fixed(uuid::Uuid::new_v4().as_u64_pair().0),
        fixed => fixed,
    };
    if let RngSeed::Fixed(seed) = rng_seed {
        println!("to run this again: PROPTEST_RNG_SEED={seed}");
    }
    ProptestConfig { rng_seed, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_damaged_token_is_never_accepted(damages in vec(damage(), 1..6)) {
        let keys = signing_keys(7);
        let right = issued(&keys, now());
        let mut bytes = right.clone().into_bytes();
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        let damaged = String::from_utf8(bytes).unwrap();
        prop_assume!(damaged != right);
        let verifier = TokenVerifier::local(rules(), keys);
        let refused = futures::executor::block_on(verifier.verify(&damaged, now()));
        prop_assert!(refused.is_err_and(TokenError::is_callers_fault), "{}", damaged);
    }

    #[test]
    fn no_text_makes_the_verifier_panic(text in ".{0,200}") {
        let verifier = TokenVerifier::local(rules(), signing_keys(7));
        prop_assert!(futures::executor::block_on(verifier.verify(&text, now())).is_err());
    }
}
