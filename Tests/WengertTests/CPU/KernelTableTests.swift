import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

@Suite("The kernels' numbers")
struct KernelTableTests {
  @Test("operations, dtypes, lanes and levels are numbered alike in Swift and C, and each operation and dtype has a kernel")
  func agree() {
    #expect(KernelTable.fault() == nil)
    #expect(
      KernelTable.List.all.map(\.names.count) == [
        UnaryOp.allCases.count, BinaryOp.allCases.count, CompareOp.allCases.count, ReduceOp.allCases.count, DType.allCases.count, 4,
        CPULevel.allCases.count,
      ])
  }

  @Test("an operation that only one of the two lists has is named, wherever it stands")
  func differences() {
    for (index, list) in KernelTable.List.all.enumerated() {
      for place in [0, list.names.count / 2, list.names.count - 1] {
        var lists = KernelTable.List.all
        lists[index].names.insert("asinh", at: place)
        #expect(
          KernelTable.fault(in: lists)?.contains("has asinh as number \(place), operations.h has \(list.names[place]) there") == true)
        lists[index].names = list.names
        let missing = lists[index].names.remove(at: place)
        let message = KernelTable.fault(in: lists) ?? "none"
        #expect(message.contains(place < lists[index].names.count ? "operations.h has \(missing) there" : "goes on with \(missing)"))
      }
      var lists = KernelTable.List.all
      lists[index].names.append("asinh")
      #expect(KernelTable.fault(in: lists)?.contains("has asinh as number \(list.names.count), operations.h has no more names") == true)
      lists = KernelTable.List.all
      lists[index].hasKernel = { $0 != 2 }
      #expect(KernelTable.fault(in: lists)?.contains("no type has a kernel for \(list.names[2])") == true)
    }
  }
}
