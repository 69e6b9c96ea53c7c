import Driver
import LLVMBackend
import SystemPackage
import TestSupport
import Testing

/// Accesses at the very edge of a memory: the last address that is inside, the first that is not, and sums of index
/// and offset that would wrap. Every operator that accesses memory, with variable and constant addresses, results
/// used and dropped, in every kind of memory.
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil, "no tools"))
struct EdgeTests {
  /// A kind of memory, and how it is checked.
  struct Kind: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var declaration: String
    var address: String
    /// Bytes of one page.
    var page: UInt64
    var bytes: UInt64
    var boundsChecks = BoundsChecks.guardPages
    var mitigatesSpectre = false

    static let all: [Kind] = [
      Kind(testDescription: "guard pages", declaration: "1 3", address: "i32", page: 65536, bytes: 65536),
      Kind(
        testDescription: "explicit", declaration: "1 3", address: "i32", page: 65536, bytes: 65536,
        boundsChecks: .explicit),
      Kind(
        testDescription: "explicit, shared", declaration: "1 3 shared", address: "i32", page: 65536,
        bytes: 65536,
        boundsChecks: .explicit),
      Kind(
        testDescription: "explicit, masked", declaration: "1 3", address: "i32", page: 65536, bytes: 65536,
        boundsChecks: .explicit, mitigatesSpectre: true),
      Kind(testDescription: "64-bit", declaration: "i64 1 3", address: "i64", page: 65536, bytes: 65536),
      Kind(
        testDescription: "64-bit, masked", declaration: "i64 1 3", address: "i64", page: 65536, bytes: 65536,
        mitigatesSpectre: true),
      Kind(
        testDescription: "pages of one byte", declaration: "100 5000 (pagesize 1)", address: "i32", page: 1,
        bytes: 100),
      Kind(
        testDescription: "64-bit, pages of one byte", declaration: "i64 100 5000 (pagesize 1)",
        address: "i64",
        page: 1, bytes: 100),
    ]
  }

  /// An operator: its name with immediates behind the offset, the bytes it touches, and its type.
  private struct Access {
    var name: String
    var lane = ""
    var width: UInt64
    var value: String?
    var result: String?

    static func load(_ name: String, _ width: UInt64, _ type: String) -> Access {
      Access(name: name, width: width, result: type)
    }
    static func store(_ name: String, _ width: UInt64, _ type: String) -> Access {
      Access(name: name, width: width, value: type)
    }

    static let all: [Access] =
      [
        load("i32.load", 4, "i32"), load("i64.load", 8, "i64"), load("f32.load", 4, "f32"),
        load("f64.load", 8, "f64"), load("i32.load8_s", 1, "i32"), load("i32.load8_u", 1, "i32"),
        load("i32.load16_s", 2, "i32"), load("i64.load32_u", 4, "i64"), load("v128.load", 16, "v128"),
        load("v128.load8x8_s", 8, "v128"), load("v128.load16x4_u", 8, "v128"),
        load("v128.load32x2_s", 8, "v128"),
        load("v128.load8_splat", 1, "v128"), load("v128.load16_splat", 2, "v128"),
        load("v128.load32_splat", 4, "v128"), load("v128.load64_splat", 8, "v128"),
        load("v128.load32_zero", 4, "v128"), load("v128.load64_zero", 8, "v128"),
        store("i32.store", 4, "i32"), store("i64.store", 8, "i64"), store("f32.store", 4, "f32"),
        store("f64.store", 8, "f64"), store("i32.store8", 1, "i32"), store("i32.store16", 2, "i32"),
        store("i64.store32", 4, "i64"), store("v128.store", 16, "v128"),
        load("i32.atomic.load", 4, "i32"), load("i64.atomic.load8_u", 1, "i64"),
        store("i64.atomic.store", 8, "i64"),
        Access(name: "i32.atomic.rmw.add", width: 4, value: "i32", result: "i32"),
        Access(name: "memory.atomic.notify", width: 4, value: "i32", result: "i32"),
      ]
      + [8, 16, 32, 64].flatMap { bits -> [Access] in
        [
          Access(
            name: "v128.load\(bits)_lane", lane: " 1", width: UInt64(bits / 8), value: "v128", result: "v128"),
          Access(name: "v128.store\(bits)_lane", lane: " 1", width: UInt64(bits / 8), value: "v128"),
        ]
      }

    func text(_ address: String, offset: UInt64) -> String {
      let zero = value.map { $0 == "v128" ? " (v128.const i64x2 0 0)" : " (\($0).const 0)" } ?? ""
      return "(\(name) offset=\(offset)\(lane) \(address)\(zero))"
    }
  }

  /// One call, and whether it is outside.
  private struct Probe {
    var line: String
    var isOutside: Bool
  }

  @Test(arguments: Kind.all, [OptimizationLevel.O0, .O2])
  func accesses(kind: Kind, level: OptimizationLevel) async throws {
    var functions = "(func (export \"grow\") (drop (memory.grow (\(kind.address).const 1))))\n"
    var probes: [Probe] = []
    var later: [Probe] = []
    let top: UInt64 = kind.address == "i32" ? 0xFFFF_FFFF : .max
    for (number, access) in Access.all.enumerated() {
      // Within the first size, at its end, beyond it, and as large as it can be.
      for offset in [0, 8, kind.bytes, top] {
        let name = "f\(number)_\(offset)"
        functions += """
          (func (export "\(name)") (param \(kind.address)) \(access.result.map { "(result \($0))" } ?? "")
            \(access.text("(local.get 0)", offset: offset)))\n
          """
        func probe(_ address: UInt64, _ bytes: UInt64) -> Probe {
          let (end, overflow) = address.addingReportingOverflow(offset)
          let isOutside = overflow || end > bytes || bytes - end < access.width
          return Probe(line: call(name, [value(kind, address)]), isOutside: isOutside)
        }
        // Atomic accesses are aligned: the first that is outside is a whole one.
        let step = access.name.contains("atomic") ? access.width : 1
        var addresses: [UInt64] = [0, top &- (top % step), 0 &- offset &- (0 &- offset) % step]
        if offset < kind.bytes, kind.bytes - offset >= access.width {
          let last = (kind.bytes - offset - access.width) / step * step
          addresses += [last, last + step]
          let grown = kind.bytes + kind.page
          let lastGrown = (grown - offset - access.width) / step * step
          later += [probe(lastGrown, grown), probe(lastGrown + step, grown)]
        }
        for address in Set(addresses).sorted() where (address &+ offset) % step == 0 && address <= top {
          probes.append(probe(address, kind.bytes))
          let constant = "\(name)_\(address)"
          let drop = access.result == nil ? "" : "drop"
          functions += """
            (func (export "\(constant)")
              \(access.text("(\(kind.address).const \(address))", offset: offset)) \(drop))\n
            """
          probes.append(Probe(line: call(constant, []), isOutside: probes[probes.count - 1].isOutside))
        }
      }
    }
    probes = Array(Dictionary(probes.map { ($0.line, $0) }) { first, _ in first }.values).sorted {
      $0.line < $1.line
    }
    probes += [Probe(line: call("grow", []), isOutside: false)] + later
    #expect(probes.count { $0.isOutside } > 200 && probes.count { !$0.isOutside } > 100)
    let text = "(module (memory \(kind.declaration))\n\(functions))"
    try await run(text, kind, level, probes, trap: "out of bounds memory access")
  }

  /// Lengths and starts near 2^32 and 2^64, whose sums wrap.
  @Test(arguments: Kind.all, [OptimizationLevel.O0, .O2])
  func bulkOperations(kind: Kind, level: OptimizationLevel) async throws {
    let a = kind.address
    let text = """
      (module (memory \(kind.declaration)) (data $d "0123456789")
        (func (export "fill") (param \(a) \(a)) (memory.fill (local.get 0) (i32.const 7) (local.get 1)))
        (func (export "copy") (param \(a) \(a) \(a)) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
        (func (export "init") (param \(a) i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2))))
      """
    let top: UInt64 = a == "i32" ? 0xFFFF_FFFF : .max
    let interesting: [UInt64] = [
      0, 1, kind.bytes - 1, kind.bytes, kind.bytes + 1, top - kind.bytes, top - 1, top,
    ]
    func isInside(_ start: UInt64, _ count: UInt64, of bytes: UInt64) -> Bool {
      let (end, overflow) = start.addingReportingOverflow(count)
      return !overflow && end <= bytes
    }
    var probes: [Probe] = []
    for start in interesting {
      for count in interesting {
        let fits = isInside(start, count, of: kind.bytes)
        let (from, length) = (value(kind, start), value(kind, count))
        probes.append(Probe(line: call("fill", [from, length]), isOutside: !fits))
        for other in [0, 1, kind.bytes, top] {
          let both = fits && isInside(other, count, of: kind.bytes)
          probes.append(Probe(line: call("copy", [from, value(kind, other), length]), isOutside: !both))
          probes.append(Probe(line: call("copy", [value(kind, other), from, length]), isOutside: !both))
        }
      }
      for (source, count) in [(0, 0), (0, 10), (1, 10), (10, 0), (11, 0), (0xFFFF_FFFF, 2), (1, 0xFFFF_FFFF)]
      {
        let fits =
          isInside(start, UInt64(count), of: kind.bytes) && isInside(UInt64(source), UInt64(count), of: 10)
        probes.append(
          Probe(
            line: call(
              "init", [value(kind, start), "i:\(String(source, radix: 16))", "i:\(String(count, radix: 16))"]),
            isOutside: !fits))
      }
    }
    try await run(text, kind, level, probes, trap: "out of bounds memory access")
  }

  /// Tables with 64-bit indices; growing one by three thousand million entries fails under a limit, and cleanly.
  @Test(arguments: [Kind.all[1], Kind.all[4], Kind.all[5]], ["i32", "i64"])
  func tables(kind: Kind, index: String) async throws {
    let text = """
      (module (table $t \(index) 10 funcref) (elem $e func 0 0 0) (func)
        (func (export "get") (param \(index)) (drop (table.get $t (local.get 0))))
        (func (export "set") (param \(index)) (table.set $t (local.get 0) (ref.null func)))
        (func (export "call") (param \(index)) (call_indirect $t (local.get 0)))
        (func (export "fill") (param \(index) \(index))
          (table.fill $t (local.get 0) (ref.func 0) (local.get 1)))
        (func (export "copy") (param \(index) \(index) \(index))
          (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
        (func (export "init") (param \(index) i32 i32) (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
        (func (export "grow") (param \(index))
          (if (\(index).ne (table.grow $t (ref.null func) (local.get 0)) (\(index).const -1)) (then unreachable))))
      """
    let top: UInt64 = index == "i32" ? 0xFFFF_FFFF : .max
    func number(_ value: UInt64) -> String { (index == "i32" ? "i:" : "I:") + String(value, radix: 16) }
    var probes = [
      Probe(line: call("fill", [number(0), number(10)]), isOutside: false),
      Probe(line: call("get", [number(9)]), isOutside: false),
      Probe(line: call("call", [number(9)]), isOutside: false),
      Probe(line: call("grow", [number(3_000_000_000)]), isOutside: false),
      Probe(line: call("grow", [number(top)]), isOutside: false),
      Probe(line: call("init", [number(7), "i:0", "i:3"]), isOutside: false),
      Probe(line: call("init", [number(8), "i:0", "i:3"]), isOutside: true),
      Probe(line: call("init", [number(top), "i:0", "i:3"]), isOutside: true),
      Probe(line: call("init", [number(0), "i:ffffffff", "i:2"]), isOutside: true),
    ]
    for start in [10, top - 1, top] {
      probes.append(Probe(line: call("get", [number(start)]), isOutside: true))
      probes.append(Probe(line: call("set", [number(start)]), isOutside: true))
      probes.append(Probe(line: call("fill", [number(start), number(2)]), isOutside: true))
      probes.append(Probe(line: call("fill", [number(2), number(start)]), isOutside: true))
      probes.append(Probe(line: call("copy", [number(start), number(0), number(2)]), isOutside: true))
      probes.append(Probe(line: call("copy", [number(0), number(start), number(2)]), isOutside: true))
      probes.append(Probe(line: call("copy", [number(1), number(0), number(start)]), isOutside: true))
    }
    try await run(text, kind, .O2, probes, trap: "out of bounds table access")
  }

  // MARK: - Running

  private func call(_ name: String, _ arguments: [String]) -> String {
    ScriptedProgram.call(name, arguments)
  }

  private func value(_ kind: Kind, _ number: UInt64) -> String {
    (kind.address == "i32" ? "i:" : "I:") + String(number, radix: 16)
  }

  private func run(
    _ text: String, _ kind: Kind, _ level: OptimizationLevel, _ probes: [Probe], trap: String
  ) async throws {
    var options = BuildOptions()
    options.optimization = level
    options.boundsChecks = kind.boundsChecks
    options.mitigatesSpectre = kind.mitigatesSpectre
    let module = try await TestSupport.module(fromText: text)
    // Half of a reservation; with explicit checks much less.
    let limit = kind.boundsChecks == .explicit ? 48 << 10 : 20 << 20
    let lines = try await ScriptedProgram.run(
      module, probes.map(\.line), options: options, addressSpaceKiB: limit)
    try #require(lines.count == probes.count + 1, "\(lines.last ?? "no output")")
    for (probe, line) in zip(probes, lines.dropFirst()) {
      let isRight = probe.isOutside ? line.hasPrefix("trap") && line.hasSuffix(trap) : line.hasPrefix("ok")
      #expect(isRight, "\(probe.line): \(line)")
    }
  }
}
