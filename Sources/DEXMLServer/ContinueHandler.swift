import Hummingbird
import NIOCore
import NIOHTTPTypes

/// Tells a client that asks before it sends its body (`Expect: 100-continue`) to go on, unless the body would be too large anyway.
final class ContinueHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let bodyBytes: Int
  /// Requests that are not answered to their end.
  private var unanswered = 0
  /// Whether the last of them waits to be told to go on.
  private var waits = false

  /// - Parameter bodyBytes: the most that a body may have.
  init(bodyBytes: Int) { self.bodyBytes = bodyBytes }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let request):
      unanswered += 1
      let length = request.headerFields[.contentLength].flatMap { Int($0) } ?? 0
      waits = request.headerFields[.expect]?.lowercased() == "100-continue" && length <= bodyBytes
      goOn(context)
    case .body, .end: waits = false
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    context.write(data, promise: promise)
    guard case .end = unwrapOutboundIn(data) else { return }
    unanswered -= 1
    goOn(context)
  }

  /// Says so, once no answer to an earlier request is under way.
  private func goOn(_ context: ChannelHandlerContext) {
    guard waits, unanswered == 1 else { return }
    waits = false
    context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
  }
}

@available(*, unavailable)
extension ContinueHandler: Sendable {}
