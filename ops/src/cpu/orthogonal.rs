//! Decompositions of matrices with orthogonal factors on the host, one matrix of a batch after the other: QR by reflections,
//! singular values and eigenvalues by rotations of pairs of columns. All of it is computed in double precision.

use keyway::{Complex, Error, ErrorKind, Result, Tensor, kernel};

use crate::aten;
use crate::cpu::linalg::Entry;
use crate::cpu::plain::{store, to_vec};
use crate::room;
use crate::shape::orthogonal::{Mode, Triangle};

/// Runs an expression with the type that matrices are decomposed in.
macro_rules! in_double_precision {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype.is_complex() {
            true => {
                type $t = Complex<f64>;
                $body
            }
            false => {
                type $t = f64;
                $body
            }
        }
    };
}

/// A matrix as its columns.
type Columns<T> = Vec<Vec<T>>;

/// The matrices of a batch in row-major order, as columns.
fn matrices<T: Entry>(x: &Tensor) -> Result<Vec<Columns<T>>> {
    let [rows, columns] = [2, 1].map(|from_end| x.sizes()[x.dim() - from_end] as usize);
    let batch = x.sizes()[..x.dim() - 2].iter().product::<i64>() as usize;
    let elements = to_vec::<T>(x)?;
    let of = |at: usize| {
        let matrix = &elements[at * rows * columns..][..rows * columns];
        let column = |column| (0..rows).map(|row| matrix[row * columns + column]).collect();
        room::collected(columns, (0..columns).map(column))
    };
    (0..batch).map(of).collect()
}

/// Whether there is nothing to compute. There may be any number of matrices without elements.
fn are_empty<const N: usize>(results: [&Tensor; N]) -> bool {
    results.iter().all(|result| result.numel() == 0)
}

/// Appends the first rows of a matrix in row-major order.
fn append<T: Entry>(to: &mut Vec<T>, columns: &Columns<T>, rows: usize) {
    if columns.is_empty() {
        return;
    }
    (0..rows).for_each(|row| to.extend(columns.iter().map(|column| column[row])));
}

/// The product of the conjugate of one column with another one.
fn dot<T: Entry>(a: &[T], b: &[T]) -> T {
    const PARTS: usize = 8;
    let mut partial = [T::ZERO; PARTS];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<PARTS>(), b.as_chunks::<PARTS>());
    let mut add = |a: &[T], b: &[T]| {
        let pairs = partial.iter_mut().zip(a.iter().zip(b));
        pairs.for_each(|(sum, (&a, &b))| *sum = *sum + a.conjugate() * b);
    };
    a.iter().zip(b).for_each(|(a, b)| add(a, b));
    add(a_rest, b_rest);
    partial.into_iter().fold(T::ZERO, |sum, x| sum + x)
}

fn norm<T: Entry>(column: &[T]) -> f64 {
    dot(column, column).real_part().sqrt()
}

/// Adds a multiple of one column to another one.
fn add_multiple<T: Entry>(to: &mut [T], factor: T, from: &[T]) {
    to.iter_mut().zip(from).for_each(|(to, &x)| *to = *to + factor * x);
}

/// The reflection that makes a column zero behind its first element, as a vector whose first element is one and a factor; the
/// column becomes what is left of it. The first element becomes real, with the sign opposite to what it had.
fn reflect<T: Entry>(column: &mut [T]) -> (Vec<T>, T) {
    let first = column[0];
    let rest = norm(&column[1..]);
    let is_real = first == T::real(first.real_part());
    let mut reflector = vec![T::ZERO; column.len()];
    reflector[0] = T::ONE;
    if rest == 0.0 && is_real {
        return (reflector, T::ZERO);
    }
    let length = first.length().hypot(rest);
    let left = T::real(if first.real_part() < 0.0 { length } else { -length });
    let scale = T::ONE / (first - left);
    reflector[1..].iter_mut().zip(&column[1..]).for_each(|(to, &x)| *to = x * scale);
    column[1..].fill(T::ZERO);
    column[0] = left;
    (reflector, (left - first) / left)
}

