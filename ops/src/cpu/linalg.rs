//! Decompositions of matrices on the host, one matrix of a batch after the other, in row-major order: triangular factors
//! with rows exchanged, and those of Cholesky; what is solved with them.

use keyway::{Complex, DType, Result, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::cpu::number::{Fractional, Number};
use crate::cpu::plain::{store, to_vec};
use crate::shape::linalg::{self as rules, Equations};

/// A number that matrices are decomposed with.
pub(super) trait Entry: Fractional {
    /// How large it is, for the choice of rows.
    fn magnitude(self) -> f64;
    /// The complex conjugate.
    fn conjugate(self) -> Self;
    /// A real number.
    fn real(value: f64) -> Self;
    /// The real part.
    fn real_part(self) -> f64;
    /// The absolute value.
    fn length(self) -> f64;
}

macro_rules! real_entries {
    ($($t:ty),*) => {$(
        impl Entry for $t {
            fn magnitude(self) -> f64 {
                f64::from(self.abs())
            }

            fn conjugate(self) -> Self {
                self
            }

            fn real(value: f64) -> Self {
                value as $t
            }

            fn real_part(self) -> f64 {
                f64::from(self)
            }

            fn length(self) -> f64 {
                f64::from(self.abs())
            }
        }
    )*};
}
real_entries!(f32, f64);

macro_rules! complex_entries {
    ($($part:ty),*) => {$(
        impl Entry for Complex<$part> {
            fn magnitude(self) -> f64 {
                f64::from(self.re.abs() + self.im.abs())
            }

            fn conjugate(self) -> Self {
                self.conj()
            }

            fn real(value: f64) -> Self {
                Complex::new(value as $part, 0.0)
            }

            fn real_part(self) -> f64 {
                f64::from(self.re)
            }

            fn length(self) -> f64 {
                f64::from(self.norm())
            }
        }
    )*};
}
complex_entries!(f32, f64);

/// Runs an expression with the element type of matrices, which shape functions checked.
macro_rules! with_entries {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            DType::Float32 => with_entries!(@ f32, $t, $body),
            DType::Float64 => with_entries!(@ f64, $t, $body),
            DType::Complex64 => with_entries!(@ Complex<f32>, $t, $body),
            DType::Complex128 => with_entries!(@ Complex<f64>, $t, $body),
            other => Err(crate::cpu::elements::unsupported(other, "floating-point or complex")),
        }
    };
    (@ $element:ty, $t:ident, $body:expr) => {{
        type $t = $element;
        $body
    }};
}

/// A matrix as the product of a lower triangle with ones on its diagonal and an upper one, both in its place. With each
/// column goes the row, counted from 1, that was exchanged with its own. Gives the first column, counted from 1, without
/// anything to divide by, or 0.
fn factor<T: Entry>(a: &mut [T], [rows, columns]: [usize; 2], pivot: bool, pivots: &mut [i32]) -> i32 {
    let mut failed = 0;
    for (k, exchanged) in pivots.iter_mut().enumerate() {
        let mut chosen = k;
        if pivot {
            for row in k + 1..rows {
                if a[row * columns + k].magnitude() > a[chosen * columns + k].magnitude() {
                    chosen = row;
                }
            }
        }
        *exchanged = chosen as i32 + 1;
        if chosen != k {
            (0..columns).for_each(|column| a.swap(k * columns + column, chosen * columns + column));
        }
        let divisor = a[k * columns + k];
        if divisor == T::ZERO {
            failed = if failed == 0 { k as i32 + 1 } else { failed };
            continue;
        }
        let (above, below) = a.split_at_mut((k + 1) * columns);
        let own = &above[k * columns..];
        for row in below.chunks_exact_mut(columns) {
            let factor = row[k] / divisor;
            row[k] = factor;
            row[k + 1..].iter_mut().zip(&own[k + 1..]).for_each(|(to, &x)| *to = *to - factor * x);
        }
    }
    failed
}

/// A triangle of a square matrix.
#[derive(Clone, Copy)]
struct Triangle {
    upper: bool,
    /// Whether its diagonal counts as ones.
    unit: bool,
}

/// Solves `a x = b` for a triangle, in the place of `b`, a matrix of so many columns.
fn solve_triangle<T: Entry>(a: &[T], size: usize, b: &mut [T], columns: usize, triangle: Triangle) {
    for step in 0..size {
        let row = if triangle.upper { size - 1 - step } else { step };
        let others = if triangle.upper { row + 1..size } else { 0..row };
        for other in others {
            let factor = a[row * size + other];
            for column in 0..columns {
                b[row * columns + column] = b[row * columns + column] - factor * b[other * columns + column];
            }
        }
        if !triangle.unit {
            let divisor = a[row * size + row];
            b[row * columns..][..columns].iter_mut().for_each(|x| *x = *x / divisor);
        }
    }
}

