import IR
import Support

/// A mistake that a compiler could make, put into the IR behind the passes: the fuzzer must find each.
public struct PlantedBug: Sendable {
  public var name: String
  /// Mistakes that only an optimiser turns into wrong code.
  public var needsOptimizer = false
  /// What becomes of an instruction.
  enum Change {
    case none
    case becomes(InstData)
    /// For those without results.
    case removed
  }
  private let change: @Sendable (inout Function, InstData) -> Change

  private init(
    _ name: String, needsOptimizer: Bool = false,
    _ change: @escaping @Sendable (inout Function, InstData) -> Change
  ) {
    self.name = name
    self.needsOptimizer = needsOptimizer
    self.change = change
  }

  /// One operator for another of the same form, for shapes that `isWanted`.
  private init(
    _ name: String, _ opcode: Opcode, as other: Opcode,
    _ isWanted: @escaping @Sendable (Shape) -> Bool = { _ in true }
  ) {
    self.init(name) { _, data in
      guard data.opcode == opcode, isWanted(data.shape) else { return .none }
      var changed = data
      changed.opcode = other
      return .becomes(changed)
    }
  }

  private static func removing(_ name: String, needsOptimizer: Bool = false, _ opcodes: Opcode...)
    -> PlantedBug
  {
    PlantedBug(name, needsOptimizer: needsOptimizer) { _, data in
      opcodes.contains(data.opcode) ? .removed : .none
    }
  }

  /// The engine in which it is planted.
  public var engine: Engine { needsOptimizer ? Engine.all[1] : Engine.all[0] }

  public func plant(in module: inout Module) {
    for id in module.bodies.ids {
      guard var function = module.bodies[id] else { continue }
      for block in function.blockOrder {
        var kept: [Inst] = []
        for inst in function.blockInsts[block] {
          switch change(&function, function.insts[inst]) {
          case .none: kept.append(inst)
          case .becomes(let data):
            function.insts[inst] = data
            kept.append(inst)
          case .removed: break
          }
        }
        function.blockInsts[block] = kept
      }
      module.bodies[id] = function
    }
  }
}

extension PlantedBug {
  private static let isScalar: @Sendable (Shape) -> Bool = { !$0.isVector }
  private static let isVector: @Sendable (Shape) -> Bool = { $0.isVector }