/// The factors of a matrix: so many orthonormal columns, and the triangle.
fn qr<T: Entry>(mut a: Columns<T>, rows: usize, columns_of_q: usize) -> (Columns<T>, Columns<T>) {
    let steps = rows.min(a.len());
    let mut reflections = Vec::with_capacity(steps);
    for step in 0..steps {
        let Some((own, others)) = a[step..].split_first_mut() else { break };
        let (reflector, factor) = reflect(&mut own[step..]);
        for column in others {
            let column = &mut column[step..];
            let product = dot(&reflector, column);
            add_multiple(column, T::ZERO - factor.conjugate() * product, &reflector);
        }
        reflections.push((reflector, factor));
    }
    let unit = |at: usize| {
        let mut column = vec![T::ZERO; rows];
        column[at] = T::ONE;
        column
    };
    let mut q: Columns<T> = (0..columns_of_q).map(unit).collect();
    for (step, (reflector, factor)) in reflections.iter().enumerate().rev() {
        for column in &mut q {
            let column = &mut column[step..];
            let product = dot(reflector, column);
            add_multiple(column, T::ZERO - *factor * product, reflector);
        }
    }
    (q, a)
}

#[kernel("aten::linalg_qr.out", CPU, structured)]
fn linalg_qr(a: &Tensor, mode: &str, q: &Tensor, r: &Tensor) -> Result<()> {
    let mode = Mode::of(mode)?;
    if are_empty([q, r]) {
        return Ok(());
    }
    let rows = a.sizes()[a.dim() - 2] as usize;
    let least = rows.min(a.sizes()[a.dim() - 1] as usize);
    let kept = if mode == Mode::Complete { rows } else { least };
    in_double_precision!(a.dtype(), T => {
        let (mut orthogonal, mut triangle) = (Vec::<T>::new(), Vec::<T>::new());
        for matrix in matrices::<T>(a)? {
            let (own, rest) = qr(matrix, rows, if mode == Mode::OnlyR { 0 } else { kept });
            append(&mut orthogonal, &own, if mode == Mode::OnlyR { 0 } else { rows });
            append(&mut triangle, &rest, kept);
        }
        store(q, &orthogonal)?;
        store(r, &triangle)
    })
}

/// How often all pairs of columns are rotated before that is given up.
const SWEEPS: usize = 60;

/// The rotation of two directions that makes what couples them zero, given their own strengths and the coupling.
struct Rotation<T> {
    cosine: T,
    sine: T,
    /// What the second direction is multiplied with before, so that the coupling is real.
    turn: T,
    /// The tangent of the angle times the coupling: what goes from one strength to the other.
    shift: f64,
}

impl<T: Entry> Rotation<T> {
    fn of(first: f64, second: f64, coupling: T) -> Rotation<T> {
        let length = coupling.length();
        let slope = (second - first) / (2.0 * length);
        let tangent = 1.0f64.copysign(slope) / (slope.abs() + slope.hypot(1.0));
        let cosine = 1.0 / tangent.hypot(1.0);
        Rotation {
            cosine: T::real(cosine),
            sine: T::real(cosine * tangent),
            turn: coupling.conjugate() / T::real(length),
            shift: tangent * length,
        }
    }

    fn turn_pair(&self, a: &mut T, b: &mut T, turn: T) {
        let (first, second) = (*a, *b * turn);
        *a = self.cosine * first - self.sine * second;
        *b = self.sine * first + self.cosine * second;
    }

    /// Rotates two columns of a matrix.
    fn turn_columns(&self, columns: &mut Columns<T>, p: usize, q: usize) {
        let (before, behind) = columns.split_at_mut(q);
        let pairs = before[p].iter_mut().zip(&mut behind[0]);
        pairs.for_each(|(a, b)| self.turn_pair(a, b, self.turn));
    }
}

fn identity<T: Entry>(size: usize) -> Columns<T> {
    let column = |at| (0..size).map(|row| if row == at { T::ONE } else { T::ZERO }).collect();
    (0..size).map(column).collect()
}

#[cold]
fn not_finite(operator: &str) -> Error {
    let message = format!("{operator}: the matrix holds values that are infinite or not numbers");
    Error::new(ErrorKind::Runtime, message)
}

/// The largest magnitude in a matrix. Matrices are divided by it so that nothing overflows.
fn magnitude<T: Entry>(a: &Columns<T>, operator: &str) -> Result<f64> {
    let largest =
        a.iter().flatten().map(|x| x.length()).fold(0.0, |a: f64, b| if b > a || b.is_nan() { b } else { a });
    if largest.is_finite() { Ok(largest) } else { Err(not_finite(operator)) }
}

