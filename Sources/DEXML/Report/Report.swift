import Foundation
import WengertNN

/// A page about runs: how they trained, how good they are and where, side by side.
public enum Report {
  /// Writes one self-contained HTML file about the runs in some results folders.
  ///
  /// Each folder gives what it has: settings (`config.yaml`, which must be there), curves (event files), evaluations (`<split>_metrics.tsv`), predictions
  /// (`<split>_score_mat.npz` with the data set). What is not there is left out with a sentence; a file that is wrong is an error.
  ///
  /// - Parameters:
  ///   - results: the runs' folders.
  ///   - output: the file, which is replaced if it is there.
  ///   - dataRoot: the folder that holds the data sets, if it is not the one that the runs were trained with.
  /// - Throws: `FileError` if a file of a run is wrong, or the page cannot be written.
  public static func run(results: [URL], output: URL, dataRoot: String? = nil) throws {
    // An older page among the results may be replaced.
    try checkOutput(output, isNoneOf: results.flatMap { filePaths(in: $0) }.filter { !$0.hasSuffix(".html") })
    let page = try ReportPage(runs: RunRecord.read(results, dataRoot: dataRoot)).markup
    try FileBeingWritten.write(Data(page.html.utf8), to: output)
    Console.standardError.line("\(output.path): \(results.count) \(results.count == 1 ? "run" : "runs"); open it in a browser")
  }
}
