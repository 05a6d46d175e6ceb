import WengertNN

extension Configuration {
  /// The half type in which the encoder's products are computed; nil: float32, as on every device where those of a half type are no faster.
  package var encodingDType: DType? { ampEncode && Device.current.hasFastHalfProducts ? ampDtype.dtype : nil }
}

extension Configuration.HalfType {
  var dtype: DType {
    switch self {
    case .bfloat16: .bfloat16
    case .float16: .float16
    }
  }
}
