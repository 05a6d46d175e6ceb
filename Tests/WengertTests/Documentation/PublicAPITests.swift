import Foundation
import Testing
import WengertTestSupport

/// The names that a module's sources make public outside of `@_spi`: types and functions of a file, and with a dot in front the members of `Tensor`.
private func publicNames(in folder: URL) throws -> [String: String] {
  var names: [String: String] = [:]
  let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
  while let file = files?.nextObject() as? URL {
    guard file.pathExtension == "swift" else { continue }
    for name in publicNames(in: try String(contentsOf: file, encoding: .utf8)) { names[name] = file.lastPathComponent }
  }
  return names
}

private func publicNames(in source: String) -> [String] {
  var names: [String] = [], conditions = 0, isInTensor = false, isHidden = false
  for whole in source.split(separator: "\n") {
    let text = whole.drop { $0 == " " }
    if text.hasPrefix("#if ") { conditions += 1 }
    if text.hasPrefix("#endif") { conditions -= 1 }
    if text.isEmpty || text.hasPrefix("#") || text.hasPrefix("//") { continue }
    // What stands inside of `#if` is indented by it.
    let indent = whole.count - text.count - 2 * conditions
    if text.hasPrefix("@"), !text.contains(/\b(?:class|struct|enum|protocol|extension|func|var|let|init|typealias|import)\b/) {
      isHidden = isHidden || text.hasPrefix("@_spi")
      continue
    }
    let hidden = isHidden || text.contains("@_spi(")
    isHidden = false
    if indent == 0 {
      isInTensor = !hidden && text.prefixMatch(of: /(?:public struct|extension|public extension) Tensor\b/) != nil
      let declared = text.firstMatch(
        of: /\b(?:public|open) (?:final |indirect )*(?:struct|class|enum|protocol|actor|typealias|func|let|var|macro) (\w+)/)
      if let declared, !hidden { names.append(String(declared.1)) }
    } else if indent == 2, isInTensor, !hidden {
      let member = text.prefixMatch(of: /(?:@\w+ )*public (?:static |mutating )*(?:func|var|let) (\w+)/)
      if let member { names.append(".\(member.1)") }
    }
  }
  return names
}

/// The names in the first column of a page's tables, by the module under whose heading they stand.
private func listedNames(on page: String) -> [String: Set<String>] {
  var names: [String: Set<String>] = [:], module = ""
  for line in page.split(separator: "\n") {
    if line.hasPrefix("## ") { module = String(line.dropFirst(3)) }
    guard line.hasPrefix("| "), let cell = line.dropFirst().split(separator: "|").first else { continue }
    for name in cell.matches(of: /`(\.?\w+)`/) { names[module, default: []].insert(String(name.1)) }
  }
  return names
}

@Suite("Documentation/PublicAPI.md")
struct PublicAPITests {
  private static let package = Fixtures.url("").deletingLastPathComponent().deletingLastPathComponent()

  @Test(
    "the page lists what each module makes public, and nothing else",
    arguments: [
      "WengertCore", "WengertCPU", "Wengert", "WengertNN", "WengertGraph", "WengertGraphTool", "WengertDifferentiable", "WengertONNX",
      "Collectives", "DEXML", "DEXMLServer",
    ])
  func complete(module: String) throws {
    let declared = try publicNames(in: Self.package.appendingPathComponent("Sources/\(module)"))
    let page = try String(contentsOf: Self.package.appendingPathComponent("Documentation/PublicAPI.md"), encoding: .utf8)
    let listed = listedNames(on: page)[module] ?? []
    for (name, file) in declared.sorted(by: { $0.key < $1.key }) where !listed.contains(name) {
      Issue.record("\(name) of \(file) is public and not listed under \(module): add it to the page, or hide it")
    }
    for name in listed.sorted() where declared[name] == nil { Issue.record("\(name) is listed under \(module) and no longer public there") }
  }

  @Test("public names are found in a source, and hidden ones are not")
  func names() {
    let source = """
      @_spi(Backend) import Other
      /// A comment.
      public enum Behind {}
      @_spi(Backend) public struct View {}
      @_spi(Backend)
      public enum Hidden {}
      public final class Shown {
        public func member() {}
      }
      package func own() {}
      @inlinable public func free<T>(_ x: T) {}
      #if MPI
        public struct Conditional {}
      #endif
      extension Tensor {
        // public func comment() {}
        @_spi(Backend) public var view: View { fatalError() }
        @inlinable public var size: Int { 0 }
        public static func made() -> Tensor { fatalError() }
        func inner() {
          public func impossible() {}
        }
      }
      extension Shape {
        public func other() {}
      }
      extension Int: Index { @_spi(Internal) public var part: Int { self } }
      """
    #expect(publicNames(in: source) == ["Behind", "Shown", "free", "Conditional", ".size", ".made"])
  }

  @Test("a page's names are those in the first column of its tables")
  func columns() {
    let page = """
      ## Core
      In the text `no`.
      | name | what |
      |---|---|
      | `A`, `.b` | not `c` |
      ## Other
      | `d` | e |
      """
    #expect(listedNames(on: page) == ["Core": ["A", ".b"], "Other": ["d"]])
  }
}
