//! From claims whose signature was checked to a caller.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::caller::{Caller, Subject};
use crate::error::TokenError;
use crate::rules::{RoleRules, TokenRules};

type Claims = Map<String, Value>;

/// Checks the claims against the rules at the time `now`.
pub(crate) fn check(claims: &Claims, rules: &TokenRules, now: DateTime<Utc>) -> Result<Caller, TokenError> {
    if text(claims, "iss")? != rules.issuer {
        return Err(TokenError::Issuer);
    }
    if !claims.get("aud").is_some_and(|audience| mentions(audience, &rules.audience)) {
        return Err(TokenError::Audience);
    }
    let expires_at = check_times(claims, rules, now)?;
    let token_id = text(claims, "jti")?.to_owned();
    let session = match claims.get("sid") {
        None => None,
        // An external issuer may number its sessions otherwise; such a session is none of ours.
        Some(Value::String(session)) => Uuid::try_parse(session).ok(),
        Some(_) => return Err(TokenError::Claim("sid")),
    };
    let subject = subject(claims, &rules.roles)?;
    Ok(Caller { subject, session, token_id, expires_at })
}

fn check_times(claims: &Claims, rules: &TokenRules, now: DateTime<Utc>) -> Result<DateTime<Utc>, TokenError> {
    let leeway = i64::try_from(rules.leeway.as_secs()).unwrap_or(i64::MAX);
    let now = now.timestamp();
    let expiry = seconds(claims, "exp")?.ok_or(TokenError::Claim("exp"))?;
    if now >= expiry.saturating_add(leeway) {
        return Err(TokenError::Expired);
    }
    let issued = seconds(claims, "iat")?.ok_or(TokenError::Claim("iat"))?;
    let not_before = seconds(claims, "nbf")?.unwrap_or(issued);
    if now.saturating_add(leeway) < issued.max(not_before) {
        return Err(TokenError::NotYetValid);
    }
    DateTime::from_timestamp(expiry, 0).ok_or(TokenError::Claim("exp"))
}

/// A time in whole seconds since 1970; a text that looks like one is none.
fn seconds(claims: &Claims, name: &'static str) -> Result<Option<i64>, TokenError> {
    claims.get(name).map(|value| value.as_i64().ok_or(TokenError::Claim(name))).transpose()
}

fn subject(claims: &Claims, roles: &RoleRules) -> Result<Subject, TokenError> {
    let role = at(claims, &roles.claim);
    let has = |name: &str| !name.is_empty() && role.is_some_and(|role| mentions(role, name));
    if has(&roles.operator) {
        let name = at(claims, &roles.operator_name).and_then(Value::as_str).unwrap_or_default();
        return Subject::operator(name).map_err(|_| TokenError::Claim("operator name"));
    }
    if roles.customer.is_empty() || has(&roles.customer) {
        let id = Uuid::try_parse(text(claims, "sub")?);
        return id.map(Subject::Customer).map_err(|_| TokenError::Claim("sub"));
    }
    Err(TokenError::Role)
}

fn text<'a>(claims: &'a Claims, name: &'static str) -> Result<&'a str, TokenError> {
    let text = claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or(TokenError::Claim(name))
}

/// The claim of this very name (some issuers name claims by URLs, with dots), or else the one that the dots lead to.
fn at<'a>(claims: &'a Claims, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| {
        let (first, rest) = path.split_once('.')?;
        at(claims.get(first)?.as_object()?, rest)
    })
}

/// Whether a claim is this text, or a list that has it.
fn mentions(claim: &Value, text: &str) -> bool {
    match claim {
        Value::String(one) => one == text,
        Value::Array(many) => many.iter().any(|one| one == text),
        _ => false,
    }
}
