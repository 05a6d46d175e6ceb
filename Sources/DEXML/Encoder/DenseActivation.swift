import WengertNN

/// The function behind a dense layer of sentence-transformers: a class of PyTorch without settings, each with PyTorch's defaults.
public enum DenseActivation: String, CaseIterable, Sendable {
  /// x itself.
  case identity = "Identity"
  /// tanh x.
  case tanh = "Tanh"
  /// max(0, x).
  case relu = "ReLU"
  /// x Φ(x), Φ being the normal distribution function.
  case gelu = "GELU"
  /// σ(x) = 1 / (1 + e⁻ˣ).
  case sigmoid = "Sigmoid"
  /// x σ(x).
  case silu = "SiLU"
  /// x between 0 and 6.
  case relu6 = "ReLU6"
  /// x above 0, 0.01 x below.
  case leakyReLU = "LeakyReLU"
  /// x above 0, eˣ − 1 below.
  case elu = "ELU"
  /// x above 0, eˣ − 1 below.
  case celu = "CELU"
  /// `elu` with the two factors that keep mean and variance.
  case selu = "SELU"
  /// ln(1 + eˣ).
  case softplus = "Softplus"
  /// x / (1 + |x|).
  case softsign = "Softsign"
  /// x tanh(ln(1 + eˣ)).
  case mish = "Mish"
  /// x between −1 and 1.
  case hardtanh = "Hardtanh"
  /// x / 6 + ½ between 0 and 1.
  case hardsigmoid = "Hardsigmoid"
  /// x times `hardsigmoid` of it.
  case hardswish = "Hardswish"
  /// ln σ(x).
  case logSigmoid = "LogSigmoid"
  /// x − tanh x.
  case tanhshrink = "Tanhshrink"

  /// The class that a file names by its path: `torch.nn.modules.activation.Tanh`, or `torch.nn.Tanh`; nil if it is none of these.
  init?(className: String) {
    let parts = className.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[0] == "torch", parts[1] == "nn", let last = parts.last, let known = Self(rawValue: String(last)) else {
      return nil
    }
    self = known
  }

  /// The class's path, as sentence-transformers writes it.
  var className: String { "torch.nn.modules.\(self == .identity ? "linear" : "activation").\(rawValue)" }

  func callAsFunction(_ x: Tensor) -> Tensor {
    // The part below zero, as a positive number.
    func below(_ x: Tensor) -> Tensor { WengertNN.relu(-x) }
    switch self {
    case .identity: return x
    case .tanh: return WengertNN.tanh(x)
    case .relu: return WengertNN.relu(x)
    case .gelu: return WengertNN.gelu(x)
    case .sigmoid: return WengertNN.sigmoid(x)
    case .silu: return WengertNN.silu(x)
    case .relu6: return clip(x, 0, 6)
    case .leakyReLU: return WengertNN.relu(x) - below(x) * 0.01
    case .elu, .celu: return WengertNN.relu(x) + expm1(-below(x))
    case .selu: return (WengertNN.relu(x) + expm1(-below(x)) * 1.6732632423543772) * 1.0507009873554805
    case .softplus: return WengertNN.softplus(x)
    case .softsign: return x / (abs(x) + 1)
    case .mish: return x * WengertNN.tanh(WengertNN.softplus(x))
    case .hardtanh: return clip(x, -1, 1)
    case .hardsigmoid: return clip(x + 3, 0, 6) / 6
    case .hardswish: return x * clip(x + 3, 0, 6) / 6
    case .logSigmoid: return -WengertNN.softplus(-x)
    case .tanhshrink: return x - WengertNN.tanh(x)
    }
  }
}
