import Foundation

/// What a run says about itself at one moment: named numbers, as TensorBoard's `Event` message holds them.
///
///     Event   { 1: double wall_time   2: int64 step   3: string file_version   5: Summary summary }
///     Summary { 1: repeated Value value }
///     Value   { 1: string tag   2: float simple_value }
public struct Event: Sendable, Equatable {
  /// A number with its name, such as `train/loss`.
  public struct Scalar: Sendable, Equatable {
    /// The name, such as `train/loss`.
    public var tag: String
    /// The number.
    public var value: Float

    /// A number with its name.
    public init(_ tag: String, _ value: Float) {
      self.tag = tag
      self.value = value
    }
  }

  /// Seconds since 1970.
  public var time: Double
  /// Steps of the optimizer done.
  public var step: Int
  /// What the first event of a file says its format is.
  public var fileVersion: String?
  /// The numbers.
  public var scalars: [Scalar]

  /// An event of these numbers.
  public init(time: Double, step: Int, fileVersion: String? = nil, scalars: [Scalar] = []) {
    self.time = time
    self.step = step
    self.fileVersion = fileVersion
    self.scalars = scalars
  }
}

// The messages in Protocol Buffers' wire format.
extension Event {
  /// The message's bytes.
  package var encoded: Data {
    var message = MessageWriter()
    message.add(1, fixed64: time.bitPattern)
    if step != 0 { message.add(2, varint: UInt64(bitPattern: Int64(step))) }
    if let fileVersion { message.add(3, bytes: Data(fileVersion.utf8)) }
    if !scalars.isEmpty {
      var summary = MessageWriter()
      for scalar in scalars {
        var value = MessageWriter()
        value.add(1, bytes: Data(scalar.tag.utf8))
        value.add(2, fixed32: scalar.value.bitPattern)
        summary.add(1, bytes: value.bytes)
      }
      message.add(5, bytes: summary.bytes)
    }
    return message.bytes
  }

  /// The event of a message's bytes, or nil if they are not one. Fields that this type lacks are passed over.
  package init?(encoded bytes: Data) {
    self.init(time: 0, step: 0)
    var message = MessageReader(bytes)
    while let (field, value) = message.next() {
      switch (field, value) {
      case (1, .fixed64(let bits)): time = Double(bitPattern: bits)
      case (2, .varint(let bits)): step = Int(Int64(bitPattern: bits))
      case (3, .bytes(let text)): fileVersion = String(decoding: text, as: UTF8.self)
      case (5, .bytes(let summary)):
        guard let found = Self.scalars(ofSummary: summary) else { return nil }
        scalars += found
      default: break
      }
    }
    guard message.isAtEnd else { return nil }
  }

  /// The values of a summary that are plain numbers.
  private static func scalars(ofSummary bytes: Data) -> [Scalar]? {
    var scalars: [Scalar] = []
    var summary = MessageReader(bytes)
    while let (field, value) = summary.next() {
      guard field == 1, case .bytes(let part) = value else { continue }
      var (tag, number): (String?, Float?) = (nil, nil)
      var message = MessageReader(part)
      while let (field, value) = message.next() {
        switch (field, value) {
        case (1, .bytes(let text)): tag = String(decoding: text, as: UTF8.self)
        case (2, .fixed32(let bits)): number = Float(bitPattern: bits)
        default: break
        }
      }
      guard message.isAtEnd else { return nil }
      if let tag, let number { scalars.append(Scalar(tag, number)) }
    }
    return summary.isAtEnd ? scalars : nil
  }
}
