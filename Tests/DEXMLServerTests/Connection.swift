import Foundation
import Testing

/// A connection to a service on this machine. Its calls wait on the thread that makes them: a client of tasks may be kept from its thread for so long that the service ends
/// the idle connection.
final class Connection {
  private let descriptor: Int32

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    try #require(result == 0)
  }

  deinit { close(descriptor) }

  /// Sends the bytes, as far as the service takes them: having seen enough, it may have closed already.
  func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { break }
      sent += count
    }
  }

  /// What comes until it is enough or the service closes.
  func receive(until isEnough: (String) -> Bool) -> String {
    var answer: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 4096)
    while !isEnough(String(decoding: answer, as: UTF8.self)), case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
      answer += buffer[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }

  /// What comes back for these bytes until the service closes the connection; `closes`: nothing follows the bytes.
  func answer(to bytes: [UInt8], closes: Bool) -> String {
    send(bytes)
    if closes { shutdown(descriptor, Int32(SHUT_WR)) }
    return receive { _ in false }
  }

  /// The whole answer to a request with a JSON body.
  func post(_ path: String, _ body: String) -> String {
    let head = "POST \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    return answer(to: Array((head + body).utf8), closes: false)
  }
}

/// What `body` returns, which may wait: it has a thread of its own, so that no task is kept from its thread meanwhile.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}
