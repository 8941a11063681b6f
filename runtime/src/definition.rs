//! A defined operator's schema with what boxed calls need from it, computed once.

use keyway_schema::{BaseType, Return, Schema, Type};
use smallvec::SmallVec;

use crate::error::Place;
use crate::inputs::default_value;
use crate::value::{Value, accepted_result_tags, accepted_tags};

/// A schema and the checks that boxed calls make by it. Lives as long as the process (docs/decisions/0003).
#[derive(Debug, PartialEq)]
pub(crate) struct Definition {
    pub(crate) schema: Schema,
    pub(crate) arguments: Box<[ValueCheck]>,
    pub(crate) defaults: Defaults,
    /// How many arguments may be given by position; they come first.
    pub(crate) positional: usize,
    /// The arguments whose tensors and generators take part in the dispatch (D78, without the gaps of D79).
    pub(crate) dispatch_positions: Box<[usize]>,
    pub(crate) returns: Box<[ValueCheck]>,
    /// For each return, the argument that it is, if it is a written one (D227, D228).
    pub(crate) given_back: Box<[Option<usize>]>,
    pub(crate) tags: &'static [&'static str],
    pub(crate) alias_analysis: AliasAnalysis,
    /// The module that keeps its shape rule, if one was declared (D194).
    pub(crate) fake_module: Option<&'static str>,
    pub(crate) place: Option<Place>,
}

/// The default of each argument that has one.
#[derive(Debug)]
pub(crate) struct Defaults(pub(crate) Box<[Option<Value>]>);

/// They follow from the schema, which definitions are compared by.
impl PartialEq for Defaults {
    fn eq(&self, _: &Defaults) -> bool {
        true
    }
}

/// What programs that move or merge calls may take for granted about an operator's memory (D175, D186).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AliasAnalysis {
    /// What the schema's annotations say, and nothing else: the rule for schemas that are written.
    #[default]
    FromSchema,
    /// No result shares memory with an argument, and nothing is written.
    Pure,
    /// Nothing: any result may share memory with any argument, which may be written. For schemas that a function's type
    /// implies, which has no annotations.
    Conservative,
}

/// The arguments that are results, with the positions of those results.
pub(crate) type WrittenArguments = SmallVec<[(usize, Value); 1]>;

/// Which kinds of value fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ValueCheck {
    pub(crate) accepts: u32,
}

impl Definition {
    pub(crate) fn new(schema: Schema, place: Option<Place>) -> Definition {
        let check = |ty: &Type| ValueCheck { accepts: accepted_tags(ty) };
        let has_keys = |ty: &Type| ty.is_tensor_like() || ty.base() == Some(BaseType::Generator);
        let positions = schema.arguments.iter().enumerate().filter(|(_, argument)| has_keys(&argument.ty));
        let dispatch_positions = positions.map(|(position, _)| position).collect();
        let arguments = schema.arguments.iter().map(|argument| check(&argument.ty)).collect();
        let result = |ty: &Type| ValueCheck { accepts: accepted_result_tags(ty) };
        let returns = schema.returns.iter().map(|ret| result(&ret.ty)).collect();
        let given_back = schema.returns.iter().map(|ret| given_back(&schema, ret));
        let given_back: Box<[_]> = match given_back.clone().all(|position| position.is_none()) {
            true => Box::default(),
            false => given_back.collect(),
        };
        let defaults = Defaults(schema.arguments.iter().map(default_value).collect());
        let positional = schema.positional().count();
        Definition {
            schema,
            arguments,
            defaults,
            positional,
            dispatch_positions,
            returns,
            given_back,
            tags: &[],
            alias_analysis: AliasAnalysis::FromSchema,
            fake_module: None,
            place,
        }
    }

    pub(crate) fn with_tags(self, tags: &'static [&'static str]) -> Definition {
        Definition { tags, ..self }
    }

    pub(crate) fn with_alias_analysis(self, alias_analysis: AliasAnalysis) -> Definition {
        Definition { alias_analysis, ..self }
    }

    pub(crate) fn with_fake_module(self, fake_module: Option<&'static str>) -> Definition {
        Definition { fake_module, ..self }
    }

    /// The arguments that are results, with the positions of those results. Empty for most operators.
    pub(crate) fn written_arguments(&self, arguments: &[Value]) -> WrittenArguments {
        let given_back = self.given_back.iter().enumerate();
        given_back
            .filter_map(|(result, argument)| Some((result, arguments.get((*argument)?)?.clone())))
            .collect()
    }
}

fn given_back(schema: &Schema, ret: &Return) -> Option<usize> {
    if ret.is_write() { schema.aliased_argument(ret) } else { None }
}
