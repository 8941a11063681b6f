//! The bundled operator library: what `ops.yaml` generates, and its kernels.

mod cpu;
