//! Reading a graph back from its text.

use std::collections::HashMap;
use std::str::FromStr;

use keyway::schema::{Argument, BaseType, Type};
use keyway::{Device, Dims, Error, ErrorKind, Geometry, Operator, Result, contiguous_strides, find_operator};

use super::literal::{read_elements, read_plain, read_scalar};
use super::{
    Constant, Graph, GraphCall, Operand, ResultSlot, ResultTensor, Statement, ValueId, ValueInfo, View,
};

/// What is left of one line.
pub(super) struct Reader<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Reader<'t> {
    #[cold]
    pub(super) fn problem(&self, what: &str) -> Error {
        let near: String = self.rest.trim_start().chars().take(24).collect();
        let message = format!("line {} of the graph: {what}, near `{near}`", self.line);
        Error::new(ErrorKind::Value, message)
    }

    /// Takes a text if it comes next, after spaces.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.trim_start_matches(' ');
        match rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<()> {
        match self.eat(text) {
            true => Ok(()),
            false => Err(self.problem(&format!("`{text}` is missing"))),
        }
    }

    fn is_at_end(&self) -> bool {
        self.rest.trim_start_matches(' ').is_empty()
    }

    /// What comes next up to a space, a comma, a bracket or an equals sign.
    pub(super) fn peek_word(&self) -> &'t str {
        let rest = self.rest.trim_start_matches(' ');
        let end = rest.find([' ', ',', '(', ')', '[', ']', '=']).unwrap_or(rest.len());
        &rest[..end]
    }

    pub(super) fn word(&mut self) -> &'t str {
        let word = self.peek_word();
        self.skip_word();
        word
    }

    pub(super) fn skip_word(&mut self) {
        let length = self.peek_word().len();
        self.rest = &self.rest.trim_start_matches(' ')[length..];
    }

    pub(super) fn parse<T: FromStr>(&mut self, what: &str) -> Result<T> {
        match self.peek_word().parse() {
            Ok(value) => {
                self.skip_word();
                Ok(value)
            }
            Err(_) => Err(self.problem(&format!("{what} is missing"))),
        }
    }

    /// `[a, b]`.
    pub(super) fn list<T>(&mut self, element: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect("[")?;
        self.until("]", element)
    }

    /// Elements with commas between them, up to a closing text.
    fn until<T>(&mut self, end: &str, mut element: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut elements = Vec::new();
        while !self.eat(end) {
            if !elements.is_empty() {
                self.expect(",")?;
            }
            elements.push(element(self)?);
        }
        Ok(elements)
    }

    /// A string in double quotes, with the escapes of Rust.
    pub(super) fn string(&mut self) -> Result<String> {
        self.expect("\"")?;
        let mut text = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(text);
                }
                '\\' => match characters.next().map(|(_, escaped)| escaped) {
                    Some('n') => text.push('\n'),
                    Some('r') => text.push('\r'),
                    Some('t') => text.push('\t'),
                    Some('0') => text.push('\0'),
                    Some('u') => {
                        let digits: String = characters
                            .by_ref()
                            .map(|(_, digit)| digit)
                            .take_while(|&digit| digit != '}')
                            .collect();
                        let code = u32::from_str_radix(digits.trim_start_matches('{'), 16).ok();
                        let character = code.and_then(char::from_u32);
                        text.push(character.ok_or_else(|| self.problem("an escape is not a character"))?);
                    }
                    Some(itself) => text.push(itself),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err(self.problem("the end of a string is missing"))
    }

    /// The text up to one that has to come.
    fn up_to(&mut self, end: &str) -> Result<&'t str> {
        let rest = self.rest.trim_start_matches(' ');
        match rest.split_once(end) {
            Some((before, after)) => {
                self.rest = after;
                Ok(before)
            }
            None => Err(self.problem(&format!("`{end}` is missing"))),
        }
    }
}

/// The graph as far as it has been read.
#[derive(Default)]
struct Reading {
    graph: Graph,
    names: HashMap<u32, ValueId>,
}

impl FromStr for Graph {
    type Err = Error;