/// Singular values in falling order, with orthonormal columns on both sides.
struct Singular<T> {
    left: Columns<T>,
    values: Vec<f64>,
    right: Columns<T>,
}

/// The singular values of a matrix that is not wider than high: its columns are rotated until they are orthogonal.
fn singular<T: Entry>(mut a: Columns<T>, rows: usize) -> Result<Singular<T>> {
    let (count, scale) = (a.len(), magnitude(&a, "linalg.svd")?);
    if scale > 0.0 {
        a.iter_mut().flatten().for_each(|x| *x = *x / T::real(scale));
    }
    let mut right = identity::<T>(count);
    let tolerance = f64::EPSILON * (rows as f64).max(4.0);
    for _ in 0..SWEEPS {
        let mut is_orthogonal = true;
        for p in 0..count {
            for q in p + 1..count {
                let [own, other] = [p, q].map(|at| dot(&a[at], &a[at]).real_part());
                let coupling = dot(&a[p], &a[q]);
                if coupling.length() <= tolerance * (own * other).sqrt() {
                    continue;
                }
                is_orthogonal = false;
                let rotation = Rotation::of(own, other, coupling);
                rotation.turn_columns(&mut a, p, q);
                rotation.turn_columns(&mut right, p, q);
            }
        }
        if is_orthogonal {
            break;
        }
    }
    let lengths: Vec<f64> = a.iter().map(|column| norm(column)).collect();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&p, &q| lengths[q].total_cmp(&lengths[p]));
    let smallest = order.first().map_or(0.0, |&at| lengths[at]) * tolerance;
    let mut left = Columns::new();
    for &at in order.iter().filter(|&&at| lengths[at] > smallest) {
        left.push(a[at].iter().map(|&x| x / T::real(lengths[at])).collect());
    }
    complete(&mut left, rows, count);
    let values = order.iter().map(|&at| lengths[at] * scale).collect();
    Ok(Singular { left, values, right: order.iter().map(|&at| right[at].clone()).collect() })
}

/// Adds columns that are orthogonal to those there are, until there are so many.
fn complete<T: Entry>(columns: &mut Columns<T>, rows: usize, count: usize) {
    let mut units = 0..rows;
    while columns.len() < count {
        let Some(at) = units.next() else { return };
        let mut column = vec![T::ZERO; rows];
        column[at] = T::ONE;
        // Twice, since the first time leaves rounding errors of the size of what was taken away.
        for _ in 0..2 {
            for other in columns.iter() {
                let along = dot(other, &column);
                add_multiple(&mut column, T::ZERO - along, other);
            }
        }
        let length = norm(&column);
        // A unit vector that lies nearly in the space there is would be mostly rounding errors.
        if length > 0.5 / (rows as f64).sqrt() {
            columns.push(column.into_iter().map(|x| x / T::real(length)).collect());
        }
    }
}

/// The conjugate transpose.
fn adjoint<T: Entry>(a: &Columns<T>, rows: usize) -> Columns<T> {
    (0..rows).map(|row| a.iter().map(|column| column[row].conjugate()).collect()).collect()
}

#[kernel("aten::_linalg_svd.U", CPU, structured)]
fn _linalg_svd(
    a: &Tensor,
    full_matrices: bool,
    compute_uv: bool,
    _driver: Option<&str>,
    u: &Tensor,
    s: &Tensor,
    vh: &Tensor,
) -> Result<()> {
    if are_empty([u, s, vh]) {
        return Ok(());
    }
    let [rows, columns] = [2, 1].map(|from_end| a.sizes()[a.dim() - from_end] as usize);
    in_double_precision!(a.dtype(), T => {
        let (mut lefts, mut values, mut rights) = (Vec::<T>::new(), Vec::<f64>::new(), Vec::<T>::new());
        for matrix in matrices::<T>(a)? {
            let mut parts = match rows >= columns {
                true => singular(matrix, rows)?,
                false => {
                    let turned = singular(adjoint(&matrix, rows), columns)?;
                    Singular { left: turned.right, values: turned.values, right: turned.left }
                }
            };
            values.extend(&parts.values);
            if compute_uv {
                if full_matrices {
                    complete(&mut parts.left, rows, rows);
                    complete(&mut parts.right, columns, columns);
                }
                append(&mut lefts, &parts.left, rows);
                if parts.right.is_empty() {
                    continue;
                }
                append(&mut rights, &adjoint(&parts.right, columns), parts.right.len());
            }
        }
        store(s, &values)?;
        store(u, &lefts)?;
        store(vh, &rights)
    })
}

