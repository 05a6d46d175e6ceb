/// A tensor's numbers on their way from its device to the host: reading them waits until they are there, but for nothing that the device was asked for later. JAX has this as
/// `copy_to_host_async`, PyTorch as `to("cpu", non_blocking=True)`.
///
/// A training loop that reads a step's loss after it has asked for the next step never has the device wait for it:
///
/// ```swift
/// var last: HostCopy<Float>?
/// for step in 1...3 {
///   let loss = square(Tensor([1, 2]) * Double(step)).sum()
///   if let last { print(last.item()) }  // 5, then 20: those of the steps before
///   last = loss.hostCopy()
/// }
/// ```
public struct HostCopy<Element: TensorElement>: Sendable {
  private let tensor: Tensor
  private let bytes: (any HostBytes)?

  fileprivate init(_ tensor: Tensor) {
    self.tensor = tensor
    let view = tensor.view, start = view.layout.offset * view.dtype.byteCount
    bytes =
      tensor.count == 0 ? nil : view.storage.backend.hostBytes(of: view.storage, in: start..<start + tensor.count * view.dtype.byteCount)
  }

  /// All elements in row-major order.
  public func array() -> [Element] {
    guard let bytes else { return tensor.array() }
    return bytes.withBytes { bytes in
      [Element](unsafeUninitializedCapacity: tensor.count) { buffer, filled in
        bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
        filled = tensor.count
      }
    }
  }

  /// The one element of a tensor that has one.
  ///
  /// - Precondition: There is exactly one element.
  public func item(file: StaticString = #fileID, line: UInt = #line) -> Element {
    Caller(file, line).require(tensor.count == 1, "item", "needs exactly one element, the shape is \(tensor.shape)")
    return array()[0]
  }
}

extension Tensor {
  /// Has the elements, converted to `Element`, copied to the host without waiting for them. They are those of now, whatever is computed until they are read.
  ///
  /// - Precondition: The values exist already; see `withBytes`.
  public func hostCopy<Element: TensorElement>(of type: Element.Type = Element.self) -> HostCopy<Element> {
    StoppingThread.haltIfMistaken()
    let converted = dtype == Element.dtype ? self : Tensor(view, node: nil).cast(to: Element.dtype)
    return HostCopy(Tensor(ViewKernels.contiguous(converted.view), node: nil))
  }
}