    /// Reads what [`Graph::to_text`] writes. Lines that are empty or begin with `//` are left out.
    ///
    /// # Errors
    /// `Value`, with the line, for text that is not a graph; `UnknownOperator` for an operator that is not there.
    fn from_str(text: &str) -> Result<Graph> {
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with("//"));
        let mut reading = Reading::default();
        let (line, rest) = lines.next().unwrap_or((1, ""));
        let mut reader = Reader { rest, line };
        reader.expect("graph(")?;
        reading.graph.inputs = reader.until(")", |reader| reading.declared(reader))?;
        reader.expect(":")?;
        for (line, rest) in lines.by_ref() {
            let mut reader = Reader { rest, line };
            if reader.peek_word() == "return" {
                reader.skip_word();
                let outputs = &mut reading.graph.outputs;
                while !reader.is_at_end() {
                    if !outputs.is_empty() {
                        reader.expect(",")?;
                    }
                    outputs.push(used(&reading.names, &mut reader)?);
                }
                return match lines.next() {
                    None => Ok(reading.graph),
                    Some((line, rest)) => Err(Reader { rest, line }.problem("nothing may follow `return`")),
                };
            }
            let statement = reading.statement(&mut reader)?;
            if !reader.is_at_end() {
                return Err(reader.problem("the line should end here"));
            }
            reading.graph.statements.push(statement);
        }
        Err(reader.problem("the graph has no `return`"))
    }
}

/// `%2`, of a value that was declared above.
fn used(names: &HashMap<u32, ValueId>, reader: &mut Reader<'_>) -> Result<ValueId> {
    reader.expect("%")?;
    let number: u32 = reader.parse("the number of a value")?;
    names.get(&number).copied().ok_or_else(|| reader.problem(&format!("%{number} is not declared above")))
}

impl Reading {
    /// `%2: float32[2, 3] on meta`, or `%2` for one that a call gives back.
    fn declared(&mut self, reader: &mut Reader<'_>) -> Result<ValueId> {
        reader.expect("%")?;
        let digits =
            reader.rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(reader.rest.len());
        let (number, rest) = reader.rest.split_at(digits);
        let number: u32 = number.parse().map_err(|_| reader.problem("the number of a value is missing"))?;
        reader.rest = rest;
        if !reader.eat(":") {
            let known = self.names.get(&number).copied();
            return known
                .ok_or_else(|| reader.problem(&format!("`:` and the dtype of %{number} are missing")));
        }
        let dtype = reader.parse("a dtype")?;
        let sizes: Dims = reader.list(|reader| reader.parse::<i64>("an extent"))?.into();
        let device = if reader.eat("on ") { reader.parse("a device")? } else { Device::CPU };
        let value = ValueId(self.graph.values.len() as u32);
        if self.names.insert(number, value).is_some() {
            return Err(reader.problem(&format!("%{number} is declared twice")));
        }
        self.graph.values.push(ValueInfo { dtype, sizes, device });
        Ok(value)
    }

    fn statement(&mut self, reader: &mut Reader<'_>) -> Result<Statement> {
        // The results of a call can only be told once its schema is known.
        let (left, right) = match split_at_equals(reader.rest) {
            Some(sides) => sides,
            None => return Err(reader.problem("` = ` is missing")),
        };
        let line = reader.line;
        let mut left = Reader { rest: left, line };
        reader.rest = right;
        if let Some(constant) = ["constant(", "meta(", "number("].into_iter().find(|kind| reader.eat(kind)) {
            let value = self.declared(&mut left)?;
            let constant = self.constant(constant, value, reader)?;
            return Ok(Statement::Constant(value, constant));
        }
        if reader.eat("view(") {
            let value = self.declared(&mut left)?;
            return self.view(value, reader).map(Statement::View);
        }
        let name = reader.up_to("(")?;
        let operator = find_operator(name)?;
        let (positional, named) = self.arguments(operator, reader)?;
        let results = self.results(operator, &mut left)?;
        Ok(Statement::Call(GraphCall { operator, positional, named, results }))
    }

    fn constant(&self, kind: &str, value: ValueId, reader: &mut Reader<'_>) -> Result<Constant> {
        let ValueInfo { dtype, ref sizes, .. } = self.graph.values[value.index()];
        if kind == "number(" {
            let number = read_scalar(reader)?;
            reader.expect(")")?;
            return Ok(Constant::Number(number));
        }
        if kind == "meta(" {
            let geometry = placement(reader, sizes)?;
            reader.expect(")")?;
            return Ok(Constant::Meta { dtype, geometry });
        }
        let bytes = read_elements(reader, dtype)?;
        let geometry = match reader.eat(",") {
            true => placement(reader, sizes)?,
            false => Geometry::new(sizes, &contiguous_strides(sizes), 0)?,
        };
        reader.expect(")")?;
        if geometry.storage_len()?.saturating_mul(dtype.size()) > bytes.len() {
            return Err(reader.problem("the constant has fewer elements than its sizes need"));
        }
        Ok(Constant::Data { dtype, geometry, bytes })
    }

    fn view(&self, value: ValueId, reader: &mut Reader<'_>) -> Result<View> {
        let base = used(&self.names, reader)?;
        reader.expect(",")?;
        let geometry = placement(reader, &self.graph.values[value.index()].sizes)?;
        reader.expect(",")?;
        reader.expect("where=")?;
        let sizes = reader.list(|reader| reader.parse::<i64>("an extent"))?;
        reader.expect(",")?;
        let base_geometry = placement(reader, &sizes)?;
        reader.expect(")")?;
        Ok(View { value, base, geometry, base_geometry })
    }