/// The eigenvalues of a Hermitian matrix in rising order, and their eigenvectors.
fn eigen<T: Entry>(mut a: Columns<T>) -> Result<(Vec<f64>, Columns<T>)> {
    let (size, scale) = (a.len(), magnitude(&a, "linalg.eigh")?);
    let mut vectors = identity::<T>(size);
    let negligible = f64::EPSILON * 1e-2 * scale;
    for _ in 0..SWEEPS {
        let mut is_diagonal = true;
        for p in 0..size {
            for q in p + 1..size {
                let coupling = a[q][p];
                let (own, other) = (a[p][p].real_part(), a[q][q].real_part());
                if coupling.length() <= negligible {
                    continue;
                }
                is_diagonal = false;
                let rotation = Rotation::of(own, other, coupling);
                rotation.turn_columns(&mut a, p, q);
                for column in &mut a {
                    let (before, behind) = column.split_at_mut(q);
                    rotation.turn_pair(&mut before[p], &mut behind[0], rotation.turn.conjugate());
                }
                (a[p][p], a[q][q]) = (T::real(own - rotation.shift), T::real(other + rotation.shift));
                (a[q][p], a[p][q]) = (T::ZERO, T::ZERO);
                rotation.turn_columns(&mut vectors, p, q);
            }
        }
        if is_diagonal {
            break;
        }
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&p, &q| a[p][p].real_part().total_cmp(&a[q][q].real_part()));
    let values = order.iter().map(|&at| a[at][at].real_part()).collect();
    Ok((values, order.iter().map(|&at| vectors[at].clone()).collect()))
}

/// The Hermitian matrix whose one triangle is that of a matrix.
fn mirrored<T: Entry>(a: &Columns<T>, triangle: Triangle) -> Columns<T> {
    let element = |row: usize, column: usize| match row == column {
        true => T::real(a[column][row].real_part()),
        false if (row > column) == (triangle == Triangle::Lower) => a[column][row],
        false => a[row][column].conjugate(),
    };
    (0..a.len()).map(|column| (0..a.len()).map(|row| element(row, column)).collect()).collect()
}

#[kernel("aten::_linalg_eigh.eigenvalues", CPU, structured)]
fn _linalg_eigh(
    a: &Tensor,
    uplo: &str,
    compute_v: bool,
    eigenvalues: &Tensor,
    eigenvectors: &Tensor,
) -> Result<()> {
    let size = a.sizes()[a.dim() - 1] as usize;
    let triangle = Triangle::of(uplo)?;
    if are_empty([eigenvalues, eigenvectors]) {
        return Ok(());
    }
    in_double_precision!(a.dtype(), T => {
        let (mut values, mut vectors) = (Vec::new(), Vec::<T>::new());
        for matrix in matrices::<T>(a)? {
            let (own, columns) = eigen(mirrored(&matrix, triangle))?;
            values.extend(own);
            if compute_v {
                append(&mut vectors, &columns, size);
            }
        }
        store(eigenvalues, &values)?;
        store(eigenvectors, &vectors)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_completed_to_a_basis() {
        let mut columns = vec![vec![0.6f64, 0.8, 0.0]];
        complete(&mut columns, 3, 3);
        for (p, a) in columns.iter().enumerate() {
            for (q, b) in columns.iter().enumerate() {
                let expected = if p == q { 1.0 } else { 0.0 };
                assert!((dot(a, b) - expected).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_rotation_makes_the_coupling_zero() {
        let coupling = Complex::new(0.3, -0.4);
        let rotation = Rotation::of(1.0, 2.0, coupling);
        let mut a: Columns<Complex<f64>> =
            vec![vec![Complex::new(1.0, 0.0), coupling.conj()], vec![coupling, Complex::new(2.0, 0.0)]];
        rotation.turn_columns(&mut a, 0, 1);
        for column in &mut a {
            let (before, behind) = column.split_at_mut(1);
            rotation.turn_pair(&mut before[0], &mut behind[0], rotation.turn.conjugate());
        }
        assert!(a[0][1].norm() < 1e-12 && a[1][0].norm() < 1e-12);
        assert!((a[0][0].re - (1.0 - rotation.shift)).abs() < 1e-12);
    }
}
