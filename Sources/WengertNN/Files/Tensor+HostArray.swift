import Foundation

extension Tensor {
  /// A tensor with the elements of an array from a file, copied once, into the tensor's memory. The array has at most eight axes.
  public init(_ array: HostArray, device: Device = .current) {
    self = array.data.withUnsafeBytes { bytes in
      Tensor(bytes: RawSpan(_unsafeBytes: bytes), shape: Shape(array.shape), dtype: array.dtype, device: device)
    }
  }

  /// The elements in row-major order, as files hold them.
  public var hostArray: HostArray {
    let data = withBytes { bytes in bytes.withUnsafeBytes { Data($0) } }
    // The bytes are exactly those of the shape.
    return try! HostArray(dtype: dtype, shape: Array(shape), data: data)
  }
}