/// Solves `a x = b` in the place of `b`, given the factors of `a`.
fn solve_factored<T: Entry>(lu: &[T], size: usize, pivots: &[i32], b: &mut [T], columns: usize) {
    for (row, &exchanged) in pivots.iter().enumerate() {
        let other = exchanged as usize - 1;
        if other != row {
            (0..columns).for_each(|column| b.swap(row * columns + column, other * columns + column));
        }
    }
    solve_triangle(lu, size, b, columns, Triangle { upper: false, unit: true });
    solve_triangle(lu, size, b, columns, Triangle { upper: true, unit: false });
}

/// The factors of all matrices of a batch, their pivots, and where they failed.
struct Factors<T> {
    lu: Vec<T>,
    pivots: Vec<i32>,
    info: Vec<i32>,
}

impl<T: Entry> Factors<T> {
    fn of(a: &Tensor, pivot: bool) -> Result<Factors<T>> {
        let [rows, columns] = [2, 1].map(|from_end| a.sizes()[a.dim() - from_end] as usize);
        let batch: i64 = a.sizes()[..a.dim() - 2].iter().product();
        let least = rows.min(columns);
        let mut lu = to_vec::<T>(a)?;
        let mut pivots = vec![0; batch as usize * least];
        let mut info = vec![0; batch as usize];
        for (at, info) in info.iter_mut().enumerate() {
            let matrix = &mut lu[at * rows * columns..][..rows * columns];
            *info = factor(matrix, [rows, columns], pivot, &mut pivots[at * least..][..least]);
        }
        Ok(Factors { lu, pivots, info })
    }

    /// Each matrix's factors and pivots.
    fn each(&self, size: usize) -> impl Iterator<Item = (&[T], &[i32])> {
        (0..self.info.len())
            .map(move |at| (&self.lu[at * size * size..][..size * size], &self.pivots[at * size..][..size]))
    }
}

/// Fails if that was asked for and a decomposition failed.
fn check_info(check_errors: bool, info: &Tensor, name: &str, x: &Tensor) -> Result<()> {
    match check_errors {
        true => aten::_linalg_check_errors::default.call(info, name, x.dim() == 2),
        false => Ok(()),
    }
}

fn last_size(a: &Tensor) -> usize {
    a.sizes().last().map_or(0, |&size| size as usize)
}

#[kernel("aten::linalg_lu_factor_ex.out", CPU, structured)]
fn linalg_lu_factor_ex(
    a: &Tensor,
    pivot: bool,
    check_errors: bool,
    lu: &Tensor,
    pivots: &Tensor,
    info: &Tensor,
) -> Result<()> {
    with_entries!(a.dtype(), T => {
        let factors = Factors::<T>::of(a, pivot)?;
        store(lu, &factors.lu)?;
        store(pivots, &factors.pivots)?;
        store(info, &factors.info)
    })?;
    check_info(check_errors, info, "linalg.lu_factor_ex", a)
}

/// The product of the diagonal of factors, with the sign of the exchanges.
fn product_of_diagonal<T: Entry>(lu: &[T], pivots: &[i32]) -> T {
    let size = pivots.len();
    let diagonal = (0..size).map(|k| lu[k * size + k]);
    diagonal.zip(sign_changes(pivots)).fold(T::ONE, |product, (x, sign)| product * x * T::real(sign))
}

/// -1 for each row that was exchanged with another one, 1 for the others.
fn sign_changes(pivots: &[i32]) -> impl Iterator<Item = f64> {
    pivots.iter().enumerate().map(|(k, &row)| if row as usize == k + 1 { 1.0 } else { -1.0 })
}

#[kernel("aten::_linalg_det.result", CPU, structured)]
fn _linalg_det(a: &Tensor, result: &Tensor, lu: &Tensor, pivots: &Tensor) -> Result<()> {
    with_entries!(a.dtype(), T => {
        let factors = Factors::<T>::of(a, true)?;
        let products: Vec<T> =
            factors.each(last_size(a)).map(|(lu, pivots)| product_of_diagonal(lu, pivots)).collect();
        store(result, &products)?;
        store(lu, &factors.lu)?;
        store(pivots, &factors.pivots)
    })
}

