import Foundation

/// Where tests find files.
public enum Fixtures {
  public static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// A file of Tests/Fixtures.
  public static func url(_ path: String) -> URL { package.appendingPathComponent("Tests/Fixtures/\(path)") }

  /// The folder of real data sets beside the package, or nil where it is absent.
  public static var sharedData: URL? {
    let folder = package.deletingLastPathComponent().appendingPathComponent("shared/data")
    // A git worktree may lie one folder deeper.
    let deeper = package.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/data")
    return [folder, deeper].first { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// Runs `body` with an empty folder that is deleted afterwards.
  public static func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wengert-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}
