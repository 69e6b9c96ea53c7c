import IR
import Testing

@testable import Translate

@Suite struct MemoryImageTests {
  /// The image of `segments`, which lie in one buffer as in a module.
  private func chunks(_ segments: [(offset: UInt64, bytes: [UInt8])]) -> [ImageChunk] {
    let all = segments.flatMap(\.bytes)
    return all.withUnsafeBytes { buffer in
      var image = MemoryImage()
      var position = 0
      for segment in segments {
        let end = position + segment.bytes.count
        image.write(UnsafeRawBufferPointer(rebasing: buffer[position..<end]), at: segment.offset)
        position = end
      }
      return image.chunks()
    }
  }

  @Test func nothingMakesNoChunks() {
    #expect(chunks([]).isEmpty)
    #expect(chunks([(7, [])]).isEmpty)
    #expect(chunks([(7, [0, 0, 0])]).isEmpty)
  }

  @Test func separateSegmentsBecomeAscendingChunks() {
    #expect(
      chunks([(100, [3, 4]), (10, [1, 2])]) == [
        ImageChunk(offset: 10, bytes: [1, 2]), ImageChunk(offset: 100, bytes: [3, 4]),
      ])
  }

  @Test func touchingSegmentsBecomeOneChunk() {
    #expect(chunks([(12, [3]), (10, [1, 2])]) == [ImageChunk(offset: 10, bytes: [1, 2, 3])])
  }

  @Test func laterSegmentsOverwriteEarlierOnes() {
    #expect(
      chunks([(0, [1, 2, 3, 4]), (2, [9, 9, 9]), (1, [8, 8])])
        == [ImageChunk(offset: 0, bytes: [1, 8, 8, 9, 9])])
    #expect(
      chunks([(1, [8, 8]), (2, [9, 9, 9]), (0, [1, 2, 3, 4])])
        == [ImageChunk(offset: 0, bytes: [1, 2, 3, 4, 9])])
  }

  @Test func zerosCanOverwrite() {
    #expect(chunks([(0, [1, 2, 3]), (2, [0])]) == [ImageChunk(offset: 0, bytes: [1, 2])])
  }

  @Test func zerosAtBothEndsAndLongRunsBetweenAreLeftOut() {
    let run = MemoryImage.shortestZeroRun
    let zeros = { (count: Int) in [UInt8](repeating: 0, count: count) }
    #expect(
      chunks([(5, [0, 0, 1] + zeros(run) + [2, 0])]) == [
        ImageChunk(offset: 7, bytes: [1]), ImageChunk(offset: UInt64(8 + run), bytes: [2]),
      ])
    #expect(
      chunks([(5, [1] + zeros(run - 1) + [2])])
        == [ImageChunk(offset: 5, bytes: [1] + zeros(run - 1) + [2])])
  }

  @Test func highOffsetsTakeNoMemory() {
    let end = UInt64(UInt32.max)
    #expect(
      chunks([(end, [1]), (0, [2])]) == [
        ImageChunk(offset: 0, bytes: [2]), ImageChunk(offset: end, bytes: [1]),
      ])
  }

  /// Quadratic work would be 10^10 steps here, and the test would not end.
  @Test func manyOverlappingSegmentsCostTheirOwnBytes() {
    let count = 100_000
    let segments = (0..<count).map { (offset: UInt64($0), bytes: [UInt8(1), 2, 3, 4]) }
    let result = chunks(segments)
    #expect(result.count == 1)
    #expect(result[0].bytes.count == count + 3)
    #expect(result[0].bytes[..<count].allSatisfy { $0 == 1 })
    #expect(result[0].bytes.suffix(4) == [1, 2, 3, 4])
  }

  /// Against writing the segments one after the other into an array.
  @Test(arguments: 0..<50) func agreesWithAMemory(seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    func random(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    let size = 20_000
    var memory = [UInt8](repeating: 0, count: size)
    var segments: [(offset: UInt64, bytes: [UInt8])] = []
    for _ in 0..<random(12) {
      let offset = random(size)
      let count = min(random(8000), size - offset)
      let isZero = random(4) == 0
      let bytes = (0..<count).map { _ in isZero ? 0 : UInt8(random(3)) }
      segments.append((UInt64(offset), bytes))
      memory.replaceSubrange(offset..<offset + count, with: bytes)
    }

    let result = chunks(segments)
    var seen = [UInt8](repeating: 0, count: size)
    for chunk in result {
      #expect(chunk.bytes.first != 0 && chunk.bytes.last != 0)
      seen.replaceSubrange(Int(chunk.offset)..<Int(chunk.offset) + chunk.bytes.count, with: chunk.bytes)
    }
    #expect(seen == memory)
    for (chunk, next) in zip(result, result.dropFirst()) {
      #expect(chunk.offset + UInt64(chunk.bytes.count) < next.offset)
    }
  }
}
