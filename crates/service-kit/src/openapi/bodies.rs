//! Bodies that may be left out.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Schema, SchemaType};
use utoipa::openapi::{RefOr, Required, Type};

/// The derive makes of `Option<T>` a body that is there and may be `null`. Here it may be missing, and is never `null`.
pub(super) fn may_be_left_out(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else {
        return;
    };
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else { continue };
        if let Some(schema) = content.schema.as_ref().and_then(not_null) {
            content.schema = Some(schema);
            body.required = Some(Required::False);
        }
    }
}

/// The other one of "null or this".
fn not_null(schema: &RefOr<Schema>) -> Option<RefOr<Schema>> {
    let RefOr::T(Schema::OneOf(either)) = schema else {
        return None;
    };
    let is_null = |schema: &RefOr<Schema>| match schema {
        RefOr::T(Schema::Object(object)) => object.schema_type == SchemaType::Type(Type::Null),
        _ => false,
    };
    let others: Vec<&RefOr<Schema>> = either.items.iter().filter(|schema| !is_null(schema)).collect();
    match others[..] {
        [only] if either.items.len() == 2 => Some(only.clone()),
        _ => None,
    }
}
