import IR

/// The initial contents of one memory, put together from active data segments.
///
/// A segment may lie anywhere and 100,000 of them may overlap, so the cost must be that of the segments'
/// own bytes: memory is taken only for the ranges they cover, and each byte of a segment is copied once.
struct MemoryImage {
  /// In order of the segments: later ones overwrite earlier ones. The bytes are the module's.
  private var writes: [Write] = []

  private struct Write {
    var start: UInt64
    var bytes: UnsafeRawBufferPointer
    var end: UInt64 { start + UInt64(bytes.count) }
  }

  /// Runs of zeros of this length and more are left out: memory is zero anyway. Shorter ones would not save
  /// a page, and would make chunks by the thousand out of ordinary data.
  static let shortestZeroRun = 4096

  mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
    if !bytes.isEmpty { writes.append(Write(start: offset, bytes: bytes)) }
  }

  /// The contents as ascending, disjoint chunks that begin and end with a byte that is not zero.
  func chunks() -> [ImageChunk] {
    var extents = self.extents()
    for write in writes {
      let extent = extents.lastIndex(startingAtOrBefore: write.start)
      let start = Int(write.start - extents[extent].offset)
      extents[extent].bytes.withUnsafeMutableBytes {
        UnsafeMutableRawBufferPointer(rebasing: $0[start...]).copyMemory(from: write.bytes)
      }
    }
    return extents.flatMap { $0.splitAtZeroRuns() }
  }

  /// The ranges that the writes cover, ascending, those that overlap or touch made one; all zeros.
  private func extents() -> [ImageChunk] {
    var result: [ImageChunk] = []
    let sorted = writes.sorted { $0.start < $1.start }
    var next = 0
    while next < sorted.count {
      let start = sorted[next].start
      var end = sorted[next].end
      while next < sorted.count, sorted[next].start <= end {
        end = max(end, sorted[next].end)
        next += 1
      }
      result.append(ImageChunk(offset: start, bytes: Array(repeating: 0, count: Int(end - start))))
    }
    return result
  }
}

extension [ImageChunk] {
  /// Binary search in ascending chunks.
  fileprivate func lastIndex(startingAtOrBefore offset: UInt64) -> Int {
    var low = 0
    var high = count
    while high - low > 1 {
      let middle = (low + high) / 2
      if self[middle].offset <= offset { low = middle } else { high = middle }
    }
    return low
  }
}

extension ImageChunk {
  fileprivate func splitAtZeroRuns() -> [ImageChunk] {
    bytes.withUnsafeBufferPointer { bytes in
      var chunks: [ImageChunk] = []
      var position = 0
      while let start = bytes.firstNonZero(from: position) {
        var end = start + 1
        while let next = bytes.firstNonZero(from: end), next - end < MemoryImage.shortestZeroRun {
          end = next + 1
        }
        chunks.append(ImageChunk(offset: offset + UInt64(start), bytes: Array(bytes[start..<end])))
        position = end
      }
      return chunks
    }
  }
}

extension UnsafeBufferPointer<UInt8> {
  fileprivate func firstNonZero(from start: Int) -> Int? {
    var position = start
    while position < count {
      if self[position] != 0 { return position }
      position += 1
    }
    return nil
  }
}
