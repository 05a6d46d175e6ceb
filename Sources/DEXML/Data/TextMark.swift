import WengertNN

/// What the first bytes of a text file say about its encoding.
enum TextMark {
  /// How many of a file's first bytes are looked at.
  static let headSize = 4096

  private static let utf8: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// The length of the byte order mark with which a UTF-8 file may begin; it is not part of the text.
  static func length(_ head: some Collection<UInt8>) -> Int { head.starts(with: utf8) ? utf8.count : 0 }

  /// Throws the problem of the file that begins so, if it has one.
  static func check(_ head: some Collection<UInt8>, file: String) throws {
    if let (value, advice) = problem(head) { throw FileError(file: file, field: "encoding", value: value, advice: advice) }
  }

  /// What is wrong with a file that is not UTF-8 but another Unicode encoding, known by its mark, or by every other byte being 0; nil if it may be UTF-8.
  static func problem(_ head: some Collection<UInt8>) -> (value: String, advice: String)? {
    let head = Array(head.prefix(headSize))
    func problem(_ name: String, _ iconv: String) -> (value: String, advice: String) {
      ("is \(name)", "save it as UTF-8, for instance with iconv -f \(iconv) -t UTF-8")
    }
    if head.starts(with: [0xFF, 0xFE, 0, 0]) || head.starts(with: [0, 0, 0xFE, 0xFF]) { return problem("UTF-32", "UTF-32") }
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) { return problem("UTF-16", "UTF-16") }
    let pairs = head.count / 2
    guard pairs >= 8 else { return nil }
    let zeros = (0..<2).map { first in (0..<pairs).count { head[2 * $0 + first] == 0 } }
    // Mostly Latin text: one half of each pair is 0, the other is not.
    if zeros[1] * 10 >= pairs * 9, zeros[0] * 10 < pairs { return problem("UTF-16 without a byte order mark", "UTF-16LE") }
    if zeros[0] * 10 >= pairs * 9, zeros[1] * 10 < pairs { return problem("UTF-16 without a byte order mark", "UTF-16BE") }
    return nil
  }
}
