//! Which access tokens are believed. The commented defaults are in `tokens.toml`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use identity::{Fetching, RoleRules, Seed, SigningKeys, SourceError, TokenIssuer, TokenRules, TokenVerifier};
use serde::Deserialize;

use super::{SettingsError, Span};

/// The table `[tokens]` with its comments and defaults, which stands behind a service's own ones.
pub const TOKEN_DEFAULTS: &str = include_str!("tokens.toml");

/// Longer than it takes to fetch keys, and than clocks may be apart.
const MOST_LEEWAY: Duration = Duration::from_secs(5 * 60);

/// Whose tokens are believed, and whom they make of the caller. A service's own settings have it as `tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TokenSettings {
    /// Where the keys come from.
    pub keys: KeysFrom,
    /// The `iss` of a token.
    pub issuer: String,
    /// The `aud` of a token.
    pub audience: String,
    /// How long a token is valid that this process issues.
    pub lifetime: Span,
    /// How far clocks may be apart.
    pub leeway: Span,
    /// The least time between two fetches.
    pub refetch_interval: Span,
    /// Keys older than this are fetched again.
    pub refresh_after: Span,
    /// How long fetching one document may take.
    pub fetch_timeout: Span,
    /// The `typ` of a token's header.
    pub token_type: String,
    /// The claim with the role.
    pub role_claim: String,
    /// The role of operators.
    pub operator_role: String,
    /// The role of customers; empty when everybody else is one.
    pub customer_role: String,
    /// The claim with an operator's name.
    pub operator_name_claim: String,
}

/// Where the keys come from that tokens are checked with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum KeysFrom {
    /// A folder of this process's own, or shared on one machine.
    Folder(PathBuf),
    /// A folder in the data directory of a process that has one; see [`TokenSettings::in_data_dir`].
    DataDir,
    /// The address of a JSON Web Key Set.
    Jwks(String),
    /// The OpenID Connect issuer that the settings name.
    OpenId,
}

impl TryFrom<String> for KeysFrom {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "oidc" => Ok(Self::OpenId),
            None if text == "data-dir" => Ok(Self::DataDir),
            Some(("folder", folder)) if !folder.is_empty() => Ok(Self::Folder(folder.into())),
            Some(("http" | "https", _)) => Ok(Self::Jwks(text)),
            // Not repeated here: what somebody wrote by mistake may be a key.
            _ => Err("write folder:DIR, http://… or https://… of a key set, or oidc".to_owned()),
        }
    }
}

impl TokenSettings {
    /// The same with the keys in a folder of `data_dir`, when they are to lie there.
    #[must_use]
    pub fn in_data_dir(mut self, data_dir: &Path) -> Self {
        if self.keys == KeysFrom::DataDir {
            self.keys = KeysFrom::Folder(data_dir.join("token-keys"));
        }
        self
    }

    /// The keys of the process that issues tokens. Open them once and share them: two that were opened apart do not
    /// see each other's rotations.
    ///
    /// # Errors
    /// [`SettingsError`] when `keys` is no folder; [`identity::KeysError`] when the folder cannot be used.
    pub fn signing_keys(&self, now: DateTime<Utc>) -> anyhow::Result<SigningKeys> {
        self.check()?;
        let KeysFrom::Folder(folder) = &self.keys else {
            let reason = "the process that issues tokens has its keys in a folder; write folder:DIR";
            return Err(SettingsError::invalid("tokens.keys", reason).into());
        };
        Ok(SigningKeys::open(folder, self.retire_after(), Seed::random()?, now)?)
    }

    /// Issues tokens with these keys.
    ///
    /// # Errors
    /// When the keys retire before the tokens that they signed expire.
    pub fn issuer(&self, keys: SigningKeys) -> anyhow::Result<TokenIssuer> {
        Ok(TokenIssuer::new(keys, &self.issuer, &self.audience, self.lifetime.get())?)
    }

