import Foundation
import Testing
import WengertTestSupport

/// The built trainer, which lies beside the tests.
private let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("dexml")

/// A service on the tiny encoder in a process of its own.
private final class RunningService {
  let port: UInt16
  private let process: Process
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("serve-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let labels = folder.appendingPathComponent("Y.txt")
    try Data("cat\nmat\n".utf8).write(to: labels)
    let errors = Pipe()
    process = Process()
    process.executableURL = executable
    process.arguments = ["serve", "--model", Fixtures.url("encoder/bert").path, "--labels", labels.path, "--port", "0", "--verbose"]
    process.standardError = errors
    try process.run()
    var text = ""
    while text.firstMatch(of: /127\.0\.0\.1:(\d+)\n/) == nil, case let data = errors.fileHandleForReading.availableData, !data.isEmpty {
      text += String(decoding: data, as: UTF8.self)
    }
    port = try #require(text.firstMatch(of: /127\.0\.0\.1:(\d+)\n/).flatMap { UInt16($0.1) }, "\(text)")
    reader = errors.fileHandleForReading
  }

  private let reader: FileHandle

  /// Ends the service; its exit code, and what it said since it began to listen.
  func stop() -> (code: Int32, log: String) {
    process.terminate()
    let log = String(decoding: reader.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
    return (process.terminationStatus, log)
  }

  /// What comes back for a request's head until it is told to go on, and what for its body, which is sent thereafter.
  func answers(toHead head: String, body: String) throws -> (first: String, rest: String) {
    let connection = try Connection(port: port)
    connection.send(Array(head.utf8))
    let first = connection.receive { $0.hasSuffix(" 100 Continue\r\n\r\n") }
    connection.send(Array(body.utf8))
    return (first, connection.receive { _ in false })
  }

  /// What comes back for these bytes until the service closes the connection; `closes`: nothing follows the bytes.
  func answer(to bytes: [UInt8], closes: Bool) throws -> String { try Connection(port: port).answer(to: bytes, closes: closes) }
}

@Suite(
  "Requests that are no HTTP", .enabled(if: FileManager.default.isExecutableFile(atPath: executable.path)), .serialized,
  .timeLimit(.minutes(60)))
struct MalformedRequestTests {
  private let post = "POST /predict HTTP/1.1\r\nHost: localhost\r\n"
  private let body = #"{"text": "mat"}"#

