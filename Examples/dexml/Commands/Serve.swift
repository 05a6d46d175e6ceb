import ArgumentParser
import DEXML
import DEXMLServer
import Foundation
import Logging

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer predictions over HTTP, and take new labels while it runs.",
    discussion: """
      POST /predict {"texts": ["…"], "top_k": 5}, POST /labels {"labels": ["…"]}, GET /labels?offset=0&limit=100, GET /healthz; GET / is a page to try it.
      """)

  @Option(help: ArgumentHelp("Folder of the encoder.", valueName: "dir"))
  var model: String

  @Option(help: ArgumentHelp("Text file, one label on each line.", valueName: "y.txt"))
  var labels: String

  @Option(help: ArgumentHelp("Address to listen on; 0.0.0.0 is every one of this machine.", valueName: "address"))
  var host = "127.0.0.1"

  @Option(help: ArgumentHelp("Port to listen on; 0 takes any that is free, and the log says which.", valueName: "n"))
  var port = 8080

  @Option(help: ArgumentHelp("Most texts that are computed together.", valueName: "n"))
  var maxBatch = ServiceLimits().batch

  @Option(help: ArgumentHelp("Most texts, or labels, of a request.", valueName: "n"))
  var maxTexts = ServiceLimits().texts

  @Option(help: ArgumentHelp("Most bytes of a request.", valueName: "bytes"))
  var maxBody = ServiceLimits().bodyBytes

  @Option(help: ArgumentHelp("Most requests that wait; further ones get status 503.", valueName: "n"))
  var maxWaiting = ServiceLimits().waiting

  @Option(help: ArgumentHelp("Most labels that may be added.", valueName: "n"))
  var maxAddedLabels = ServiceLimits().addedLabels

  @Flag(help: "Log every request.")
  var verbose = false

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard (0...65535).contains(port) else { throw ValidationError("--port must be from 0 to 65535; it is \(port).") }
    for (name, value, least) in [
      ("max-batch", maxBatch, 1), ("max-texts", maxTexts, 1), ("max-body", maxBody, 1), ("max-waiting", maxWaiting, 1),
      ("max-added-labels", maxAddedLabels, 0),
    ] where value < least {
      throw ValidationError("--\(name) must be at least \(least); it is \(value).")
    }
  }

  func run() async throws {
    var limits = ServiceLimits()
    (limits.batch, limits.texts, limits.bodyBytes) = (maxBatch, maxTexts, maxBody)
    (limits.waiting, limits.addedLabels) = (maxWaiting, maxAddedLabels)
    var log = try Logger.run()
    if verbose { log.logLevel = .debug }
    try device.use()
    let folder = try ModelFolder.require(model)
    let predictor = try Predictor(model: folder, labels: URL(fileURLWithPath: labels), chunk: maxBatch)
    let server = PredictionServer(
      predictor, model: URL(fileURLWithPath: model).standardizedFileURL.lastPathComponent, limits: limits, log: log)
    try await server.run(host: host, port: port)
  }
}
