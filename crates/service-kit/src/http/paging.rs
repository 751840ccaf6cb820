//! Lists in pages: an opaque, signed cursor, a limit, and a `Link` to the next page.

use std::fmt;

use axum::Json;
use axum::http::header::LINK;
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;
use crate::settings::Secret;

/// The HMAC that a cursor begins with, in bytes.
const TAG: usize = 32;

/// Signs cursors. Processes that answer the same lists derive it from the same secret.
#[derive(Clone)]
pub struct CursorKey(hmac::Key);

impl CursorKey {
    /// The key that follows from a secret, and tells nothing about it.
    #[must_use]
    pub fn derived_from(secret: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&root, b"cursors of lists");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// The key of all processes that know this secret of the services, so that one goes on where another one stopped;
    /// without a secret, one of this process alone.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn shared(secret: &Secret) -> anyhow::Result<Self> {
        if secret.is_empty() {
            tracing::info!("without `internal_secret`, the cursors of lists are good for this process alone");
            return Self::random().map_err(|_| anyhow::anyhow!("the system has no randomness to give"));
        }
        Ok(Self::derived_from(secret.expose().as_bytes()))
    }

    /// A key of this process alone: its cursors end with it.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> Result<Self, ring::error::Unspecified> {
        hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).map(Self)
    }

    fn tag(&self, list: &str, position: &[u8]) -> hmac::Tag {
        hmac::sign(&self.0, &signed_part(list, position))
    }

    fn verify(&self, list: &str, position: &[u8], tag: &[u8]) -> Result<(), ring::error::Unspecified> {
        hmac::verify(&self.0, &signed_part(list, position), tag)
    }
}

/// A path has no zero byte, so the two cannot run into each other.
fn signed_part(list: &str, position: &[u8]) -> Vec<u8> {
    [list.as_bytes(), &[0], position].concat()
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKey")
    }
}

/// Where a list goes on. Clients pass it back as it is; what is inside is the service's own affair, and signed, so that
/// nothing else can be asked for with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor of `list` (its path) that carries `position`.
    ///
    /// # Errors
    /// When `position` cannot be written as JSON.
    pub fn encode(key: &CursorKey, list: &str, position: &impl Serialize) -> Result<Self, serde_json::Error> {
        let json = serde_json::to_vec(position)?;
        let tag = key.tag(list, &json);
        Ok(Self(URL_SAFE_NO_PAD.encode([tag.as_ref(), &json].concat())))
    }

    /// The position inside.
    ///
    /// # Errors
    /// `invalid-cursor` when it is none that [`Cursor::encode`] made for this list from a `T`.
    pub fn decode<T: DeserializeOwned>(&self, key: &CursorKey, list: &str) -> Result<T, Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| Problem::invalid_cursor())?;
        let (tag, json) = bytes.split_at_checked(TAG).ok_or_else(Problem::invalid_cursor)?;
        key.verify(list, json, tag).map_err(|_| Problem::invalid_cursor())?;
        serde_json::from_slice(json).map_err(|_| Problem::invalid_cursor())
    }
}

/// How many items a page has at most: 1 to 200, 50 when not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Limit(u32);

impl Limit {
    /// The most that one page may have.
    pub const MAX: u32 = 200;

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }

    /// How many items to read for a page: one more than it shows tells whether there is a next one.
    #[must_use]
    pub fn and_one(self) -> usize {
        self.0 as usize + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for Limit {
    type Error = String;

    fn try_from(limit: u32) -> Result<Self, String> {
        if (1..=Self::MAX).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(format!("a limit is a number from 1 to {}", Self::MAX))
        }
    }
}

/// What every list answers: `{items, next}`, and the next page's address as a `Link` (RFC 8288).
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    items: Vec<T>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next: Option<Cursor>,
    #[serde(skip)]
    link: Option<HeaderValue>,
}

