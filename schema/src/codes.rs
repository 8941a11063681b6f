//! The one table of error codes.
//!
//! The schema parser, the generator, the command `keyway` and the macros all report through these codes, so a mistake
//! has one name wherever it is made. A code never changes its meaning and is never used again for something else.
//! What must not be here: the wording of a particular report (that stands where the mistake is found).
//!
//! | range | what it is about |
//! |---|---|
//! | `KW00..` | the text of a schema |
//! | `KW01..` | rules across the parts of a schema |
//! | `KW02..` | the file and its YAML |
//! | `KW03..` | one entry of the operator list |
//! | `KW04..` | the operator list as a whole |
//! | `KW05..` | the attribute macros |
//! | `KW06..` | the file of a backend |

use std::fmt;
use std::str::FromStr;

macro_rules! codes {
    ($( $name:ident = $number:literal, $clauses:literal, $title:literal, $explanation:literal; )*) => {
        /// An error code, printed as `KW` and four digits.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $( #[doc = concat!($title, " (", $clauses, ").")] $name = $number, )*
        }

        impl Code {
            /// Every code, in ascending order.
            pub const ALL: &[Code] = &[ $( Code::$name, )* ];

            /// What kind of mistake it is, in a few words.
            pub fn title(self) -> &'static str {
                match self { $( Code::$name => $title, )* }
            }

            /// Why it is a mistake and what to do, in general.
            pub fn explanation(self) -> &'static str {
                match self { $( Code::$name => $explanation, )* }
            }

            /// The clauses of the operator-list specification it enforces.
            pub fn clauses(self) -> &'static str {
                match self { $( Code::$name => $clauses, )* }
            }
        }
    };
}