  @Test("each is answered with a status of 400 to 499, none is an error in the log, and the service goes on")
  func refused() throws {
    let service = try RunningService()
    let chunked = post + "Transfer-Encoding: chunked\r\n\r\n"
    // (what is sent, whether nothing follows)
    let requests: [(String, Bool)] = [
      (chunked + "zz\r\n\(body)\r\n0\r\n\r\n", false), (chunked + "-1\r\n\(body)\r\n0\r\n\r\n", false),
      (chunked + "f\r\n\(body)0\r\n\r\n", false), (chunked + "ffffffffffffffffff\r\n\(body)", false), (chunked + "\r\n", false),
      (chunked + "f\r\n\(body)\r\nzz\r\n", false), (chunked + "5 x\r\n{}", false), (chunked + "f\r\n{\"te", true), (chunked, true),
      (post + "Content-Length: 100\r\n\r\n\(body)", true), (post + "Content-Length: abc\r\n\r\n\(body)", false),
      (post + "Content-Length: -1\r\n\r\n\(body)", false), (post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n\(body)", false),
      (post + "Content-Length: 99999999999999999999999\r\n\r\n\(body)", false),
      (post + "Content-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\n\(body)", false),
      (post + "Transfer-Encoding: gzip\r\n\r\n\(body)", false), (post + "no colon\r\n\r\n", false), (post + "Bad Name: x\r\n\r\n", false),
      (post + ": x\r\n\r\n", false), (post + "X: \u{0}\r\n\r\n", false), (post + " folded\r\n\r\n", false),
      (post + "X: a\rb\r\n\r\n", false),
      ("GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", false), ("GET /healthz HTTP/1.x\r\n\r\n", false), ("GET /healthz\r\n\r\n", false),
      ("GE T /healthz HTTP/1.1\r\n\r\n", false), ("\u{1}\u{2}\r\n\r\n", false), ("GET  HTTP/1.1\r\n\r\n", false),
      ("FETCH / HTTP/1.1\r\n\r\n", false),
      ("G{}T / HTTP/1.1\r\nHost: x\r\n\r\n", false), ("GET /\u{7F}\u{1}\r\n HTTP/1.1\r\n\r\n", false), ("\r\n\r\n \r\n", false),
      ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", false), ("GET / HTTP/1.1\r\nX: \(String(repeating: "a", count: 200_000))\r\n\r\n", false),
      ("GET / HTTP/1.1\r\n" + (0..<2000).map { "X\($0): a\r\n" }.joined() + "\r\n", false), ("GET / HTTP/1.1\r\nHost: x\r\n", true),
      ("GET /\(String(repeating: "a", count: 200_000)) HTTP/1.1\r\nHost: x\r\n\r\n", false),
    ]
    let rest = "Host: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    for (request, closes) in requests
      + ["GET /healthz", "GET /", "HEAD /labels", "POST /nothing", "PUT /predict"].map({ ("\($0) HTTP/1.1\r\n" + rest, false) })
    {
      let answer = try service.answer(to: Array(request.utf8), closes: closes)
      #expect(answer.hasPrefix("HTTP/1.1 4"), "\(request.prefix(200).debugDescription): \(answer.prefix(200).debugDescription)")
      // One answer, and none to what may stand behind it.
      #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "\(request.prefix(200).debugDescription): \(answer.debugDescription)")
    }
    let tls: [UInt8] = [0x16, 3, 1, 0, 0x2E, 1, 0, 0, 0x2A, 3, 3] + [UInt8](repeating: 7, count: 40)
    #expect(try service.answer(to: tls, closes: false).hasPrefix("HTTP/1.1 400"))
    let good = try service.answer(
      to: Array((post + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n\(body)\r\n0\r\n\r\n").utf8), closes: false)
    #expect(good.hasPrefix("HTTP/1.1 200") && good.contains(#""label":"mat""#), "\(good)")
    let (code, log) = service.stop()
    #expect(code == 0 && !log.contains("error"), "\(log)")
  }

  @Test("a request without a host, or with two, is refused with what to do")
  func hosts() throws {
    let service = try RunningService()
    for (hosts, got) in [("", "none"), ("Host: localhost\r\nHost: localhost\r\n", "several"), ("Host: a\r\nhost: b\r\n", "several")] {
      for start in ["GET /healthz", "GET /nothing", "POST /predict"] {
        let answer = try service.answer(to: Array("\(start) HTTP/1.1\r\n\(hosts)Connection: close\r\n\r\n".utf8), closes: false)
        #expect(answer.hasPrefix("HTTP/1.1 400"), "\(start), \(hosts.debugDescription): \(answer)")
        #expect(answer.contains("expected one Host in the request's head, got \(got); name the host once"), "\(answer)")
      }
    }
    let good = "GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"
    #expect(try service.answer(to: Array(good.utf8), closes: false).hasPrefix("HTTP/1.1 200"))
    _ = service.stop()
  }

  @Test("who asks before a body is told to go on, or at once that it is too large, and never within the answer before")
  func expectations() throws {
    let service = try RunningService()
    func head(_ length: Int, _ fields: String = "Connection: close\r\n") -> String {
      post + fields + "Expect: 100-continue\r\nContent-Length: \(length)\r\n\r\n"
    }
    let (first, rest) = try service.answers(toHead: head(body.utf8.count), body: body)
    #expect(first == "HTTP/1.1 100 Continue\r\n\r\n")
    #expect(rest.hasPrefix("HTTP/1.1 200") && rest.contains(#""label":"mat""#), "\(rest)")
    let tooLarge = try service.answer(to: Array(head(99_999_999).utf8), closes: false)
    #expect(tooLarge.hasPrefix("HTTP/1.1 413"), "\(tooLarge)")
    // Two requests at once, of which the second asks.
    let one = post + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    let (both, last) = try service.answers(toHead: one + head(body.utf8.count), body: body)
    #expect(both.components(separatedBy: "HTTP/1.1 ").map { $0.prefix(3) } == ["", "200", "100"], "\(both)")
    #expect(last.hasPrefix("HTTP/1.1 200"), "\(last)")
    _ = service.stop()
  }

  @Test("bytes of any kind before, within and behind a request end no service")
  func noise() throws {
    let service = try RunningService()
    let good = Array((post + "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8)
    for seed in 0..<60 as Range<UInt64> {
      let damaged = Array(Data(good).damaged(seed: seed))
      let answer = try service.answer(to: damaged, closes: true)
      #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 2") || answer.hasPrefix("HTTP/1.1 4"), "seed \(seed): \(answer)")
    }
    #expect(try service.answer(to: good, closes: false).hasPrefix("HTTP/1.1 200"))
    let (code, log) = service.stop()
    #expect(code == 0 && !log.contains("error"), "\(log)")
  }
}
