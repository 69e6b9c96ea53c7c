import IR
import Support

/// A module with a function for every operator and shape, built from the IR's own typing table.
struct MatrixModule {
  var module = IR.Module()
  private let i32Function: FunctionID
  private let memory0: MemoryID
  private let functionTable: TableID
  private let readOnlyTable: TableID
  private let externTable: TableID
  private let exceptionTable: TableID
  private var tag = TagID.none
  private let dataSegment: DataID
  private let elementSegment: ElementID
  private var globals: [Type: GlobalID] = [:]
  private var signatures: [Signature: SignatureID] = [:]

  /// Every operator on the operands that `operands` supplies: parameters, or constants.
  init(constantOperands: Bool) {
    memory0 = module.memories.append(
      Memory(
        minimum: 2, maximum: nil,
        image: [ImageChunk(offset: 1024, bytes: [1, 2, 3]), ImageChunk(offset: 90_000, bytes: [4])]))
    _ = module.memories.append(Memory(minimum: 1, maximum: 3))
    _ = module.memories.append(Memory(minimum: 1, maximum: nil, isMemory64: true))
    functionTable = module.tables.append(Table(element: .funcref, minimum: 4, maximum: 10))
    readOnlyTable = module.tables.append(Table(element: .funcref, minimum: 4, maximum: 4))
    externTable = module.tables.append(Table(element: .externref, minimum: 4, maximum: nil))
    exceptionTable = module.tables.append(Table(element: .exnref, minimum: 4, maximum: nil))
    module.tables[readOnlyTable].isReadOnly = true
    dataSegment = module.dataSegments.append(DataSegment(bytes: [1, 2, 3]))
    i32Function = FunctionID(0)
    elementSegment = module.elementSegments.append(
      ElementSegment(element: .funcref, items: [i32Function, .none]))

    let identity = signature([.i32], [.i32])
    module.functions.append(FunctionDecl(signature: identity, name: "identity", definition: .body))
    module.bodies.append(nil)
    var builder = FunctionBuilder(signature: identity, in: module)
    builder.emitReturn([builder.params(of: builder.entryBlock)[0]])
    module.bodies[i32Function] = builder.finalize()
    module.functions.append(
      FunctionDecl(signature: identity, name: "host", definition: .imported(symbol: "host_function")))
    module.bodies.append(nil)
    module.functions.append(
      FunctionDecl(
        signature: identity, name: "stub", definition: .stub(module: "env", name: "missing")))
    module.bodies.append(nil)
    module.tables[functionTable].initial = [i32Function, FunctionID(1)]
    module.tables[readOnlyTable].initial = [i32Function, .none, FunctionID(2)]

    for type in Type.allCases {
      let zero: Constant =
        switch type {
        case .i32: .i32(1)
        case .i64: .i64(2)
        case .f32: .f32(0x7FA0_0000)
        case .f64: .f64(0x3FF0_0000_0000_0000)
        case .v128: .v128(V128(low: 1, high: 2))
        case .funcref: .function(i32Function)
        case .externref, .exnref: .null(type)
        }
      globals[type] = module.globals.append(Global(type: type, isMutable: true, initial: zero))
      module.globals.append(Global(type: type, isMutable: false, initial: zero))
    }
    // A field of every type, in their order.
    tag = module.tags.append(Tag(signature: signature(Type.allCases, []), name: "error"))
    for opcode in Opcode.allCases {
      for shape in Shape.allCases where opcode.typing.shapes.contains(ShapeSet(shape)) {
        for variant in variants(opcode, shape) {
          add(opcode, shape, variant, constantOperands: constantOperands)
        }
      }
    }
  }

  /// Where one shape stands for several operations: lanes, and the operand's type of a conversion.
  private func variants(_ opcode: Opcode, _ shape: Shape) -> [Int] {
    switch opcode.format {
    case .unaryImmediate: [0, shape.laneCount - 1]
    case .binaryImmediate: opcode == .shuffle ? [0] : [0, shape.laneCount - 1]
    case .unary where opcode.typing.operands[0] == .anyInt || opcode.typing.operands[0] == .anyFloat:
      shape.isVector ? [0] : [0, 1]
    case .load, .store, .loadLane, .listMemory: opcode.isAtomic ? [0, 1, 2, 3] : [0, 1, 2]
    case .conditionalTrap, .trap: Array(TrapCode.allCases.indices)
    default: [0]
    }
  }

  private func table(of shape: Shape) -> TableID {
    switch shape {
    case .externref: externTable
    case .exnref: exceptionTable
    default: functionTable
    }
  }

