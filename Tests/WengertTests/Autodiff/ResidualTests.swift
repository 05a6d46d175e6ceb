import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@Suite("What a derivative computes and keeps")
struct ResidualTests {
  /// The numbers of products and of factorizations that `body` asks of a device.
  private func count(_ body: (Device) -> Void) -> (products: Int, systems: Int) {
    let products = LockedCount(), systems = LockedCount()
    let backend = PreparingBackend { call in
      switch call {
      case .matmul: products.increment()
      case .linearAlgebra: systems.increment()
      default: break
      }
    }
    body(Device(backend))
    return (products.value, systems.value)
  }

  @Test("the gradient by one factor is two products, by both three")
  func products() {
    let a = RandomKey(1).normal([3, 4]), b = RandomKey(2).normal([4, 5])
    #expect(
      count { d in
        let x = a.to(d); _ = gradient(at: b.to(d)) { x.matmul($0).sum() }
      }.products == 2)
    #expect(
      count { d in
        let w = b.to(d); _ = gradient(at: a.to(d)) { $0.matmul(w).sum() }
      }.products == 2)
    #expect(count { d in _ = gradient(at: [a.to(d), b.to(d)]) { $0[0].matmul($0[1]).sum() } }.products == 3)
    let w = b.transpose()
    #expect(
      count { d in
        let x = a.to(d); _ = gradient(at: w.to(d)) { x.matmul($0.transpose()).sum() }
      }.products == 2)
  }

  @Test("the gradient of a linear system by its right side multiplies nothing")
  func systems() {
    let a = RandomKey(1).normal([4, 4], dtype: .float64) + 4 * Tensor.eye(4, dtype: .float64)
    let b = RandomKey(2).normal([4, 2], dtype: .float64)
    let right = count { d in
      let m = a.to(d); _ = gradient(at: b.to(d)) { solve(m, $0).sum() }
    }
    #expect(right == (0, 2))
    let both = count { d in _ = gradient(at: [a.to(d), b.to(d)]) { solve($0[0], $0[1]).sum() } }
    #expect(both == (1, 2))
  }

  @Test("a product by constants keeps these and not the other factor", arguments: ["matmul", "multiply"])
  func kept(_ operation: String) {
    let x = RandomKey(1).normal([4, 4]), w = RandomKey(2).normal([4, 4])
    let found = gradient(at: w) { w in
      weak var storage: Storage?
      let product: Tensor
      do {
        let scaled = w * 2
        storage = scaled.view.storage
        product = operation == "matmul" ? x.matmul(scaled) : x * scaled
      }
      #expect(storage == nil)
      return product.sum()
    }
    let expected = operation == "matmul" ? gradient(at: w) { (2 * x.matmul($0)).sum() } : 2 * x
    #expect(found.array(of: Float.self) == expected.array(of: Float.self))
  }
}
