import Foundation

/// An error in one line, without a full stop's worth of program text around it.
package func oneLine(_ error: any Error) -> String {
  let text: String
  if let error = error as? CocoaError {
    text = [error.filePath, error.localizedDescription].compactMap { $0 }.joined(separator: ": ")
  } else if let error = error as? any LocalizedError, let description = error.errorDescription {
    text = description
  } else {
    text = String(describing: error)
  }
  return text.split(whereSeparator: \.isNewline).joined(separator: " ")
}
