import IR
import Support
import Testing

@testable import LLVMBackend

extension Profile {
  /// As a program of this module would have written it; no counts are none of that function.
  init(of module: IR.Module, counts: [[UInt64]]) {
    var bytes = CounterPlan(module, jobs: 1).head
    // Rows of functions without counts have others' shape.
    for (index, function) in counts.enumerated() where function.isEmpty { bytes[32 + index * 16 + 8] ^= 1 }
    let numbers = zip(module.bodies.ids, counts).flatMap { id, function in
      function.isEmpty ? Array(repeating: 0, count: CounterSites(module.bodies[id]!).count) : function
    }
    for count in numbers { withUnsafeBytes(of: count.littleEndian) { bytes += $0 } }
    do { try self.init(bytes) } catch { preconditionFailure("\(error)") }
  }
}

/// What programs counted: its file, what of it is a module's, and what LLVM is told.
@Suite struct ProfileTests {
  private static let text = """
    signature sig0 = (i32) -> (i32)
    export "f" = f0
    export "g" = f1
    function f0 sig0 "f" {
    block0(v0: i32):
      brif v0, block2, block1
    block1:
      br_table v0, block2, [block2, block3]
    block2:
      v1 = iconst.i32 1
      return v1
    block3:
      v2 = iconst.i32 2
      return v2
    }
    function f1 sig0 "g" {
    block0(v0: i32):
      return v0
    }
    """
  private static func module(_ text: String = text) throws -> IR.Module { try parseModule(text) }

  private static func code(_ module: IR.Module, _ profile: Profile) throws -> String {
    var options = BackendOptions(entry: .invoke(module.exports))
    options.level = .O0
    options.emission = .llvmIR
    options.verify = true
    options.profile = profile
    return String(decoding: try generateCode(for: module, options: options).units[0].bytes, as: UTF8.self)
  }

  @Test func countsBecomeMetadata() throws {
    let module = try Self.module()
    // Called 100 times; its branch is taken 30 times and goes on 70 times; then the table.
    let code = try Self.code(module, Profile(of: module, counts: [[100, 70, 30, 50, 15, 5], [2]]))
    for text in [
      #"!{!"function_entry_count", i64 100}"#, #"!{!"function_entry_count", i64 2}"#,
      #"!{!"branch_weights", i32 30, i32 70}"#, #"!{!"branch_weights", i32 5, i32 50, i32 15}"#,
      #"!{i32 1, !"ProfileSummary", "#, #"!{!"TotalCount", i64 272}"#, #"!{!"MaxCount", i64 100}"#,
      #"!{!"MaxInternalCount", i64 70}"#, #"!{!"MaxFunctionCount", i64 100}"#, #"!{!"NumCounts", i64 7}"#,
      #"!{!"NumFunctions", i64 2}"#, "!{i32 990000, i64 5, i32 6}",
    ] {
      #expect(code.contains(text), "\(text)\n\(code)")
    }
  }

  /// Weights have 32 bits, counts are whatever a file has.
  @Test func greatCountsBecomeWeights() throws {
    let module = try Self.module()
    let code = try Self.code(
      module, Profile(of: module, counts: [[.max, .max, 1, 0, 0, 0], [.max]]))
    #expect(code.contains(#"!{!"branch_weights", i32 1, i32 -1}"#), "\(code)")
    #expect(code.contains(#"!{!"TotalCount", i64 -1}"#), "\(code)")
    // Nothing is known of a branch that was never come to.
    #expect(code.components(of: "branch_weights") == 1)
  }

  @Test func profilesAddUp() throws {
    let module = try Self.module()
    var sum = Profile(of: module, counts: [[1, 2, 3, 4, 5, 6], [7]])
    sum.merge(Profile(of: module, counts: [[.max, 20, 30, 40, 50, 60], []]))
    // The second function's counts are of another shape there.
    #expect(sum.entries.map(\.counts) == [[.max, 22, 33, 44, 55, 66], [7], [0]])
  }

  // MARK: - Which counts are whose

  private static func matched(_ profile: Profile, _ text: String) throws -> [[UInt64]] {
    let module = try module(text)
    let matched = MatchedProfile(profile, module, jobs: 1)
    let counts = module.bodies.defined.map { matched.counts[$0] }
    #expect(matched.functionCount == counts.count)
    #expect(matched.unknownCount == counts.count(where: \.isEmpty))
    return counts
  }

