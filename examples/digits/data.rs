//! The optical digits: 1,797 images of 8x8 pixels and what digit each shows. See `examples/data/README.md`.

use std::error::Error;

use flate2::read::GzDecoder;
use keyway::Tensor;

/// Images and labels.
pub(crate) struct Digits {
    /// `float64[n, 64]`, pixels from 0 to 16.
    pub(crate) images: Tensor,
    /// `int64[n]`, digits from 0 to 9.
    pub(crate) labels: Tensor,
}

const PIXELS: usize = 64;

/// Reads the data that lies beside this program's source.
///
/// # Errors
/// If the file is not what its description says.
pub(crate) fn load() -> Result<Digits, Box<dyn Error>> {
    let compressed: &[u8] = include_bytes!("../data/digits.csv.gz");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(GzDecoder::new(compressed));
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for (line, record) in reader.records().enumerate() {
        let record = record?;
        if record.len() != PIXELS + 1 {
            return Err(format!("line {}: {} columns where 65 should be", line + 1, record.len()).into());
        }
        for field in record.iter().take(PIXELS) {
            pixels.push(field.parse::<f64>()?);
        }
        labels.push(record[PIXELS].parse::<f64>()? as i64);
    }
    let count = labels.len() as i64;
    Ok(Digits {
        images: Tensor::from_slice(&pixels, &[count, PIXELS as i64])?,
        labels: Tensor::from_slice(&labels, &[count])?,
    })
}
