extension Tensor: CustomStringConvertible {
  /// The elements in nested brackets, columns aligned; of a large tensor the first and last three along each axis.
  ///
  /// ```swift
  /// let text = Tensor([1.0, 0.5]).description  // [1.0, 0.5]  float32[2]
  /// ```
  public var description: String {
    if isExample { return "one example of vmap  \(dtype)\(shape)" }
    if rank == 0 { return texts[0] }
    let edge = printedEdge
    let shown = corner(edge)
    return Self.nested(shown.texts, shown.shape, of: shape, edge) + "  \(dtype)\(shape)"
  }

  /// How many elements of each axis are printed at both ends.
  fileprivate var printedEdge: Int { count > 1000 ? 3 : Int.max }

  /// Each element as text, all of one width.
  fileprivate var texts: [String] {
    // Whole numbers as such: a double does not hold every int64.
    let plain =
      switch dtype {
      case .bool: array(of: Bool.self).map(\.description)
      case .uint8, .int32, .int64: array(of: Int64.self).map(\.description)
      case .float16, .bfloat16, .float32, .float64: RealFormatter.texts(array(of: Double.self))
      }
    let width = plain.lazy.map(\.count).max() ?? 0
    return plain.map { String(repeating: " ", count: width - $0.count) + $0 }
  }

  /// The parts of each axis that are printed, side by side.
  fileprivate func corner(_ edge: Int) -> Tensor {
    var result = Tensor(view, node: nil)
    let caller = Caller(#fileID, #line)
    for axis in shape.indices where edge < Int.max && shape[axis] > 2 * edge {
      result = apply1(
        Movement.concatenate(axis: axis), [result.narrow(axis, 0, edge, caller), result.narrow(axis, shape[axis] - edge, edge, caller)],
        caller)
    }
    return result
  }

  /// Texts in nested brackets, of the parts that are shown of a shape.
  fileprivate static func nested(_ texts: [String], _ shown: Shape, of shape: Shape, _ edge: Int) -> String {
    let rank = shape.rank
    var text = "", position = 0
    func level(_ axis: Int) {
      text += "["
      let extent = shown[axis]
      let cut = shape[axis] > extent ? edge : -1
      for i in 0..<extent {
        if i > 0 {
          text += axis == rank - 1 ? ", " : "," + String(repeating: "\n", count: rank - 1 - axis) + String(repeating: " ", count: axis + 1)
        }
        if i == cut { text += axis == rank - 1 ? "…, " : "…,\n" + String(repeating: " ", count: axis + 1) }
        if axis == rank - 1 {
          text += texts[position]
          position += 1
        } else {
          level(axis + 1)
        }
      }
      text += "]"
    }
    level(0)
    return text
  }

  /// Real numbers with as many decimals as they need, at most four, or in scientific notation.
  private struct RealFormatter {
    let scientific: Bool
    var decimals = 1

    static func texts(_ values: [Double]) -> [String] {
      let formatter = RealFormatter(values)
      return values.map(formatter.text)
    }

    private init(_ values: [Double]) {
      let sizes = values.filter { $0.isFinite && $0 != 0 }.map(\.magnitude)
      let greatest = sizes.max() ?? 0, least = sizes.min() ?? 0
      scientific = greatest >= 1e8 || (greatest > 0 && greatest < 1e-4) || (least < 1e-4 && greatest / least > 1e3)
      while decimals < 4, values.contains(where: { $0.isFinite && rounded($0, decimals) != rounded($0, 4) }) { decimals += 1 }
    }

    private func rounded(_ value: Double, _ places: Int) -> Double {
      let scale = (0..<places).reduce(1.0) { s, _ in s * 10 }
      return (value * scale).rounded() / scale
    }

    private func text(_ value: Double) -> String {
      if value.isNaN { return "nan" }
      if value.isInfinite { return value < 0 ? "-inf" : "inf" }
      if scientific && value != 0 { return scientificText(value) }
      return fixed(value, decimals)
    }

    private func fixed(_ value: Double, _ places: Int) -> String {
      let scale = (0..<places).reduce(1.0) { s, _ in s * 10 }
      let scaled = (value.magnitude * scale).rounded()
      guard scaled < 1e18 else { return "\(value)" }
      let whole = Int(scaled)
      let digits = String(whole % Int(scale))
      let fraction = String(repeating: "0", count: places - digits.count) + digits
      return (value.sign == .minus && scaled != 0 ? "-" : "") + "\(whole / Int(scale)).\(fraction)"
    }

    private func scientificText(_ value: Double) -> String {
      var exponent = 0
      var m = value.magnitude
      while m >= 10 {
        m /= 10
        exponent += 1
      }
      while m < 1 {
        m *= 10
        exponent -= 1
      }
      if (m * 1e4).rounded() / 1e4 >= 10 {
        m /= 10
        exponent += 1
      }
      let size = exponent.magnitude
      return (value < 0 ? "-" : "") + fixed(m, 4) + (exponent < 0 ? "e-" : "e+") + (size < 10 ? "0" : "") + "\(size)"
    }
  }
}

extension ComplexTensor: CustomStringConvertible {
  /// The elements in nested brackets, as of a tensor.
  ///
  /// ```swift
  /// let text = ComplexTensor(real: Tensor([1.0, 2]), imaginary: Tensor([0.5, -1])).description  // [1.0 + 0.5i, 2.0 - 1.0i]  complex64[2]
  /// ```
  public var description: String {
    let name = dtype == .float64 ? "complex128" : "complex64"
    if real.isExample || imaginary.isExample { return "one example of vmap  \(name)\(shape)" }
    let edge = real.printedEdge, shown = mapParts { $0.corner(edge) }
    let signs = shown.imaginary.array(of: Double.self).map { $0.sign == .minus ? "-" : "+" }
    let texts = zip(zip(shown.real.texts, signs), abs(shown.imaginary).texts).map { "\($0.0) \($0.1) \($1)i" }
    return rank == 0 ? texts[0] : Tensor.nested(texts, shown.shape, of: shape, edge) + "  \(name)\(shape)"
  }
}
