//! One page of a list.

use serde::Serialize;
use service_kit::http::{Cursor, Limit, Problem};
use utoipa::ToSchema;

/// What every list answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    items: Vec<T>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next: Option<Cursor>,
}

/// One item more than the page has tells whether there is a next page.
pub(crate) fn and_one(limit: Limit) -> usize {
    limit.get() as usize + 1
}

impl<T> Page<T> {
    /// The page of the first `limit` of `items`; `position` says where the page after an item goes on.
    pub(crate) fn of<P: Serialize>(
        mut items: Vec<T>,
        limit: Limit,
        position: impl Fn(&T) -> P,
    ) -> Result<Self, Problem> {
        let has_more = items.len() > limit.get() as usize;
        items.truncate(limit.get() as usize);
        let last = items.last().filter(|_| has_more);
        let next = last.map(|item| Cursor::encode(&position(item))).transpose();
        Ok(Self { next: next.map_err(|error| Problem::internal(&error))?, items })
    }

    /// The page with each item as it is shown.
    pub(crate) fn map<U>(self, show: impl Fn(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(show).collect(), next: self.next }
    }
}
