import WengertNN

/// An encoder's evaluation as one program, made at the first call and kept for the others. Not thread-safe: call from one thread at a time.
public final class EmbeddingProgram {
  /// The encoder that is evaluated.
  public let model: TextEncoder
  private let device: Device
  private let program: CompiledFunction<TextEncoder, TokenTensors, Tensor>

  /// A program for this encoder: a finished one (`EncoderPrograms`), or compiled at the first call.
  ///
  /// - Parameters:
  ///   - model: the encoder.
  ///   - dtype: the half type of products in mixed precision; nil: none.
  public init(_ model: TextEncoder, autocast dtype: DType? = nil) {
    self.model = model
    program = compile(
      { encoder, tokens in Autocast.with(dtype) { EncoderPrograms.evaluate(encoder, tokens) } },
      CompileOptions(shapes: TokenTensors.symbolicShapes(argument: 1)), finished: dtype == nil ? EncoderPrograms.current.evaluation : [])
    device = model.encoder.wordEmbeddings.weight.device
  }

  /// One row per text, [texts, width], in chunks of `chunk` texts; `progress` is told how many are done.
  ///
  /// - Parameters:
  ///   - sequences: the tokens of each text.
  ///   - chunk: how many texts go through the encoder at once.
  ///   - skipped: tokens at the start of each text, a prompt's, that poolings do not look at.
  ///   - progress: called after each chunk with the number of texts that are done.
  public func embed(_ sequences: [[Int32]], chunk: Int, skipping skipped: Int = 0, progress: (Int) -> Void = { _ in }) -> Tensor {
    guard !sequences.isEmpty else { return Tensor([Float](), shape: [0, model.width]) }
    var done = 0
    let parts = PackedTokens.chunks(sequences, of: chunk, skipping: skipped).map { tokens in
      defer {
        done += tokens.sequenceCount
        progress(done)
      }
      return program(model, tokens.tensors(on: device))
    }
    return parts.count == 1 ? parts[0] : concatenate(parts)
  }
}