  public static let all: [PlantedBug] = [
    PlantedBug("less or equal for less", .islt, as: .isle),
    PlantedBug("unsigned division divides signed numbers", .udiv, as: .sdiv),
    PlantedBug("the remainder of signed numbers is that of unsigned ones", .srem, as: .urem),
    PlantedBug("shifts to the right shift in zeros", .sshr, as: .ushr),
    PlantedBug("rotations go the other way", .rotl, as: .rotr),
    PlantedBug("i64.extend_i32_s extends with zeros", .sextend, as: .uextend),
    PlantedBug("loads of signed bytes extend with zeros", .load8S, as: .load8U),
    PlantedBug("loads of unsigned halves extend the sign", .load16U, as: .load16S),
    PlantedBug("stores of halves store bytes", .store16, as: .store8),
    PlantedBug("the minimum of vectors knows no NaN", .fmin, as: .fpmin, isVector),
    PlantedBug("nearest truncates", .fnearest, as: .ftrunc),
    PlantedBug("conversions that saturate trap", .truncSatS, as: .truncS, isScalar),
    PlantedBug("sums of lanes do not saturate", .saddSat, as: .iadd),
    PlantedBug("narrowing to unsigned lanes saturates signed", .narrowU, as: .narrowS),
    PlantedBug("swizzle takes indices modulo 16", .swizzle, as: .relaxedSwizzle),
    PlantedBug("the maximum of unsigned lanes compares signed ones", .umax, as: .smax, isVector),
    PlantedBug("atomic subtraction adds", .atomicSub, as: .atomicAdd),
    PlantedBug(
      "the upper half of products of signed numbers is that of unsigned ones", .smulHigh, as: .umulHigh),
    PlantedBug("memory.grow does not grow", .memoryGrow, as: .memorySize),
    removing("data.drop and elem.drop are forgotten", .dataDrop, .elementDrop),
    removing("table.fill is forgotten", .tableFill),
    removing("dropped loads do not trap", needsOptimizer: true, .keep),
    PlantedBug("select takes the wrong one of vectors") { _, data in
      guard data.opcode == .select, data.shape == .v128 else { return .none }
      var changed = data
      (changed.b, changed.c) = (data.c, data.b)
      return .becomes(changed)
    },
    PlantedBug("copysign copies the other sign") { _, data in
      guard data.opcode == .fcopysign else { return .none }
      var changed = data
      (changed.a, changed.b) = (data.b, data.a)
      return .becomes(changed)
    },
    PlantedBug("memory.copy copies from where it should copy to") { function, data in
      guard data.opcode == .memoryCopy else { return .none }
      let list = EntityList<Value>(handle: data.a)
      // Both are addresses of one type within one memory.
      guard data.b == data.c else { return .none }
      let (target, source) = (
        function.valueLists.element(list, at: 0), function.valueLists.element(list, at: 1)
      )
      guard target != source else { return .none }
      function.valueLists.set(list, at: 0, to: source)
      function.valueLists.set(list, at: 1, to: target)
      return .none
    },
    PlantedBug("the last label of br_table is not its own") { function, data in
      guard data.opcode == .brTable else { return .none }
      let table = JumpTable(rawValue: data.c)
      let calls = function.jumpTables[table]
      if calls.count > 2 { function.jumpTables[table].remove(at: calls.count - 2) }
      return .none
    },
    PlantedBug("offsets of accesses beyond a page are lost") { function, data in
      guard [.load, .store, .listMemory, .loadLane].contains(data.opcode.format) else { return .none }
      let argument = MemArgID(rawValue: data.c)
      if function.memArgs[argument].offset >= 4096 { function.memArgs[argument].offset = 0 }
      return .none
    },
    PlantedBug("lanes of accesses are the neighbours") { function, data in
      guard data.opcode == .loadLane || data.opcode == .storeLane else { return .none }
      var changed = data
      var argument = function.memArgs[MemArgID(rawValue: data.c)]
      argument.lane ^= 1
      changed.c = function.memArgs.append(argument).rawValue
      return .becomes(changed)
    },
    PlantedBug("shuffle takes all lanes from the first vector") { function, data in
      guard data.opcode == .shuffle else { return .none }
      let mask: UInt64 = 0x0F0F_0F0F_0F0F_0F0F
      let constant = function.vectorConstants[VectorConstant(rawValue: data.c)]
      var changed = data
      changed.c =
        function.vectorConstants.append(V128(low: constant.low & mask, high: constant.high & mask)).rawValue
      return .becomes(changed)
    },
    PlantedBug("constants of 64 bits have 63") { _, data in
      guard data.opcode == .iconst, data.shape == .i64, data.c >> 31 != 0 else { return .none }
      var changed = data
      changed.c &= 0x7FFF_FFFF
      return .becomes(changed)
    },
    PlantedBug("exceptions are caught whatever their tag is") { _, data in
      guard data.opcode == .exceptionIs else { return .none }
      return .becomes(.constant(.iconst, .i32, bits: 1))
    },
    PlantedBug("globals of i64 are not written") { function, data in
      data.opcode == .globalSet && function.type(of: data.valueA) == .i64 ? .removed : .none
    },
  ]

  /// The first module that shows it, and how many that took; nil if none of them does.
  public func find(from seed: UInt64, within count: Int) async throws -> (modules: Int, verdict: Verdict)? {
    var tried = 0
    while tried < count {
      let size = min(16, count - tried)
      let start = seed + UInt64(tried)
      let verdicts = try await Batch.run(
        start..<start + UInt64(size), engines: [engine], withExtras: false, bug: { plant(in: &$0) })
      if let found = verdicts.first(where: { !$0.differences.isEmpty }) {
        return (Int(found.seed - seed) + 1, found)
      }
      tried += size
    }
    return nil
  }
}
