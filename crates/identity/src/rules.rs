//! What a token has to say to be believed.

use std::time::Duration;

/// What every token is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRules {
    /// The `iss` that a token must have, to the letter.
    pub issuer: String,
    /// The `aud` that a token must have, alone or in a list.
    pub audience: String,
    /// How far the clocks of two machines may be apart: `exp`, `nbf` and `iat` are checked with it.
    pub leeway: Duration,
    /// The header's `typ`. `at+jwt` (RFC 9068) cannot be confused with an ID token; some external issuers say `JWT`.
    pub token_type: String,
    /// Who is an operator and who a customer.
    pub roles: RoleRules,
}

impl TokenRules {
    /// Machines that keep their time by NTP are less than a second apart; this also covers one that has just started.
    pub const LEEWAY: Duration = Duration::from_secs(30);

    /// The rules for the tokens that [`crate::TokenIssuer`] issues.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            leeway: Self::LEEWAY,
            token_type: "at+jwt".to_owned(),
            roles: RoleRules::default(),
        }
    }
}

/// How a role is read from the claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRules {
    /// The claim with the role: a text or a list of texts. Dots lead into objects: `realm_access.roles`.
    pub claim: String,
    /// The role of operators. It counts before the customers' one.
    pub operator: String,
    /// The role of customers; when it is empty, everybody who is no operator is a customer.
    pub customer: String,
    /// The claim with an operator's name; a customer's id is always `sub`, and a UUID.
    pub operator_name: String,
}

impl Default for RoleRules {
    fn default() -> Self {
        Self {
            claim: "role".to_owned(),
            operator: "operator".to_owned(),
            customer: "customer".to_owned(),
            operator_name: "sub".to_owned(),
        }
    }
}
