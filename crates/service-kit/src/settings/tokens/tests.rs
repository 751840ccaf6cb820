use uuid::Uuid;

use super::*;
use crate::settings::{CommonArgs, load};

#[derive(Debug, Deserialize)]
struct Config {
    tokens: TokenSettings,
}

fn settings(set: &[&str]) -> Result<TokenSettings, SettingsError> {
    let args = CommonArgs { set: set.iter().map(|one| (*one).to_owned()).collect(), ..CommonArgs::default() };
    load::<Config>(TOKEN_DEFAULTS, &args, []).map(|config| config.tokens)
}

fn refusal(set: &[&str]) -> String {
    let refused = settings(set).map_err(anyhow::Error::from).and_then(|tokens| tokens.verifier(Utc::now()));
    refused.unwrap_err().to_string()
}

#[test]
fn the_commented_defaults_are_the_defaults() {
    assert_eq!(settings(&[]).unwrap(), TokenSettings::default());
}

#[test]
fn the_environment_names_the_keys() {
    let environment = [("BANK_TOKENS_KEYS".to_owned(), "http://customers:8084/keys".to_owned())];
    let config: Config = load(TOKEN_DEFAULTS, &CommonArgs::default(), environment).unwrap();
    assert_eq!(config.tokens.keys, KeysFrom::Jwks("http://customers:8084/keys".to_owned()));
    assert!(config.tokens.verifier(Utc::now()).is_ok());
    let error = config.tokens.signing_keys(Utc::now()).unwrap_err().to_string();
    assert!(error.contains("tokens.keys") && error.contains("folder:DIR"), "{error}");
}

#[test]
fn a_mistake_says_what_would_be_right() {
    for (set, expected) in [
        (&["tokens.keys=keys"][..], "folder:DIR"),
        (&["tokens.keys=folder:"], "folder:DIR"),
        (&["tokens.keys=http://user:pw@h/"], "without a user name"),
        (&["tokens.keys=oidc"], "tokens.issuer"),
        (&["tokens.issuer="], "tokens.issuer"),
        (&["tokens.operator_role="], "tokens.operator_role"),
        (&["tokens.lifetime=0s"], "at least 1s"),
        (&["tokens.leeway=1h"], "at most 5m"),
        (&["tokens.refetch_interval=0s"], "at least 1s"),
        (&["tokens.fetch_timeout=soon"], "\"30s\""),
    ] {
        let error = refusal(set);
        assert!(error.contains(expected), "{set:?}: {error}");
    }
}

#[cfg(feature = "https")]
#[test]
fn an_external_issuer_is_asked_over_tls() {
    let tokens = settings(&["tokens.keys=oidc", "tokens.issuer=https://login.example/realms/bank"]).unwrap();
    assert!(tokens.verifier(Utc::now()).is_ok());
}

#[tokio::test]
async fn a_token_of_this_process_is_believed_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let keys = format!("tokens.keys=folder:{}", folder.path().join("token-keys").display());
    let tokens = settings(&[&keys]).unwrap();
    let (now, customer) = (Utc::now(), Uuid::now_v7());
    let issuer = tokens.issuer(tokens.signing_keys(now).unwrap()).unwrap();
    let grant = identity::Grant {
        subject: identity::Subject::Customer(customer),
        session: None,
        token_id: Uuid::now_v7(),
    };
    let token = issuer.issue(&grant, now).unwrap();
    for verifier in [tokens.verifier_with(issuer.keys().clone()), tokens.verifier(now).unwrap()] {
        assert_eq!(verifier.verify(token.expose(), now).await.unwrap().customer(), Some(customer));
    }
}
