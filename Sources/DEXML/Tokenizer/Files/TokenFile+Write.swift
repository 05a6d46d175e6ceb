import Foundation
import Synchronization
import WengertNN

extension TokenFile {
  /// Tokenizes a text file on all cores, block by block, and opens the result; the file is written aside and takes its place only when complete.
  ///
  /// - Parameters:
  ///   - texts: a file of one text a line, in UTF-8.
  ///   - tokenizer: makes the tokens of each.
  ///   - maxLength: the number of columns, special tokens included: 2 or more.
  ///   - file: what is written.
  ///   - progress: called now and then with the number of lines done.
  /// - Throws: `FileError` for an unreadable or invalid text, naming its line, a tokenizer that pads with its separator, or a disk that cannot be written.
  public static func write(
    texts: URL, tokenizer: Tokenizer, maxLength: Int, to file: URL, progress: ((Int) -> Void)? = nil
  ) throws -> TokenFile {
    guard (2...largestColumns).contains(maxLength) else {
      throw FileError(file: file.path, field: "maximum length", value: "is \(maxLength)", advice: "expected 2 to \(largestColumns)")
    }
    // Reading a row takes off what is padding at its end.
    guard tokenizer.padID != tokenizer.sepID else {
      throw FileError(
        file: file.path, field: "pad_token",
        value: "is the separator, with id \(tokenizer.padID), too, so that a row's end cannot be found",
        advice: "tokenize during training (data_tokenization: online), or name another pad_token in tokenizer_config.json")
    }
    let threads = ProcessInfo.processInfo.activeProcessorCount
    var blocks = try TextBlocks(contentsOf: texts, size: max(threads, 2) << 21)
    do {
      let output = try FileBeingWritten(file)
      let writer = RowWriter(tokenizer: tokenizer, columns: maxLength, threads: threads, output: UncheckedSendable(output))
      var rows = 0
      var block = try blocks.next()
      while let lines = block {
        let ahead = Locked((blocks: blocks, next: Result<Lines?, any Error>.success(nil)))
        try writer.write(lines, firstRow: rows) {
          ahead.withLock { state in
            let next = Result { try state.blocks.next() }
            state.next = next
          }
        }
        rows += lines.count
        progress?(rows)
        blocks = ahead.withLock(\.blocks)
        block = try ahead.withLock(\.next).get()
      }
      let meta = meta(of: file)
      if FileManager.default.fileExists(atPath: meta.path) { try FileManager.default.removeItem(at: meta) }
      try output.commit()
      try FileBeingWritten.write(Data("\(rows) \(maxLength) int64\n".utf8), to: meta)
    } catch let error as FileError where error.file == texts.path {
      throw error
    } catch let error as FileError {
      throw FileError(file: file.path, field: "file", value: "cannot be written (\(error.value))", advice: "\(error.advice)")
    } catch {
      throw FileError(file: file.path, field: "file", value: "cannot be written (\(systemReason(error)))")
    }
    return try TokenFile(contentsOf: file)
  }
}

/// Encodes lines and writes their rows where they belong, on several threads.
private struct RowWriter: Sendable {
  let tokenizer: Tokenizer
  let columns: Int
  let threads: Int
  let output: UncheckedSendable<FileBeingWritten>

  /// Writes the lines as the rows from `firstRow` on; one of the threads first calls `meanwhile`.
  ///
  /// - Throws: the error of the first line that has one.
  func write(_ lines: Lines, firstRow: Int, meanwhile: @Sendable () -> Void) throws {
    let chunk = max(min((1 << 17) / columns, lines.count / (8 * threads)), 1)
    let next = Atomic(0)
    let failure = Locked<(line: Int, error: any Error)?>(nil)
    concurrently(threads) { thread in
      if thread == 0 { meanwhile() }
      let ids = UnsafeMutableBufferPointer<Int64>.allocate(capacity: chunk * columns)
      defer { ids.deallocate() }
      // Chunks are given out in order: those before a failed one are all under way.
      while failure.withLock({ $0 == nil }) {
        let start = next.wrappingAdd(chunk, ordering: .relaxed).oldValue
        if start >= lines.count { break }
        do {
          try write(lines, start..<min(start + chunk, lines.count), firstRow: firstRow, through: ids)
        } catch {
          failure.withLock { if start < $0?.line ?? .max { $0 = (start, error) } }
        }
      }
    }
    if let failure = failure.withLock(\.self) { throw failure.error }
  }

  private func write(_ lines: Lines, _ part: Range<Int>, firstRow: Int, through ids: UnsafeMutableBufferPointer<Int64>) throws {
    if let line = lines.firstInvalid(part) { throw lines.invalid(line) }
    tokenizer.withScratch { scratch in
      for (place, line) in part.enumerated() {
        let row = UnsafeMutableBufferPointer(rebasing: ids[place * columns..<(place + 1) * columns])
        lines.withLine(line) { tokenizer.encode($0, into: row, with: scratch) }
      }
    }
    let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(ids)[..<(part.count * columns * 8)])
    try output.value.write(bytes, at: (firstRow + part.lowerBound) * columns * 8)
  }
}
