import Support

extension Function {
  /// Puts constants in the place of reads whose result is known: immutable globals, sizes of read-only
  /// tables. (`markImmutable` finds those.)
  mutating func replaceConstants(in module: Module) {
    for block in blockOrder {
      for inst in blockInsts[block] {
        let data = insts[inst]
        switch data.opcode {
        case .globalGet:
          let global = module.globals[GlobalID(rawValue: data.c)]
          if !global.isMutable, let value = global.initial { insts[inst] = makeConstant(value, data.shape) }
        case .tableSize:
          let table = module.tables[TableID(rawValue: data.c)]
          if table.isReadOnly { insts[inst] = .constant(.iconst, data.shape, bits: table.minimum) }
        default: break
        }
      }
    }
  }

  private mutating func makeConstant(_ constant: Constant, _ shape: Shape) -> InstData {
    switch constant {
    case .i32(let bits): .constant(.iconst, shape, bits: UInt64(bits))
    case .i64(let bits): .constant(.iconst, shape, bits: bits)
    case .f32(let bits): .constant(.fconst, shape, bits: UInt64(bits))
    case .f64(let bits): .constant(.fconst, shape, bits: bits)
    case .v128(let value): InstData(.vconst, shape, a: vectorConstants.append(value).rawValue)
    case .null: InstData(.refNull, shape)
    case .function(let function): InstData(.refFunc, shape, c: function.rawValue)
    }
  }
}