  @Test func functionsThatMoveKeepTheirs() throws {
    let profile = Profile(of: try Self.module(), counts: [[1, 2, 3, 4, 5, 6], [7]])
    let f = Self.text.range(of: "function f0", to: "function f1")
    let g = Self.text.range(of: "function f1", to: nil)
    let head = Self.text.range(of: "signature", to: "function f0")
    let swapped =
      head + g.replacing("f1", with: "f0") + "\n" + f.replacing("f0", with: "f1")
    #expect(try Self.matched(profile, swapped) == [[7], [1, 2, 3, 4, 5, 6]])
  }

  @Test func functionsThatChangeLoseTheirs() throws {
    let profile = Profile(of: try Self.module(), counts: [[1, 2, 3, 4, 5, 6], [7]])
    let changed = Self.text.replacing("br_table v0, block2, [block2, block3]", with: "jump block3")
    #expect(try Self.matched(profile, changed) == [[], [7]])
    // A constant is no change of the shape.
    #expect(
      try Self.matched(profile, Self.text.replacing("iconst.i32 2", with: "iconst.i32 9"))
        == [[1, 2, 3, 4, 5, 6], [7]])
  }

  /// Of two functions with one shape, each has its own counts; one that has moved could be either.
  @Test func equalShapesAreToldApartByTheirPlace() throws {
    let two = """
      signature sig0 = (i32) -> (i32)
      function f0 sig0 "f" {
      block0(v0: i32):
        return v0
      }
      function f1 sig0 "g" {
      block0(v0: i32):
        return v0
      }
      """
    let profile = Profile(of: try Self.module(two), counts: [[1], [2]])
    #expect(try Self.matched(profile, two) == [[1], [2]])
    let three = two + "\n" + two.range(of: "function f1", to: nil).replacing("f1", with: "f2")
    #expect(try Self.matched(profile, three) == [[1], [2], []])
  }

  // MARK: - Files

  private static func bytes() throws -> [UInt8] {
    let head = CounterPlan(try module(), jobs: 1).head
    return head + Array(repeating: 1, count: 7 * 8)
  }

  @Test func aFileThatEndsEarlyIsRefused() throws {
    let bytes = try Self.bytes()
    #expect(try Profile(bytes).entries.map(\.function) == [0, 1])
    for count in 0..<bytes.count {
      #expect(throws: ProfileError.self, "\(count)") { try Profile(Array(bytes[..<count])) }
    }
  }

  /// Any byte of the head may be anything.
  @Test func aFileWithWrongNumbersIsRefusedOrRead() throws {
    let bytes = try Self.bytes()
    for index in 0..<64 {
      for value: UInt8 in [0, 1, 2, 0x7F, 0x80, 0xFF] {
        var changed = bytes
        changed[index] = value
        if let profile = try? Profile(changed) {
          #expect(profile.entries.count <= 2)
          _ = try Self.matched(profile, Self.text)
        }
      }
    }
    for (index, error) in [(0, ProfileError.notAProfile), (8, .version(0xFF))] {
      var changed = bytes
      changed[index] = 0xFF
      #expect(throws: error) { try Profile(changed) }
    }
  }

  /// A table's counters are as many as its entries, up to a limit.
  @Test func longTablesAreNotCounted() throws {
    for (entries, counters) in [(1024, 1 + 1024), (1025, 1)] {
      let targets = Array(repeating: "block1", count: entries - 1).joined(separator: ", ")
      let module = try Self.module(
        """
        signature sig0 = (i32) -> ()
        function f0 sig0 "f" {
        block0(v0: i32):
          br_table v0, block1, [\(targets)]
        block1:
          return
        }
        """)
      #expect(CounterSites(module.bodies[FunctionID(0)]!).count == counters)
    }
  }
}

extension String {
  fileprivate func range(of start: String, to end: String?) -> String {
    let from = firstRange(of: start)!.lowerBound
    return String(self[from..<(end.flatMap { firstRange(of: $0)?.lowerBound } ?? endIndex)])
  }

  fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
