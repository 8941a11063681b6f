::keyway::signature! { pub Tensor_Scalar_Tensor_to_arg2 = (a0: &::keyway::Tensor, a1: ::keyway::Scalar, a2: &::keyway::Tensor) -> [2] }
::keyway::signature! { pub Tensor_Scalar_to_Tensor = (a0: &::keyway::Tensor, a1: ::keyway::Scalar) -> ::keyway::Tensor }
::keyway::signature! { pub Tensor_Scalar_to_arg0 = (a0: &::keyway::Tensor, a1: ::keyway::Scalar) -> [0] }
::keyway::signature! { pub Tensor_Tensor_to_arg0 = (a0: &::keyway::Tensor, a1: &::keyway::Tensor) -> [0] }
::keyway::signature! { pub Tensor_int_optDType_Tensor_to_arg3 = (a0: &::keyway::Tensor, a1: i64, a2: ::std::option::Option<::keyway::DType>, a3: &::keyway::Tensor) -> [3] }
::keyway::signature! { pub Tensor_int_optDType_to_Tensor = (a0: &::keyway::Tensor, a1: i64, a2: ::std::option::Option<::keyway::DType>) -> ::keyway::Tensor }
::keyway::signature! { pub Tensors_optTensor_Tensor_Tensor_to_arg2_arg3 = (a0: &[::keyway::Tensor], a1: ::std::option::Option<&::keyway::Tensor>, a2: &::keyway::Tensor, a3: &::keyway::Tensor) -> [2, 3] }
::keyway::signature! { pub Tensors_optTensor_to_Tensor_Tensor = (a0: &[::keyway::Tensor], a1: ::std::option::Option<&::keyway::Tensor>) -> (::keyway::Tensor, ::keyway::Tensor) }
