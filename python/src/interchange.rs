//! What other libraries call the dtypes, and how they write strides.

use keyway::DType;

/// A dtype by Keyway's name, NumPy's type code without the byte order, and DLPack's code and bits.
struct Foreign {
    name: &'static str,
    array: Option<&'static str>,
    dlpack: (u8, u8),
}

const fn foreign(name: &'static str, array: Option<&'static str>, dlpack: (u8, u8)) -> Foreign {
    Foreign { name, array, dlpack }
}

const FOREIGN: [Foreign; 12] = [
    foreign("uint8", Some("u1"), (1, 8)),
    foreign("int8", Some("i1"), (0, 8)),
    foreign("int16", Some("i2"), (0, 16)),
    foreign("int32", Some("i4"), (0, 32)),
    foreign("int64", Some("i8"), (0, 64)),
    foreign("float16", Some("f2"), (2, 16)),
    foreign("bfloat16", None, (4, 16)),
    foreign("float32", Some("f4"), (2, 32)),
    foreign("float64", Some("f8"), (2, 64)),
    foreign("complex64", Some("c8"), (5, 64)),
    foreign("complex128", Some("c16"), (5, 128)),
    foreign("bool", Some("b1"), (6, 8)),
];

fn named(dtype: DType) -> Option<&'static Foreign> {
    FOREIGN.iter().find(|foreign| foreign.name == dtype.name())
}

/// NumPy's code of a dtype, `f4`; it has none for bfloat16.
pub(crate) fn array_code(dtype: DType) -> Option<&'static str> {
    named(dtype)?.array
}

/// The dtype of a type string with the byte order of this machine, `<f4`.
pub(crate) fn dtype_of_array_code(code: &str) -> Option<DType> {
    let strange_order = if cfg!(target_endian = "big") { '<' } else { '>' };
    if code.starts_with(strange_order) {
        return None;
    }
    let found = FOREIGN.iter().find(|foreign| foreign.array.is_some() && foreign.array == code.get(1..))?;
    found.name.parse().ok()
}

/// DLPack's code and bits of a dtype.
pub(crate) fn dlpack_code(dtype: DType) -> Option<(u8, u8)> {
    named(dtype).map(|foreign| foreign.dlpack)
}

/// The dtype of DLPack's code and bits.
pub(crate) fn dtype_of_dlpack_code(code: (u8, u8)) -> Option<DType> {
    FOREIGN.iter().find(|foreign| foreign.dlpack == code)?.name.parse().ok()
}

/// Strides in elements from those in `unit` bytes (1 if they count elements already); none stands for row-major order.
///
/// # Errors
/// In words, for strides that tensors do not have.
pub(crate) fn element_strides(
    sizes: &[i64],
    strides: Option<&[i64]>,
    unit: usize,
) -> Result<Vec<i64>, &'static str> {
    let unit = unit as i64;
    let Some(strides) = strides else {
        let mut strides = vec![1; sizes.len()];
        for at in (1..sizes.len()).rev() {
            strides[at - 1] = strides[at] * sizes[at].max(1);
        }
        return Ok(strides);
    };
    let is_free = |size: i64| size <= 1 || sizes.contains(&0);
    let each = sizes.iter().zip(strides).map(|(&size, &stride)| match stride {
        // Nobody steps along such a dimension; libraries write anything there.
        stride if is_free(size) && (stride < 0 || stride % unit != 0) => Ok(1),
        stride if stride < 0 => Err("tensors have no negative strides"),
        stride if stride % unit != 0 => Err("a stride is not a whole number of elements"),
        stride => Ok(stride / unit),
    });
    each.collect()
}