#[kernel("aten::_linalg_slogdet.sign", CPU, structured)]
fn _linalg_slogdet(
    a: &Tensor,
    sign: &Tensor,
    logabsdet: &Tensor,
    lu: &Tensor,
    pivots: &Tensor,
) -> Result<()> {
    with_entries!(a.dtype(), T => {
        let factors = Factors::<T>::of(a, true)?;
        let (mut signs, mut logarithms) = (Vec::new(), Vec::new());
        for (lu, pivots) in factors.each(last_size(a)) {
            let diagonal = (0..pivots.len()).map(|k| lu[k * pivots.len() + k]);
            let mut direction = T::ONE;
            let mut logarithm = 0.0;
            for (x, sign) in diagonal.zip(sign_changes(pivots)) {
                let length = x.length();
                direction = direction * if length == 0.0 { T::ZERO } else { x / T::real(length) } * T::real(sign);
                logarithm += length.ln();
            }
            signs.push(direction);
            logarithms.push(logarithm);
        }
        store(sign, &signs)?;
        store(logabsdet, &logarithms)?;
        store(lu, &factors.lu)?;
        store(pivots, &factors.pivots)
    })
}

#[kernel("aten::linalg_inv_ex.inverse", CPU, structured)]
fn linalg_inv_ex(a: &Tensor, check_errors: bool, inverse: &Tensor, info: &Tensor) -> Result<()> {
    let size = last_size(a);
    with_entries!(a.dtype(), T => {
        let factors = Factors::<T>::of(a, true)?;
        let mut inverses = vec![T::ZERO; factors.lu.len()];
        for ((lu, pivots), inverse) in factors.each(size).zip(inverses.chunks_exact_mut((size * size).max(1))) {
            (0..size).for_each(|k| inverse[k * size + k] = T::ONE);
            solve_factored(lu, size, pivots, inverse, size);
        }
        store(inverse, &inverses)?;
        store(info, &factors.info)
    })?;
    check_info(check_errors, info, "linalg.inv_ex", a)
}

/// Both sides of equations `a x = b` in the sizes they are expanded to; those from the right are transposed.
fn both_sides(a: &Tensor, b: &Tensor, left: bool, equations: &Equations) -> Result<[Tensor; 2]> {
    let columns = if equations.is_vector { b.unsqueeze(-1)? } else { b.clone() };
    let sides = [a.expand(&equations.left)?, columns.expand(&equations.right)?];
    match left {
        true => Ok(sides),
        false => Ok([sides[0].transpose(-2, -1)?, sides[1].transpose(-2, -1)?]),
    }
}

/// Stores solutions that were computed as those of [`both_sides`].
fn store_solutions<T: Entry>(out: &Tensor, solutions: &[T], left: bool) -> Result<()> {
    if left { store(out, solutions) } else { store(&out.transpose(-2, -1)?, solutions) }
}

#[kernel("aten::_linalg_solve_ex.result", CPU, structured)]
fn _linalg_solve_ex(
    a: &Tensor,
    b: &Tensor,
    left: bool,
    check_errors: bool,
    result: &Tensor,
    lu: &Tensor,
    pivots: &Tensor,
    info: &Tensor,
) -> Result<()> {
    let equations = rules::equations(a, b, left)?;
    let [matrices, columns] = both_sides(a, b, left, &equations)?;
    let (size, count) = (last_size(a), last_size(&columns));
    with_entries!(a.dtype(), T => {
        let factors = Factors::<T>::of(&matrices, true)?;
        let mut solutions = to_vec::<T>(&columns)?;
        let each = factors.each(size).zip(solutions.chunks_exact_mut((size * count).max(1)));
        each.for_each(|((lu, pivots), columns)| solve_factored(lu, size, pivots, columns, count));
        store_solutions(result, &solutions, left)?;
        let own = Factors::<T>::of(a, true)?;
        store(lu, &own.lu)?;
        store(pivots, &own.pivots)?;
        store(info, &own.info)
    })?;
    check_info(check_errors, info, "linalg.solve_ex", a)
}

