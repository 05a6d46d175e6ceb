import WengertNN

/// The function behind a dense layer of sentence-transformers: a class of PyTorch without settings, each with PyTorch's defaults.
public enum DenseActivation: String, CaseIterable, Sendable {
  case identity = "Identity"
  case tanh = "Tanh"
  case relu = "ReLU"
  case gelu = "GELU"
  case sigmoid = "Sigmoid"
  case silu = "SiLU"
  case relu6 = "ReLU6"
  case leakyReLU = "LeakyReLU"
  case elu = "ELU"
  case celu = "CELU"
  case selu = "SELU"
  case softplus = "Softplus"
  case softsign = "Softsign"
  case mish = "Mish"
  case hardtanh = "Hardtanh"
  case hardsigmoid = "Hardsigmoid"
  case hardswish = "Hardswish"
  case logSigmoid = "LogSigmoid"
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