    /// Checks tokens with keys that this process has opened already.
    #[must_use]
    pub fn verifier_with(&self, keys: SigningKeys) -> TokenVerifier {
        TokenVerifier::local(self.rules(), keys)
    }

    /// Checks tokens with the keys that the settings name. Nothing is fetched yet.
    ///
    /// # Errors
    /// [`SettingsError`] when the settings contradict each other or this build cannot fetch from the address;
    /// [`identity::KeysError`] when the folder cannot be used.
    pub fn verifier(&self, now: DateTime<Utc>) -> anyhow::Result<TokenVerifier> {
        self.check()?;
        let wrong = |key, error: SourceError| SettingsError::invalid(key, error.to_string());
        match &self.keys {
            // Without a data directory: refused there.
            KeysFrom::Folder(_) | KeysFrom::DataDir => Ok(self.verifier_with(self.signing_keys(now)?)),
            KeysFrom::Jwks(url) => Ok(TokenVerifier::jwks(self.rules(), url, self.fetching())
                .map_err(|error| wrong("tokens.keys", error))?),
            KeysFrom::OpenId => Ok(TokenVerifier::openid(self.rules(), self.fetching())
                .map_err(|error| wrong("tokens.issuer", error))?),
        }
    }

    fn check(&self) -> Result<(), SettingsError> {
        let required = [
            ("tokens.issuer", &self.issuer),
            ("tokens.audience", &self.audience),
            ("tokens.token_type", &self.token_type),
            ("tokens.role_claim", &self.role_claim),
            ("tokens.operator_role", &self.operator_role),
        ];
        if let Some((key, _)) = required.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(SettingsError::invalid(key, "must not be empty"));
        }
        if self.lifetime.get() < Duration::from_secs(1) {
            return Err(SettingsError::invalid("tokens.lifetime", "must be at least 1s"));
        }
        if self.leeway.get() > MOST_LEEWAY {
            return Err(SettingsError::invalid("tokens.leeway", "must be at most 5m"));
        }
        if self.refetch_interval.get() < Duration::from_secs(1) {
            let reason = "must be at least 1s, or a flood of bad tokens becomes a flood of fetches";
            return Err(SettingsError::invalid("tokens.refetch_interval", reason));
        }
        Ok(())
    }

    fn rules(&self) -> TokenRules {
        TokenRules {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            leeway: self.leeway.get(),
            token_type: self.token_type.clone(),
            roles: RoleRules {
                claim: self.role_claim.clone(),
                operator: self.operator_role.clone(),
                customer: self.customer_role.clone(),
                operator_name: self.operator_name_claim.clone(),
            },
        }
    }

    fn fetching(&self) -> Fetching {
        Fetching {
            refetch_interval: self.refetch_interval.get(),
            refresh_after: self.refresh_after.get(),
            timeout: self.fetch_timeout.get(),
        }
    }

    /// Past the last token that a retired key signed, whichever of two clocks one goes by.
    fn retire_after(&self) -> Duration {
        self.lifetime.get().saturating_add(2 * MOST_LEEWAY)
    }
}

impl Default for TokenSettings {
    fn default() -> Self {
        let (rules, fetching) = (TokenRules::new("urn:bank", "bank"), Fetching::default());
        Self {
            keys: KeysFrom::Folder("bank-data/token-keys".into()),
            issuer: rules.issuer,
            audience: rules.audience,
            lifetime: TokenIssuer::LIFETIME.into(),
            leeway: rules.leeway.into(),
            refetch_interval: fetching.refetch_interval.into(),
            refresh_after: fetching.refresh_after.into(),
            fetch_timeout: fetching.timeout.into(),
            token_type: rules.token_type,
            role_claim: rules.roles.claim,
            operator_role: rules.roles.operator,
            customer_role: rules.roles.customer,
            operator_name_claim: rules.roles.operator_name,
        }
    }
}

#[cfg(test)]
mod tests;