  private mutating func signature(_ params: [Type], _ results: [Type]) -> SignatureID {
    let signature = Signature(params: params, results: results)
    if let known = signatures[signature] { return known }
    let id = module.signatures.append(signature)
    signatures[signature] = id
    return id
  }

  private func type(_ rule: OperandRule, _ opcode: Opcode, _ shape: Shape, _ variant: Int) -> Type {
    switch rule {
    case .shape: shape.type!
    case .lane: shape.laneType!
    case .i32: .i32
    case .address: variant >= 2 || (opcode == .memoryGrow && shape == .i64) ? .i64 : .i32
    case .i64: .i64
    case .f32: .f32
    case .f64: .f64
    case .v128: .v128
    case .anyInt: shape.isVector ? .v128 : [.i32, .i64][variant]
    case .anyFloat: shape.isVector ? .v128 : [.f32, .f64][variant]
    case .reference: .funcref
    case .exnref: .exnref
    case .reinterpreted:
      switch shape {
      case .i32: .f32
      case .i64: .f64
      case .f32: .i32
      default: .i64
      }
    case .shiftCount: shape.isVector ? .i32 : shape.type!
    }
  }

  private mutating func add(_ opcode: Opcode, _ shape: Shape, _ variant: Int, constantOperands: Bool) {
    var operandTypes = opcode.typing.operands.map { type($0, opcode, shape, variant) }
    var results: [Type] = opcode.resultType(shape: shape).map { [$0] } ?? []
    switch opcode {
    case .memoryFill, .memoryCopy, .memoryInit, .tableCopy, .tableInit: operandTypes = [.i32, .i32, .i32]
    case .tableFill: operandTypes = [.i32, .funcref, .i32]
    case .call, .callIndirect, .returnCall, .returnCallIndirect:
      operandTypes = [.i32, .i32]
      results = [.i32]
    case .exceptionNew: operandTypes = Type.allCases
    case .brTable, .brif: results = [.i32]
    default: break
    }
    let id = signature(operandTypes, results)
    var builder = FunctionBuilder(signature: id, in: module)
    var operands = builder.params(of: builder.entryBlock)
    if constantOperands { operands = operandTypes.map { constant($0, &builder) } }
    let value = emit(opcode, shape, variant, operands, &builder)
    if !builder.isFilled { builder.emitReturn(value.isNone ? [] : [value]) }
    module.functions.append(
      FunctionDecl(signature: id, name: ByteString("\(opcode.name)_\(shape)"), definition: .body))
    module.bodies.append(builder.finalize())
  }

  private func constant(_ type: Type, _ builder: inout FunctionBuilder) -> Value {
    switch type {
    case .i32: builder.i32Const(-1)
    case .i64: builder.i64Const(.min)
    case .f32: builder.f32Const(bits: 0x3F80_0000)
    case .f64: builder.f64Const(bits: 0x7FF0_0000_0000_0001)
    case .v128: builder.v128Const(V128(low: 0x3F80_0000_3F80_0000, high: 0x8080_8080_0F0F_0F0F))
    case .funcref: builder.refFunc(i32Function)
    case .externref: builder.refNull(.externref)
    case .exnref: builder.refNull(.exnref)
    }
  }

