import Support
import TestSupport
import Testing
import WasmModule

@testable import Driver
@testable import Interpreter

/// Instructions of the interpreter that do the work of several operators: what they compute is what these compute one
/// by one, and they are made where they can be.
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil, "no tools")) struct InterpreterFusionTests {
  private struct Module {
    let store: Store
    let instance: Instance

    init(_ text: String) async throws {
      let bytes = try await TestSupport.module(fromText: "(module \(text))")
      store = try Store()
      instance = try store.instantiate(try decodeAndValidate(ModuleBytes(bytes)), imports: [])
    }

    /// The slots of the results, or the trap.
    func call(_ name: String, _ slots: UInt64...) throws -> Result<[UInt64], Ended> {
      guard case .function(let function) = instance.export(ByteString(name)) else {
        throw Problem("no function \(name)")
      }
      do throws(ExecutionError) {
        return .success(try store.call(function, slots: slots))
      } catch {
        guard case .trap(let trap, _) = error else { throw error }
        return .failure(Ended(trap: trap))
      }
    }

    /// The opcodes of a function that has no instruction of two words, up to its last one.
    func code(_ index: Int) throws -> [Opcode] {
      try #require(instance.compileFunctions())
      var next = instance.functions[index].pointee.code
      var opcodes: [Opcode] = []
      while opcodes.last != .returnValue {
        opcodes.append(next.pointee.opcode)
        next += 1
      }
      return opcodes
    }
  }

  struct Ended: Error, Equatable { var trap: Trap }

  // MARK: - Two operators

  /// A row of semantics.table with `fused`, as its opcode is called: `i32AddOfI32ShlConstant`.
  private struct Fusion {
    let outer: String, inner: String
    let outerHasConstant: Bool, innerHasConstant: Bool
    /// What is added to the address of a load; nil for other operators.
    let loadsSum: Bool?

    init?(_ opcode: Opcode) {
      let match = "\(opcode)".wholeMatch(
        of: /([if])(32|64)([A-Z][A-Za-z]*?)(Constant)?Of([IF])(32|64)([A-Z][A-Za-z]*?)(Constant|Sum)?/)
      guard let match else { return nil }
      func name(_ type: Substring, _ bits: Substring, _ operation: Substring) -> String {
        "\(type.lowercased())\(bits)." + (operation == "ShrU" ? "shr_u" : operation.lowercased())
      }
      outer = name(match.1, match.2, match.3)
      inner = name(match.5, match.6, match.7)
      outerHasConstant = match.4 != nil
      innerHasConstant = match.8 == "Constant"
      loadsSum = match.7 == "Load" ? match.8 == "Sum" : nil
    }

    var type: String { String(outer.prefix(3)) }

    /// `f` has it fused; in `g` a block's end stands between, which nothing is fused over.
    var text: String {
      let made =
        switch loadsSum {
        case true?: "(\(inner) (i32.add (local.get $at) (i32.const 8)))"
        case false?: "(\(inner) offset=8 (local.get $at))"
        case nil: "(\(inner) (local.get $x) \(innerHasConstant ? "(\(type).const 13)" : "(local.get $y)"))"
        }
      func function(_ name: String, _ made: String) -> String {
        let operands = outerHasConstant ? "\(made) (\(type).const 7)" : "(local.get $z) \(made)"
        return """
          (func (export "\(name)")
            (param $at i32) (param $x \(type)) (param $y \(type)) (param $z \(type)) (result \(type))
            (\(outer) \(operands)))
          """
      }
      return """
        (memory 1)
        (data (i32.const 0) "\(String(repeating: #"\01\00\20\80\33\73\12\c0"#, count: 8))")
        \(function("f", made))
        \(function("g", "(block (result \(type)) \(made))"))
        """
    }
  }

  private static let fused = stride(from: 1, to: InstructionTable.fusions.count, by: 2).map {
    unsafeBitCast(InstructionTable.fusions[$0], to: Opcode.self)
  }

  @Test(arguments: fused) func twoOperators(opcode: Opcode) async throws {
    let fusion = try #require(Fusion(opcode))
    let module = try await Module(fusion.text)
    #expect(try module.code(0) == [opcode, .returnValue])
    #expect(try !module.code(1).contains(opcode))
    let integers: [UInt64] = [0, 1, 0x8000_0001, 0xFFFF_FFFF, 0x1234_5678_9ABC_DEF0, .max]
    let doubles = [0, -1.5, 3e9, 1e-30, .infinity].map(\.bitPattern) + [1]
    let floats: [UInt64] = [0, -1.5, 3e9, 1e-30, .infinity].map { UInt64(Float($0).bitPattern) } + [1]
    let values =
      switch fusion.type {
      case "i32": integers.map { $0 & 0xFFFF_FFFF }
      case "i64": integers
      case "f32": floats
      default: doubles
      }
    for x in values {
      for y in values {
        for z in values {
          let at: UInt64 = x & 16
          #expect(try module.call("f", at, x, y, z) == module.call("g", at, x, y, z), "\(at) \(x) \(y) \(z)")
        }
      }
    }
    guard fusion.loadsSum != nil else { return }
    for at: UInt64 in [65528 - 7, 65528, 0xFFFF_FFF0, 0xFFFF_FFF8, 0xFFFF_FFFF] {
      #expect(try module.call("f", at, 1, 1, 1) == module.call("g", at, 1, 1, 1), "\(at)")
    }
  }

  // MARK: - Addresses

  /// A sum wraps in 32 bits before the offset is added, which does not.
  @Test func addresses() async throws {
    let module = try await Module(
      """
      (memory 2)
      (data (i32.const 4) "\\01\\02\\03\\04\\05\\06\\07\\08")
      (func (export "sum") (param i32) (result i32) (i32.load8_u (i32.add (local.get 0) (i32.const 5))))
      (func (export "sub") (param i32) (result i32) (i32.load8_u offset=8 (i32.sub (local.get 0) (i32.const 4))))
      (func (export "sums") (param i32) (result i32)
        (i32.load8_u offset=1 (i32.add (i32.add (local.get 0) (i32.const -2147483648)) (i32.const -2147483644))))
      (func (export "far") (param i32) (result i32) (i32.load8_u offset=65536 (i32.add (local.get 0) (i32.const 5))))
      (func (export "index") (param i32 i32) (result i32)
        (i32.load8_u offset=2 (i32.add (local.get 0) (local.get 1))))
      (func (export "wide") (param i32 i32) (result i64)
        (i64.load offset=65532 (i32.add (local.get 0) (local.get 1))))
      (func (export "store") (param i32) (result i32)
        (i32.store8 offset=3 (i32.add (local.get 0) (i32.const 9)) (i32.const 77))
        (i32.load8_u (i32.const 3)))
      (func (export "vector") (param i32) (result i32)
        (v128.store offset=16 (i32.add (local.get 0) (i32.const 1)) (v128.load (i32.add (local.get 0) (i32.const 5))))
        (i32.load offset=16 (i32.const 0)))
      """)
    #expect(try module.code(0) == [.i32Load8USum, .returnValue])
    #expect(try module.code(2) == [.i32Load8USum, .returnValue])
    #expect(try module.code(3) == [.i32AddConstant, .i32Load8U, .returnValue])
    #expect(try module.code(4) == [.i32Load8UIndexed, .returnValue])
    #expect(try module.code(6) == [.constant, .i32Store8Sum, .constant, .i32Load8U, .returnValue])
    #expect(try module.code(7) == [.vectorLoadSum, .vectorStoreSum, .constant, .i32Load, .returnValue])
    let outside = Result<[UInt64], Ended>.failure(Ended(trap: .memoryOutOfBounds))
    #expect(try module.call("sum", 0) == .success([2]))
    #expect(try module.call("sum", 0xFFFF_FFFF) == .success([1]))
    #expect(try module.call("sum", 131066) == .success([0]))
    #expect(try module.call("sum", 131067) == outside)
    #expect(try module.call("sum", 0xFFFF_FFFA) == outside)
    #expect(try module.call("sub", 4) == .success([5]))
    // The sum is 2^32 - 4; with the offset it is beyond all memory, and no 4.
    #expect(try module.call("sub", 0) == outside)
    #expect(try module.call("sums", 1) == .success([3]))
    #expect(try module.call("far", 131066 - 65536) == .success([0]))
    #expect(try module.call("far", 131067 - 65536) == outside)
    #expect(try module.call("far", 0xFFFF_FFFF) == .success([0]))
    #expect(try module.call("index", 0xFFFF_FFFF, 4) == .success([2]))
    #expect(try module.call("index", 0xFFFF_FFFE, 0) == outside)
    #expect(try module.call("wide", 65530, 2) == .success([0]))
    #expect(try module.call("wide", 65530, 3) == outside)
    #expect(try module.call("store", 0xFFFF_FFF7) == .success([77]))
    #expect(try module.call("store", 0xFFFF_FFF6) == outside)
    #expect(try module.call("vector", 0xFFFF_FFFF) == .success([0x0403_0201]))
    #expect(try module.call("vector", 131052) == outside)
  }

  /// A sum that is not formed yet has the value of when it was written, whatever becomes of its local.
  @Test func sums() async throws {
    let module = try await Module(
      """
      (func (export "written") (param i32) (result i32 i32)
        (i32.add (local.get 0) (i32.const 10)) (local.set 0 (i32.const 1)) (local.get 0))
      (func (export "branch") (param i32 i32) (result i32)
        (i32.add (local.get 0) (i32.const 10))
        (if (local.get 1) (then (local.set 0 (i32.const 1))))
        (i32.sub (i32.const -1)))
      (func (export "label") (param i32 i32) (result i32)
        (block (result i32)
          (i32.add (i32.mul (local.get 0) (local.get 0)) (i32.const 10))
          (br_if 0 (local.get 1))
          (i32.mul (i32.const 2))))
      (func (export "return") (param i32 i32) (result i32)
        (i32.add (i32.mul (local.get 0) (local.get 0)) (i32.const 10))
        (br_if 0 (local.get 1))
        (i32.mul (i32.const 2)))
      (func (export "swapped") (param i32) (result i32)
        (i32.sub (i32.add (i32.const 10) (i32.mul (local.get 0) (local.get 0))) (i32.const 3)))
      (func (export "twice") (param i32) (result i32 i32)
        (i32.add (local.tee 0 (i32.add (local.get 0) (i32.const 10))) (i32.const 5))
        (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
      (func (export "select") (param i32) (result i32)
        (select (i32.add (local.get 0) (i32.const 1)) (i32.add (local.get 0) (i32.const 2))
          (i32.add (local.get 0) (i32.const -3))))
      (func $two (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
      (func (export "call") (param i32) (result i32)
        (call $two (i32.add (local.get 0) (i32.const 1)) (i32.add (local.get 0) (i32.const 3))))
      (func (export "deep") (param i32) (result i32)
        (i32.add (local.get 0) (i32.const 1))
        (i32.add (local.get 0) (i32.const 2))
        (loop (param i32) (result i32) (local.set 0 (i32.const 50)))
        (i32.mul))
      """)
    #expect(try module.call("written", 5) == .success([15, 1]))
    for taken: UInt64 in [0, 1] {
      #expect(try module.call("branch", 5, taken) == .success([16]))
      #expect(try module.call("label", 5, taken) == .success([taken == 1 ? 35 : 70]))
      #expect(try module.call("return", 5, taken) == .success([taken == 1 ? 35 : 70]))
    }
    #expect(try module.call("swapped", 5) == .success([32]))
    #expect(try module.call("twice", 5) == .success([20, 14]))
    #expect(try module.call("select", 3) == .success([5]))
    #expect(try module.call("select", 4) == .success([5]))
    #expect(try module.call("call", 7) == .success([0xFFFF_FFFE]))
    #expect(try module.call("deep", 5) == .success([42]))
  }

  // MARK: - Loops and copies

  @Test func loops() async throws {
    func loop(_ name: String, step: Int, _ condition: (String) -> String) -> String {
      let sum = "(local.tee $i (i32.add (local.get $i) (i32.const \(step))))"
      return """
        (func (export "\(name)") (param $i i32) (param $n i32) (result i32) (local $count i32)
          (loop
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (if (i32.ge_u (local.get $count) (i32.const 100)) (then (return (i32.const -1))))
            (br_if 0 \(condition(sum))))
          (local.get $count))
        """
    }
    let module = try await Module(
      loop("down", step: -1) { $0 } + loop("constant", step: 3) { "(i32.ne \($0) (i32.const 30))" }
        + loop("slot", step: 32767) { "(i32.ne \($0) (local.get $n))" }
        + loop("swapped", step: -32768) { "(i32.ne (local.get $n) \($0))" }
        + loop("far", step: 32768) { "(i32.ne \($0) (local.get $n))" }
        + loop("itself", step: 1) { "(i32.ne \($0) (local.get $i))" })
    try #require(module.instance.compileFunctions())
    func has(_ opcode: Opcode, _ index: Int) -> Bool {
      var next = module.instance.functions[index].pointee.code
      // The loop is in front of the second return.
      var returns = 0
      while next.pointee.opcode != opcode && returns < 2 {
        if next.pointee.opcode == .returnValue { returns += 1 }
        next += 1
      }
      return returns < 2
    }
    #expect(has(.addBranchNotConstant, 0))
    #expect(has(.addBranchNotConstant, 1))
    #expect(has(.addBranchNot, 2))
    #expect(has(.addBranchNot, 3))
    #expect(!has(.addBranchNot, 4))
    #expect(!has(.addBranchNot, 5))
    #expect(try module.call("down", 5, 0) == .success([5]))
    #expect(try module.call("down", 0, 0) == .success([0xFFFF_FFFF]))
    #expect(try module.call("constant", 0, 0) == .success([10]))
    #expect(try module.call("constant", 0xFFFF_FFFD, 0) == .success([11]))
    #expect(try module.call("slot", 0xFFFF_FFFF, 65533) == .success([2]))
    #expect(try module.call("swapped", 98304, 0) == .success([3]))
    #expect(try module.call("far", 0, 65536) == .success([2]))
    #expect(try module.call("itself", 3, 0) == .success([1]))
  }

  /// Locals that move in a circle: each copy sees what the one before wrote.
  @Test func copies() async throws {
    let module = try await Module(
      """
      (func (export "chain") (param i32 i32 i32) (result i32 i32 i32)
        (local.set 2 (local.get 1)) (local.set 1 (local.get 0)) (local.set 0 (local.get 2))
        (local.get 0) (local.get 1) (local.get 2))
      (func (export "turn") (param i32 i32) (result i32 i32)
        (local.get 0) (local.set 0 (local.get 1)) (local.set 1) (local.get 0) (local.get 1))
      (func (export "path") (param i32 i32 i32) (result i32 i32)
        (local.set 0 (local.get 1))
        (block (br_if 0 (local.get 2)) (local.set 1 (local.get 2)))
        (local.get 0) (local.get 1))
      (func (export "zero") (param i32) (result i64) (local i64 f64 i32)
        (i64.add (local.get 1) (i64.add (i64.reinterpret_f64 (local.get 2)) (i64.extend_i32_u (local.get 3)))))
      (func (export "dirty") (param i32) (result i64) (local i64 i64 i64 i64 i64 i64)
        (local.set 1 (i64.const -1)) (local.set 2 (i64.const -1)) (local.set 3 (i64.const -1))
        (local.set 4 (i64.const -1)) (local.set 5 (i64.const -1)) (local.set 6 (i64.const -1)) (local.get 4))
      """)
    try #require(module.instance.compileFunctions())
    #expect(module.instance.functions[0].pointee.code.pointee.opcode == .copyPair)
    #expect(try module.call("chain", 1, 2, 3) == .success([2, 1, 2]))
    #expect(try module.call("turn", 1, 2) == .success([2, 1]))
    #expect(try module.call("path", 1, 2, 0) == .success([2, 0]))
    #expect(try module.call("path", 1, 2, 1) == .success([2, 2]))
    #expect(try module.call("dirty", 0) == .success([.max]))
    #expect(try module.call("zero", 0) == .success([0]))
  }
}
