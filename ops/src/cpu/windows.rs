//! Windows as columns: what a convolution multiplies, and the way back.

use std::ops::Range;

use crate::cpu::number::Number;
use crate::shape::window::Windows;

/// Extents and steps with as many dimensions as the loops have.
struct Loops {
    image: [usize; 3],
    kernel: [usize; 3],
    stride: [usize; 3],
    dilation: [usize; 3],
    padding: [isize; 3],
    positions: [usize; 3],
}

impl Loops {
    fn of(windows: &Windows) -> Loops {
        let with = |values: &[i64], missing: usize| {
            let mut all = [missing; 3];
            all[3 - values.len()..].iter_mut().zip(values).for_each(|(to, &value)| *to = value as usize);
            all
        };
        Loops {
            image: with(&windows.image, 1),
            kernel: with(&windows.kernel, 1),
            stride: with(&windows.stride, 1),
            dilation: with(&windows.dilation, 1),
            padding: with(&windows.padding, 0).map(|value| value as isize),
            positions: with(&windows.positions, 1),
        }
    }

    /// Where an element of a window is along one dimension, if not in the padding.
    fn place(&self, d: usize, position: usize, element: usize) -> Option<usize> {
        let at = (position * self.stride[d] + element * self.dilation[d]) as isize - self.padding[d];
        usize::try_from(at).ok().filter(|&at| at < self.image[d])
    }

    /// Calls `visit` for each run of positions along the last dimension, of which there are lines in the other dimensions: the row of the columns and where in it the run
    /// starts, the row of the image if it is not padding, and the element of the window along the last dimension.
    fn runs(&self, channels: usize, lines: Range<usize>, mut visit: impl FnMut(usize, Option<usize>, usize)) {
        let [_, height, width] = self.positions;
        let plane = self.image[0] * self.image[1];
        let mut row = 0;
        for channel in 0..channels {
            for (kd, kh, kw) in elements(self.kernel) {
                for line in lines.clone() {
                    let (d, h) = (line / height, line % height);
                    let at = self.place(0, d, kd).zip(self.place(1, h, kh));
                    let image_row =
                        at.map(|(d, h)| (channel * plane + d * self.image[1] + h) * self.image[2]);
                    visit(row, image_row, kw);
                    row += width;
                }
            }
        }
    }

    /// The positions along the last dimension at which an element of a window is not in the padding, and where the first
    /// of them is.
    fn inside(&self, element: usize) -> (std::ops::Range<usize>, usize) {
        let (stride, width) = (self.stride[2] as isize, self.image[2] as isize);
        let first = (element * self.dilation[2]) as isize - self.padding[2];
        let start = if first < 0 { (-first + stride - 1) / stride } else { 0 };
        let end = if width > first { (width - first + stride - 1) / stride } else { 0 };
        let end = end.clamp(0, self.positions[2] as isize);
        let start = start.min(end);
        (start as usize..end as usize, (first + start * stride).max(0) as usize)
    }
}

fn elements(kernel: [usize; 3]) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..kernel[0]).flat_map(move |d| (0..kernel[1]).flat_map(move |h| (0..kernel[2]).map(move |w| (d, h, w))))
}

/// Writes the windows over an image of some channels to columns: a row for each channel and element of a window, a column
/// for each window.
pub(crate) fn unfold<T: Number>(windows: &Windows, channels: usize, image: &[T], columns: &mut [T]) {
    unfold_lines(windows, channels, image, 0..lines(windows), columns);
}

/// How many lines of positions along the last dimension there are.
pub(crate) fn lines(windows: &Windows) -> usize {
    windows.positions.iter().rev().skip(1).product::<i64>() as usize
}

/// [`unfold`] for the windows of some lines.
pub(crate) fn unfold_lines<T: Number>(
    windows: &Windows,
    channels: usize,
    image: &[T],
    lines: Range<usize>,
    columns: &mut [T],
) {
    let loops = Loops::of(windows);
    let (width, stride) = (loops.positions[2], loops.stride[2]);
    loops.runs(channels, lines, |row, image_row, element| {
        let to = &mut columns[row..row + width];
        let Some(image_row) = image_row else { return to.fill(T::ZERO) };
        let (inside, first) = loops.inside(element);
        to[..inside.start].fill(T::ZERO);
        to[inside.end..].fill(T::ZERO);
        if inside.is_empty() {
            return;
        }
        let from = &image[image_row + first..];
        match stride {
            1 => to[inside.clone()].copy_from_slice(&from[..inside.len()]),
            _ => to[inside].iter_mut().zip(from.iter().step_by(stride)).for_each(|(to, &from)| *to = from),
        }
    });
}

/// Adds columns to an image where their elements are.
pub(crate) fn fold<T: Number>(windows: &Windows, channels: usize, columns: &[T], image: &mut [T]) {
    let loops = Loops::of(windows);
    let (width, stride) = (loops.positions[2], loops.stride[2]);
    loops.runs(channels, 0..lines(windows), |row, image_row, element| {
        let Some(image_row) = image_row else { return };
        let (inside, first) = loops.inside(element);
        if inside.is_empty() {
            return;
        }
        let from = &columns[row..row + width][inside];
        let to = image[image_row + first..].iter_mut().step_by(stride);
        to.zip(from).for_each(|(to, &from)| *to = to.plus(from));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(image: i64, kernel: i64, [stride, padding, dilation]: [i64; 3]) -> Windows {
        let one = |value: i64| keyway::Dims::from_slice(&[value]);
        Windows {
            image: one(image),
            kernel: one(kernel),
            stride: one(stride),
            padding: one(padding),
            dilation: one(dilation),
            positions: one(crate::shape::window::window_count(
                image,
                kernel,
                [stride, padding, dilation],
                false,
            )),
        }
    }

    #[test]
    fn columns_are_windows() {
        let mut columns = [9; 6];
        unfold(&windows(4, 2, [2, 1, 1]), 1, &[1, 2, 3, 4], &mut columns);
        assert_eq!(columns, [0, 2, 4, 1, 3, 0]);
        let mut image = [0; 4];
        fold(&windows(4, 2, [2, 1, 1]), 1, &columns, &mut image);
        assert_eq!(image, [1, 2, 3, 4]);
    }

    #[test]
    fn what_lies_in_several_windows_is_added_up() {
        let mut columns = [0; 6];
        unfold(&windows(4, 2, [1, 0, 1]), 1, &[1, 2, 3, 4], &mut columns);
        assert_eq!(columns, [1, 2, 3, 2, 3, 4]);
        let mut image = [0; 4];
        fold(&windows(4, 2, [1, 0, 1]), 1, &columns, &mut image);
        assert_eq!(image, [1, 4, 6, 4]);
    }

    #[test]
    fn windows_wider_than_the_image_are_mostly_padding() {
        let mut columns = [7; 3];
        unfold(&windows(1, 3, [1, 1, 1]), 1, &[5], &mut columns);
        assert_eq!(columns, [0, 5, 0]);
        let mut columns = [7; 6];
        unfold(&windows(2, 2, [1, 2, 3]), 1, &[5, 6], &mut columns);
        assert_eq!(columns, [0, 0, 5, 6, 0, 0]);
        let mut image = [0; 2];
        fold(&windows(2, 2, [1, 2, 3]), 1, &columns, &mut image);
        assert_eq!(image, [5, 6]);
    }
}
