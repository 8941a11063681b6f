::keyway::signature! { pub Tensor_Scalar_Tensor_to_arg2<'a> = (a0: &'a ::keyway::Tensor, a1: ::keyway::Scalar, a2: &'a ::keyway::Tensor) -> [2] }
::keyway::signature! { pub Tensor_Scalar_to_Tensor<'a> = (a0: &'a ::keyway::Tensor, a1: ::keyway::Scalar) -> ::keyway::Tensor }
::keyway::signature! { pub Tensor_Scalar_to_arg0<'a> = (a0: &'a ::keyway::Tensor, a1: ::keyway::Scalar) -> [0] }
::keyway::signature! { pub Tensor_to_Tensor<'a> = (a0: &'a ::keyway::Tensor) -> ::keyway::Tensor }
