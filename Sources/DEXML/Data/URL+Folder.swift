import Foundation

extension URL {
  /// Whether a folder is there, or a link to one.
  var isFolder: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Whether anything is there.
  var exists: Bool { FileManager.default.fileExists(atPath: path) }
}
