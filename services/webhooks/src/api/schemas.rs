//! The schemas of an address and of a filter.

use utoipa::openapi::schema::{Schema, SchemaType};
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, RefOr, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::endpoint::{Endpoint, MAX_URL};
use crate::filter::{EventFilter, known};

impl PartialSchema for Endpoint {
    fn schema() -> RefOr<Schema> {
        let about = "An https:// address in ASCII, without credentials and without a fragment.";
        let uri = SchemaFormat::Custom("uri".to_owned());
        text().format(Some(uri)).max_length(Some(MAX_URL)).description(Some(about)).into()
    }
}

impl ToSchema for Endpoint {}

impl PartialSchema for EventFilter {
    fn schema() -> RefOr<Schema> {
        let names = text().enum_values(Some(std::iter::once("*").chain(known())));
        let about = "Types of events as in the AsyncAPI document, each once, or `*` alone for all of them.";
        let list = ArrayBuilder::new().items(names).min_items(Some(1)).unique_items(true);
        list.description(Some(about)).into()
    }
}

impl ToSchema for EventFilter {}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))
}
