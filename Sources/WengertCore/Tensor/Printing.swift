extension Tensor: CustomStringConvertible {
  /// The elements in nested brackets, columns aligned; of a large tensor the first and last three along each axis.
  public var description: String {
    if rank == 0 { return Formatter([array(of: Double.self)[0]], dtype).text(array(of: Double.self)[0]) }
    let edge = count > 1000 ? 3 : Int.max
    let shown = corner(edge)
    let formatter = Formatter(shown.array(of: Double.self), dtype)
    var text = ""
    write(&text, shown, formatter, edge, depth: 0)
    return text + "  \(dtype)\(shape)"
  }

  /// The parts of each axis that are printed, side by side.
  private func corner(_ edge: Int) -> Tensor {
    var result = Tensor(view, node: nil)
    let caller = Caller(#fileID, #line)
    for axis in shape.indices where edge < Int.max && shape[axis] > 2 * edge {
      result = apply1(
        Movement.concatenate(axis: axis), [result.narrow(axis, 0, edge, caller), result.narrow(axis, shape[axis] - edge, edge, caller)],
        caller)
    }
    return result
  }

  private func write(_ text: inout String, _ shown: Tensor, _ formatter: Formatter, _ edge: Int, depth: Int) {
    let values = shown.array(of: Double.self)
    var position = 0
    func level(_ axis: Int) {
      text += "["
      let extent = shown.shape[axis]
      let cut = shape[axis] > extent ? edge : -1
      for i in 0..<extent {
        if i > 0 {
          text += axis == rank - 1 ? ", " : "," + String(repeating: "\n", count: rank - 1 - axis) + String(repeating: " ", count: axis + 1)
        }
        if i == cut { text += axis == rank - 1 ? "…, " : "…,\n" + String(repeating: " ", count: axis + 1) }
        if axis == rank - 1 {
          text += formatter.text(values[position])
          position += 1
        } else {
          level(axis + 1)
        }
      }
      text += "]"
    }
    level(0)
  }

  /// Numbers of one width.
  private struct Formatter {
    let dtype: DType
    var scientific = false
    var decimals = 0
    var width = 0

    init(_ values: [Double], _ dtype: DType) {
      self.dtype = dtype
      if dtype.isFloating {
        let sizes = values.filter { $0.isFinite && $0 != 0 }.map(\.magnitude)
        let greatest = sizes.max() ?? 0, least = sizes.min() ?? 0
        scientific =
          greatest >= 1e8 || (greatest > 0 && (least < 1e-4 || greatest / least > 1e6) && greatest / least > 1e3)
          || (greatest > 0 && greatest < 1e-4)
        while decimals < 4, values.contains(where: { $0.isFinite && rounded($0, decimals) != rounded($0, 4) }) { decimals += 1 }
        decimals = Swift.max(decimals, 1)
      }
      width = values.map { plain($0).count }.max() ?? 0
    }

    func text(_ value: Double) -> String {
      let plain = plain(value)
      return String(repeating: " ", count: Swift.max(0, width - plain.count)) + plain
    }

    private func rounded(_ value: Double, _ places: Int) -> Double {
      let scale = (0..<places).reduce(1.0) { s, _ in s * 10 }
      return (value * scale).rounded() / scale
    }

    private func plain(_ value: Double) -> String {
      if dtype == .bool { return value == 0 ? "false" : "true" }
      if !dtype.isFloating { return "\(Int(value))" }
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
