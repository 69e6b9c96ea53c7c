internal import CLLVM
import IR

extension FunctionLowering {
  func lowerConstant(_ inst: Inst, _ data: InstData) {
    let constant: Constant
    switch data.opcode {
    case .iconst where data.shape == .i32, .fconst where data.shape == .f32:
      constant = data.shape == .i32 ? .i32(data.b) : .f32(data.b)
    case .iconst: constant = .i64(data.constantBits)
    case .fconst: constant = .f64(data.constantBits)
    case .vconst: constant = .v128(function.vectorConstants[VectorConstant(rawValue: data.a)])
    case .refFunc: constant = .function(FunctionID(rawValue: data.c))
    default: constant = .null(data.shape.type!)
    }
    define(inst, self.constant(constant))
  }

  func globalGet(_ id: GlobalID, _ shape: Shape) -> LLVMValueRef {
    let global = module.globals[id]
    if global.isMutable { return loadRuntime(types[global.type], model.global(id, in: self)) }
    if let value = global.initial { return constant(value) }
    return loadInvariant(types[global.type], model.global(id, in: self))
  }

  func lowerGlobalSet(_ data: InstData) {
    storeRuntime(operand(data.valueA), model.global(GlobalID(rawValue: data.c), in: self))
  }

  private func constant(_ constant: Constant) -> LLVMValueRef {
    unit.constant(constant) { model.reference($0, in: self) }
  }
}

extension ModuleUnit {
  /// `reference` gives the value of a reference to a function.
  func constant(_ constant: Constant, reference: (FunctionID) -> LLVMValueRef) -> LLVMValueRef {
    switch constant {
    case .i32(let bits): base.int32(bits)
    case .i64(let bits): base.int64(bits)
    // Through integers: a NaN keeps its payload.
    case .f32(let bits): LLVMConstBitCast(base.int32(bits), types.f32)
    case .f64(let bits): LLVMConstBitCast(base.int64(bits), types.f64)
    case .v128(let bits): self.constant(bits, as: .v128)
    case .null: base.null
    case .function(let id): reference(id)
    }
  }

  /// A vector constant with the lanes of a shape.
  func constant(_ value: V128, as shape: Shape) -> LLVMValueRef {
    let lane = types.lane(shape)
    let integer = types.lane(shape.integerShape)
    let bits = shape.laneBits
    return vector(
      stride(from: 0, to: 128, by: bits).map { position in
        let word = position < 64 ? value.low : value.high
        let mask = UInt64.max >> (64 - bits)
        return LLVMConstBitCast(base.int(word >> (position % 64) & mask, integer), lane)
      })
  }

  func vector(_ lanes: [LLVMValueRef]) -> LLVMValueRef {
    var lanes = lanes.map(Optional.some)
    return LLVMConstVector(&lanes, UInt32(lanes.count))
  }

  /// A scalar constant in every lane; the scalar itself for a shape without lanes.
  func splat(_ scalar: LLVMValueRef, _ shape: Shape) -> LLVMValueRef {
    shape.isVector ? vector(Array(repeating: scalar, count: shape.laneCount)) : scalar
  }

  func splat(integer: Int, _ shape: Shape) -> LLVMValueRef {
    splat(base.int(integer, types.lane(shape)), shape)
  }

  func splat(float: Double, _ shape: Shape) -> LLVMValueRef {
    splat(LLVMConstReal(types.lane(shape), float), shape)
  }
}
