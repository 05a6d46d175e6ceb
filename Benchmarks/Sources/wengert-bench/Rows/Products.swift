import Wengert

extension Row {
  private static func product(_ name: String, _ m: Int, _ k: Int, _ n: Int) -> Row {
    arithmetic(
      name, "\(m)x\(k) . \(k)x\(n)", flops: 2 * Double(m * k) * Double(n), { [normal([m, k]), normal([k, n], seed: 2)] }
    ) { [$0[0].matmul($0[1])] }
  }

  static let products = [
    product("product-1024", 1024, 1024, 1024),
    product("product-768", 4096, 768, 768),
    product("product-3072", 4096, 768, 3072),
    arithmetic(
      "product-batched", "1536 x (128x64 . 64x128)", flops: 2 * 1536 * 128 * 64 * 128,
      { [normal([1536, 128, 64]), normal([1536, 64, 128], seed: 2)] }
    ) { [$0[0].matmul($0[1])] },
  ]
}