  private func emit(
    _ opcode: Opcode, _ shape: Shape, _ variant: Int, _ operands: [Value], _ builder: inout FunctionBuilder
  ) -> Value {
    let memArg = MemArg(
      offset: [8, 0xFFFF_FFFF, .max - 4][min(variant, 2)], memory: MemoryID(min(variant, 2)),
      // Atomic accesses are as wide as that.
      alignLog2: opcode.isAtomic ? UInt8(min(variant, shape == .i32 ? 2 : 3)) : 0,
      lane: UInt8(max(0, variant == 0 ? 0 : shape.laneCount - 1)))
    switch opcode.format {
    case .nullary:
      if opcode == .exceptionPending { builder.call(FunctionID(1), [builder.i32Const(1)]) }
      return builder.nullary(opcode, shape)
    case .immediate:
      builder.fuelCharge(variant == 0 ? 1 : .max)
      return .none
    case .taggedList: return builder.exceptionNew(tag, operands[...])
    case .tagField:
      return builder.exceptionField(shape, operands[0], Type.allCases.firstIndex(of: shape.type!)!, tag)
    case .constant:
      return shape == .i32
        ? builder.i32Const(7)
        : shape == .i64
          ? builder.i64Const(-7)
          : shape == .f32 ? builder.f32Const(bits: 0x7FA0_0000) : builder.f64Const(bits: 1)
    case .vectorConstant: return builder.v128Const(V128(low: 1, high: 2))
    case .unary: return builder.unary(opcode, shape, operands[0])
    case .binary: return builder.binary(opcode, shape, operands[0], operands[1])
    case .ternary: return builder.ternary(opcode, shape, operands[0], operands[1], operands[2])
    case .unaryImmediate: return builder.unaryImmediate(opcode, shape, operands[0], UInt32(variant))
    case .binaryImmediate where opcode == .shuffle:
      return builder.shuffle(
        operands[0], operands[1], lanes: V128(low: 0x1F1E_0100_0302_1110, high: 0x0F0E_0D0C_0B0A_0908))
    case .binaryImmediate:
      return builder.binaryImmediate(opcode, shape, operands[0], operands[1], UInt32(variant))
    case .load: return builder.load(opcode, shape, operands[0], memArg)
    case .store:
      return builder.store(opcode, shape, operands[0], operands[1], memArg)
    case .listMemory: return builder.listMemory(opcode, shape, operands[...], memArg)
    case .loadLane: return builder.loadLane(opcode, shape, operands[0], operands[1], memArg)
    case .entity:
      switch opcode {
      case .refFunc: return builder.refFunc(i32Function)
      case .globalGet: return builder.entity(opcode, shape, globals[shape.type!]!)
      case .tableSize: return builder.entity(opcode, shape, functionTable)
      case .dataDrop: return builder.entity(opcode, shape, dataSegment)
      case .elementDrop: return builder.entity(opcode, shape, elementSegment)
      default: return builder.entity(opcode, shape, shape == .i64 ? MemoryID(2) : memory0)
      }
    case .unaryEntity:
      switch opcode {
      case .globalSet: return builder.unaryEntity(opcode, shape, operands[0], globals[shape.type!]!)
      case .memoryGrow:
        return builder.unaryEntity(opcode, shape, operands[0], shape == .i64 ? MemoryID(2) : memory0)
      case .exceptionIs: return builder.unaryEntity(opcode, shape, operands[0], tag)
      default:
        let table = table(of: shape)
        return builder.unaryEntity(opcode, shape, operands[0], table)
      }
    case .binaryEntity:
      let table = table(of: shape)
      return builder.binaryEntity(opcode, shape, operands[0], operands[1], table)
    case .listEntities:
      switch opcode {
      case .memoryFill: builder.listEntities(opcode, operands[...], memory0)
      case .memoryCopy: builder.listEntities(opcode, operands[...], memory0, MemoryID(1))
      case .memoryInit: builder.listEntities(opcode, operands[...], memory0, dataSegment)
      case .tableInit: builder.listEntities(opcode, operands[...], functionTable, elementSegment)
      case .tableCopy: builder.listEntities(opcode, operands[...], functionTable, functionTable)
      default: builder.listEntities(opcode, operands[...], functionTable)
      }
      return .none
    case .call:
      if opcode == .returnCall {
        builder.returnCall(FunctionID(variant % 3), [operands[0]])
        return .none
      }
      return builder.call(FunctionID(1), [operands[0]])[0]
    case .callIndirect:
      let callee = module.functions[i32Function].signature
      if opcode == .returnCallIndirect {
        builder.returnCallIndirect(callee, readOnlyTable, operands[0], [operands[1]])
        return .none
      }
      return builder.callIndirect(callee, functionTable, operands[0], [operands[1]])[0]
    case .jump:
      let next = builder.createBlock()
      builder.jump(next)
      builder.switchTo(next)
      builder.emitReturn([])
      return .none
    case .branch:
      // Both edges to one block, with different arguments.
      let next = builder.createBlock()
      let param = builder.appendBlockParam(.i32, to: next)
      builder.brif(operands[0], next, [builder.i32Const(1)], next, [operands[0]])
      builder.switchTo(next)
      builder.emitReturn([param])
      return .none
    case .branchTable:
      let next = builder.createBlock()
      let param = builder.appendBlockParam(.i32, to: next)
      let other = builder.createBlock()
      builder.appendBlockParam(.i32, to: other)
      builder.brTable(operands[0], [next, other, next], default: other, [operands[0]])
      builder.switchTo(next)
      builder.emitReturn([param])
      builder.switchTo(other)
      builder.emitReturn([builder.i32Const(3)])
      return .none
    case .list:
      builder.emitReturn([])
      return .none
    case .trap:
      builder.trap(TrapCode.allCases[variant])
      return .none
    case .conditionalTrap:
      builder.trapnz(operands[0], TrapCode.allCases[variant])
      return .none
    }
  }
}
