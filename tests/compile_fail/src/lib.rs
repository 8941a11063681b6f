//! The operators that kernels in `cases/` are written for. What must not compile stands there, each beside the message
//! it must give.

keyway::include_operators!();
