@_exported import Wengert

#if Macros
  /// Makes the graph of a function while Swift compiles: checks it, differentiates it, and puts the finished programs beside it, into an enumeration with the function's name and
  /// `Graph` behind. The function itself stays as it is.
  ///
  /// ```swift
  /// @Graph("x: [B, D], w: [D, H], b: [H] -> [B, H]")
  /// func layer(_ x: Tensor, _ w: Tensor, _ b: Tensor) -> Tensor { gelu(x.matmul(w) + b) }
  ///
  /// let y = layerGraph.forward(x, w, b)
  /// let (_, gradients) = layerGraph.gradient(x, w, b, cotangent).values
  /// ```
  ///
  /// - `forward` takes the function's arguments and gives its result.
  /// - `gradient` takes the same and gives `Pair(value, gradient)`. If the value is more than one number, a cotangent of its shape is the last argument, and what it is pulled back to
  ///   is the gradient: a tensor for one variable, a list for several, the type itself for `self`.
  ///
  /// In the signature, extents are names, numbers, and sums and products of them (`B*T`, `T + 1`); a dtype may stand in front (`int64 [T]`, float32 if there is none), and `…` is up to three
  /// leading axes. Arguments that are a `RandomKey` are not named. Different names are different extents: what needs them equal is a mistake, as is everything that would end the program.
  ///
  /// - Parameters:
  ///   - signature: the axes of arguments and result.
  ///   - wrt: the arguments by which there is a gradient; if none are given, `self` of a type with tensors, or else all of real numbers. An empty list: no gradient is made.
  @attached(peer, names: suffixed(Graph))
  public macro Graph(_ signature: String, wrt: [String]? = nil) = #externalMacro(module: "WengertGraphMacros", type: "GraphMacro")

  /// Lets `@Graph` see a type: its functions with a signature call each other, use its members with `@Axes`, its constants, and the types inside of it. The type becomes a
  /// `ParameterTree` of these members.
  ///
  /// ```swift
  /// @Graph struct Head {
  ///   static let width = 64
  ///   @Axes("width, C") var weight: Tensor
  ///
  ///   @Graph("x: [B, width] -> [B, C]")
  ///   func callAsFunction(_ x: Tensor) -> Tensor { x.matmul(weight) }
  /// }
  /// ```
  @attached(member, names: arbitrary)
  @attached(extension, conformances: ParameterTree, names: named(fields))
  public macro Graph() = #externalMacro(module: "WengertGraphMacros", type: "GraphMacro")

  /// The axes of a member: names, numbers, and constants of the type.
  @attached(peer)
  public macro Axes(_ axes: String) = #externalMacro(module: "WengertGraphMacros", type: "AxesMacro")

  /// How many elements an array of a type with tensors has.
  @attached(peer)
  public macro Axes(count: Int) = #externalMacro(module: "WengertGraphMacros", type: "AxesMacro")

  /// The axes of each tensor of an array, and how many there are.
  @attached(peer)
  public macro Axes(_ axes: String, count: Int) = #externalMacro(module: "WengertGraphMacros", type: "AxesMacro")
#endif
