extension Configuration {
  /// The settings of `dexml demo`, the same as in `configs/demo.yaml`.
  public static var demo: Configuration {
    var settings = Configuration()
    settings.expname = "demo"
    settings.dataset = "Demo"
    settings.tf = "\(settings.dataRoot)/Demo/encoder"
    settings.tfPooler = .mean
    settings.tfMaxLen = 48
    settings.numEpochs = 8
    settings.bsz = 64
    settings.gcBsz = 256
    settings.lr = 1e-3
    settings.ampEncode = false
    return settings
  }
}