codes! {
    Whitespace = 1, "Y65", "whitespace is not as the schema language wants it",
        "A schema has one spelling: one space after a comma, around `->`, and between a type and a name; none elsewhere.";
    UnexpectedText = 2, "Y117", "unexpected text in a schema",
        "A schema is `name.overload(arguments) -> returns`.";
    BadName = 3, "Y9, Y14, Y33", "a name is missing or malformed",
        "Names are ASCII letters, digits and `_`, and do not start with a digit.";
    ReservedWord = 4, "Y59", "a reserved word used as a name",
        "Some words cannot name operators, overloads or arguments because other readers of the language reserve them.";
    BadOverload = 5, "Y22, Y59", "an overload name that is not allowed",
        "An overload is not called `default` and does not start with `__`; leave it out for the default overload.";
    UnknownType = 6, "Y9, Y11, Y13, Y130", "unknown type",
        "Types are a fixed set of base types under `?` (optional) and `[]` (list).";
    BadTypeSuffix = 7, "Y9, Y38, Y39", "suffixes of a type in an impossible order",
        "`?` stands once at a place, a list size is 1 or more, and after a sized list only one `?` may follow.";
    AliasPlace = 8, "Y27, Y46, Y131", "an alias annotation where none can stand",
        "Annotations follow `Tensor` directly, with at most one `?` or `[]` after them; the arrow form is for arguments.";
    BadAlias = 9, "Y45, Y129", "a malformed alias annotation",
        "An annotation is one letter, optionally `!`; or two letters with `|`; optionally ` -> ` and `*` or letters.";
    BadDefault = 10, "Y9, Y26, Y51", "a malformed default value",
        "Defaults are None, True, False, numbers, one-line strings, lists of these without spaces, and a few words.";
    BadNumber = 11, "Y9, Y56, Y279", "a number that is not written plainly",
        "Numbers are decimal, without `+`, without leading zeros, and fit 64 bits.";
    BadString = 12, "Y9, Y57", "a string default that cannot be written",
        "Strings are on one line, in one kind of quotes, with the escapes \\\\ \\' \\\" \\a \\b \\f \\n \\v \\t or three octal digits, and contain neither `=` nor a comma followed by a space.";
    UnknownWord = 13, "Y55", "an unknown word as default value",
        "Words that are defaults: None, True, False, Mean, contiguous_format, strided, and the dtype names.";
    KeywordMarker = 14, "Y28", "a misplaced `*`",
        "`*` stands at most once and is followed by the arguments that can only be given by name.";
    MissingArgumentName = 15, "Y26", "an argument without a name",
        "Every argument is a type, one space, and a name.";
    BadReturns = 16, "Y9, Y61", "returns are written in a way that is not allowed",
        "Nothing is `()`, one return stands without parentheses, several stand in parentheses; returns have no defaults.";
    MissingReturns = 17, "Y117", "a schema without returns",
        "Every schema ends in ` -> ` and what the operator returns, `()` for nothing.";

    DuplicateArgument = 101, "Y281", "two arguments with one name",
        "Arguments can be given by name, so names are unique.";
    DuplicateReturn = 102, "Y281", "two returns with one name",
        "Named returns become fields of one result, so names are unique.";
    DefaultOrder = 103, "Y58, Y281", "a positional argument without a default after one with a default",
        "Arguments that must be given come first, or after `*`.";
    DefaultType = 104, "Y54, Y281", "a default value of another type than its argument",
        "The default must be a value of the argument's type.";
    OperatorName = 105, "Y15, Y16, Y19", "an operator name with a reserved shape",
        "Names do not end in `_out` (use an overload); `__i...__` is kept for in-place operators such as `__iadd__`.";
    ReadAfterOut = 106, "Y29", "an argument that is not written after an out argument",
        "Out arguments come last.";
    WriteBeforeSelf = 107, "Y30, Y132", "an argument before `self` that is written",
        "Of the positional arguments only `self` and those after it can be written.";
    OutReturnAlias = 108, "Y118", "an out argument and its return with different annotations",
        "The returns of an out operator are its out arguments, in order.";
    MutableReturned = 109, "Y119", "a written positional argument that is returned",
        "Only `self` and out arguments are returned; other written arguments are not.";
    MixedReturns = 110, "Y120", "returns of which some are written arguments and some are new",
        "Either all returns are written arguments or none is.";
    UnownedReturn = 111, "Y121", "a return that is written but belongs to no argument",
        "A written return carries the annotation of `self` or of an out argument.";
    ListOutReturns = 112, "Y122", "list out arguments and returns",
        "An operator whose out arguments are not all plain tensors returns nothing.";
    OutReturnCount = 113, "Y123", "a number of returns that does not fit the out arguments",
        "An operator with plain tensor out arguments returns each of them (those named `_scratch_...` excepted).";
    InplaceSelf = 114, "Y124", "an in-place name without a `self` that is written",
        "A name ending in `_` promises that `self` is written.";
    InplaceReturn = 115, "Y125", "an in-place operator that does not return `self`",
        "With a plain tensor `self` it returns exactly that; with any other `self` it returns nothing.";
    NotFunctional = 116, "Y22, Y126", "an operator that must be functional but writes",
        "Operators with the tensor options dtype, layout, device, pin_memory, or with `functional` in the overload, write to nothing.";
    InplaceOut = 117, "Y127", "an operator that is in-place and has out arguments",
        "An operator is one or the other.";
    UnknownReturnAlias = 118, "Y281", "a return in an alias set that no argument is in",
        "A letter in a return says which argument it shares memory with.";
    OptionsTwice = 119, "Y31", "the tensor options twice",
        "dtype, layout, device, pin_memory in a row are one unit and stand at most once.";

    CannotRead = 201, "Y1", "the file cannot be read", "Check the path and the permissions.";
    NotUtf8 = 202, "Y1", "the file is not UTF-8 text", "Save the file as UTF-8.";
    YamlSyntax = 203, "Y1", "the file is not YAML", "The position says where reading stopped.";
    NotAList = 204, "Y1", "the file is not a list of entries", "The file is a YAML list; each entry starts with `- func: `.";
    NotAMapping = 205, "Y1", "an entry is not a mapping", "An entry is a mapping with at least the field `func`.";
    DuplicateKey = 206, "Y2", "a field twice", "Each field stands at most once.";
    YamlFeature = 207, "Y6", "a feature of YAML that is not used here",
        "Anchors, aliases, merge keys, tags, several documents and keys that are not text are refused: entries are read one by one, as they stand.";
    TooDeep = 208, "Y6", "nesting that is too deep", "An operator list nests four levels deep.";
    ReadersDisagree = 209, "Y6", "text that YAML readers read differently", "Quote it if it is text.";
    TooLarge = 210, "Y7", "more than any operator list holds",
        "A list has at most 16 MiB, one text in it 64 KiB, one mapping 1,000 fields; split the list, or look whether it is one.";

    UnknownField = 301, "Y4, Y107", "an unknown field", "The fields are a fixed set; see the operator-list manual.";
    MissingFunc = 302, "Y5", "an entry without `func`", "`func` holds the schema and is the one required field.";
    WrongKind = 303, "Y85-Y98", "a field of the wrong kind", "Each field is text, True or False, a list, or a mapping.";
    IllegalVariant = 304, "Y89", "an illegal variant", "Write `function`, `method` or `function, method`.";
    IllegalDeviceCheck = 305, "Y90", "an illegal device check", "Write `NoCheck` or `ExactSame`.";
    UnknownDispatchKey = 306, "Y79", "an unknown dispatch key", "Dispatch keys are spelt exactly, capitals included.";
    UnsupportedDispatchKey = 307, "Y99", "a dispatch key that cannot stand in a table",
        "Kernels for this key are registered from Rust, with `#[kernel]`.";
    DuplicateDispatchKey = 308, "Y100, Y281", "a dispatch key twice in one table", "One operator has one kernel for a key.";
    BadKernelName = 309, "Y98, Y163", "a malformed kernel name", "A kernel is a Rust function's name, optionally with a path of up to three names before it.";
    NamespaceDepth = 310, "Y84", "too many namespace levels", "An operator has one namespace; a kernel's path has up to three names before the function's.";
    UnknownTag = 311, "Y96", "an unknown tag", "Tags are a fixed set.";
    OutVariants = 312, "Y109", "an out operator that is a method", "Operators with out arguments are functions only.";
    MethodSelf = 313, "Y160, Y281", "a method without a tensor `self`", "A method needs a positional argument `Tensor self`.";
    MethodInModule = 314, "Y93", "a method in a submodule", "An operator with `python_module` is a function only.";
    StructuredKind = 315, "Y110, Y111", "a structured field on the wrong kind of operator",
        "`structured` is for operators with out arguments, `structured_delegate` for the others; neither with `device_guard: False`.";
    NeedsStructured = 316, "Y95, Y106, Y113", "a field that needs `structured: True`",
        "`precomputed`, `structured_inherits` and `ufunc_inner_loop` belong to structured operators.";
    BadOperatorReference = 317, "Y91, Y92, Y105", "a malformed operator name",
        "Operators are named `name` or `name.overload`, without a namespace.";
    UselessTable = 318, "Y101, Y102", "a dispatch table that says nothing",
        "Without a table an operator has its default kernel under CompositeImplicitAutograd already.";
    CompositeCount = 319, "Y104", "more than one composite kernel", "One composite key stands in a table.";
    DelegatedKey = 320, "Y108", "a backend kernel on a delegated operator", "Its kernels come from the operator it delegates to.";
    FactoryTable = 321, "Y103", "a factory without a dispatch table",
        "An operator that makes tensors from nothing names its composite key explicitly.";
    ManualTable = 322, "Y97", "a dispatch table on an operator registered by hand", "Drop the table or `manual_kernel_registration`.";
    NoSuchDefault = 323, "Y112", "an argument without a default to drop", "`cpp_no_default_args` lists arguments that have defaults.";
    ForeachDeviceCheck = 324, "Y114", "a `_foreach` operator with a device check", "Its lists may be on several devices: write `device_check: NoCheck`.";
    RandomTag = 325, "Y115, Y281", "a generator argument without the tag of random operators",
        "An operator with a Generator argument carries the tag `nondeterministic_seeded`.";
    ConstRefOut = 326, "Y88", "`use_const_ref_for_mutable_tensors` on an out operator", "Drop the field.";
    StructuredKernels = 327, "Y281", "a structured operator without a kernel", "List at least one backend's kernel in `dispatch`, or give `ufunc_inner_loop`.";
    BadUfunc = 328, "Y81-Y83, Y106", "a malformed ufunc loop", "A loop is `name (dtype classes)`.";
    BadPrecomputed = 329, "Y134", "a malformed precomputed line", "Lines are `argument -> type name, ...`; one last line may have no arrow.";
    BadMethodName = 330, "Y273", "a method name that cannot be used", "`method_name` is a Rust name for the method of an operator with the variant `method`.";
    KeywordArgument = 331, "Y60, Y149", "an argument named by a Python keyword", "It could not be given by name from Python.";

    ImpossibleKernel = 332, "Y155", "a kernel that the operator cannot have",
        "`_symint` kernels need a SymInt argument; a structured operator supplies the kernels for Meta and for backends without one itself.";
    BadChanges = 333, "Y150, Y282", "a wrong use of `changes`",
        "`changes: size` or `changes: storage` says what an operator tagged `inplace_view` changes besides strides.";
    BadService = 334, "Y213", "an unknown word in `serves`", "Kernels of derived variants need operators that `copy`, `write` and `resize`.";

    KernelNamespaces = 335, "Y154", "kernels of one operator in two modules",
        "The kernels of one operator have one path before their names, or none.";
    ImpossibleType = 336, "Y155", "a type that no code can be generated for",
        "Lists of bool have a size; returned lists have none and are not written.";

    DuplicateOperator = 401, "Y146, Y281", "an operator twice", "A name with its overload stands once in the list.";
    NameCollision = 402, "Y21, Y281", "two operators with one generated name",
        "Name, `_` and overload run together must be unique, because handles are called so.";
    DelegateTarget = 403, "Y148", "a delegate that is missing or not structured",
        "`structured_delegate` names an entry of this list with `structured: True`.";
    InplaceViewTwin = 404, "Y150", "an in-place view without its functional operator",
        "The tag `inplace_view` is for in-place operators whose functional form is in the list too.";
    LoneOut = 405, "Y151", "an out operator without another variant",
        "Add the functional operator of the same arguments; `derive: False` says that there is none.";
    NoOutVariant = 406, "Y152", "an operator that can have no out variant",
        "It returns no tensor and is not in-place. Make it an implicit composite, or write `derive: False`.";
    AutogenNames = 407, "Y141, Y185, Y281", "an `autogen` that does not say what is derived",
        "`autogen` names exactly the variants that are derived from the operators of one signature.";
    SameSignature = 408, "Y147", "two operators of one signature and kind",
        "Operators that differ in nothing but the overload name cannot be told apart by their arguments.";
    StructuredGroup = 409, "Y136, Y139, Y140", "variants of a structured operator that do not fit it",
        "All variants delegate to the structured out operator, and that one has no implicit composite kernel.";
    MutableTwin = 410, "Y138", "a mutable operator with a functional one that is not its twin",
        "The functional variant of an operator that writes other arguments than `self` is called `NAME_functional`.";
    NoFunctional = 411, "Y142", "variants without a functional one",
        "In-place and out operators of one signature belong to a functional operator.";
    MissingCopy = 412, "Y143, Y216", "a view without the operator that copies",
        "A view with kernels of its own has a twin `NAME_copy` that copies what the view shares.";
    ViewGroupForm = 413, "Y144, Y145", "a copy or an in-place form that does not fit its view",
        "The copy has the tag `view_copy`; if the view is an implicit composite, so is its in-place form.";
    GroupedWith = 414, "Y282", "a `grouped_with` that names no operator", "`grouped_with` names an operator of this list.";

    BadAttribute = 501, "Y162", "a malformed attribute",
        "Write `#[kernel(\"namespace::name.overload\", KEY)]`, with more keys or `boxed` after a comma, or `#[fallback(KEY)]`.";
    UnknownOperator = 502, "Y14", "a kernel of an operator that is not there",
        "The operator must be in the list that the namespace in scope was generated from; names are spelt exactly.";
    ArgumentCount = 503, "Y32", "a kernel with another number of arguments than its operator",
        "A kernel takes all arguments of the schema in its order, and before them the key set if it asks for it.";
    ArgumentType = 504, "Y258", "a kernel argument of another type than the operator's",
        "Arguments are borrowed: `&Tensor`, `&[i64]`, `&str`, `Option<&Tensor>`; written ones too. Order counts, names do not.";
    ResultType = 505, "Y258, Y262", "a kernel result of another type than the operator's",
        "Kernels return `Result<...>` of what the schema returns; kernels of in-place and out forms return `Result<()>`.";
    UnknownKey = 506, "Y79", "an unknown dispatch key in an attribute",
        "Keys are spelt exactly, capitals included; a key that is added at run time stands in quotes.";
    NoRegistrationKey = 507, "D12", "a key that nothing is registered at",
        "Building blocks of key sets, such as Dense, are no keys of tables: name the key of a backend, CPU for instance.";
    NotAKernel = 508, "Y162", "an item that cannot be a kernel",
        "A kernel is a plain function: not async, not generic over types, not a method.";
    NamespaceMissing = 509, "Y157", "an operator without its namespace",
        "Attributes name operators in full, `aten::add.Tensor`, because the namespace says where to look.";
    KernelTwice = 510, "D105, Y100", "two kernels of one operator at one key",
        "One operator has one kernel for a key. Remove one, or register the second with leave to override.";
    BoxedForm = 511, "D199", "a boxed function of the wrong form",
        "Boxed kernels and fallbacks are `fn(&'static Operator, KeySet, &mut Stack) -> Result<()>`.";
    NotStructured = 512, "Y175, Y177", "a structured kernel of an operator that is not structured",
        "`#[structured]` and the word `structured` name the out operator whose entry says `structured: True`.";
    ShapeResult = 513, "Y178, Y179", "a shape function that describes no results",
        "It returns `Result<OutputMeta>`, an array of them, a type that implements `StructuredMeta`, or a pair with the precomputed values.";

    BackendMissing = 601, "D12", "the file of a backend without the backend's name",
        "`backend: KEY` names the dispatch key that its kernels are registered at.";
    BackendOperator = 602, "Y14", "an operator that the list does not have",
        "Operators are named as in the list: `name.overload`, or `name` where there is no overload.";
    BackendSplit = 603, "D12", "variants of one operator at two keys",
        "The variants of an operator have kernels at the backend's key, or all of them at its autograd key.";
    NoAutogradKey = 604, "D12", "a backend without a key for gradients",
        "Only backends with per-backend keys have one, `AutogradXLA` of `XLA` for instance.";
}

