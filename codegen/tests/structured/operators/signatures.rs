::keyway::signature! { pub Tensor_Scalar_Tensor_to_arg2<'a> = (a0: &'a ::keyway::Tensor, a1: ::keyway::Scalar, a2: &'a ::keyway::Tensor) -> [2] }
::keyway::signature! { pub Tensor_Scalar_to_Tensor<'a> = (a0: &'a ::keyway::Tensor, a1: ::keyway::Scalar) -> ::keyway::Tensor }
::keyway::signature! { pub Tensor_Scalar_to_arg0<'a> = (a0: &'a ::keyway::Tensor, a1: ::keyway::Scalar) -> [0] }
::keyway::signature! { pub Tensor_Tensor_to_arg0<'a> = (a0: &'a ::keyway::Tensor, a1: &'a ::keyway::Tensor) -> [0] }
::keyway::signature! { pub Tensor_int_optDType_Tensor_to_arg3<'a> = (a0: &'a ::keyway::Tensor, a1: i64, a2: ::std::option::Option<::keyway::DType>, a3: &'a ::keyway::Tensor) -> [3] }
::keyway::signature! { pub Tensor_int_optDType_to_Tensor<'a> = (a0: &'a ::keyway::Tensor, a1: i64, a2: ::std::option::Option<::keyway::DType>) -> ::keyway::Tensor }
::keyway::signature! { pub Tensors_optTensor_Tensor_Tensor_to_arg2_arg3<'a> = (a0: &'a [::keyway::Tensor], a1: ::std::option::Option<&'a ::keyway::Tensor>, a2: &'a ::keyway::Tensor, a3: &'a ::keyway::Tensor) -> [2, 3] }
::keyway::signature! { pub Tensors_optTensor_to_Tensor_Tensor<'a> = (a0: &'a [::keyway::Tensor], a1: ::std::option::Option<&'a ::keyway::Tensor>) -> (::keyway::Tensor, ::keyway::Tensor) }
