//! The schemas of what lists, versions and keys have in common.

use utoipa::openapi::schema::{Components, Schema, SchemaType};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::http::{Cursor, Limit};

/// How many events a stream has: what an `ETag` says, as a number.
#[derive(Debug)]
pub struct StreamVersion;

impl PartialSchema for StreamVersion {
    fn schema() -> RefOr<Schema> {
        number(1).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64))).examples([5]).into()
    }
}

impl ToSchema for StreamVersion {}

impl PartialSchema for Cursor {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .pattern(Some("^[A-Za-z0-9_-]+$"))
            .description(Some("Where a list goes on: `next` of the page before, as it was received."))
            .into()
    }
}

impl ToSchema for Cursor {}

impl PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        let default = Self::default().get();
        number(1).maximum(Some(Self::MAX)).default(Some(default.into())).into()
    }
}

impl ToSchema for Limit {}

fn number(minimum: u32) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)).minimum(Some(minimum))
}

/// Parameters refer to these, and the derive collects only what bodies refer to.
pub(super) fn add_to(components: &mut Components) {
    components.schemas.insert(Cursor::name().into_owned(), Cursor::schema());
    components.schemas.insert(Limit::name().into_owned(), Limit::schema());
}