impl Code {
    /// The explanation as a help text for reports that have none of their own: no capital, no full stop.
    pub fn hint(self) -> String {
        let text = self.explanation().trim_end_matches('.');
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(first), Some(second)) if !second.is_uppercase() => {
                first.to_lowercase().chain(text[first.len_utf8()..].chars()).collect()
            }
            _ => text.to_owned(),
        }
    }

    /// The number after `KW`.
    pub fn number(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KW{:04}", self.number())
    }
}

/// The text is not the name of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCode;

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an error code; codes look like KW0001")
    }
}

impl std::error::Error for UnknownCode {}

impl FromStr for Code {
    type Err = UnknownCode;

    /// Reads `KW0001` (capitals do not matter), `0001` or `1`.
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let digits = match text.get(..2) {
            Some(prefix) if prefix.eq_ignore_ascii_case("KW") => &text[2..],
            _ => text,
        };
        let number: u16 = digits.parse().map_err(|_| UnknownCode)?;
        Code::ALL.iter().copied().find(|c| c.number() == number).ok_or(UnknownCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_read_back() {
        assert!(Code::ALL.windows(2).all(|w| w[0] < w[1]));
        for &code in Code::ALL {
            assert_eq!(code.to_string().parse(), Ok(code));
            assert!(!code.title().is_empty() && !code.explanation().is_empty() && !code.clauses().is_empty());
        }
        assert_eq!("KW9999".parse::<Code>(), Err(UnknownCode));
        assert_eq!("€".parse::<Code>(), Err(UnknownCode));
    }
}
