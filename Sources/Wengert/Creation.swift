@_spi(Backend) import WengertCore

extension Tensor {
  // Numbers are put into a tensor as its dtype rounds them; whole dtypes cut them off at the point. What a whole dtype does not hold is an error.

  /// One number, float32 unless another dtype is named.
  ///
  /// - Precondition: A whole `dtype` holds the number, cut off at the point.
  public init(_ value: Double, dtype: DType = .float32, device: Device = .current) {
    self = .full(value, [], dtype: dtype, device: device)
  }

  /// One whole number, float32 unless another dtype is named; int64 holds every one exactly.
  ///
  /// - Precondition: `dtype` is a floating type or holds the number.
  public init(_ value: Int, dtype: DType = .float32, device: Device = .current) {
    self = .full(value, [], dtype: dtype, device: device)
  }

  /// A vector; its dtype is the element type's: `Int` becomes int64, so that `Tensor([0, 2])` is a vector of indices. Numbers with a point are float32, as those of a scalar and
  /// of a matrix are: `Tensor([0.0, 2])`.
  public init<Element: TensorElement>(_ values: [Element], device: Device = .current) {
    self.init(values, shape: [values.count], backend: device.backend)
  }

  /// A vector of real numbers as float32 unless another dtype is named, so that literals need no type; `Tensor(values, shape: [values.count])` keeps float64.
  ///
  /// - Precondition: A whole `dtype` holds each number, cut off at the point.
  public init(_ values: [Double], dtype: DType = .float32, device: Device = .current) {
    let values = dtype.elements(values)
    self = Tensor(values, shape: [values.count], backend: device.backend).cast(to: dtype)
  }

  /// A matrix of equally long rows, as float32 unless another dtype is named, also of whole numbers.
  ///
  /// - Precondition: All rows have the same length, and a whole `dtype` holds each number, cut off at the point.
  public init(_ rows: [[Double]], dtype: DType = .float32, device: Device = .current, file: StaticString = #fileID, line: UInt = #line) {
    let width = rows.first?.count ?? 0
    for (i, row) in rows.enumerated() where row.count != width {
      Caller(file, line).fail("Tensor", "row \(i) has \(row.count) elements, row 0 has \(width)")
    }
    self = Tensor(dtype.elements(rows.flatMap(\.self)), shape: [rows.count, width], backend: device.backend).cast(to: dtype)
  }

  /// The elements of `values` in row-major order under `shape`.
  ///
  /// - Precondition: There are as many values as `shape` has elements.
  public init<Element: TensorElement>(
    _ values: [Element], shape: Shape, device: Device = .current, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(values, shape: shape, backend: device.backend, file: file, line: line)
  }

  /// A copy of row-major `bytes`, exactly those of `shape` and `dtype`.
  ///
  /// - Precondition: `bytes` has the length of these elements, and no extent is negative.
  public init(
    bytes: RawSpan, shape: Shape, dtype: DType, device: Device = .current, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(bytes: bytes, shape: shape, dtype: dtype, backend: device.backend, file: file, line: line)
  }

  /// A tensor of `value` in every element: a view of one element.
  ///
  /// ```swift
  /// let x = Tensor([[1, 2], [3, 4]])  // float32[2, 2]
  /// let y = Tensor.full(0.5, [2])  // [0.5, 0.5]
  /// ```
  ///
  /// - Precondition: No extent is negative, and a whole `dtype` holds the value. An extent may be a symbol only inside of a compiled function.
  public static func full(_ value: Double, _ shape: Shape, dtype: DType = .float32, device: Device = .current) -> Tensor {
    .full(value, shape, dtype: dtype, backend: device.backend)
  }

  /// A tensor of one whole number, in int64 exact also beyond 2⁵³, where a `Double` would be rounded.
  ///
  /// - Precondition: As for a real number.
  public static func full(_ value: Int, _ shape: Shape, dtype: DType = .float32, device: Device = .current) -> Tensor {
    if dtype != .int64 || Int(exactly: Double(value)) == value { return full(Double(value), shape, dtype: dtype, device: device) }
    return Tensor([value], shape: [], device: device).broadcast(to: shape)
  }

  /// A tensor of zeros.
  public static func zeros(_ shape: Shape, dtype: DType = .float32, device: Device = .current) -> Tensor {
    full(0, shape, dtype: dtype, device: device)
  }

  /// A tensor of ones.
  public static func ones(_ shape: Shape, dtype: DType = .float32, device: Device = .current) -> Tensor {
    full(1, shape, dtype: dtype, device: device)
  }

  /// The vector 0, 1, …, count − 1 as int64.
  ///
  /// - Precondition: `count` is not negative.
  public static func iota(_ count: Int, device: Device = .current) -> Tensor {
    Caller(#fileID, #line).require(count >= 0, "iota", "the count is \(count)")
    return Tensor(Array(0..<count), shape: [count], backend: device.backend)
  }

  /// The vector 0, 1, …, count − 1 as int64, of a count that may be a symbol.
  ///
  /// - Precondition: `count` is not negative, and a number outside of compiled functions.
  public static func iota(_ count: Dimension, device: Device = .current) -> Tensor { iota(count, on: device.backend) }

  /// An extent as a scalar; that of a symbol gets its value when the compiled function is called.
  ///
  /// - Precondition: `extent` is a number outside of compiled functions.
  public init(extent: Dimension, dtype: DType = .float32, device: Device = .current, file: StaticString = #fileID, line: UInt = #line) {
    self = .extent(extent, dtype: dtype, backend: device.backend, file: file, line: line)
  }

  /// `count` numbers from `start` to `end`, evenly spaced, both included.
  ///
  /// ```swift
  /// let x = Tensor.linspace(0, 1, count: 5)  // [0, 0.25, 0.5, 0.75, 1]
  /// ```
  ///
  /// - Precondition: `count` is not negative.
  public static func linspace(
    _ start: Double, _ end: Double, count: Int, dtype: DType = .float32, device: Device = .current
  ) -> Tensor {
    Caller(#fileID, #line).require(count >= 0, "linspace", "the count is \(count)")
    let step = count > 1 ? (end - start) / Double(count - 1) : 0
    return Tensor((0..<count).map { $0 > 0 && $0 == count - 1 ? end : start + Double($0) * step }, dtype: dtype, device: device)
  }

  /// The same for a count that may be a symbol.
  public static func linspace(
    _ start: Double, _ end: Double, count: Dimension, dtype: DType = .float32, device: Device = .current
  ) -> Tensor {
    let steps = Tensor(extent: .maximum(count - 1, 1), dtype: .float64, device: device)
    let positions = iota(count, device: device).cast(to: .float64)
    return select(positions .== steps, Tensor(end, dtype: .float64, device: device), start + positions * ((end - start) / steps)).cast(
      to: dtype)
  }

  /// A matrix with ones on the diagonal and zeros elsewhere.
  ///
  /// - Precondition: The extents are not negative.
  public static func eye(_ rows: Int, _ columns: Int? = nil, dtype: DType = .float32, device: Device = .current) -> Tensor {
    (iota(rows, device: device).expandDims(1) .== iota(columns ?? rows, device: device)).cast(to: dtype)
  }

  /// The same for extents that may be symbols.
  public static func eye(_ rows: Dimension, _ columns: Dimension? = nil, dtype: DType = .float32, device: Device = .current) -> Tensor {
    (iota(rows, device: device).expandDims(1) .== iota(columns ?? rows, device: device)).cast(to: dtype)
  }
}

extension RandomKey {
  /// The key of a seed.
  public init(_ seed: Int, device: Device = .current) { self.init(seed, backend: device.backend) }
}
