//! Which values of a call may be the same memory, and which are written: what programs that move, merge or drop calls ask.
//!
//! The schema answers, or what was said of the operator instead ([`AliasAnalysis`], D175, D186). With the arguments of one
//! call the answer is of that call: what is given twice is the same memory, and so is what the schema ties to either.

use keyway_schema::{Schema, Slot, Type};

use crate::definition::AliasAnalysis;
use crate::error::{Error, ErrorKind, Result};
use crate::operator::Operator;
use crate::value::Value;

impl Operator {
    /// Whether two arguments or results may be the same memory in a call with these arguments; of calls in general if
    /// none are given. A list and what is in it are told apart by
    /// [`Schema::may_contain_alias`](keyway_schema::Schema::may_contain_alias).
    ///
    /// ```
    /// use keyway::schema::Slot;
    /// use keyway::{Library, Result, Tensor, Value};
    ///
    /// let mut library = Library::define("sharing")?;
    /// let sub_ = library.def("sub_(Tensor(a!) self, Tensor other) -> Tensor(a!)")?;
    /// let (other, result) = (Slot::Argument(1), Slot::Return(0));
    /// assert!(!sub_.may_alias(other, result, &[])?);
    /// let x = Tensor::from_slice(&[1.0f32], &[1])?;
    /// assert!(sub_.may_alias(other, result, &[Value::from(&x), Value::from(&x)])?);
    /// # Ok::<(), keyway::Error>(())
    /// ```
    ///
    /// # Errors
    /// `MissingDef` without a schema; `Index` for a position that the schema does not have; `SchemaInvalid` for an
    /// operator of which nothing may be taken for granted and whose schema has annotations all the same.
    pub fn may_alias(&'static self, a: Slot, b: Slot, given: &[Value]) -> Result<bool> {
        let schema = self.analysed()?;
        let holds_tensors = |slot| Ok(self.type_of(schema, slot)?.is_tensor_like());
        if !holds_tensors(a)? || !holds_tensors(b)? {
            return Ok(false);
        }
        if self.alias_analysis() == AliasAnalysis::Conservative {
            return Ok(true);
        }
        // A pure operator has no annotations, so its schema says the same.
        let (of_a, of_b) = (sources(schema, a, given), sources(schema, b, given));
        Ok(schema.may_alias(a, b) || of_a.iter().any(|argument| of_b.contains(argument)))
    }

    /// Whether a call with these arguments may write the memory of one of them, itself or as that of another one.
    ///
    /// # Errors
    /// As [`Operator::may_alias`].
    pub fn may_write(&'static self, argument: usize, given: &[Value]) -> Result<bool> {
        let schema = self.analysed()?;
        let holds_tensors = self.type_of(schema, Slot::Argument(argument))?.is_tensor_like();
        if self.alias_analysis() == AliasAnalysis::Conservative {
            return Ok(holds_tensors);
        }
        let same = sources(schema, Slot::Argument(argument), given);
        Ok(holds_tensors && same.into_iter().any(|position| schema.arguments[position].is_write()))
    }

    /// The schema, unless it contradicts what was said of the operator.
    fn analysed(&'static self) -> Result<&'static Schema> {
        let schema = self.schema().ok_or_else(|| {
            let message =
                format!("`{self}` has no schema, so nothing is known about its memory; define it first");
            Error::new(ErrorKind::MissingDef, message)
        })?;
        let annotated = schema.arguments.iter().any(|argument| argument.alias.is_some())
            || schema.returns.iter().any(|returned| returned.alias.is_some());
        match self.alias_analysis() {
            AliasAnalysis::Conservative if annotated => {
                let message = format!(
                    "`{schema}` says what is shared and written, and the operator was defined so that nothing is \
                     taken from that; define it with `AliasAnalysis::FromSchema`, or without annotations"
                );
                Err(Error::new(ErrorKind::SchemaInvalid, message))
            }
            _ => Ok(schema),
        }
    }

    fn type_of(&self, schema: &'static Schema, slot: Slot) -> Result<&'static Type> {
        let (found, what, index, held) = match slot {
            Slot::Argument(index) => {
                (schema.arguments.get(index).map(|a| &a.ty), "argument", index, schema.arguments.len())
            }
            Slot::Return(index) => {
                (schema.returns.get(index).map(|r| &r.ty), "result", index, schema.returns.len())
            }
        };
        found.ok_or_else(|| {
            let message = format!("there is no {what} {index}: `{schema}` has {held}, counted from 0");
            Error::new(ErrorKind::Index, message)
        })
    }
}

/// The arguments that a value may be: itself or those that the schema ties it to, and what shares their memory.
fn sources(schema: &Schema, slot: Slot, given: &[Value]) -> Vec<usize> {
    let all = 0..schema.arguments.len();
    let tied = |&position: &usize| match slot {
        Slot::Argument(own) => own == position,
        Slot::Return(_) => schema.may_alias(Slot::Argument(position), slot),
    };
    let tied: Vec<usize> = all.clone().filter(tied).collect();
    let shares = |a: usize, b: usize| match (given.get(a), given.get(b)) {
        (Some(a), Some(b)) => a.tensors().any(|a| b.tensors().any(|b| a.shares_storage(b))),
        _ => false,
    };
    all.filter(|&position| tied.iter().any(|&own| own == position || shares(own, position))).collect()
}
