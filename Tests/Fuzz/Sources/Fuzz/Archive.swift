import Foundation
@testable import WengertNN

extension Data {
  fileprivate mutating func append(_ number: Int, bytes: Int) {
    for i in 0..<bytes { append(UInt8(truncatingIfNeeded: number >> (8 * i))) }
  }
}

/// A zip archive of stored members with right checksums, so that what lies in the members is reached.
func archive(_ members: [(name: String, contents: Data)]) -> Data {
  var (archive, directory) = (Data(), Data())
  for (name, contents) in members {
    var fields = Data()
    fields.append(0, bytes: 8)
    fields.append(Int(Deflate.checksum(contents)), bytes: 4)
    fields.append(contents.count, bytes: 4)
    fields.append(contents.count, bytes: 4)
    fields.append(name.utf8.count, bytes: 2)
    fields.append(0, bytes: 2)
    directory.append(0x0201_4b50, bytes: 4)
    directory.append(20, bytes: 2)
    directory.append(20, bytes: 2)
    directory.append(fields)
    directory.append(0, bytes: 10)
    directory.append(archive.count, bytes: 4)
    directory.append(Data(name.utf8))
    archive.append(0x0403_4b50, bytes: 4)
    archive.append(20, bytes: 2)
    archive.append(fields)
    archive.append(Data(name.utf8))
    archive.append(contents)
  }
  var end = Data()
  end.append(0x0605_4b50, bytes: 4)
  end.append(0, bytes: 4)
  end.append(members.count, bytes: 2)
  end.append(members.count, bytes: 2)
  end.append(directory.count, bytes: 4)
  end.append(archive.count, bytes: 4)
  end.append(0, bytes: 2)
  return archive + directory + end
}
