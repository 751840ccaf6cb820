//! The envelope of a token: three parts, of which only the header is read before the signature was checked (RFC 7515).

use crate::encoding;
use crate::error::TokenError;
use crate::strict_json;

/// The algorithms that a token may be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    EdDsa,
    Es256,
}

impl Algorithm {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        [Self::EdDsa, Self::Es256].into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// A token that was taken apart, and of which nothing is believed yet.
pub(crate) struct Envelope<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: String,
    /// Header and claims as they were sent: what the signature is over.
    pub(crate) signed: &'a str,
    pub(crate) claims: &'a str,
    pub(crate) signature: Vec<u8>,
}

impl<'a> Envelope<'a> {
    /// Takes a token apart and checks its header.
    pub(crate) fn open(token: &'a str, token_type: &str) -> Result<Self, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed("not three parts"))?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed("not three parts"))?;
        if claims.contains('.') {
            return Err(TokenError::Malformed("not three parts"));
        }
        let header = encoding::decode(header).and_then(|json| strict_json::object(&json));
        let header = header.ok_or(TokenError::Malformed("header"))?;
        let text = |name: &str| header.get(name).and_then(|value| value.as_str());
        if header.contains_key("crit") {
            return Err(TokenError::CriticalHeader);
        }
        let algorithm = text("alg").and_then(Algorithm::of_name).ok_or(TokenError::Algorithm)?;
        if !text("typ").is_some_and(|written| is_type(written, token_type)) {
            return Err(TokenError::Type);
        }
        let key_id = text("kid").ok_or(TokenError::UnknownKey)?.to_owned();
        let signature = encoding::decode(signature).ok_or(TokenError::Malformed("signature"))?;
        Ok(Self { algorithm, key_id, signed, claims, signature })
    }
}

/// A media type: upper and lower case are the same, and `application/` may be left out.
fn is_type(written: &str, expected: &str) -> bool {
    let bare = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.strip_prefix("application/").map(str::to_owned).unwrap_or(text)
    };
    bare(written) == bare(expected)
}
