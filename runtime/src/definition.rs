//! A defined operator's schema with what boxed calls need from it, computed once.

use keyway_schema::Schema;

use crate::error::Place;
use crate::value::accepted_tags;

/// A schema and the checks that boxed calls make by it. Lives as long as the process (docs/decisions/0003).
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) schema: Schema,
    pub(crate) arguments: Box<[ValueCheck]>,
    pub(crate) returns: Box<[ValueCheck]>,
    pub(crate) place: Option<Place>,
}

/// Which kinds of value fit, and whether the value's tensors take part in the dispatch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValueCheck {
    pub(crate) accepts: u32,
    pub(crate) contributes: bool,
}

impl Definition {
    pub(crate) fn new(schema: Schema, place: Option<Place>) -> Definition {
        let check = |ty: &keyway_schema::Type| ValueCheck {
            accepts: accepted_tags(ty),
            contributes: ty.is_tensor_like(),
        };
        let arguments = schema.arguments.iter().map(|argument| check(&argument.ty)).collect();
        let returns = schema.returns.iter().map(|ret| check(&ret.ty)).collect();
        Definition { schema, arguments, returns, place }
    }
}