impl<T> Page<T> {
    /// The page of the first `limit` of `items`, asked for at `uri`; `position` says where the page after an item goes
    /// on.
    ///
    /// # Errors
    /// When a position cannot be written as JSON.
    pub fn of<P: Serialize>(
        mut items: Vec<T>,
        limit: Limit,
        key: &CursorKey,
        uri: &Uri,
        position: impl Fn(&T) -> P,
    ) -> Result<Self, Problem> {
        let has_more = items.len() > limit.get() as usize;
        items.truncate(limit.get() as usize);
        let last = items.last().filter(|_| has_more);
        let next = last.map(|item| Cursor::encode(key, uri.path(), &position(item))).transpose();
        let next = next.map_err(|error| Problem::internal(&error))?;
        let link = next.as_ref().and_then(|next| link(uri, next));
        Ok(Self { items, next, link })
    }

    /// The page with each item as it is shown.
    pub fn map<U>(self, show: impl Fn(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(show).collect(), next: self.next, link: self.link }
    }
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(mut self) -> Response {
        let link = self.link.take();
        let mut response = Json(self).into_response();
        response.headers_mut().extend(link.map(|link| (LINK, link)));
        response
    }
}

/// The same query with another cursor. The address is relative to the host, which the gateway has another one of.
fn link(uri: &Uri, next: &Cursor) -> Option<HeaderValue> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name != "cursor" {
            query.append_pair(&name, &value);
        }
    }
    let query = query.append_pair("cursor", &next.0).finish();
    HeaderValue::try_from(format!("<{}?{query}>; rel=\"next\"", uri.path())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_gives_back_what_it_carries() {
        let key = CursorKey::derived_from(b"a secret");
        let position = ("2026-01-01T00:00:00Z".to_owned(), 7);
        let cursor = Cursor::encode(&key, "/v1/things", &position).unwrap();
        assert_eq!(cursor.decode::<(String, i64)>(&key, "/v1/things").unwrap(), position);
        let invalid = |cursor: &Cursor, key: &CursorKey, list: &str| {
            assert_eq!(cursor.decode::<(String, i64)>(key, list).unwrap_err().code(), "invalid-cursor");
        };
        for broken in [
            String::new(),
            " ".to_owned(),
            "!".to_owned(),
            cursor.0[1..].to_owned(),
            format!("{}A", cursor.0),
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(&position).unwrap()),
        ] {
            invalid(&Cursor(broken), &key, "/v1/things");
        }
        invalid(&cursor, &key, "/v1/others");
        invalid(&cursor, &CursorKey::derived_from(b"another secret"), "/v1/things");
        invalid(&cursor, &CursorKey::random().unwrap(), "/v1/things");
        assert!(cursor.decode::<u8>(&key, "/v1/things").is_err());
    }

    #[test]
    fn no_changed_letter_is_a_cursor() {
        let key = CursorKey::derived_from(b"a secret");
        let cursor = Cursor::encode(&key, "/v1/things", &"0123").unwrap();
        for at in 0..cursor.0.len() {
            for letter in ["A", "B", "_", "9"] {
                let mut changed = cursor.0.clone();
                changed.replace_range(at..=at, letter);
                if changed != cursor.0 {
                    assert!(Cursor(changed).decode::<String>(&key, "/v1/things").is_err(), "{at} {letter}");
                }
            }
        }
    }

    #[test]
    fn a_page_links_to_the_next_one() {
        let key = CursorKey::derived_from(b"a secret");
        let uri: Uri = "/v1/things?limit=2&owner=a%26b&cursor=old".parse().unwrap();
        let limit = Limit::try_from(2).unwrap();
        let page = Page::of(vec![1, 2, 3], limit, &key, &uri, |item| *item).unwrap();
        let next = page.next.clone().unwrap();
        assert_eq!(next.decode::<i32>(&key, "/v1/things").unwrap(), 2);
        let response = page.into_response();
        let expected = format!("</v1/things?limit=2&owner=a%26b&cursor={}>; rel=\"next\"", next.0);
        assert_eq!(response.headers()[LINK], expected);
        let last = Page::of(vec![3], limit, &key, &uri, |item| *item).unwrap();
        assert!(last.next.is_none() && !last.into_response().headers().contains_key(LINK));
    }
}