    #[expect(clippy::type_complexity, reason = "positional and named, as the call has them")]
    fn arguments(
        &self,
        operator: &'static Operator,
        reader: &mut Reader<'_>,
    ) -> Result<(Vec<Operand>, Vec<(&'static str, Operand)>)> {
        let arguments = operator.schema().map_or(&[][..], |schema| &schema.arguments);
        let mut named = Vec::new();
        let mut positional = Vec::new();
        while !reader.eat(")") {
            if !(positional.is_empty() && named.is_empty()) {
                reader.expect(",")?;
            }
            match self.named_argument(arguments, reader) {
                Some(argument) => named.push((argument.name.as_str(), self.operand(reader, &argument.ty)?)),
                None => {
                    let argument = arguments.get(positional.len());
                    let argument =
                        argument.ok_or_else(|| reader.problem("the operator has fewer arguments"))?;
                    positional.push(self.operand(reader, &argument.ty)?);
                }
            }
        }
        Ok((positional, named))
    }

    /// Takes `name=` if it comes next.
    fn named_argument<'a>(&self, arguments: &'a [Argument], reader: &mut Reader<'_>) -> Option<&'a Argument> {
        let word = reader.peek_word();
        let argument = arguments.iter().find(|argument| argument.name == word)?;
        reader.eat(&format!("{word}=")).then_some(argument)
    }

    fn operand(&self, reader: &mut Reader<'_>, ty: &Type) -> Result<Operand> {
        let value = |reader: &mut Reader<'_>| used(&self.names, reader);
        match ty {
            ty if !ty.is_tensor_like() => read_plain(reader, ty).map(Operand::Plain),
            Type::Optional(_) if reader.eat("None") => Ok(Operand::Plain(keyway::Value::None)),
            Type::Optional(of) => self.operand(reader, of),
            Type::List(element, _) if element.is_nullable() => reader
                .list(|reader| if reader.eat("None") { Ok(None) } else { value(reader).map(Some) })
                .map(Operand::OptionalTensors),
            Type::List(..) => reader.list(value).map(Operand::Tensors),
            _ => value(reader).map(Operand::Tensor),
        }
    }

    fn results(&mut self, operator: &'static Operator, reader: &mut Reader<'_>) -> Result<Vec<ResultSlot>> {
        let returns = operator.schema().map_or(&[][..], |schema| &schema.returns);
        if reader.eat("()") {
            return Ok(Vec::new());
        }
        let mut results = Vec::new();
        for (at, returned) in returns.iter().enumerate() {
            if at > 0 {
                reader.expect(",")?;
            }
            results.push(match &returned.ty {
                ty if !ty.is_tensor_like() => ResultSlot::Plain(read_plain(reader, ty)?),
                // A result that was not asked for is undefined.
                Type::Optional(_) | Type::Base(BaseType::Tensor) if reader.eat("None") => {
                    ResultSlot::Plain(keyway::Value::None)
                }
                Type::List(..) => ResultSlot::Tensors(reader.list(|reader| self.result(reader))?),
                _ => ResultSlot::Tensor(self.result(reader)?),
            });
        }
        match reader.is_at_end() {
            true => Ok(results),
            false => Err(reader.problem("the operator has fewer results")),
        }
    }

    fn result(&mut self, reader: &mut Reader<'_>) -> Result<ResultTensor> {
        let value = self.declared(reader)?;
        let fingerprint = match reader.eat("#") {
            true => {
                let digits = reader.word();
                let number = u64::from_str_radix(digits, 16);
                Some(number.map_err(|_| reader.problem("a fingerprint is not hexadecimal"))?)
            }
            false => None,
        };
        Ok(ResultTensor { value, fingerprint })
    }
}

/// `strides=[3, 1], offset=0`.
fn placement(reader: &mut Reader<'_>, sizes: &[i64]) -> Result<Geometry> {
    reader.expect("strides=")?;
    let strides = reader.list(|reader| reader.parse::<i64>("a stride"))?;
    reader.expect(",")?;
    reader.expect("offset=")?;
    Geometry::new(sizes, &strides, reader.parse("an offset")?)
}

/// The sides of the first ` = ` that is not inside a string.
fn split_at_equals(line: &str) -> Option<(&str, &str)> {
    let mut is_in_string = false;
    let mut is_escaped = false;
    for (at, character) in line.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_in_string => is_escaped = true,
            '"' => is_in_string = !is_in_string,
            ' ' if !is_in_string && line[at..].starts_with(" = ") => {
                return Some((&line[..at], &line[at + 3..]));
            }
            _ => (),
        }
    }
    None
}
