/// The buffers that have a place in the arena.
///
/// A buffer is compared with all others in the order of their places. Where there are many, which mostly live at other times, only those are looked at that live at the same time.
struct PlacedBuffers {
  struct Buffer {
    var start: Int, end: Int
    /// The first and the last call during which it lives.
    var first: Int, last: Int
  }

  /// In the order of their places, in pieces that are short enough to insert into.
  private var pieces: [[Buffer]] = [[]]
  private var lives: Lives?
  private static let largestPiece = 1024

  /// - Parameters:
  ///   - count: how many buffers will be placed.
  ///   - times: how many calls there are.
  ///   - fewest: so many buffers are looked up by when they live.
  init(count: Int, times: Int, fewest: Int = 4096) {
    if count >= fewest { lives = Lives(times: times) }
  }

  /// Puts a buffer at the lowest offset where a wide enough gap is free while it lives.
  mutating func place(_ size: Int, living life: ClosedRange<Int>) -> Int {
    let offset: Int
    if let found = lives?.neighbors(life) {
      offset = Self.gap([found], size, life)
    } else {
      offset = Self.gap(pieces, size, life)
    }
    let buffer = Buffer(start: offset, end: offset + size, first: life.lowerBound, last: life.upperBound)
    insert(buffer)
    lives?.add(buffer)
    return offset
  }

  private static func gap(_ pieces: [[Buffer]], _ size: Int, _ life: ClosedRange<Int>) -> Int {
    var offset = 0
    for piece in pieces {
      for other in piece {
        if other.start >= offset + size { return offset }
        if other.first <= life.upperBound && other.last >= life.lowerBound { offset = max(offset, other.end) }
      }
    }
    return offset
  }

  private mutating func insert(_ buffer: Buffer) {
    let number = max(Self.firstPlace(in: pieces) { ($0.first?.start ?? 0) >= buffer.start } - 1, 0)
    pieces[number].insert(buffer, at: Self.firstPlace(in: pieces[number]) { $0.start >= buffer.start })
    if pieces[number].count <= Self.largestPiece { return }
    let middle = pieces[number].count / 2
    pieces.insert(Array(pieces[number][middle...]), at: number + 1)
    pieces[number].removeLast(pieces[number].count - middle)
  }

  /// The first place of a sorted list from which on a condition holds.
  private static func firstPlace<Element>(in list: [Element], from holds: (Element) -> Bool) -> Int {
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if holds(list[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Buffers by when they live.
  private struct Lives {
    /// A tree of spans of time, each half as long as the one above: a buffer is in the spans that its life is made of.
    private var spans: [[Buffer]]
    private let times: Int
    /// Those that begin at each time, and a bit for each time at which some do.
    private var beginning: [[Buffer]]
    private var bits: [UInt64]
    /// How many have begun, and ended, up to each time: sums over spans whose lengths are powers of two (Fenwick 1994).
    private var begun: [Int], ended: [Int]
    private var count = 0

    init(times: Int) {
      self.times = max(times, 1)
      spans = Array(repeating: [], count: 2 * self.times)
      beginning = Array(repeating: [], count: self.times)
      bits = Array(repeating: 0, count: self.times / 64 + 1)
      begun = Array(repeating: 0, count: self.times + 1)
      ended = begun
    }

    mutating func add(_ buffer: Buffer) {
      count += 1
      beginning[buffer.first].append(buffer)
      bits[buffer.first / 64] |= 1 << UInt64(buffer.first % 64)
      Self.add(&begun, buffer.first)
      Self.add(&ended, buffer.last)
      var (low, high) = (buffer.first + times, buffer.last + 1 + times)
      while low < high {
        if low & 1 == 1 {
          spans[low].append(buffer)
          low += 1
        }
        if high & 1 == 1 {
          high -= 1
          spans[high].append(buffer)
        }
        low /= 2
        high /= 2
      }
    }

    /// Those that live at some time of a life, in the order of their places; nil if they are so many that it is quicker to look at all.
    func neighbors(_ life: ClosedRange<Int>) -> [Buffer]? {
      let living = Self.sum(begun, through: life.upperBound) - Self.sum(ended, through: life.lowerBound - 1)
      if living * 16 > count { return nil }
      var found: [Buffer] = []
      found.reserveCapacity(living)
      // Those that live at its first time, and those that begin later.
      var span = life.lowerBound + times
      while span > 0 {
        found += spans[span]
        span /= 2
      }
      var word = (life.lowerBound + 1) / 64, rest = bits[word] & ~0 << UInt64((life.lowerBound + 1) % 64)
      while true {
        while rest != 0 {
          let time = word * 64 + rest.trailingZeroBitCount
          if time > life.upperBound { return found.sorted { $0.start < $1.start } }
          found += beginning[time]
          rest &= rest - 1
        }
        word += 1
        if word * 64 > life.upperBound || word == bits.count { return found.sorted { $0.start < $1.start } }
        rest = bits[word]
      }
    }

    private static func add(_ sums: inout [Int], _ time: Int) {
      var place = time + 1
      while place < sums.count {
        sums[place] += 1
        place += place & -place
      }
    }

    private static func sum(_ sums: [Int], through time: Int) -> Int {
      var (place, sum) = (time + 1, 0)
      while place > 0 {
        sum += sums[place]
        place -= place & -place
      }
      return sum
    }
  }
}