#[kernel("aten::linalg_solve_triangular", CPU)]
fn linalg_solve_triangular(
    self_: &Tensor,
    b: &Tensor,
    upper: bool,
    left: bool,
    unitriangular: bool,
) -> Result<Tensor> {
    let equations = rules::equations(self_, b, left)?;
    let [matrices, columns] = both_sides(self_, b, left, &equations)?;
    let (size, count) = (last_size(self_), last_size(&columns));
    let triangle = Triangle { upper: upper == left, unit: unitriangular };
    let out = b.new_empty(equations.solution())?;
    with_entries!(self_.dtype(), T => {
        let matrices = to_vec::<T>(&matrices)?;
        let mut solutions = to_vec::<T>(&columns)?;
        let each = matrices.chunks_exact((size * size).max(1)).zip(solutions.chunks_exact_mut((size * count).max(1)));
        each.for_each(|(matrix, columns)| solve_triangle(matrix, size, columns, count, triangle));
        store_solutions(&out, &solutions, left)
    })?;
    Ok(out)
}

/// The lower triangle whose product with its own conjugate transpose is a matrix of which the lower triangle is read, in its
/// place. Gives the first leading minor, counted from 1, that is not positive, or 0.
fn cholesky<T: Entry>(a: &mut [T], size: usize) -> i32 {
    let mut failed = 0;
    for column in 0..size {
        let own = &a[column * size..][..column];
        let rest =
            a[column * size + column].real_part() - own.iter().map(|x| x.length().powi(2)).sum::<f64>();
        if rest <= 0.0 || rest.is_nan() {
            failed = column as i32 + 1;
            break;
        }
        let diagonal = T::real(rest.sqrt());
        a[column * size + column] = diagonal;
        for row in column + 1..size {
            let mut sum = a[row * size + column];
            for k in 0..column {
                sum = sum - a[row * size + k] * a[column * size + k].conjugate();
            }
            a[row * size + column] = sum / diagonal;
        }
    }
    for row in 0..size {
        a[row * size + row + 1..(row + 1) * size].fill(T::ZERO);
    }
    failed
}

#[kernel("aten::linalg_cholesky_ex.L", CPU, structured)]
fn linalg_cholesky_ex(
    self_: &Tensor,
    upper: bool,
    check_errors: bool,
    l: &Tensor,
    info: &Tensor,
) -> Result<()> {
    let size = last_size(self_);
    // Of an upper triangle the conjugate transpose is read and given.
    let turned = |x: &Tensor| x.transpose(-2, -1)?.conj_physical();
    let x = if upper { turned(self_)? } else { self_.clone() };
    with_entries!(self_.dtype(), T => {
        let mut factors = to_vec::<T>(&x)?;
        let failures: Vec<i32> = match size {
            0 => vec![0; info.numel()],
            size => factors.chunks_exact_mut(size * size).map(|matrix| cholesky(matrix, size)).collect(),
        };
        if upper {
            store(&l.transpose(-2, -1)?, &factors.iter().map(|x| x.conjugate()).collect::<Vec<T>>())?;
        } else {
            store(l, &factors)?;
        }
        store(info, &failures)
    })?;
    check_info(check_errors, info, "linalg.cholesky_ex", self_)
}

#[kernel("aten::linalg_cross.out", CPU, structured)]
fn linalg_cross(self_: &Tensor, other: &Tensor, dim: i64, out: &Tensor) -> Result<()> {
    let sizes = out.sizes();
    let (a, b) = (self_.expand(sizes)?, other.expand(sizes)?);
    for at in 0..3 {
        let (next, last) = ((at + 1) % 3, (at + 2) % 3);
        let product = |i, j| a.select(dim, i)?.mul(&b.select(dim, j)?);
        let difference = product(next, last)?.sub(&product(last, next)?)?;
        aten::copy_::default.call(&out.select(dim, at)?, &difference, false)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_multiply_to_the_matrix_with_its_rows_exchanged() {
        let mut a = [0.0f64, 2.0, 4.0, 6.0];
        let mut pivots = [0; 2];
        assert_eq!(factor(&mut a, [2, 2], true, &mut pivots), 0);
        assert_eq!((a, pivots), ([4.0, 6.0, 0.0, 2.0], [2, 2]));
        let mut singular = [1.0f64, 2.0, 2.0, 4.0];
        assert_eq!(factor(&mut singular, [2, 2], true, &mut pivots), 2);
    }

    #[test]
    fn a_factor_of_cholesky_times_its_transpose_is_the_matrix() {
        let mut a = [4.0f64, 0.0, 2.0, 5.0];
        assert_eq!(cholesky(&mut a, 2), 0);
        assert_eq!(a, [2.0, 0.0, 1.0, 2.0]);
        assert_eq!(cholesky(&mut [1.0f64, 0.0, 2.0, 1.0], 2), 2);
    }
}
