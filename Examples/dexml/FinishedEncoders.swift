import DEXML

extension EncoderPrograms {
  /// Those that were finished while this executable was built.
  static let published = EncoderPrograms(
    evaluation: [
      EncoderGraphs.distilbertMeanEvaluation, EncoderGraphs.distilbertFirstEvaluation, EncoderGraphs.miniLM6MeanEvaluation,
      EncoderGraphs.miniLM12MeanEvaluation, EncoderGraphs.bertMeanEvaluation, EncoderGraphs.bertFirstEvaluation,
    ],
    training: [
      EncoderGraphs.distilbertMeanTraining, EncoderGraphs.distilbertFirstTraining, EncoderGraphs.miniLM6MeanTraining,
      EncoderGraphs.miniLM12MeanTraining, EncoderGraphs.bertMeanTraining, EncoderGraphs.bertFirstTraining,
    ],
    pullbacks: [
      EncoderGraphs.distilbertMeanPullback, EncoderGraphs.distilbertFirstPullback, EncoderGraphs.miniLM6MeanPullback,
      EncoderGraphs.miniLM12MeanPullback, EncoderGraphs.bertMeanPullback, EncoderGraphs.bertFirstPullback,
    ])
}
