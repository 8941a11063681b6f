//! Writing Rust as text, indented and in lines of a readable length.
//!
//! Emitted code is short items of few shapes, so it is laid out while it is written; parsing and printing it with a
//! formatter would cost more than everything else the generator does.

/// Longer lists of parameters stand one a line.
const WIDTH: usize = 110;

/// Source text under construction.
#[derive(Default)]
pub(crate) struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    /// One line.
    pub(crate) fn line(&mut self, line: &str) {
        if !line.is_empty() {
            for _ in 0..self.depth {
                self.text.push_str("    ");
            }
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// An empty line, but not at the start of a block or after another one.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") && !self.text.ends_with("{\n") {
            self.text.push('\n');
        }
    }

    /// Documentation, one line for each of the text.
    pub(crate) fn doc(&mut self, text: &str) {
        for line in text.lines() {
            if line.is_empty() { self.line("///") } else { self.line(&format!("/// {line}")) }
        }
    }

    /// `header {`, what `inside` writes, and `}`.
    pub(crate) fn block(&mut self, header: &str, inside: impl FnOnce(&mut Writer)) {
        self.line(&format!("{header} {{"));
        self.indented(inside);
        self.line("}");
    }

    /// What `inside` writes, one step to the right.
    pub(crate) fn indented(&mut self, inside: impl FnOnce(&mut Writer)) {
        self.depth += 1;
        inside(self);
        self.depth -= 1;
    }

    /// `start(one, two)end` on one line, or with the items one a line.
    pub(crate) fn call(&mut self, start: &str, items: &[String], end: &str) {
        self.list(start, items, "", end);
    }

    /// As [`Writer::call`], but what stands in the parentheses is a tuple, also when it is one item.
    pub(crate) fn tuple(&mut self, start: &str, items: &[String], end: &str) {
        self.list(start, items, if items.len() == 1 { "," } else { "" }, end);
    }

    fn list(&mut self, start: &str, items: &[String], comma: &str, end: &str) {
        let inline = items.join(", ") + comma;
        if self.depth * 4 + start.len() + inline.len() + end.len() + 2 <= WIDTH {
            return self.line(&format!("{start}({inline}){end}"));
        }
        self.line(&format!("{start}("));
        self.indented(|w| items.iter().for_each(|item| w.line(&format!("{item},"))));
        self.line(&format!("){end}"));
    }

    /// A function: `header(parameters) -> result { body }`.
    pub(crate) fn function(
        &mut self,
        header: &str,
        parameters: &[String],
        result: &str,
        body: impl FnOnce(&mut Writer),
    ) {
        self.call(header, parameters, &format!(" -> {result} {{"));
        self.indented(body);
        self.line("}");
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// A string as a Rust literal.
pub(crate) fn literal(text: &str) -> String {
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_lists_stand_on_one_line_and_long_ones_do_not() {
        let mut writer = Writer::default();
        let items = |n: usize| (0..n).map(|i| format!("argument_{i}: ::keyway::Tensor")).collect::<Vec<_>>();
        writer.block("impl A", |w| {
            w.gap();
            w.function("fn f", &items(1), "()", |w| w.line("()"));
            w.gap();
            w.gap();
            w.call("g", &items(4), ";");
        });
        let expected = "\
impl A {
    fn f(argument_0: ::keyway::Tensor) -> () {
        ()
    }

    g(
        argument_0: ::keyway::Tensor,
        argument_1: ::keyway::Tensor,
        argument_2: ::keyway::Tensor,
        argument_3: ::keyway::Tensor,
    );
}
";
        assert_eq!(writer.finish(), expected);
    }
}
